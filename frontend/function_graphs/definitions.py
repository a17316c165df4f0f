"""FunctionDefs made of the graph in which a body was built.

In a FunctionDef an edge is `argument` or `node:output_name:index`; arguments are no nodes.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.function_graphs.graph import FunctionGraph, argument_name
from flowc.ir.proto import FunctionDef, NodeDef
from flowc.ir.tensor.builder import Handle
from flowc.ops.calling import argument_length
from flowc.ops.graph_values import shape_to_proto
from flowc.ops.inference import static_sizes


def function_def(
    graph: FunctionGraph,
    results: Sequence[TensorBase],
    name: str,
    result_names: Sequence[str] | None = None,
) -> FunctionDef:
    """The function that takes the graph's arguments and returns `results`."""
    function = FunctionDef()
    signature = function.signature
    signature.name = name
    for argument in graph.arguments:
        declared = signature.input_arg.add(name=argument.op.name, type=argument.dtype.number)
        if isinstance(argument._abstract, Handle):
            known = declared.handle_data.add(dtype=argument._abstract.dtype.number)
            known.shape.CopyFrom(shape_to_proto(static_sizes(argument._abstract)))
    parameters = {argument.op for argument in graph.arguments}
    body = [op for op in graph.get_operations() if op not in parameters]
    signature.is_stateful = any(op.definition.stateful for op in body)
    function.node_def.extend(_inner_node(op, parameters) for op in body)
    for given, result in zip(_names(results, result_names), results, strict=True):
        signature.output_arg.add(name=given, type=result.dtype.number)
        function.ret[given] = _inner_edge(result, parameters)
    return function


def _names(results: Sequence[TensorBase], given: Sequence[str] | None) -> list[str]:
    """Names of the results: as given, else after their operations, each once."""
    if given is not None:
        return list(given)
    found: list[str] = []
    for result in results:
        plain = base = argument_name(result.op.name)
        number = 0
        while base in found:
            base, number = f"{plain}_{number}", number + 1
        found.append(base)
    return found


def _inner_node(op: Operation, parameters: set[Operation]) -> NodeDef:
    node = NodeDef()
    node.CopyFrom(op.node_def)
    controls = [f"^{control.name}" for control in op.control_inputs if control not in parameters]
    node.input[:] = [*(_inner_edge(tensor, parameters) for tensor in op.inputs), *controls]
    return node


def _inner_edge(tensor: TensorBase, parameters: set[Operation]) -> str:
    op = tensor.op
    if op in parameters:
        return op.name
    first = 0
    for output in op.definition.signature.outputs:
        length = argument_length(output, op.attrs)
        count = 1 if length is None else length
        if tensor.value_index < first + count:
            return f"{op.name}:{output.name}:{tensor.value_index - first}"
        first += count
    raise AssertionError(f"{op.name} has no output {tensor.value_index}")
