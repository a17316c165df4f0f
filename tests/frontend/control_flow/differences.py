"""Gradients by central differences, to hold `tf.gradients` against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import flowc as tf

Array = np.ndarray[Any, Any]
_STEP = 1e-5  # float64: the error is about 1e-10 by truncation and 1e-11 by rounding


def value_and_gradient(
    function: Callable[[Any], Any], at: Array, feeds: dict[str, Any] | None = None
) -> tuple[Array, Array, Array]:
    """`function` of a float64 placeholder, the gradient of its sum, and that by differences.

    `feeds` are by the names of placeholders that the function makes.
    """
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float64, [None] * at.ndim)
        y = function(x)
        gradient = tf.convert_to_tensor(tf.gradients(y, x)[0])
        gated = tf.convert_to_tensor(tf.gradients(y, x, gate_gradients=True)[0])
        more = {graph.get_tensor_by_name(f"{k}:0"): v for k, v in (feeds or {}).items()}
        with tf.Session() as session:
            value, found = session.run([y, gradient], {x: at, **more})
            # Optimizers have the gradients of an operation wait for each other.
            np.testing.assert_array_equal(session.run(gated, {x: at, **more}), found)
            total = tf.reduce_sum(y)

            def sum_at(point: Array) -> float:
                return float(session.run(total, {x: point, **more}))

            return value, found, _differences(sum_at, at)


def _differences(function: Callable[[Array], float], at: Array) -> Array:
    found = np.empty(at.shape)
    for index in np.ndindex(*at.shape):
        step = np.zeros(at.shape)
        step[index] = _STEP
        found[index] = (function(at + step) - function(at - step)) / (2 * _STEP)
    return found


def check(function: Callable[[Any], Any], at: Any, **feeds: Any) -> Array:
    """Assert that the gradient is right; returns the value."""
    point = np.asarray(at, np.float64)
    value, found, expected = value_and_gradient(function, point, feeds)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7)
    return value
