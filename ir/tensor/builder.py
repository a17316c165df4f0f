"""Building computations: the one way in which instructions come to be.

A `Builder` appends instructions to a computation, infers their types, and answers what a lowering
must know about sizes: `symbolic(value)` is the contents of a small integer value as dimensions,
`dims(value)` the same as a shape. The methods for single primitives are in the mixins beside
(`elementwise`, `movement`, ...), so that a lowering reads `b.add(x, y)`.

An operand whose rank is not known (only at graph construction) is an `UnknownValue`; using its
shape raises `UnknownShape`, which the caller of the lowering takes as "result unknown".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim, Expr
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor import primitives as _primitives  # noqa: F401  fills the table
from flowc.ir.tensor.assumptions import Assumptions
from flowc.ir.tensor.core import (
    Computation,
    Instruction,
    Message,
    Parameter,
    Result,
    Shape,
    TensorType,
    Value,
)
from flowc.ir.tensor.primitive import PRIMITIVES, Array

if TYPE_CHECKING:
    from collections.abc import Iterator

SYMBOLIC_LIMIT = 1024  # elements of a value whose contents are followed at compile time


class UnknownShape(Exception):
    """The rank of a value is needed and not known (static shape inference only)."""


class DataDependent(Exception):
    """The contents of `value` are needed at compile time and depend on data."""

    def __init__(self, value: Value) -> None:
        super().__init__("a shape depends on data")
        self.value = value


@dataclass(frozen=True, eq=False, slots=True)
class UnknownValue:
    """A value whose rank is not known (static shape inference only)."""

    dtype: DType

    @property
    def type(self) -> TensorType:
        """Raises UnknownShape."""
        raise UnknownShape


@dataclass(frozen=True, eq=False, slots=True)
class Handle:
    """A variable of the device store, as resource and reference edges carry it.

    `shape` is None where the variable's shape is not known statically.
    """

    name: str
    dtype: DType
    shape: Shape | None


class State:
    """The variables as a lowering sees them: values that instructions read and replace.

    This base keeps nothing and serves static shape inference: reading gives a value of the
    variable's declared type.
    """

    def read(self, b: Builder, handle: Handle) -> Value:
        """The variable's current value."""
        if handle.shape is None:
            raise UnknownShape
        return Parameter(TensorType(handle.dtype, handle.shape))

    def assign(self, b: Builder, handle: Handle, value: Value) -> None:
        """Replace the variable's value; its type may change where the op says so."""

    def is_initialized(self, b: Builder, handle: Handle) -> bool:
        """Whether the variable has a value when the step begins."""
        return True


class BuilderCore:
    """Instruction emission and the questions that lowerings ask; the mixins add the primitives."""

    def __init__(self, assumptions: Assumptions, state: State | None = None) -> None:
        self.assumptions = assumptions
        self.state = state or State()
        self.location = ""
        self.messages: list[Message] = []
        self._instructions: list[Instruction] = []
        self._contents: dict[Value, Array | None] = {}
        self._constants: dict[tuple[DType, Shape, bytes], Value] = {}
        self.parameter_contents: Callable[[Parameter], Array | None] = lambda _: None

    def emit_all(
        self,
        primitive: str,
        operands: Sequence[Value],
        attributes: Mapping[str, Any] | None = None,
        regions: Sequence[Computation] = (),
    ) -> tuple[Result, ...]:
        """Append an instruction and return its results. Raises InvalidArgumentError."""
        attributes = attributes or {}
        types = PRIMITIVES[primitive].infer(
            [self.type_of(o) for o in operands], attributes, regions
        )
        instruction = Instruction(
            primitive, tuple(operands), attributes, types, tuple(regions), self.location
        )
        self._instructions.append(instruction)
        return instruction.results

    def emit(self, primitive: str, *operands: Value, **attributes: Any) -> Value:
        """Append an instruction of one result, without regions."""
        return self.emit_all(primitive, operands, attributes)[0]

    def type_of(self, value: Value) -> TensorType:
        """The value's type with sizes that were found equal written alike."""
        if not self.assumptions.replaced:
            return value.type
        return TensorType(value.type.dtype, self.assumptions.canonical_shape(value.type.shape))

    def shape(self, value: Value) -> Shape:
        """The value's shape, sizes that were found equal written alike."""
        return self.type_of(value).shape

    def constant(self, value: Any, dtype: DType | None = None) -> Value:
        """A constant of any shape from a Python or NumPy value."""
        array = np.asarray(value, None if dtype is None else dtype.numpy)
        array = np.ascontiguousarray(array).reshape(array.shape)
        found = dtype or dtypes.as_dtype(array.dtype)
        key = (found, array.shape, array.tobytes())
        if array.nbytes > 64:
            return self.emit("constant", value=array, dtype=found)
        if key not in self._constants:
            self._constants[key] = self.emit("constant", value=array, dtype=found)
        return self._constants[key]

    def size(self, dim: Dim, dtype: DType = dtypes.int32) -> Value:
        """A dimension as a scalar: a constant where it is known, else a `size` instruction."""
        dim = self.assumptions.canonical(dim)
        return self.constant(dim, dtype) if isinstance(dim, int) else self.emit(
            "size", value=dim, dtype=dtype
        )

    def check(self, predicate: Value, message: str, error: str = "InvalidArgumentError") -> None:
        """Fail the step with `error` when the bool scalar `predicate` is false; nothing changes."""
        self.messages.append(Message(error, message, self.location))
        self.emit_all("check", [predicate], {"code": len(self.messages)})

    # Contents known at compile time

    def symbolic(self, value: Value) -> Array | None:
        """The contents of a small integer or bool value: ints and dimensions as an object array.

        None where they depend on data.
        """
        if value not in self._contents:
            self._contents[value] = self._find_contents(value)
        return self._contents[value]

    def _find_contents(self, value: Value) -> Array | None:
        if not (value.type.dtype.is_integer or value.type.dtype.is_bool):
            return None
        size = value.type.size
        if not isinstance(size, int) or size > SYMBOLIC_LIMIT:
            return None
        if isinstance(value, Parameter):
            return self.parameter_contents(value)
        return self._evaluate(value)

    def _evaluate(self, value: Result) -> Array | None:
        instruction = value.instruction
        if instruction.primitive == "size":
            return _objects(self.assumptions.canonical(instruction.attributes["value"]))
        if instruction.primitive == "constant":
            return _objects(instruction.attributes["value"])
        primitive = PRIMITIVES[instruction.primitive]
        if not primitive.symbolic or instruction.regions:
            return None
        operands = [self.symbolic(o) for o in instruction.operands]
        known = [o for o in operands if o is not None]
        if len(known) != len(operands):
            return None
        try:
            result = primitive.evaluate(known, instruction.attributes, ())[value.index]
        except (TypeError, ValueError):
            return None
        return _objects(result)

    def dims(self, value: Value) -> Shape:
        """The contents of a shape vector (or scalar) as dimensions. Raises DataDependent."""
        contents = self.symbolic(value)
        if contents is None:
            raise DataDependent(value)
        return tuple(contents.ravel().tolist())

    def static(self, value: Value) -> Array:
        """The contents as an ordinary array of ints. Raises DataDependent where a size is symbolic."""
        contents = self.symbolic(value)
        if contents is None or any(isinstance(d, Expr) for d in contents.ravel().tolist()):
            raise DataDependent(value)
        return contents.astype(value.type.dtype.numpy)

    # Regions

    @contextmanager
    def _nested(self) -> Iterator[list[Instruction]]:
        outer, constants = self._instructions, self._constants
        self._instructions, self._constants = [], {}
        try:
            yield self._instructions
        finally:
            self._instructions, self._constants = outer, constants

    def region(
        self, types: Sequence[TensorType], body: Callable[..., Value | Sequence[Value]]
    ) -> Computation:
        """A nested computation: `body` is called with one parameter per type."""
        parameters = tuple(Parameter(t, f"arg{i}") for i, t in enumerate(types))
        with self._nested() as instructions:
            results = body(*parameters)
            values = (results,) if isinstance(results, Parameter | Result) else tuple(results)
            return Computation(parameters, tuple(instructions), values)

    def computation(self, parameters: Sequence[Parameter], results: Sequence[Value]) -> Computation:
        """The computation of all that was emitted so far."""
        return Computation(tuple(parameters), tuple(self._instructions), tuple(results))


def _objects(value: Any) -> Array:
    """`value` as an object array of Python ints and dimensions."""
    array = np.empty(np.shape(value), object)
    array[...] = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    return array


def require(condition: bool, message: str) -> None:
    """Raise InvalidArgumentError with `message` unless `condition`."""
    if not condition:
        raise InvalidArgumentError(None, None, message)
