"""Special functions of one number: log gamma, Dawson's, Fresnel's and exponential integrals ...

Bessel functions are in `special_bessel`, functions of several numbers in `special_gamma`.
"""

from __future__ import annotations

import math
from itertools import pairwise

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, in_float32
from flowc.ops.elementwise import special_tables as tables
from flowc.ops.elementwise.special_series import (
    between,
    beyond,
    cosine_and_sine,
    define,
    log,
    series,
    where_positive,
)
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op
from flowc.ops.terms import Term, absolute, exp, sign, sqrt, where


@op("Lgamma(x: T; T: {float}) -> y: T")
def lgamma(b: Builder, x: Value) -> Value:
    """The logarithm of |gamma(x)|."""
    return b.lgamma(x)


@lgamma.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Digamma", op.inputs[0]),)


@op("Digamma(x: T; T: {float}) -> y: T")
def digamma(b: Builder, x: Value) -> Value:
    """The derivative of lgamma: gamma'(x) / gamma(x)."""
    return b.select(b.eq(x, 0), float("nan"), in_float32(b, x, b.digamma))


@digamma.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[0]
    return (grad * g("Polygamma", g.constant(1, x.dtype), x),)


# Dawson's integral


def _dawsn(x: Term) -> Term:
    """exp(-x**2) times the integral of exp(t**2) from 0 to x."""
    square = x * x
    far = series(beyond(square, 36), tables.DAWSN_FAR) / x
    middle = series(between(1.0 / square, 1 / 36, 1 / 9), tables.DAWSN_MIDDLE) / x
    near = series(between(square, 0, 9), tables.DAWSN_NEAR) * x
    return where(square > 36.0, far, where(square > 9.0, middle, near))


@define(
    "Dawsn", _dawsn, "Dawson's integral, exp(-x * x) * the integral of exp(t * t) from 0 to x."
).gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * (1.0 - 2.0 * op.inputs[0] * op.outputs[0]),)


# The exponential integral

_EXPINT_ENDS = (4.0, 10.0, 25.0, 60.0, math.inf)


def _expint(x: Term) -> Term:
    """The integral of exp(t) / t from -infinity to x > 0 (its principal value)."""
    result = series(between(x, 0, 4), tables.EXPINT_0) * x + log(x) + 0.57721566490153286061
    parts = (tables.EXPINT_1, tables.EXPINT_2, tables.EXPINT_3, tables.EXPINT_4)
    inverse = 1.0 / x
    growth = exp(x) * inverse
    for (low, high), coefficients in zip(pairwise(_EXPINT_ENDS), parts, strict=True):
        part = series(between(inverse, 1 / high, 1 / low), coefficients) * growth
        result = where(x > low, part, result)
    return where_positive(x, result, -math.inf)


@define(
    "Expint", _expint, "The exponential integral Ei, of exp(t) / t from -infinity to x."
).gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[0]
    return (grad * (g("Exp", x) / x),)


# Fresnel's integrals: for large x 1/2 with the auxiliary functions f and g (DLMF 7.5)


def _waves(x: Term) -> tuple[Term, Term, Term, Term]:
    """f, g, and cosine and sine of the phase, for x >= 1.6."""
    inverse = 1.0 / (x * x * x * x)
    middle, far = between(inverse, 1 / 81, 1 / 1.6**4), between(inverse, 0, 1 / 81)
    large = x > 3.0
    f = where(large, series(far, tables.FRESNEL_F_FAR), series(middle, tables.FRESNEL_F_MIDDLE))
    g = where(large, series(far, tables.FRESNEL_G_FAR), series(middle, tables.FRESNEL_G_MIDDLE))
    phase = x * x * (math.pi / 2)
    return f / (x * math.pi), g / (x * x * x * math.pi**2), *cosine_and_sine(phase)


def _fresnel_cos(x: Term) -> Term:
    """The integral of cos(pi t**2 / 2) from 0 to x."""
    size = absolute(x)
    f, g, cosine, sine = _waves(size)
    far = sign(x) * (f * sine - g * cosine + 0.5)
    near = series(between(x * x * x * x, 0, 1.6**4), tables.FRESNEL_C) * x
    return _fresnel(x, far, near)


def _fresnel_sin(x: Term) -> Term:
    """The integral of sin(pi t**2 / 2) from 0 to x."""
    size = absolute(x)
    f, g, cosine, sine = _waves(size)
    far = sign(x) * (0.5 - f * cosine - g * sine)
    near = series(between(x * x * x * x, 0, 1.6**4), tables.FRESNEL_S) * (x * x * x)
    return _fresnel(x, far, near)


def _fresnel(x: Term, far: Term, near: Term) -> Term:
    size = absolute(x)
    return where(size > 36974.0, sign(x) * 0.5, where(size > 1.6, far, near))


@define(
    "FresnelCos", _fresnel_cos, "Fresnel's cosine integral, of cos(pi * t * t / 2) from 0 to x."
).gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[0]
    return (grad * g("Cos", g("Square", x) * (math.pi / 2)),)


@define(
    "FresnelSin", _fresnel_sin, "Fresnel's sine integral, of sin(pi * t * t / 2) from 0 to x."
).gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[0]
    return (grad * g("Sin", g("Square", x) * (math.pi / 2)),)


# Spence's integral


def _spence(x: Term) -> Term:
    """The dilogarithm of 1 - x, brought into [-1/2, 1/2] by its relations (DLMF 25.12)."""
    inverted = x > 1.5
    y = where(inverted, 1.0 / x, x)
    logarithm, large = log(y), y > 0.5
    w = where(large, y - 1.0, -y)
    value = w * series(between(w, -0.5, 0.5), tables.SPENCE)
    value = where(large, value, math.pi**2 / 6 - logarithm * log(1.0 - y) - value)
    value = where(inverted, -0.5 * logarithm * logarithm - value, value)
    return where_positive(x, value, math.pi**2 / 6)


@define("Spence", _spence, "Spence's integral, of log(t) / (1 - t) from 1 to x.").gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[0]
    one = g.constant(1, x.dtype)
    slope = g("Log", x) / (1.0 - x)
    slope = g("SelectV2", g("Equal", x, one), -g("OnesLike", x), slope)
    return (grad * slope,)


# The normal distribution's quantiles


def _ndtri(p: Term) -> Term:
    """The x below which a normal number lies with probability p."""
    upper = p - 0.5
    tail = where(p > 0.5, 1.0 - p, p)
    central = series(between(upper * upper, 0, 9 / 64), tables.NDTRI_CENTER) * upper
    r = sqrt(-2.0 * log(tail))
    far = series(between(1.0 / r, 1 / 40, 1 / 8), tables.NDTRI_FAR)
    near = series(between(1.0 / r, 1 / 8, 1 / 2), tables.NDTRI_TAIL)
    size = r - log(r) / r + where(r > 8.0, far, near) / r
    outer = where(p > 0.5, size, -size)
    result = where(upper * upper > 9 / 64, outer, central)
    result = where(p > 0.0, result, where(Term(p.b, p.b.eq(p.value, 0)), -p - math.inf, math.nan))
    is_one = Term(p.b, p.b.eq(p.value, 1))
    return where(p > 1.0, p * math.nan, where(is_one, p * math.inf, result))


@define(
    "Ndtri", _ndtri, "The quantile function of the normal distribution: below y lies the share x."
).gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    bell = g("Exp", g("Square", op.outputs[0]) * 0.5)
    return (grad * (math.sqrt(2 * math.pi) * bell),)
