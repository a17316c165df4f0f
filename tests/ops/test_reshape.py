"""The size that a reshape is left to find, of empty tensors and unknown sizes too."""

from __future__ import annotations

import numpy as np
import pytest

import flowc as tf

SHAPES = [
    # of the tensor, the size that is given beside -1, and TensorFlow's answer
    ((3, 4), 2, (6, 2)),
    ((0, 4), 0, (4, 0)),
    ((0, 4), 2, (0, 2)),
    ((0, 0), 0, (1, 0)),
    ((3, 4), 4, (3, 4)),
    ((3, 4), 5, None),
    ((3, 4), 0, None),
]


@pytest.mark.parametrize(("shape", "given", "expected"), SHAPES)
def test_size_that_is_left(
    shape: tuple[int, ...], given: int, expected: tuple[int, ...] | None
) -> None:
    x, size = tf.placeholder(tf.float32, [None, None]), tf.placeholder(tf.float32, [None])
    reshaped = tf.reshape(x, [-1, tf.shape(size)[0]])
    with tf.Session() as session:
        session.run(reshaped, {x: np.zeros((3, 4)), size: np.zeros(2)})  # other sizes, other code
        feeds = {x: np.zeros(shape), size: np.zeros(given)}
        if expected is not None:
            assert session.run(reshaped, feeds).shape == expected
            return
        with pytest.raises(tf.errors.InvalidArgumentError, match="Input to reshape"):
            session.run(reshaped, feeds)


@pytest.mark.parametrize(("shape", "given", "expected"), SHAPES)
def test_constant_size(
    shape: tuple[int, ...], given: int, expected: tuple[int, ...] | None
) -> None:
    if expected is None:
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            tf.Session().run(tf.reshape(tf.zeros(shape), [-1, given]))
        return
    with tf.Session() as session:
        assert session.run(tf.reshape(tf.zeros(shape), [-1, given])).shape == expected
