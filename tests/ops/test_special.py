"""Special functions against mpmath, on both sides of every place where their formulas change."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]

NEAR_AND_FAR = [1e-6, 0.3, 1.59, 1.61, 1.99, 2.01, 2.99, 3.01, 5.99, 6.01, 7.99, 8.01, 17.0, 120.0]
EI = [1e-6, 0.3, 3.99, 4.01, 9.99, 10.01, 24.99, 25.01, 59.99, 60.01, 80.0]
PROBABILITIES = [1e-300, 1e-40, 1.3e-38, 1e-15, 1e-14, 0.124, 0.4999, 0.5, 0.7, 0.874, 0.876, 0.999]


def run(name: str, *arrays: Array) -> Array:
    """What an op gives in a session."""
    with tf.Graph().as_default():
        fed = [tf.placeholder(array.dtype, [None] * array.ndim) for array in arrays]
        result = build(name, *fed)
        with tf.Session() as session:
            return np.asarray(session.run(result, dict(zip(fed, arrays, strict=True))))


def ndtri(p: float) -> Any:
    """The quantile, by a root of the logarithm of the tail."""
    if p > 0.5:
        return -ndtri_of(1 - mp.mpf(p))
    return ndtri_of(mp.mpf(p))


def ndtri_of(p: Any) -> Any:
    start = -mp.sqrt(-2 * mp.log(p)) + 0.5
    return mp.findroot(lambda z: mp.log(mp.erfc(-z / mp.sqrt(2)) / 2) - mp.log(p), start)


def dawsn(x: float) -> Any:
    return mp.sqrt(mp.pi) / 2 * mp.exp(-(mp.mpf(x) ** 2)) * mp.erfi(x)


UNARY: dict[str, tuple[Function, list[float]]] = {
    "Lgamma": (lambda x: mp.log(abs(mp.gamma(x))), [-3.3, -0.2, *NEAR_AND_FAR]),
    "Digamma": (mp.digamma, [-3.3, -0.2, *NEAR_AND_FAR]),
    "BesselI0": (lambda x: mp.besseli(0, x), NEAR_AND_FAR),
    "BesselI0e": (lambda x: mp.exp(-x) * mp.besseli(0, x), NEAR_AND_FAR),
    "BesselI1": (lambda x: mp.besseli(1, x), NEAR_AND_FAR),
    "BesselI1e": (lambda x: mp.exp(-x) * mp.besseli(1, x), NEAR_AND_FAR),
    "BesselK0": (lambda x: mp.besselk(0, x), NEAR_AND_FAR),
    "BesselK0e": (lambda x: mp.exp(x) * mp.besselk(0, x), NEAR_AND_FAR),
    "BesselK1": (lambda x: mp.besselk(1, x), NEAR_AND_FAR),
    "BesselK1e": (lambda x: mp.exp(x) * mp.besselk(1, x), NEAR_AND_FAR),
    "BesselJ0": (lambda x: mp.besselj(0, x), NEAR_AND_FAR),
    "BesselJ1": (lambda x: mp.besselj(1, x), NEAR_AND_FAR),
    "BesselY0": (lambda x: mp.bessely(0, x), NEAR_AND_FAR),
    "BesselY1": (lambda x: mp.bessely(1, x), NEAR_AND_FAR),
    "Dawsn": (dawsn, NEAR_AND_FAR[:-1]),
    "Expint": (mp.ei, EI),
    "FresnelCos": (mp.fresnelc, NEAR_AND_FAR),
    "FresnelSin": (mp.fresnels, NEAR_AND_FAR),
    "Spence": (lambda x: mp.polylog(2, 1 - mp.mpf(x)).real, [1e-6, 0.49, 0.51, 1.49, 1.51, 9.0]),
    "Ndtri": (ndtri, PROBABILITIES),
}


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 3e-5)])
@pytest.mark.parametrize("name", UNARY)
def test_function_of_one_number(name: str, dtype: type[Any], rtol: float) -> None:
    function, points = UNARY[name]
    least = float(np.finfo(dtype).tiny)  # smaller ones are taken for zeros
    x = np.array([p for p in points if dtype is np.float64 or least <= abs(p) < 80]).astype(dtype)
    with mp.workdps(30):
        expected = np.array([float(function(float(v))) for v in x])
    np.testing.assert_allclose(run(name, x), expected, rtol, atol=rtol / 10)


ODD = ["BesselI1", "BesselI1e", "BesselJ1", "Dawsn", "FresnelCos", "FresnelSin"]
EVEN = ["BesselI0", "BesselI0e", "BesselJ0"]


@pytest.mark.parametrize("name", ODD + EVEN)
def test_symmetry(name: str) -> None:
    x = np.array(NEAR_AND_FAR)
    sign = -1 if name in ODD else 1
    np.testing.assert_array_equal(run(name, -x), sign * run(name, x))


POLES = {"BesselK0": math.inf, "BesselK1e": math.inf, "BesselY0": -math.inf, "Expint": -math.inf}


@pytest.mark.parametrize("name", POLES)
def test_pole_at_zero_and_below(name: str) -> None:
    """As in TensorFlow, the Bessel functions have the pole's value below 0 too."""
    below = math.nan if name == "Expint" else POLES[name]
    np.testing.assert_array_equal(run(name, np.array([0.0, -1.0])), [POLES[name], below])


def test_quantiles_outside_of_probabilities() -> None:
    x = np.array([0.0, 1.0, -0.1, 1.1, math.nan])
    np.testing.assert_array_equal(
        run("Ndtri", x), [-math.inf, math.inf, math.nan, math.nan, math.nan]
    )


SHAPES = [0.2, 0.9, 1.0, 3.7, 42.0]


def grid(*axes: list[float]) -> list[Array]:
    return [np.ascontiguousarray(a.ravel()) for a in np.meshgrid(*map(np.array, axes))]


def mapped(function: Function, *arrays: Array) -> Array:
    with mp.workdps(30):
        rows = zip(*(a.tolist() for a in arrays), strict=True)
        return np.array([float(function(*row)) for row in rows])


def test_incomplete_gamma_functions() -> None:
    a, x = grid(SHAPES, [1e-3, 0.5, 1.0, 3.6, 3.8, 50.0])
    lower = mapped(lambda p, q: mp.gammainc(p, 0, q, regularized=True), a, x)
    upper = mapped(lambda p, q: mp.gammainc(p, q, mp.inf, regularized=True), a, x)
    np.testing.assert_allclose(run("Igamma", a, x), lower, 1e-12, 1e-15)
    np.testing.assert_allclose(run("Igammac", a, x), upper, 1e-12, 1e-15)


def test_incomplete_gamma_functions_at_the_ends() -> None:
    a, x = np.array([1.0, 1.0, -1.0, 1.0]), np.array([0.0, math.inf, 1.0, -1.0])
    np.testing.assert_array_equal(run("Igamma", a, x), [0, 1, math.nan, math.nan])
    np.testing.assert_array_equal(run("Igammac", a, x), [1, 0, math.nan, math.nan])


def test_derivative_of_the_incomplete_gamma_function() -> None:
    a, x = grid([0.3, 1.0, 2.5], [0.5, 2.4, 9.0])
    slope = mapped(lambda p, q: mp.diff(lambda t: mp.gammainc(t, 0, q, regularized=True), p), a, x)
    np.testing.assert_allclose(run("IgammaGradA", a, x), slope, 1e-10)


def test_incomplete_beta_function() -> None:
    a, b, x = grid(SHAPES, SHAPES, [1e-3, 0.4, 0.6, 0.999])
    expected = mapped(lambda p, q, r: mp.betainc(p, q, 0, r, regularized=True), a, b, x)
    np.testing.assert_allclose(run("Betainc", a, b, x), expected, 1e-11, 1e-15)


def test_zeta() -> None:
    x, q = grid([1.1, 2.0, 3.0, 20.0], [0.1, 1.0, 9.5, 30.0])
    np.testing.assert_allclose(run("Zeta", x, q), mapped(mp.zeta, x, q), 1e-11)


def test_zeta_where_it_is_no_number() -> None:
    x, q = np.array([1.0, 0.5, 2.0, 3.0, 2.5]), np.array([1.0, 1.0, -3.0, -3.0, -2.5])
    np.testing.assert_array_equal(
        run("Zeta", x, q), [math.inf, math.nan, math.inf, math.nan, math.nan]
    )


def test_polygamma() -> None:
    a, x = grid([0.0, 1.0, 2.0, 7.0], [0.3, 2.0, 40.0])
    expected = mapped(lambda n, v: mp.polygamma(int(n), v), a, x)
    np.testing.assert_allclose(run("Polygamma", a, x), expected, 1e-12)
    assert np.isnan(run("Polygamma", np.array([0.5, -1.0]), np.array([1.0, 1.0]))).all()
