"""Loops of frames become `While` nodes.

A frame is entered through `Enter` nodes. For each value that the loop carries there is a cycle

    Enter -> Merge -> Switch -> body -> NextIteration -> Merge
                      Switch -> Exit

whose `Switch` obeys the frame's `LoopCond`. An `Enter` that feeds no `Merge` brings in a value that
stays as it is. Inner frames are dealt with first. An `Exit` stays as an `Identity` of the `While`
node's output, so that whoever names it finds it.

The scheme is that of T. Xu et al., "TensorFlow control flow" (Yu et al., "Dynamic control flow in
large-scale machine learning", EuroSys 2018).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from flowc.compiler.graph import Edge, Node
from flowc.compiler.structure.subgraph import (
    BACK_EDGES,
    SOURCES,
    Nodes,
    Scope,
    Subgraph,
    dtype_of,
    in_order,
    make_node,
    needed_for,
    passing,
    redirected,
    unused,
    with_controls,
)
from flowc.ir.errors import InvalidArgumentError

_ENTERS = frozenset({"Enter", "RefEnter"})
_EXITS = frozenset({"Exit", "RefExit"})
_MERGES = frozenset({"Merge", "RefMerge"})
_SWITCHES = frozenset({"Switch", "RefSwitch"})
_Path = tuple[str, ...]


def structure_loops(nodes: Nodes, scope: Scope) -> Nodes:
    """The nodes with a `While` in place of each frame. Raises InvalidArgumentError."""
    fed = scope.fed
    if not any(node.op in _ENTERS for node in nodes.values()):
        return nodes
    paths = _frames(nodes, fed)
    for path in sorted({p for p in paths.values() if p}, key=lambda p: (-len(p), p)):
        nodes = _Frame(nodes, path, paths, scope).collapsed()
    return nodes


def _frames(nodes: Nodes, fed: Collection[str]) -> dict[str, _Path]:
    """The frames in which each node runs, from outside in."""
    paths: dict[str, _Path] = {}
    for node in in_order(nodes, fed):
        found: _Path = ()
        for name in [*(e.node for e in node.inputs if e.tensor not in fed), *node.controls]:
            if name in paths:
                found = max(found, _path_behind(nodes[name], paths[name]), key=len)
        paths[node.name] = found
    return paths


def _path_behind(node: Node, path: _Path) -> _Path:
    """The frames in which a node's outputs are."""
    if node.op in _ENTERS:
        return (*path, str(node.attributes["frame_name"]))
    return path[:-1] if node.op in _EXITS else path


@dataclass
class _Carried:
    """One value that a loop carries."""

    merge: Node
    initial: Edge
    switch: Node | None
    next: Edge
    exits: list[Node] = field(default_factory=list)


class _Frame:
    """One loop."""

    def __init__(self, nodes: Nodes, path: _Path, paths: dict[str, _Path], scope: Scope) -> None:
        self.nodes = dict(nodes)
        self.path = path
        self.paths = paths
        self.scope = scope
        self.fed = scope.fed
        self.enters = [
            n for n in nodes.values() if n.op in _ENTERS and _path_behind(n, paths[n.name]) == path
        ]
        self.members = {name: n for name, n in nodes.items() if paths[name] == path}
        self.condition = self._loop_condition()
        self._leave_early()
        self.carried = self._carried()

    def _error(self, text: str) -> InvalidArgumentError:
        return InvalidArgumentError(None, None, f"the loop '{self.path[-1]}' {text}")

    def _loop_condition(self) -> Node:
        found = [n for n in self.members.values() if n.op == "LoopCond"]
        if len(found) != 1:
            raise self._error(f"has {len(found)} conditions (LoopCond) instead of one")
        return found[0]

    def _leave_early(self) -> None:
        """Have what is computed of final values inside of the frame computed behind it.

        Gradients that wait for each other stand between a Switch and an Exit.
        """
        final = {f"{n.name}:0" for n in self._of_merges(_SWITCHES).values()}
        late: dict[str, Node] = {}
        for node in in_order(self.members, self.fed):
            reads_final = any(e.node in late or e.tensor in final for e in node.inputs)
            if reads_final and node.op not in _EXITS:
                late[node.name] = node
        exits: dict[str, Node] = {}
        for node in late.values():
            inputs = [self._behind_frame(edge, late, exits) for edge in node.inputs]
            waits = [c for c in node.controls if c in late or c not in self.members]
            self._move_out(replace(node, inputs=tuple(inputs), controls=tuple(waits)))
        for node in list(self.members.values()):
            if node.op in _EXITS and node.inputs[0].node in late:
                kinds = [dtype_of(node, 0)]
                self._move_out(passing(node.name, node.inputs, kinds, node.position, ()))
        for node in exits.values():
            self.nodes[node.name] = self.members[node.name] = node
            self.paths[node.name] = self.path

    def _behind_frame(self, edge: Edge, late: Nodes, exits: dict[str, Node]) -> Edge:
        """What a node that is moved out of the frame reads in place of `edge`."""
        if edge.tensor in self.fed or edge.node in late:
            return edge
        if self._is_entry(edge):
            return self.nodes[edge.node].inputs[0]
        node = self.members.get(edge.node)
        if node is None or node.op not in _SWITCHES:
            return edge
        if node.name not in exits:
            name = unused(f"{node.name}/exit", self.nodes)
            attributes = {"T": dtype_of(node, 0)}
            exits[node.name] = make_node(name, "Exit", [edge], attributes, node.position)
        return Edge(exits[node.name].name, 0)

    def _move_out(self, node: Node) -> None:
        self.nodes[node.name] = node
        self.paths[node.name] = self.path[:-1]
        del self.members[node.name]

    def _carried(self) -> list[_Carried]:
        switches = self._of_merges(_SWITCHES)
        found: dict[str, _Carried] = {}
        for node in sorted(self.members.values(), key=lambda n: n.position):
            if node.op in _MERGES and any(self._is_back(e) for e in node.inputs):
                found[node.name] = self._cycle(node, switches.get(node.name))
        by_switch = {c.switch.name: c for c in found.values() if c.switch is not None}
        for node in self.members.values():
            if node.op in _EXITS:
                source = by_switch.get(node.inputs[0].node)
                if source is None or node.inputs[0].output != 0:
                    raise self._error(f"is left by '{node.name}', which does not follow a Switch")
                source.exits.append(node)
        return list(found.values())

    def _of_merges(self, ops: Collection[str]) -> dict[str, Node]:
        """The switches that obey the loop's condition, by the merge that they follow."""
        found = {}
        for node in self.members.values():
            if node.op in ops and self._behind_identities(node.inputs[1]).node == (
                self.condition.name
            ):
                found[self._behind_identities(node.inputs[0]).node] = node
        return found

    def _behind_identities(self, edge: Edge) -> Edge:
        while edge.node in self.members and self.members[edge.node].op == "Identity":
            edge = self.members[edge.node].inputs[0]
        return edge

    def _is_back(self, edge: Edge) -> bool:
        return edge.node in self.nodes and self.nodes[edge.node].op in BACK_EDGES

    def _cycle(self, merge: Node, switch: Node | None) -> _Carried:
        entries = [e for e in merge.inputs if not self._is_back(e)]
        backs = [e for e in merge.inputs if self._is_back(e)]
        if len(entries) != 1 or len(backs) != 1 or self.nodes[entries[0].node].op not in _ENTERS:
            raise self._error(
                f"has a Merge '{merge.name}' that is not of an Enter and a NextIteration"
            )
        enter, back = self.nodes[entries[0].node], self.nodes[backs[0].node]
        return _Carried(merge, enter.inputs[0], switch, back.inputs[0])

    # The nodes of condition and body

    def collapsed(self) -> Nodes:
        """All nodes, with a `While` in place of this frame's."""
        structural = self._structural()
        work = {name: n for name, n in self.members.items() if name not in structural}
        test = needed_for([self.condition.inputs[0].node], work, self.fed)
        steps = self._downstream(work)
        body = needed_for([*steps, *(c.next.node for c in self.carried)], work, self.fed)
        outside, renamed, sources = self._outside([*test.values(), *body.values()])
        loop = self._while(test, body, outside, renamed, sources)
        return self._replaced(loop)

    def _structural(self) -> set[str]:
        names = {self.condition.name}
        for carried in self.carried:
            names.add(carried.merge.name)
            names.update(exit_.name for exit_ in carried.exits)
            if carried.switch is not None:
                names.add(carried.switch.name)
        names.update(name for name, n in self.members.items() if n.op in BACK_EDGES)
        return names

    def _downstream(self, work: Nodes) -> list[str]:
        """The nodes that run only where the loop goes on: those that follow a switch."""
        after = {c.switch.name for c in self.carried if c.switch is not None}
        for node in in_order(work, self.fed):
            before = {e.node for e in node.inputs if e.tensor not in self.fed} | {*node.controls}
            if before & after:
                after.add(node.name)
        return [name for name in after if name in work]

    def _outside(self, nodes: Iterable[Node]) -> tuple[dict[str, Edge], dict[str, Edge], Nodes]:
        """What the loop reads from outside: parameters (tensor names, as the nodes write them) and
        what they are; tensors that are others; constants and variables, which are copied.
        """
        outside: dict[str, Edge] = {}
        renamed: dict[str, Edge] = {}
        sources: Nodes = {}
        own = {c.merge.name for c in self.carried}
        own.update(c.switch.name for c in self.carried if c.switch is not None)
        for edge in [
            *(e for n in nodes for e in n.inputs),
            *(c.next for c in self.carried),
            self.condition.inputs[0],
        ]:
            if edge.node in own or (edge.node in self.members and edge.tensor not in self.fed):
                continue
            origin = self._origin(edge)
            if (
                origin.node in self.nodes
                and self.nodes[origin.node].op in SOURCES
                and (origin.tensor not in self.fed)
            ):
                sources[origin.node] = with_controls(self.nodes[origin.node], ())
                renamed[edge.tensor] = origin
            else:
                outside[edge.tensor] = (
                    self.nodes[edge.node].inputs[0] if (self._is_entry(edge)) else edge
                )
        return outside, renamed, sources

    def _is_entry(self, edge: Edge) -> bool:
        return edge.tensor not in self.fed and any(edge.node == n.name for n in self.enters)

    def _origin(self, edge: Edge) -> Edge:
        """The tensor that is entered, maybe through several frames."""
        while edge.tensor not in self.fed and edge.node in self.nodes:
            node = self.nodes[edge.node]
            if node.op not in _ENTERS:
                break
            edge = node.inputs[0]
        return edge

    # The While node

    def _while(
        self,
        test: Nodes,
        body: Nodes,
        outside: dict[str, Edge],
        renamed: dict[str, Edge],
        sources: Nodes,
    ) -> Node:
        first = [f"{c.merge.name}:0" for c in self.carried]
        switched = {
            f"{c.switch.name}:1": Edge(c.merge.name, 0)
            for c in self.carried
            if c.switch is not None
        }
        own = {**renamed, **switched}
        parameters = (*first, *outside)
        name = unused(self.path[-1], self.nodes)

        def part(of: str, members: Nodes, results: Iterable[Edge]) -> Subgraph:
            chosen = {n: with_controls(redirected(m, own), members) for n, m in members.items()}
            used = {e.node for m in chosen.values() for e in m.inputs}
            ends = [own.get(e.tensor, e) for e in results]
            used.update(e.node for e in ends)
            chosen.update({n: s for n, s in sources.items() if n in used})
            return self.scope.subgraph(f"{name}/{of}", parameters, chosen, ends)

        inputs = [*(c.initial for c in self.carried), *outside.values()]
        enclosing = {e.name for e in self.enters}
        controls = {
            control
            for member in [*self.enters, *self.members.values()]
            for control in member.controls
            if control not in self.members and control not in enclosing
        }
        types = [dtype_of(c.merge, 0) for c in self.carried]
        types += [self.scope.dtype(e, self.nodes) for e in outside.values()]
        attributes = {
            "T": tuple(types),
            "cond": part("condition", test, [self.condition.inputs[0]]),
            "body": part("body", body, [c.next for c in self.carried]),
        }
        position = min(member.position for member in self.members.values())
        return make_node(name, "While", inputs, attributes, position, sorted(controls))

    def _replaced(self, loop: Node) -> Nodes:
        enters = {n.name for n in self.enters}
        kept = {n: m for n, m in self.nodes.items() if n not in self.members and n not in enters}
        kept[loop.name] = loop
        self.paths[loop.name] = self.path[:-1]
        for number, carried in enumerate(self.carried):
            for exit_ in carried.exits:
                kind = dtype_of(exit_, 0)
                kept[exit_.name] = passing(
                    exit_.name, [Edge(loop.name, number)], [kind], exit_.position, ()
                )
                self.paths[exit_.name] = self.path[:-1]
        gone = (self.members.keys() | enters) - kept.keys()
        return {n: _after(m, gone, loop.name) for n, m in kept.items()}


def _after(node: Node, gone: Collection[str], loop: str) -> Node:
    """The node, waiting for the loop where it waited for a node inside of it."""
    if not any(control in gone for control in node.controls):
        return node
    controls = dict.fromkeys(loop if c in gone else c for c in node.controls)
    return make_node(
        node.name, node.op, node.inputs, node.attributes, node.position, tuple(controls)
    )
