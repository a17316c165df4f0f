"""Elementwise ops beyond the corpus: complex functions against NumPy, on both sides of the cuts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

Array = np.ndarray[Any, Any]

COMPLEX = {
    "Sin": np.sin,
    "Cos": np.cos,
    "Tan": np.tan,
    "Asin": np.arcsin,
    "Acos": np.arccos,
    "Atan": np.arctan,
    "Sinh": np.sinh,
    "Cosh": np.cosh,
    "Tanh": np.tanh,
    "Asinh": np.arcsinh,
    "Acosh": np.arccosh,
    "Atanh": np.arctanh,
}


def run(name: str, *arrays: Array, **attrs: Any) -> Any:
    """What an op gives in a session, its operands of unknown shape."""
    with tf.Graph().as_default():
        fed = [tf.placeholder(array.dtype) for array in arrays]
        result = build(name, *fed, **attrs)
        with tf.Session() as session:
            return session.run(result, dict(zip(fed, arrays, strict=True)))


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("name", COMPLEX)
def test_complex_function(name: str, dtype: type[Any]) -> None:
    real, imag = np.meshgrid([-3.1, -0.7, -1e-3, 0.2, 0.9, 2.3], [-2.2, -0.4, 1e-3, 0.6, 3.0])
    x = (real + 1j * imag).astype(dtype)
    rtol = 1e-12 if dtype is np.complex128 else 2e-5
    expected = COMPLEX[name](x.astype(np.complex128))
    np.testing.assert_allclose(run(name, x), expected, rtol, atol=rtol / 10)


def test_gradients_of_complex_functions_take_the_result_as_it_is() -> None:
    """The caller conjugates: d sigmoid(x) is SigmoidGrad(conj(y), dy)."""
    y, dy = np.array([0.3 + 0.7j, -1.0 + 0.2j]), np.array([1.0 - 2.0j, 0.5j])
    np.testing.assert_allclose(run("SigmoidGrad", y, dy), dy * y * (1 - y))
    np.testing.assert_allclose(run("TanhGrad", y, dy), dy * (1 - y * y))


@pytest.mark.parametrize("shapes", [((1,), (5, 1, 2)), ((3, 1), (1, 4)), ((2,), (3,)), ((), (3,))])
def test_equality_where_shapes_may_differ(shapes: tuple[tuple[int, ...], ...]) -> None:
    x, y = (np.arange(np.prod(shape), dtype=np.int64).reshape(shape) for shape in shapes)
    fits = shapes != ((2,), (3,))
    for name, equal in (("Equal", True), ("NotEqual", False)):
        expected = (x == y) == equal if fits else not equal
        np.testing.assert_array_equal(run(name, x, y, incompatible_shape_error=False), expected)
