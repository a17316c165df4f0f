"""Runs that end at their time limit or at Ctrl-C, in compiled code and between its parts."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import flowc as tf

LIMIT_MS = 100
ANSWER_SECONDS = 5.0  # many times what it takes, since tests share the machine


@pytest.fixture(autouse=True)
def pythons_own_handler() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, also where this process was started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def endless() -> Any:
    return tf.while_loop(lambda i: i >= 0, lambda i: i * 0 + 1, [tf.constant(0)])


def endless_on_host() -> Any:
    def body(i: Any) -> Any:
        value = tf.py_func(lambda x: x * 0, [i], tf.int32, stateful=True)
        value.set_shape([])
        return value

    return tf.while_loop(lambda i: i >= 0, body, [tf.constant(0)])


def long_kernel() -> Any:
    x = tf.fill([6000 + tf.placeholder_with_default(0, []), 6000], tf.constant(0.5, tf.float64))
    return tf.reduce_sum(tf.matmul(x + 1.0, tf.tanh(x)))


def long_sort() -> Any:
    return tf.reduce_sum(tf.sort(tf.cast(tf.range(60_000_000) * 7919 % 1000003, tf.float32)))


PROGRAMS = [endless, endless_on_host, long_kernel, long_sort]


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.join()


@pytest.mark.parametrize("build", PROGRAMS)
@pytest.mark.parametrize("threads", [1, 2])
def test_a_time_limit(build: Callable[[], Any], threads: int) -> None:
    config = tf.ConfigProto(intra_op_parallelism_threads=threads)
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        result, other = build(), tf.constant(2) + 3
        start = time.monotonic()
        with pytest.raises(tf.errors.DeadlineExceededError):
            session.run(result, options=tf.RunOptions(timeout_in_ms=LIMIT_MS))
        compiling = sum(c.seconds for c in session.compilations)
        assert time.monotonic() - start - compiling < ANSWER_SECONDS
        assert session.run(other) == 5


@pytest.mark.parametrize("build", [endless, endless_on_host, long_sort])
def test_ctrl_c(build: Callable[[], Any]) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        result, other = build(), tf.constant(2) + 3
        with pytest.raises(KeyboardInterrupt), interrupted_after(0.3):
            session.run(result)
        assert session.run(other) == 5


def test_the_limit_of_a_session() -> None:
    config = tf.ConfigProto(operation_timeout_in_ms=LIMIT_MS)
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        loop, short = endless(), tf.constant(1) + 1
        runs: list[Callable[[], Any]] = [lambda: session.run(loop), session.make_callable(loop)]
        for run in runs:
            with pytest.raises(tf.errors.DeadlineExceededError):
                run()
        assert session.run(short) == 2


def test_compiling_does_not_count() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, None])
        for _ in range(20):
            x = tf.nn.softmax(tf.matmul(x, x))
        fed = {x.graph.get_operations()[0].outputs[0]: np.eye(4, dtype=np.float32)}
        options = tf.RunOptions(timeout_in_ms=40)
        assert session.run(x, fed, options=options).shape == (4, 4)


@pytest.mark.parametrize("use_resource", [False, True])
def test_variables_are_as_before(use_resource: bool) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.get_variable("v", initializer=np.float32(1), use_resource=use_resource)
        w = tf.get_variable("w", initializer=np.float32(1), use_resource=use_resource)

        def body(i: Any) -> Any:
            with tf.control_dependencies([tf.assign_add(v, 1.0)]):
                return i * 0 + 1

        loop = tf.while_loop(lambda i: i >= 0, body, [tf.constant(0)])
        with tf.control_dependencies([tf.assign(w, 2.0)]):
            step = tf.group(loop, tf.assign_add(w, 1.0))
        session.run(tf.global_variables_initializer())
        for _ in range(2):
            with pytest.raises(tf.errors.DeadlineExceededError):
                session.run(step, options=tf.RunOptions(timeout_in_ms=LIMIT_MS))
            assert session.run([v, w]) == [1.0, 1.0]


def test_what_is_written_in_place_is_written_to_the_end() -> None:
    """The step is let alone once it changes variables, which are all of one step then."""
    with tf.Graph().as_default(), tf.Session() as session:
        start = np.zeros((1500, 1500), np.float32)
        variables = [tf.get_variable(f"v{n}", initializer=start) for n in range(6)]
        updates = [tf.assign_add(v, tf.matmul(v + 1.0, v + 1.0) * 0.0 + 1.0) for v in variables]
        session.run(tf.global_variables_initializer())
        step = tf.group(*updates)
        session.run(step)
        for limit in (1, 5, 20, 60, 120):
            before = session.run(variables[0])[0, 0]
            expected = {before + 1.0}
            try:
                session.run(step, options=tf.RunOptions(timeout_in_ms=limit))
            except tf.errors.DeadlineExceededError:
                expected = {before, before + 1.0}
            values = {float(x) for v in variables for x in np.unique(session.run(v))}
            assert len(values) == 1 and values <= expected


def test_a_handler_of_ones_own_runs_after_the_step() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with tf.Graph().as_default(), tf.Session() as session:
            last = tf.placeholder(tf.int32, [])
            loop = tf.while_loop(lambda i: i < last, lambda i: i + 1, [tf.constant(0)])
            count = 1 << 22
            with interrupted_after(0.05):
                assert session.run(loop, {last: count}) == count
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIGINT]


def test_another_threads_run_is_let_alone() -> None:
    with tf.Graph().as_default(), tf.Session() as one, tf.Session() as other:
        last = tf.placeholder(tf.int32, [])
        loop = tf.while_loop(lambda i: i < last, lambda i: i + 1, [tf.constant(0)])
        results: list[Any] = []
        thread = threading.Thread(target=lambda: results.append(other.run(loop, {last: 1 << 24})))
        thread.start()
        with pytest.raises(tf.errors.DeadlineExceededError):
            one.run(loop, {last: 2**31 - 1}, options=tf.RunOptions(timeout_in_ms=20))
        thread.join()
        assert results == [1 << 24]
