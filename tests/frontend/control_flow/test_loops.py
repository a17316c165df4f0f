"""`tf.while_loop` and TensorArrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from tests.frontend.control_flow.differences import check


def count() -> Any:
    return tf.placeholder(tf.int32, [], "count")


def loop(body: Any, x: Any, times: Any = 3) -> Any:
    """`body(i, x)` applied so often."""
    return tf.while_loop(lambda i, a: i < times, lambda i, a: (i + 1, body(i, a)), [0, x])[1]


@pytest.mark.parametrize("times", [0, 1, 5])
def test_values_and_gradients(times: int) -> None:
    value = check(lambda x: loop(lambda i, a: a * a + x, x, count()), [0.5, -0.3], count=times)
    expected = x = np.array([0.5, -0.3])
    for _ in range(times):
        expected = expected * expected + x
    np.testing.assert_allclose(value, expected, rtol=1e-14)


def test_what_no_iteration_changes() -> None:
    check(lambda x: loop(lambda i, a: tf.tanh(tf.matmul(a, x)), x), [[0.5, 1.0], [-0.3, 0.2]])


def test_variables_that_the_result_does_not_show() -> None:
    def function(x: Any) -> Any:
        return tf.while_loop(
            lambda i, a, b: i < 3, lambda i, a, b: (i + 1, a * b, b + a), [0, x, x * 2.0]
        )[1]

    check(function, [0.5, 0.7])


def test_a_variable_that_does_not_depend_on_itself() -> None:
    check(lambda x: loop(lambda i, a: tf.sin(x) * 2.0, x), [0.5, 0.7])


def test_conditionals_inside() -> None:
    def body(i: Any, a: Any, x: Any) -> Any:
        inner = lambda: tf.cond(i > 1, lambda: a * x, lambda: tf.exp(a))  # noqa: E731
        return tf.cond(tf.equal(i % 2, 0), inner, lambda: tf.sin(a) * 2.0)

    check(lambda x: loop(lambda i, a: body(i, a, x), x, 5), [0.1, 0.2])


@pytest.mark.parametrize("flag", [True, False])
def test_a_predicate_from_outside(flag: bool) -> None:
    def function(x: Any) -> Any:
        pred, y = tf.placeholder(tf.bool, [], "flag"), x * 2.0
        return loop(lambda i, a: tf.cond(pred, lambda: a * y, lambda: a + tf.exp(y)), x)

    check(function, [0.1, 0.2], flag=flag)


def test_loops_inside() -> None:
    check(
        lambda x: loop(lambda i, a: loop(lambda j, b: tf.sin(b) * x, a, i + 1) + a, x),
        [0.3, -0.8],
    )


@pytest.mark.parametrize("flag", [True, False])
def test_a_loop_in_a_branch(flag: bool) -> None:
    def function(x: Any) -> Any:
        pred = tf.placeholder(tf.bool, [], "flag")
        return tf.cond(pred, lambda: loop(lambda i, a: a * x, x), lambda: -x)

    check(function, [0.3, -0.8], flag=flag)


def test_a_loop_in_a_branch_in_a_loop() -> None:
    def body(i: Any, a: Any, x: Any) -> Any:
        return tf.cond(
            tf.equal(i % 2, 0), lambda: loop(lambda j, b: b * x, a, 2), lambda: tf.sin(a)
        )

    check(lambda x: loop(lambda i, a: body(i, a, x), x), [0.9, -0.8])


def test_rows_that_are_gathered_inside() -> None:
    def function(x: Any) -> Any:
        return loop(lambda i, a: a + tf.gather(x, [i, 1]) * tf.gather(x, 0), tf.gather(x, [0, 0]))

    check(function, [[0.5, 1.0], [2.0, 3.0], [-1.0, 0.1]])


@pytest.mark.parametrize("at", [2.0, 1.1, 200.0])
def test_a_limit(at: float) -> None:
    def function(x: Any) -> Any:
        return tf.while_loop(lambda a: a < 100.0, lambda a: a * a, [x], maximum_iterations=3)

    expected = at
    for _ in range(3):
        expected = expected * expected if expected < 100.0 else expected
    # Squares of squares: differences are less exact the larger the value.
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float64, [])
        y = function(x)
        slope = tf.gradients(y, x)[0]
        with tf.Session() as session:
            value, found = session.run([y, slope], {x: at})
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    power = round(float(np.log(expected) / np.log(at)))
    np.testing.assert_allclose(found, power * at ** (power - 1), rtol=1e-13)


def test_a_shape_that_varies() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    shapes = [tf.TensorShape([]), tf.TensorShape([None, 2])]
    _, y = tf.while_loop(
        lambda i, a: i < 3,
        lambda i, a: (i + 1, tf.concat([a, x], 0)),
        [tf.constant(0), x],
        shape_invariants=shapes,
    )
    assert y.shape.as_list() == [None, 2]
    with tf.Session() as session:
        assert session.run(y, {x: [[1, 2], [3, 4]]}).tolist() == [[1, 2], [3, 4]] * 4
    with pytest.raises(ValueError, match="use the `shape_invariants` argument"):
        tf.while_loop(lambda a: tf.size(a) < 9, lambda a: tf.concat([a, a], 0), [tf.zeros([1, 2])])
    with pytest.raises(ValueError, match="is not compatible with the initial shape"):
        tf.while_loop(lambda a: True, lambda a: a, [x], shape_invariants=[tf.TensorShape([3])])


@pytest.mark.parametrize("resource", [True, False])
def test_variables_read_and_written_inside(resource: bool) -> None:
    v = tf.Variable(1.0, use_resource=resource)

    def body(i: Any) -> Any:
        with tf.control_dependencies([v.assign_add(2.0)]):
            return i + 1

    done = tf.while_loop(lambda i: i < 4, body, [0])
    with tf.control_dependencies([done]):
        after = v.read_value()
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(after) == 9.0


@pytest.mark.parametrize("resource", [True, False])
def test_training_through_a_loop(resource: bool) -> None:
    v = tf.Variable(0.5, use_resource=resource)
    step = tf.train.GradientDescentOptimizer(0.1).minimize(
        loop(lambda i, a: a * v, tf.constant(1.0)),
    )
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(step)
        assert session.run(v) == pytest.approx(0.5 - 0.1 * 3 * 0.25)


def test_strings_and_sparse_tensors_as_loop_variables() -> None:
    text = loop(lambda i, a: tf.strings.join([a, "x"]), tf.constant("a"))
    sparse = tf.SparseTensor([[0, 1], [1, 0]], [1.0, 2.0], [2, 2])
    doubled = loop(lambda i, s: tf.SparseTensor(s.indices, s.values * 2.0, s.dense_shape), sparse)
    with tf.Session() as session:
        assert session.run(text) == b"axxx"
        assert session.run(doubled).values.tolist() == [8.0, 16.0]


def test_no_gradient_without_back_prop() -> None:
    x = tf.constant(2.0)
    _, y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * a), [0, x], back_prop=False)
    assert tf.gradients(y, x) == [None]


def test_second_derivatives_are_refused() -> None:
    x = tf.constant(2.0)
    slope = tf.gradients(loop(lambda i, a: a * x, x), x)[0]
    with pytest.raises(TypeError, match="Second-order gradient for while loops not supported"):
        tf.gradients(slope, x)


def test_what_is_inside_stays_there() -> None:
    inner: list[Any] = []

    def body(i: Any) -> Any:
        inner.append(i + 1)
        return inner[0]

    tf.while_loop(lambda i: i < 3, body, [0])
    with pytest.raises(ValueError, match="is in a while loop"):
        inner[0] + 1
    with tf.Session() as session, pytest.raises(ValueError, match="not fetchable"):
        session.run(inner[0])


@pytest.mark.parametrize(
    ("cond", "body", "variables", "error", "message"),
    [
        (lambda i: True, lambda i: i, [], ValueError, "No loop variables provided"),
        (1, lambda i: i, [0], TypeError, "cond must be callable"),
        (lambda i: True, 1, [0], TypeError, "body must be callable"),
        (lambda i: i < 3, lambda i: (i, i), [0], ValueError, "same number of elements"),
        (lambda i: i < 3, lambda i: 1.5, [0], TypeError, "enters the loop with type int32"),
    ],
)
def test_loops_that_are_none(
    cond: Any, body: Any, variables: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        tf.while_loop(cond, body, variables)


# TensorArrays


def test_an_array_read_and_written_in_a_loop() -> None:
    def function(x: Any) -> Any:
        n = tf.shape(x)[0]
        rows = tf.TensorArray(tf.float64, size=n).unstack(x)
        made = tf.TensorArray(tf.float64, size=n)
        made = tf.while_loop(
            lambda i, ta: i < n,
            lambda i, ta: (i + 1, ta.write(i, tf.square(rows.read(n - 1 - i)))),
            [0, made],
        )[1]
        return made.stack()

    value = check(function, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert value.tolist() == [[25, 36], [9, 16], [1, 4]]


def test_an_array_outside_of_loops() -> None:
    def function(x: Any) -> Any:
        array = tf.TensorArray(tf.float64, size=2, infer_shape=False).split(x, [1, 2])
        return tf.concat([array.read(0) * 2.0, tf.square(array.read(1))], 0)

    assert check(function, [1.0, 2.0, 3.0]).tolist() == [2.0, 4.0, 9.0]
    check(
        lambda x: tf.TensorArray(tf.float64, size=3).unstack(x).gather([2, 0]) * x[:2],
        [[1.0], [2.0], [3.0]],
    )
    check(
        lambda x: tf.TensorArray(tf.float64, size=3).unstack(x).concat() * 2.0,
        [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]],
    )


def test_an_array_that_grows() -> None:
    array = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
    array = tf.while_loop(
        lambda i, ta: i < 4, lambda i, ta: (i + 1, ta.write(i, i * i)), [0, array]
    )[1]
    with tf.Session() as session:
        assert session.run([array.stack(), array.size()])[0].tolist() == [0, 1, 4, 9]


def test_arrays_that_are_none() -> None:
    with pytest.raises(ValueError, match="Size must be provided"):
        tf.TensorArray(tf.float32)
    array = tf.TensorArray(tf.float32, size=2).write(0, [1.0, 2.0])
    with pytest.raises(ValueError, match="Inconsistent shapes"):
        array.write(1, [1.0])
