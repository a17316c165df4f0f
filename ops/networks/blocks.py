"""Blocks of images moved between batch, space and depth."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op

Edges = Sequence[tuple[Dim, Dim]]


def _pairs(b: Builder, matrix: Value, count: int, what: str) -> Edges:
    """The rows of a [count, 2] matrix of non-negative numbers."""
    require(
        b.assumptions.equal_shapes(b.shape(matrix), (count, 2)),
        f"{what} should have shape [{count}, 2] instead of {show(b.shape(matrix))}",
    )
    listed = b.dims(matrix)
    positive = all(b.assumptions.at_least(size, 0) for size in listed)
    rows = list(zip(listed[::2], listed[1::2], strict=True))
    require(positive, f"{what} must be non-negative: {rows}")
    return rows


def _block(b: Builder, vector: Value) -> list[int]:
    require_rank(b, vector, 1, "block_shape")
    sizes: list[int] = b.static(vector).tolist()
    positive = all(size >= 1 for size in sizes)
    require(positive, f"All values in block_shape must be positive: {sizes}")
    return sizes


def space_to_batch(b: Builder, x: Value, block: Sequence[int], paddings: Edges) -> Value:
    """Each position within the blocks becomes an image of its own."""
    rank, count = len(b.shape(x)), len(block)
    require(rank >= count + 1, f"input rank should be >= {count + 1} instead of {rank}")
    rest = rank - count - 1
    lows = [0, *(low for low, _ in paddings), *(0,) * rest]
    highs = [0, *(high for _, high in paddings), *(0,) * rest]
    padded = b.pad(x, 0, lows, highs)
    batch, *space = b.shape(padded)[: count + 1]
    split: list[Dim] = [batch]
    for axis, (size, by) in enumerate(zip(space, block, strict=True)):
        require(
            b.assumptions.equal(size // by * by, size),
            f"padded_shape[{axis}]={size} is not divisible by block_shape[{axis}]={by}",
        )
        split += [size // by, by]
    depth = b.shape(padded)[count + 1 :]
    tail = range(2 * count + 1, 2 * count + 1 + rest)
    order = [*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count + 1, 2), *tail]
    moved = b.transpose(b.reshape(padded, [*split, *depth]), order)
    product = batch
    for by in block:
        product = product * by
    return b.reshape(moved, [product, *split[1::2], *depth])


def batch_to_space(b: Builder, x: Value, block: Sequence[int], crops: Edges) -> Value:
    """The inverse of `space_to_batch`, with borders cut off."""
    rank, count = len(b.shape(x)), len(block)
    require(rank >= count + 1, f"input rank should be >= {count + 1} instead of {rank}")
    batch, *space = b.shape(x)[: count + 1]
    depth = b.shape(x)[count + 1 :]
    product = 1
    for by in block:
        product *= by
    images = batch // product
    require(
        b.assumptions.equal(images * product, batch),
        f"Input batch dimension ({batch}) is not divisible by product of block sizes ({product})",
    )
    split = b.reshape(x, [*block, images, *space, *depth])
    order = [count]
    for axis in range(count):
        order += [count + 1 + axis, axis]
    order += range(2 * count + 1, 2 * count + 1 + len(depth))
    whole = [size * by for size, by in zip(space, block, strict=True)]
    joined = b.reshape(b.transpose(split, order), [images, *whole, *depth])
    for axis, ((low, high), size) in enumerate(zip(crops, whole, strict=True)):
        require(
            b.assumptions.at_least(size, low + high),
            f"cropped_shape[{axis}]={size - low - high} must be non-negative",
        )
        joined = b.slice_axis(joined, axis + 1, low, size - high)
    return joined


_TYPES_ND = "T: type, Tblock_shape: {index} = int32"


@op(
    "SpaceToBatchND(input: T, block_shape: Tblock_shape, paddings: Tpaddings;"
    f" {_TYPES_ND}, Tpaddings: {{index}} = int32) -> output: T"
)
def space_to_batch_nd(b: Builder, input: Value, block_shape: Value, paddings: Value) -> Value:
    """Zero-padded images cut into blocks, whose positions become batches."""
    block = _block(b, block_shape)
    return space_to_batch(b, input, block, _pairs(b, paddings, len(block), "paddings"))


@op(
    "BatchToSpaceND(input: T, block_shape: Tblock_shape, crops: Tcrops;"
    f" {_TYPES_ND}, Tcrops: {{index}} = int32) -> output: T"
)
def batch_to_space_nd(b: Builder, input: Value, block_shape: Value, crops: Value) -> Value:
    """Batches laid out as the positions of blocks, with borders cut off."""
    block = _block(b, block_shape)
    return batch_to_space(b, input, block, _pairs(b, crops, len(block), "crops"))


@op(
    "SpaceToBatch(input: T[:,:,:,:], paddings: Tpaddings[:,:]; T: type, Tpaddings: {index} = int32,"
    " block_size: int >= 2) -> output: T"
)
def space_to_batch_2d(b: Builder, input: Value, paddings: Value, *, block_size: int) -> Value:
    """SpaceToBatchND for square blocks of images."""
    require_rank(b, input, 4, "input")
    return space_to_batch(b, input, [block_size] * 2, _pairs(b, paddings, 2, "paddings"))


@op(
    "BatchToSpace(input: T[:,:,:,:], crops: Tidx[:,:]; T: type, block_size: int >= 2,"
    " Tidx: {index} = int32)"
    " -> output: T"
)
def batch_to_space_2d(b: Builder, input: Value, crops: Value, *, block_size: int) -> Value:
    """BatchToSpaceND for square blocks of images."""
    require_rank(b, input, 4, "input")
    return batch_to_space(b, input, [block_size] * 2, _pairs(b, crops, 2, "crops"))


@space_to_batch_nd.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("BatchToSpaceND", grad, op.inputs[1], op.inputs[2]), None, None


@batch_to_space_nd.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("SpaceToBatchND", grad, op.inputs[1], op.inputs[2]), None, None


@space_to_batch_2d.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("BatchToSpace", grad, op.inputs[1], block_size=op.get_attr("block_size")), None


@batch_to_space_2d.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("SpaceToBatch", grad, op.inputs[1], block_size=op.get_attr("block_size")), None


# Depth

_DEPTH = 'T: type, block_size: int >= 2, data_format: {"NHWC", "NCHW", "NCHW_VECT_C"} = "NHWC"'


def _to_last(b: Builder, x: Value, data_format: str) -> Value:
    return b.transpose(x, [0, 2, 3, 1]) if data_format == "NCHW" else x


def _from_last(b: Builder, x: Value, data_format: str) -> Value:
    return b.transpose(x, [0, 3, 1, 2]) if data_format == "NCHW" else x


@op(f"SpaceToDepth(input: T[:,:,:,:]; {_DEPTH}) -> output: T")
def space_to_depth(b: Builder, input: Value, *, block_size: int, data_format: str) -> Value:
    """Each block of pixels as one pixel with more features."""
    require_rank(b, input, 4, "input")
    x, by = _to_last(b, input, data_format), block_size
    batch, height, width, depth = b.shape(x)
    for name, size in (("width", width), ("height", height)):
        fits = b.assumptions.equal(size // by * by, size)
        require(fits, f"Image {name} {size} should be divisible by block_size: {by}")
    split = b.reshape(x, [batch, height // by, by, width // by, by, depth])
    moved = b.transpose(split, [0, 1, 3, 2, 4, 5])
    out = b.reshape(moved, [batch, height // by, width // by, depth * by * by])
    return _from_last(b, out, data_format)


@op(f"DepthToSpace(input: T[:,:,:,:]; {_DEPTH}) -> output: T")
def depth_to_space(b: Builder, input: Value, *, block_size: int, data_format: str) -> Value:
    """Each pixel's features as a block of pixels."""
    require_rank(b, input, 4, "input")
    x, by = _to_last(b, input, data_format), block_size
    batch, height, width, depth = b.shape(x)
    rest = depth // (by * by)
    fits = b.assumptions.equal(rest * by * by, depth)
    require(fits, f"Input depth dimension {depth} should be divisible by: {by * by}")
    split = b.reshape(x, [batch, height, width, by, by, rest])
    moved = b.transpose(split, [0, 1, 3, 2, 4, 5])
    out = b.reshape(moved, [batch, height * by, width * by, rest])
    return _from_last(b, out, data_format)


@space_to_depth.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    attrs = {name: op.get_attr(name) for name in ("block_size", "data_format")}
    return (g("DepthToSpace", grad, **attrs),)


@depth_to_space.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    attrs = {name: op.get_attr(name) for name in ("block_size", "data_format")}
    return (g("SpaceToDepth", grad, **attrs),)
