"""Sorting: every element is there once, whatever is compared."""

from __future__ import annotations

import numpy as np
import pytest

import flowc as tf


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float32])
@pytest.mark.parametrize("size", [1, 7, 300])
def test_positions_are_a_permutation_though_there_are_nans(dtype: tf.DType, size: int) -> None:
    rows = np.random.RandomState(size).choice([np.nan, np.inf, -np.inf, 0.0, 1.0], (4, size))
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(dtype, [None, None])
        values, positions = session.run(tf.nn.top_k(x, size), {x: rows})
    assert np.array_equal(np.sort(positions, -1), np.tile(np.arange(size), (4, 1)))
    taken = np.take_along_axis(rows, positions, -1)
    np.testing.assert_array_equal(values.astype(np.float64), taken)
    np.testing.assert_array_equal(taken, np.sort(rows, -1)[:, ::-1])  # NaN is the greatest
