"""convert and bitcast_convert."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import Computation, Shape, TensorType
from flowc.ir.tensor.primitive import Array, Attributes, Primitive, Region, define
from flowc.ir.tensor.primitives import arithmetic, symbolic
from flowc.ir.tensor.primitives.common import expect_operands, invalid, is_symbolic, lift


def _infer_convert(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("convert", types, 1)
    dtype: DType = attributes["dtype"]
    if not (dtype.is_numeric and types[0].dtype.is_numeric):
        raise invalid(f"convert is not defined from {types[0]} to {dtype.name}")
    return (TensorType(dtype, types[0].shape),)


def convert(array: Array, dtype: DType) -> Array:
    """`array` as `dtype`: floats to integers truncate and saturate, to bool is `!= 0`."""
    source = dtypes.as_dtype(array.dtype)
    if dtype.is_bool:
        return np.asarray(array != 0)
    if source.is_complex and not dtype.is_complex:
        array, source = np.real(array), source.real
    with np.errstate(all="ignore"):
        if source.is_floating and dtype.is_integer:
            return arithmetic.float_to_int(array, dtype)
        return np.asarray(array).astype(dtype.numpy)


def _evaluate_convert(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    (array,), dtype = arrays, attributes["dtype"]
    if is_symbolic(array):
        return (lift(partial(symbolic.convert, dtype=dtype), 1)(array),)
    return (convert(array, dtype),)


define(Primitive("convert", _infer_convert, _evaluate_convert, symbolic=True, elementwise=True))


def _bitcast_shape(type_: TensorType, dtype: DType) -> Shape:
    """A narrower type adds a last dimension, a wider one takes it away."""
    old, new = type_.dtype.size, dtype.size
    if old == new:
        return type_.shape
    if old > new:
        return (*type_.shape, old // new)
    if not type_.shape or type_.shape[-1] != new // old:
        raise invalid(
            f"bitcast_convert of {type_} to {dtype.name}: the last dimension must be {new // old}"
        )
    return type_.shape[:-1]


def _infer_bitcast(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("bitcast_convert", types, 1)
    (type_,), dtype = types, attributes["dtype"]
    if type_.dtype.is_bool != dtype.is_bool or not (dtype.is_numeric and type_.dtype.is_numeric):
        raise invalid(f"bitcast_convert is not defined from {type_} to {dtype.name}")
    return (TensorType(dtype, _bitcast_shape(type_, dtype)),)


def _evaluate_bitcast(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    (array,), dtype = arrays, attributes["dtype"]
    shape = _bitcast_shape(TensorType(dtypes.as_dtype(array.dtype), array.shape), dtype)
    assert not any(isinstance(d, dims.Expr) for d in shape)
    flat = np.ascontiguousarray(array).reshape(-1).view(dtype.numpy)
    return (flat.reshape(shape),)


define(Primitive("bitcast_convert", _infer_bitcast, _evaluate_bitcast))
