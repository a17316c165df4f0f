"""Sessions whose steps the reference interpreter runs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import flowc as tf


@pytest.fixture(autouse=True)
def interpret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FLOWC_FLAGS", "--interpret")
    with tf.Graph().as_default():
        yield


def test_no_code_is_generated() -> None:
    with tf.Session() as session:
        assert session.run(tf.constant([1.0, 2.0]) * 2).tolist() == [2.0, 4.0]
        (compilation,) = session.compilations
        assert list(compilation.times) == ["lower"]


def test_training_updates_variables() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    w = tf.get_variable("w", initializer=[1.0, 2.0])
    step = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_sum(x * w))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for rows in (1, 3, 0):
            session.run(step, {x: np.ones((rows, 2))})
        assert session.run(w).tolist() == [-1.0, 0.0]


def test_a_variable_of_a_new_shape_is_read_as_it_is() -> None:
    v = tf.Variable([1.0], validate_shape=False)
    longer = tf.assign(v, [1.0, 2.0], validate_shape=False)
    total = tf.reduce_sum(v)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(total) == 1.0
        session.run(longer)
        assert session.run(total) == 3.0


def test_a_failed_check_names_the_node_and_changes_nothing() -> None:
    i = tf.placeholder(tf.int32, [])
    w = tf.get_variable("w", initializer=1.0)
    with tf.control_dependencies([tf.gather([1.0, 2.0], i, name="look_up")]):
        step = tf.assign_add(w, 1.0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="look_up"):
            session.run(step, {i: 7})
        assert session.run(w) == 1.0
