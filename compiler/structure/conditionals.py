"""Conditionals of `Switch` and `Merge` become `If` nodes.

A value behind `Switch(data, p)` is alive only where `p` is true (output 1) or false (output 0). A
node runs under the conditions of all its inputs; a `Merge` of values that live under opposite
conditions of `p` lives whatever `p` is. So every node has a set of literals, `(p, true or false)`,
and those that have a literal of `p` make up the two branches of `p`.

A gradient visits the branches again, after what follows the conditional, and reads values from
inside of them. Therefore the nodes under `p` are divided into phases: a `Merge` ends one, and what
depends on it is in a later one. Each (p, phase) is one `If`. A node without effects is in the phase
that first wants it. Values that a later phase reads are further results of the earlier one; in the
branch that does not compute them they are absent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from flowc.compiler.graph import Edge, Node, parse_tensor_name
from flowc.compiler.structure.subgraph import (
    SOURCES,
    Nodes,
    Scope,
    dtype_of,
    in_order,
    make_node,
    passing,
    redirected,
    unused,
    with_controls,
)
from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError

_MERGES = frozenset({"Merge", "RefMerge"})
_SWITCHES = frozenset({"Switch", "RefSwitch"})
_Literal = tuple[str, bool]
_State = frozenset[_Literal]


def structure_conditionals(nodes: Nodes, scope: Scope, fetched: Collection[str]) -> Nodes:
    """The nodes with `If`s in place of what is switched. Raises InvalidArgumentError."""
    if not any(node.op in _SWITCHES for node in nodes.values()):
        return nodes
    return _Conditionals(_waiting_for_sources(nodes), scope, fetched).run()


def _waiting_for_sources(nodes: Nodes) -> Nodes:
    """The nodes, with those that wait for a switch waiting for what it passes on.

    A switch itself is alive whichever way it passes its input on.
    """

    def source(name: str) -> str:
        node = nodes.get(name)
        if node is None or node.op not in _SWITCHES:
            return name
        edge = node.inputs[0]
        behind = nodes.get(edge.node)
        return name if behind is None or behind.op in _SWITCHES else edge.node

    found = {}
    for name, node in nodes.items():
        controls = tuple(dict.fromkeys(map(source, node.controls)))
        found[name] = node if controls == node.controls else replace(node, controls=controls)
    return found


@dataclass
class _Group:
    """The nodes under one predicate in one phase."""

    predicate: Edge
    phase: int
    branches: tuple[Nodes, Nodes] = field(default_factory=lambda: ({}, {}))  # false, true
    merges: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class _Returned:
    """One result of an `If`: what it is in each branch (false, true), None where it is absent."""

    ends: tuple[Edge | None, Edge | None]
    dtype: DType


class _Conditionals:
    """The outermost conditionals among some nodes; those inside are left to `Scope.subgraph`."""

    def __init__(self, nodes: Nodes, scope: Scope, fetched: Collection[str]) -> None:
        self.nodes = nodes
        self.scope = scope
        self.fetched = fetched
        self.states: dict[str, _State] = {}
        self.owners: dict[str, _Literal | None] = {}
        self.phases: dict[str, int] = {}
        self.outermost: dict[str, Edge] = {}  # predicates by the name of their tensor
        self.closing: dict[str, str] = {}  # merges that end a phase, and of which predicate
        self.copied: set[str] = set()  # switches that are in several phases
        self.groups: dict[tuple[str, int], _Group] = {}
        self.moved: dict[str, Edge] = {}  # tensors of branches, and where they are now
        self.consumers: dict[str, list[Node]] = {}

    def run(self) -> Nodes:
        """The nodes that remain, and the new ones."""
        ordered = in_order(self.nodes, self.scope.fed)
        for node in ordered:
            self._visit(node)
            for edge in self._inputs(node):
                self.consumers.setdefault(edge.node, []).append(node)
        for node in reversed(ordered):
            self._delay(node)
        for node in ordered:
            self._enter(node)
        for group in self.groups.values():
            self._copy_switches(group)
        made: Nodes = {}
        for key in sorted(self.groups, key=lambda k: (k[1], k[0])):
            made.update(self._conditional(self.groups[key], made))
        kept = {
            name: redirected(node, self.moved)
            for name, node in self.nodes.items()
            if self.owners[name] is None and node.op not in _SWITCHES and name not in made
        }
        result = {**kept, **made}
        return {name: with_controls(node, result) for name, node in result.items()}

    def _inputs(self, node: Node) -> list[Edge]:
        """The inputs that come from other nodes."""
        return [e for e in node.inputs if e.tensor not in self.scope.fed and e.node in self.nodes]

    # Which node runs under which conditions

    def _visit(self, node: Node) -> None:
        name, inputs = node.name, self._inputs(node)
        states = [self._state_behind(edge) for edge in inputs]
        before = [self.phases[e.node] for e in inputs]
        before += [self.phases[c] for c in node.controls if c in self.phases]
        self.phases[name] = max(before, default=0)
        if node.op in _MERGES and len(states) == len(node.inputs):
            state = frozenset.intersection(*states)
        else:
            controls = [self.states[c] for c in node.controls if c in self.states]
            state = frozenset().union(*states, *controls)
        self.states[name] = state
        self.owners[name] = self._owner(state)
        if self.owners[name] is None and node.op in _SWITCHES:
            predicate, _ = self._predicate(node.inputs[1])
            self.outermost.setdefault(predicate.tensor, predicate)
        elif self.owners[name] is None and node.op in _MERGES:
            self._close(node)

    def _state_behind(self, edge: Edge) -> _State:
        node = self.nodes[edge.node]
        if node.op not in _SWITCHES:
            return self.states[edge.node]
        predicate, sense = self._predicate(node.inputs[1])
        return self.states[edge.node] | {(predicate.tensor, (edge.output == 1) == sense)}

    def _predicate(self, edge: Edge) -> tuple[Edge, bool]:
        """The tensor that decides about a condition, and whether both are true at once."""
        sense = True
        while edge.tensor not in self.scope.fed and edge.node in self.nodes:
            node = self.nodes[edge.node]
            if node.op == "LogicalNot":
                sense = not sense
            elif node.op == "Equal" and (asked := self._asks_for_input(node)) is not None:
                edge, same = asked
                return edge, same == sense
            elif node.op != "Identity":
                break
            edge = node.inputs[0]
        return edge, sense

    def _asks_for_input(self, equal: Node) -> tuple[Edge, bool] | None:
        """What `Equal(value_index of a merge, k)`, which gradients of merges ask, comes down to."""
        index, number = equal.inputs
        merge, constant = self.nodes.get(index.node), self.nodes.get(number.node)
        if merge is None or merge.op not in _MERGES or index.output != 1 or len(merge.inputs) != 2:
            return None
        if constant is None or constant.op != "Const":
            return None
        taken = int(constant.attributes["value"])
        owners = [self._owner(self._state_behind(e)) for e in self._inputs(merge)]
        if len(owners) != 2 or owners[0] is None or owners[1] is None or taken not in (0, 1):
            return None
        tensor, value = owners[taken] or ("", False)
        if owners[1 - taken] != (tensor, not value):
            return None
        return self.outermost[tensor], value

    def _owner(self, state: _State) -> _Literal | None:
        """The literal of the outermost predicate, of the first one if there are several."""
        for tensor in self.outermost:
            for value in (False, True):
                if (tensor, value) in state:
                    return tensor, value
        return None

    def _group(self, tensor: str, phase: int) -> _Group:
        if (tensor, phase) not in self.groups:
            self.groups[tensor, phase] = _Group(self.outermost[tensor], phase)
        return self.groups[tensor, phase]

    def _delay(self, node: Node) -> None:
        """Put a node of a branch into the phase of those that read it."""
        readers = self.consumers.get(node.name)
        if self.owners[node.name] is None or node.definition.stateful or not readers:
            return
        if self._asked_of(node.name):
            return
        wanted = [self.phases[r.name] - (r.name in self.closing) for r in readers]
        self.phases[node.name] = max(self.phases[node.name], min(wanted))

    def _enter(self, node: Node) -> None:
        """Put a node into its group."""
        if node.name in self.closing:
            tensor = self.closing[node.name]
            self._group(tensor, self.phases[node.name] - 1).merges.append(node)
        elif (owner := self.owners[node.name]) is not None:
            tensor, value = owner
            self._group(tensor, self.phases[node.name]).branches[value][node.name] = node
        elif node.op in _SWITCHES and self._asked_of(node.name):
            self._group(self._predicate(node.inputs[1])[0].tensor, self.phases[node.name])

    def _copy_switches(self, group: _Group) -> None:
        """Let a later phase have its own copies of the inner switches of an earlier one.

        What is behind a switch would lose its condition if it were a result of the earlier phase.
        """
        for value in (False, True):
            branch = group.branches[value]
            pending = [e for node in [*branch.values(), *group.merges] for e in node.inputs]
            while pending:
                edge = pending.pop()
                node = self.nodes.get(edge.node)
                if node is None or node.op not in _SWITCHES or edge.tensor in self.scope.fed:
                    continue
                owner = self.owners[node.name]
                if owner == (group.predicate.tensor, value) and node.name not in branch:
                    branch[node.name] = node
                    self.copied.add(node.name)
                    pending += node.inputs

    def _asked_of(self, name: str) -> list[str]:
        """The tensors of a node that the caller asks for."""
        return [tensor for tensor in self.fetched if parse_tensor_name(tensor).node == name]

    def _close(self, merge: Node) -> None:
        """A merge that lives outside of all branches: the end of a phase of one predicate."""
        owners = {self._owner(self._state_behind(edge)) for edge in self._inputs(merge)}
        predicates = {owner[0] for owner in owners if owner is not None}
        if len(predicates) != 1 or None in owners or len(self._inputs(merge)) < len(merge.inputs):
            raise InvalidArgumentError(
                None,
                merge.name,
                f"Merge '{merge.name}': its inputs are not the branches of one conditional",
            )
        self.closing[merge.name] = predicates.pop()
        self.phases[merge.name] += 1

    # One If

    def _conditional(self, group: _Group, made: Nodes) -> Nodes:
        first = self._first(group)
        name = unused(f"{first.name}/If", {**self.nodes, **made})
        results, asked = self._results(group, name)
        captured: dict[str, Edge] = {}
        subgraphs = {}
        for value, part in ((True, "then_branch"), (False, "else_branch")):
            nodes, ends = self._branch(group, value, [r.ends[value] for r in results], captured)
            subgraphs[part] = (nodes, ends)
        attributes: dict[str, Any] = {
            part: self.scope.subgraph(f"{name}/{part}", captured, nodes, ends)
            for part, (nodes, ends) in subgraphs.items()
        }
        everything = {**self.nodes, **made}
        types = [self.scope.dtype(e, everything) for e in captured.values()]
        attributes |= {
            "Tcond": dtypes.bool_,
            "Tin": tuple(types),
            "Tout": tuple(r.dtype for r in results),
            "absent": tuple(tuple(r.ends[value] is None for r in results) for value in (1, 0)),
            "fetched": asked if self.scope.is_step else (),
        }
        inputs = [self.moved.get(group.predicate.tensor, group.predicate), *captured.values()]
        node = make_node(name, "If", inputs, attributes, first.position, self._waits(group))
        return {name: node, **self._ends(group, node, results, asked)}

    def _first(self, group: _Group) -> Node:
        """A node after which the group can be called."""
        nodes = [*group.merges, *group.branches[True].values(), *group.branches[False].values()]
        switches = (n for n in self.nodes.values() if n.op in _SWITCHES and self._asked_of(n.name))
        return nodes[0] if nodes else next(switches)

    def _waits(self, group: _Group) -> list[str]:
        inside = group.branches[0].keys() | group.branches[1].keys()
        return sorted(
            {
                control
                for branch in group.branches
                for node in branch.values()
                for control in node.controls
                if control not in inside and self.owners.get(control) is None
            }
        )

    def _results(self, group: _Group, name: str) -> tuple[list[_Returned], tuple[int, ...]]:
        """What the branches return, (false, true): for the merges, then what is read elsewhere.

        Also the numbers of those results that the caller has asked for.
        """
        results: list[_Returned] = []
        for merge in group.merges:
            ends = self._chosen(group, merge, False), self._chosen(group, merge, True)
            results.append(_Returned(ends, merge.attributes["T"]))
            if self._is_used(merge, 1):
                results.append(_Returned(self._indices(group, merge), dtypes.int32))
        asked = []
        for value in (False, True):
            for tensor in self._escaping(group, value):
                edge = parse_tensor_name(tensor)
                self.moved[tensor] = Edge(name, len(results))
                if tensor in self.fetched:
                    asked.append(len(results))
                dtype = dtype_of(self.nodes[edge.node], edge.output)
                results.append(_Returned((None, edge) if value else (edge, None), dtype))
        return results, tuple(asked)

    def _is_used(self, node: Node, output: int) -> bool:
        readers = self.consumers.get(node.name, ())
        used = any(e == Edge(node.name, output) for reader in readers for e in reader.inputs)
        return used or f"{node.name}:{output}" in self.fetched

    def _candidates(self, merge: Node, value: bool) -> list[int]:
        owners = [self._owner(self._state_behind(edge)) for edge in merge.inputs]
        return [i for i, owner in enumerate(owners) if owner is not None and owner[1] == value]

    def _chosen(self, group: _Group, merge: Node, value: bool) -> Edge | None:
        """The input of a merge that lives in one branch; a smaller merge where several do."""
        found = [merge.inputs[i] for i in self._candidates(merge, value)]
        if len(found) < 2:
            return found[0] if found else None
        name = unused(f"{merge.name}/{value}", self.nodes)
        attributes = {"T": merge.attributes["T"], "N": len(found)}
        node = make_node(name, merge.op, found, attributes, merge.position)
        group.branches[value][name] = node
        return Edge(name, 0)

    def _indices(self, group: _Group, merge: Node) -> tuple[Edge | None, Edge | None]:
        """The numbers of the inputs that a merge takes, as constants in the branches."""
        edges: list[Edge | None] = []
        for value in (False, True):
            found = self._candidates(merge, value)
            if len(found) > 1:
                raise InvalidArgumentError(
                    None,
                    merge.name,
                    f"Merge '{merge.name}': which of its inputs it takes follows from several "
                    "conditions, and cannot be asked for",
                )
            name = unused(f"{merge.name}/value_index_{value}", self.nodes)
            number = np.asarray(found[0] if found else 0, np.int32)
            attributes = {"value": number, "dtype": dtypes.int32}
            group.branches[value][name] = make_node(name, "Const", (), attributes, merge.position)
            edges.append(Edge(name, 0))
        return edges[0], edges[1]

    def _escaping(self, group: _Group, value: bool) -> list[str]:
        """Tensors of a branch that the caller or nodes elsewhere read, but for this If's merges."""
        branch = group.branches[value]
        merges = {merge.name for merge in group.merges}
        found: dict[str, None] = {}
        for name in branch:
            for reader in self.consumers.get(name, ()):
                elsewhere = reader.name not in branch or reader.name in self.copied
                if elsewhere and reader.name not in merges:
                    found.update({e.tensor: None for e in reader.inputs if e.node == name})
        for tensor in self.fetched:
            edge = parse_tensor_name(tensor)
            if edge.node in branch or self._is_switched(edge, group, value):
                found[edge.tensor] = None
        return list(found)

    def _is_switched(self, edge: Edge, group: _Group, value: bool) -> bool:
        """Whether a tensor is what an outermost switch lets through in a branch."""
        node = self.nodes.get(edge.node)
        if node is None or node.op not in _SWITCHES or self.owners[node.name] is not None:
            return False
        literal = (group.predicate.tensor, value)
        return literal in self._state_behind(edge) and self.phases[node.name] == group.phase

    def _branch(
        self, group: _Group, value: bool, ends: Iterable[Edge | None], captured: dict[str, Edge]
    ) -> tuple[Nodes, list[Edge]]:
        """The nodes of a branch, and its results; `captured` gets what it reads from outside."""
        own = self._decided(group, value)
        members = {
            n: m for n, m in group.branches[value].items() if not {f"{n}:0", f"{n}:1"} & own.keys()
        }
        sources: Nodes = {}
        returned = [edge for edge in ends if edge is not None]
        for edge in [*(e for node in members.values() for e in node.inputs), *returned]:
            edge = own.get(edge.tensor, edge)
            if edge.node in members and edge.tensor not in self.scope.fed:
                continue
            origin = self._origin(edge)
            if self._is_source(origin):
                own[edge.tensor] = origin
                sources[origin.node] = with_controls(self.nodes[origin.node], ())
            else:
                captured[edge.tensor] = self.moved.get(origin.tensor, origin)
        nodes = {
            name: with_controls(redirected(node, own), members) for name, node in members.items()
        }
        return {**nodes, **sources}, [own.get(e.tensor, e) for e in returned]

    def _decided(self, group: _Group, value: bool) -> dict[str, Edge]:
        """Switches on a branch's own predicate: the tensors behind them, and what they are."""
        passed: dict[str, Edge] = {}
        for node in in_order(group.branches[value], self.scope.fed):
            if node.op in _SWITCHES:
                predicate, sense = self._predicate(node.inputs[1])
                if predicate.tensor == group.predicate.tensor:
                    data = node.inputs[0]
                    output = int(value == sense)
                    passed[f"{node.name}:{output}"] = passed.get(data.tensor, data)
        return passed

    def _origin(self, edge: Edge) -> Edge:
        """The tensor that is switched, maybe several times, under the outermost predicates."""
        while edge.tensor not in self.scope.fed and edge.node in self.nodes:
            node = self.nodes[edge.node]
            if node.op not in _SWITCHES or self.owners[node.name] is not None:
                break
            edge = node.inputs[0]
        return edge

    def _is_source(self, edge: Edge) -> bool:
        found = None if edge.tensor in self.scope.fed else self.nodes.get(edge.node)
        return found is not None and found.op in SOURCES and self.owners[found.name] is None

    def _ends(
        self, group: _Group, node: Node, results: Sequence[_Returned], asked: Iterable[int]
    ) -> Nodes:
        """Nodes with the names of the merges, and of what the caller has asked for."""
        ends: Nodes = {}
        number = 0
        for merge in group.merges:
            count = 2 if self._is_used(merge, 1) else 1
            edges = [Edge(node.name, number + i) for i in range(count)]
            types = [merge.attributes["T"], dtypes.int32][:count]
            ends[merge.name] = passing(merge.name, edges, types, merge.position, ())
            number += count
        for name, outputs in self._asked_nodes(results, asked).items():
            first = next(iter(outputs.values()))
            places = [outputs.get(i, first) for i in range(max(outputs) + 1)]
            edges = [Edge(node.name, place) for place in places]
            types = [results[place].dtype for place in places]
            ends[name] = passing(name, edges, types, node.position, ())
        return ends

    def _asked_nodes(
        self, results: Sequence[_Returned], asked: Iterable[int]
    ) -> dict[str, dict[int, int]]:
        """For each node of which outputs are asked for: which result has which output."""
        found: dict[str, dict[int, int]] = {}
        for number in asked:
            edge = results[number].ends[0] or results[number].ends[1]
            assert edge is not None
            found.setdefault(edge.node, {})[edge.output] = number
        return found
