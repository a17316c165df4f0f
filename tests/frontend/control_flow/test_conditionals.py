"""`tf.cond`, `tf.case`, `tf.switch_case`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf
from tests.frontend.control_flow.differences import check


def flag() -> Any:
    return tf.placeholder(tf.bool, [], "flag")


@pytest.mark.parametrize("flag_value", [True, False])
def test_values_and_gradients_of_either_branch(flag_value: bool) -> None:
    value = check(
        lambda x: tf.cond(flag(), lambda: x * x, lambda: tf.sin(x)), [1.0, -2.0], flag=flag_value
    )
    expected = [1.0, 4.0] if flag_value else np.sin([1.0, -2.0])
    np.testing.assert_allclose(value, expected, rtol=1e-15)


@pytest.mark.parametrize("flag_value", [True, False])
def test_the_gradient_is_zero_where_the_branch_that_reads_is_not_taken(flag_value: bool) -> None:
    check(
        lambda x: tf.cond(flag(), lambda: tf.exp(x[0]), lambda: x[1] * 3.0),
        [0.5, 2.0],
        flag=flag_value,
    )


@pytest.mark.parametrize("at", [2.0, 0.5, -0.5, -3.0])
def test_branches_inside_of_branches(at: float) -> None:
    def function(x: Any) -> Any:
        def positive() -> Any:
            return tf.cond(x > 1.0, lambda: x * x * x, lambda: tf.exp(x))

        return tf.cond(x > 0.0, positive, lambda: tf.cond(x < -1.0, lambda: -x, lambda: tf.sin(x)))

    check(function, at)


@pytest.mark.parametrize("flag_value", [True, False])
def test_second_derivatives(flag_value: bool) -> None:
    def slope(x: Any) -> Any:
        y = tf.cond(flag(), lambda: x * x * x, lambda: tf.sin(x))
        return tf.gradients(y, x)[0]

    check(slope, [1.0, -0.5], flag=flag_value)


def test_a_gradient_inside_of_a_branch() -> None:
    def function(x: Any) -> Any:
        return tf.cond(
            flag(), lambda: tf.gradients(tf.sin(x), x)[0], lambda: tf.gradients(x * x, x)[0]
        )

    np.testing.assert_allclose(check(function, [0.3], flag=True), np.cos([0.3]), rtol=1e-15)
    np.testing.assert_allclose(check(function, [0.3], flag=False), [0.6], rtol=1e-15)


def test_structures() -> None:
    pred = tf.placeholder(tf.bool, [])
    x = tf.constant(3.0)
    found = tf.cond(pred, lambda: {"a": x, "b": (x * 2, x * 3)}, lambda: {"a": -x, "b": (x, x)})
    with tf.Session() as session:
        assert session.run(found, {pred: True}) == {"a": 3.0, "b": (6.0, 9.0)}
        assert session.run(found, {pred: False}) == {"a": -3.0, "b": (3.0, 3.0)}
    assert isinstance(tf.cond(pred, lambda: [x], lambda: [x]), tf.Tensor)
    assert isinstance(tf.cond(pred, lambda: [x], lambda: [x], strict=True), list)


@pytest.mark.parametrize("resource", [True, False])
def test_only_the_taken_branch_changes_variables(resource: bool) -> None:
    pred = tf.placeholder(tf.bool, [])
    v = tf.Variable(1.0, use_resource=resource)
    change = tf.cond(pred, lambda: tf.group(v.assign_add(10.0)), lambda: tf.no_op())
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(change, {pred: False})
        assert session.run(v) == 1.0
        session.run(change, {pred: True})
        assert session.run(v) == 11.0


@pytest.mark.parametrize("resource", [True, False])
def test_gradients_of_variables_that_one_branch_reads(resource: bool) -> None:
    pred = tf.placeholder(tf.bool, [])
    v = tf.Variable(np.arange(6.0).reshape(3, 2), use_resource=resource)
    y = tf.cond(pred, lambda: tf.gather(v, [1, 1]), lambda: tf.zeros([2, 2], tf.float64))
    gradient = tf.convert_to_tensor(tf.gradients(y, v)[0])
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(gradient, {pred: True}).tolist() == [[0, 0], [2, 2], [0, 0]]
        assert session.run(gradient, {pred: False}).tolist() == [[0, 0], [0, 0], [0, 0]]


def test_training_through_a_branch() -> None:
    pred = tf.placeholder(tf.bool, [])
    v = tf.Variable([1.0, 2.0])
    loss = tf.reduce_sum(tf.cond(pred, lambda: v * v, lambda: 3.0 * v))
    step = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(step, {pred: False})
        assert session.run(v).tolist() == [-0.5, 0.5]
        session.run(step, {pred: True})
        assert session.run(v).tolist() == [0.0, 0.0]


def test_inner_tensors_cannot_be_fetched() -> None:
    pred = tf.placeholder(tf.bool, [])
    inner: list[Any] = []

    def branch() -> Any:
        inner.append(tf.constant(1.0) + 1.0)
        return inner[0]

    tf.cond(pred, branch, lambda: tf.constant(0.0))
    with tf.Session() as session, pytest.raises(ValueError, match="not fetchable"):
        session.run(inner[0], {pred: True})


@pytest.mark.parametrize(
    ("true_fn", "false_fn", "error", "message"),
    [
        (lambda: 1.0, lambda: 1, ValueError, "must have the same type: float32, int32"),
        (lambda: 1.0, lambda: (1.0, 2.0), ValueError, "Incompatible return"),
        (lambda: None, lambda: 1.0, ValueError, "true_fn must have a return value"),
        (1.0, lambda: 1.0, TypeError, "true_fn must be callable"),
        (None, lambda: 1.0, TypeError, "true_fn argument required"),
    ],
)
def test_branches_that_do_not_fit(
    true_fn: Any, false_fn: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        tf.cond(tf.placeholder(tf.bool, []), true_fn, false_fn)


def test_predicates_that_are_none() -> None:
    with pytest.raises(TypeError, match="pred must not be a Python bool"):
        tf.cond(True, lambda: 1, lambda: 2)
    with pytest.raises((TypeError, ValueError)):
        tf.cond(tf.constant(1.0), lambda: 1, lambda: 2)


# Several branches


def pairs(x: Any) -> list[tuple[Any, Callable[[], Any]]]:
    return [(x < 1.0, lambda: x), (x < 2.0, lambda: x * 10.0), (x < 3.0, lambda: x * 100.0)]


@pytest.mark.parametrize(("at", "expected"), [(0.5, 0.5), (1.5, 15), (2.5, 250), (3.5, -3.5)])
def test_the_first_case_that_holds(at: float, expected: float) -> None:
    assert check(lambda x: tf.case(pairs(x), default=lambda: -x), at) == expected


def test_cases_that_are_exclusive() -> None:
    x = tf.placeholder(tf.float32, [])
    y = tf.case([(x < 1.0, lambda: 1), (x < 2.0, lambda: 2)], exclusive=True)
    with tf.Session() as session:
        assert session.run(y, {x: 1.5}) == 2
        with pytest.raises(tf.errors.InvalidArgumentError, match="More than 1 conditions"):
            session.run(y, {x: 0.5})
        with pytest.raises(tf.errors.InvalidArgumentError, match="None of conditions"):
            session.run(y, {x: 2.5})


def test_cases_that_are_none() -> None:
    x = tf.constant(1.0)
    with pytest.raises(TypeError, match="must be a list, tuple, or dict"):
        tf.case(3)
    with pytest.raises(TypeError, match="must be a 2-tuple"):
        tf.case([x])
    with pytest.raises(TypeError, match="must be of type bool"):
        tf.case([(x, lambda: 1)])
    with pytest.raises(TypeError, match="must be callable"):
        tf.case([(x > 1, 1)])


@pytest.mark.parametrize(("at", "expected"), [(0, 10), (1, 20), (2, 30), (-1, 30), (7, 30)])
def test_numbered_branches(at: int, expected: int) -> None:
    index = tf.placeholder(tf.int32, [])
    y = tf.switch_case(index, [lambda: 10, lambda: 20, lambda: 30])
    z = tf.switch_case(index, {0: lambda: 10, 1: lambda: 20}, default=lambda: 30)
    with tf.Session() as session:
        assert session.run([y, z], {index: at}) == [expected, expected]
