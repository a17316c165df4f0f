"""Simulated quantisation by its functions, and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf


def run(tensors: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensors)


def test_a_constant_range() -> None:
    x = tf.constant([-9.0, -0.9, 0.26, 5.0])
    y = tf.fake_quant_with_min_max_args(x, min=-1, max=1, num_bits=4)
    (gradient,) = tf.gradients(y, x)
    direct = tf.fake_quant_with_min_max_args_gradient(tf.ones(4), x, -1, 1, 4)
    levels, by_x, same = run([y, gradient, direct])
    step = 2 / 15  # 0 is a level; the range moves by half a step
    np.testing.assert_allclose(levels, np.array([-7, -7, 2, 8]) * step, rtol=1e-6, atol=1e-7)
    assert by_x.tolist() == same.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("channels", [False, True])
def test_a_range_that_is_learnt(channels: bool) -> None:
    x = tf.constant([[-9.0, 0.3], [0.5, 9.0]])
    suffix = "_per_channel" if channels else ""
    bounds = ([-1.0, -2.0], [1.0, 2.0]) if channels else (-1.0, 1.0)
    low, high = (tf.constant(bound) for bound in bounds)
    function = getattr(tf.quantization, "fake_quant_with_min_max_vars" + suffix)
    backwards = getattr(tf, f"fake_quant_with_min_max_vars{suffix}_gradient")
    gradients = tf.gradients(function(x, low, high), [x, low, high])
    by_function = backwards(tf.ones([2, 2]), x, low, high)
    found, same = run([gradients, list(by_function)])
    for one, other in zip(found, same, strict=True):
        np.testing.assert_array_equal(one, other)
    assert found[0].tolist() == [[0, 1], [1, 0]]
    assert found[1].tolist() == ([1, 0] if channels else 1)
    assert found[2].tolist() == ([0, 1] if channels else 1)


def test_quantizing_and_back() -> None:
    x = tf.constant([-1.0, 0.3, 1.0])
    y = tf.quantization.quantize_and_dequantize(x, -1.0, 1.0, range_given=True, num_bits=3)
    by_rows = tf.quantization.quantize_and_dequantize(tf.stack([x, x * 2]), 0.0, 0.0, axis=-2)
    first, rows = run([y, by_rows])
    np.testing.assert_allclose(first, [-1.0, 1 / 3, 1.0], atol=1e-6)
    np.testing.assert_allclose(rows[1], 2 * rows[0], rtol=1e-6)
    with pytest.raises(ValueError, match="num_bits is out of range"):
        tf.quantization.quantize_and_dequantize(x, -1.0, 1.0, num_bits=99)
