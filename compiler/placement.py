"""Where the nodes of a step run: compiled for a machine, on the host, or in no place of their own.

Ops without a lowering run on the host, all ops on strings, and branches and loops with such ops
inside. What merely hands values to them or takes values from them (constants, reads, assignments)
stays with them, so that saving and restoring variables compiles nothing. Arrays, stacks and lists
of tensors exist either in compiled code or on the host, so what shares one is in one place.
Constants and the nodes that stand for variables are *sources*: every part has its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flowc.compiler.devices import Devices
from flowc.compiler.graph import Edge, Node
from flowc.compiler.request import VariableSpec
from flowc.compiler.structure import is_structured, subgraphs_of
from flowc.compiler.structure.subgraph import SOURCES, VARIABLES, dtype_of, stored_variable
from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ops.calling import argument_dtypes


@dataclass(frozen=True, slots=True)
class Place:
    """Where nodes run: on a machine, by the name of its first device, compiled or by the host."""

    device: str
    compiled: bool


ASSIGNMENTS = frozenset({"Assign", "AssignVariableOp"})
_STATE = frozenset({dtypes.resource, dtypes.variant})
_READS = frozenset({"ReadVariableOp", "Identity"})


def is_source(node: Node) -> bool:
    """True for a constant or the node of a variable."""
    return node.op in SOURCES


def must_run_on_host(node: Node) -> bool:
    """True for ops without a lowering, for ops on strings, and for what contains such ops."""
    if any(_is_string(value) for value in node.attributes.values()):
        return True
    if not is_structured(node):
        return node.definition.lower is None and node.op != "NoOp"
    inside = (inner for subgraph in subgraphs_of(node) for inner in subgraph.nodes)
    return any(must_run_on_host(inner) for inner in inside if not is_source(inner))


def can_run_on_host(node: Node) -> bool:
    """True for what the host has a kernel or an interpreter for: whatever is defined."""
    definition = node.definition
    return definition.host is not None or definition.lower is not None or is_structured(node)


def _is_string(value: object) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_string, value))
    return isinstance(value, DType) and value is dtypes.string


def machines_of(nodes: Sequence[Node], fed: Collection[str], devices: Devices) -> dict[str, int]:
    """The numbers of the nodes' machines, where they have not all the first one.

    What uses a variable, array or list is where that is, as TensorFlow colocates them.
    """
    if len(devices.machines) == 1:
        return {}
    found = {node.name: devices.machine_of(node.name, node.device) for node in nodes}
    roots = variable_roots(nodes)
    for node in nodes:
        for edge in node.inputs:
            if edge.tensor in roots and edge.tensor not in fed:
                found[node.name] = found[roots[edge.tensor].node]
    for group in sharing(nodes, fed):
        first = next(node.name for node in nodes if node.name in group)
        found.update(dict.fromkeys(group, found[first]))
    return found


def nodes_on_host(
    nodes: Sequence[Node],
    fed: Collection[str],
    fetches: Collection[str],
    forced: Collection[str] = (),
) -> set[str]:
    """The names of the nodes that run on the host, those of `forced` among them, but no sources."""
    found = {n.name for n in nodes if not is_source(n) and must_run_on_host(n)}
    found.update(forced)
    if not found:
        return found
    for group in sharing(nodes, fed):
        if group & found:
            found |= group
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


def sharing(nodes: Sequence[Node], fed: Collection[str]) -> list[set[str]]:
    """The groups of nodes that have arrays, stacks or lists of tensors in common."""
    roots = variable_roots(nodes)
    by_name = {node.name: node for node in nodes}
    groups: dict[str, set[str]] = {}
    for node in nodes:
        for edge in node.inputs:
            source = by_name.get(edge.node)
            if source is None or edge.tensor in fed or edge.tensor in roots:
                continue
            if dtype_of(source, edge.output) in _STATE:
                joined = groups.get(source.name, {source.name}) | groups.get(node.name, {node.name})
                groups.update(dict.fromkeys(joined, joined))
    return list({id(group): group for group in groups.values()}.values())


def nodes_with_state(
    nodes: Sequence[Node], given: Collection[str], results: Collection[str]
) -> set[str]:
    """The nodes that take arrays, stacks or lists from outside, or give such to the outside."""
    found = set()
    for node in nodes:
        types = argument_dtypes(node.definition.signature.inputs, node.attributes)
        for edge, dtype in zip(node.inputs, types, strict=True):
            if edge.tensor in given and dtype in _STATE:
                found.add(node.name)
        outputs = argument_dtypes(node.definition.signature.outputs, node.attributes)
        for number, dtype in enumerate(outputs):
            if dtype in _STATE and f"{node.name}:{number}" in results:
                found.add(node.name)
    return {node.name for node in nodes if node.name in found and not is_source(node)}


def _takes_from_host(node: Node, on_host: Collection[str], fed: Collection[str]) -> bool:
    """True for a node that passes on, or assigns, what the host has computed."""
    if node.op != "Identity" and node.op not in ASSIGNMENTS:
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
        if node.op in VARIABLES:
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


def variables_of(nodes: Iterable[Node]) -> dict[str, Node]:
    """The variables that nodes use, those in their branches too, by their names in the store."""
    found: dict[str, Node] = {}
    for node in nodes:
        if node.op in VARIABLES:
            found[stored_variable(node)] = node
        for subgraph in subgraphs_of(node):
            found |= variables_of(subgraph.nodes)
    return found


def variables_written(nodes: Sequence[Node]) -> set[str]:
    """The names in the store of the variables that nodes may write."""
    written = {tensor.split(":")[0] for tensor in _written(nodes, ())}
    inside = (subgraph for node in nodes for subgraph in subgraphs_of(node))
    own = (node for node in nodes if node.name in written)
    return {*variables_of(own), *(name for s in inside for name in variables_of(s.nodes))}


def declared_variables(nodes: Iterable[Node]) -> dict[str, VariableSpec]:
    """The variables that nodes use by their declarations, where these are whole types."""
    found = {}
    for name, node in variables_of(nodes).items():
        shape = node.attributes["shape"]
        if shape is not None and None not in shape:
            found[name] = VariableSpec(node.attributes["dtype"].numpy, tuple(shape))
    return found
