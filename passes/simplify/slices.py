"""Slices, static and dynamic: joined, resolved to a part of what was put together."""

from __future__ import annotations

from flowc.ir.dims import Dim
from flowc.ir.tensor.core import Instruction, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import producer, static_array


def slice_all(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x[:] -> x`"""
    (x,) = i.operands
    return x if x.type == i.types[0] and set(i.attributes["strides"]) <= {1} else None


def slice_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x[a:b:s][c:d:t] -> x[a + c*s : a + (d-1)*s + 1 : s*t]`"""
    inner = producer(i.operands[0], "slice")
    if inner is None or any(size == 0 for size in i.types[0].shape):
        return None
    starts, strides = inner.attributes["start_indices"], inner.attributes["strides"]
    outer = zip(*(i.attributes[key] for key in _BOUNDS), strict=True)
    new: list[tuple[Dim, Dim, int]] = []
    for start, stride, size, (first, limit, step) in zip(
        starts, strides, i.types[0].shape, outer, strict=True
    ):
        if not isinstance(size, int) and stride * step != 1:
            return None  # it may be empty, which has no last element
        new.append((start + first * stride, start + (limit - 1) * stride + 1, stride * step))
    return b.slice(inner.operands[0], *zip(*new, strict=True)) if new else inner.operands[0]


_BOUNDS = ("start_indices", "limit_indices", "strides")


def slice_of_concatenate(b: RuleBuilder, i: Instruction) -> Value | None:
    """`concatenate(x, y)[...] -> x[...]`, `concatenate(x, y)[...] -> y[...]`: it lies within one"""
    joined = producer(i.operands[0], "concatenate")
    if joined is None:
        return None
    axis = joined.attributes["dimension"]
    start, limit = i.attributes["start_indices"][axis], i.attributes["limit_indices"][axis]
    offset: Dim = 0
    for operand in joined.operands:
        end = offset + operand.type.shape[axis]
        if _is_within(offset, start) and _is_within(limit, end):
            starts, limits = [*i.attributes["start_indices"]], [*i.attributes["limit_indices"]]
            starts[axis], limits[axis] = start - offset, limit - offset
            return b.slice(operand, starts, limits, i.attributes["strides"])
        offset = end
    return None


def _is_within(low: Dim, high: Dim) -> bool:
    difference = high - low
    return isinstance(difference, int) and difference >= 0


def slice_of_broadcast(b: RuleBuilder, i: Instruction) -> Value | None:
    """`broadcast(x)[...] -> broadcast(x)` where axes that x does not have are cut"""
    found = producer(i.operands[0], "broadcast_in_dim")
    if found is None:
        return None
    (x,), axes = found.operands, found.attributes["broadcast_dimensions"]
    old, new = found.types[0].shape, i.types[0].shape
    made_of = {axis for axis, size in zip(axes, x.type.shape, strict=True) if size != 1}
    steps = i.attributes["strides"]
    if any(old[axis] != new[axis] or steps[axis] != 1 for axis in made_of):
        return None
    return b.broadcast_in_dim(x, new, axes)


def dynamic_slice_known(b: RuleBuilder, i: Instruction) -> Value | None:
    """`dynamic_slice(x, c) -> x[...]`, `dynamic_slice(x, c, d) -> x[...]` at the starts, clamped;
    where all of an axis is taken, from any start `dynamic_slice(x, y) -> x[...]`
    """
    x, *indices = i.operands
    starts = _known_starts(indices, x.type.shape, i.types[0].shape)
    if starts is None:
        return None
    limits = [start + size for start, size in zip(starts, i.types[0].shape, strict=True)]
    return b.slice(x, starts, limits)


def update_all(b: RuleBuilder, i: Instruction) -> Value | None:
    """`dynamic_update_slice(x, y, i) -> y` where it is of x's shape"""
    x, update, *_ = i.operands
    return update if update.type == x.type else None


def _known_starts(
    indices: list[Value], shape: tuple[Dim, ...], sizes: tuple[Dim, ...]
) -> list[int] | None:
    """Where the slice begins, as far as numbers tell; 0 where it spans the whole axis."""
    starts = []
    for index, limit, size in zip(indices, shape, sizes, strict=True):
        known, room = static_array(index), limit - size
        if room == 0:
            starts.append(0)
        elif known is None or not isinstance(room, int):
            return None
        else:
            starts.append(min(max(int(known), 0), room))
    return starts


def gather_of_range(b: RuleBuilder, i: Instruction) -> Value | None:
    """`gather(x, y) -> reshape(x[k : k + n])` for constants y = k, k + 1, ... along one axis"""
    x, indices = i.operands
    numbers, sizes = i.attributes["dimension_numbers"], i.attributes["slice_sizes"]
    known = static_array(indices)
    if known is None or not known.size or len(numbers.start_index_map) != 1:
        return None
    (axis,) = numbers.start_index_map
    batch = len(i.types[0].shape) - (x.type.rank - 1)
    whole = all(sizes[a] == d for a, d in enumerate(x.type.shape) if a != axis)
    in_order = numbers.offset_dims == tuple(
        a for a in range(i.types[0].rank) if not axis <= a < axis + batch
    )
    if numbers.collapsed_slice_dims != (axis,) or numbers.operand_batching_dims or not whole:
        return None
    flat, limit = [int(v) for v in known.ravel()], x.type.shape[axis]
    first, last = flat[0], flat[-1]
    if not in_order or flat != list(range(first, last + 1)) or first < 0:
        return None
    if not isinstance(limit, int) or last >= limit:
        return None
    return b.reshape(b.slice_axis(x, axis, first, last + 1), i.types[0].shape)


RULES: Rules = {
    "slice": (slice_all, slice_twice, slice_of_concatenate, slice_of_broadcast),
    "dynamic_slice": (dynamic_slice_known,),
    "dynamic_update_slice": (update_all,),
    "gather": (gather_of_range,),
}
