"""A gradient of 0 stays 0 through functions whose own gradient is infinite, as in TensorFlow."""

from typing import Any

import numpy as np
import pytest

import flowc as tf


@pytest.mark.parametrize("size", [1, 5, 17])
@pytest.mark.parametrize("y", [0.0, np.inf, np.nan])
@pytest.mark.parametrize("op", ["SqrtGrad", "RsqrtGrad", "ReciprocalGrad", "InvGrad"])
def test_no_gradient(op: str, y: float, size: int) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        given = tf.placeholder(tf.float32, [None])
        result = getattr(tf.raw_ops, op)(y=given, dy=tf.zeros_like(given))
        values = session.run(result, {given: np.full(size, y, np.float32)})
    assert values.tolist() == [0.0] * size


@pytest.mark.parametrize("function", [tf.sqrt, tf.rsqrt, tf.math.reciprocal])
def test_a_mask_before_a_root(function: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant([0.0, 4.0])
        kept = tf.where(x > 0.0, function(x), tf.zeros_like(x))
        (gradient,) = session.run(tf.gradients(kept, x))
    assert gradient[0] == 0.0 and gradient[1] != 0.0
