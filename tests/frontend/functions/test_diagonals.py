"""Diagonals by number and by range, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

Array = np.ndarray[Any, Any]
MATRICES = np.arange(24.0).reshape(2, 3, 4)


def run(tensors: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(tensors, feeds)


def stored(matrix: Array, lower: int, upper: int, align: str, fill: float) -> Array:
    """The diagonals of a matrix as rows, the highest first."""
    found = [np.diagonal(matrix, k) for k in range(upper, lower - 1, -1)]
    longest = max(map(len, found))
    rows = []
    for k, diagonal in zip(range(upper, lower - 1, -1), found, strict=True):
        side = align.split("_")[0 if k >= 0 else 1]
        gap = longest - len(diagonal)
        rows.append(
            np.pad(diagonal, (gap, 0) if side == "RIGHT" else (0, gap), constant_values=fill)
        )
    return np.array(rows)


@pytest.mark.parametrize("k", [-2, -1, 0, 1, 3])
def test_one_diagonal(k: int) -> None:
    x = tf.placeholder(tf.float64, [None, None, 4])
    part = tf.matrix_diag_part(x, k=k)
    changed = tf.matrix_set_diag(x, part + 100, k=k)
    taken, put = run([part, changed], {x: MATRICES})
    np.testing.assert_array_equal(taken, np.diagonal(MATRICES, k, 1, 2))
    np.testing.assert_array_equal(put - MATRICES, 100 * np.broadcast_to(np.eye(3, 4, k), (2, 3, 4)))
    (gradient,) = run(tf.gradients(tf.reduce_sum(part), x), {x: MATRICES})
    np.testing.assert_array_equal(gradient, np.broadcast_to(np.eye(3, 4, k), (2, 3, 4)))


@pytest.mark.parametrize("align", ["RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"])
@pytest.mark.parametrize(("lower", "upper"), [(-1, 1), (-2, 0), (1, 3), (-2, 3)])
def test_a_range_of_diagonals(lower: int, upper: int, align: str) -> None:
    part = tf.linalg.diag_part(MATRICES, k=(lower, upper), padding_value=-7, align=align)
    expected = np.array([stored(m, lower, upper, align, -7) for m in MATRICES])
    blank = tf.linalg.set_diag(np.zeros_like(MATRICES), part, k=(lower, upper), align=align)
    taken, put = run([part, blank])
    np.testing.assert_array_equal(taken, expected)
    np.testing.assert_array_equal(put, np.triu(np.tril(MATRICES, upper), lower))


def test_a_matrix_of_diagonals() -> None:
    made = [
        tf.matrix_diag([1.0, 2.0], k=1),
        tf.matrix_diag([1.0, 2.0], k=-1, num_rows=3, num_cols=2, padding_value=9),
        tf.linalg.diag([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], k=(0, 1)),
    ]
    square, tall, band = run(made)
    np.testing.assert_array_equal(square, [[0, 1, 0], [0, 0, 2], [0, 0, 0]])
    np.testing.assert_array_equal(tall, [[9, 9], [1, 9], [9, 2]])
    np.testing.assert_array_equal(band, [[3, 1, 0], [0, 4, 2], [0, 0, 5]])


def test_a_diagonal_outside_of_the_matrix() -> None:
    with pytest.raises(ValueError, match="diag_index 4 must be within a matrix"):
        tf.matrix_diag_part(MATRICES, k=4)
    with pytest.raises(ValueError, match="lower_diag_index must not be larger"):
        tf.matrix_diag_part(MATRICES, k=(1, 0))
