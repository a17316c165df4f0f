"""Broadcasts: joined, made smaller, and moved below the elementwise work of their operands."""

from __future__ import annotations

from flowc.ir.tensor.core import Instruction, Shape, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import (
    ELEMENTWISE,
    embedding,
    operand_of,
    producer,
    splat,
    uniform,
    wide_dims,
)


def broadcast_to_same(b: RuleBuilder, i: Instruction) -> Value | None:
    """`broadcast(x) -> x` where neither shape nor axes change"""
    (x,) = i.operands
    axes = i.attributes["broadcast_dimensions"]
    return x if x.type == i.types[0] and axes == tuple(range(len(axes))) else None


def broadcast_adding_ones(b: RuleBuilder, i: Instruction) -> Value | None:
    """`broadcast(x) -> reshape(x)` where only axes of size 1 are added"""
    (x,) = i.operands
    shape, axes = i.types[0].shape, i.attributes["broadcast_dimensions"]
    if list(axes) != sorted(axes) or wide_dims(x.type.shape) != wide_dims(shape):
        return None
    return b.reshape(x, shape)


def broadcast_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`broadcast(broadcast(x)) -> broadcast(x)`"""
    inner = producer(i.operands[0], "broadcast_in_dim")
    if inner is None:
        return None
    outer_axes = i.attributes["broadcast_dimensions"]
    axes = [outer_axes[axis] for axis in inner.attributes["broadcast_dimensions"]]
    return b.broadcast_in_dim(inner.operands[0], i.types[0].shape, axes)


def broadcast_of_reshape(b: RuleBuilder, i: Instruction) -> Value | None:
    """`broadcast(reshape(x)) -> broadcast(x)` where the reshape only adds axes of size 1"""
    (reshaped,) = i.operands
    x = operand_of(reshaped, "reshape")
    places = None if x is None else embedding(x.type.shape, reshaped.type.shape)
    if x is None or places is None:
        return None
    outer_axes = i.attributes["broadcast_dimensions"]
    return b.broadcast_in_dim(x, i.types[0].shape, [outer_axes[axis] for axis in places])


def constant_of_one_number(b: RuleBuilder, i: Instruction) -> Value | None:
    """`constant [c, c, c ...] -> broadcast(c)`"""
    number = uniform(i.attributes["value"])
    return None if number is None else b.full(number, i.types[0].shape, i.types[0].dtype)


def elementwise_of_broadcasts(b: RuleBuilder, i: Instruction) -> Value | None:
    """`f(broadcast(x), broadcast(y)) -> broadcast(f(x, y))` for alike broadcasts, and
    `f(broadcast(x)) -> broadcast(f(x))`, `f(broadcast(x), c) -> broadcast(f(x, c))`,
    `f(broadcast(x), broadcast(y), c) -> broadcast(f(x, y, c))`, `f(c, d) -> broadcast(f(c, d))`,
    `f(p, broadcast(x), broadcast(y)) -> broadcast(f(p, x, y))`,
    `f(p, broadcast(x), c) -> broadcast(f(p, x, c))` for a scalar p

    It is less work by the factor of the broadcast. Constants of one number are alike to any.
    """
    shape = i.types[0].shape
    varied = [v for v in i.operands if v.type.shape and splat(v) is None]
    spread = [producer(v, "broadcast_in_dim") for v in varied]
    if not shape or not all(_is_alike(s, spread[0]) for s in spread):
        return None
    source: Shape = ()
    axes: tuple[int, ...] = ()
    if spread and spread[0] is not None:
        source = spread[0].operands[0].type.shape
        axes = spread[0].attributes["broadcast_dimensions"]
    operands = [_before_broadcast(b, v, source) for v in i.operands]
    return b.broadcast_in_dim(b.like(i, *operands), shape, axes)


def _is_alike(left: Instruction | None, right: Instruction | None) -> bool:
    if left is None or right is None:
        return False
    return left.operands[0].type.shape == right.operands[0].type.shape and (
        left.attributes["broadcast_dimensions"] == right.attributes["broadcast_dimensions"]
    )


def _before_broadcast(b: RuleBuilder, value: Value, source: Shape) -> Value:
    """What was broadcast from shape `source`; a scalar operand of `select` is left as it is."""
    if not value.type.shape:
        return value
    if (number := splat(value)) is not None:
        return b.full(number, source, value.type.dtype)
    found = producer(value, "broadcast_in_dim")
    assert found is not None
    return found.operands[0]


RULES: Rules = {
    "constant": (constant_of_one_number,),
    "broadcast_in_dim": (
        broadcast_to_same,
        broadcast_adding_ones,
        broadcast_twice,
        broadcast_of_reshape,
    ),
    **dict.fromkeys(ELEMENTWISE, (elementwise_of_broadcasts,)),
}
