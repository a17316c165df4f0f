"""Parts of a tensor or variable replaced: rows in place, and what a strided slice reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.ir import dtypes
from flowc.ir.dims import product
from flowc.ir.tensor.builder import Builder, Handle, require
from flowc.ir.tensor.core import Value
from flowc.ops.arrays.scattering import Combine, replace, scatter_rows
from flowc.ops.arrays.slicing import strided_slice
from flowc.ops.common import is_zero, require_rank, show
from flowc.ops.registry import op

_SLICE = "begin: Index[:], end: Index[:], strides: Index[:], value: T"
_MASKS = (
    "T: type, Index: {index}, begin_mask: int = 0, end_mask: int = 0, ellipsis_mask: int = 0,"
    " new_axis_mask: int = 0, shrink_axis_mask: int = 0"
)


# Strided slices


def _assigned(b: Builder, x: Value, operands: tuple[Value, ...], masks: dict[str, int]) -> Value:
    """x with `value` at the positions that the slice would read."""
    *bounds, value = operands
    read: Callable[..., Value] | None = strided_slice.lower
    assert read is not None
    shape = b.shape(x)
    total = product(shape)
    positions = read(b, b.reshape(b.iota((total,), 0, dtypes.int64), shape), *bounds, **masks)
    wanted = b.shape(positions)
    if 0 in wanted:
        return x
    extra = len(b.shape(value)) - len(wanted)
    if extra > 0 and all(size == 1 for size in b.shape(value)[:extra]):
        value = b.reshape(value, b.shape(value)[extra:])
    value = b.broadcast_to(value, wanted)
    return b.reshape(scatter_rows(b, b.reshape(x, (total,)), positions, value, replace), shape)


def _masks(function: Callable[..., Any]) -> Callable[..., Any]:
    """A lowering that takes the five masks, from one that takes them as a dictionary."""

    def lower(
        b: Builder,
        target: Any,
        *operands: Value,
        begin_mask: int,
        end_mask: int,
        ellipsis_mask: int,
        new_axis_mask: int,
        shrink_axis_mask: int,
    ) -> Any:
        masks = {
            "begin_mask": begin_mask,
            "end_mask": end_mask,
            "ellipsis_mask": ellipsis_mask,
            "new_axis_mask": new_axis_mask,
            "shrink_axis_mask": shrink_axis_mask,
        }
        return function(b, target, operands, masks)

    return lower


def _into_variable(
    b: Builder, ref: Handle, operands: tuple[Value, ...], masks: dict[str, int]
) -> Handle:
    b.state.assign(b, ref, _assigned(b, b.state.read(b, ref), operands, masks))
    return ref


def _into_resource(
    b: Builder, ref: Handle, operands: tuple[Value, ...], masks: dict[str, int]
) -> None:
    _into_variable(b, ref, operands, masks)


op(f"TensorStridedSliceUpdate(input: T, {_SLICE}; {_MASKS}) -> output: T")(_masks(_assigned))
op(f"StridedSliceAssign(ref: ref(T), {_SLICE}; {_MASKS}) -> output_ref: ref(T)", stateful=True)(
    _masks(_into_variable)
).not_differentiable()
op(f"ResourceStridedSliceAssign(ref: resource, {_SLICE}; {_MASKS})", stateful=True)(
    _masks(_into_resource)
)


# Rows


def _define_rows(kind: str, combine: Combine) -> None:
    @op(f"Inplace{kind}(x: T[...,:], i: int32[:], v: T; T: type) -> y: T")
    def lower(b: Builder, x: Value, i: Value, v: Value) -> Value:
        (count,) = require_rank(b, i, 1, "i")
        rows = b.shape(x)
        wanted = (count, *rows[1:])
        same = b.assumptions.equal_shapes(b.shape(v), wanted)
        require(same, f"v must have shape {show(wanted)}, not {show(b.shape(v))}")
        if is_zero(b, rows[0]):
            return x
        size = b.broadcast_to(b.size(rows[0], dtypes.int32), (count,))
        place = b.remainder(b.add(b.remainder(i, size), size), size)  # as in a ring
        return scatter_rows(b, x, place, v, combine)


_define_rows("Update", replace)
_define_rows("Add", Builder.add)
_define_rows("Sub", Builder.subtract)
