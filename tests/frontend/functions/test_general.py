"""Small functions of the API: printing, shapes that are promised, scopes, statistics, metrics."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import flowc as tf


def test_print(capfd: pytest.CaptureFixture[str]) -> None:
    x = tf.placeholder(tf.float32, [None])
    done = tf.print("x is", x, {"twice": x * 2.0}, [1, "a"], output_stream=sys.stdout)
    with tf.Session() as session:
        session.run(done, {x: [1.0, 2.0]})
        session.run(tf.print(tf.range(100), summarize=2))
    captured = capfd.readouterr()
    assert captured.out == "x is [1 2] {'twice': [2 4]} [1, a]\n"
    assert captured.err == "[0 1 ... 98 99]\n"
    with pytest.raises(ValueError, match="Unsupported output stream"):
        tf.print("a", output_stream=3)


def test_shapes_that_are_promised() -> None:
    x = tf.placeholder(tf.float32)
    y = tf.ensure_shape(x, [None, 2])
    assert y.shape.as_list() == [None, 2]
    with tf.Session() as session:
        assert session.run(y, {x: [[1, 2]]}).tolist() == [[1, 2]]
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(y, {x: [1, 2]})


def test_what_is_a_tensor() -> None:
    assert tf.is_tensor(tf.constant(1))
    assert tf.is_tensor(tf.Variable(1))
    assert not tf.is_tensor(np.zeros(1))
    np.testing.assert_array_equal(tf.get_static_value(tf.constant([1, 2])), [1, 2])


def test_a_scope_outside_of_branches() -> None:
    made: list[Any] = []

    def branch() -> Any:
        with tf.init_scope():
            made.append(tf.constant(3.0))
        return made[0] + 1.0

    tf.cond(tf.placeholder(tf.bool, []), branch, lambda: tf.constant(0.0))
    with tf.Session() as session:
        assert session.run(made[0]) == 3.0


def test_statistics() -> None:
    x = np.random.default_rng(0).standard_normal((4, 3))
    count, total, squares, shift = tf.nn.sufficient_statistics(x, [0])
    mean, variance = tf.nn.normalize_moments(count, total, squares, shift)
    with tf.Session() as session:
        found = session.run([count, mean, variance])
    assert found[0] == 4
    np.testing.assert_allclose(found[1], x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(found[2], x.var(0), rtol=1e-11)


LABELS = np.array([0, 0, 1, 1, 1, 0], np.int32)
SCORES = np.array([0.1, 0.4, 0.35, 0.8, 0.9, 0.7], np.float32)


def last_value(metric: Any) -> Any:
    """The value after two halves of the data."""
    value, update = metric
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        for half in (slice(0, 3), slice(3, 6)):
            feeds = {"labels:0": LABELS[half], "scores:0": SCORES[half]}
            session.run(update, feeds)
        return session.run(value)


def inputs() -> tuple[Any, Any]:
    return tf.placeholder(tf.int32, [None], "labels"), tf.placeholder(tf.float32, [None], "scores")


def test_area_under_the_curve() -> None:
    # Of the 9 pairs of a positive and a negative, 7 are in the right order.
    found = last_value(tf.metrics.auc(*inputs(), num_thresholds=1000))
    assert found == pytest.approx(7 / 9, abs=1e-3)
    with pytest.raises(ValueError, match="curve must be either"):
        tf.metrics.auc(*inputs(), curve="XY")


def test_metrics_at_thresholds() -> None:
    limits = [0.3, 0.75]
    np.testing.assert_allclose(
        last_value(tf.metrics.precision_at_thresholds(*inputs(), limits)), [3 / 5, 1], rtol=1e-5
    )
    tf.reset_default_graph()
    np.testing.assert_allclose(
        last_value(tf.metrics.recall_at_thresholds(*inputs(), limits)), [1, 2 / 3], rtol=1e-5
    )
    tf.reset_default_graph()
    found = last_value(tf.metrics.false_positives_at_thresholds(*inputs(), limits))
    assert found.tolist() == [2, 0]
    tf.reset_default_graph()
    found = last_value(tf.metrics.specificity_at_sensitivity(*inputs(), 0.66))
    assert found == pytest.approx(1.0, abs=1e-5)
