"""Building computations: the one way in which instructions come to be.

A `Builder` appends instructions to a computation, infers their types, and answers what a lowering
must know about sizes: `symbolic(value)` is the contents of a small integer value as dimensions,
`dims(value)` the same as a shape. The methods for single primitives are in the mixins beside
(`builder_elementwise`, `builder_movement`, ...), so that a lowering reads `b.add(x, y)`.

An operand whose rank is not known (only at graph construction) is an `UnknownValue`; using its
shape raises `UnknownShape`, which the caller of the lowering takes as "result unknown".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim, Expr
from flowc.ir.dtypes import DType
from flowc.ir.tensor import primitives as _primitives  # noqa: F401  fills the table
from flowc.ir.tensor.assumptions import Assumptions
from flowc.ir.tensor.attributes import are_numbers, map_attribute_dims, map_dims
from flowc.ir.tensor.core import (
    Computation,
    Evidence,
    Instruction,
    Message,
    Parameter,
    Result,
    Shape,
    TensorType,
    Value,
)
from flowc.ir.tensor.interpreter import region_function
from flowc.ir.tensor.primitive import PRIMITIVES, Array
from flowc.ir.tensor.primitives.common import invalid, objects
from flowc.ir.tensor.rewrite import Rebuilder, captures, substitute_dims

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.ir.tensor.builder import Builder

_NONE: Mapping[str, Any] = {}  # the attributes of what has none
SYMBOLIC_LIMIT = 1024  # elements of a value whose contents are followed at compile time


class UnknownShape(Exception):
    """The rank of a value is needed and not known (static shape inference only)."""


class DataDependent(Exception):
    """The contents of `value` are needed at compile time and depend on data."""

    def __init__(self, value: Value) -> None:
        super().__init__("a shape depends on data")
        self.value = value


class NotCompilable(Exception):
    """What is asked for has no form in tensor IR, for the reason given: the host must run it."""


@dataclass(frozen=True, eq=False, slots=True)
class UnknownValue:
    """A value whose rank is not known (static shape inference only)."""

    dtype: DType

    @property
    def type(self) -> TensorType:
        """Raises UnknownShape."""
        raise UnknownShape


Initial: TypeAlias = Callable[[], Array]


@dataclass(frozen=True, eq=False, slots=True)
class Handle:
    """A variable of the device store, as resource and reference edges carry it.

    `shape` is None where the variable's shape is not known statically. `initial` makes the value
    that it has before anything is assigned, for state that no initializer sets (random generators).
    """

    name: str
    dtype: DType
    shape: Shape | None
    initial: Initial | None = None


class Composite(Protocol):
    """What is several tensors to the compiled code, and one to the graph: a list of tensors."""

    @property
    def parts(self) -> tuple[Value | None, ...]:
        """The tensors; None for one that does not exist yet."""

    def with_parts(self, parts: Sequence[Value | None]) -> Composite:
        """The same with other tensors."""


def parts_of(value: Any) -> tuple[Value | None, ...]:
    """The tensors that a value is made of; none for a handle."""
    if isinstance(value, Parameter | Result):
        return (value,)
    return tuple(value.parts) if hasattr(value, "with_parts") else ()


def with_parts(value: Any, parts: Sequence[Value | None]) -> Any:
    """The value made of other tensors."""
    if isinstance(value, Parameter | Result):
        return parts[0]
    return value.with_parts(parts) if parts else value


@dataclass(eq=False, slots=True)
class LocalHandle:
    """State that one step makes and ends with: an array of tensors, a stack.

    Its contents are in the `State`. A `dynamic` array may grow. `origin` is the state of which this
    holds the gradients.
    """

    name: str
    dtype: DType
    dynamic: bool = False
    origin: LocalHandle | None = None
    gradients: dict[str, LocalHandle] = field(default_factory=dict)


class State:
    """The variables as a lowering sees them: values that instructions read and replace.

    This base keeps no variables and serves static shape inference: reading gives a value of the
    variable's declared type.
    """

    @cached_property
    def local(self) -> dict[LocalHandle, Composite]:
        """The contents of arrays and stacks."""
        return {}

    def read(self, b: Builder, handle: Handle) -> Value:
        """The variable's current value."""
        if handle.shape is None:
            raise UnknownShape
        return Parameter(TensorType(handle.dtype, handle.shape))

    def assign(self, b: Builder, handle: Handle, value: Value) -> None:
        """Replace the variable's value; its type may change where the op says so."""

    def replaced_shape(self, b: Builder, handle: Handle) -> Shape | None:
        """The shape of what an assignment replaces, or the declared one; None where not known."""
        return handle.shape

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
        self._regions = 0  # that what is emitted now is in
        self.parameter_contents: Callable[[Parameter], Array | None] = lambda _: None
        self.contents_limit = SYMBOLIC_LIMIT

    def emit_all(
        self,
        primitive: str,
        operands: Sequence[Value],
        attributes: Mapping[str, Any] | None = None,
        regions: Sequence[Computation] = (),
    ) -> tuple[Result, ...]:
        """Append an instruction and return its results. Raises InvalidArgumentError."""
        size, canonical = self.assumptions.size, self.assumptions.canonical
        attributes = map_attribute_dims(attributes, canonical, size) if attributes else _NONE
        if regions and self.assumptions.any_equal:
            regions = [substitute_dims(region, canonical, size) for region in regions]
        types = PRIMITIVES[primitive].infer(
            [self.type_of(o) for o in operands], attributes, [self._outline(r) for r in regions]
        )
        types = tuple([self._named(type_) for type_ in types])
        instruction = Instruction(
            primitive, tuple(operands), attributes, types, tuple(regions), self.location
        )
        self._instructions.append(instruction)
        return instruction.results

    def emit(self, primitive: str, *operands: Value, **attributes: Any) -> Value:
        """Append an instruction of one result, without regions."""
        return self.emit_all(primitive, operands, attributes)[0]

    def _named(self, type_: TensorType) -> TensorType:
        """The type with its sizes in names."""
        old = type_.shape
        if are_numbers(old):
            return type_
        shape = map_dims(old, self.assumptions.size)
        return type_ if shape is old else TensorType(type_.dtype, shape)

    def type_of(self, value: Value) -> TensorType:
        """The value's type with sizes that were found equal written alike."""
        return self._named(value.type)

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
        return (
            self.constant(dim, dtype)
            if isinstance(dim, int)
            else self.emit("size", value=dim, dtype=dtype)
        )

    def check(
        self,
        predicate: Value,
        message: str,
        error: str = "InvalidArgumentError",
        evidence: Evidence | None = None,
    ) -> None:
        """Fail the step with `error` when the bool scalar `predicate` is false; nothing changes.

        The evidence tells more than `message` does; see `flowc.ops.checks`.
        """
        self.messages.append(Message(error, message, self.location, evidence))
        self.emit_all("check", [predicate], {"code": len(self.messages)})

    def _outline(self, region: Computation) -> Computation:
        """The region, its results as values of the types that they are now known to have."""
        if not self.assumptions.any_equal:
            return region
        results = tuple(Parameter(self.type_of(result)) for result in region.results)
        return Computation(region.parameters, region.instructions, results)

    # Contents known at compile time

    def symbolic(self, value: Value) -> Array | None:
        """The contents of a small value, ints and dimensions as an object array.

        None where they depend on data. Values of floats are followed while they are constant.
        """
        pending = [value]
        while pending:
            found = pending[-1]
            missing = [v for v in self._sources(found) if v not in self._contents]
            if found not in self._contents and missing:
                pending.extend(missing)
                continue
            if found not in self._contents:
                self._contents[found] = self._find_contents(found)
            pending.pop()
        return self._contents[value]

    def is_of_sizes(self, *values: Value) -> bool:
        """Whether the contents follow from shapes and constants alone, and are known."""
        seen, pending = set(values), list(values)
        while pending:
            found = pending.pop()
            if isinstance(found, Parameter):
                return False
            new = [v for v in self._sources(found) if v not in seen]
            seen.update(new)
            pending += new
        return all(self.symbolic(value) is not None for value in values)

    def _sources(self, value: Value) -> tuple[Value, ...]:
        """The values whose contents those of `value` follow from."""
        if isinstance(value, Parameter) or not self._is_small(value.type):
            return ()
        return value.instruction.operands

    def _is_small(self, type_: TensorType) -> bool:
        size = type_.size
        return isinstance(size, int) and size <= self.contents_limit and not type_.dtype.is_complex

    def _find_contents(self, value: Value) -> Array | None:
        if not self._is_small(value.type):
            return None
        if isinstance(value, Parameter):
            return self.parameter_contents(value)
        return self._evaluate(value)

    def _evaluate(self, value: Result) -> Array | None:
        instruction = value.instruction
        operands = [self._contents[o] for o in instruction.operands]
        known = [o for o in operands if o is not None]
        primitive = PRIMITIVES[instruction.primitive]
        if len(known) != len(operands) or any(map(captures, instruction.regions)):
            return None
        if instruction.primitive == "size":
            return objects(self.assumptions.canonical(instruction.attributes["value"]))
        if not any(isinstance(d, Expr) for o in known for d in o.ravel().tolist()):
            # Plain numbers take the element type's own arithmetic: wraparound, rounding.
            types = [o.type.dtype.numpy for o in instruction.operands]
            known = [o.astype(t) for o, t in zip(known, types, strict=True)]
        elif not primitive.symbolic:
            return None
        if instruction.regions and not primitive.symbolic:
            return None
        regions = [region_function(r, {}, None) for r in instruction.regions]
        try:
            return objects(primitive.evaluate(known, instruction.attributes, regions)[value.index])
        except (TypeError, ValueError):  # sizes differ in it
            return None

    def dims(self, value: Value) -> Shape:
        """The contents of a shape vector (or scalar) as dimensions. Raises DataDependent."""
        contents = self.symbolic(value)
        if contents is None:
            raise DataDependent(value)
        return self.assumptions.canonical_shape(tuple(contents.ravel().tolist()))

    def static(self, value: Value) -> Array:
        """The contents as an ordinary array. Raises DataDependent where a size is symbolic."""
        contents = self.symbolic(value)
        if contents is None or any(isinstance(d, Expr) for d in contents.ravel().tolist()):
            raise DataDependent(value)
        return contents.astype(value.type.dtype.numpy)

    # Regions

    @contextmanager
    def nested(self, instructions: list[Instruction] | None = None) -> Iterator[list[Instruction]]:
        """Emit into a list of its own, or go on with an earlier one: the body of a region."""
        outer, constants = self._instructions, self._constants
        self._instructions = [] if instructions is None else instructions
        self._constants = {}
        self._regions += 1
        try:
            yield self._instructions
        finally:
            self._regions -= 1
            self._instructions, self._constants = outer, constants

    def region(
        self, types: Sequence[TensorType], body: Callable[..., Value | Sequence[Value]]
    ) -> Computation:
        """A nested computation: `body` is called with one parameter per type."""
        parameters = tuple(Parameter(t, f"arg{i}") for i, t in enumerate(types))
        with self.nested() as instructions:
            results = body(*parameters)
            values = (results,) if isinstance(results, Parameter | Result) else tuple(results)
            return Computation(parameters, tuple(instructions), values)

    def computation(self, parameters: Sequence[Parameter], results: Sequence[Value]) -> Computation:
        """The computation of all that was emitted so far.

        Sizes that were found equal are written alike in it; so its parameters may be new objects,
        and the messages' evidence is of the new ones.
        """
        built = Computation(tuple(parameters), tuple(self._instructions), tuple(results))
        if not self.assumptions.any_equal:
            return built
        rebuilder = Rebuilder({}, self.assumptions.canonical, self.assumptions.size)
        rebuilt = rebuilder.computation(built)
        self.messages = [
            message
            if message.evidence is None
            else replace(message, evidence=self._rebuilt(message.evidence, rebuilder))
            for message in self.messages
        ]
        return rebuilt

    def _rebuilt(self, evidence: Evidence, rebuilder: Rebuilder) -> Evidence:
        values = tuple(map(rebuilder.value, evidence.values))
        return Evidence(values, self.assumptions.canonical_shape(evidence.sizes), evidence.tell)


def require(condition: bool, message: str) -> None:
    """Raise InvalidArgumentError with `message` unless `condition`."""
    if not condition:
        raise invalid(message)
