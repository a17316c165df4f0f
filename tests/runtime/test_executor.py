"""Steps: when code is compiled again, what runs in place, what passes between parts."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.compiler import compiler as compiler_module
from flowc.runtime import executor as executor_module


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


def test_one_compilation_serves_every_batch_size() -> None:
    x = tf.placeholder(tf.float32, [None, 8])
    total = tf.reduce_sum(tf.nn.softmax(tf.matmul(x, tf.ones([8, 5]))))
    with tf.Session() as session:
        for batch in (1, 7, 128, 1797):
            assert session.run(total, {x: np.ones((batch, 8))}) == pytest.approx(batch, rel=1e-5)
        assert session.compile_count == 1


def test_first_run_with_one_row_compiles_for_all() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.placeholder(tf.float32, [None, 3])
    total = x + y
    with tf.Session() as session:
        for batch in (1, 4):
            ones = np.ones((batch, 3))
            np.testing.assert_array_equal(session.run(total, {x: ones, y: ones}), 2 * ones)
        assert session.compile_count == 1


def test_a_broken_guard_compiles_again() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.placeholder(tf.float32, [None, 3])
    total = x + y
    with tf.Session() as session:
        session.run(total, {x: np.ones((2, 3)), y: np.ones((2, 3))})
        mixed = session.run(total, {x: np.ones((1, 3)), y: np.ones((5, 3))})
        assert mixed.shape == (5, 3)
        assert session.compile_count == 2
        session.run(total, {x: np.ones((6, 3)), y: np.ones((6, 3))})
        assert session.compile_count == 2


def test_a_shape_may_be_fed() -> None:
    shape = tf.placeholder(tf.int32, [2])
    filled = tf.reshape(tf.constant(list(range(12))), shape)
    with tf.Session() as session:
        assert session.run(filled, {shape: [3, 4]}).shape == (3, 4)
        assert session.run(filled, {shape: [2, 6]}).shape == (2, 6)
        assert session.run(filled, {shape: [-1, 3]}).shape == (4, 3)
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(filled, {shape: [5, 5]})


def test_a_variable_is_updated_where_it_lies() -> None:
    v = tf.Variable(np.zeros(1000, np.float32))
    grow = v.assign_add(np.ones(1000, np.float32))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(grow.op)
        before = session.executor.environment.store[v.op.name].address
        for _ in range(3):
            session.run(grow.op)
        assert session.executor.environment.store[v.op.name].address == before
        np.testing.assert_array_equal(session.run(v), np.full(1000, 4.0))


def test_a_fetched_value_is_not_changed_by_later_steps() -> None:
    v = tf.Variable(np.zeros(3, np.float32))
    grow = v.assign_add(np.ones(3, np.float32))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        first = session.run(grow)
        session.run(grow)
        np.testing.assert_array_equal(first, np.ones(3))


def test_old_and_new_value_in_one_step() -> None:
    v = tf.Variable(np.full(4, 2.0, np.float32))
    old = tf.identity(v)
    with tf.control_dependencies([old]):
        doubled = v.assign(v * 2.0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before, after = session.run([old, doubled])
        np.testing.assert_array_equal(before, np.full(4, 2.0))
        np.testing.assert_array_equal(after, np.full(4, 4.0))


def test_two_sessions_keep_their_own_variables() -> None:
    v = tf.Variable(1.0)
    grow = v.assign_add(1.0)
    with tf.Session() as first, tf.Session() as second:
        for session in (first, second):
            session.run(tf.global_variables_initializer())
        first.run(grow)
        assert first.run(v) == 2.0
        assert second.run(v) == 1.0


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_every_thread_count_gives_the_same(threads: int) -> None:
    x = np.random.default_rng(0).standard_normal((257, 63)).astype(np.float32)
    value = tf.placeholder(tf.float32, [None, 63])
    config = tf.ConfigProto(intra_op_parallelism_threads=threads)
    result = tf.tanh(value) @ tf.constant(x.T[:63, :63].copy())
    with tf.Session(config=config) as session:
        np.testing.assert_allclose(
            session.run(result, {value: x}), np.tanh(x) @ x.T[:63, :63], rtol=1e-4, atol=1e-4
        )


# Steps that are not used


def test_steps_that_are_not_used_for_long_are_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor_module, "MOST_STEPS", 4)
    x = tf.placeholder(tf.float32, [None])
    outputs = [x + float(number) for number in range(10)]
    with tf.Session() as session:
        released = []
        for number, y in enumerate(outputs):
            session.run(outputs[0], {x: [1]})  # used again and again
            assert session.run(y, {x: [1]}) == [1 + number]
            step = session.executor.prepare((y.name,), (x.name,))
            released.append(weakref.ref(step._direct))
            del step
        gc.collect()
        alive = [number for number, part in enumerate(released) if part() is not None]
        assert alive == [0, 7, 8, 9]
        count = session.compile_count
        for number, y in enumerate(outputs):
            assert session.run(y, {x: [2]}) == [2 + number]
        assert session.compile_count == count  # their code was kept


def test_a_step_that_was_just_compiled_ahead_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor_module, "MOST_STEPS", 2)
    x = tf.placeholder(tf.float32, [None])
    outputs = [x + float(number) for number in range(4)]
    with tf.Session() as session:
        for y in outputs[:3]:
            session.run(y, {x: [1]})
        session.compile(outputs[3], {x: [None]})
        assert session.compile_count == 4
        assert session.executor.prepare((outputs[3].name,), (x.name,))._direct is not None
        assert session.run(outputs[3], {x: [1]}) == [4]
        assert session.compile_count == 4


def test_code_that_is_not_used_for_long_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor_module, "MOST_STEPS", 2)
    monkeypatch.setattr(compiler_module, "MOST_KEPT", 3)
    x = tf.placeholder(tf.float32, [None])
    outputs = [x + float(number) for number in range(6)]
    with tf.Session() as session:
        for _ in range(2):
            for number, y in enumerate(outputs):
                assert session.run(y, {x: [1]}) == [1 + number]
        assert session.compile_count == 12
        assert len(session.executor.compilations._compiler._kept) == 3


def test_equal_requests_are_compiled_once() -> None:
    x, y = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    z = x * y
    with tf.Session() as session:
        assert session.run(z, {x: [2], y: [3]}) == 6
        assert session.run(z, {y: [3], x: [2]}) == 6
        (told,) = session.run([tf.identity(z, name="z2")], {x: [2], y: [3]})
        assert told == 6
        assert session.compile_count == 2
        session.make_callable(z, [y, x])(np.array([3]), np.array([2]))
        assert session.compile_count == 2
