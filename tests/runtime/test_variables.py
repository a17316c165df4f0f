"""Variables in a session: when they are read, what a feed of one means, and what may be assigned.

The answers are TensorFlow 2.21's, where the control edges of a graph decide them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf

after = tf.control_dependencies
KINDS = pytest.mark.parametrize("use_resource", [False, True])


@pytest.fixture(autouse=True)
def _empty_graph() -> None:
    tf.reset_default_graph()


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.control_dependencies(None):
        initializer = tf.global_variables_initializer()
    with tf.Session() as session:
        session.run(initializer)
        return session.run(fetches, feeds)


def close(found: Any, wanted: Any) -> None:
    for f, w in zip(found, wanted, strict=True):
        np.testing.assert_allclose(f, w, rtol=1e-6)


# Whether there is a value


@KINDS
def test_whether_there_is_a_value_is_asked_in_each_run(use_resource: bool) -> None:
    v = tf.Variable(1.0, use_resource=use_resource, name="v")
    asked = [tf.is_variable_initialized(v), tf.report_uninitialized_variables([v])]
    with tf.Session() as session:
        for wanted in (False, False, True, True):
            found, missing = session.run(asked)
            assert found == wanted
            assert missing.tolist() == ([] if wanted else [b"v"])
            if not wanted:
                session.run(v.initializer)
                found = session.run(asked[0])
                assert found
                break
        found, missing = session.run(asked)
        assert (found, missing.tolist()) == (True, [])


@KINDS
def test_initialising_only_where_there_is_no_value(use_resource: bool) -> None:
    v = tf.Variable(1.0, use_resource=use_resource)

    def initialised() -> Any:
        with after([tf.assign(v, 1.0).op]):
            return v.read_value()

    value = tf.cond(tf.is_variable_initialized(v), v.read_value, initialised)
    with tf.Session() as session:
        assert session.run(value) == 1
        session.run(tf.assign(v, 7.0))
        assert session.run(value) == 7
        assert session.run(value) == 7


@KINDS
def test_a_value_is_not_known_while_the_graph_is_built(use_resource: bool) -> None:
    v = tf.Variable(1.0, use_resource=use_resource)
    from flowc.frontend.tensor_util import constant_value

    assert constant_value(tf.is_variable_initialized(v)) is None


@KINDS
def test_initialized_value_is_the_present_one(use_resource: bool) -> None:
    v = tf.Variable(tf.random_uniform([3]), use_resource=use_resource)
    w = tf.Variable(v.initialized_value() * 2.0, use_resource=use_resource)
    with tf.Session() as session:
        session.run([v.initializer, w.initializer])
        close(session.run([w]), [2 * session.run(v)])
        session.run(tf.assign(v, [1.0, 2.0, 3.0]))
        session.run(w.initializer)
        assert session.run(w).tolist() == [2, 4, 6]


# The order of reads and writes


def _after_assign(v: Any) -> Any:
    with after([tf.assign(v, [10.0, 20.0])]):
        return [tf.identity(v), v + 1, v.read_value(), tf.gather(v, [1])]


def _after_add(v: Any) -> Any:
    with after([tf.assign_add(v, [10.0, 20.0])]):
        return [tf.identity(v), v + 1.0]


def _after_scatter(v: Any) -> Any:
    with after([tf.scatter_update(v, [1], [20.0])]):
        return [tf.identity(v), tf.reduce_sum(v)]


def _after_step(v: Any) -> Any:
    with after([tf.train.MomentumOptimizer(0.25, 0.9).minimize(tf.reduce_sum(v * v))]):
        return [tf.identity(v), v + 0.0]


def _one_after_the_other(v: Any) -> Any:
    with after([tf.assign(v, v * 2)]), after([tf.assign(v, v + 3)]), after([tf.assign(v, v * 10)]):
        return [tf.identity(v)]


def _in_a_branch(v: Any) -> Any:
    def assigned() -> Any:
        with after([tf.assign(v, [10.0, 20.0])]):
            return tf.identity(v)

    yes = tf.placeholder_with_default(True, [])
    inside = tf.cond(yes, assigned, lambda: tf.identity(v))
    with after([inside]):
        return [inside, tf.identity(v), tf.cond(yes, lambda: v + 1, lambda: v)]


def _in_a_loop(v: Any) -> Any:
    def body(i: Any, total: Any) -> Any:
        with after([tf.assign(v, v * 2)]):
            return i + 1, total + v

    loop = tf.while_loop(lambda i, t: i < 3, body, [0, tf.zeros([2])], parallel_iterations=1)
    with after(list(loop)):
        return [loop[1], tf.identity(v)]


def _in_a_condition(v: Any) -> Any:
    def body(i: Any) -> Any:
        with after([tf.assign_add(v, [1.0, 1.0])]):
            return i + 1

    return [tf.while_loop(lambda i: v[0] < 5, body, [tf.constant(0)], parallel_iterations=1)]


def _beside_the_host(v: Any) -> Any:
    with after([tf.assign(v, [10.0, 20.0])]):
        shown = tf.py_func(lambda a: a + 1, [v], tf.float32)
    with after([shown]), after([tf.assign(v, v + 1)]):
        return [shown, tf.identity(v)]


ORDERS: list[tuple[Callable[[Any], Any], list[Any]]] = [
    (_after_assign, [[10, 20], [11, 21], [10, 20], [20]]),
    (_after_add, [[11, 22], [12, 23]]),
    (_after_scatter, [[1, 20], 21]),
    (_after_step, [[0.5, 1], [0.5, 1]]),
    (_one_after_the_other, [[50, 70]]),
    (_in_a_branch, [[10, 20], [10, 20], [11, 21]]),
    (_in_a_loop, [[14, 28], [8, 16]]),
    (_in_a_condition, [4]),
    (_beside_the_host, [[11, 21], [11, 21]]),
]


@KINDS
@pytest.mark.parametrize(("program", "wanted"), ORDERS, ids=lambda x: getattr(x, "__name__", ""))
def test_control_edges_decide(program: Any, wanted: Any, use_resource: bool) -> None:
    close(run(program(tf.Variable([1.0, 2.0], use_resource=use_resource))), wanted)


def test_what_was_read_of_a_reference_shows_what_is_written_later() -> None:
    v = tf.Variable([1.0, 2.0], use_resource=False)
    early = [
        tf.identity(v),
        tf.reshape(tf.identity(v), [2, 1]),
        tf.expand_dims(v, 0),
        tf.stop_gradient(v),
        v + 0.0,
    ]
    with after([early[-1]]), after([tf.assign(v, [10.0, 20.0])]):
        found = run([tf.reshape(x, [-1])[0] + 1 for x in early])
    assert found == [11, 11, 11, 11, 2]


def test_memory_of_another_size_is_another() -> None:
    v = tf.Variable([1.0, 2.0], use_resource=False)
    early = tf.identity(v)
    with after([early]):
        assigned = tf.assign(v, [7.0, 8.0, 9.0], validate_shape=False)
    with after([assigned]):
        close(run([early + 0, assigned + 0]), [[1, 2], [7, 8, 9]])


def test_counting_up() -> None:
    v = tf.Variable(1, use_resource=False)
    with after([v.count_up_to(5)]):
        assert run(tf.identity(v)) == 2


# Feeds


def _reads(v: Any, w: Any) -> list[Any]:
    step = tf.train.GradientDescentOptimizer(v).minimize(w * w, var_list=[w])
    with after([step]):
        stepped = w.read_value() + 0
    return [
        v * 2,
        v.read_value() + 1,
        v.value() + 0.0,
        tf.identity(v),
        tf.is_variable_initialized(v),
        tf.cond(v > 5, lambda: v + 1, lambda: v - 1),
        tf.while_loop(lambda i: tf.cast(i, tf.float32) < v, lambda i: i + 1, [0]),
        tf.map_fn(lambda q: q * v, tf.constant([1.0])),
        tf.gradients(v * v, v)[0],
        stepped,
        tf.py_func(lambda a: a + 1, [v], tf.float32),
        v,
    ]


@KINDS
def test_a_fed_variable_has_the_fed_value(use_resource: bool) -> None:
    v, w = (tf.Variable(value, use_resource=use_resource) for value in (3.0, 2.0))
    reads = _reads(v, w)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        fed = session.run(reads, {v: 10.0})
        close(fed, [20, 11, 10, 10, True, 11, 10, [10], 20, -38, 11, 10])
        assert session.run([v * 2, v]) == [6, 3]


@KINDS
def test_rows_of_a_fed_variable(use_resource: bool) -> None:
    w = tf.Variable([1.0, 2.0, 3.0], use_resource=use_resource)
    rows = [tf.gather(w, [1]), tf.nn.embedding_lookup(w, [0, 2]), tf.gather_nd(w, [[2]]), w[1]]
    with tf.Session() as session:  # it needs no value of its own
        close(session.run(rows, {w: [7.0, 8.0, 9.0]}), [[8], [7, 9], [9], 8])
        with pytest.raises(ValueError, match="Cannot feed value of shape"):
            session.run(rows, {w: [7.0]})


@KINDS
def test_a_fed_variable_cannot_be_assigned(use_resource: bool) -> None:
    v = tf.Variable(3.0, use_resource=use_resource)
    step = tf.train.AdamOptimizer().minimize(v * v)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for write in (tf.assign(v, 1.0).op, tf.assign_add(v, 1.0).op, v.initializer, step):
            with pytest.raises(tf.errors.InvalidArgumentError, match="is fed in this run"):
                session.run(write, {v: 10.0})
        assert session.run(v) == 3


# Other shapes


@KINDS
def test_a_value_of_another_shape(use_resource: bool) -> None:
    v = tf.Variable([1.0, 2.0], use_resource=use_resource)
    other = tf.placeholder(tf.float32)
    free = tf.assign(v, other, validate_shape=False)
    same = tf.assign(v, other)
    read = free * 2
    with tf.Session() as session:
        session.run(v.initializer)
        for value in ([1.0, 2.0, 3.0], [[4.0]], 5.0, [1.0, 2.0]):
            close(session.run([read, free], {other: value}), [np.multiply(value, 2), value])
            close(session.run([v, v * 2]), [value, np.multiply(value, 2)])
        with pytest.raises(tf.errors.InvalidArgumentError, match="shapes of both tensors"):
            session.run(same, {other: [1.0, 2.0, 3.0]})
        close(session.run([v]), [[1, 2]])


@KINDS
def test_the_result_has_the_shape_of_the_value(use_resource: bool) -> None:
    v = tf.Variable([1.0, 2.0], use_resource=use_resource)
    assigned = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
    assert assigned.shape.as_list() == [3]
    assert v.shape.as_list() == [2]
    assert run(assigned + tf.ones([3])).tolist() == [2, 3, 4]
    with pytest.raises(ValueError, match=r"shapes of both|are incompatible"):
        tf.assign(v, [1.0, 2.0, 3.0])


def test_initialising_again_does_not_change_the_shape_back() -> None:
    v = tf.Variable([1.0, 2.0], use_resource=False)
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(v.initializer)
        assert session.compile_count == 1
        session.run(tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False))
        with pytest.raises(tf.errors.InvalidArgumentError, match="shapes of both tensors"):
            session.run(v.initializer)
