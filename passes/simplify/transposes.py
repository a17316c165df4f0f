"""Transposes and reversals: joined, or absorbed by what reads or makes the tensor."""

from __future__ import annotations

from flowc.ir.tensor.core import Instruction, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import producer, wide_axes


def transpose_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`transpose(transpose(x)) -> transpose(x)`, or x where the order is the old one"""
    inner = producer(i.operands[0], "transpose")
    if inner is None:
        return None
    first = inner.attributes["permutation"]
    return b.transpose(inner.operands[0], [first[axis] for axis in i.attributes["permutation"]])


def transpose_moving_ones(b: RuleBuilder, i: Instruction) -> Value | None:
    """`transpose(x) -> reshape(x)` where the axes that are not of size 1 keep their order"""
    (x,) = i.operands
    wide = wide_axes(x.type.shape)
    order = [axis for axis in i.attributes["permutation"] if axis in wide]
    return b.reshape(x, i.types[0].shape) if order == wide else None


def transpose_of_broadcast(b: RuleBuilder, i: Instruction) -> Value | None:
    """`transpose(broadcast(x)) -> broadcast(x)`"""
    found = producer(i.operands[0], "broadcast_in_dim")
    if found is None:
        return None
    permutation = i.attributes["permutation"]
    axes = [permutation.index(axis) for axis in found.attributes["broadcast_dimensions"]]
    return b.broadcast_in_dim(found.operands[0], i.types[0].shape, axes)


def transpose_of_iota(b: RuleBuilder, i: Instruction) -> Value | None:
    """`transpose(iota()) -> iota()`"""
    found = producer(i.operands[0], "iota")
    if found is None:
        return None
    axis = i.attributes["permutation"].index(found.attributes["iota_dimension"])
    return b.iota(i.types[0].shape, axis, i.types[0].dtype)


def reverse_ones(b: RuleBuilder, i: Instruction) -> Value | None:
    """`reverse(x) -> reverse(x)` without the axes of size 1"""
    (x,) = i.operands
    axes = i.attributes["dimensions"]
    wide = [axis for axis in axes if x.type.shape[axis] != 1]
    return None if len(wide) == len(axes) and axes else b.reverse(x, wide)


def reverse_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`reverse(reverse(x)) -> reverse(x)` along the axes that are in one of them"""
    inner = producer(i.operands[0], "reverse")
    if inner is None:
        return None
    axes = set(inner.attributes["dimensions"]) ^ set(i.attributes["dimensions"])
    return b.reverse(inner.operands[0], sorted(axes))


def reverse_of_broadcast(b: RuleBuilder, i: Instruction) -> Value | None:
    """`reverse(broadcast(x)) -> broadcast(x)` where x is of one element along the axes"""
    found = producer(i.operands[0], "broadcast_in_dim")
    if found is None:
        return None
    axes, sizes = found.attributes["broadcast_dimensions"], found.operands[0].type.shape
    made_of = {axis for axis, size in zip(axes, sizes, strict=True) if size != 1}
    return i.operands[0] if made_of.isdisjoint(i.attributes["dimensions"]) else None


RULES: Rules = {
    "transpose": (
        transpose_twice,
        transpose_moving_ones,
        transpose_of_broadcast,
        transpose_of_iota,
    ),
    "reverse": (reverse_ones, reverse_twice, reverse_of_broadcast),
}
