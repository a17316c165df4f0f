"""How a gamma number changes with its alpha, other things being equal.

For the distribution function F(x; a), the regularized lower incomplete gamma function, it is
-(dF/da) / (dF/dx) (M. Figurnov et al., "Implicit reparameterization gradients", 2018). As in
Eigen, F comes from its power series where x <= max(a, 1), else from the continued fraction of
1 - F (S. Moshier, Cephes), each differentiated term by term; here both in double precision.
"""

from __future__ import annotations

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.builder_control import Body
from flowc.ir.tensor.core import Value
from flowc.ops.registry import op

_PRECISION = float(np.finfo(np.float64).eps)
_MOST_TERMS = 2000
_LARGE = 2.0**52  # from here on the fraction's terms are scaled down


@op("RandomGammaGrad(alpha: T, sample: T; T: {float32, float64}) -> output: T")
def random_gamma_grad(b: Builder, alpha: Value, sample: Value) -> Value:
    """The derivative of a sample in alpha; 0 for a sample of 0, NaN outside of the domain."""
    dtype = alpha.type.dtype
    a, x = (b.convert(v, dtypes.float64) for v in b.broadcast(alpha, sample))
    valid = b.and_(b.gt(x, 0), b.gt(a, 0))
    far = b.and_(b.gt(x, 1), b.gt(x, a))
    slope = b.select(
        far,
        _by_fraction(b, a, x, b.and_(valid, far)),
        _by_series(b, a, x, b.and_(valid, b.not_(far))),
    )
    other = b.select(b.eq(x, 0), b.zeros_like(x), float("nan"))
    return b.convert(b.select(valid, slope, other), dtype)


def _by_series(b: Builder, a: Value, x: Value, active: Value) -> Value:
    """From F = x**a exp(-x) / gamma(a + 1) * (1 + x / (a + 1) + ...)."""

    def proceed(active: Value, n: Value, *carried: Value) -> list[Value]:
        r, c, dc, total, slope = carried
        r = b.add(r, 1)
        term = b.divide(x, r)
        dc = b.subtract(b.multiply(term, dc), b.multiply(b.divide(term, r), c))
        c = b.multiply(c, term)
        slope = b.add(slope, dc)
        going_on = b.gt(b.abs(dc), b.multiply(b.abs(slope), _PRECISION))
        return [b.and_(active, going_on), b.add(n, 1), r, c, dc, b.add(total, c), slope]

    zeros, ones = b.zeros_like(x), b.ones_like(x)
    *_, total, slope = _repeat(b, proceed, active, [a, ones, zeros, ones, zeros])
    growth = b.subtract(b.log(x), b.digamma(b.add(a, 1)))
    change = b.add(slope, b.multiply(total, growth))
    return b.divide(b.negate(b.multiply(change, x)), a)


def _by_fraction(b: Builder, a: Value, x: Value, active: Value) -> Value:
    """From 1 - F = x**a exp(-x) / gamma(a) * p / q, p and q by recurrences of three terms."""

    def proceed(active: Value, n: Value, *carried: Value) -> list[Value]:
        p, q, dp, dq, p_before, q_before, dp_before, dq_before, _, slope = carried
        step = b.broadcast_to(n, b.shape(x))
        inner = b.multiply(b.add(b.subtract(step, a), 1), step)  # (1 - a + n) n
        outer = b.add(b.subtract(b.add(x, b.multiply(step, 2)), a), 2)

        def recur(last: Value, before: Value) -> Value:
            return b.subtract(b.multiply(last, outer), b.multiply(before, inner))

        def recur_slope(d: Value, d_before: Value, last: Value, before: Value) -> Value:
            return b.add(b.subtract(recur(d, d_before), last), b.multiply(before, step))

        new = [
            recur(p, p_before),
            recur(q, q_before),
            recur_slope(dp, dp_before, p, p_before),
            recur_slope(dq, dq_before, q, q_before),
        ]
        total, changed = _quotient(b, *new)
        going_on = b.gt(b.abs(b.subtract(changed, slope)), _PRECISION)
        scale = b.select(b.gt(b.abs(new[0]), _LARGE), b.full_like(x, 1 / _LARGE), 1)
        scaled = [b.multiply(value, scale) for value in (*new, p, q, dp, dq)]
        return [b.and_(active, going_on), b.add(n, 1), *scaled, total, changed]

    zeros, ones = b.zeros_like(x), b.ones_like(x)
    p, q = b.add(x, 1), b.multiply(b.add(b.subtract(x, a), 2), x)
    first = [p, q, zeros, b.negate(x)]
    start = [*first, ones, x, zeros, zeros, *_quotient(b, *first)]
    *_, total, slope = _repeat(b, proceed, active, start)
    growth = b.subtract(b.log(x), b.digamma(a))
    return b.multiply(b.add(slope, b.multiply(total, growth)), x)


def _quotient(b: Builder, p: Value, q: Value, dp: Value, dq: Value) -> tuple[Value, Value]:
    """p / q and its derivative."""
    total = b.divide(p, q)
    return total, b.divide(b.subtract(dp, b.multiply(total, dq)), q)


def _repeat(b: Builder, body: Body, active: Value, carried: list[Value]) -> list[Value]:
    """`carried` after the loop, which counts from 1 and ends when no element is active."""

    def unfinished(active: Value, n: Value, *carried: Value) -> Value:
        return b.and_(b.reduce_or(active), b.lt(n, _MOST_TERMS))

    one = b.constant(1.0, dtypes.float64)
    return list(b.while_(unfinished, body, [active, one, *carried])[2:])
