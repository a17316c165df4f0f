"""Concatenate and pad: joined, dropped where they add nothing, absorbed by windows."""

from __future__ import annotations

from flowc.ir.dims import Dim
from flowc.ir.tensor.core import Instruction, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import is_number, producer, splat

_EDGES = ("edge_padding_low", "edge_padding_high")


def concatenate_parts(b: RuleBuilder, i: Instruction) -> Value | None:
    """`concatenate(x) -> x`, and operands without elements are left out: `concatenate(x, y) -> x`,
    `concatenate(x, y) -> y`
    """
    axis = i.attributes["dimension"]
    parts = [v for v in i.operands if v.type.shape[axis] != 0] or [i.operands[0]]
    if len(i.operands) == 1:
        return parts[0]
    return b.concatenate(parts, axis) if len(parts) < len(i.operands) else None


def concatenate_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`concatenate(concatenate(x, y), z) -> concatenate(x, y, z)`,
    `concatenate(x, concatenate(y, z)) -> concatenate(x, y, z)` where the inner is read once
    """
    axis, parts = i.attributes["dimension"], list[Value]()
    for v in i.operands:
        inner = producer(v, "concatenate")
        joins = inner is not None and inner.attributes["dimension"] == axis and b.used_once(v)
        parts += inner.operands if inner is not None and joins else [v]
    return b.concatenate(parts, axis) if len(parts) > len(i.operands) else None


def concatenate_of_slices(b: RuleBuilder, i: Instruction) -> Value | None:
    """`concatenate(x[a:b], x[b:c]) -> x[a:c]`"""
    axis, parts = i.attributes["dimension"], list[Value]()
    for v in i.operands:
        joined = _join_slices(b, parts[-1], v, axis) if parts else None
        parts[-1:] = [joined] if joined is not None else [*parts[-1:], v]
    return b.concatenate(parts, axis) if len(parts) < len(i.operands) else None


def _join_slices(b: RuleBuilder, left: Value, right: Value, axis: int) -> Value | None:
    first, second = producer(left, "slice"), producer(right, "slice")
    if first is None or second is None or first.operands[0] is not second.operands[0]:
        return None
    if {*first.attributes["strides"], *second.attributes["strides"]} != {1}:
        return None
    starts, limits = [*first.attributes["start_indices"]], [*first.attributes["limit_indices"]]
    if limits[axis] != second.attributes["start_indices"][axis]:
        return None
    expected = [*starts[:axis], limits[axis], *starts[axis + 1 :]]
    limits[axis] = second.attributes["limit_indices"][axis]
    same_place = expected == [*second.attributes["start_indices"]] and (
        limits == [*second.attributes["limit_indices"]]
    )
    return b.slice(first.operands[0], starts, limits) if same_place else None


def concatenate_of_one_number(b: RuleBuilder, i: Instruction) -> Value | None:
    """`concatenate(broadcast(x), broadcast(x)) -> broadcast(x)` for a scalar x"""
    sources = [producer(v, "broadcast_in_dim") for v in i.operands]
    first = sources[0]
    if first is None or first.operands[0].type.shape:
        return None
    if any(s is None or s.operands[0] is not first.operands[0] for s in sources):
        return None
    return b.broadcast_in_dim(first.operands[0], i.types[0].shape, ())


def pad_nothing(b: RuleBuilder, i: Instruction) -> Value | None:
    """`pad(x, v) -> x` by 0"""
    x, _ = i.operands
    amounts = [i.attributes[key] for key in (*_EDGES, "interior_padding")]
    return x if all(n == 0 for amount in amounts for n in amount) else None


def pad_with_itself(b: RuleBuilder, i: Instruction) -> Value | None:
    """`pad(broadcast(v), v) -> broadcast(v)` for a scalar v"""
    x, value = i.operands
    found = producer(x, "broadcast_in_dim")
    if found is None or found.operands[0] is not value:
        return None
    return b.broadcast_in_dim(value, i.types[0].shape, ())


def pad_by_less_than_nothing(b: RuleBuilder, i: Instruction) -> Value | None:
    """`pad(x, v) -> x[...]` by negative edges"""
    x, _ = i.operands
    low, high = (i.attributes[key] for key in _EDGES)
    if any(not isinstance(n, int) or n > 0 for n in (*low, *high)):
        return None
    if any(i.attributes["interior_padding"]) or not any((*low, *high)):
        return None
    limits = [size + n for size, n in zip(x.type.shape, high, strict=True)]
    return b.slice(x, [-n for n in low], limits)


def pad_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`pad(pad(x, v), v) -> pad(x, v)` of edges that are not negative; for equal numbers
    `pad(pad(x, c), d) -> pad(x, d)`
    """
    inner = producer(i.operands[0], "pad")
    if inner is None or not _is_same_number(inner.operands[1], i.operands[1]):
        return None
    both = (inner, i)
    if any(any(p.attributes["interior_padding"]) or not _widens(p) for p in both):
        return None
    low, high = (
        [a + c for a, c in zip(*(p.attributes[key] for p in both), strict=True)] for key in _EDGES
    )
    return b.pad(inner.operands[0], i.operands[1], low, high)


def _is_same_number(left: Value, right: Value) -> bool:
    a, c = splat(left), splat(right)
    return left is right or (a is not None and c is not None and a.tobytes() == c.tobytes())


def _widens(pad: Instruction) -> bool:
    """True where no edge is, or may be, negative."""
    edges = (n for key in _EDGES for n in pad.attributes[key])
    return all(isinstance(n, int) and n >= 0 for n in edges)


def convolution_of_pad(b: RuleBuilder, i: Instruction) -> Value | None:
    """`convolution(pad(x, 0), y) -> convolution(x, y)` with that padding of the spatial axes"""
    pad = producer(i.operands[0], "pad")
    numbers = i.attributes["dimension_numbers"]
    if pad is None or not is_number(pad.operands[1], 0) or not _widens(pad):
        return None
    spatial = numbers.input_spatial_dimensions
    others = (numbers.input_batch_dimension, numbers.input_feature_dimension)
    low, high = (pad.attributes[key] for key in _EDGES)
    dilated = any(d != 1 for d in i.attributes["lhs_dilation"])
    if dilated or any(pad.attributes["interior_padding"]) or any(low[a] or high[a] for a in others):
        return None
    padding: list[tuple[Dim, Dim]] = [
        (low[a] + before, high[a] + after)
        for a, (before, after) in zip(spatial, i.attributes["padding"], strict=True)
    ]
    attributes = {**i.attributes, "padding": tuple(padding)}
    return b.emit("convolution", pad.operands[0], i.operands[1], **attributes)


RULES: Rules = {
    "concatenate": (
        concatenate_parts,
        concatenate_twice,
        concatenate_of_slices,
        concatenate_of_one_number,
    ),
    "pad": (pad_nothing, pad_with_itself, pad_by_less_than_nothing, pad_twice),
    "convolution": (convolution_of_pad,),
}
