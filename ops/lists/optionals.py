"""Optionals: values that one branch of a conditional makes for its gradient, the other does not.

In compiled code an optional is what it holds; that a branch has not made it is known when the code
is made, or does not matter, since only the same branch of the gradient asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, NotCompilable, UnknownValue, parts_of, with_parts
from flowc.ir.tensor.core import Value
from flowc.ops.common import abstract, fail
from flowc.ops.control_flow import declared
from flowc.ops.registry import op


@dataclass(frozen=True, eq=False)
class CompiledOptional:
    """What an optional holds; None for nothing. `is_certain` if it is known to hold that."""

    values: tuple[Any, ...] | None
    is_certain: bool = True

    @property
    def parts(self) -> tuple[Value | None, ...]:
        """The tensors of all values."""
        return tuple(part for value in self.values or () for part in parts_of(value))

    def with_parts(self, parts: Sequence[Value | None]) -> CompiledOptional:
        """The optional of other tensors."""
        remaining = list(parts)
        values = []
        for value in self.values or ():
            count = len(parts_of(value))
            values.append(with_parts(value, remaining[:count]))
            del remaining[:count]
        return replace(self, values=tuple(values))


NONE = CompiledOptional(None)


@op(
    "OptionalFromValue(components: Toutput_types; Toutput_types: list(type) >= 1)"
    " -> optional: variant"
)
def optional_from_value(b: Builder, components: list[Any]) -> CompiledOptional:
    """An optional that holds values."""
    return CompiledOptional(tuple(components))


@op("OptionalNone() -> optional: variant")
def optional_none(b: Builder) -> CompiledOptional:
    """An optional that holds nothing."""
    return NONE


@op("OptionalHasValue(optional: variant) -> has_value: bool")
def optional_has_value(b: Builder, optional: CompiledOptional) -> Value:
    """Whether an optional holds values."""
    if not optional.is_certain:
        raise NotCompilable("whether an optional has a value follows from data")
    return b.constant(optional.values is not None)


@op(
    "OptionalGetValue(optional: variant; output_types: list(type) >= 1,"
    " output_shapes: list(shape) >= 1) -> components: output_types"
)
def optional_get_value(b: Builder, optional: CompiledOptional) -> tuple[Any, ...]:
    """The values that an optional holds."""
    return _values(optional)


def _values(optional: CompiledOptional) -> tuple[Any, ...]:
    if optional.values is None:
        raise fail("The given optional does not have a value.")
    return optional.values


@optional_from_value.on_host
def _(components: list[Any]) -> CompiledOptional:
    return CompiledOptional(tuple(components))


@optional_none.on_host
def _() -> CompiledOptional:
    return NONE


@optional_has_value.on_host
def _(optional: CompiledOptional) -> bool:
    return optional.values is not None


@optional_get_value.on_host
def _(optional: CompiledOptional) -> tuple[Any, ...]:
    return _values(optional)


@optional_from_value.infer
def _(b: Builder, components: list[Any]) -> Value:
    return abstract(b, dtypes.variant)


@optional_none.infer
def _(b: Builder) -> Value:
    return abstract(b, dtypes.variant)


@optional_has_value.infer
def _(b: Builder, optional: Any) -> Value:
    return abstract(b, dtypes.bool_)


@optional_get_value.infer
def _(
    b: Builder, optional: Any, *, output_types: Sequence[DType], output_shapes: Sequence[Any]
) -> tuple[Value | UnknownValue, ...]:
    pairs = zip(output_types, output_shapes, strict=True)
    return tuple(declared(b, dtype, shape) for dtype, shape in pairs)
