"""Bessel functions of orders 0 and 1, with derivatives by their recurrences (DLMF 10.6, 10.29)."""

from __future__ import annotations

import math
from collections.abc import Callable

from flowc.ops.common import Tensors
from flowc.ops.elementwise import special_bessel_tables as tables
from flowc.ops.elementwise.special_series import (
    Function,
    between,
    beyond,
    cosine_and_sine,
    define,
    log,
    series,
)
from flowc.ops.registry import GraphBuilder, Operation, Tensor
from flowc.ops.terms import Term, absolute, exp, rsqrt, sign, where

# Modified, of the first kind


def _i0e(x: Term) -> Term:
    """exp(-|x|) I0(x)."""
    x = absolute(x)
    far = series(beyond(x, 8), tables.I0E_FAR) * rsqrt(x)
    return where(x > 8.0, far, _i0e_near(x))


def _i0e_near(x: Term) -> Term:
    return series(between(x, 0, 8), tables.I0E_NEAR)


def _i1e(x: Term) -> Term:
    """exp(-|x|) I1(x)."""
    size = absolute(x)
    far = series(beyond(size, 8), tables.I1E_FAR) * rsqrt(size) * sign(x)
    return where(size > 8.0, far, _i1e_near(size) * sign(x))


def _i1e_near(x: Term) -> Term:
    return series(between(x, 0, 8), tables.I1E_NEAR) * x


def _grown(scaled: Function) -> Function:
    return lambda x: scaled(x) * exp(absolute(x))


_i0, _i1 = _grown(_i0e), _grown(_i1e)


# Modified, of the second kind


def _k0_near(x: Term) -> Term:
    rest = log(x * 0.5) * _i0e_near(x) * exp(x)
    return series(between(x * x, 0, 4), tables.K0_NEAR) - rest


def _k1_near(x: Term) -> Term:
    rest = log(x * 0.5) * _i1e_near(x) * exp(x)
    return series(between(x * x, 0, 4), tables.K1_NEAR) / x + rest


def _or_limit(x: Term, positive: Term, limit: float) -> Term:
    """`positive` where x is that, else the limit at 0, as in TensorFlow for negative x too."""
    return where(x > 0.0, positive, x * 0.0 + limit)


def _k(near: Function, coefficients: tuple[float, ...], scaled: bool) -> Function:
    """K of an order, times exp(x) if it is to be scaled."""

    def function(x: Term) -> Term:
        close, far = near(x), series(beyond(x, 2), coefficients) * rsqrt(x)
        close, far = (close * exp(x), far) if scaled else (close, far * exp(-x))
        return _or_limit(x, where(x > 2.0, far, close), math.inf)

    return function


# Of the first and second kind. Far from 0 they are P cos - Q sin and P sin + Q cos of one phase, P
# and Q being smooth in 1 / x**2 (DLMF 10.17).


def _wave(x: Term, order: int) -> tuple[Term, Term]:
    """J and Y of a large x."""
    t = beyond(x * x, 64)
    p = series(t, (tables.P0_FAR, tables.P1_FAR)[order])
    q = series(t, (tables.Q0_FAR, tables.Q1_FAR)[order]) / x
    cosine, sine = cosine_and_sine(x - math.pi / 4 * (2 * order + 1))
    amplitude = rsqrt(x) * math.sqrt(2 / math.pi)
    return amplitude * (p * cosine - q * sine), amplitude * (p * sine + q * cosine)


def _j0(x: Term) -> Term:
    x = absolute(x)
    return where(x > 8.0, _wave(x, 0)[0], _j0_near(x))


def _j0_near(x: Term) -> Term:
    return series(between(x * x, 0, 64), tables.J0_NEAR)


def _j1(x: Term) -> Term:
    size = absolute(x)
    return where(size > 8.0, _wave(size, 1)[0] * sign(x), _j1_near(x))


def _j1_near(x: Term) -> Term:
    return series(between(x * x, 0, 64), tables.J1_NEAR) * x


def _y0(x: Term) -> Term:
    near = series(between(x * x, 0, 64), tables.Y0_NEAR) + log(x) * _j0_near(x) * (2 / math.pi)
    return _or_limit(x, where(x > 8.0, _wave(x, 0)[1], near), -math.inf)


def _y1(x: Term) -> Term:
    rest = (log(x) * _j1_near(x) - 1.0 / x) * (2 / math.pi)
    near = series(between(x * x, 0, 64), tables.Y1_NEAR) * x + rest
    return _or_limit(x, where(x > 8.0, _wave(x, 1)[1], near), -math.inf)


# Derivatives

Slope = Callable[[GraphBuilder, Tensor, Tensor], Tensor]  # of the argument and the result


def _at_zero(g: GraphBuilder, x: Tensor, limit: float, slope: Tensor) -> Tensor:
    """The slope, but its limit where x is 0."""
    zero = g.constant(0, x.dtype)
    limits = g("Fill", g("Shape", x), g.constant(limit, x.dtype))
    chosen: Tensor = g("SelectV2", g("Equal", x, zero), limits, slope)
    return chosen


def _i1_slope(g: GraphBuilder, x: Tensor, y: Tensor) -> Tensor:
    return _at_zero(g, x, 1.0, g("BesselI0", x) - g("Div", y, x))


def _i1e_slope(g: GraphBuilder, x: Tensor, y: Tensor) -> Tensor:
    slope = g("BesselI0e", x) - y * (g("Sign", x) + g("Reciprocal", x))
    return _at_zero(g, x, 0.5, slope)


def _j1_slope(g: GraphBuilder, x: Tensor, y: Tensor) -> Tensor:
    return _at_zero(g, x, 0.5, g("BesselJ0", x) - g("Div", y, x))


_FUNCTIONS: dict[str, tuple[Function, Slope]] = {
    "I0": (_i0, lambda g, x, y: g("BesselI1", x)),
    "I0e": (_i0e, lambda g, x, y: g("BesselI1e", x) - g("Sign", x) * y),
    "I1": (_i1, _i1_slope),
    "I1e": (_i1e, _i1e_slope),
    "K0": (_k(_k0_near, tables.K0E_FAR, False), lambda g, x, y: -g("BesselK1", x)),
    "K0e": (_k(_k0_near, tables.K0E_FAR, True), lambda g, x, y: y - g("BesselK1e", x)),
    "K1": (_k(_k1_near, tables.K1E_FAR, False), lambda g, x, y: -g("BesselK0", x) - g("Div", y, x)),
    "K1e": (
        _k(_k1_near, tables.K1E_FAR, True),
        lambda g, x, y: y * (1.0 - g("Reciprocal", x)) - g("BesselK0e", x),
    ),
    "J0": (_j0, lambda g, x, y: -g("BesselJ1", x)),
    "J1": (_j1, _j1_slope),
    "Y0": (_y0, lambda g, x, y: -g("BesselY1", x)),
    "Y1": (_y1, lambda g, x, y: g("BesselY0", x) - g("Div", y, x)),
}


def _gradient(slope: Slope) -> Callable[[GraphBuilder, Operation, Tensor], Tensors]:
    return lambda g, op, grad: (grad * slope(g, op.inputs[0], op.outputs[0]),)


for _name, (_function, _slope) in _FUNCTIONS.items():
    _summary = f"The Bessel function {_name[:2]}" + (", scaled." if _name[2:] else ".")
    define(f"Bessel{_name}", _function, _summary).gradient(_gradient(_slope))
