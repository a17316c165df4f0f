"""Gradients of convolutions whose filter is as wide as the image."""

from __future__ import annotations

import numpy as np
import pytest

import flowc as tf


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("depth", [1, 3])
def test_gradient_by_the_image(depth: int, stride: int) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 7, 5, depth)), rng.standard_normal((3, 5, depth, 4))
    with tf.Graph().as_default():
        fed = tf.placeholder(tf.float64, [None, 7, 5, depth])
        y = tf.nn.conv2d(fed, tf.constant(w), [1, stride, 1, 1], "VALID")
        slope = tf.gradients(tf.sin(y), fed)[0]
        with tf.Session() as session:
            value, found = session.run([y, slope], {fed: x})
    rows = range(0, 5, stride)
    expected = np.stack([np.einsum("bijc,ijco->bo", x[:, r : r + 3], w) for r in rows], 1)
    np.testing.assert_allclose(value[:, :, 0], expected, rtol=1e-11, atol=1e-12)
    gradient = np.zeros_like(x)
    for place, row in enumerate(rows):
        gradient[:, row : row + 3] += np.einsum("bo,ijco->bijc", np.cos(expected[:, place]), w)
    np.testing.assert_allclose(found, gradient, rtol=1e-11, atol=1e-12)
