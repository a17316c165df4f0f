"""Exponentials, ranks, pseudo-inverses, least squares, tridiagonal systems of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

RANDOM = np.random.RandomState(0)


def run(fetches: Any) -> Any:
    with tf.Session() as session:
        return session.run(fetches)


def test_exponentials() -> None:
    angle = 20.0  # of a turn: its norm wants scaling and squaring
    turn = np.array([[0, -angle], [angle, 0]])
    found = run(tf.linalg.expm(np.stack([turn, np.diag([1.0, -2.0]), np.zeros((2, 2))])))
    cos, sin = np.cos(angle), np.sin(angle)
    np.testing.assert_allclose(found[0], [[cos, -sin], [sin, cos]], atol=1e-12)
    np.testing.assert_allclose(found[1], np.diag(np.exp([1.0, -2.0])), rtol=1e-14)
    np.testing.assert_allclose(found[2], np.eye(2), atol=1e-15)


def test_the_gradient_of_an_exponential() -> None:
    x = tf.constant([[0.3, 0.0], [0.0, -0.7]], tf.float64)
    gradient = tf.gradients(tf.linalg.trace(tf.linalg.expm(x)), x)[0]
    np.testing.assert_allclose(run(gradient), np.diag(np.exp([0.3, -0.7])), atol=1e-12)


def test_ranks_and_pseudo_inverses() -> None:
    a = RANDOM.randn(2, 3, 4)
    rank, inverse = run([tf.linalg.matrix_rank(np.diag([1.0, 0.0, 2.0])), tf.linalg.pinv(a)])
    assert rank == 2
    np.testing.assert_allclose(inverse, np.linalg.pinv(a), atol=1e-12)


def test_least_squares() -> None:
    a, b = RANDOM.randn(5, 3), RANDOM.randn(5, 2)
    found = run(tf.linalg.lstsq(a, b, l2_regularizer=0.1))
    np.testing.assert_allclose(found, np.linalg.solve(a.T @ a + 0.1 * np.eye(3), a.T @ b))


def test_rows_of_length_one() -> None:
    x = tf.constant([[3.0, 4.0], [0.0, 2.0]])
    unit, size = run(tf.linalg.normalize(x, axis=1))
    np.testing.assert_allclose(unit, [[0.6, 0.8], [0.0, 1.0]], rtol=1e-6)
    assert size.tolist() == [[5], [2]]


@pytest.mark.parametrize("form", ["compact", "sequence", "matrix"])
def test_tridiagonal_matrices(form: str) -> None:
    diagonals = RANDOM.randn(3, 5) + np.array([[0], [5], [0]])
    above, main, below = diagonals
    dense = np.diag(main) + np.diag(above[:-1], 1) + np.diag(below[1:], -1)
    given: Any = {"compact": diagonals, "sequence": list(diagonals), "matrix": dense}[form]
    rhs = RANDOM.randn(5, 2)
    product = tf.linalg.tridiagonal_matmul(given, rhs, form)
    solved = tf.linalg.tridiagonal_solve(given, rhs, form)
    vector = tf.linalg.tridiagonal_solve(given, rhs[:, 0], form)
    found = run([product, solved, vector])
    np.testing.assert_allclose(found[0], dense @ rhs, atol=1e-12)
    np.testing.assert_allclose(found[1], np.linalg.solve(dense, rhs), atol=1e-12)
    np.testing.assert_allclose(found[2], found[1][:, 0], atol=1e-12)
    with pytest.raises(ValueError, match="Unrecognized diagonals_format"):
        tf.linalg.tridiagonal_solve(given, rhs, "bands")
