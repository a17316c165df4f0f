"""What a user meets who makes a mistake: the error's class and message, and an unharmed session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowc as tf


class Model:
    """A small graph with a variable that one of its operations changes."""

    def __init__(self) -> None:
        self.x = tf.placeholder(tf.float32, [None, 4], name="x")
        self.index = tf.placeholder(tf.int32, [], name="index")
        self.weights = tf.Variable(tf.ones([4, 3]), name="weights")
        self.product = tf.matmul(self.x, self.weights, name="product")
        self.row = tf.gather(self.weights, self.index, name="row")
        self.increment = self.weights.assign_add(tf.ones([4, 3]))
        self.unset = tf.Variable(tf.zeros([2]), name="unset")


@pytest.fixture
def model() -> Iterator[tuple[Model, Any]]:
    """A model and a session in which all but `unset` is initialised."""
    with tf.Graph().as_default():
        made = Model()
        with tf.Session() as session:
            session.run(made.weights.initializer)
            yield made, session


ONES = np.ones((2, 4), np.float32)

MISTAKES: dict[str, tuple[type[Exception], str, Callable[[Model, Any], Any]]] = {
    "feed of another type": (
        ValueError,
        "Cannot feed 'abc' for Tensor 'x:0'",
        lambda m, s: s.run(m.product, {m.x: "abc"}),
    ),
    "feed of another size": (
        ValueError,
        r"Cannot feed value of shape \(2, 5\) for Tensor 'x:0', which has shape '\(\?, 4\)'",
        lambda m, s: s.run(m.product, {m.x: np.ones((2, 5))}),
    ),
    "feed of another rank": (
        ValueError,
        r"Cannot feed value of shape \(4,\) for Tensor 'x:0'",
        lambda m, s: s.run(m.product, {m.x: np.ones(4)}),
    ),
    "feed of nothing in the graph": (
        TypeError,
        "Cannot interpret feed_dict key as Tensor",
        lambda m, s: s.run(m.product, {"absent:0": 1.0}),
    ),
    "fetch of nothing in the graph": (
        ValueError,
        "'absent:0' refers to a Tensor which does not exist",
        lambda m, s: s.run("absent:0"),
    ),
    "fetch of None": (TypeError, "invalid type", lambda m, s: s.run(None)),
    "no feed": (
        tf.errors.InvalidArgumentError,
        r"You must feed a value for placeholder tensor 'x' with dtype float32 and shape \[\?,4\]",
        lambda m, s: s.run(m.product),
    ),
    "uninitialised variable": (
        tf.errors.FailedPreconditionError,
        "uninitialized value unset",
        lambda m, s: s.run(m.unset),
    ),
    "index out of range": (
        tf.errors.InvalidArgumentError,
        r"indices = 9 is not in \[0, 4\)",
        lambda m, s: s.run([m.increment, m.row], {m.index: 9}),
    ),
    "negative index": (
        tf.errors.InvalidArgumentError,
        r"indices = -1 is not in \[0, 4\)",
        lambda m, s: s.run([m.increment, m.row], {m.index: -1}),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_and_harms_nothing(name: str, model: tuple[Model, Any]) -> None:
    made, session = model
    error, message, mistake = MISTAKES[name]
    with pytest.raises(error, match=message):
        mistake(made, session)
    np.testing.assert_array_equal(session.run(made.weights), np.ones((4, 3)))
    np.testing.assert_array_equal(session.run(made.product, {made.x: ONES}), np.full((2, 3), 4.0))


def test_sizes_that_do_not_fit_are_shown_as_numbers(model: tuple[Model, Any]) -> None:
    _, session = model
    a = tf.placeholder(tf.float32, [None, None], name="a")
    b = tf.placeholder(tf.float32, [None, None], name="b")
    product = tf.matmul(a, b, name="mismatch")
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        session.run(product, {a: np.ones((2, 3)), b: np.ones((4, 2))})
    text = str(caught.value)
    assert "In[0]: [2,3], In[1]: [4,2]" in text
    assert "float32[2,3] from 'a:0'" in text
    assert "node created at:" in text
    assert 'product = tf.matmul(a, b, name="mismatch")' in text
    assert session.run(product, {a: np.ones((2, 3)), b: np.ones((3, 2))}).shape == (2, 2)


def test_construction_names_both_operands_and_lines() -> None:
    with tf.Graph().as_default():
        a, b = tf.ones([2, 784]), tf.ones([512, 10])
        with pytest.raises(ValueError, match="MatMul 'layer/product'") as caught:
            tf.matmul(a, b, name="layer/product")
    assert "a: float32[2,784]" in str(caught.value)
    assert "test_errors.py:" in str(caught.value)


def test_a_closed_session_refuses() -> None:
    with tf.Graph().as_default():
        value = tf.constant(1.0)
        session = tf.Session()
        session.run(value)
        session.close()
        with pytest.raises(RuntimeError, match="closed Session"):
            session.run(value)


def test_a_variable_of_the_first_kind_without_a_value() -> None:
    """Its error has no node of its own, and is not its own cause."""
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.raw_ops.Variable(shape=[], dtype=tf.float32)
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized") as caught:
            session.run(v)
        assert caught.value.__cause__ is None
