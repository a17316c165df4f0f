"""Runs of one session in several Python threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import flowc as tf
from flowc.runtime.compiled_part import CompiledPart

SIZE = 200_000


@pytest.fixture(autouse=True)
def graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def in_threads(*work: Callable[[], None]) -> None:
    """Do all at once; raises what any raises."""
    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(one) for one in work]:
            done.result()


def test_each_run_has_its_own_inputs_results_and_scratch() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.cumsum(tf.sort(x * 2.0)) + tf.reduce_sum(x)
    with tf.Session() as session:

        def repeat(value: float, size: int) -> Callable[[], None]:
            feed = np.full(size, value, np.float32)
            expected = np.cumsum(feed * 2) + value * size

            def work() -> None:
                for _ in range(200):
                    np.testing.assert_array_equal(session.run(y, {x: feed}), expected)

            return work

        in_threads(*(repeat(v, n) for v, n in ((1.0, 9), (2.0, 9), (3.0, 500), (4.0, 9))))


def test_a_reader_sees_a_variable_before_or_after_a_step_and_never_within() -> None:
    v = tf.get_variable("v", initializer=np.zeros(SIZE, np.float32))
    more, extremes = tf.assign_add(v, tf.ones([SIZE])), (tf.reduce_min(v), tf.reduce_max(v))
    with tf.Session() as session:
        session.run(v.initializer)

        def write() -> None:
            for _ in range(200):
                session.run(more.op)

        def read() -> None:
            last = 0.0
            for _ in range(200):
                least, greatest = session.run(extremes)
                assert least == greatest >= last
                last = least

        in_threads(write, read, read)
        assert session.run(extremes) == (200.0, 200.0)


def test_a_loaded_variable_waits_for_readers() -> None:
    v = tf.get_variable("v", initializer=np.zeros(SIZE, np.float32), use_resource=False)
    extremes = (tf.reduce_min(v), tf.reduce_max(v))
    with tf.Session() as session:
        session.run(v.initializer)

        def load() -> None:
            for number in range(100):
                v.load(np.full(SIZE, number, np.float32), session)

        def read() -> None:
            for _ in range(200):
                least, greatest = session.run(extremes)
                assert least == greatest

        in_threads(load, read)


def test_a_time_limit_is_of_one_run() -> None:
    n = tf.placeholder(tf.int32, [])
    turns = tf.while_loop(lambda i: i < n, lambda i: i + 1, [0])
    limited = tf.RunOptions(timeout_in_ms=50)
    with tf.Session() as session:
        session.run(turns, {n: 1})

        def too_long() -> None:
            for _ in range(3):
                with pytest.raises(tf.errors.DeadlineExceededError):
                    session.run(turns, {n: 2_000_000_000}, options=limited)

        def short() -> None:
            for _ in range(300):
                assert session.run(turns, {n: 100_000}) == 100_000

        in_threads(too_long, short)


def test_bindings_of_many_sizes_are_bounded() -> None:
    x = tf.placeholder(tf.float32, [None])
    with tf.Session() as session:
        y = x + 1.0
        for size in range(1000):
            assert session.run(y, {x: np.zeros(size, np.float32)}).shape == (size,)
        executor = session._executor
        assert executor is not None
        (step,) = executor._steps.values()
        assert isinstance(step._direct, CompiledPart)
        assert len(step._direct._idle) < 500
