"""Elements by index: gather, gather-nd, one-hot, dynamic stitch and partition."""

from __future__ import annotations

from typing import Any

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, DataDependent, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ir.tensor.primitives.indexing import GatherDimensionNumbers
from flowc.ops.checks import check_bounds, check_vectors
from flowc.ops.common import (
    Tensors,
    fail,
    is_abstract,
    is_zero,
    normalize_axis,
    require_rank,
    show,
    static_axis,
)
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


@op(
    "Gather(params: Tparams[...,:], indices: Tindices; validate_indices: bool = true,"
    " Tparams: type,"
    " Tindices: {index}) -> output: Tparams"
)
def gather(b: Builder, params: Value, indices: Value) -> Value:
    """Rows of params."""
    shape = b.shape(params)
    require(len(shape) >= 1, "params must be at least 1 dimensional")
    return batched_take(b, params, indices, 0, 0)


@op(
    "GatherV2(params: Tparams[...,:], indices: Tindices, axis: Taxis[];"
    " batch_dims: int = 0, Tparams: type,"
    " Tindices: {int16, int32, int64}, Taxis: {index}) -> output: Tparams"
)
def gather_v2(b: Builder, params: Value, indices: Value, axis: Value, *, batch_dims: int) -> Value:
    """Slices of params along an axis, separately in each of the batch dimensions."""
    require_rank(b, axis, 0, "axis")
    shape = b.shape(params)
    require(len(shape) >= 1, "params must be at least 1 dimensional")
    along = static_axis(b, axis, len(shape))
    return batched_take(b, params, indices, along, batch_dims)


def batched_take(b: Builder, params: Value, indices: Value, axis: int, batch_dims: int) -> Value:
    """`params[batch..., outer..., indices[batch..., i...], inner...]`."""
    shape, places = b.shape(params), b.shape(indices)
    batch = batch_dims + len(places) if batch_dims < 0 else batch_dims
    require(
        0 <= batch <= min(len(places), axis),
        f"batch_dims ({batch_dims}) must be less than or equal to axis ({axis})",
    )
    same = b.assumptions.equal_shapes(shape[:batch], places[:batch])
    require(same, f"params.shape[:{batch}] {show(shape)} should be indices.shape {show(places)}")
    check_bounds(b, indices, shape[axis])
    if shape[axis] == 0:  # then there are no indices
        outer, inner = shape[:axis], shape[axis + 1 :]
        return b.full(0, (*outer, *places[batch:], *inner), params.type.dtype)
    if not batch:
        return b.take(params, indices, axis)
    depth = len(places) - batch
    offsets = tuple(range(batch, axis)) + tuple(a + depth - 1 for a in range(axis + 1, len(shape)))
    sizes = [1 if a < batch or a == axis else d for a, d in enumerate(b.shape(params))]
    numbers = GatherDimensionNumbers(
        offset_dims=offsets,
        collapsed_slice_dims=(axis,),
        operand_batching_dims=tuple(range(batch)),
        start_indices_batching_dims=tuple(range(batch)),
        start_index_map=(axis,),
        index_vector_dim=len(places),
    )
    return b.gather(params, indices, numbers, sizes)


def _row_gradient(g: GraphBuilder, params: Tensor, indices: Tensor, grad: Tensor) -> Any:
    """The sum of gradient rows that were gathered from each row of params (axis 0)."""
    return row_gradient(g, g("Shape", params, out_type=dtypes.int64), indices, grad)


def row_gradient(g: GraphBuilder, size: Tensor, indices: Tensor, grad: Tensor) -> Any:
    """Gradient rows as IndexedSlices of a tensor of shape `size`."""
    count = g("Reshape", g("Size", indices), g.constant([1]))
    inner = g("Slice", g("Cast", size, DstT=dtypes.int32), g.constant([1]), g.constant([-1]))
    rows = g("Reshape", grad, g("ConcatV2", [count, inner], g.constant(0)))
    flat = g("Reshape", indices, count)
    return g.sparse(rows, flat, size)


@gather.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return _row_gradient(g, op.inputs[0], op.inputs[1], grad), None


@gather_v2.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    params, indices, axis = op.inputs
    batch = op.get_attr("batch_dims")
    where = g.constant_value(axis)
    if where is not None and int(where) == 0 and not batch:
        return _row_gradient(g, params, indices, grad), None, None
    shape = g.shape_of(params)
    if shape is None or where is None:
        raise fail("the gradient of GatherV2 needs a known axis and a known rank of params")
    return _axis_gradient(g, op, grad, int(where) % len(shape), batch), None, None


def _axis_gradient(g: GraphBuilder, op: Operation, grad: Tensor, axis: int, batch_dims: int) -> Any:
    """Move the axis to the front, number its rows per batch, sum, and move it back."""
    params, indices, _ = op.inputs
    shape, places = g.shape_of(params), g.shape_of(indices)
    if shape is None or places is None:
        raise fail("the gradient of GatherV2 needs known ranks of params and indices")
    rank, depth = len(shape), len(places)
    batch = batch_dims + depth if batch_dims < 0 else batch_dims
    front = list(range(axis, axis + depth - batch))
    others = [a for a in range(rank + depth - batch - 1) if a not in front]
    order = [*others[:batch], *front, *others[batch:]]
    values = g("Transpose", grad, g.constant(order))
    size = g("Shape", params)
    moved = [*range(batch), axis, *(a for a in range(batch, rank) if a != axis)]
    wanted = g("GatherV2", size, g.constant(moved), g.constant(0))
    numbered, total = _number_rows(g, indices, size, axis, batch)
    summed = g("UnsortedSegmentSum", values, numbered, total)
    inverse = [moved.index(a) for a in range(rank)]
    return g("Transpose", g("Reshape", summed, wanted), g.constant(inverse))


def _number_rows(
    g: GraphBuilder, indices: Tensor, size: Tensor, axis: int, batch: int
) -> tuple[Tensor, Tensor]:
    """Row numbers that tell batches apart, and how many there are."""
    places = g.shape_of(indices)
    assert places is not None
    indices = g("Cast", indices, DstT=dtypes.int32)
    total = g("GatherV2", size, g.constant(axis), g.constant(0))
    offset, step = None, total
    for b in reversed(range(batch)):
        extent = g("GatherV2", size, g.constant(b), g.constant(0))
        line = g("Range", g.constant(0), extent, g.constant(1)) * step
        ones = [1] * len(places)
        ones[b] = -1
        line = g("Reshape", line, g.constant(ones))
        offset = line if offset is None else offset + line
        step = step * extent
    return (indices if offset is None else indices + offset), step


@op(
    "GatherNd(params: Tparams, indices: Tindices[...,:]; Tparams: type, Tindices: {int16,"
    " int32, int64},"
    ' bad_indices_policy: string = "") -> output: Tparams'
)
def gather_nd(b: Builder, params: Value, indices: Value, *, bad_indices_policy: str) -> Value:
    """Slices of params at index vectors, which lie along the last dimension of indices."""
    shape, places = b.shape(params), b.shape(indices)
    require(len(shape) >= 1, "params must be at least a vector")
    require(len(places) >= 1, "indices must be at least a vector")
    depth = places[-1]
    if not isinstance(depth, int):
        raise DataDependent(indices)
    require(
        depth <= len(shape),
        f"index innermost dimension length must be <= params rank; saw: {depth} vs. {len(shape)}",
    )
    inside = index_vectors_inside(b, indices, shape[:depth])
    lenient = bad_indices_policy == "IGNORE"
    if not lenient:
        check_vectors(b, inside, indices, shape, "param shape")
    outer, rest = len(places) - 1, len(shape) - depth
    numbers = GatherDimensionNumbers(
        offset_dims=tuple(range(outer, outer + rest)),
        collapsed_slice_dims=tuple(range(depth)),
        start_index_map=tuple(range(depth)),
        index_vector_dim=outer,
    )
    if 0 in shape:
        require(
            is_abstract(b) or any(is_zero(b, size) for size in places[:-1]),
            f"Requested more than 0 entries, but params is empty. Params shape: {show(shape)}",
        )
        return b.full(0, (*places[:-1], *shape[depth:]), params.type.dtype)
    sizes = [1] * depth + list(shape[depth:])
    found = b.gather(params, indices, numbers, sizes)
    if not lenient:
        return found
    kept = b.broadcast_in_dim(inside, b.shape(found), tuple(range(outer)))
    return b.select(kept, found, b.zeros_like(found))


def index_vectors_inside(b: Builder, indices: Value, limits: Shape) -> Value:
    """For each vector along the last axis, whether it indexes into a tensor of those sizes."""
    places = b.shape(indices)
    dtype = indices.type.dtype
    if not limits:
        return b.full(True, places[:-1], dtypes.bool_)
    bounds = [b.reshape(b.size(size, dtype), (1,)) for size in limits]
    bound = b.broadcast_to(b.concatenate(bounds, 0), places)
    return b.reduce_and(b.and_(b.ge(indices, 0), b.lt(indices, bound)), [-1])


@gather_nd.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    params, indices = op.inputs
    size = g("Shape", params, out_type=indices.dtype)
    return g("ScatterNd", indices, grad, size), None


# One-hot


@op(
    "OneHot(indices: TI, depth: int32, on_value: T, off_value: T; axis: int = -1, T: type,"
    " TI: {uint8, int8, int32, int64} = int64) -> output: T"
)
def one_hot(
    b: Builder, indices: Value, depth: Value, on_value: Value, off_value: Value, *, axis: int
) -> Value:
    """`on_value` where the position along a new dimension is the index, else `off_value`."""
    old = b.shape(indices)
    for name, value in (("depth", depth), ("on_value", on_value), ("off_value", off_value)):
        require_rank(b, value, 0, name)
    require(
        -1 <= axis <= len(old),
        f"Expected axis to be -1 or between [0, {len(old) + 1}).  But received: {axis}",
    )
    (count,) = b.dims(depth)
    require(not isinstance(count, int) or count >= 0, f"depth must be non-negative, got: {count}")
    where = len(old) if axis == -1 else axis
    shape = [*old[:where], count, *old[where:]]
    others = tuple(a for a in range(len(shape)) if a != where)
    wide = b.convert(indices, dtypes.int64)
    hit = b.eq(b.iota(shape, where, dtypes.int64), b.broadcast_in_dim(wide, shape, others))
    on, off = (b.broadcast_in_dim(v, shape, ()) for v in (on_value, off_value))
    return b.select(hit, on, off)


one_hot.not_differentiable()


# Along sequences


@op(
    "ReverseSequence(input: T[...,:,:], seq_lengths: Tlen[:]; seq_dim: int,"
    " batch_dim: int = 0, T: type,"
    " Tlen: {index} = int64) -> output: T"
)
def reverse_sequence(
    b: Builder, input: Value, seq_lengths: Value, *, seq_dim: int, batch_dim: int
) -> Value:
    """In each batch entry the first `seq_lengths[i]` elements along seq_dim, backwards."""
    shape = b.shape(input)
    require_rank(b, seq_lengths, 1, "seq_lengths")
    require(batch_dim != seq_dim, f"batch_dim == seq_dim == {seq_dim}")
    seq, batch = normalize_axis(seq_dim, len(shape)), normalize_axis(batch_dim, len(shape))
    require(
        b.assumptions.equal(b.shape(seq_lengths)[0], shape[batch]),
        f"Length of seq_lengths != input.dims({batch}), ({b.shape(seq_lengths)[0]} vs. "
        f"{shape[batch]})",
    )
    _check_lengths(b, seq_lengths, shape[seq], seq)
    lengths = b.broadcast_in_dim(b.convert(seq_lengths, dtypes.int64), shape, (batch,))
    place = b.iota(shape, seq, dtypes.int64)
    source = b.select(b.lt(place, lengths), b.subtract(b.subtract(lengths, place), 1), place)
    return take_along(b, input, source, seq)


def _check_lengths(b: Builder, lengths: Value, most: Dim, axis: int) -> None:
    def words(place: str, length: int, limit: int) -> str:
        fault = "< 0" if length < 0 else f"> input.dims({axis})"
        return f"seq_lens{place.replace('[', '(').replace(']', ')')} {fault}: it is {length}"

    check_bounds(b, lengths, most + 1, "seq_lens", words)


def take_along(b: Builder, x: Value, indices: Value, axis: int) -> Value:
    """`x[i, ..., indices[i, ..., j], ...]`: indices of x's shape, except along the axis."""
    shape = b.shape(x)
    if shape[axis] == 0:  # nothing is there to take
        return b.full(0, b.shape(indices), x.type.dtype)
    others = tuple(a for a in range(len(shape)) if a != axis)
    numbers = GatherDimensionNumbers(
        collapsed_slice_dims=(axis,),
        operand_batching_dims=others,
        start_indices_batching_dims=others,
        start_index_map=(axis,),
        index_vector_dim=len(shape),
    )
    return b.gather(x, indices, numbers, [1] * len(shape))


@reverse_sequence.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    names = ("seq_dim", "batch_dim")
    return g("ReverseSequence", grad, op.inputs[1], **{n: op.get_attr(n) for n in names}), None
