"""Parts of tensors by begin and size or stride: slice, strided slice and its gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, DataDependent, require
from flowc.ir.tensor.core import Evidence, Shape, Value
from flowc.ops.checks import Words, check_all, check_bounds, culprit
from flowc.ops.common import Tensors, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


@op("Slice(input: T, begin: Index[:], size: Index[:]; T: type, Index: {index}) -> output: T")
def slice_(b: Builder, input: Value, begin: Value, size: Value) -> Value:
    """`size` elements from `begin` in each dimension; -1 is all that follow."""
    shape = b.shape(input)
    for value in (begin, size):
        require(
            b.assumptions.equal_shapes(b.shape(value), (len(shape),)),
            "Expected begin and size arguments to be 1-D tensors of size "
            f"{len(shape)}, but got shapes {show(b.shape(begin))} and {show(b.shape(size))} "
            "instead.",
        )
    sizes = b.dims(size)
    if b.symbolic(begin) is None and -1 not in sizes:
        return _slice_anywhere(b, input, begin, sizes)
    begins = b.dims(begin)
    limits = [
        total if count == -1 else start + count
        for total, start, count in zip(shape, begins, sizes, strict=True)
    ]
    for i, (start, limit) in enumerate(zip(begins, limits, strict=True)):
        _require_inside(b, i, start, limit, shape[i])
    return b.slice(input, begins, limits)


def _require_inside(b: Builder, axis: int, start: Dim, limit: Dim, size: Dim) -> None:
    ordered = b.assumptions.at_least(start, 0) and b.assumptions.at_least(limit, start)
    require(
        ordered and b.assumptions.at_least(size, limit),
        f"Expected begin[{axis}] in [0, {size}] and size[{axis}] in [0, {size - start}], but got "
        f"{start} and {limit - start}",
    )


def _outside_of(axis: int, count: Dim) -> Words:
    """A slice of `count` elements that begins where so many do not follow."""

    def words(_: str, start: int, room: int) -> str:
        return (
            f"Expected begin[{axis}] in [0, {room - 1}] for a slice of {count} elements, but "
            f"got {start}"
        )

    return words


def _slice_anywhere(b: Builder, x: Value, begin: Value, sizes: Shape) -> Value:
    """A slice of known sizes at a place that only the run knows."""
    starts = []
    for axis, count in enumerate(sizes):
        start = b.reshape(b.slice_axis(begin, 0, axis, axis + 1), ())
        room = b.shape(x)[axis] - count + 1
        check_bounds(b, start, room, f"begin[{axis}]", _outside_of(axis, count))
        starts.append(start)
    return b.dynamic_slice(x, starts, sizes)


@slice_.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, begin, _ = op.inputs
    rank = g("Rank", x)
    column = g("Pack", [rank, g.constant(1)])
    index = begin.dtype
    before = g("Reshape", begin, column)
    size, out = g("Shape", x, out_type=index), g("Shape", op.outputs[0], out_type=index)
    after = g("Reshape", size - out - begin, column)
    return g("Pad", grad, g("ConcatV2", [before, after], g.constant(1))), None, None


# StridedSlice


@dataclass(frozen=True)
class _Masks:
    """The five bit masks of a strided slice; bit i belongs to entry i of begin, end, strides."""

    begin: int
    end: int
    ellipsis: int
    new_axis: int
    shrink: int


@dataclass(frozen=True)
class _Entry:
    """What a strided slice takes of one dimension, by plain Python rules: [start:limit:stride].

    `axis` is -1 for a new dimension of size 1. `start` counts from the end of the walk: for a
    negative stride the walk goes down from `start` to above `limit`.
    """

    axis: int
    start: Dim = 0
    limit: Dim = 1
    stride: int = 1
    shrink: bool = False


@dataclass(frozen=True)
class _Spec:
    """The operands and masks; positions whose contents only the run knows are None."""

    begin: Sequence[Dim | None]
    end: Sequence[Dim | None]
    strides: Sequence[int]
    masks: _Masks


def _read_spec(b: Builder, begin: Value, end: Value, strides: Value, masks: _Masks) -> _Spec:
    for value in (begin, end, strides):
        require_rank(b, value, 1, "Expected begin, end, and strides")
    same = all(b.assumptions.equal_shapes(b.shape(v), b.shape(strides)) for v in (begin, end))
    require(same, "Expected begin, end, and strides to be 1D equal size tensors")
    steps = b.static(strides).tolist()
    require(0 not in steps, f"strides[{steps.index(0) if 0 in steps else 0}] must be non-zero")
    masks = replace(masks, ellipsis=masks.ellipsis & ((1 << len(steps)) - 1))
    require(bin(masks.ellipsis).count("1") <= 1, "Multiple ellipses in slice spec not allowed")
    return _Spec(_contents(b, begin), _contents(b, end), steps, masks)


_Limits: TypeAlias = tuple[Value, Value]  # the operands begin and end


def _contents(b: Builder, vector: Value) -> Sequence[Dim | None]:
    contents = b.symbolic(vector)
    if contents is None:
        (count,) = b.shape(vector)
        if not isinstance(count, int):
            raise DataDependent(vector)
        return (None,) * count
    return b.assumptions.canonical_shape(tuple(contents.tolist()))


def _bit(mask: int, i: int) -> bool:
    return bool(mask >> i & 1)


def _entries(b: Builder, shape: Shape, spec: _Spec, limits: _Limits) -> Iterator[_Entry]:
    """One entry per dimension of the input and per new dimension, in order."""
    masks, count = spec.masks, len(spec.strides)
    after = [i for i in range(count) if masks.ellipsis and 1 << i > masks.ellipsis]
    fresh_after = sum(_bit(masks.new_axis, i) for i in after)
    axis = 0
    for i in range(count):
        if _bit(masks.ellipsis, i):
            rest = len(after) - fresh_after
            yield from _whole(shape, axis, len(shape) - rest)
            axis = len(shape) - rest
        elif _bit(masks.new_axis, i):
            yield _Entry(-1)
        else:
            require(
                axis < len(shape),
                f"Index out of range using input dim {axis}; input has only {len(shape)} dims",
            )
            yield _entry(b, spec, i, axis, shape[axis], limits)
            axis += 1
    if not masks.ellipsis:
        yield from _whole(shape, axis, len(shape))


def _whole(shape: Shape, first: int, limit: int) -> Iterator[_Entry]:
    return (_Entry(axis, 0, shape[axis]) for axis in range(first, limit))


def _entry(b: Builder, spec: _Spec, i: int, axis: int, size: Dim, limits: _Limits) -> _Entry:
    begin, end = limits
    masks, stride = spec.masks, spec.strides[i]
    first, last = spec.begin[i], spec.end[i]
    if _bit(masks.shrink, i):
        require(stride > 0, "only stride 1 allowed on non-range indexing.")
        if first is None:
            raise DataDependent(begin)
        start = _from_front(b, first, size)
        inside = b.assumptions.at_least(start, 0) and b.assumptions.at_least(size - 1, start)
        require(inside, f"slice index {first} of dimension {axis} out of bounds.")
        return _Entry(axis, start, start + 1, 1, shrink=True)
    low, high = (0, size) if stride > 0 else (-1, size - 1)
    start, limit = (low, high) if stride > 0 else (high, low)
    if not _bit(masks.begin, i):
        if first is None:
            raise DataDependent(begin)
        start = _clamped(b, _from_front(b, first, size), low, high)
    if not _bit(masks.end, i):
        if last is None:
            raise DataDependent(end)
        limit = _clamped(b, _from_front(b, last, size), low, high)
    return _Entry(axis, start, limit, stride)


def _from_front(b: Builder, index: Dim, size: Dim) -> Dim:
    """A negative index counts from the end."""
    return index if b.assumptions.at_least(index, 0) else size + index


def _clamped(b: Builder, index: Dim, low: Dim, high: Dim) -> Dim:
    """`index` limited to [low, high]; where it surely lies within, unchanged."""
    if isinstance(index, int) and not isinstance(high, int) and index == 0:
        return index
    return dims.minimum(dims.maximum(index, low), high)


def _length(entry: _Entry) -> Dim:
    """The number of elements that the entry takes."""
    if entry.stride > 0:
        count = dims.ceildiv(entry.limit - entry.start, entry.stride)
    else:
        count = dims.ceildiv(entry.start - entry.limit, -entry.stride)
    return dims.maximum(count, 0)


_SIGNATURE = (
    "T: type, Index: {int16, int32, int64}, begin_mask: int = 0, end_mask: int = 0,"
    " ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0"
)


@op(
    f"StridedSlice(input: T, begin: Index[:], end: Index[:], strides: Index[:];"
    f" {_SIGNATURE}) -> output: T"
)
def strided_slice(
    b: Builder,
    input: Value,
    begin: Value,
    end: Value,
    strides: Value,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> Value:
    """`input[begin:end:strides]`; the masks stand for left-out limits, `...`, None and numbers."""
    masks = _Masks(
        begin_mask,
        end_mask,
        ellipsis_mask,
        new_axis_mask & ~ellipsis_mask,
        shrink_axis_mask & ~new_axis_mask & ~ellipsis_mask,
    )
    spec = _read_spec(b, begin, end, strides, masks)
    if None in spec.begin and (row := _dynamic_row(b, input, begin, spec)) is not None:
        return row
    entries = list(_entries(b, b.shape(input), spec, (begin, end)))
    return b.reshape(_cut(b, input, entries), _visible(entries))


def _visible(entries: Sequence[_Entry]) -> list[Dim]:
    """The result's shape."""
    return [1 if e.axis < 0 else _length(e) for e in entries if not e.shrink]


def _cut(b: Builder, x: Value, entries: Sequence[_Entry]) -> Value:
    """x cut as the entries say, with its rank kept."""
    kept = [e for e in entries if e.axis >= 0]
    starts, limits = [], []
    for entry in kept:
        count = _length(entry)
        if entry.stride > 0:
            starts.append(entry.start if count != 0 else 0)
            limits.append(dims.maximum(entry.limit, entry.start) if count != 0 else 0)
        else:
            low = entry.start + entry.stride * (count - 1)
            starts.append(low if count != 0 else 0)
            limits.append(entry.start + 1 if count != 0 else 0)
    part = b.slice(x, starts, limits, [abs(e.stride) for e in kept])
    return b.reverse(part, [e.axis for e in kept if e.stride < 0])


def _no_such_row(axis: int, index: Value, start: Value, size: Dim) -> Evidence:
    return culprit(
        (index, start),
        lambda _, place, size: (place < 0) | (place >= size),
        lambda _, index, *__: f"slice index {index} of dimension {axis} out of bounds.",
        (size,),
    )


def _dynamic_row(b: Builder, x: Value, begin: Value, spec: _Spec) -> Value | None:
    """`x[i, j]` or `x[i, j, ...]` where only the run knows i and j; None for other forms."""
    masks, count = spec.masks, len(spec.strides)
    shape, others = b.shape(x), masks.new_axis or masks.begin or masks.end
    numbers = count - 1 if masks.ellipsis == 1 << (count - 1) else count
    if others or masks.shrink != (1 << numbers) - 1 or (masks.ellipsis and numbers == count):
        return None
    starts = []
    for axis, size in enumerate(shape):
        if axis >= numbers:
            starts.append(b.constant(0, begin.type.dtype))
            continue
        index = b.reshape(b.slice_axis(begin, 0, axis, axis + 1), ())
        start = b.select(b.lt(index, 0), b.add(index, b.size(size, begin.type.dtype)), index)
        check_all(
            b,
            b.and_(b.ge(start, 0), b.lt(start, b.size(size, start.type.dtype))),
            f"slice index of dimension {axis} out of bounds.",
            _no_such_row(axis, index, start, size),
        )
        starts.append(start)
    sizes = [1 if axis < numbers else size for axis, size in enumerate(shape)]
    return b.reshape(b.dynamic_slice(x, starts, sizes), shape[numbers:])


_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


@strided_slice.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, begin, end, strides = op.inputs
    size = g("Shape", x, out_type=begin.dtype)
    masks = {name: op.get_attr(name) for name in _MASKS}
    return g("StridedSliceGrad", size, begin, end, strides, grad, **masks), None, None, None


@op(
    "StridedSliceGrad(shape: Index[:], begin: Index, end: Index, strides: Index, dy: T;"
    f" {_SIGNATURE}) -> output: T"
)
def strided_slice_grad(
    b: Builder,
    shape: Value,
    begin: Value,
    end: Value,
    strides: Value,
    dy: Value,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> Value:
    """Zeros of `shape` with `dy` where the strided slice would be."""
    masks = _Masks(
        begin_mask,
        end_mask,
        ellipsis_mask,
        new_axis_mask & ~ellipsis_mask,
        shrink_axis_mask & ~new_axis_mask & ~ellipsis_mask,
    )
    full = b.dims(shape)
    entries = list(_entries(b, full, _read_spec(b, begin, end, strides, masks), (begin, end)))
    require(
        b.assumptions.equal_shapes(b.shape(dy), tuple(_visible(entries))),
        f"shape of dy was {show(b.shape(dy))} instead of {show(tuple(_visible(entries)))}",
    )
    kept = [e for e in entries if e.axis >= 0]
    counts = [_length(e) for e in kept]
    part = b.reverse(b.reshape(dy, counts), [e.axis for e in kept if e.stride < 0])
    lows, highs = [], []
    for entry, count, size in zip(kept, counts, full, strict=True):
        step = abs(entry.stride)
        covered = dims.maximum((count - 1) * step + 1, 0)
        low = entry.start if entry.stride > 0 else entry.start - covered + 1
        lows.append(low if count != 0 else 0)
        highs.append(size - covered - low if count != 0 else size)
    return b.pad(part, 0, lows, highs, [abs(e.stride) - 1 for e in kept])


@strided_slice_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    begin, end, strides = op.inputs[1:4]
    masks = {name: op.get_attr(name) for name in _MASKS}
    return None, None, None, None, g("StridedSlice", grad, begin, end, strides, **masks)
