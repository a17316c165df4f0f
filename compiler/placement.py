"""Which nodes of a step run on the host, and which belong to no place in particular.

Ops without a lowering run on the host, and all ops on strings. What merely hands values to them or
takes values from them (constants, reads, assignments) stays with them, so that saving and restoring
variables compiles nothing. Constants and the nodes that stand for variables are *sources*: every
part has its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from flowc.compiler.graph import Edge, Node
from flowc.ir import dtypes
from flowc.ir.dtypes import DType

_VARIABLES = frozenset({"VariableV2", "Variable", "VarHandleOp"})
_SOURCES = _VARIABLES | {"Const"}
_ASSIGNMENTS = frozenset({"Assign", "AssignVariableOp"})
_READS = frozenset({"ReadVariableOp", "Identity"})


def is_source(node: Node) -> bool:
    """True for a constant or the node of a variable."""
    return node.op in _SOURCES


def must_run_on_host(node: Node) -> bool:
    """True for ops without a lowering, and for every op on strings."""
    if node.definition.lower is None:
        return True
    return any(_is_string(value) for value in node.attributes.values())


def _is_string(value: object) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_string, value))
    return isinstance(value, DType) and value is dtypes.string


def nodes_on_host(
    nodes: Sequence[Node], fed: Collection[str], fetches: Collection[str]
) -> set[str]:
    """The names of the nodes that run on the host, sources left out."""
    found = {node.name for node in nodes if must_run_on_host(node) and not is_source(node)}
    if not found:
        return found
    for node in nodes:
        if _takes_from_host(node, found, fed):
            found.add(node.name)
    written = _written(nodes, found)
    readers = _readers(nodes, fed, fetches)
    for node in reversed(nodes):
        by = readers.get(node.name)
        if node.op in _READS and by and by <= found and node.inputs[0].tensor not in written:
            found.add(node.name)
    return found


def _takes_from_host(node: Node, on_host: Collection[str], fed: Collection[str]) -> bool:
    """True for a node that passes on, or assigns, what the host has computed."""
    if node.op != "Identity" and node.op not in _ASSIGNMENTS:
        return False
    value = node.inputs[-1]
    return value.tensor not in fed and value.node in on_host


def _written(nodes: Iterable[Node], on_host: Collection[str]) -> set[str]:
    """The variables that compiled nodes may write, by the tensor that stands for them."""
    roots = variable_roots(nodes)
    return {
        roots[edge.tensor].tensor
        for node in nodes
        if node.op not in _READS and node.name not in on_host
        for edge in node.inputs
        if edge.tensor in roots
    }


def _readers(
    nodes: Iterable[Node], fed: Collection[str], fetches: Collection[str]
) -> dict[str, set[str]]:
    """The nodes that read each node's outputs; the empty name stands for the caller."""
    readers: dict[str, set[str]] = {}
    for node in nodes:
        for edge in node.inputs:
            if edge.tensor not in fed:
                readers.setdefault(edge.node, set()).add(node.name)
    for fetch in fetches:
        readers.setdefault(fetch.split(":")[0], set()).add("")
    return readers


def variable_roots(nodes: Iterable[Node]) -> Mapping[str, Edge]:
    """For each tensor that is a reference to, or a handle of, a variable: the variable's own."""
    roots: dict[str, Edge] = {}
    for node in nodes:
        if node.op in _VARIABLES:
            own = Edge(node.name, 0)
            roots[own.tensor] = own
        elif node.inputs and node.inputs[0].tensor in roots and _passes_on(node):
            roots[f"{node.name}:0"] = roots[node.inputs[0].tensor]
    return roots


def _passes_on(node: Node) -> bool:
    """True where the first output is the variable that the first input is."""
    outputs = node.definition.signature.outputs
    if not outputs:
        return False
    if outputs[0].is_ref:
        return node.definition.signature.inputs[0].is_ref
    return node.op == "Identity" and node.attributes["T"] is dtypes.resource
