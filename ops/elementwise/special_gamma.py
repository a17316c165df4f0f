"""Incomplete gamma and beta functions, the Hurwitz zeta function, polygamma: of several numbers.

Their series and fractions are computed in double precision, in loops that end when every element
has converged.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, fail, show, unbroadcast
from flowc.ops.elementwise.special_series import log
from flowc.ops.random.gamma_gradient import random_gamma_grad
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op
from flowc.ops.terms import Term, absolute, exp, where

_PRECISION = float(np.finfo(np.float64).eps)
_TINY = 1e-300
_MOST_TERMS = 2000

Function = Callable[[Term, Term], Term]
Step = Callable[[Term, list[Term]], tuple[Term, list[Term]]]


def _doubles(b: Builder, *operands: Value) -> list[Term]:
    """The operands in one shape and double precision."""
    return [Term(b, b.convert(v, dtypes.float64)) for v in b.broadcast(*operands)]


def _in_double(b: Builder, x: Value, y: Value, function: Function) -> Value:
    return b.convert(function(*_doubles(b, x, y)).value, x.type.dtype)


def _equals(x: Term, y: Term | float) -> Term:
    return x._with(y, x.b.eq)


def _both(x: Term, y: Term) -> Term:
    return x._with(y, x.b.and_)


def _not(x: Term) -> Term:
    return Term(x.b, x.b.not_(x.value))


def _lgamma(x: Term) -> Term:
    return Term(x.b, x.b.lgamma(x.value))


def _repeat(active: Term, start: list[Term], step: Step) -> list[Term]:
    """`start` after steps 1, 2, ...; each says which elements have not converged."""
    b = active.b

    def unfinished(active: Value, n: Value, *carried: Value) -> Value:
        return b.and_(b.reduce_or(active), b.lt(n, float(_MOST_TERMS)))

    def proceed(active: Value, n: Value, *carried: Value) -> list[Value]:
        going_on, new = step(Term(b, n), [Term(b, value) for value in carried])
        return [b.and_(active, going_on.value), b.add(n, 1), *(term.value for term in new)]

    one = b.constant(1.0, dtypes.float64)
    results = b.while_(unfinished, proceed, [active.value, one, *(t.value for t in start)])
    return [Term(b, value) for value in results[2:]]


# Incomplete gamma functions (S. Moshier, Cephes: igam, igamc)


def _lower_series(a: Term, x: Term, active: Term) -> Term:
    """P(a, x) = x**a exp(-x) / gamma(a + 1) * (1 + x / (a + 1) + ...)."""

    def step(n: Term, carried: list[Term]) -> tuple[Term, list[Term]]:
        term, total = carried
        term = term * x / (a + n)
        return term > total * _PRECISION, [term, total + term]

    one = x * 0.0 + 1.0
    _, total = _repeat(active, [one, one], step)
    return total * exp(a * log(x) - x - _lgamma(a + 1.0))


def _upper_fraction(a: Term, x: Term, active: Term) -> Term:
    """Q(a, x) = x**a exp(-x) / gamma(a) times a continued fraction, by Lentz's method."""

    def step(n: Term, carried: list[Term]) -> tuple[Term, list[Term]]:
        c, d, total = carried
        numerator = n * (a - n)
        partial = x + 1.0 - a + n * 2.0
        d = 1.0 / _nonzero(numerator * d + partial)
        c = _nonzero(numerator / c + partial)
        return _unsettled(c * d), [c, d, total * c * d]

    first = _nonzero(x + 1.0 - a)
    start = [first * 0.0 + 1 / _TINY, 1.0 / first, 1.0 / first]
    *_, total = _repeat(active, start, step)
    return total * exp(a * log(x) - x - _lgamma(a))


def _nonzero(x: Term) -> Term:
    return where(absolute(x) > _TINY, x, _TINY)


def _unsettled(factor: Term) -> Term:
    return absolute(factor - 1.0) > 2 * _PRECISION


def _incomplete(a: Term, x: Term) -> tuple[Term, Term, Term]:
    """P, Q, and where they are defined; each is computed from the other where that is exact."""
    valid = _both(x > 0.0, a > 0.0)
    far = _both(x > 1.0, x > a)
    finite = _not(_equals(x, math.inf))
    lower = _lower_series(a, x, _both(valid, _not(far)))
    upper = where(finite, _upper_fraction(a, x, _both(_both(valid, far), finite)), 0.0)
    return where(far, 1.0 - upper, lower), where(far, upper, 1.0 - lower), valid


def _igamma(a: Term, x: Term) -> Term:
    lower, _, valid = _incomplete(a, x)
    return where(_equals(x, 0.0), x, where(valid, lower, math.nan))


def _igammac(a: Term, x: Term) -> Term:
    _, upper, valid = _incomplete(a, x)
    start = _both(_equals(x, 0.0), a > 0.0)
    return where(start, x + 1.0, where(valid, upper, math.nan))


@op("Igamma(a: T, x: T; T: {float}) -> z: T")
def igamma(b: Builder, a: Value, x: Value) -> Value:
    """The regularized lower incomplete gamma function P(a, x)."""
    return _in_double(b, a, x, _igamma)


@op("Igammac(a: T, x: T; T: {float}) -> z: T")
def igammac(b: Builder, a: Value, x: Value) -> Value:
    """The regularized upper incomplete gamma function Q(a, x) = 1 - P(a, x)."""
    return _in_double(b, a, x, _igammac)


@op("IgammaGradA(a: T, x: T; T: {float32, float64}) -> z: T")
def igamma_grad_a(b: Builder, a: Value, x: Value) -> Value:
    """The derivative of P(a, x) in a: minus the density times what moves a gamma number."""
    first, second = _doubles(b, a, x)
    assert random_gamma_grad.lower is not None
    slope = Term(b, random_gamma_grad.lower(b, first.value, second.value))
    density = exp((first - 1.0) * log(second) - second - _lgamma(first))
    result = where(_equals(second, 0.0), second, -slope * density)
    return b.convert(result.value, a.type.dtype)


def _igamma_slopes(g: GraphBuilder, op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    a, x = op.inputs
    density = g("Exp", -x + (a - 1.0) * g("Log", x) - g("Lgamma", a))
    return g("IgammaGradA", a, x) * grad, density * grad


@igamma.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return unbroadcast(g, op, *_igamma_slopes(g, op, grad))


@igammac.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    by_a, by_x = _igamma_slopes(g, op, grad)
    return unbroadcast(g, op, -by_a, -by_x)


# Incomplete beta function (DLMF 8.17.22, by Lentz's method)


def _betainc(a: Term, b: Term, x: Term) -> Term:
    mirrored = x > (a + 1.0) / (a + b + 2.0)
    first, second = where(mirrored, b, a), where(mirrored, a, b)
    place = where(mirrored, 1.0 - x, x)
    inside = _both(_both(x > 0.0, 1.0 + x * 0.0 > x), _both(a > 0.0, b > 0.0))
    fraction = _beta_fraction(first, second, place, inside)
    scale = _lgamma(a + b) - _lgamma(a) - _lgamma(b)
    value = exp(scale + a * log(x) + b * log(1.0 - x)) / first * fraction
    value = where(mirrored, 1.0 - value, value)
    end = _both(_not(_both(x > 0.0, 1.0 + x * 0.0 > x)), _both(a > 0.0, b > 0.0))
    corner = where(_equals(x, 0.0), x, where(_equals(x, 1.0), x, math.nan))
    return where(inside, value, where(end, corner, math.nan))


def _beta_fraction(a: Term, b: Term, x: Term, active: Term) -> Term:
    def step(n: Term, carried: list[Term]) -> tuple[Term, list[Term]]:
        c, d, total = carried
        middle = a + n * 2.0
        even = n * (b - n) * x / ((middle - 1.0) * middle)
        odd = -(a + n) * (a + b + n) * x / (middle * (middle + 1.0))
        for numerator in (even, odd):
            d = 1.0 / _nonzero(numerator * d + 1.0)
            c = _nonzero(numerator / c + 1.0)
            total = total * c * d
        return _unsettled(c * d), [c, d, total]

    first = 1.0 / _nonzero(1.0 - (a + b) * x / (a + 1.0))
    *_, total = _repeat(active, [x * 0.0 + 1.0, first, first], step)
    return total


@op("Betainc(a: T, b: T, x: T; T: {float32, float64}) -> z: T")
def betainc(b: Builder, a: Value, second: Value, x: Value) -> Value:
    """The regularized incomplete beta function; each operand is a scalar or of one shape."""
    shapes = {shape for value in (a, second, x) if (shape := b.shape(value))}
    first = next(iter(shapes), ())
    if not all(b.assumptions.equal_shapes(first, shape) for shape in shapes):
        shown = ", ".join(show(b.shape(value)) for value in (a, second, x))
        raise fail(f"Shapes of a, b and x are inconsistent: {shown}")
    return b.convert(_betainc(*_doubles(b, a, second, x)).value, x.type.dtype)


@betainc.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    a, b, x = op.inputs
    log_beta = g("Lgamma", a) + g("Lgamma", b) - g("Lgamma", a + b)
    tails = g("Xlog1py", b - 1.0, -x) + g("Xlogy", a - 1.0, x)
    slope = g("Exp", tails - log_beta) * grad
    return None, None, unbroadcast(g, op, None, slope, inputs=(a, x))[1]


# Zeta function (Euler and Maclaurin's formula, DLMF 25.11.9) and polygamma

_BERNOULLI = (
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
    -3617 / 10670622842880000,
    43867 / 5109094217170944000,
    -174611 / 802857662698291200000,
)


def _zeta(x: Term, q: Term) -> Term:
    """The sum of (q + k)**-x over k >= 0: as many terms as bring q to 20, then the formula."""

    def step(n: Term, carried: list[Term]) -> tuple[Term, list[Term]]:
        place, total = carried
        small = _not(place > 20.0)
        total = where(small, total + place ** (-x), total)
        return small, [where(small, place + 1.0, place), total]

    whole = Term(q.b, q.b.floor(q.value))
    pole = _both(_not(q > 0.0), _equals(whole, q))
    order = Term(x.b, x.b.floor(x.value))
    powers = Term(q.b, q.b.or_((q > 0.0).value, _equals(order, x).value))  # are real
    valid = _both(_both(x > 1.0, powers), _not(pole))
    place, total = _repeat(valid, [q, q * 0.0], step)
    last = place ** (-x)
    total = total + last * place / (x - 1.0) + last * 0.5
    factor, square = x * last / place, place * place
    for k, coefficient in enumerate(_BERNOULLI):
        total = total + factor * coefficient
        factor = factor * (x + (2 * k + 1)) * (x + (2 * k + 2)) / square
    half = Term(x.b, x.b.floor((x * 0.5).value))
    even = _both(_both(x > 1.0, pole), _equals(half * 2.0, x))
    endless = Term(x.b, x.b.or_(even.value, _equals(x, 1.0).value))
    return where(valid, total, where(endless, q * 0.0 + math.inf, math.nan))


@op("Zeta(x: T, q: T; T: {float32, float64}) -> z: T")
def zeta(b: Builder, x: Value, q: Value) -> Value:
    """The Hurwitz zeta function."""
    return _in_double(b, x, q, _zeta)


@zeta.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, q = op.inputs
    return unbroadcast(g, op, None, -x * g("Zeta", x + 1.0, q) * grad)


def _polygamma(a: Term, x: Term) -> Term:
    order = a + 1.0
    half = Term(a.b, a.b.floor((a * 0.5).value))
    size = exp(_lgamma(order)) * _zeta(order, x)
    value = where(_equals(half * 2.0, a), -size, size)
    value = where(_equals(a, 0.0), Term(x.b, x.b.digamma(x.value)), value)
    whole = Term(a.b, a.b.floor(a.value))
    return where(_both(_equals(whole, a), a > -1.0), value, math.nan)


@op("Polygamma(a: T, x: T; T: {float32, float64}) -> z: T")
def polygamma(b: Builder, a: Value, x: Value) -> Value:
    """The derivative of order a of digamma."""
    return _in_double(b, a, x, _polygamma)


@polygamma.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    a, x = op.inputs
    return unbroadcast(g, op, None, g("Polygamma", a + 1.0, x) * grad)
