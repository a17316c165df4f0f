"""The gradient of a function of a graph's library, as another function.

`SymbolicGradient` asks for it by the function's name when it is run, and `gradients` adds such a
node for a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowc.compiler.structure.functions import Body, instantiate
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.functions.filling import zeros_like
from flowc.frontend.gradients.backward import gradients
from flowc.frontend.graph import Graph
from flowc.frontend.importer import import_graph_def
from flowc.ir.dtypes import DType, resource
from flowc.ir.proto import AttrValue, FunctionDef, GraphDef, NodeDef
from flowc.ops.calling import argument_length
from flowc.ops.graph_values import attr_to_python


def gradient_of_function(
    name: str, attributes: Mapping[str, AttrValue], functions: Mapping[str, FunctionDef]
) -> FunctionDef:
    """A function of what `name` takes and the gradients of its results.

    It returns the gradients of what `name` takes, zeros where there are none. Raises LookupError
    for an op without a gradient, ValueError where a function is malformed.
    """
    function = functions[name]
    bound = {key: attr_to_python(value) for key, value in attributes.items()}
    body = instantiate(function, bound, "", (), functions)
    with Graph().as_default() as graph:
        given = dict(zip(body.parameters, _placeholders(graph, function, bound), strict=True))
        graph_def = GraphDef(node=_nodes(function, body, attributes, given))
        graph_def.library.function.extend(functions.values())
        xs = list(given.values())
        used = {text for node in graph_def.node for text in node.input}
        import_graph_def(graph_def, {x.name: x for x in xs if x.name in used}, name="")
        results = [edge.tensor for edge in body.results]
        ys = [given[t] if t in given else graph.get_tensor_by_name(t) for t in results]
        grads = [build("Placeholder", dtype=y.dtype, shape=None, name="grad") for y in ys]
        found = gradients_of(ys, xs, grads)
        return _as_function(graph, f"{name}/gradient", [*xs, *grads], found)


def gradients_of(ys: Sequence[Any], xs: Sequence[Any], grads: Sequence[Any]) -> list[Any]:
    """The gradients of `xs`, by those of `ys`; zeros where there are none."""
    pairs = [(y, g) for y, g in zip(ys, grads, strict=True) if not y.dtype.is_integer]
    found = gradients([y for y, _ in pairs], xs, [g for _, g in pairs])
    return [_zeros(x) if g is None else convert(g) for x, g in zip(xs, found, strict=True)]


def _zeros(x: TensorBase) -> Any:
    """The gradient of what no result depends on; for a variable that of its value."""
    is_variable = x.dtype is resource and x.stored_dtype is not resource
    return zeros_like(build("ReadVariableOp", x, dtype=x.stored_dtype) if is_variable else x)


def _placeholders(
    graph: Graph, function: FunctionDef, attributes: Mapping[str, Any]
) -> Iterator[TensorBase]:
    """A placeholder for each tensor that a function takes, under a name that no node has."""
    taken = {node.name for node in function.node_def}
    for argument in function.signature.input_arg:
        name = argument.name
        while name in taken:
            name += "_"
        for dtype in _types(argument, attributes):
            yield build("Placeholder", dtype=dtype, shape=None, name=name)


def _types(argument: Any, attributes: Mapping[str, Any]) -> list[DType]:
    if argument.type_list_attr:
        return list(attributes[argument.type_list_attr])
    kind = (
        attributes[argument.type_attr]
        if argument.type_attr
        else attr_to_python(AttrValue(type=argument.type))
    )
    return [kind] * (int(attributes[argument.number_attr]) if argument.number_attr else 1)


def _nodes(
    function: FunctionDef,
    body: Body,
    attributes: Mapping[str, AttrValue],
    given: Mapping[str, TensorBase],
) -> Iterator[NodeDef]:
    """The function's nodes as those of a graph."""
    for node in function.node_def:
        made = NodeDef()
        made.CopyFrom(node)
        edges = [
            given[e.tensor].name if e.tensor in given else e.tensor
            for e in body.nodes[node.name].inputs
        ]
        made.input[:] = [*edges, *(text for text in node.input if text.startswith("^"))]
        for key, value in node.attr.items():
            if value.placeholder:
                made.attr[key].CopyFrom(attributes[value.placeholder])
        yield made


def _as_function(
    graph: Graph, name: str, given: Sequence[TensorBase], results: Sequence[TensorBase]
) -> FunctionDef:
    """A graph as a function of the placeholders `given`."""
    function = FunctionDef()
    function.signature.name = name
    names = {tensor: f"argument_{i}" for i, tensor in enumerate(given)}
    for tensor, argument in names.items():
        function.signature.input_arg.add(name=argument, type=tensor.dtype.number)
    for op in graph.get_operations():
        if not any(tensor in names for tensor in op.outputs):
            names.update({t: f"{op.name}:{text}" for t, text in _output_names(op)})
    for op in graph.get_operations():
        if op.outputs and op.outputs[0] in given:
            continue
        node = function.node_def.add()
        node.CopyFrom(op.node_def)
        node.input[:] = [names[t] for t in op.inputs] + [f"^{c.name}" for c in op.control_inputs]
    for i, tensor in enumerate(results):
        function.signature.output_arg.add(name=f"result_{i}", type=tensor.dtype.number)
        function.ret[f"result_{i}"] = names[tensor]
    return function


def _output_names(op: Operation) -> Iterator[tuple[TensorBase, str]]:
    """The operation's outputs as the inputs of a function's nodes name them: `output:number`."""
    outputs = iter(op.outputs)
    for argument in op.definition.signature.outputs:
        length = argument_length(argument, op.attrs)
        for number in range(1 if length is None else length):
            yield next(outputs), f"{argument.name}:{number}"
