"""Runs GraphDefs by lowering and the reference interpreter alone: no passes, no code generation.

`run_eagerly` lowers each node by itself with the sizes and contents of its operands known, so that
any graph without control flow runs. `run_symbolically` lowers the whole graph with a symbol for
every size of a placeholder, which is what the compiler does.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from flowc.ir import dims
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    UnimplementedError,
)
from flowc.ir.proto import GraphDef, NodeDef
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder, Handle, NotCompilable, State
from flowc.ir.tensor.core import ArgumentDim, Module, Parameter, TensorType, Value
from flowc.ir.tensor.primitives.common import objects
from flowc.ops import lookup
from flowc.ops.calling import argument_length, call_lowering
from flowc.ops.graph_values import complete_attributes
from flowc.ops.kernels import call_kernel
from flowc.ops.registry import OpDefinition
from flowc.runtime.resources.session_resources import SessionResources

Array = np.ndarray[Any, Any]
Feeds = Mapping[str, Array]
Store = dict[str, Array]


class RunsOnHost(Exception):
    """An op has no lowering, so a graph with it is no single module."""


class Variables(State):
    """The store during one lowering: each variable that is read becomes an argument."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.values: dict[str, Value] = {}
        self.arguments: dict[Parameter, Array] = {}
        self.assigned: dict[str, DType] = {}

    def read(self, b: Builder, handle: Handle) -> Value:
        if handle.name not in self.values:
            array = self.store.get(handle.name)
            if array is None and handle.initial is not None:
                array = handle.initial()
            if array is None:
                raise FailedPreconditionError(
                    None, None, f"Attempting to use uninitialized value {handle.name}"
                )
            parameter = Parameter(TensorType(handle.dtype, array.shape), handle.name)
            self.arguments[parameter] = array
            self.values[handle.name] = parameter
        return self.values[handle.name]

    def assign(self, b: Builder, handle: Handle, value: Value) -> None:
        self.values[handle.name] = value
        self.assigned[handle.name] = handle.dtype

    def is_initialized(self, b: Builder, handle: Handle) -> bool:
        return handle.name in self.values or handle.name in self.store


class Graph:
    """A GraphDef with its nodes by name, and the variables of one session."""

    def __init__(self, graph: GraphDef) -> None:
        self.nodes = {node.name: node for node in graph.node}
        self.store: Store = {}
        self.resources = SessionResources()

    def order(self, names: Sequence[str], fed: Feeds) -> list[NodeDef]:
        """The nodes that `names` need, each after its inputs, data and control."""
        ordered: dict[str, NodeDef] = {}
        pending = [(self.nodes[name], False) for name in reversed(names)]
        while pending:
            node, ready = pending.pop()
            if ready:
                ordered[node.name] = node
            elif node.name not in ordered:
                pending.append((node, True))
                if f"{node.name}:0" not in fed:
                    sources = [_node_name(name) for name in reversed(node.input)]
                    pending.extend((self.nodes[s], False) for s in sources if s not in ordered)
        return list(ordered.values())


def _node_name(reference: str) -> str:
    return reference.removeprefix("^").partition(":")[0]


def _tensor_name(reference: str) -> str:
    return reference if ":" in reference else f"{reference}:0"


def _inputs(node: NodeDef, values: Mapping[str, Any]) -> list[Any]:
    return [values[_tensor_name(name)] for name in node.input if not name.startswith("^")]


def definition_of(node: NodeDef) -> OpDefinition:
    """The op of a node. Raises UnimplementedError where there is none."""
    definition = lookup(node.op)
    if definition is None:
        raise UnimplementedError(None, None, f"no op {node.op}")
    return definition


def run_eagerly(graph: Graph, fetches: Sequence[str], targets: Sequence[str], feeds: Feeds) -> Any:
    """The fetched arrays; each node is lowered and interpreted by itself."""
    values: dict[str, Any] = {}
    for node in graph.order([*map(_node_name, fetches), *map(_node_name, targets)], feeds):
        outputs = _run_node(graph, node, _inputs(node, values), feeds)
        values.update({f"{node.name}:{i}": output for i, output in enumerate(outputs)})
    return [_read(graph, values[_tensor_name(name)]) for name in fetches]


def _read(graph: Graph, value: Any) -> Any:
    if not isinstance(value, Handle):
        return value
    if value.name not in graph.store:
        message = f"Attempting to use uninitialized value {value.name}"
        raise FailedPreconditionError(None, None, message)
    return graph.store[value.name]


def _run_node(graph: Graph, node: NodeDef, inputs: list[Any], feeds: Feeds) -> Sequence[Any]:
    if f"{node.name}:0" in feeds:
        return [feeds[f"{node.name}:0"]]
    if node.op == "Placeholder":
        message = f"You must feed a value for placeholder tensor '{node.name}'"
        raise InvalidArgumentError(None, None, message)
    definition = definition_of(node)
    attrs = complete_attributes(definition, node)
    text = any(np.asarray(i).dtype == object for i in inputs if not isinstance(i, Handle))
    if definition.lower is None or (definition.host is not None and text):
        return _run_host(graph, node, definition, inputs, attrs)
    if node.op == "Const":
        return [np.asarray(attrs["value"])]
    expected = _dereferenced(definition, attrs, inputs)
    inputs = [_read(graph, v) if read else v for v, read in zip(inputs, expected, strict=True)]
    state = Variables(graph.store)
    b = Builder(Specialising({}), state)
    b.location = node.name
    arguments = {_parameter(array): array for array in inputs if not isinstance(array, Handle)}
    b.parameter_contents = lambda p: objects(arguments[p]) if p in arguments else None
    parameters = iter(arguments)
    operands = [v if isinstance(v, Handle) else next(parameters) for v in inputs]
    try:
        outputs = call_lowering(b, definition, operands, attrs)
    except NotCompilable:
        return _run_host(graph, node, definition, inputs, attrs)
    return _interpret(graph, b, state, arguments, outputs)


def _dereferenced(
    definition: OpDefinition, attrs: Mapping[str, Any], inputs: Sequence[Any]
) -> Iterator[bool]:
    """Which inputs are variables that the op reads like any tensor."""
    flat = iter(inputs)
    for argument in definition.signature.inputs:
        length = argument_length(argument, attrs)
        for _ in range(1 if length is None else length):
            value = next(flat)
            kind = argument.dtype or attrs[argument.type_attr]
            yield isinstance(value, Handle) and not argument.is_ref and kind != "resource"


def _parameter(array: Array) -> Parameter:
    return Parameter(TensorType(as_dtype(array.dtype), array.shape))


def _interpret(
    graph: Graph, b: Builder, state: Variables, arguments: dict[Parameter, Array], outputs: Any
) -> list[Any]:
    """Interpret what was lowered, and write the variables that it assigned."""
    arguments = {**arguments, **state.arguments}
    assigned = [state.values[name] for name in state.assigned]
    results = [o for o in outputs if not isinstance(o, Handle)]
    main = b.computation(list(arguments), [*results, *assigned])
    module = Module("test", main, messages=tuple(b.messages))
    arrays = interpreter.run(module, list(arguments.values()))
    for name, array in zip(state.assigned, arrays[len(results) :], strict=True):
        graph.store[name] = array
    computed = iter(arrays)
    return [o if isinstance(o, Handle) else next(computed) for o in outputs]


def _run_host(
    graph: Graph,
    node: NodeDef,
    definition: OpDefinition,
    inputs: list[Any],
    attrs: Mapping[str, Any],
) -> list[Any]:
    context = SimpleNamespace(node=node.name, resources=graph.resources)
    return list(call_kernel(definition, inputs, attrs, context))


def _has_strings(attrs: Mapping[str, Any]) -> bool:
    types = [t for a in attrs.values() for t in (a if isinstance(a, tuple) else (a,))]
    return any(isinstance(t, DType) and t == "string" for t in types)


def run_symbolically(
    graph: Graph, fetches: Sequence[str], targets: Sequence[str], feeds: Feeds
) -> Any:
    """The fetched arrays; sizes of placeholders are symbols while the graph is lowered.

    Raises DataDependent where a shape depends on the contents of a placeholder.
    """
    hints: dict[str, int] = {}
    sources: dict[dims.Symbol, Any] = {}
    parameters: dict[str, Parameter] = {}
    for number, (name, array) in enumerate(feeds.items()):
        sizes: list[dims.Dim] = []
        for axis, size in enumerate(array.shape):
            if array.dtype.kind == "i" and array.ndim == 1 and size < 8:
                sizes.append(size)  # it may describe a shape, whose rank is known
                continue
            symbol = dims.symbol(f"s{number}_{axis}")
            hints[str(symbol)] = size
            (found,) = dims.symbols(symbol)
            sources[found] = ArgumentDim(number, axis)
            sizes.append(symbol)
        parameters[name] = Parameter(TensorType(as_dtype(array.dtype), tuple(sizes)), name)
    state = Variables(graph.store)
    b = Builder(Specialising(hints), state)
    values: dict[str, Any] = dict(parameters)
    for node in graph.order([*map(_node_name, fetches), *map(_node_name, targets)], feeds):
        if f"{node.name}:0" in feeds:
            continue
        if node.op == "Placeholder":
            raise InvalidArgumentError(None, None, f"You must feed a value for {node.name}")
        definition = definition_of(node)
        attrs = complete_attributes(definition, node)
        if definition.lower is None or _has_strings(attrs):
            raise RunsOnHost(node.op)
        inputs = _inputs(node, values)
        expected = _dereferenced(definition, attrs, inputs)
        inputs = [state.read(b, v) if r else v for v, r in zip(inputs, expected, strict=True)]
        b.location = node.name
        outputs = call_lowering(b, definition, inputs, attrs)
        values.update({f"{node.name}:{i}": output for i, output in enumerate(outputs)})
    fetched = [values[_tensor_name(name)] for name in fetches]
    results = [state.read(b, v) if isinstance(v, Handle) else v for v in fetched]
    assigned = [state.values[name] for name in state.assigned]
    arguments = {parameters[name]: array for name, array in feeds.items()} | state.arguments
    main = b.computation(list(arguments), [*results, *assigned])
    assert isinstance(b.assumptions, Specialising)
    module = Module("test", main, sources, tuple(b.assumptions.guards), {}, tuple(b.messages))
    arrays = interpreter.run(module, list(arguments.values()))
    for name, array in zip(state.assigned, arrays[len(results) :], strict=True):
        graph.store[name] = array
    return list(arrays[: len(results)])
