"""dot_general and convolution.

The result's element type is the operands', or the attribute `dtype` (a float32 product of bfloat16
operands). Floats are summed in double and rounded once, so that the answer does not depend on the
order of summation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowc.ir import dims, dtypes
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
    window_count,
)
from flowc.ir.tensor.primitives.movement import pad

Types = Sequence[TensorType]


@dataclass(frozen=True, slots=True)
class DotDimensionNumbers:
    """Which axes `dot_general` pairs: result axes are batching, free of lhs, free of rhs."""

    lhs_batching_dimensions: tuple[int, ...] = ()
    rhs_batching_dimensions: tuple[int, ...] = ()
    lhs_contracting_dimensions: tuple[int, ...] = ()
    rhs_contracting_dimensions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ConvDimensionNumbers:
    """Which axis of `convolution`'s operands and result is what; names are StableHLO's."""

    input_batch_dimension: int
    input_feature_dimension: int
    input_spatial_dimensions: tuple[int, ...]
    kernel_input_feature_dimension: int
    kernel_output_feature_dimension: int
    kernel_spatial_dimensions: tuple[int, ...]
    output_batch_dimension: int
    output_feature_dimension: int
    output_spatial_dimensions: tuple[int, ...]

    @property
    def input_axes(self) -> tuple[int, ...]:
        """Batch, feature, then the spatial axes of the input."""
        return (
            self.input_batch_dimension,
            self.input_feature_dimension,
            *self.input_spatial_dimensions,
        )

    @property
    def kernel_axes(self) -> tuple[int, ...]:
        """Output feature, input feature, then the spatial axes of the kernel."""
        return (
            self.kernel_output_feature_dimension,
            self.kernel_input_feature_dimension,
            *self.kernel_spatial_dimensions,
        )

    @property
    def output_axes(self) -> tuple[int, ...]:
        """Batch, feature, then the spatial axes of the result."""
        return (
            self.output_batch_dimension,
            self.output_feature_dimension,
            *self.output_spatial_dimensions,
        )


def _result_dtype(name: str, types: Types, attributes: Attributes) -> DType:
    lhs, rhs = types
    dtype: DType = attributes.get("dtype", lhs.dtype)
    if lhs.dtype != rhs.dtype or lhs.dtype.is_bool or dtype.kind != lhs.dtype.kind:
        raise invalid(f"{name} of {lhs} and {rhs} is not defined with results of {dtype.name}")
    return dtype


def free_axes(rank: int, *taken: Sequence[int]) -> list[int]:
    """The axes that are not taken."""
    used = set(itertools.chain(*taken))
    return [axis for axis in range(rank) if axis not in used]


def _infer_dot(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("dot_general", types, 2)
    lhs, rhs = types
    numbers: DotDimensionNumbers = attributes["dot_dimension_numbers"]
    batch = numbers.lhs_batching_dimensions, numbers.rhs_batching_dimensions
    contracting = numbers.lhs_contracting_dimensions, numbers.rhs_contracting_dimensions
    expect_axes("dot_general", batch[0] + contracting[0], lhs.rank)
    expect_axes("dot_general", batch[1] + contracting[1], rhs.rank)
    for left, right in (batch, contracting):
        if [lhs.shape[a] for a in left] != [rhs.shape[a] for a in right]:
            raise invalid(
                f"dot_general: axes {left} of {lhs} and axes {right} of {rhs} differ in size"
            )
    axes = [
        *(lhs.shape[a] for a in batch[0]),
        *(lhs.shape[a] for a in free_axes(lhs.rank, batch[0], contracting[0])),
        *(rhs.shape[a] for a in free_axes(rhs.rank, batch[1], contracting[1])),
    ]
    return (TensorType(_result_dtype("dot_general", types, attributes), tuple(axes)),)


def _accumulator(array: Array, dtype: DType) -> Array:
    """`array` in the type that sums are kept in."""
    if dtype.is_floating:
        return array.astype(np.float64)
    return array.astype(np.complex128 if dtype.is_complex else dtype.numpy)


def _evaluate_dot(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    dtype = attributes.get("dtype", dtypes.as_dtype(arrays[0].dtype))
    lhs, rhs = (_accumulator(array, dtype) for array in arrays)
    numbers: DotDimensionNumbers = attributes["dot_dimension_numbers"]
    left = [*numbers.lhs_batching_dimensions], [*numbers.lhs_contracting_dimensions]
    right = [*numbers.rhs_batching_dimensions], [*numbers.rhs_contracting_dimensions]
    left_free, right_free = free_axes(lhs.ndim, *left), free_axes(rhs.ndim, *right)
    batch = [lhs.shape[a] for a in left[0]]
    rows, columns = [lhs.shape[a] for a in left_free], [rhs.shape[a] for a in right_free]
    depth = _count([lhs.shape[a] for a in left[1]])
    a = lhs.transpose(left[0] + left_free + left[1]).reshape(_count(batch), _count(rows), depth)
    b = rhs.transpose(right[0] + right[1] + right_free).reshape(
        _count(batch), depth, _count(columns)
    )
    with np.errstate(all="ignore"):
        return ((a @ b).reshape(batch + rows + columns).astype(dtype.numpy),)


def _count(shape: Sequence[int]) -> int:
    return int(np.prod(shape, dtype=np.int64))


define(Primitive("dot_general", _infer_dot, _evaluate_dot))


def _expect_window(name: str, attributes: Attributes, rank: int) -> None:
    for key in ("window_strides", "lhs_dilation", "rhs_dilation"):
        values = attributes[key]
        if len(values) != rank or any(v < 1 for v in values):
            raise invalid(f"{name}: {key} {values} for {rank} spatial axes")
    if len(attributes["padding"]) != rank:
        raise invalid(f"{name}: padding {attributes['padding']} for {rank} spatial axes")


def _infer_convolution(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("convolution", types, 2)
    lhs, rhs = types
    numbers: ConvDimensionNumbers = attributes["dimension_numbers"]
    rank = lhs.rank
    if rhs.rank != rank or any(
        sorted(axes) != list(range(rank))
        for axes in (numbers.input_axes, numbers.kernel_axes, numbers.output_axes)
    ):
        raise invalid(f"convolution: {numbers} does not fit {lhs} and {rhs}")
    _expect_window("convolution", attributes, rank - 2)
    batch, features, *spatial = (lhs.shape[a] for a in numbers.input_axes)
    outputs, inputs, *window = (rhs.shape[a] for a in numbers.kernel_axes)
    groups, batch_groups = attributes["feature_group_count"], attributes["batch_group_count"]
    _expect_groups(types, features, inputs, outputs, batch, groups, batch_groups)
    sizes = _convolved(spatial, window, attributes)
    natural = [dims.floordiv(batch, batch_groups), outputs, *sizes]
    shape: list[Dim] = [0] * rank
    for axis, size in zip(numbers.output_axes, natural, strict=True):
        shape[axis] = size
    return (TensorType(_result_dtype("convolution", types, attributes), tuple(shape)),)


def _expect_groups(
    types: Types, features: Dim, inputs: Dim, outputs: Dim, batch: Dim, groups: int, batches: int
) -> None:
    lhs, rhs = types
    if groups < 1 or batches < 1 or (groups > 1 and batches > 1):
        raise invalid(f"convolution: {groups} feature groups and {batches} batch groups")
    if features != inputs * groups:
        raise invalid(
            f"convolution: {lhs} has {features} input features, {rhs} takes {inputs} "
            f"in each of {groups} groups"
        )
    for what, size, count in (
        ("output features", outputs, groups),
        ("output features", outputs, batches),
        ("batch", batch, batches),
    ):
        if dims.mod(size, count) != 0:
            raise invalid(f"convolution of {lhs} and {rhs}: {what} {size} in {count} groups")


def _convolved(spatial: Sequence[Dim], window: Sequence[Dim], attributes: Attributes) -> Shape:
    sizes = []
    for axis, (size, taps) in enumerate(zip(spatial, window, strict=True)):
        low, high = attributes["padding"][axis]
        padded = dilate(size, attributes["lhs_dilation"][axis]) + low + high
        extent = dilate(taps, attributes["rhs_dilation"][axis])
        sizes.append(window_count(padded, extent, attributes["window_strides"][axis]))
    return tuple(sizes)


def _evaluate_convolution(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    dtype = attributes.get("dtype", dtypes.as_dtype(arrays[0].dtype))
    numbers: ConvDimensionNumbers = attributes["dimension_numbers"]
    lhs = _accumulator(arrays[0], dtype).transpose(numbers.input_axes)
    rhs = _accumulator(arrays[1], dtype).transpose(numbers.kernel_axes)
    groups, batch_groups = attributes["feature_group_count"], attributes["batch_group_count"]
    sizes = concrete(_convolved(lhs.shape[2:], rhs.shape[2:], attributes))
    padding = [(0, 0), (0, 0), *attributes["padding"]]
    interior = (0, 0, *(d - 1 for d in attributes["lhs_dilation"]))
    lhs = pad(lhs, 0, tuple(p[0] for p in padding), tuple(p[1] for p in padding), interior)
    parts = []
    with np.errstate(all="ignore"):
        for part, kernel in _grouped(lhs, rhs, groups, batch_groups):
            parts.append(_slide(part, kernel, sizes, attributes))
    joined = np.concatenate(parts, 1).astype(dtype.numpy)
    return (joined.transpose(np.argsort(numbers.output_axes)),)


def _grouped(
    lhs: Array, rhs: Array, groups: int, batch_groups: int
) -> Iterator[tuple[Array, Array]]:
    count = max(groups, batch_groups)
    kernels = np.split(rhs, count, 0)
    parts = np.split(lhs, batch_groups, 0) if batch_groups > 1 else np.split(lhs, groups, 1)
    return zip(parts, kernels, strict=True)


def _slide(lhs: Array, rhs: Array, sizes: Sequence[int], attributes: Attributes) -> Array:
    """The sum over kernel offsets of the strided input there times the kernel's matrix."""
    result: Any = np.zeros((lhs.shape[0], rhs.shape[0], *sizes), lhs.dtype)
    if 0 in sizes:
        return np.asarray(result)
    strides, dilation = attributes["window_strides"], attributes["rhs_dilation"]
    for offset in itertools.product(*map(range, rhs.shape[2:])):
        window = tuple(
            slice(k * d, k * d + (n - 1) * s + 1, s)
            for k, d, n, s in zip(offset, dilation, sizes, strides, strict=True)
        )
        whole = (slice(None), slice(None))
        tap = rhs[whole + offset]
        result += np.einsum("oi,bi...->bo...", tap, lhs[whole + window])
    return np.asarray(result)


define(Primitive("convolution", _infer_convolution, _evaluate_convolution))
