"""Filling in phrases: `tf.reduce_sum({number:1+}, {axes}, keepdims={flag})`.

A phrase is an expression with holes, or a function of `Holes` that gives one. The first operand
that is drawn is the phrase's *subject*, which axes and shapes belong to.

    {float} {int} {bool} {number} {any} {complex}   a tensor; `:2` of that rank, `:1+` at least
    {like} {wide}     one of the subject's dtype: of its shape too, or one that broadcasts with it
    {0}               the subject again
    {axis} {axes} {perm} {flag} {small} {of:a|b|c}  parameters
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from tests.fuzz.drawing.drawing import (
    COMPLEX,
    FLOATS,
    INTEGERS,
    NUMBERS,
    Drawing,
    Unfit,
    Value,
)

Phrase: TypeAlias = "str | Callable[[Holes], str]"

# Ways to write what is the same tensor, or another of its type.
_WRAPPED = (
    "tf.identity({x})",
    "tf.reshape({x}, tf.shape({x}))",
    "tf.reshape(tf.reshape({x}, [-1]), tf.shape({x}))",
    "tf.transpose(tf.transpose({x}))",
    "tf.squeeze(tf.expand_dims({x}, 0), 0)",
    "tf.concat([{x}[:1], {x}[1:]], 0)",
    "{x}[::-1]",
    "tf.where_v2(tf.equal({x}, {x}), {x}, tf.zeros_like({x}))",
)
_WRAPPED_NUMBER = (
    "tf.fill(tf.shape({x}), tf.reduce_max({x}))",
    "tf.broadcast_to(tf.reduce_sum({x}), tf.shape({x}))",
    "tf.ones_like({x}) * tf.reduce_min({x})",
    "tf.zeros_like({x}) + {x}[tuple([0] * {rank})]",
    "tf.broadcast_to(tf.reduce_max({x}, 0, keepdims=True), tf.shape({x}))",
    "tf.broadcast_to(tf.reduce_min({x}, -1, keepdims=True), tf.shape({x}))",
    "tf.stop_gradient({x})",
    "tf.maximum({x}, -{x})",
)
_SIZES = (1, 1, 2, 3, 4, 5, 7, 8, 16, 17)


class Holes:
    """The operands and parameters of one phrase."""

    def __init__(self, drawing: Drawing) -> None:
        self.d = drawing
        self.drawn: list[Value] = []

    def fill(self, phrase: Phrase) -> str:
        """The phrase as an expression. Raises Unfit where an operand is lacking."""
        if not isinstance(phrase, str):
            return self.fill(phrase(self))
        text = ""
        for literal, name, spec, _ in string.Formatter().parse(phrase):
            text += literal
            if name is not None:
                text += self._hole(name, spec or "")
        return text

    def _hole(self, name: str, spec: str) -> str:
        if name.isdigit():
            return self.drawn[int(name)].name
        if name in _KINDS:
            return self.text(self.operand(_KINDS[name], spec))
        return str(getattr(self, f"hole_{name}")(spec))

    # Operands

    @property
    def subject(self) -> Value:
        """The first operand."""
        if not self.drawn:
            raise Unfit
        return self.drawn[0]

    def operand(self, dtypes: Sequence[str], rank: str = "") -> Value:
        """A value of one of the dtypes. `rank` is a number, or a number and `+`."""
        least = int(rank.rstrip("+") or 0)
        most = least if rank and not rank.endswith("+") else 99
        return self.take(lambda v: v.dtype in dtypes and least <= v.rank <= most)

    def take(self, accept: Callable[[Value], bool]) -> Value:
        """A value that is acceptable, as an operand."""
        self.drawn.append(self.d.pick(accept))
        return self.drawn[-1]

    def text(self, value: Value) -> str:
        """The value, sometimes wrapped in something of the same type."""
        if not self.d.chance(0.15) or value.dtype == "object":
            return value.name
        number = value.dtype in NUMBERS and self.d.chance(0.6)
        wrapped: str = self.d.choose(*(_WRAPPED_NUMBER if number else _WRAPPED))
        if not value.rank and any(part in wrapped for part in ("[:", "[::", ", 0", "-1")):
            return value.name
        return wrapped.format(x=value.name, rank=value.rank)

    def constant(self, shape: Sequence[int], dtype: str) -> str:
        """A constant of drawn numbers."""
        wild = ", True" if self.d.wild and self.d.chance(0.3) else ""
        return f"tf.constant(data({tuple(shape)}, {dtype!r}, {self.d.number()}{wild}))"

    def hole_like(self, spec: str) -> str:
        """A value of the subject's type, mostly another one."""
        subject = self.subject
        try:
            return self.text(self.take(lambda v: v is not subject and v.is_alike(subject)))
        except Unfit:
            return self.text(subject)

    def hole_wide(self, spec: str) -> str:
        """A value or constant that broadcasts with the subject."""
        subject = self.subject
        if self.d.chance(0.25) and None not in subject.shape:
            shape = [self.d.choose(1, n, n) for n in subject.shape]
            return self.constant(shape[self.d.random.randint(0, len(shape)) :], subject.dtype)
        return self.text(self.take(lambda v: v.dtype == subject.dtype and _broadcasts(v, subject)))

    # Parameters

    def hole_axis(self, spec: str) -> int:
        """An axis of the subject, counted from either end."""
        rank = self.subject.rank
        if not rank:
            raise Unfit
        return self.d.random.randrange(-rank, rank)

    def hole_axes(self, spec: str) -> object:
        """Some axes, in any order; None for all."""
        rank = self.subject.rank
        if not rank or self.d.chance(0.2):
            return None
        count = self.d.random.randint(1, rank)
        axes = self.d.random.sample(range(rank), count)
        return [a - rank if self.d.chance(0.3) else a for a in axes]

    def hole_perm(self, spec: str) -> list[int]:
        """The axes in another order."""
        return self.d.random.sample(range(self.subject.rank), self.subject.rank)

    def hole_flag(self, spec: str) -> bool:
        """True or False."""
        return self.d.chance(0.5)

    def hole_small(self, spec: str) -> int:
        """A small positive number."""
        return int(self.d.choose(*_SIZES))

    def hole_of(self, spec: str) -> str:
        """One of the words."""
        return str(self.d.choose(*spec.split("|")))

    def hole_dtype(self, spec: str) -> str:
        """A dtype of some kind."""
        kinds = {"float": FLOATS, "int": ("int32", "int64"), "number": NUMBERS}[spec]
        return f"tf.{self.d.choose(*kinds)}"


_KINDS = {
    "float": FLOATS,
    "single": ("float32", "float64"),
    "int": INTEGERS,
    "index": ("int32", "int64"),
    "bool": ("bool",),
    "number": NUMBERS,
    "complex": COMPLEX,
    "any": (*NUMBERS, *COMPLEX, "bool"),
    "text": ("object",),
}


def _broadcasts(value: Value, subject: Value) -> bool:
    try:
        for a, b in zip(value.arrays, subject.arrays, strict=True):
            np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return False
    return True
