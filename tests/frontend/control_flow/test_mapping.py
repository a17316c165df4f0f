"""`tf.map_fn`, `tf.scan`, `tf.foldl`, `tf.foldr`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from tests.frontend.control_flow.differences import check

ROWS = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 6.0]])


def test_map() -> None:
    np.testing.assert_array_equal(check(lambda x: tf.map_fn(lambda r: r * r, x), ROWS), ROWS**2)
    pairs = tf.map_fn(lambda ab: ab[0] * ab[1], (ROWS, ROWS + 1.0), dtype=tf.float64)
    several = tf.map_fn(
        lambda r: {"sum": tf.reduce_sum(r), "int": tf.cast(r, tf.int32)},
        tf.constant(ROWS),
        dtype={"sum": tf.float64, "int": tf.int32},
    )
    assert pairs.shape.as_list() == [3, 2]
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(pairs), ROWS * (ROWS + 1))
        found = session.run(several)
    np.testing.assert_array_equal(found["sum"], ROWS.sum(1))
    np.testing.assert_array_equal(found["int"], ROWS.astype(np.int32))


def test_map_over_no_rows() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    with tf.Session() as session:
        found = session.run(tf.map_fn(lambda r: r * 2.0, x), {x: np.zeros((0, 2))})
    assert found.shape == (0, 2)


def test_gradients_inside_of_map() -> None:
    def slope(row: Any) -> Any:
        return tf.gradients(tf.reduce_sum(tf.sin(row) * row), row)[0]

    with tf.Session() as session:
        found = session.run(tf.map_fn(slope, tf.constant(ROWS)))
    np.testing.assert_allclose(found, np.sin(ROWS) + ROWS * np.cos(ROWS), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("start", [None, 0.5])
def test_scan(reverse: bool, start: float | None) -> None:
    initializer = None if start is None else np.full(2, start)
    value = check(
        lambda x: tf.scan(lambda a, r: a * r + 1.0, x, initializer, reverse=reverse), ROWS
    )
    rows = ROWS[::-1] if reverse else ROWS
    total = initializer
    expected = []
    for row in rows:
        total = row if total is None else total * row + 1.0
        expected.append(total)
    np.testing.assert_allclose(value, expected[::-1] if reverse else expected, rtol=1e-14)


def test_folds() -> None:
    left = check(lambda x: tf.foldl(lambda a, r: a * r + 1.0, x), ROWS)
    right = check(lambda x: tf.foldr(lambda a, r: a * r + 1.0, x, np.ones(2)), ROWS)
    a, b, c = ROWS
    np.testing.assert_allclose(left, (a * b + 1) * c + 1, rtol=1e-14)
    np.testing.assert_allclose(right, ((c + 1) * b + 1) * a + 1, rtol=1e-14)


def test_arguments_that_do_not_fit() -> None:
    with pytest.raises(TypeError, match="fn must be callable"):
        tf.map_fn(1, ROWS)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="1\\+ dimensional"):
        tf.map_fn(lambda r: r, tf.constant(1.0))
    with pytest.raises(TypeError, match="sparse tensor"):
        tf.map_fn(lambda r: r, tf.SparseTensor([[0]], [1.0], [1]))
