"""Blocks of images moved between batch and space."""

from __future__ import annotations

import numpy as np
import pytest

import flowc as tf


def test_square_blocks() -> None:
    x = np.arange(32.0).reshape(2, 4, 4, 1)
    cut = tf.space_to_batch(x, [[0, 0], [1, 1]], block_size=2)
    back = tf.batch_to_space(cut, [[0, 0], [1, 1]], block_size=2)
    assert cut.shape.as_list() == [8, 2, 3, 1]
    with tf.Session() as session:
        first, same = session.run([cut, back])
    np.testing.assert_array_equal(same, x)
    np.testing.assert_array_equal(first[0, :, :, 0], [[0, 1, 3], [0, 9, 11]])
    with pytest.raises(ValueError, match="not divisible"):
        tf.space_to_batch(x, [[0, 0], [0, 1]], 2)


@pytest.mark.parametrize("shape", [(3,), (3, 2), (0, 2, 4)])
def test_no_block_dimensions(shape: tuple[int, ...]) -> None:
    x = tf.constant(np.ones(shape))
    none, edges = np.zeros([0], np.int32), np.zeros([0, 2], np.int32)
    y = tf.batch_to_space_nd(tf.space_to_batch_nd(x, none, edges), none, edges)
    with tf.Session() as session:
        found, gradient = session.run([y, tf.gradients(y, x)[0]])
    np.testing.assert_array_equal(found, np.ones(shape))
    np.testing.assert_array_equal(gradient, np.ones(shape))
