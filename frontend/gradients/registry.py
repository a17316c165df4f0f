"""Which function gives an operation's gradient: the op set's, or one that a program registers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices
from flowc.frontend.conversion import constant, convert
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.functions.filling import zeros_like
from flowc.frontend.scopes import control_dependencies
from flowc.ir.dtypes import DType
from flowc.ops.graph_values import FunctionName
from flowc.ops.registry import OPS

GradientFunction: TypeAlias = Callable[..., Any]

_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
# Ops that hand a gradient on as it is; every other one is given dense gradients.
_PASS_ON = frozenset({"Identity", "IdentityN", "RefIdentity", "ReadVariableOp"})

_registered: dict[str, GradientFunction | None] = {}
_contextual: dict[str, GradientFunction] = {}
_sources: list[str] = []


class RegisterGradient:
    """Decorator: the gradient function of an op type, or of a name for `gradient_override_map`.

    The function gets the operation and one gradient per output, and returns one per input.
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, function: GradientFunction) -> GradientFunction:
        _register(self._op_type, function)
        return function


def _register(name: str, function: GradientFunction | None) -> None:
    if name in _registered:
        raise KeyError(f"Registering two gradient with name '{name}'!")
    _registered[name] = function


def NotDifferentiable(op_type: str) -> None:
    """Declare that gradients stop at ops of this type."""
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    _register(op_type, None)


NoGradient = NotDifferentiable


def contextual_gradient(*op_types: str) -> Callable[[GradientFunction], GradientFunction]:
    """Decorator: the gradient of ops that depends on where in the graph they stand."""

    def register(function: GradientFunction) -> GradientFunction:
        _contextual.update(dict.fromkeys(op_types, function))
        return function

    return register


@contextmanager
def gradient_source(name: str) -> Iterator[None]:
    """The call of `gradients` that is being made, by which its TensorArrays are told apart."""
    _sources.append(name.rstrip("/"))
    try:
        yield
    finally:
        _sources.pop()


def gradient_function(op: Operation) -> GradientFunction | None:
    """The function `f(op, *grads)` for an operation; None where gradients stop.

    Raises LookupError where none is defined.
    """
    if not op.inputs:
        return None
    annotation = op.annotations.get("_gradient_op_type")
    name = op.type if annotation is None else annotation.s.decode()
    if name in _registered:
        function = _registered[name]
        return None if function is None else _of_program(function)
    if name in _contextual:
        return _contextual[name]
    if name in _CALLS or name in op.graph.functions:
        return _of_call
    definition = OPS.get(name)
    if definition is None or definition.differentiable == "unregistered":
        raise LookupError(f"No gradient defined for operation '{op.name}' (op type: {op.type})")
    if definition.differentiable == "no" or definition.gradient_function is None:
        return None
    return _of_op_set(definition.gradient_function, op.type in _PASS_ON)


get_gradient_function = gradient_function


def _of_call(op: Operation, *grads: Any) -> list[Any]:
    """The gradient of a call of a function: what the function's gradient gives."""
    name = op.attrs["f"] if op.type in _CALLS else _function_name(op)
    given = [
        zeros_like(t) if g is None else convert(g) for t, g in zip(op.outputs, grads, strict=True)
    ]
    defined = op.graph.defined_functions.get(op.type)
    if defined is not None and defined.python_grad_func is not None:
        own = defined.python_grad_func(op, *given)
        return list(own) if isinstance(own, list | tuple) else [own]
    operands = [*op.inputs, *given]
    types = [t.stored_dtype for t in op.inputs]
    found = build("SymbolicGradient", operands, f=name, Tin=[t.dtype for t in operands], Tout=types)
    parts = [found] if isinstance(found, TensorBase) else list(found)
    return [None if t.is_integer or t.is_bool else g for t, g in zip(types, parts, strict=True)]


def _function_name(op: Operation) -> FunctionName:
    """The function that is an operation's type, with the operation's attributes."""
    name = FunctionName(op.type)
    declared = {a.name for a in op.definition.signature.attributes}
    name.attributes = {key: value for key, value in op.node_def.attr.items() if key in declared}
    return name


def stops_gradients(op: Operation) -> bool:
    """Whether nothing that an operation reads has a gradient through it, by declaration."""
    if op.type in ("StackPushV2", "StackPopV2"):
        return False
    try:
        return bool(op.inputs) and gradient_function(op) is None
    except LookupError:
        return False


def _of_op_set(function: GradientFunction, takes_slices: bool) -> GradientFunction:
    def gradient(op: Operation, *grads: Any) -> Sequence[Any]:
        if not takes_slices:
            grads = tuple(convert(g) if isinstance(g, IndexedSlices) else g for g in grads)
        found: Sequence[Any] = function(GRAPH_BUILDER, _Forward(op), *grads)
        return found

    return gradient


def _of_program(function: GradientFunction) -> GradientFunction:
    """A program's function is given zeros where an output has no gradient."""

    def gradient(op: Operation, *grads: Any) -> Any:
        filled = (
            zeros_like(t) if g is None and (t.dtype.is_floating or t.dtype.is_complex) else g
            for g, t in zip(grads, op.outputs, strict=True)
        )
        return function(op, *filled)

    return gradient


class _Forward:
    """The forward operation as the op set's gradient functions see it: attributes are plain."""

    def __init__(self, op: Operation) -> None:
        self._op = op
        self.name = op.name
        self.type = op.type
        self.inputs = op.inputs
        self.outputs = op.outputs
        self.graph = op.graph

    def get_attr(self, name: str) -> Any:
        """The attribute as a Python value, text as str."""
        return self._op.attrs[name]


class _GraphBuilder:
    """Adds the nodes of gradients to the default graph."""

    def __call__(self, op_type: str, /, *inputs: Any, **attrs: Any) -> Any:
        return build(op_type, *inputs, **attrs)

    def shape_of(self, tensor: Any) -> tuple[int | None, ...] | None:
        """The static shape, None where unknown."""
        sizes: tuple[int | None, ...] | None = tensor.sizes
        return sizes

    def constant(self, value: Any, dtype: DType | None = None) -> Any:
        """A constant node."""
        return constant(value, dtype)

    def constant_value(self, tensor: TensorBase) -> Any:
        """The contents where they are known, else None."""
        return tensor.constant_value()

    @property
    def gradient_source(self) -> str:
        """The name of the call of `gradients` that is being made."""
        return _sources[-1]

    def after(self, tensors: Sequence[Any]) -> AbstractContextManager[None]:
        """Nodes added inside run after those of `tensors`."""
        return control_dependencies(tensors)

    def sparse(self, values: Any, indices: Any, dense_shape: Any) -> IndexedSlices:
        """IndexedSlices."""
        return IndexedSlices(values, indices, dense_shape)


GRAPH_BUILDER = _GraphBuilder()
