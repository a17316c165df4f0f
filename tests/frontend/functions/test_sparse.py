"""Functions of SparseTensors against dense NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

Array = np.ndarray[Any, Any]
LEFT = np.array([[0, 1, 0], [0, 0, 0], [2, 0, -3]], np.float32)
RIGHT = np.array([[0, 5, 0], [0, -2, 0], [0, 0, 3]], np.float32)


@pytest.fixture(autouse=True)
def graph() -> Any:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


def sparse(dense: Array) -> Any:
    return tf.SparseTensor(np.argwhere(dense), dense[np.nonzero(dense)], list(dense.shape))


def run(tensors: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensors)


def dense(x: Any) -> Any:
    return run(tf.sparse_tensor_to_dense(x))


def test_sums() -> None:
    left, right = sparse(LEFT), sparse(RIGHT)
    np.testing.assert_array_equal(dense(tf.sparse_add(left, right)), LEFT + RIGHT)
    np.testing.assert_array_equal(run(tf.sparse_add(left, tf.constant(RIGHT))), LEFT + RIGHT)
    with pytest.raises(TypeError, match="SparseTensor"):
        tf.sparse_add(LEFT, RIGHT)


def test_shapes() -> None:
    left = sparse(LEFT)
    np.testing.assert_array_equal(
        dense(tf.sparse_concat(1, [left, sparse(RIGHT)])), np.hstack([LEFT, RIGHT])
    )
    np.testing.assert_array_equal(dense(tf.sparse_reshape(left, [-1])), LEFT.ravel())
    np.testing.assert_array_equal(dense(tf.sparse_transpose(left)), LEFT.T)
    np.testing.assert_array_equal(dense(tf.sparse_slice(left, [1, 0], [2, 2])), LEFT[1:, :2])
    np.testing.assert_array_equal(dense(tf.sparse_reset_shape(left, [4, 4]))[:3, :3], LEFT)
    for part, row in zip(tf.sparse_split(left, 3, 0), LEFT, strict=True):
        np.testing.assert_array_equal(dense(part), row[None])


def test_reductions() -> None:
    left = sparse(LEFT)
    np.testing.assert_array_equal(run(tf.sparse_reduce_sum(left, 1)), LEFT.sum(1))
    assert run(tf.sparse_reduce_sum(left)) == LEFT.sum()
    np.testing.assert_array_equal(run(tf.sparse_reduce_max(left, 0)), [2, 1, -3])
    np.testing.assert_array_equal(dense(tf.sparse.reduce_sum_sparse(left, 0)), LEFT.sum(0))


def test_elementwise() -> None:
    greater = tf.sparse_maximum(sparse(LEFT), sparse(RIGHT))
    np.testing.assert_array_equal(dense(greater), np.maximum(LEFT, RIGHT))


def test_rows() -> None:
    filled, empty = tf.sparse_fill_empty_rows(sparse(LEFT), 9.0)
    np.testing.assert_array_equal(dense(filled)[1], [9, 0, 0])
    np.testing.assert_array_equal(run(empty), [False, True, False])


def test_indicator() -> None:
    ids = tf.SparseTensor([[0, 0], [1, 0]], tf.constant([1, 3], tf.int64), [2, 1])
    expected = np.eye(4, dtype=bool)[[1, 3]]
    np.testing.assert_array_equal(run(tf.sparse_to_indicator(ids, 4)), expected)


def test_mask_of_slices() -> None:
    slices = tf.IndexedSlices(tf.constant([[1.0], [2.0]]), tf.constant([3, 4]))
    assert run(tf.sparse_mask(slices, [4]).values).tolist() == [[1.0]]
