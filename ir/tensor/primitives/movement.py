"""Data movement whose positions do not depend on data. All of it works on dimensions too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import Computation, Shape, TensorType
from flowc.ir.tensor.primitive import Array, Attributes, Primitive, Region, define
from flowc.ir.tensor.primitives.common import (
    concrete,
    dilate,
    expect_axes,
    expect_operands,
    invalid,
    known_negative,
    listing,
)

Types = Sequence[TensorType]
Computations = Sequence[Computation]
Arrays = Sequence[Array]
Regions = Sequence[Region]


def _infer_constant(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    expect_operands("constant", types, 0)
    value, dtype = attributes["value"], attributes["dtype"]
    if value.dtype != dtype.numpy:
        raise invalid(f"constant of {dtype.name} is given an array of {value.dtype}")
    return (TensorType(dtype, value.shape),)


def _evaluate_constant(
    arrays: Arrays, attributes: Attributes, regions: Regions
) -> tuple[Array, ...]:
    return (attributes["value"],)


define(Primitive("constant", _infer_constant, _evaluate_constant, symbolic=True))


def _infer_iota(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    expect_operands("iota", types, 0)
    shape, dtype = attributes["shape"], attributes["dtype"]
    expect_axes("iota", (attributes["iota_dimension"],), len(shape))
    if not dtype.is_numeric or dtype.is_bool:
        raise invalid(f"iota is not defined for {dtype.name}")
    return (TensorType(dtype, shape),)


def _evaluate_iota(arrays: Arrays, attributes: Attributes, regions: Regions) -> tuple[Array, ...]:
    shape, axis = concrete(attributes["shape"]), attributes["iota_dimension"]
    if 0 in shape:  # whatever the others are
        return (np.zeros(shape, attributes["dtype"].numpy),)
    along = [1] * len(shape)
    along[axis] = shape[axis]
    counting = np.arange(shape[axis]).astype(attributes["dtype"].numpy).reshape(along)
    return (np.broadcast_to(counting, shape),)


define(Primitive("iota", _infer_iota, _evaluate_iota, symbolic=True))


def _infer_broadcast(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    expect_operands("broadcast_in_dim", types, 1)
    (type_,), shape = types, attributes["shape"]
    axes: tuple[int, ...] = attributes["broadcast_dimensions"]
    expect_axes("broadcast_in_dim", axes, len(shape))
    fits = len(axes) == type_.rank and all(
        size in (1, shape[axis]) for size, axis in zip(type_.shape, axes, strict=True)
    )
    if not fits:
        raise invalid(
            f"broadcast_in_dim: {type_} along axes {axes} does not fit "
            f"{TensorType(type_.dtype, shape)}"
        )
    return (TensorType(type_.dtype, shape),)


def _evaluate_broadcast(
    arrays: Arrays, attributes: Attributes, regions: Regions
) -> tuple[Array, ...]:
    (array,), shape = arrays, concrete(attributes["shape"])
    axes: tuple[int, ...] = attributes["broadcast_dimensions"]
    order = sorted(range(len(axes)), key=axes.__getitem__)
    aligned = [1] * len(shape)
    for size, axis in zip(array.shape, axes, strict=True):
        aligned[axis] = size
    return (np.broadcast_to(np.transpose(array, order).reshape(aligned), shape),)


define(Primitive("broadcast_in_dim", _infer_broadcast, _evaluate_broadcast, symbolic=True))


def _infer_reshape(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    expect_operands("reshape", types, 1)
    (type_,), shape = types, attributes["shape"]
    surplus = dims.product(shape) - type_.size
    # A symbolic difference is for the builder's assumptions (and a guard) to settle.
    if any(map(known_negative, shape)) or (isinstance(surplus, int) and surplus != 0):
        raise invalid(
            f"reshape: {type_} has {type_.size} elements, "
            f"{TensorType(type_.dtype, shape)} has {dims.product(shape)}"
        )
    return (TensorType(type_.dtype, shape),)


def _evaluate_reshape(
    arrays: Arrays, attributes: Attributes, regions: Regions
) -> tuple[Array, ...]:
    return (arrays[0].reshape(concrete(attributes["shape"])),)


define(Primitive("reshape", _infer_reshape, _evaluate_reshape, symbolic=True))


def _infer_transpose(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    expect_operands("transpose", types, 1)
    (type_,), permutation = types, attributes["permutation"]
    if sorted(permutation) != list(range(type_.rank)):
        raise invalid(f"transpose: {permutation} is no permutation of the axes of {type_}")
    return (TensorType(type_.dtype, tuple(type_.shape[axis] for axis in permutation)),)


def _evaluate_transpose(
    arrays: Arrays, attributes: Attributes, regions: Regions
) -> tuple[Array, ...]:
    return (np.transpose(arrays[0], attributes["permutation"]),)


define(Primitive("transpose", _infer_transpose, _evaluate_transpose, symbolic=True))


def _sliced(size: Dim, start: Dim, limit: Dim, stride: int) -> Dim | None:
    """The number of elements taken; None where the bounds are known to be wrong."""
    bad = stride < 1 or any(map(known_negative, (start, limit - start, size - limit)))
    return None if bad else dims.ceildiv(limit - start, stride)


def _infer_slice(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    expect_operands("slice", types, 1)
    (type_,) = types
    bounds = attributes["start_indices"], attributes["limit_indices"], attributes["strides"]
    if any(len(bound) != type_.rank for bound in bounds):
        raise invalid(f"slice: {type_} needs {type_.rank} starts, limits and strides")
    shape = tuple(map(_sliced, type_.shape, *bounds))
    if None in shape:
        raise invalid("slice: [{}:{}] in steps of {} is not within {}".format(*bounds, type_))
    return (TensorType(type_.dtype, shape),)  # type: ignore[arg-type]


def _evaluate_slice(arrays: Arrays, attributes: Attributes, regions: Regions) -> tuple[Array, ...]:
    (array,) = arrays
    bounds = attributes["start_indices"], attributes["limit_indices"], attributes["strides"]
    for size, limit, start in zip(array.shape, bounds[1], bounds[0], strict=True):
        if not 0 <= start <= limit <= size:
            raise invalid(f"slice [{start}:{limit}] is not within a dimension of {size}")
    return (array[tuple(map(slice, *bounds))],)


define(Primitive("slice", _infer_slice, _evaluate_slice, symbolic=True))


def _infer_concatenate(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    if not types:
        raise invalid("concatenate needs an operand")
    first, axis = types[0], attributes["dimension"]
    expect_axes("concatenate", (axis,), first.rank)

    def outside(type_: TensorType) -> tuple[DType, int, Shape]:
        return type_.dtype, type_.rank, (*type_.shape[:axis], *type_.shape[axis + 1 :])

    if any(outside(type_) != outside(first) for type_ in types):
        raise invalid(f"concatenate: operands do not fit along axis {axis}: {listing(types)}")
    total: Dim = 0
    for type_ in types:
        total = total + type_.shape[axis]
    return (TensorType(first.dtype, (*first.shape[:axis], total, *first.shape[axis + 1 :])),)


def _evaluate_concatenate(
    arrays: Arrays, attributes: Attributes, regions: Regions
) -> tuple[Array, ...]:
    return (np.concatenate(arrays, attributes["dimension"]),)


define(Primitive("concatenate", _infer_concatenate, _evaluate_concatenate, symbolic=True))


def _padded(size: Dim, low: Dim, high: Dim, interior: int) -> Dim:
    return dilate(size, interior + 1) + low + high


def _infer_pad(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    expect_operands("pad", types, 2)
    type_, padding = types
    if padding != TensorType(type_.dtype, ()):
        raise invalid(f"pad: the padding value {padding} is no scalar of {type_}")
    edges = (
        attributes["edge_padding_low"],
        attributes["edge_padding_high"],
        attributes["interior_padding"],
    )
    if any(len(edge) != type_.rank for edge in edges) or any(i < 0 for i in edges[2]):
        raise invalid(f"pad: low, high and interior {edges} do not fit {type_}")
    shape = tuple(map(_padded, type_.shape, *edges))
    if any(map(known_negative, shape)):
        raise invalid(f"pad: low, high and interior {edges} leave nothing of {type_}")
    return (TensorType(type_.dtype, shape),)


def pad(array: Array, value: Any, low: Shape, high: Shape, interior: Shape) -> Array:
    """`array` with `value` around and between its elements; negative edges cut."""
    lows, highs = concrete(low), concrete(high)
    steps = [i + 1 for i in concrete(interior)]
    spread = [(n - 1) * step + 1 if n else 0 for n, step in zip(array.shape, steps, strict=True)]
    outer = [n + max(a, 0) + max(b, 0) for n, a, b in zip(spread, lows, highs, strict=True)]
    result = np.full(outer, value, array.dtype)
    inside = tuple(
        slice(max(a, 0), max(a, 0) + n, step)
        for a, n, step in zip(lows, spread, steps, strict=True)
    )
    result[inside] = array
    kept = tuple(
        slice(max(-a, 0), max(n + min(b, 0), 0)) for n, a, b in zip(outer, lows, highs, strict=True)
    )
    return result[kept]


def _evaluate_pad(arrays: Arrays, attributes: Attributes, regions: Regions) -> tuple[Array, ...]:
    array, value = arrays
    result = pad(
        array,
        value.item() if array.dtype == object else value,
        attributes["edge_padding_low"],
        attributes["edge_padding_high"],
        attributes["interior_padding"],
    )
    return (result,)


define(Primitive("pad", _infer_pad, _evaluate_pad, symbolic=True))


def _infer_reverse(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    expect_operands("reverse", types, 1)
    expect_axes("reverse", attributes["dimensions"], types[0].rank)
    return (types[0],)


def _evaluate_reverse(
    arrays: Arrays, attributes: Attributes, regions: Regions
) -> tuple[Array, ...]:
    return (np.flip(arrays[0], attributes["dimensions"]),)


define(Primitive("reverse", _infer_reverse, _evaluate_reverse, symbolic=True))
