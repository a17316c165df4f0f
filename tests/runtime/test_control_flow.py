"""Control flow in a session: what runs, what does not, what is compiled and how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build
from tests.runtime.frames import conditional, loop


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def session(graph: Any) -> Iterator[Any]:
    with tf.Session() as made:
        yield made


def parts(session: Any) -> list[bool]:
    """For each part of the last step, whether it is compiled."""
    step = [*session._executor._steps.values()][-1]
    return [part.compiled for part, _ in step._parts]


# Branches


def test_the_branch_that_the_predicate_says(session: Any) -> None:
    x, p = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.bool, [])
    y = conditional(p, [x], lambda a: a + 1, lambda a: -a)
    assert session.run(y, {x: [1, 2], p: True}).tolist() == [2, 3]
    assert session.run(y, {x: [1, 2], p: False}).tolist() == [-1, -2]
    assert session.run(y, {x: [1, 2, 3], p: False}).tolist() == [-1, -2, -3]
    assert session.compile_count == 1


def test_the_other_branch_raises_nothing(session: Any) -> None:
    x, i = tf.placeholder(tf.float32, [3]), tf.placeholder(tf.int32, [])
    y = conditional(i < 3, [x, i], tf.gather, lambda a, k: tf.reduce_sum(a))
    assert session.run(y, {x: [1, 2, 4], i: 1}) == 2
    assert session.run(y, {x: [1, 2, 4], i: 7}) == 7
    with pytest.raises(tf.errors.InvalidArgumentError):
        session.run(y, {x: [1, 2, 4], i: -1})


def test_shapes_need_to_fit_only_in_the_branch_that_is_taken(session: Any) -> None:
    x, p = tf.placeholder(tf.float32), tf.placeholder(tf.bool, [])
    y = conditional(p, [x], lambda a: tf.matmul(a, tf.ones([2, 2])), tf.zeros_like)
    assert session.run(y, {x: np.ones((1, 2)), p: True}).tolist() == [[2, 2]]
    assert session.run(y, {x: np.ones((1, 3)), p: False}).tolist() == [[0, 0, 0]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="MatMul"):
        session.run(y, {x: np.ones((1, 3)), p: True})


def test_a_variable_changes_only_in_the_branch_that_is_taken(session: Any) -> None:
    w = tf.get_variable("w", initializer=np.array([1, 2], np.float32))
    p = tf.placeholder(tf.bool, [])
    handle = w.handle

    def update(resource: Any, one: Any) -> Any:
        with tf.control_dependencies([build("AssignAddVariableOp", resource, one)]):
            return tf.identity(one)

    y = conditional(p, [handle, np.array([1, 1], np.float32)], update, lambda resource, one: one)
    session.run(w.initializer)
    session.run(y, {p: False})
    assert session.run(w).tolist() == [1, 2]
    session.run(y, {p: True})
    assert session.run(w).tolist() == [2, 3]


def test_what_the_other_branch_would_have_computed_has_no_value(session: Any) -> None:
    x, p = tf.placeholder(tf.float32, []), tf.placeholder(tf.bool, [])
    switch = build("Switch", x, p)
    y = switch.output_true * 2
    assert session.run(y, {x: 4, p: True}) == 8
    assert session.run(switch.output_true, {x: 4, p: True}) == 4
    for dead in (y, switch.output_true):
        with pytest.raises(tf.errors.InvalidArgumentError, match="does not have value"):
            session.run(dead, {x: 4, p: False})


def test_a_later_conditional_reads_from_inside_of_an_earlier_one(session: Any) -> None:
    """As a gradient does: the second one is only alive where the first one's value is."""
    x, p = tf.placeholder(tf.float32, [2]), tf.placeholder(tf.bool, [])
    switch = build("Switch", x, p)
    inner = tf.exp(switch.output_true)
    y = build("Merge", [switch.output_false, inner * 3]).output
    back = build("Switch", tf.reduce_sum(y), p)
    z = build("Merge", [switch.output_false, back.output_true * inner]).output
    e = np.exp(np.array([0, 1], np.float32))
    np.testing.assert_allclose(session.run(z, {x: [0, 1], p: True}), 3 * e.sum() * e, rtol=1e-6)
    assert session.run(z, {x: [0, 1], p: False}).tolist() == [0, 1]


def test_branches_with_results_of_different_shapes(session: Any) -> None:
    x, p = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.bool, [])
    y = conditional(p, [x], lambda a: tf.concat([a, a], 0), lambda a: a[:1])
    assert session.run(y + 1, {x: [1, 2], p: True}).tolist() == [2, 3, 2, 3]
    assert session.run(y + 1, {x: [1, 2], p: False}).tolist() == [2]
    assert False in parts(session)  # the branch is chosen on the host


def test_a_branch_on_strings(session: Any) -> None:
    p = tf.placeholder(tf.bool, [])
    y = conditional(p, [tf.constant("a")], lambda s: tf.string_join([s, "!"]), lambda s: s)
    assert session.run(y, {p: True}) == b"a!"
    assert session.run(y, {p: False}) == b"a"


# Loops


def test_a_loop_is_compiled_once_for_all_sizes(session: Any) -> None:
    x, n = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.int32, [])
    _, y = loop(lambda i, a, k: i < k, lambda i, a, k: (i + 1, a * 2), [0, x], [n])
    for size, count in ((1, 3), (5, 0), (1000, 10)):
        given = np.arange(size, dtype=np.float32)
        np.testing.assert_array_equal(session.run(y, {x: given, n: count}), given * 2**count)
    assert session.compile_count == 1
    assert parts(session) == [True]


def test_a_condition_on_data(session: Any) -> None:
    x = tf.placeholder(tf.float32, [3])
    (y,) = loop(lambda a: tf.reduce_sum(a) < 90, lambda a: (a * a,), [x])
    assert session.run(y, {x: [2, 3, 1]}).tolist() == [16, 81, 1]


def test_a_loop_that_never_runs_raises_nothing(session: Any) -> None:
    x, n = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.int32, [])
    _, y = loop(
        lambda i, s, a, k: i < k, lambda i, s, a, k: (i + 1, s + tf.gather(a, i)), [0, 0.0], [x, n]
    )
    assert session.run(y, {x: [1, 2, 4], n: 3}) == 7
    assert session.run(y, {x: np.zeros(0), n: 0}) == 0
    with pytest.raises(tf.errors.InvalidArgumentError):
        session.run(y, {x: [1], n: 2})


def test_loops_inside_of_loops(session: Any) -> None:
    n = tf.placeholder(tf.int32, [])

    def row(i: Any, total: Any, k: Any) -> list[Any]:
        def add(j: Any, t: Any, outer: Any, m: Any) -> list[Any]:
            return [j + 1, t + outer * m + j]

        inner = loop(lambda j, t, o, m: j < m, add, [i - i, total], [i, k], "inner")
        return [i + 1, inner[1]]

    _, y = loop(lambda i, t, k: i < k, row, [0, 0], [n])
    for k in (0, 1, 5):
        assert session.run(y, {n: k}) == sum(range(k * k))
    assert session.compile_count == 1


def test_a_conditional_inside_of_a_loop(session: Any) -> None:
    n = tf.placeholder(tf.int32, [])

    def collatz(x: Any, steps: Any) -> list[Any]:
        odd = tf.equal(x % 2, 1)
        return [conditional(odd, [x], lambda a: 3 * a + 1, lambda a: a // 2), steps + 1]

    _, y = loop(lambda x, steps: x > 1, collatz, [n, 0])
    assert session.run(y, {n: 27}) == 111
    assert session.run(y, {n: 1}) == 0


def test_a_loop_changes_a_variable(session: Any) -> None:
    w = tf.get_variable("w", initializer=np.float32(1))
    handle = w.handle

    def body(i: Any, resource: Any) -> list[Any]:
        value = build("ReadVariableOp", resource, dtype=tf.float32)
        with tf.control_dependencies([build("AssignVariableOp", resource, value * 2)]):
            return [i + 1]

    (y,) = loop(lambda i, resource: i < 5, body, [0], [handle])
    session.run(w.initializer)
    assert session.run(y) == 5
    assert session.run(w) == 32
    session.run(y)
    assert session.run(w) == 1024


def test_values_that_change_places(session: Any) -> None:
    a, b = tf.placeholder(tf.int32, [2]), tf.placeholder(tf.int32, [2])
    _, x, y = loop(lambda i, u, v: i < 3, lambda i, u, v: (i + 1, v, u + v), [0, a, b])
    found = session.run([x, y], {a: [0, 1], b: [1, 1]})
    assert [f.tolist() for f in found] == [[2, 3], [3, 5]]


def test_a_value_that_grows_is_looped_on_the_host(session: Any) -> None:
    x = tf.placeholder(tf.float32, [None])
    _, y = loop(lambda i, a: i < 3, lambda i, a: (i + 1, tf.concat([a, a + 1], 0)), [0, x])
    assert session.run(y, {x: [0]}).tolist() == [0, 1, 1, 2, 1, 2, 2, 3]
    assert parts(session) == [False]


def test_random_numbers_differ_from_one_iteration_to_the_next(session: Any) -> None:
    def body(i: Any, s: Any) -> list[Any]:
        return [i + 1, s + tf.random_uniform([4], seed=3)]

    _, y = loop(lambda i, s: i < 3, body, [0, tf.zeros([4])])
    first, second = session.run(y), session.run(y)
    single = tf.random_uniform([4], seed=3)
    with tf.Session() as other:
        expected = [other.run(single) for _ in range(6)]
    assert np.unique(np.concatenate([first, second])).size == 8
    assert first.min() > 0 and first.max() < 3
    assert np.ptp(expected, axis=0).min() > 0


# Arrays and stacks


def test_an_array_that_a_loop_writes(session: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    n = tf.shape(x)[0]
    handle, flow = build("TensorArrayV3", n, dtype=tf.float32)
    source, given = build("TensorArrayV3", n, dtype=tf.float32)
    given = build("TensorArrayScatterV3", source, tf.range(n), x, given)

    def body(i: Any, f: Any, to: Any, of: Any, g: Any, k: Any) -> list[Any]:
        row = build("TensorArrayReadV3", of, i, g, dtype=tf.float32)
        return [i + 1, build("TensorArrayWriteV3", to, k - i - 1, row * row, f)]

    _, written = loop(lambda i, f, *_, k=n: i < _[-1], body, [0, flow], [handle, source, given, n])
    y = build("TensorArrayGatherV3", handle, tf.range(n), written, dtype=tf.float32)
    for rows in (1, 4, 9):
        value = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
        np.testing.assert_array_equal(session.run(y, {x: value}), value[::-1] ** 2)
    assert session.compile_count == 1


def test_an_index_outside_of_an_array(session: Any) -> None:
    i = tf.placeholder(tf.int32, [])
    handle, flow = build("TensorArrayV3", 3, dtype=tf.float32)
    written = build("TensorArrayWriteV3", handle, i, 1.0, flow)
    y = build("TensorArrayGatherV3", handle, [0, 1, 2], written, dtype=tf.float32)
    assert session.run(y, {i: 2}).tolist() == [0, 0, 1]
    for wrong in (3, -1, 1 << 30):
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(y, {i: wrong})


def test_a_stack_that_a_loop_fills_and_another_empties(session: Any) -> None:
    x, n = tf.placeholder(tf.float32, [2]), tf.placeholder(tf.int32, [])
    stack = build("StackV2", -1, elem_type=tf.float32)

    def push(i: Any, a: Any, s: Any, k: Any) -> list[Any]:
        return [i + 1, build("StackPushV2", s, a) * 2]

    def pop(i: Any, total: Any, s: Any) -> list[Any]:
        with tf.control_dependencies([total]):
            return [i - 1, total * 10 + build("StackPopV2", s, elem_type=tf.float32)]

    count, last = loop(lambda i, a, s, k: i < k, push, [0, x], [stack, n], "forward")
    with tf.control_dependencies([last]):
        started = tf.identity(count)
    _, y = loop(lambda i, t, s: i > 0, pop, [started, tf.zeros([2])], [stack], "backward")
    assert session.run(y, {x: [1, 2], n: 3}).tolist() == [421, 842]
    assert session.run(y, {x: [1, 0], n: 1}).tolist() == [1, 0]
    assert session.compile_count == 1
    assert parts(session) == [True]


def test_a_stack_of_values_of_different_shapes(session: Any) -> None:
    stack = build("StackV2", -1, elem_type=tf.float32)
    first = build("StackPushV2", stack, tf.constant([1.0, 2.0]))
    with tf.control_dependencies([first]):
        second = build("StackPushV2", stack, tf.constant([3.0]))
    with tf.control_dependencies([second]):
        a = build("StackPopV2", stack, elem_type=tf.float32)
    with tf.control_dependencies([a]):
        b = build("StackPopV2", stack, elem_type=tf.float32)
    found = session.run([a, b])
    assert [f.tolist() for f in found] == [[3], [1, 2]]


def test_popping_from_an_empty_stack(session: Any) -> None:
    stack = build("StackV2", -1, elem_type=tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="empty"):
        session.run(build("StackPopV2", stack, elem_type=tf.float32))


# What has no structure


def test_a_merge_that_belongs_to_nothing(session: Any) -> None:
    x = tf.placeholder(tf.float32, [])
    with pytest.raises(tf.errors.InvalidArgumentError, match="belongs to no conditional or loop"):
        session.run(build("Merge", [x, x]).output, {x: 1})


def test_a_step_begins_anew_with_the_variables_as_they_were(session: Any) -> None:
    """The first run finds out only after the first part that the rest must be divided."""
    w = tf.get_variable("w", initializer=np.float32(0))
    x = tf.placeholder(tf.float32, [None])
    with tf.control_dependencies([w.assign_add(1.0)]):
        text = tf.as_string(tf.identity(x))
    number = tf.string_to_number(text)
    kept = tf.boolean_mask(number, number > 1)
    y = tf.reduce_sum(kept) + w.read_value()
    session.run(w.initializer)
    session.run(y, {x: [1, 2, 3]})
    assert session.run(w) == 1
