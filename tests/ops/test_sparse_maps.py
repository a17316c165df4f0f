"""Sparse tensors that are kept under a number."""

from __future__ import annotations

import pytest

import flowc as tf
from flowc.frontend.apply import build


def test_what_cannot_be_taken() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        number = build("AddSparseToTensorsMap", [[1]], [2.0], [3], shared_name="m")
        handle = session.run(number)
        take = build("TakeManySparseFromTensorsMap", [handle], dtype=tf.float32, shared_name="m")
        indices, values, shape = session.run(list(take))
        assert (indices.tolist(), values.tolist(), shape.tolist()) == ([[0, 1]], [2], [1, 3])
        with pytest.raises(tf.errors.InvalidArgumentError, match="Unable to find SparseTensor"):
            session.run(list(take))
        none = build("TakeManySparseFromTensorsMap", tf.zeros([0], tf.int64), dtype=tf.float32)
        with pytest.raises(tf.errors.InvalidArgumentError, match="at least 1"):
            session.run(list(none))
        with pytest.raises(tf.errors.InvalidArgumentError, match="should be > 1"):
            session.run(build("AddManySparseToTensorsMap", [[1]], [2.0], [3]))
        with pytest.raises(tf.errors.InvalidArgumentError, match="not those of a SparseTensor"):
            session.run(build("AddSparseToTensorsMap", [[1]], [2.0, 3.0], [3]))
