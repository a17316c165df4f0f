"""Functions of one number by Chebyshev series, each on the intervals where its series is short.

The idea is that of Cephes (S. Moshier, 1989): near 0 a series of x or its square, far away one of
its reciprocal, after what makes the function infinite or lets it oscillate was taken out. A series
is cut where the element type does not tell the rest from 0, and computed by Horner's rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ops.common import in_float32
from flowc.ops.registry import OpDefinition, op
from flowc.ops.terms import Term, where

Function = Callable[[Term], Term]


def series(t: Term, coefficients: Sequence[float]) -> Term:
    """The sum of c[k] T_k(t) for t in [-1, 1]."""
    terms = _powers(coefficients, float(np.finfo(t.value.type.dtype.numpy).eps))
    total = t * terms[-1] + terms[-2]
    for term in terms[-3::-1]:
        total = total * t + term
    return total


def _powers(coefficients: Sequence[float], precision: float) -> list[float]:
    """Coefficients of the powers of t, without the terms that are too small to matter."""
    rest = np.cumsum(np.abs(coefficients)[::-1])[::-1]
    count = int(np.count_nonzero(rest > precision * rest[0] / 4))
    powers: list[float] = np.polynomial.chebyshev.cheb2poly(coefficients[: max(count, 2)]).tolist()
    return powers


def between(x: Term, low: float, high: float) -> Term:
    """x of [low, high] mapped to [-1, 1]."""
    return (x - (low + high) / 2) * (2 / (high - low))


def beyond(x: Term, low: float) -> Term:
    """x of [low, infinity) mapped to (-1, 1] through its reciprocal."""
    return (2 * low) / x - 1.0


def log(x: Term) -> Term:
    """The natural logarithm."""
    return Term(x.b, x.b.log(x.value))


def cosine_and_sine(x: Term) -> tuple[Term, Term]:
    """Both of an angle in radians."""
    return Term(x.b, x.b.cosine(x.value)), Term(x.b, x.b.sine(x.value))


def where_positive(x: Term, yes: Term, at_zero: float = math.nan) -> Term:
    """`yes` where x > 0, `at_zero` where it is 0, NaN below."""
    zero = Term(x.b, x.b.eq(x.value, 0))
    return where(x > 0.0, yes, where(zero, x * 0.0 + at_zero, math.nan))


def define(name: str, function: Function, summary: str) -> OpDefinition:
    """An op of one float tensor; narrow floats are computed in float32."""

    @op(f"{name}(x: T; T: {{float}}) -> y: T")
    def lower(b: Builder, x: Value) -> Value:
        return in_float32(b, x, lambda wide: function(Term(b, wide)).value)

    function_of: Any = lower.lower
    function_of.__doc__ = summary
    return lower
