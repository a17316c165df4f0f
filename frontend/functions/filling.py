"""Tensors made of nothing but a shape or range: placeholders, zeros, ones, ranges, one-hot ..."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.frontend.aliases import DTypeLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert, is_tensor
from flowc.frontend.elements import TensorBase
from flowc.frontend.functions.shaping import Name, concat, shape
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import TensorShape, as_shape_attribute
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype

_SMALL = 1000  # a constant with fewer elements is written out, not filled when the graph runs


def placeholder(dtype: DTypeLike, shape: ShapeLike | None = None, name: Name = None) -> Any:
    """A tensor whose value is given by a feed; sizes that are None may differ from run to run."""
    return build("Placeholder", dtype=as_dtype(dtype), shape=as_shape_attribute(shape), name=name)


def placeholder_with_default(input: Any, shape: Any, name: Name = None) -> Any:
    """`input`, unless another value is fed."""
    return build("PlaceholderWithDefault", input, shape=as_shape_attribute(shape), name=name)


def zeros(shape: ShapeLike, dtype: DTypeLike = dtypes.float32, name: Name = None) -> Any:
    """Zeros; false for bool, "" for string."""
    wanted = as_dtype(dtype)
    zero: Any = "" if wanted is dtypes.string else False if wanted.is_bool else 0
    return _filled(shape, wanted, zero, name, "zeros")


def ones(shape: ShapeLike, dtype: DTypeLike = dtypes.float32, name: Name = None) -> Any:
    """Ones; true for bool."""
    wanted = as_dtype(dtype)
    return _filled(shape, wanted, True if wanted.is_bool else 1, name, "ones")


def _filled(shape: Any, dtype: DType, value: Any, name: Name, default_name: str) -> Any:
    with name_scope(name, default_name, [shape]) as scope:
        if not is_tensor(shape):
            small = _small_constant(shape, dtype, value, scope)
            if small is not None:
                return small
            shape = shape_operand(shape)
        if shape.shape.ndims == 0:
            shape = build("Reshape", shape, [-1])
        return build("Fill", shape, constant(value, dtype), name=scope)


def _small_constant(shape: ShapeLike, dtype: DType, value: Any, scope: str) -> Any:
    """The constant, where the shape is static and small; else None."""
    try:
        static = TensorShape(shape)
    except (TypeError, ValueError):
        return None
    count = static.num_elements()
    if count is None or count >= _SMALL:
        return None
    return constant(value, dtype, static, name=scope)


def shape_operand(shape: Any) -> Any:
    """A shape given by a user as an int vector: a constant where it is static."""
    if is_tensor(shape):
        return convert(shape)
    try:
        static = TensorShape(shape)
        if static.is_fully_defined():
            return convert(static, None, "shape_as_tensor")
    except (TypeError, ValueError):
        pass  # the list holds tensors
    return convert(shape, dtypes.int32)


def zeros_like(
    tensor: TensorLike, dtype: DTypeLike | None = None, name: Name = None, optimize: bool = True
) -> Any:
    """Zeros of the shape of `tensor`, and its dtype if no other is given."""
    with name_scope(name, "zeros_like", [tensor]) as scope:
        tensor = convert(tensor, None, "tensor")
        wanted = tensor.dtype if dtype is None else as_dtype(dtype)
        if optimize and tensor.shape.is_fully_defined() and tensor.dtype is not dtypes.variant:
            return zeros(tensor.shape, wanted, scope)
        if wanted is not tensor.dtype:
            return zeros(shape(tensor, optimize=optimize), wanted, scope)
        return build("ZerosLike", tensor, name=scope)


def ones_like(
    tensor: TensorLike, dtype: DTypeLike | None = None, name: Name = None, optimize: bool = True
) -> Any:
    """Ones of the shape of `tensor`, and its dtype if no other is given."""
    with name_scope(name, "ones_like", [tensor]) as scope:
        tensor = convert(tensor, None, "tensor")
        sizes = shape(tensor, optimize=optimize)
        result = ones(sizes, tensor.dtype if dtype is None else dtype, scope)
        result.set_shape(tensor.shape)
        return result


def fill(dims: ShapeLike, value: TensorLike, name: Name = None) -> Any:
    """A tensor of shape `dims` whose elements are all `value`."""
    return build("Fill", dims, value, name=name)


def range_(
    start: TensorLike,
    limit: TensorLike | None = None,
    delta: TensorLike = 1,
    dtype: DTypeLike | None = None,
    name: str = "range",
) -> Any:
    """The numbers from `start` (0 if one number is given) up to `limit`, in steps of `delta`."""
    if limit is None:
        start, limit = 0, start
    with name_scope(name, "Range", [start, limit, delta]) as scope:
        wanted = None if dtype is None else as_dtype(dtype)
        parts = [
            _range_operand(v, wanted, n)
            for v, n in ((start, "start"), (limit, "limit"), (delta, "delta"))
        ]
        if wanted is None:
            wanted = max((p.dtype for p in parts), key=_RANGE_TYPES.index)
        parts = [p if p.dtype is wanted else build("Cast", p, DstT=wanted) for p in parts]
        return build("Range", *parts, name=scope)


_RANGE_TYPES = [
    dtypes.int32,
    dtypes.int64,
    dtypes.float32,
    dtypes.float64,
    dtypes.float16,
    dtypes.bfloat16,
]


def _range_operand(value: Any, dtype: DType | None, name: str) -> Any:
    return value if isinstance(value, TensorBase) else convert(value, dtype, name)


def linspace(start: TensorLike, stop: Any, num: TensorLike, name: Name = None) -> Any:
    """`num` evenly spaced numbers, the first `start`, the last `stop`."""
    return build("LinSpace", start, stop, num, name=name)


def one_hot(
    indices: TensorLike,
    depth: TensorLike,
    on_value: TensorLike | None = None,
    off_value: TensorLike | None = None,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    name: Name = None,
) -> Any:
    """A new dimension of size `depth` that is `on_value` (1) at each index, else `off_value` (0).

    Raises TypeError where the dtypes of the values differ from each other or from `dtype`.
    """
    with name_scope(name, "one_hot", [indices, depth, on_value, off_value]) as scope:
        given = [v for v in (on_value, off_value) if v is not None]
        kinds = {
            convert(v, None if dtype is None else as_dtype(dtype)).dtype
            for v in given
            if dtype is None or is_tensor(v)
        }
        wanted = as_dtype(dtype) if dtype is not None else next(iter(kinds), dtypes.float32)
        if len(kinds | {wanted}) > 1:
            raise TypeError(
                "dtype {} of on_value does not match dtype parameter {}".format(
                    *sorted(k.name for k in kinds | {wanted})[:2]
                )
            )
        on = convert(1 if on_value is None else on_value, wanted, "on_value")
        off = convert(0 if off_value is None else off_value, wanted, "off_value")
        return build(
            "OneHot", indices, depth, on, off, axis=-1 if axis is None else axis, name=scope
        )


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = dtypes.float32,
    name: Name = None,
) -> Any:
    """An identity matrix, or a batch of them."""
    with name_scope(name, "eye", [num_rows, num_columns, batch_shape]):
        wanted = as_dtype(dtype)
        columns = num_rows if num_columns is None else num_columns
        batch: Any = [] if batch_shape is None else batch_shape
        square = num_columns is None
        if is_tensor(num_rows) or is_tensor(columns):
            diagonal: Any = num_rows if square else build("Minimum", num_rows, columns)
        else:
            diagonal = min(int(num_rows), int(columns))
        parts = [shape_operand(batch)] if is_tensor(batch) else [np.array(batch, np.int32)]
        ones_ = ones(
            concat([*parts, [diagonal]], 0)
            if is_tensor(batch) or is_tensor(diagonal)
            else [*batch, diagonal],
            wanted,
        )
        if square:
            return build("MatrixDiag", ones_)
        full = (
            concat([*parts, [num_rows, columns]], 0)
            if is_tensor(batch) or is_tensor(num_rows) or is_tensor(columns)
            else [*batch, num_rows, columns]
        )
        return build("MatrixSetDiag", zeros(full, wanted), ones_)


lin_space = linspace
