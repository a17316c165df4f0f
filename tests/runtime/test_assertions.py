"""What a failed assertion tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf


def failure(fetch: tf.Tensor, feeds: dict[tf.Tensor, object]) -> str:
    with tf.Session(graph=fetch.graph) as session:
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            session.run(fetch, feeds)
        return str(caught.value)


def test_the_data_is_shown() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None])
        with tf.control_dependencies([tf.assert_less(x * 2.0, 3.0, message="too large")]):
            y = x + 1.0
        text = failure(y, {x: np.array([1.0, 2.5, 0.0])})
    assert "assertion failed: [too large] [Condition x < y did not hold" in text
    assert "[2 5 0]" in text
    assert 'test_assertions.py", line' in text


def test_texts_are_shown_inside_of_a_branch() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [])

        def branch() -> Any:
            with tf.control_dependencies([tf.Assert(x < 2.0, ["two is too much", x])]):
                return tf.identity(x)

        y = tf.cond(x > 1.0, branch, lambda: x)
        assert "assertion failed: [two is too much]" in failure(y, {x: 3.0})


def test_nothing_random_is_drawn_again() -> None:
    with tf.Graph().as_default():
        x = tf.random_uniform([])
        with tf.control_dependencies([tf.Assert(x > 2.0, ["not two:", x])]):
            y = tf.identity(x)
        assert failure(y, {}).split("\n")[0].endswith("assertion failed: [not two:]")
