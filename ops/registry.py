"""The op set: every graph-level op is defined once, in a family module in a room of this package.

    @op("Relu(features: T; T: {real}) -> activations: T")
    def relu(b: Builder, features: Value) -> Value:
        return b.maximum(features, zeros_like(b, features))

    @relu.gradient
    def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        return (g("ReluGrad", grad, op.outputs[0]),)

The decorated function is the lowering: it gets the builder, the inputs in order (a list for
`N*T` inputs, a `Handle` for a resource or reference) and, as keywords, those attributes that its
signature names; it returns the output, or a tuple of outputs. Static shape inference is the same
function run on abstract values. `host_op` defines an op whose work is a NumPy function instead
(strings, files, tables): it gets and returns arrays.

The gradient gets a graph builder `g` (`g("Op", inputs..., attr=value)` adds a node and returns its
output or outputs), the forward operation, and one gradient per output (None where there is none);
it returns one gradient per input.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Flag, auto
from functools import cached_property
from types import FrameType
from typing import Any, Protocol, TypeAlias

from flowc.ir.dtypes import DType, resource
from flowc.ops import families
from flowc.ops.signature import ANY_RANK, Argument, Signature, op_name, parse


class Tensor(Protocol):
    """What a gradient function may use of a graph tensor; arithmetic operators build nodes."""

    @property
    def dtype(self) -> DType: ...
    @property
    def op(self) -> Operation: ...
    def __add__(self, other: Any) -> Any: ...
    def __radd__(self, other: Any) -> Any: ...
    def __sub__(self, other: Any) -> Any: ...
    def __rsub__(self, other: Any) -> Any: ...
    def __mul__(self, other: Any) -> Any: ...
    def __rmul__(self, other: Any) -> Any: ...
    def __truediv__(self, other: Any) -> Any: ...
    def __rtruediv__(self, other: Any) -> Any: ...
    def __neg__(self) -> Any: ...
    def __getitem__(self, item: Any) -> Any: ...


class Operation(Protocol):
    """What a gradient function may use of the forward operation."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def inputs(self) -> Sequence[Any]: ...
    @property
    def outputs(self) -> Sequence[Any]: ...
    def get_attr(self, name: str) -> Any: ...


class GraphBuilder(Protocol):
    """Adds nodes to the graph that is being differentiated."""

    def __call__(self, op_type: str, /, *inputs: Any, **attrs: Any) -> Any:
        """Add a node; returns its output, a tuple of outputs, or the operation if it has none."""

    def shape_of(self, tensor: Any) -> tuple[int | None, ...] | None:
        """The static shape of a tensor, None where unknown."""

    def constant(self, value: Any, dtype: DType | None = None) -> Any:
        """A constant node."""

    def constant_value(self, tensor: Any) -> Any:
        """The tensor's contents as a NumPy array where they are known, else None."""

    @property
    def gradient_source(self) -> str:
        """A name for this differentiation, by which its TensorArrays are told from others'."""

    def after(self, tensors: Sequence[Any]) -> AbstractContextManager[None]:
        """Nodes added inside run after those that make `tensors`."""

    def sparse(self, values: Any, indices: Any, dense_shape: Any) -> Any:
        """A gradient that is zero but for the rows `indices`: IndexedSlices."""


def _keywords(function: Callable[..., Any] | None) -> tuple[str, ...]:
    assert function is not None
    parameters = inspect.signature(function).parameters.values()
    return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


Lowering: TypeAlias = Callable[..., Any]
Gradient: TypeAlias = Callable[..., Sequence[Any]]
HostKernel: TypeAlias = Callable[..., Any]


class Effect(Flag):
    """What an op does to the state that its references and handles stand for."""

    READS = 0
    ELEMENTS = auto()  # other elements of an array or stack, another value of a variable
    LENGTH = auto()  # more or fewer elements
    CHANGES = ELEMENTS | LENGTH


@dataclass(eq=False)
class OpDefinition:
    """One op: signature text, lowering or host kernel, gradient.

    `differentiable` is "yes" (a gradient is registered), "no" (the gradient is None by
    definition), or "unregistered" (asking for it is a LookupError). `stateful` ops are not merged
    or folded, and are run when nothing reads them but a target names them.
    """

    text: str
    lower: Lowering | None = None
    host: HostKernel | None = None
    stateful: bool = False
    differentiable: str = "unregistered"
    gradient_function: Gradient | None = None
    abstract: Lowering | None = None  # the results' types, where the lowering does not tell them
    deprecated: str = ""
    keywords: tuple[str, ...] | None = None  # attributes that the lowering takes, if told
    family: str = ""  # the module that defines the op
    is_custom: bool = False  # defined by a program: what it returns and raises is checked
    is_unknown: bool = False  # made for a node of an op that flowc does not have
    about: str = ""  # what the op does, where its function has no docstring of its own
    allocates: bool = False  # the kernel's results are made in the shapes that inference tells
    effect: Effect = Effect.CHANGES  # on state; see `state_inputs`

    @cached_property
    def name(self) -> str:
        """The op's name in GraphDefs."""
        return op_name(self.text)

    @cached_property
    def signature(self) -> Signature:
        """The parsed signature; parsed at first use, since most programs use few ops."""
        return parse(self.text)

    @property
    def summary(self) -> str:
        """What the op does: the docstring of its lowering or kernel."""
        function = self.lower or self.host
        return self.about or inspect.cleandoc(getattr(function, "__doc__", None) or "")

    def documented(self, about: str) -> OpDefinition:
        """Say what the op does: for those that one function defines several of."""
        self.about = about
        return self

    @cached_property
    def ranked_inputs(self) -> tuple[tuple[int, Argument], ...]:
        """The inputs whose rank the signature tells, each with its place."""
        inputs = enumerate(self.signature.inputs)
        return tuple((i, argument) for i, argument in inputs if argument.ranks != ANY_RANK)

    @cached_property
    def state_inputs(self) -> tuple[int, ...]:
        """The numbers of the arguments that are references or handles."""
        inputs = enumerate(self.signature.inputs)
        return tuple(i for i, argument in inputs if argument.is_ref or argument.dtype is resource)

    @cached_property
    def draws(self) -> bool:
        """Whether compiled code takes numbers from a generator that belongs to the node."""
        is_compiled = self.stateful and self.lower is not None
        return is_compiled and {"seed", "seed2"} <= set(self.wanted_attributes)

    @cached_property
    def wanted_attributes(self) -> tuple[str, ...]:
        """Names of the attributes that the lowering takes as keywords."""
        return _keywords(self.lower) if self.keywords is None else self.keywords

    @cached_property
    def inferred_attributes(self) -> tuple[str, ...]:
        """The same of what infers the results' types: a function of its own, or the lowering."""
        return self.wanted_attributes if self.abstract is None else _keywords(self.abstract)

    @cached_property
    def host_attributes(self) -> tuple[str, ...]:
        """The same of the host kernel; `context` asks for the session's resources."""
        return _keywords(self.host)

    def gradient(self, function: Gradient) -> Gradient:
        """Decorator: register the op's gradient."""
        self.gradient_function = function
        self.differentiable = "yes"
        return function

    def on_host(self, kernel: HostKernel) -> HostKernel:
        """Decorator: a kernel for the tensors that no native code deals in (strings)."""
        self.host = kernel
        return kernel

    def infer(self, function: Lowering) -> Lowering:
        """Decorator: the results on abstract values, like a lowering that computes none."""
        self.abstract = function
        return function

    def affects(self, effect: Effect) -> OpDefinition:
        """Declare what the op does to its state, where that is not to change all of it."""
        self.effect = effect
        return self

    def not_differentiable(self) -> OpDefinition:
        """Declare that gradients stop here: they are None."""
        self.differentiable = "no"
        return self


class OpTable(Mapping[str, OpDefinition]):
    """All ops by name. A family's module is imported when one of its ops is first asked for."""

    def __init__(self) -> None:
        self._defined: dict[str, OpDefinition] = {}

    def define(self, definition: OpDefinition) -> None:
        """Enter an op. Raises ValueError if the name is taken."""
        if definition.name in self._defined:
            raise ValueError(f"op {definition.name} is defined twice")
        self._defined[definition.name] = definition

    def forget(self, name: str) -> None:
        """Take an op that a program has defined out again. Raises KeyError for any other."""
        if not self._defined[name].is_custom:
            raise KeyError(f"op {name} is not a program's")
        del self._defined[name]

    def __getitem__(self, name: str) -> OpDefinition:
        if name not in self._defined:
            families.import_family_of(name)
        return self._defined[name]

    def __iter__(self) -> Iterator[str]:
        families.import_all()
        return iter(self._defined)

    def __len__(self) -> int:
        families.import_all()
        return len(self._defined)


OPS = OpTable()


def register(definition: OpDefinition) -> OpDefinition:
    """Enter an op. Raises ValueError if the name is taken."""
    OPS.define(definition)
    return definition


def op(text: str, *, stateful: bool = False) -> Callable[[Lowering], OpDefinition]:
    """Decorator: define an op by its lowering to tensor IR."""
    return lambda lower: register(
        OpDefinition(text, lower=lower, stateful=stateful, family=_family())
    )


def host_op(text: str, *, stateful: bool = False) -> Callable[[HostKernel], OpDefinition]:
    """Decorator: define an op by a host kernel over NumPy arrays."""
    return lambda kernel: register(
        OpDefinition(text, host=kernel, stateful=stateful, family=_family())
    )


def _family() -> str:
    """The module that is being imported, whose ops are being defined."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    name: str = "" if frame is None else frame.f_globals["__name__"]
    return name.removeprefix(f"{families.PACKAGE}.")
