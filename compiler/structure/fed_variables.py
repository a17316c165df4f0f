"""Variables that the caller feeds: for this run they are tensors.

A feed of the variable itself (`v:0`, a reference or a handle) gives what every op reads of it,
however that gets there: through reads, gathers, branches and loops. To assign to it is an error, as
it is in TensorFlow for a reference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from flowc import ops
from flowc.compiler.graph import Edge, Node, parse_tensor_name
from flowc.compiler.structure.subgraph import (
    STRUCTURED,
    VARIABLES,
    Nodes,
    Subgraph,
    in_order,
    make_node,
)
from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError
from flowc.ops.calling import argument_dtypes

_TESTS = frozenset({"VarIsInitializedOp", "IsVariableInitialized"})
_PASSING = frozenset({"Identity", "Enter", "Exit", "NextIteration", "Switch", "Merge"})


def with_fed_variables(nodes: Nodes, fed: Collection[str], resolve: Callable[[str], Node]) -> Nodes:
    """The nodes, those that read variables which `fed` names reading the tensors fed.

    Raises InvalidArgumentError for one that assigns to such a variable.
    """
    given: dict[str, DType] = {}
    for tensor in fed:
        node = resolve(parse_tensor_name(tensor).node)
        if node.op in VARIABLES:
            given[tensor] = node.attributes["dtype"]
    return _reading(nodes, given) if given else nodes


def _reading(nodes: Nodes, given: Mapping[str, DType]) -> Nodes:
    """The nodes with what is `given` (dtypes by tensor) in place of variables."""
    known, found = dict(given), dict(nodes)
    pending = list(nodes.values())
    while pending:
        node = pending.pop()
        fed = {i: known[e.tensor] for i, e in enumerate(node.inputs) if e.tensor in known}
        if not fed or found[node.name] is not node:
            continue
        for new in _rewritten(node, fed):
            found[new.name] = new
        kind = node.op.removeprefix("Ref")
        if kind in _PASSING and f"{node.name}:0" not in known:
            known.update({f"{node.name}:{i}": fed[0] for i in range(1 + (kind == "Switch"))})
            pending = list(nodes.values())
    return found


def _rewritten(node: Node, fed: Mapping[int, DType]) -> list[Node]:
    """What stands for a node some of whose inputs, by number, are variables that are fed."""
    dtype = fed.get(0, dtypes.resource)
    attributes: dict[str, Any] = {**node.attributes, "T": dtype, "Tparams": dtype}
    if node.op in STRUCTURED:
        return [_with_fed_inputs(node, fed)]
    if node.op in _TESTS:
        attributes = {"value": np.asarray(True), "dtype": dtypes.bool_}
        return [make_node(node.name, "Const", (), attributes, node.position, node.controls)]
    if node.op == "ReadVariableOp":
        return [_as("Identity", node, attributes)]
    if node.op == "VariableShape":
        return [_as("Shape", node, attributes)]
    if node.op == "ResourceGatherNd":
        return [_as("GatherNd", node, attributes)]
    if node.op == "ResourceGather":
        return _gather(node, attributes)
    if node.op.removeprefix("Ref") in _PASSING:
        return [_as(node.op.removeprefix("Ref"), node, attributes)]
    arguments = [
        (argument.is_ref, found)
        for argument in node.definition.signature.inputs
        for found in argument_dtypes([argument], node.attributes)
    ]
    for number in fed:
        is_ref, wanted = arguments[number]
        if is_ref or wanted is dtypes.resource:
            raise InvalidArgumentError(
                None,
                node.name,
                f"{node.op} '{node.name}': the variable '"
                f"{node.inputs[number].node}' is fed in this run, so it cannot be assigned",
            )
    return [node]


def _as(op: str, node: Node, attributes: Mapping[str, Any]) -> Node:
    """The node as one of another op, with those of the attributes that the op has."""
    definition = ops.lookup(op)
    assert definition is not None
    names = {a.name for a in definition.signature.attributes}
    chosen = {name: value for name, value in attributes.items() if name in names}
    return make_node(node.name, op, node.inputs, chosen, node.position, node.controls)


def _gather(node: Node, attributes: Mapping[str, Any]) -> list[Node]:
    value = {"value": np.asarray(node.attributes["batch_dims"], np.int32), "dtype": dtypes.int32}
    axis = make_node(f"{node.name}/axis", "Const", (), value, node.position)
    gather = _as("GatherV2", node, {**attributes, "Taxis": dtypes.int32})
    return [replace(gather, inputs=(*node.inputs, Edge(axis.name, 0))), axis]


def _with_fed_inputs(node: Node, fed: Mapping[int, DType]) -> Node:
    """A conditional or loop whose branches or body get tensors in place of variables."""
    key, first = ("T", 0) if "body" in node.attributes else ("Tin", 1)
    types = list(node.attributes[key])
    for number, dtype in fed.items():
        types[number - first] = dtype
    attributes = {name: _inside(value, fed, first) for name, value in node.attributes.items()}
    return replace(node, attributes={**attributes, key: tuple(types)})


def _inside(value: Any, fed: Mapping[int, DType], first: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_inside(part, fed, first) for part in value)
    if not isinstance(value, Subgraph):
        return value
    given = {value.parameters[number - first]: dtype for number, dtype in fed.items()}
    nodes = _reading({node.name: node for node in value.nodes}, given)
    return replace(value, nodes=tuple(in_order(nodes, value.parameters)))
