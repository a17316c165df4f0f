"""`tf.nn`'s functions of labels in time."""

from __future__ import annotations

import numpy as np
import pytest

import flowc as tf


def test_loss_gradient_and_decoding() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 6, 4)).astype(np.float32)
    x = tf.placeholder(tf.float32, [2, None, 4])
    labels = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([1, 2, 0]), [2, 2])
    loss = tf.nn.ctc_loss(labels, x, [6, 5], time_major=False)
    slope = tf.gradients(tf.reduce_sum(loss), x)[0]
    time_major = tf.transpose(x, [1, 0, 2])
    greedy, _ = tf.nn.ctc_greedy_decoder(time_major, [6, 5])
    (best, second), scores = tf.nn.ctc_beam_search_decoder(time_major, [6, 5], top_paths=2)
    with tf.Session() as session:
        value, gradient = session.run([loss, slope], {x: logits})
        assert (value > 0).all()
        step = 1e-2 * np.sign(gradient)
        up, down = (session.run(loss, {x: logits + s}).sum() for s in (step, -step))
        np.testing.assert_allclose(up - down, 2e-2 * np.abs(gradient).sum(), rtol=1e-2)
        decoded = session.run([greedy[0], best, second, scores], {x: logits})
    assert decoded[0].dense_shape[0] == 2
    assert (decoded[3][:, 0] >= decoded[3][:, 1]).all()
    with pytest.raises(TypeError, match="SparseTensor"):
        tf.nn.ctc_loss(np.zeros((2, 2)), x, [6, 5])  # type: ignore[arg-type]
