"""`Subgraph`: the branch or body of a structured node, and what its making has in common."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from flowc import ops
from flowc.compiler.graph import Edge, Node
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError
from flowc.ops.inference import output_dtypes
from flowc.ops.state.variables import stored_name

Nodes: TypeAlias = dict[str, Node]

STRUCTURED = frozenset({"If", "StatelessIf", "Case", "StatelessCase", "While", "StatelessWhile"})
VARIABLES = frozenset({"VariableV2", "Variable", "VarHandleOp"})
SOURCES = VARIABLES | {"Const"}
# Ops whose kernels pass their first input's memory on.
VIEWS = frozenset(
    {
        "Bitcast",
        "CheckNumerics",
        "EnsureShape",
        "ExpandDims",
        "Identity",
        "PreventGradient",
        "Reshape",
        "Squeeze",
        "StopGradient",
    }
)
_LEFT_OVER = frozenset({"Merge", "RefMerge", "LoopCond", "NextIteration", "RefNextIteration"})
BACK_EDGES = frozenset({"NextIteration", "RefNextIteration"})


@dataclass(frozen=True, eq=False)
class Subgraph:
    """Nodes in a running order, closed but for `parameters`; all three fields name tensors.

    In a loop, the first parameters are the values that it carries, and the body's results are
    their next values; the other parameters keep their values.
    """

    name: str
    parameters: tuple[str, ...]
    nodes: tuple[Node, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scope:
    """What structuring must know of the place where nodes stand.

    `fed` are the tensors given from outside, `resolve` finds a node of the graph, `finish` deals
    with the conditionals among the nodes of a branch or body.
    """

    fed: Collection[str]
    resolve: Callable[[str], Node]
    finish: Callable[[Nodes, Scope, Collection[str]], Nodes]
    is_step: bool  # at the top, where what is asked for must be alive

    def dtype(self, edge: Edge, nodes: Nodes) -> DType:
        """The element type of a tensor."""
        return dtype_of(nodes.get(edge.node) or self.resolve(edge.node), edge.output)

    def subgraph(
        self, name: str, parameters: Iterable[str], nodes: Nodes, results: Iterable[Edge]
    ) -> Subgraph:
        """The branch or body made of these nodes."""
        given, ends = tuple(parameters), tuple(e.tensor for e in results)
        inside = replace(self, fed=frozenset(given), resolve=self._resolver(nodes), is_step=False)
        finished = self.finish(nodes, inside, ends)
        return Subgraph(name, given, tuple(map(plain, in_order(finished, given))), ends)

    def _resolver(self, nodes: Nodes) -> Callable[[str], Node]:
        return lambda name: nodes.get(name) or self.resolve(name)


def stored_variable(node: Node) -> str:
    """The name in the store of the variable that a node stands for."""
    return stored_name(node.name, node.attributes["container"], node.attributes["shared_name"])


def is_structured(node: Node) -> bool:
    """Whether a node has branches or a body."""
    return node.op in STRUCTURED


def subgraphs_of(node: Node) -> Iterator[Subgraph]:
    """The branches of a node, or a loop's condition and body."""
    for value in node.attributes.values():
        for element in value if isinstance(value, tuple) else (value,):
            if isinstance(element, Subgraph):
                yield element


def branches_of(node: Node) -> Sequence[Subgraph]:
    """The branches of a conditional in the order of their numbers; `else` is the last of two."""
    found: Sequence[Subgraph] | None = node.attributes.get("branches")
    return found or [node.attributes["then_branch"], node.attributes["else_branch"]]


def stays(body: Subgraph, number: int) -> bool:
    """Whether the body of a loop passes a value on as it is."""
    if number >= len(body.results):
        return True
    tensor = body.results[number]
    passed_on = {f"{n.name}:0": n for n in body.nodes if n.op == "Identity"}
    while tensor in passed_on:
        tensor = passed_on[tensor].inputs[0].tensor
    return tensor == body.parameters[number]


def plain(node: Node) -> Node:
    """The node, if it is one that can be run. Raises InvalidArgumentError."""
    if node.op in _LEFT_OVER:
        raise InvalidArgumentError(
            None, node.name, f"{node.op} '{node.name}' belongs to no conditional or loop"
        )
    return replace(node, op="NoOp") if node.op == "ControlTrigger" else node


def make_node(
    name: str,
    op: str,
    inputs: Iterable[Edge],
    attributes: Mapping[str, Any],
    position: tuple[int, ...],
    controls: Iterable[str] = (),
) -> Node:
    """A node that the compiler adds."""
    definition = ops.lookup(op)
    assert definition is not None
    complete = {a.name: a.default for a in definition.signature.attributes if a.has_default}
    return Node(
        name, op, definition, {**complete, **attributes}, tuple(inputs), tuple(controls), position
    )


def passing(
    name: str,
    edges: Iterable[Edge],
    types: Iterable[DType],
    position: tuple[int, ...],
    controls: Iterable[str],
) -> Node:
    """A node of that name whose outputs are tensors of other nodes."""
    sources, kinds = tuple(edges), tuple(types)
    if len(sources) == 1:
        return make_node(name, "Identity", sources, {"T": kinds[0]}, position, controls)
    if not sources:
        return make_node(name, "NoOp", (), {}, position, controls)
    return make_node(name, "IdentityN", sources, {"T": kinds}, position, controls)


def dtype_of(node: Node, output: int) -> DType:
    """The element type of a node's output."""
    return output_dtypes(node.definition, node.attributes)[output]


def redirected(node: Node, edges: Mapping[str, Edge]) -> Node:
    """The node with the inputs that `edges` names (tensors) replaced."""
    inputs = tuple(edges.get(edge.tensor, edge) for edge in node.inputs)
    return node if inputs == node.inputs else replace(node, inputs=inputs)


def with_controls(node: Node, kept: Collection[str]) -> Node:
    """The node with only those of its control inputs that are in `kept`."""
    controls = tuple(name for name in node.controls if name in kept)
    return node if controls == node.controls else replace(node, controls=controls)


def unused(name: str, nodes: Collection[str]) -> str:
    """`name`, made different from all in use."""
    while name in nodes:
        name += "_"
    return name


def in_order(nodes: Nodes, fed: Collection[str]) -> list[Node]:
    """Each node after what it needs, else in the order in which they were made.

    The way back in a loop of frames does not count. Raises InvalidArgumentError for other cycles.
    """
    made = sorted(nodes.values(), key=lambda node: node.position)
    if _is_order(made):
        return made
    waits: dict[str, int] = {}
    followers: dict[str, list[str]] = {}
    for name, node in nodes.items():
        sources = {e.node for e in node.inputs if e.tensor not in fed} | set(node.controls)
        sources = {s for s in sources if s in nodes and nodes[s].op not in BACK_EDGES}
        waits[name] = len(sources)
        for source in sources:
            followers.setdefault(source, []).append(name)
    ready = [(nodes[n].position, n) for n, count in waits.items() if not count]
    heapq.heapify(ready)
    ordered: list[Node] = []
    while ready:
        _, name = heapq.heappop(ready)
        ordered.append(nodes[name])
        for follower in followers.get(name, ()):
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, (nodes[follower].position, follower))
    if len(ordered) != len(nodes):
        stuck = next(n for n, count in waits.items() if count)
        raise InvalidArgumentError(None, None, f"the graph has a cycle through node '{stuck}'")
    return ordered


def _is_order(nodes: Sequence[Node]) -> bool:
    """Whether no node reads, or waits for, one that comes later."""
    later = {node.name for node in nodes}
    for node in nodes:
        reads = {edge.node for edge in node.inputs}
        if not later.isdisjoint(reads) or not later.isdisjoint(node.controls):
            return False
        later.remove(node.name)
    return True


def needed_for(roots: Iterable[str], nodes: Nodes, fed: Collection[str]) -> Nodes:
    """Those of the nodes that the roots (names) need, the roots among them."""
    found: Nodes = {}
    pending = [name for name in roots if name in nodes]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        node = found[name] = nodes[name]
        pending += [e.node for e in node.inputs if e.tensor not in fed and e.node in nodes]
        pending += [c for c in node.controls if c in nodes]
    return found
