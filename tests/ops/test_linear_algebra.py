"""Inverses, determinants and systems: compiled, for all sizes at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import flowc as tf

Array = NDArray[Any]
few = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
TOLERANCE = {"float32": 1e-4, "complex64": 1e-4, "float64": 1e-11, "complex128": 1e-11}


def matrices(shape: tuple[int, ...], dtype: str) -> Array:
    """Well conditioned ones, whose rows must be exchanged."""
    draw = np.random.default_rng(5).normal
    values = draw(size=shape) + (1j * draw(size=shape) if dtype.startswith("c") else 0)
    eye = 3 * np.eye(shape[-2], shape[-1])[::-1]
    return (values + eye).astype(dtype)


@few
@given(
    st.sampled_from([(), (1,), (2, 2), (0,)]),
    st.sampled_from([0, 1, 3, 40]),
    st.sampled_from(sorted(TOLERANCE)),
    st.booleans(),
)
def test_inverses_determinants_and_systems(
    batch: tuple[int, ...], size: int, dtype: str, unknown: bool
) -> None:
    a, y = matrices((*batch, size, size), dtype), matrices((*batch, size, 2), dtype)
    with tf.Graph().as_default(), tf.Session() as session:
        x, rhs = (tf.placeholder(dtype, [None] * v.ndim if unknown else v.shape) for v in (a, y))
        fetches = [
            tf.matrix_inverse(x),
            tf.matrix_inverse(x, adjoint=True),
            tf.matrix_determinant(x),
            *tf.linalg.slogdet(x),
            tf.matrix_solve(x, rhs),
            tf.matrix_solve(x, rhs, adjoint=True),
        ]
        found = session.run(fetches, {x: a, rhs: y})
        assert len(session.compilations) == 1
    adjoint = np.conj(np.swapaxes(a, -1, -2))
    wanted = [
        np.linalg.inv(a),
        np.linalg.inv(adjoint),
        np.linalg.det(a),
        *np.linalg.slogdet(a),
        np.linalg.solve(a, y),
        np.linalg.solve(adjoint, y),
    ]
    tolerance = TOLERANCE[dtype]
    for got, want in zip(found, wanted, strict=True):
        assert got.dtype == dtype
        scale = max(1.0, float(np.max(np.abs(want), initial=0)))
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * scale)


def test_factors() -> None:
    a = matrices((2, 37, 37), "float64")
    with tf.Graph().as_default(), tf.Session() as session:
        factors, order = session.run(tf.linalg.lu(tf.placeholder_with_default(a, [None] * 3)))
    lower, upper = np.tril(factors, -1) + np.eye(37), np.triu(factors)
    rows = np.take_along_axis(a, order[..., None], 1)
    np.testing.assert_allclose(lower @ upper, rows, atol=1e-12)
    assert np.abs(lower).max() <= 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_singular_matrices(place: int) -> None:
    a = np.eye(3, dtype=np.float32)[None].repeat(2, 0)
    a[1, place] = 0
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, None, None])
        for build in (tf.matrix_inverse, tf.linalg.lu):
            with pytest.raises(tf.errors.InvalidArgumentError, match="Input is not invertible"):
                session.run(build(x), {x: a})
        with pytest.raises(tf.errors.InvalidArgumentError, match="matrix is not invertible"):
            session.run(tf.matrix_solve(x, x), {x: a})
        assert session.run(tf.matrix_determinant(x), {x: a}).tolist() == [1, 0]
        sign, log = session.run(tf.linalg.slogdet(x), {x: a})
        assert sign.tolist() == [1, 0] and log.tolist() == [0, -np.inf]


def test_nan_stays_in_its_matrix() -> None:
    a = np.stack([np.full((2, 2), np.nan), np.eye(2)]).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        inverse, determinant = session.run([tf.matrix_inverse(a), tf.matrix_determinant(a)])
    assert np.isnan(inverse[0]).all() and (inverse[1] == np.eye(2)).all()
    assert np.isnan(determinant[0]) and determinant[1] == 1


def test_a_step_that_solves_is_one_part() -> None:
    """The gradient of a system is another one with the same matrix."""
    a, y = matrices((4, 4), "float64"), matrices((4, 1), "float64")
    with tf.Graph().as_default(), tf.Session() as session:
        x, rhs = tf.placeholder(tf.float64, [None, None]), tf.placeholder(tf.float64, [None, 1])
        loss = tf.reduce_sum(tf.matrix_solve(x, rhs)) + tf.log(tf.matrix_determinant(x) ** 2)
        slope = session.run(tf.gradients(loss, x)[0], {x: a, rhs: y})
        assert len(session.compilations) == 1
        step = 1e-6
        for place in ((0, 0), (2, 1), (3, 3)):
            moved = [a.copy(), a.copy()]
            moved[0][place] += step
            moved[1][place] -= step
            up, down = (session.run(loss, {x: m, rhs: y}) for m in moved)
            np.testing.assert_allclose(slope[place], (up - down) / (2 * step), rtol=1e-4)
