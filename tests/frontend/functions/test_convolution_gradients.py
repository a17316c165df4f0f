"""Transposed and depthwise convolutions' functions against the gradients that they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

RANDOM = np.random.default_rng(5)


def noise(*shape: int) -> Any:
    return RANDOM.standard_normal(shape).astype(np.float32)


def run(tensors: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensors)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_transposed_convolution_of_volumes(padding: str) -> None:
    x, filter = tf.constant(noise(2, 4, 5, 6, 3)), tf.constant(noise(2, 3, 2, 3, 4))
    strides = [1, 2, 1, 2, 1]
    y = tf.nn.conv3d(x, filter, strides, padding)
    dy = tf.constant(noise(*y.shape.as_list()))
    expected = tf.gradients(y, [x, filter], dy)
    by_x = tf.nn.conv3d_transpose(dy, filter, x.shape.as_list(), strides, padding)
    by_filter = tf.nn.conv3d_backprop_filter(x, filter.shape.as_list(), dy, strides, padding)
    assert by_x.shape == x.shape
    for found, wanted in zip(*run([(by_x, by_filter), expected]), strict=True):
        np.testing.assert_array_equal(found, wanted)
    same = tf.nn.conv3d_transpose(dy, filter, x.shape.as_list(), [2, 1, 2], padding)
    assert same.shape == x.shape


def test_depthwise_gradients() -> None:
    x, filter = tf.constant(noise(2, 6, 5, 3)), tf.constant(noise(3, 2, 3, 2))
    y = tf.nn.depthwise_conv2d_native(x, filter, strides=[1, 1, 1, 1], padding="SAME")
    dy = tf.constant(noise(*y.shape.as_list()))
    expected = tf.gradients(y, [x, filter], dy)
    window: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    by_x = tf.nn.depthwise_conv2d_backprop_input([2, 6, 5, 3], filter, dy, **window)
    by_filter = tf.nn.depthwise_conv2d_backprop_filter(x, [3, 2, 3, 2], dy, **window)
    for found, wanted in zip(*run([(by_x, by_filter), expected]), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert tf.nn.depthwise_conv2d_native_backprop_input is tf.nn.depthwise_conv2d_backprop_input
