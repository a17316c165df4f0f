"""Joining and cutting whole tensors: concat, split, pack, unpack, reverse, roll, pad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import (
    Tensors,
    merge_shapes,
    normalize_axis,
    or_zeros,
    require_rank,
    shape_vector,
    show,
    static_axis,
)
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


def _concatenate(b: Builder, values: list[Value], axis: Value) -> Value:
    shapes = [b.shape(value) for value in values]
    rank = len(shapes[0])
    require(rank > 0, "Can't concatenate scalars (use tf.stack instead)")
    require_rank(b, axis, 0, "axis")
    where = static_axis(b, axis, rank, "concatenating dimension")
    for i, shape in enumerate(shapes):
        fits = len(shape) == rank and all(
            d == where or b.assumptions.equal(shape[d], shapes[0][d]) for d in range(rank)
        )
        require(
            fits,
            f"ConcatOp : Dimensions of inputs should match: shape[0] = {show(shapes[0])} vs. "
            f"shape[{i}] = {show(shape)}",
        )
    # Sizes that were found equal may still be written differently.
    common = b.shape(values[0])
    alike = [
        b.reshape(v, [*common[:where], b.shape(v)[where], *common[where + 1 :]]) for v in values
    ]
    return b.concatenate(alike, where)


@op("Concat(concat_dim: int32[], values: N*T; N: int >= 2, T: type) -> output: T")
def concat(b: Builder, concat_dim: Value, values: list[Value]) -> Value:
    """The values one after the other along a dimension."""
    return _concatenate(b, values, concat_dim)


@op("ConcatV2(values: N*T, axis: Tidx[]; N: int >= 2, T: type, Tidx: {index} = int32) -> output: T")
def concat_v2(b: Builder, values: list[Value], axis: Value) -> Value:
    """The values one after the other along a dimension."""
    return _concatenate(b, values, axis)


def _concat_grads(
    g: GraphBuilder, values: Sequence[Tensor], axis: Tensor, grad: Tensor
) -> list[Tensor]:
    """The slices of the gradient that belong to each value."""
    if len(values) == 1:
        return [grad]
    sizes = g("ShapeN", list(values))
    offsets = g("ConcatOffset", g("FloorMod", axis, g("Rank", values[0])), list(sizes))
    return [g("Slice", grad, offset, size) for offset, size in zip(offsets, sizes, strict=True)]


@concat.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return None, *_concat_grads(g, op.inputs[1:], op.inputs[0], grad)


@concat_v2.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    axis = g("Cast", op.inputs[-1], DstT=dtypes.int32)
    return *_concat_grads(g, op.inputs[:-1], axis, grad), None


@op(
    "ConcatOffset(concat_dim: int32, shape: N*shape_type[:]; N: int >= 2,"
    " shape_type: {index} = int32) -> offset: N*shape_type"
)
def concat_offset(b: Builder, concat_dim: Value, shape: list[Value]) -> list[Value]:
    """Where each tensor of those shapes begins when they are concatenated."""
    sizes = [b.dims(vector) for vector in shape]
    rank = len(sizes[0])
    axis = static_axis(b, concat_dim, rank, "concat dim")
    begin: Dim = 0
    offsets = []
    for i, size in enumerate(sizes):
        require(len(size) == rank, f"input {i} should contain {rank} elements, but got {len(size)}")
        fits = all(d == axis or b.assumptions.equal(size[d], sizes[0][d]) for d in range(rank))
        require(
            fits,
            f"All dimensions except {axis} must match. Input {i} has shape {show(size)} and "
            f"doesn't match input 0 with shape {show(sizes[0])}",
        )
        place = [begin if d == axis else 0 for d in range(rank)]
        offsets.append(shape_vector(b, tuple(place), shape[0].type.dtype))
        begin = begin + size[axis]
    return offsets


concat_offset.not_differentiable()


@op("Split(split_dim: int32, value: T; num_split: int >= 1, T: type) -> output: num_split*T")
def split(b: Builder, split_dim: Value, value: Value, *, num_split: int) -> list[Value]:
    """Equal parts along a dimension."""
    shape = b.shape(value)
    require_rank(b, split_dim, 0, "split_dim")
    axis = static_axis(b, split_dim, len(shape), "split_dim")
    size = shape[axis] // num_split
    require(
        b.assumptions.equal(size * num_split, shape[axis]),
        "Number of ways to split should evenly divide the split dimension, but got split_dim "
        f"{axis} (size = {shape[axis]}) and num_split {num_split}",
    )
    return [b.slice_axis(value, axis, i * size, (i + 1) * size) for i in range(num_split)]


@split.gradient
def _(g: GraphBuilder, op: Operation, *grads: Tensor) -> Tensors:
    return None, _rejoined(g, op, grads, op.inputs[0])


def _dense(g: GraphBuilder, op: Operation, grads: Sequence[Tensor | None]) -> list[Tensor]:
    """The gradients, zeros for outputs that have none."""
    return [or_zeros(g, grad, out) for grad, out in zip(grads, op.outputs, strict=True)]


def _rejoined(g: GraphBuilder, op: Operation, grads: Sequence[Tensor | None], axis: Tensor) -> Any:
    parts = _dense(g, op, grads)
    return parts[0] if len(parts) == 1 else g("ConcatV2", parts, axis)


@op(
    "SplitV(value: T[...,:], size_splits: Tlen[:], split_dim: int32; num_split: int >= 1, T: type,"
    " Tlen: {int8, int32, int64} = int64) -> output: num_split*T"
)
def split_v(
    b: Builder, value: Value, size_splits: Value, split_dim: Value, *, num_split: int
) -> list[Value]:
    """Parts of given sizes along a dimension; one size may be -1."""
    shape = b.shape(value)
    axis = static_axis(b, split_dim, len(shape), "split_dim")
    sizes = list(b.dims(size_splits))
    require(len(sizes) == num_split, f"size_splits must have {num_split} elements: {sizes}")
    free = [i for i, size in enumerate(sizes) if size == -1]
    require(len(free) <= 1, "There can only be one -1 in the input")
    total: Dim = 0
    for size in sizes:
        total = total + (0 if size == -1 else size)
    if free:
        sizes[free[0]], total = shape[axis] - total, shape[axis]
    require(
        all(b.assumptions.at_least(size, 0) for size in sizes)
        and b.assumptions.equal(total, shape[axis]),
        f"Determined shape must either match input shape along split_dim exactly if fully "
        f"specified, or be less than the size of the input along split_dim if not fully "
        f"specified.  Got: {total}",
    )
    parts = []
    begin: Dim = 0
    for size in sizes:
        parts.append(b.slice_axis(value, axis, begin, begin + size))
        begin = begin + size
    return parts


@split_v.gradient
def _(g: GraphBuilder, op: Operation, *grads: Tensor) -> Tensors:
    return _rejoined(g, op, grads, op.inputs[2]), None, None


@op("Pack(values: N*T; N: int >= 1, T: type, axis: int = 0) -> output: T")
def pack(b: Builder, values: list[Value], *, axis: int) -> Value:
    """The values side by side along a new dimension."""
    shape = merge_shapes(b, "Pack", *values)
    where = normalize_axis(axis, len(shape) + 1)
    alike = [b.reshape(value, [*shape[:where], 1, *shape[where:]]) for value in values]
    return b.concatenate(alike, where)


@pack.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    count, axis = len(op.inputs), op.get_attr("axis")
    parts = g("Unpack", grad, num=count, axis=axis)
    return tuple(parts) if isinstance(parts, tuple | list) else (parts,)


@op("ParallelConcat(values: N*T; N: int >= 1, T: type, shape: shape) -> output: T")
def parallel_concat(b: Builder, values: list[Value], *, shape: Sequence[Dim | None]) -> Value:
    """The values, each with a first dimension of 1, along it; `shape` is the result's."""
    require(bool(shape) and shape[0] == len(values), f"shape {shape} is not of {len(values)} rows")
    for value in values:
        sizes = b.shape(value)
        require(bool(sizes), "The rank of all input shapes must be greater than 0")
        require(b.assumptions.equal(sizes[0], 1), "Size of first dimension must be 1.")
        fits = len(sizes) == len(shape) and all(
            wanted is None or b.assumptions.equal(size, wanted)
            for size, wanted in zip(sizes[1:], shape[1:], strict=True)
        )
        require(fits, f"Shape {show(sizes)} does not fit the result's {shape}")
    return b.concatenate(values, 0)


@op("Unpack(value: T[...,:]; num: int >= 0, T: type, axis: int = 0) -> output: num*T")
def unpack(b: Builder, value: Value, *, num: int, axis: int) -> list[Value]:
    """The slices along a dimension, which vanishes."""
    shape = b.shape(value)
    where = normalize_axis(axis, len(shape))
    require(
        b.assumptions.equal(shape[where], num),
        f"Input shape axis {where} must equal {num}, got shape {show(shape)}",
    )
    return [b.squeeze(b.slice_axis(value, where, i, i + 1), where) for i in range(num)]


@unpack.gradient
def _(g: GraphBuilder, op: Operation, *grads: Tensor) -> Tensors:
    return (g("Pack", _dense(g, op, grads), axis=op.get_attr("axis")),)


# Backwards and around


@op("Reverse(tensor: T, dims: bool[:]; T: type) -> output: T")
def reverse(b: Builder, tensor: Value, dims: Value) -> Value:
    """Backwards along the dimensions whose flag is true."""
    flags = b.static(dims).tolist()
    rank = len(b.shape(tensor))
    require(
        len(flags) == rank,
        f"reverse 'dims'[{len(flags)}] must have the same number of values as 'input' has "
        f"dimensions {rank}",
    )
    return b.reverse(tensor, [axis for axis, flag in enumerate(flags) if flag])


@reverse.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("Reverse", grad, op.inputs[1]), None


@op("ReverseV2(tensor: T, axis: Tidx[:]; Tidx: {index} = int32, T: type) -> output: T")
def reverse_v2(b: Builder, tensor: Value, axis: Value) -> Value:
    """Backwards along the dimensions that are listed."""
    rank = len(b.shape(tensor))
    if rank == 0:
        return tensor
    axes = [normalize_axis(a, rank) for a in b.static(axis).ravel().tolist()]
    repeated = [a for a in axes if axes.count(a) > 1]
    require(not repeated, f"axis {repeated[:1]} specified more than once.")
    return b.reverse(tensor, axes)


@reverse_v2.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("ReverseV2", grad, op.inputs[1]), None


@op(
    "Roll(input: T[...,:], shift: Tshift[:?], axis: Taxis[:?]; T: type, Tshift: {index},"
    " Taxis: {index})"
    " -> output: T"
)
def roll(b: Builder, input: Value, shift: Value, axis: Value) -> Value:
    """Moved along dimensions; what leaves at one end enters at the other."""
    rank = len(b.shape(input))
    require(rank >= 1, "input must be 1-D or higher")
    for name, value in (("shift", shift), ("axis", axis)):
        vector = len(b.shape(value)) <= 1
        require(vector, f"{name} must be a scalar or a 1-D vector. Found: {value.type}")
    same = b.assumptions.equal_shapes(b.shape(shift), b.shape(axis))
    require(same, "shift and axis must have the same size")
    moves = b.static(shift).ravel().tolist()
    for where, by in zip(b.static(axis).ravel().tolist(), moves, strict=True):
        input = _rolled(b, input, normalize_axis(where, rank), by)
    return input


def _rolled(b: Builder, x: Value, axis: int, by: int) -> Value:
    size = b.shape(x)[axis]
    if size == 0:
        return x
    cut = -by % size
    head, tail = b.slice_axis(x, axis, 0, cut), b.slice_axis(x, axis, cut, size)
    return b.concatenate([tail, head], axis)


@roll.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("Roll", grad, -op.inputs[1], op.inputs[2]), None, None


# Padding


def _pad(b: Builder, input: Value, paddings: Value, constant: Value | int) -> Value:
    rank = len(b.shape(input))
    listed = b.dims(paddings)
    require(
        b.assumptions.equal_shapes(b.shape(paddings), (rank, 2)),
        f"The first dimension of paddings must be the rank of inputs {show(b.shape(paddings))} "
        f"{show(b.shape(input))}",
    )
    positive = not any(isinstance(d, int) and d < 0 for d in listed)
    require(positive, f"Paddings must be non-negative: {show(listed)}")
    return b.pad(input, constant, listed[::2], listed[1::2])


@op("Pad(input: T, paddings: Tpaddings[:,:]; T: type, Tpaddings: {index} = int32) -> output: T")
def pad(b: Builder, input: Value, paddings: Value) -> Value:
    """Zeros around the input."""
    return _pad(b, input, paddings, 0)


@op(
    "PadV2(input: T, paddings: Tpaddings[:,:], constant_values: T; T: type,"
    " Tpaddings: {index} = int32) -> output: T"
)
def pad_v2(b: Builder, input: Value, paddings: Value, constant_values: Value) -> Value:
    """A constant around the input."""
    return _pad(b, input, paddings, constant_values)


def _pad_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, paddings = op.inputs[:2]
    start = g("Pack", [g("Rank", x), g.constant(1)])
    zero = g.constant(np.zeros(2, np.int32))
    before = g("Reshape", g("Slice", paddings, zero, start), g.constant([-1]))
    size = g("Shape", x, out_type=paddings.dtype)
    return (g("Slice", grad, before, size), *(None,) * (len(op.inputs) - 1))


pad.gradient(_pad_gradient)
pad_v2.gradient(_pad_gradient)

_MIRROR = 'mode: {"REFLECT", "SYMMETRIC"}'


def _mirror_edges(b: Builder, input: Value, paddings: Value) -> list[tuple[int, int]]:
    """What is added before and after each dimension."""
    rank = len(b.shape(input))
    matrix = b.assumptions.equal_shapes(b.shape(paddings), (rank, 2))
    require(matrix, f"paddings must be a matrix with 2 columns and {rank} rows")
    listed = b.static(paddings).reshape(-1, 2).tolist()
    positive = all(d >= 0 for pair in listed for d in pair)
    require(positive, f"paddings must be non-negative: {listed}")
    return [(low, high) for low, high in listed]


@op(
    f"MirrorPad(input: T, paddings: Tpaddings[:,:]; T: type, Tpaddings: {{index}} = int32,"
    f" {_MIRROR})"
    " -> output: T"
)
def mirror_pad(b: Builder, input: Value, paddings: Value, *, mode: str) -> Value:
    """The input mirrored at its borders, which are doubled (SYMMETRIC) or not (REFLECT)."""
    skip = 1 if mode == "REFLECT" else 0
    for axis, (low, high) in enumerate(_mirror_edges(b, input, paddings)):
        size = b.shape(input)[axis]
        require(
            b.assumptions.at_least(size - skip, max(low, high)),
            f"paddings must be no greater than the dimension size: {low}, {high} greater than "
            f"{size}",
        )
        parts = [
            b.reverse(b.slice_axis(input, axis, skip, skip + low), [axis]),
            input,
            b.reverse(b.slice_axis(input, axis, size - skip - high, size - skip), [axis]),
        ]
        input = b.concatenate([p for p, n in zip(parts, (low, 1, high), strict=True) if n], axis)
    return input


@op(
    f"MirrorPadGrad(input: T, paddings: Tpaddings[:,:]; T: type, Tpaddings: {{index}} = int32,"
    f" {_MIRROR}) -> output: T"
)
def mirror_pad_grad(b: Builder, input: Value, paddings: Value, *, mode: str) -> Value:
    """The middle of the input, with its mirrored borders added to where they came from."""
    skip = 1 if mode == "REFLECT" else 0
    for axis, (low, high) in reversed(list(enumerate(_mirror_edges(b, input, paddings)))):
        input = _fold_edges(b, input, axis, low, high, skip)
    return input


def _fold_edges(b: Builder, x: Value, axis: int, low: int, high: int, skip: int) -> Value:
    total = b.shape(x)[axis]
    size = total - low - high
    require(
        b.assumptions.at_least(size - skip, max(low, high)),
        f"paddings must be no greater than the output dimension size: {low}, {high} greater than "
        f"{size}",
    )
    middle = b.slice_axis(x, axis, low, low + size)
    for begin, count, place in ((0, low, skip), (low + size, high, size - skip - high)):
        if count:
            edge = b.reverse(b.slice_axis(x, axis, begin, begin + count), [axis])
            lows: list[Dim] = [0] * len(b.shape(x))
            highs: list[Dim] = [0] * len(b.shape(x))
            lows[axis], highs[axis] = place, size - place - count
            middle = b.add(middle, b.pad(edge, 0, lows, highs))
    return middle


@mirror_pad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("MirrorPadGrad", grad, op.inputs[1], mode=op.get_attr("mode")), None


@mirror_pad_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("MirrorPad", grad, op.inputs[1], mode=op.get_attr("mode")), None
