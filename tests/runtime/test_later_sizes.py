"""Code that was made for some sizes meets others that it must refuse, or treat otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

OPS: dict[str, Callable[[Any], Any]] = {
    "MirrorPad": lambda x: build("MirrorPad", x, [[3, 3]], mode="REFLECT"),
    "Slice": lambda x: tf.slice(x, [2], [3]),
    "SplitV": lambda x: tf.split(x, [3, -1])[0],
    "TopKV2": lambda x: tf.nn.top_k(x, 3)[0],
}


@pytest.mark.parametrize("name", OPS)
def test_what_fits_at_first_may_not_fit_later(name: str) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None])
        y = OPS[name](x)
        first = session.run(y, {x: np.arange(6)})
        for size in (2, 1):
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(y, {x: np.arange(size)})
        np.testing.assert_array_equal(session.run(y, {x: np.arange(6)}), first)


def test_products_of_sizes_are_equal_without_being_known() -> None:
    """Labels and logits of a batch of sequences, flattened: one compilation for all lengths."""
    with tf.Graph().as_default():
        logits = tf.placeholder(tf.float32, [None, None, 4])
        labels = tf.placeholder(tf.int64, [None, None])
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=labels)
        gradient = tf.gradients(losses, logits)[0]
        with tf.Session() as session:
            for batch, time in ((2, 3), (1, 3), (4, 7), (5, 1)):
                fed = {logits: np.zeros((batch, time, 4)), labels: np.ones((batch, time))}
                found, slope = session.run([losses, gradient], fed)
                np.testing.assert_allclose(found, np.full((batch, time), np.log(4)), rtol=1e-6)
                row = np.full(4, 0.25) - np.eye(4)[1]
                expected = np.broadcast_to(row, (batch, time, 4))
                np.testing.assert_allclose(slope, expected, atol=1e-7)
            assert session.compile_count <= 2  # a size of 1 may be another relation
