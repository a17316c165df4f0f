"""A part of a step that runs on the host: kernels over NumPy arrays, one node after the other.

Ops without a lowering have such a kernel in their definition. Ops that merely move strings about
are run by their lowering through the reference interpreter, since no native code deals in strings;
so are reads and assignments of variables that belong to the host's work, such as restoring them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.codegen.backend import Array
from flowc.compiler.graph import Node
from flowc.compiler.partition import Part
from flowc.compiler.structure import is_structured
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.errors import OpError, UnimplementedError, uninitialized
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder, Handle, State
from flowc.ir.tensor.core import Module, Parameter, Shape, TensorType, Value
from flowc.ir.tensor.primitives.common import objects
from flowc.ops.calling import call_lowering, dereferenced, refusing_misfits
from flowc.ops.kernels import call_kernel
from flowc.ops.resources import Session
from flowc.runtime.checkpoint.service import CheckpointFiles
from flowc.runtime.environment import Environment
from flowc.runtime.host_context import HostContext
from flowc.runtime.host_control import HostControl, MakeStep
from flowc.runtime.store import Store

_PASSING = frozenset({"Identity", "IdentityN", "StopGradient"})  # whatever their inputs are


class HostPart:
    """Nodes that run on the host; call it with the inputs' arrays in order."""

    def __init__(self, environment: Environment, part: Part, make_step: MakeStep) -> None:
        self._environment = environment
        self._part = part
        self._make_step = make_step
        self._control: dict[str, HostControl] = {}

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """The values of the part's outputs."""
        values: dict[str, Any] = dict(zip(self._part.inputs, arrays, strict=True))
        for node in self._part.nodes:
            if node.op == "NoOp" or (not node.inputs and f"{node.name}:0" in values):
                continue
            outputs = self._run(node, [values[e.tensor] for e in node.inputs])
            for number, output in enumerate(outputs):
                values.setdefault(f"{node.name}:{number}", output)
        return [self._outside(values[name]) for name in self._part.outputs]

    def _outside(self, value: Any) -> Any:
        """A value as other parts and the caller take it: variables by value."""
        return self._read(value) if isinstance(value, Handle) else value

    def _read(self, handle: Handle) -> Array:
        array = _value(self._environment.store, handle)
        if array is None:
            raise self._environment.explanations.located(uninitialized(handle.name))
        return array

    def _run(self, node: Node, inputs: list[Any]) -> Sequence[Any]:
        if is_structured(node):
            if node.name not in self._control:
                self._control[node.name] = HostControl(node, self._make_step)
            return self._control[node.name](inputs)
        inputs = dereferenced(node.definition, inputs, node.attributes, self._read)
        if node.op in _PASSING:
            return [i.copy() if isinstance(i, np.ndarray) else i for i in inputs]
        try:
            kernel = node.definition.host
            return self._interpret(node, inputs) if kernel is None else self._call(node, inputs)
        except OpError as error:
            message = f"{node.op} '{node.name}': {error.message}"
            located = type(error)(None, node.name, message)
            raise self._environment.explanations.located(located) from error

    def _call(self, node: Node, inputs: list[Any]) -> Sequence[Any]:
        """The op's host kernel on arrays."""
        environment = self._environment
        context: Session = HostContext(
            node.name, environment.resources, CheckpointFiles(), environment.waiting
        )
        return call_kernel(node.definition, inputs, node.attributes, context)

    def _interpret(self, node: Node, inputs: list[Any]) -> Sequence[Any]:
        """The op's lowering, interpreted: for movement of strings, and for variables."""
        if node.definition.lower is None:
            raise UnimplementedError(None, node.name, "flowc has no kernel for this op")
        state = _Variables(self._environment.store)
        b = Builder(Specialising({}), state)
        b.location = node.name
        operands = [i if isinstance(i, Handle) else state.given(i) for i in inputs]
        b.parameter_contents = state.contents
        b.contents_limit = sys.maxsize  # nothing is compiled for the contents
        results = call_lowering(b, node.definition, operands, node.attributes)
        returned = [r for r in results if not isinstance(r, Handle)]
        main = b.computation(list(state.arrays), [*returned, *state.written.values()])
        module = Module(node.name, main, messages=tuple(b.messages))
        with refusing_misfits(node.definition):
            arrays = interpreter.run(module, list(state.arrays.values()))
        for name, array in zip(state.written, arrays[len(returned) :], strict=True):
            self._environment.store.set(name, array)
        computed = map(_bare, arrays)
        return [r if isinstance(r, Handle) else next(computed) for r in results]


class _Variables(State):
    """The operands and the variables during the interpretation of one node."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.arrays: dict[Parameter, Array] = {}
        self.written: dict[str, Value] = {}

    def given(self, array: Any, dtype: DType | None = None) -> Parameter:
        """A parameter for an array."""
        array = np.asarray(array)
        parameter = Parameter(TensorType(dtype or as_dtype(array.dtype), array.shape))
        self.arrays[parameter] = array
        return parameter

    def contents(self, parameter: Parameter) -> Array | None:
        """The elements of an operand."""
        return objects(self.arrays[parameter]) if parameter in self.arrays else None

    def read(self, b: Builder, handle: Handle) -> Value:
        if handle.name in self.written:
            return self.written[handle.name]
        array = _value(self.store, handle)
        if array is None:
            raise uninitialized(handle.name)
        return self.given(array, handle.dtype)

    def assign(self, b: Builder, handle: Handle, value: Value) -> None:
        self.written[handle.name] = value

    def replaced_shape(self, b: Builder, handle: Handle) -> Shape | None:
        stored = self.store.get(handle.name)
        return handle.shape if stored is None else stored.shape

    def is_initialized(self, b: Builder, handle: Handle) -> bool:
        return handle.name in self.written or handle.name in self.store


def _bare(array: Array) -> Any:
    """An array; what stands for a resource is no array but the resource itself."""
    is_handle = array.dtype == object and not array.ndim and not isinstance(array[()], bytes)
    return array[()] if is_handle else array


def _value(store: Store, handle: Handle) -> Array | None:
    """A copy of a variable's value, or the one that it has before anything is assigned."""
    if handle.name in store:
        return store[handle.name].read()
    return None if handle.initial is None else handle.initial()
