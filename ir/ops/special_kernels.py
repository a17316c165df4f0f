"""Special functions on float64 arrays, by methods that are short and converge everywhere.

Series, continued fractions, asymptotic expansions, and trapezoidal sums of analytic integrands,
which converge exponentially. Formula numbers are those of Abramowitz and Stegun (1964), AS below.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives import special

lgamma = special.vectorised(special.lgamma)
digamma = special.vectorised(special.digamma)
EULER = 0.57721566490153286061


def piecewise(x: Array, *cases: tuple[Array, Callable[[Array], Array]]) -> Array:
    """For each element the function of the first case that holds; NaN where none does."""
    result, left = np.full(x.shape, np.nan), np.ones(x.shape, bool)
    for condition, function in cases:
        chosen = left & condition
        if chosen.any():
            result[chosen] = function(x[chosen])
        left &= ~chosen
    return result


# Gamma and beta functions

_BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330,
)  # fmt: skip


def zeta(x: Array, q: Array) -> Array:
    """Hurwitz' zeta function, by Euler and Maclaurin's formula (AS 23.2.5 and 3.6.28)."""
    cut = 12
    total = sum((q + k) ** -x for k in range(cut))
    a = q + cut
    total = total + a ** (1 - x) / (x - 1) + 0.5 * a**-x
    factor, power = x, a ** (-x - 1)
    for j, bernoulli in enumerate(_BERNOULLI, 1):
        total = total + bernoulli * factor * power / math.factorial(2 * j)
        factor = factor * (x + 2 * j - 1) * (x + 2 * j)
        power = power / (a * a)
    pole = (q <= 0) & (q == np.floor(q))
    even = (x == np.floor(x)) & (np.mod(x, 2) == 0)
    total = np.where(pole, np.where(even, np.inf, np.nan), total)
    total = np.where((q <= 0) & ~pole & (x != np.floor(x)), np.nan, total)
    return np.where(x == 1, np.inf, np.where(x < 1, np.nan, total))


def polygamma(n: Array, x: Array) -> Array:
    """The n-th derivative of digamma (AS 6.4.10)."""
    sign = np.where(np.mod(n, 2) == 1, 1.0, -1.0)
    high = sign * np.exp(lgamma(n + 1)) * zeta(n + 1, x)
    return np.where((n != np.floor(n)) | (n < 0), np.nan, np.where(n == 0, digamma(x), high))


def _prefactor(a: Array, x: Array) -> Array:
    """x**a * exp(-x) / gamma(a)."""
    return np.asarray(np.exp(a * np.log(x) - x - lgamma(a)))


def _gamma_series(a: Array, x: Array) -> Array:
    """The lower incomplete gamma function where x <= a + 1 (AS 6.5.29)."""
    term = total = 1 / a
    denominator = a
    for _ in range(5000):
        denominator = denominator + 1
        term = term * x / denominator
        total = total + term
        if not np.any(np.abs(term) > 1e-17 * np.abs(total)):
            break
    return np.asarray(total * _prefactor(a, x))


def _gamma_fraction(a: Array, x: Array) -> Array:
    """The upper one where x > a + 1: Lentz' evaluation of the continued fraction (AS 6.5.31)."""
    tiny = 1e-300
    b = x + 1 - a
    c, d = np.full(x.shape, 1 / tiny), 1 / b
    total = d
    for i in range(1, 5000):
        step = -i * (i - a)
        b = b + 2
        d = 1 / _nonzero(step * d + b, tiny)
        c = _nonzero(b + step / c, tiny)
        total = total * c * d
        if not np.any(np.abs(c * d - 1) > 1e-16):
            break
    return np.asarray(total * _prefactor(a, x))


def _nonzero(x: Array, tiny: float) -> Array:
    return np.where(np.abs(x) < tiny, tiny, x)


def _incomplete(a: Array, x: Array, upper: bool) -> Array:
    a, x = np.broadcast_arrays(np.asarray(a, float), np.asarray(x, float))
    result = np.full(a.shape, np.nan)
    valid = (a > 0) & (x >= 0) & np.isfinite(a)
    result[valid & (x == 0)] = float(upper)
    result[valid & np.isinf(x)] = float(not upper)
    inside = valid & (x > 0) & np.isfinite(x)
    low = inside & (x <= a + 1)
    high = inside & ~low
    if low.any():
        lower_part = _gamma_series(a[low], x[low])
        result[low] = 1 - lower_part if upper else lower_part
    if high.any():
        upper_part = _gamma_fraction(a[high], x[high])
        result[high] = upper_part if upper else 1 - upper_part
    return result


def igamma(a: Array, x: Array) -> Array:
    """The regularised lower incomplete gamma function P(a, x)."""
    return _incomplete(a, x, False)


def igammac(a: Array, x: Array) -> Array:
    """The regularised upper one, Q = 1 - P."""
    return _incomplete(a, x, True)


def igamma_grad_a(a: Array, x: Array) -> Array:
    """dP/da: the series of P differentiated term by term."""
    a, x = np.broadcast_arrays(np.asarray(a, float), np.asarray(x, float))
    valid = (a > 0) & (x > 0) & np.isfinite(x) & np.isfinite(a)
    result = np.where((a > 0) & ((x == 0) | np.isinf(x)), 0.0, np.nan)
    if not valid.any():
        return result
    a, x = a[valid], x[valid]
    log, psi, z = np.log(x), digamma(a + 1), a + 1
    term = np.exp(a * log - x - lgamma(a + 1))
    total = term * (log - psi)
    for _ in range(int(x.max() + 40 * math.sqrt(x.max()) + 100)):
        term, psi, z = term * x / z, psi + 1 / z, z + 1
        total = total + term * (log - psi)
    result[valid] = total
    return result


def betainc(a: Array, b: Array, x: Array) -> Array:
    """The regularised incomplete beta function I_x(a, b) (AS 26.5.8, Lentz)."""
    a, b, x = np.broadcast_arrays(*(np.asarray(v, float) for v in (a, b, x)))
    valid = (a > 0) & (b > 0) & (x >= 0) & (x <= 1)
    swap = x > (a + 1) / (a + b + 2)
    p, q, y = np.where(swap, b, a), np.where(swap, a, b), np.where(swap, 1 - x, x)
    front = np.exp(p * np.log(y) + q * np.log1p(-y) + lgamma(p + q) - lgamma(p) - lgamma(q)) / p
    part = front * _beta_fraction(p, q, y)
    part = np.where(y <= 0, 0.0, part)
    return np.where(valid, np.where(swap, 1 - part, part), np.nan)


def _beta_fraction(p: Array, q: Array, y: Array) -> Array:
    tiny = 1e-300
    c = np.ones(y.shape)
    d = 1 / _nonzero(1 - (p + q) * y / (p + 1), tiny)
    total = d
    for m in range(1, 500):
        even = m * (q - m) * y / ((p + 2 * m - 1) * (p + 2 * m))
        odd = -(p + m) * (p + q + m) * y / ((p + 2 * m) * (p + 2 * m + 1))
        for step in (even, odd):
            d = 1 / _nonzero(1 + step * d, tiny)
            c = _nonzero(1 + step / c, tiny)
            total = total * c * d
        if not np.any(np.abs(c * d - 1) > 1e-16):
            break
    return np.asarray(total)


# Bessel functions

_POINTS = 64


def _hankel_terms(order: int, x: Array, count: int = 24) -> list[Array]:
    """(-1)**k-free terms of the asymptotic expansions (AS 9.2.9, 9.7.1)."""
    mu, term, terms = 4 * order * order, np.ones(x.shape), []
    for k in range(1, count + 1):
        terms.append(term)
        term = term * (mu - (2 * k - 1) ** 2) / (k * 8 * x)
    return terms


def _j_small(order: int, x: Array) -> Array:
    """Bessel's integral (AS 9.1.21) by the trapezoidal rule over half of a period."""
    angle = (np.arange(_POINTS) + 0.5) * math.pi / _POINTS
    return np.asarray(np.cos(order * angle - x[..., None] * np.sin(angle)).mean(-1))


def _j_or_y_large(order: int, x: Array, second: bool) -> Array:
    terms = _hankel_terms(order, x)
    even = sum((-1) ** i * t for i, t in enumerate(terms[::2]))
    odd = sum((-1) ** i * t for i, t in enumerate(terms[1::2]))
    phase = x - (order / 2 + 0.25) * math.pi
    sine, cosine = np.sin(phase), np.cos(phase)
    wave = even * sine + odd * cosine if second else even * cosine - odd * sine
    return np.asarray(np.sqrt(2 / (math.pi * x)) * wave)


def bessel_j(order: int, x: Array) -> Array:
    """J_0 or J_1."""
    size = np.abs(x)
    sign = np.sign(x) if order else 1.0
    return sign * piecewise(
        size,
        (np.isinf(size), np.zeros_like),
        (size < 25, lambda v: _j_small(order, v)),
        (size >= 25, lambda v: _j_or_y_large(order, v, False)),
    )


def _y_small(order: int, x: Array) -> Array:
    """Neumann's series (AS 9.1.88)."""
    log = np.log(x / 2)
    total = np.zeros(x.shape)
    for k in range(1, 31):
        weight = (-1) ** k * (order + 2 * k) / (k * (order + k))
        total = total + weight * _j_small(order + 2 * k, x)
    psi = order - EULER  # digamma(order + 1) for orders 0 and 1
    result = 2 / math.pi * ((log - psi) * _j_small(order, x) - total)
    return result - 2 / (math.pi * x) * _j_small(0, x) if order else np.asarray(result)


def bessel_y(order: int, x: Array) -> Array:
    """Y_0 or Y_1."""
    return piecewise(
        x,
        (x == 0, lambda v: np.full(v.shape, -np.inf)),
        (np.isposinf(x), np.zeros_like),
        ((x > 0) & (x < 25), lambda v: _y_small(order, v)),
        (x >= 25, lambda v: _j_or_y_large(order, v, True)),
    )


def _i_small(order: int, x: Array) -> Array:
    """exp(-x) * I (AS 9.6.19)."""
    angle = (np.arange(_POINTS) + 0.5) * math.pi / _POINTS
    powers = np.exp(x[..., None] * (np.cos(angle) - 1))
    return np.asarray((powers * np.cos(order * angle)).mean(-1))


def _i_large(order: int, x: Array) -> Array:
    total = sum((-1) ** k * t for k, t in enumerate(_hankel_terms(order, x)))
    return np.asarray(total / np.sqrt(2 * math.pi * x))


def bessel_i(order: int, x: Array, scaled: bool) -> Array:
    """I_0 or I_1, times exp(-|x|) where scaled."""
    size = np.abs(x)
    result = piecewise(
        size,
        (np.isinf(size), np.zeros_like),
        (size < 30, lambda v: _i_small(order, v)),
        (size >= 30, lambda v: _i_large(order, v)),
    )
    result = result if scaled else np.where(np.isinf(size), np.inf, result * np.exp(size))
    return np.asarray(np.sign(x) * result if order else result)


def _k(order: int, x: Array) -> Array:
    """exp(x) * K: the integral AS 9.6.24 by the trapezoidal rule."""
    end = np.arccosh(1 + 750 / x)
    t = end[..., None] * np.arange(301) / 300
    values = np.exp(-2 * x[..., None] * np.sinh(t / 2) ** 2) * np.cosh(order * t)
    values[..., 0] /= 2
    return np.asarray(values.sum(-1) * end / 300)


def bessel_k(order: int, x: Array, scaled: bool) -> Array:
    """K_0 or K_1, times exp(x) where scaled."""
    result = piecewise(
        x,
        (x == 0, lambda v: np.full(v.shape, np.inf)),
        (np.isposinf(x), np.zeros_like),
        (x > 0, lambda v: _k(order, v)),
    )
    return result if scaled else result * np.exp(-np.maximum(x, 0))


# Integrals


def dawsn(x: Array) -> Array:
    """Dawson's integral by Rybicki's sum of Gaussians (1989)."""
    h = 0.2
    size = np.abs(x)
    nearest = 2 * np.rint(np.minimum(size, 1e8) / (2 * h))
    rest = size - nearest * h
    total = np.zeros(x.shape)
    for n in range(-61, 62, 2):
        total = total + np.exp(-((rest - n * h) ** 2)) / (nearest + n)
    near = total / math.sqrt(math.pi)
    return np.asarray(np.sign(x) * np.where(size > 1e7, 0.5 / size, near))


def expint(x: Array) -> Array:
    """The exponential integral Ei (AS 5.1.10, 5.1.22, 5.1.51)."""
    return piecewise(
        x,
        (x == 0, lambda v: np.full(v.shape, -np.inf)),
        (np.isposinf(x), lambda v: v),
        (np.isneginf(x), lambda v: np.zeros_like(v)),
        ((x > -2) & (x < 40), _expint_series),
        (x <= -2, lambda v: -_e1_fraction(-v)),
        (x >= 40, _expint_large),
    )


def _expint_series(x: Array) -> Array:
    total, term = np.zeros(x.shape), np.ones(x.shape)
    for k in range(1, 160):
        term = term * x / k
        total = total + term / k
    return np.asarray(EULER + np.log(np.abs(x)) + total)


def _e1_fraction(x: Array) -> Array:
    total = np.zeros(x.shape)
    for k in range(120, 0, -1):
        total = k * k / (x + 2 * k + 1 - total)
    return np.asarray(np.exp(-x) / (x + 1 - total))


def _expint_large(x: Array) -> Array:
    total, term = np.ones(x.shape), np.ones(x.shape)
    for k in range(1, 38):
        term = term * k / x
        total = total + term
    return np.asarray(np.exp(x) / x * total)


def fresnel(x: Array, sine: bool) -> Array:
    """S or C with the factor pi/2 in the phase (AS 7.3.1, 7.3.9, 7.3.27)."""
    size = np.abs(x)
    value = piecewise(
        size,
        (np.isinf(size), lambda v: np.full(v.shape, 0.5)),
        (size < 5, lambda v: _fresnel_quadrature(v, sine)),
        (size >= 5, lambda v: _fresnel_large(v, sine)),
    )
    return np.asarray(np.sign(x) * value)


def _fresnel_quadrature(x: Array, sine: bool) -> Array:
    nodes, weights = np.polynomial.legendre.leggauss(100)
    t = 0.5 * x[..., None] * (nodes + 1)
    wave = np.sin if sine else np.cos
    return np.asarray((wave(0.5 * math.pi * t * t) * weights).sum(-1) * 0.5 * x)


def _fresnel_large(x: Array, sine: bool) -> Array:
    z = 1 / (math.pi * x * x)
    f = (1 - 3 * z**2 + 105 * z**4 - 10395 * z**6 + 2027025 * z**8) / (math.pi * x)
    g = (1 - 15 * z**2 + 945 * z**4 - 135135 * z**6 + 34459425 * z**8) * z / (math.pi * x)
    # The phase is reduced before it is multiplied, so that large arguments keep their digits.
    phase = 0.5 * math.pi * np.mod(x * x, 4)
    if sine:
        return np.asarray(0.5 - f * np.cos(phase) - g * np.sin(phase))
    return np.asarray(0.5 + f * np.sin(phase) - g * np.cos(phase))


def spence(x: Array) -> Array:
    """Spence's integral, the dilogarithm of 1 - x (AS 27.7)."""
    return piecewise(
        x,
        (x == 0, lambda v: np.full(v.shape, math.pi**2 / 6)),
        (np.isposinf(x), lambda v: np.full(v.shape, -np.inf)),
        (
            (x > 0) & (x < 0.5),
            lambda v: math.pi**2 / 6 - np.log(v) * np.log1p(-v) - _dilog_series(1 - v),
        ),
        ((x > 0) & (x <= 2), _dilog_series),
        (x > 2, lambda v: -0.5 * np.log(v) ** 2 - spence(1 / v)),
    )


def _dilog_series(x: Array) -> Array:
    """Debye's series in -log(x), with Bernoulli numbers."""
    u = -np.log(x)
    total = u - u * u / 4
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        total = total + bernoulli * u ** (2 * k + 1) / math.factorial(2 * k + 1)
    return np.asarray(total)
