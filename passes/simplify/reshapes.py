"""Reshapes: joined, and moved down past work that does not see axes of size 1.

Only reshapes that add such axes move: they come from `keepdims`, and the code around the reduction
is left on the reduced shape. Other reshapes stay where they are, since work that moved past one
could no longer share the loops of a reduction or a broadcast on the far side.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir.tensor.core import Instruction, Shape, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import (
    ELEMENTWISE,
    embedding,
    operand_of,
    producer,
    splat,
    wide_axes,
    wide_dims,
)

_FREE = ("broadcast_in_dim", "constant", "iota")  # a reshape of them that drops ones disappears


def reshape_to_same(b: RuleBuilder, i: Instruction) -> Value | None:
    """`reshape(x) -> x` where the shape does not change"""
    (x,) = i.operands
    return x if x.type == i.types[0] else None


def reshape_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`reshape(reshape(x)) -> reshape(x)`, as many elements by what either has assumed"""
    x = operand_of(i.operands[0], "reshape")
    if x is None or x.type == i.types[0]:
        return x
    return b.emit("reshape", x, shape=i.types[0].shape)


def reshape_of_broadcast(b: RuleBuilder, i: Instruction) -> Value | None:
    """`reshape(broadcast(x)) -> broadcast(reshape(x))` where axes of size 1 come and go, or x is
    a scalar
    """
    found = producer(i.operands[0], "broadcast_in_dim")
    if found is None:
        return None
    (x,), old, new = found.operands, found.types[0].shape, i.types[0].shape
    if not x.type.shape:
        return b.broadcast_in_dim(x, new, ())
    if wide_dims(old) != wide_dims(new):
        return None
    place = dict(zip(wide_axes(old), wide_axes(new), strict=True))
    axes = found.attributes["broadcast_dimensions"]
    kept = [axis for axis, target in enumerate(axes) if target in place]
    core = b.reshape(x, [x.type.shape[axis] for axis in kept])
    return b.broadcast_in_dim(core, new, [place[axes[axis]] for axis in kept])


def reshape_of_iota(b: RuleBuilder, i: Instruction) -> Value | None:
    """`reshape(iota()) -> iota()` where axes of size 1 come and go; along one of them
    `reshape(iota()) -> 0`
    """
    found = producer(i.operands[0], "iota")
    if found is None or wide_dims(found.types[0].shape) != wide_dims(i.types[0].shape):
        return None
    wide, axis = wide_axes(found.types[0].shape), found.attributes["iota_dimension"]
    if axis not in wide:
        return b.full(0, i.types[0].shape, i.types[0].dtype)
    return b.iota(i.types[0].shape, wide_axes(i.types[0].shape)[wide.index(axis)], i.types[0].dtype)


def elementwise_of_reshapes(b: RuleBuilder, i: Instruction) -> Value | None:
    """`f(reshape(x), reshape(y)) -> reshape(f(x, y))` where the reshapes add axes of size 1, and
    `f(reshape(x)) -> reshape(f(x))`, `f(reshape(x), c) -> reshape(f(x, c))`,
    `f(reshape(x), broadcast(y)) -> reshape(f(x, reshape(broadcast(y))))`,
    `f(p, reshape(x), reshape(y)) -> reshape(f(p, x, y))` for a scalar p
    """
    found = before_reshape(b, i.operands, i.types[0].shape)
    return None if found is None else b.reshape(b.like(i, *found[1]), i.types[0].shape)


def before_reshape(
    b: RuleBuilder, operands: Sequence[Value], shape: Shape
) -> tuple[Shape, list[Value]] | None:
    """The smaller shape that all operands were reshaped from, and they in it.

    Scalars are left as they are; constants and broadcasts can take any shape. None where an operand
    of `shape` is another thing, or where the reshapes do not agree.
    """
    sources = {
        x.type.shape
        for v in operands
        if (x := operand_of(v, "reshape")) is not None and splat(v) is None
    }
    if len(sources) != 1:
        return None
    (source,) = sources
    if len(source) >= len(shape) or embedding(source, shape) is None:
        return None
    movable = all(
        not v.type.shape or splat(v) is not None or _made_by(v, ("reshape", *_FREE))
        for v in operands
    )
    if not movable:
        return None
    return source, [_reshaped(b, v, source) for v in operands]


def _reshaped(b: RuleBuilder, value: Value, source: Shape) -> Value:
    """What was reshaped from `source`, or is now."""
    x = operand_of(value, "reshape")
    if not value.type.shape:
        return value
    return x if x is not None and x.type.shape == source else b.reshape(value, source)


def _made_by(value: Value, primitives: Sequence[str]) -> bool:
    return any(producer(value, name) is not None for name in primitives)


RULES: Rules = {
    "reshape": (reshape_to_same, reshape_twice, reshape_of_broadcast, reshape_of_iota),
    **dict.fromkeys(ELEMENTWISE, (elementwise_of_reshapes,)),
}
