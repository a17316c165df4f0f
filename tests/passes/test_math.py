"""Expansions of transcendental functions against float64 (for float32) and mpmath (for float64).

Errors are in units of the last place of the reference rounded to the type. Near the roots of lgamma
and digamma an absolute error of 1e-14 counts as right.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from flowc.codegen.cpu.host import host_target
from flowc.ir import dims
from flowc.ir.dtypes import DType, float32, float64
from flowc.ir.loops.expressions import Binary, Constant, Load, Scalar, Unary
from flowc.ir.loops.kernel import Buffer, For, Kernel, Kind, Store
from flowc.ir.loops.walk import nodes
from flowc.passes.math import EXPANSIONS, expand, expand_scalar
from tests.passes.native import Array, Native

BINARY = ("power", "atan2")
UNARY = sorted(set(EXPANSIONS) - set(BINARY))
NEAR_ROOTS = ("lgamma", "digamma")

REFERENCES: dict[str, Callable[..., Any]] = {
    "exponential": mp.exp,
    "exponential_minus_one": mp.expm1,
    "log": mp.log,
    "log_plus_one": mp.log1p,
    "logistic": lambda x: 1 / (1 + mp.exp(-x)),
    "sine": mp.sin,
    "cosine": mp.cos,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "erf_inv": mp.erfinv,
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
    "power": mp.power,
}

# Where the result is real and finite, and worth a random argument.
DOMAINS = {
    "exponential": (-760.0, 709.78),
    "exponential_minus_one": (-760.0, 709.78),
    "log": (5e-324, math.inf),
    "log_plus_one": (-0.99999, math.inf),
    "logistic": (-760.0, 760.0),
    "asin": (-1.0, 1.0),
    "acos": (-1.0, 1.0),
    "acosh": (1.0, math.inf),
    "atanh": (-0.99999, 0.99999),
    "tanh": (-40.0, 40.0),
    "sinh": (-710.4, 710.4),
    "cosh": (-710.4, 710.4),
    "erf": (-7.0, 7.0),
    "erfc": (-26.6, 26.6),
    "erf_inv": (-0.9999999999999999, 0.9999999999999999),
    "lgamma": (-30.5, 1e10),
    "digamma": (-30.5, 1e10),
}


@cache
def compiled(operator: str, dtype: DType) -> Native:
    n = dims.symbol("n")
    index = dims.Symbol("i", n)
    position = dims.Expr({(index,): 1})
    count = 2 if operator in BINARY else 1
    inputs = [Buffer(f"x{k}", dtype, n) for k in range(count)]
    result = Buffer("y", dtype, n)
    value = operation(operator, dtype, *(Load(b, position) for b in inputs))
    loop = For(index, n, (Store(result, position, value),), Kind.VECTOR, host_target().lanes(dtype))
    return Native(expand(Kernel(operator, (*inputs, result), (loop,))))


def operation(operator: str, dtype: DType, *operands: Scalar) -> Scalar:
    return (Binary if len(operands) == 2 else Unary)(dtype, operator, *operands)


def apply(operator: str, dtype: DType, *arguments: Any) -> Array:
    arrays = [np.ascontiguousarray(a, dtype.numpy) for a in np.broadcast_arrays(*arguments)]
    result = np.empty_like(arrays[0])
    compiled(operator, dtype)(*arrays, result, n=result.size)
    return result


def reference(operator: str) -> Callable[..., Any]:
    return REFERENCES.get(operator) or getattr(mp, operator)


def dense_float32() -> Array:
    """Every 65,537th bit pattern, and all neighbours of numbers where some expansion changes."""
    edges = np.array(
        [
            1e-45,
            1.1754944e-38,
            1e-3,
            0.25,
            0.5,
            0.55,
            0.46875,
            0.41421,
            0.70710678,
            1,
            1.4142135,
            2.4142135,
            2,
            3.94,
            8,
            9,
            10,
            16.6,
            17.3,
            40,
            80,
            87.33,
            88.37,
            88.72,
            89,
            89.41,
            103.97,
            131072,
            3.4028235e38,
            math.pi / 2,
            math.pi,
        ],
        np.float32,
    )
    near = edges.view(np.int32)[:, None] + np.arange(-8, 9)
    bits = np.concatenate([near[near >= 0], np.arange(0, 0x7F800000, 65537 // 2)])
    bits = bits[bits < 0x7F800000]
    positive = bits.astype(np.int32).view(np.float32)
    return np.concatenate([positive, -positive])


def moderate(count: int, seed: int) -> Array:
    """Random float64 numbers: in the usual ranges, and of every magnitude."""
    random = np.random.default_rng(seed)
    powers = [random.integers(low, high, count) for low, high in ((-1074, 1023), (-30, 30))]
    signs = random.choice([-1.0, 1.0], count)
    return np.concatenate(
        [
            random.uniform(-1, 1, count),
            random.uniform(-20, 20, count),
            random.uniform(-700, 700, count),
            *(signs * np.ldexp(random.uniform(1, 2), p) for p in powers),
            1 + np.ldexp(signs, random.integers(-50, -1, count)),
        ]
    )


def within(operator: str, x: Array) -> Array:
    low, high = DOMAINS.get(operator, (-math.inf, math.inf))
    kept: Array = x[(x >= low) & (x <= high)]
    return kept


def flushed(x: Array) -> Array:
    """`x` as arithmetic takes it: what is too small to be normal is a zero of its sign."""
    return np.where(np.abs(x) < np.finfo(x.dtype).tiny, np.copysign(np.zeros_like(x), x), x)


def errors(operator: str, got: Array, *arguments: Array, absolute: float = 0.0) -> Array:
    """Units of the last place by which `got` differs from the reference."""
    found = []
    exact_function = reference(operator)
    absolute = max(absolute, float(np.finfo(got.dtype).tiny))
    for y, *x in zip(got, *map(flushed, arguments), strict=True):
        exact = exact_function(*(mp.mpf(float(v)) for v in x))
        with np.errstate(over="ignore"):
            rounded = got.dtype.type(float(exact))
        if not np.isfinite(rounded) or not np.isfinite(y):
            found.append(0.0 if y == rounded else math.inf)
        elif abs(mp.mpf(float(y)) - exact) <= absolute:
            found.append(0.0)
        else:
            unit = mp.mpf(float(np.spacing(abs(rounded))))
            found.append(float(abs(mp.mpf(float(y)) - exact) / unit))
    return np.array(found)


def assert_close(operator: str, dtype: DType, limit: float, *arguments: Array) -> None:
    got = apply(operator, dtype, *arguments)
    absolute = 1e-14 if operator in NEAR_ROOTS and dtype is float64 else 0.0
    found = errors(operator, got, *arguments, absolute=absolute)
    worst = int(found.argmax())
    assert found[worst] <= limit, (operator, [a[worst] for a in arguments], got[worst])


@pytest.mark.parametrize("operator", UNARY)
def test_float32_is_as_float64(operator: str) -> None:
    """The float64 expansion, held to mpmath below, is the reference of many float32 numbers."""
    x = dense_float32()
    got = apply(operator, float32, x)
    exact = apply(operator, float64, flushed(x).astype(np.float64))
    with np.errstate(over="ignore"):
        rounded = flushed(exact.astype(np.float32))
    same = (got == rounded) & (np.signbit(got) == np.signbit(rounded))
    same |= np.isnan(got) & np.isnan(rounded)
    with np.errstate(invalid="ignore"):
        distance = np.abs(got - exact)
        close = distance <= 2.0 * np.spacing(np.abs(rounded)).astype(np.float64)
        close |= distance <= np.finfo(np.float32).tiny
    wrong = np.flatnonzero(~(same | (close & np.isfinite(rounded))))
    assert wrong.size == 0, (x[wrong[:4]], got[wrong[:4]], exact[wrong[:4]])


@pytest.mark.parametrize("operator", UNARY)
def test_float32_within_2_ulp(operator: str) -> None:
    with np.errstate(over="ignore"):
        x = within(operator, moderate(60, 1)).astype(np.float32)
    x = x[np.isfinite(x) & (flushed(x) != 0)]
    with mp.workprec(300 if operator in ("sine", "cosine", "tan") else 120):
        assert_close(operator, float32, 2.0, within(operator, x))


@pytest.mark.parametrize("operator", UNARY)
def test_float64_within_4_ulp(operator: str) -> None:
    with mp.workprec(1300 if operator in ("sine", "cosine", "tan") else 160):
        x = moderate(150, 2)
        assert_close(operator, float64, 4.0, within(operator, x[flushed(x) != 0]))


@pytest.mark.parametrize("dtype", [float32, float64])
def test_power_of_ordinary_numbers(dtype: DType) -> None:
    random = np.random.default_rng(3)
    near = 1 + np.ldexp(1.0, random.integers(-20, -5, 300))
    x = np.concatenate([random.uniform(0.2, 3, 300), near])
    y = np.concatenate([random.uniform(-40, 40, 300), random.uniform(-1e3, 1e3, 300)])
    with mp.workprec(160):
        assert_close("power", dtype, 2.0, x.astype(dtype.numpy), y.astype(dtype.numpy))


@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize(("operator", "numpy"), [("power", np.power), ("atan2", np.arctan2)])
def test_binary_special_values(operator: str, numpy: Any, dtype: DType) -> None:
    values = [0.0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, math.inf, -math.inf, math.nan, 1e-40]
    x, y = (v.ravel().astype(dtype.numpy) for v in np.meshgrid(values, values))
    got = apply(operator, dtype, x, y)
    with np.errstate(all="ignore"):
        expected = flushed(numpy(flushed(x), flushed(y)))
    np.testing.assert_allclose(got, expected, rtol=4 * np.finfo(dtype.numpy).eps)
    np.testing.assert_array_equal(np.signbit(got[got == 0]), np.signbit(expected[got == 0]))


INF, NAN = math.inf, math.nan
SPECIAL = {  # f(0.0), f(-0.0), f(inf), f(-inf), f(-2)
    "exponential": (1, 1, INF, 0.0, None),
    "exponential_minus_one": (0.0, -0.0, INF, -1, None),
    "log": (-INF, -INF, INF, NAN, NAN),
    "log_plus_one": (0.0, -0.0, INF, NAN, NAN),
    "logistic": (0.5, 0.5, 1, 0.0, None),
    "tanh": (0.0, -0.0, 1, -1, None),
    "sine": (0.0, -0.0, NAN, NAN, None),
    "cosine": (1, 1, NAN, NAN, None),
    "tan": (0.0, -0.0, NAN, NAN, None),
    "asin": (0.0, -0.0, NAN, NAN, NAN),
    "acos": (None, None, NAN, NAN, NAN),
    "atan": (0.0, -0.0, None, None, None),
    "sinh": (0.0, -0.0, INF, -INF, None),
    "cosh": (1, 1, INF, INF, None),
    "asinh": (0.0, -0.0, INF, -INF, None),
    "acosh": (NAN, NAN, INF, NAN, NAN),
    "atanh": (0.0, -0.0, NAN, NAN, NAN),
    "cbrt": (0.0, -0.0, INF, -INF, None),
    "erf": (0.0, -0.0, 1, -1, None),
    "erfc": (1, 1, 0.0, 2, None),
    "erf_inv": (0.0, -0.0, NAN, NAN, NAN),
    "lgamma": (INF, INF, INF, INF, INF),
    "digamma": (-INF, INF, INF, NAN, NAN),
}


@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize("operator", UNARY)
def test_special_values(operator: str, dtype: DType) -> None:
    got = apply(operator, dtype, [0.0, -0.0, INF, -INF, -2.0, NAN])
    assert np.isnan(got[-1])
    for value, expected in zip(got, SPECIAL[operator], strict=False):
        if expected is not None:
            np.testing.assert_equal(float(value), float(expected))


@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize("operator", ["sine", "cosine", "tan"])
def test_clamped_angles_have_the_same_values_without_the_reduction_of_large_ones(
    operator: str, dtype: DType
) -> None:
    x = np.linspace(-9, 9, 4001).astype(dtype.numpy)
    got, size = np.empty_like(x), dims.symbol("n")
    index = dims.Symbol("i", size)
    source, result = Buffer("x", dtype, size), Buffer("y", dtype, size)
    load = Load(source, dims.Expr({(index,): 1}))
    least = Binary(dtype, "minimum", load, Constant(dtype, 7.0))
    value = Unary(dtype, operator, Binary(dtype, "maximum", least, Constant(dtype, -0.5)))
    store = Store(result, load.position, value)
    loop = For(index, size, (store,), Kind.VECTOR, host_target().lanes(dtype))
    Native(expand(Kernel(operator, (source, result), (loop,))))(x, got, n=x.size)
    np.testing.assert_array_equal(got, apply(operator, dtype, np.clip(x, -0.5, 7.0)))
    operators = {n.operator for n in nodes([expand_scalar(value)]) if isinstance(n, Binary)}
    assert not any(name.startswith("shift_right_logical") for name in operators)


def test_poles() -> None:
    np.testing.assert_array_equal(apply("log_plus_one", float64, [-1.0]), [-INF])
    np.testing.assert_array_equal(apply("erf_inv", float32, [1.0, -1.0]), [INF, -INF])
    np.testing.assert_array_equal(apply("atanh", float32, [1.0, -1.0]), [INF, -INF])


def test_sharing_and_plain_nodes_are_kept() -> None:
    load = Load(Buffer("x", float32, 4), 0)
    plain = Binary(float32, "add", load, load)
    assert expand_scalar(plain) is plain
    twice = Unary(float32, "tanh", plain)
    both = expand_scalar(Binary(float32, "multiply", twice, twice))
    assert isinstance(both, Binary)
    assert both.left is both.right
    assert plain in set(nodes([both]))
    assert not any(isinstance(n, Unary) and n.operator == "tanh" for n in nodes([both]))
