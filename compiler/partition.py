"""Cutting a step into parts: what is compiled, and for which machine, and what the host runs.

A part is a set of nodes that one executable computes, or that host kernels compute one by one.
Parts alternate; a node goes to the earliest part that follows all it depends on. A node of `cuts`
needs the contents of an input as a size, and so starts a part after the one that computes it.

Values pass between parts; variables do not. A part that uses a variable has the variable's node
itself, as it has the constants that it uses, and the nodes that give a variable another form.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from flowc.compiler.devices import ONE_CPU, Devices
from flowc.compiler.graph import Edge, Node
from flowc.compiler.placement import (
    Place,
    is_source,
    machines_of,
    must_run_on_host,
    nodes_on_host,
    sharing,
    variable_roots,
)
from flowc.compiler.structure.subgraph import VIEWS
from flowc.ir.dtypes import resource

_MOST_DELAYS = 16  # rounds in which nodes that share something are brought together
_CALLER = -1  # stands for the caller among the stages that use a tensor


@dataclass(frozen=True, slots=True)
class Part:
    """Nodes that run together, the tensors they take from outside, and those others want."""

    place: Place
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def compiled(self) -> bool:
        """Whether one executable computes the part."""
        return self.place.compiled


def partition(
    nodes: Sequence[Node],
    fed: Collection[str],
    fetches: Sequence[str],
    cuts: Mapping[str, frozenset[str]] | None = None,
    forced: Collection[str] = (),
    devices: Devices = ONE_CPU,
) -> list[Part]:
    """The parts of a step, in running order.

    `nodes` are pruned and ordered; `fed` and `fetches` are tensor names; `cuts[node]` are the
    inputs of that node that must be known before it is compiled; those of `forced` run on the host.
    """
    places = _Places(devices.machines, machines_of(nodes, fed, devices))
    if not cuts and not forced and places.are_one and not any(map(must_run_on_host, nodes)):
        return _single(nodes, fed, fetches, places)
    views = _views(nodes, fed, fetches, {*(cuts or {}), *forced})
    stages = _stages_of_sharing(nodes, fed, fetches, cuts or {}, forced, views, places)
    placed = _with_variables(nodes, stages, fed)
    members = _members(placed, stages, fed, views)
    _place_fetched(members, {n.name: n for n in nodes}, fed, fetches, places.first_on_host)
    users = _users(members, fed, fetches)
    return [
        _part(places.of(stage), tuple(members[stage].values()), users, fed)
        for stage in sorted(members)
    ]


@dataclass(frozen=True)
class _Places:
    """What the numbers of stages stand for: the machines and then the host, again and again."""

    machines: Sequence[str]
    numbers: Mapping[str, int]  # of the machines of nodes; 0 for others

    @property
    def are_one(self) -> bool:
        """Whether all nodes have the same machine."""
        return len(set(self.numbers.values())) <= 1

    @property
    def first_on_host(self) -> int:
        """The first stage that the host runs."""
        return len(self.machines)

    def of(self, stage: int) -> Place:
        """Where a stage runs; the host is beside the first machine."""
        number = stage % (len(self.machines) + 1)
        is_host = number == self.first_on_host
        return Place(self.machines[0 if is_host else number], not is_host)

    def first(self, node: str, on_host: Collection[str]) -> int:
        """The first stage in which a node may be."""
        return self.first_on_host if node in on_host else self.numbers.get(node, 0)

    def next(self, stage: int, first: int) -> int:
        """The stage that is that one or follows it, at the place of the stage `first`."""
        return stage + (first - stage) % (len(self.machines) + 1)


def _single(
    nodes: Sequence[Node], fed: Collection[str], fetches: Sequence[str], places: _Places
) -> list[Part]:
    """Everything is compiled at once, variables and constants included."""
    if not nodes:
        return []
    members = {0: {node.name: node for node in nodes}}
    place = places.of(places.first(nodes[0].name, ()))
    return [_part(place, tuple(nodes), _users(members, fed, fetches), fed)]


def _stages_of_sharing(
    nodes: Sequence[Node],
    fed: Collection[str],
    fetches: Sequence[str],
    cuts: Mapping[str, frozenset[str]],
    forced: Collection[str],
    views: Collection[str],
    places: _Places,
) -> dict[str, int]:
    """The stage of each node; compiled nodes that share an array, stack or list have one.

    Where that cannot be, because one waits for the host and the host for another, all are run on
    the host, where such things can pass from part to part.
    """
    on_host = nodes_on_host(nodes, fed, fetches, forced)
    earliest: dict[str, int] = {}
    groups = [group for group in sharing(nodes, fed) if not group & on_host]
    for _ in range(_MOST_DELAYS):
        stages = _stages(nodes, fed, cuts, on_host, earliest, views, places)
        apart = [group for group in groups if len({stages[name] for name in group}) > 1]
        if not apart:
            return stages
        for group in apart:
            earliest.update(dict.fromkeys(group, max(stages[name] for name in group)))
    forced = {*forced, *(n for g in apart for n in g)}
    return _stages_of_sharing(nodes, fed, fetches, cuts, forced, views, places)


def _stages(
    nodes: Sequence[Node],
    fed: Collection[str],
    cuts: Mapping[str, frozenset[str]],
    on_host: Collection[str],
    earliest: Mapping[str, int],
    views: Collection[str],
    places: _Places,
) -> dict[str, int]:
    """Numbers that tell the place of each node (`_Places`); dependencies never go down.

    Sources and views have stage 0, but are in the parts of those that use them.
    """
    stages: dict[str, int] = {}
    checks = {node.name for node in nodes if node.op == "Assert"}
    for node in nodes:
        if is_source(node) or node.name in views:
            stages[node.name] = 0
            continue
        first = places.first(node.name, on_host)
        before = [
            _before(edge, stages, cuts.get(node.name))
            for edge in node.inputs
            if edge.tensor not in fed
        ]
        before += [stages[control] for control in _awaited(node, checks)]
        if node.op == "NoOp":
            stages[node.name] = max(before, default=0)  # nothing to run, here or there
        else:
            before.append(earliest.get(node.name, first))
            stages[node.name] = max(places.next(stage, first) for stage in before)
    return stages


def _awaited(node: Node, checks: Collection[str]) -> Sequence[str]:
    """The nodes that must run first, though nothing of them is read.

    What only computes need not wait for a check: when that fails, so does the step.
    """
    if node.definition.stateful:
        return node.controls
    return [control for control in node.controls if control not in checks]


def _before(edge: Edge, stages: Mapping[str, int], cut: frozenset[str] | None) -> int:
    """The stage that an input asks for; one more where its contents must be known."""
    return stages[edge.node] + (cut is not None and edge.tensor in cut)


def _with_variables(
    nodes: Sequence[Node], stages: Mapping[str, int], fed: Collection[str]
) -> list[Node]:
    """The nodes; one that gets a variable from an earlier part takes the variable itself."""
    roots = variable_roots(nodes)

    def own(node: Node, edge: Edge) -> Edge:
        crosses = edge.tensor not in fed and stages[edge.node] != stages[node.name]
        return roots.get(edge.tensor, edge) if crosses else edge

    placed = []
    for node in nodes:
        inputs = tuple(own(node, edge) for edge in node.inputs)
        placed.append(node if inputs == node.inputs else replace(node, inputs=inputs))
    return placed


def _views(
    nodes: Sequence[Node], fed: Collection[str], fetches: Sequence[str], excluded: Collection[str]
) -> set[str]:
    """The nodes that give a reference variable another form, whose memory they pass on.

    What they give is read when it is used (`Reading` in `lowering/graph`), in whichever part.
    """
    roots = variable_roots(nodes)
    wanted = {fetch.split(":")[0] for fetch in fetches} | {*excluded}
    sources = {node.name for node in nodes if is_source(node)}
    found: set[str] = set()
    for node in nodes:
        if node.op not in VIEWS or node.controls or node.name in wanted or must_run_on_host(node):
            continue
        first, *others = node.inputs
        is_reference = first.tensor in roots and node.attributes["T"] is not resource
        given = [first.tensor, *(edge.tensor for edge in others)]
        if (is_reference or first.node in found) and not any(tensor in fed for tensor in given):
            found.update([node.name] if {edge.node for edge in others} <= sources else [])
    return found


def _members(
    nodes: Sequence[Node], stages: Mapping[str, int], fed: Collection[str], views: Collection[str]
) -> dict[int, dict[str, Node]]:
    """The nodes of each stage by name, in order, each source and view before its users."""
    shared = {node.name: node for node in nodes if is_source(node) or node.name in views}
    members: dict[int, dict[str, Node]] = {}

    def add(node: Node, stage: dict[str, Node]) -> None:
        for edge in node.inputs:
            if edge.node in shared and edge.node not in stage and edge.tensor not in fed:
                add(shared[edge.node], stage)
        stage[node.name] = node

    for node in nodes:
        if node.name not in shared:
            add(node, members.setdefault(stages[node.name], {}))
    return members


def _place_fetched(
    members: dict[int, dict[str, Node]],
    nodes: Mapping[str, Node],
    fed: Collection[str],
    fetches: Sequence[str],
    host: int,
) -> None:
    """A source that is fetched is computed by the last part that has it, else on the host."""
    for fetch in fetches:
        node = nodes.get(fetch.split(":")[0])
        if node is None or not is_source(node) or fetch in fed:
            continue
        if not any(node.name in part for part in members.values()):
            members.setdefault(host, {})[node.name] = node


def _users(
    members: Mapping[int, Mapping[str, Node]], fed: Collection[str], fetches: Sequence[str]
) -> dict[str, set[int]]:
    """The stages that read each tensor from elsewhere."""
    users: dict[str, set[int]] = {}
    for stage, part in members.items():
        for node in part.values():
            for edge in node.inputs:
                if edge.tensor not in fed and edge.node not in part:
                    users.setdefault(edge.tensor, set()).add(stage)
    for fetch in fetches:
        users.setdefault(fetch, set()).add(_CALLER)
    return users


def _part(
    place: Place, nodes: tuple[Node, ...], users: Mapping[str, set[int]], fed: Collection[str]
) -> Part:
    names = {node.name for node in nodes}
    inputs = {
        e.tensor: None
        for node in nodes
        for e in node.inputs
        if e.tensor in fed or e.node not in names
    }
    outputs = [t for t in users if t.split(":")[0] in names and t not in fed]
    return Part(place, nodes, tuple(inputs), tuple(outputs))
