"""Queues, also between threads. What comes out at random is what TensorFlow's queue gives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

PATIENCE = 20  # seconds after which a test fails that should not have to wait


@pytest.fixture
def session() -> Iterator[Any]:
    with tf.Session() as made:
        yield made


class Background:
    """Runs a function in a thread; `end()` gives its result, or raises its error."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._result: Any = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._function()
        except Exception as error:
            self._error = error

    def is_waiting(self) -> bool:
        self._thread.join(0.05)
        return self._thread.is_alive()

    def end(self) -> Any:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error
        return self._result


def numbers(capacity: int = 10, **given: Any) -> Any:
    return tf.FIFOQueue(capacity, tf.int32, shapes=[()], **given)


# One thread


def test_first_in_first_out(session: Any) -> None:
    queue = numbers()
    session.run(queue.enqueue(1))
    session.run(queue.enqueue_many([[2, 3, 4]]))
    assert session.run(queue.size()) == 4
    assert session.run(queue.dequeue()) == 1
    pair = queue.dequeue_many(2)
    assert pair.shape == [2]
    assert session.run(pair * 2).tolist() == [4, 6]
    assert session.run(queue.dequeue_many(0)).tolist() == []
    assert not session.run(queue.is_closed())


def test_closed_queues(session: Any) -> None:
    queue = numbers()
    session.run(queue.enqueue_many([[1, 2, 3]]))
    session.run(queue.close())
    assert session.run(queue.is_closed())
    with pytest.raises(tf.errors.CancelledError, match="is closed"):
        session.run(queue.enqueue(4))
    with pytest.raises(tf.errors.CancelledError, match="already closed"):
        session.run(queue.close())
    session.run(queue.close(cancel_pending_enqueues=True))
    with pytest.raises(tf.errors.OutOfRangeError, match=r"requested 5, current size 3"):
        session.run(queue.dequeue_many(5))
    rest = queue.dequeue_up_to(5)
    assert rest.shape.as_list() == [None]
    assert session.run(rest).tolist() == [1, 2, 3]
    for taking in (rest, queue.dequeue(), queue.dequeue_many(1)):
        with pytest.raises(tf.errors.OutOfRangeError, match="insufficient elements"):
            session.run(taking)


def test_the_random_order_is_tensorflows(session: Any) -> None:
    tf.set_random_seed(7)
    queue = tf.RandomShuffleQueue(50, 2, [tf.int32], shapes=[()], seed=3)
    session.run(queue.enqueue_many([np.arange(20)]))
    one = queue.dequeue()
    assert [session.run(one) for _ in range(5)] == [13, 12, 8, 4, 14]
    assert session.run(queue.dequeue_many(6)).tolist() == [0, 15, 16, 2, 1, 18]
    session.run(queue.close())
    with pytest.raises(tf.errors.OutOfRangeError, match="requested 100, current size 9"):
        session.run(queue.dequeue_many(100))
    assert session.run(queue.dequeue_up_to(100)).tolist() == [17, 19, 9, 6, 10, 5, 11, 7, 3]


def test_padding(session: Any) -> None:
    queue = tf.PaddingFIFOQueue(10, [tf.int32, tf.string], [[None], [2, None]])
    session.run(queue.enqueue(([1, 2, 3], [["a"], ["b"]])))
    session.run(queue.enqueue(([1], [["a", "c"], ["b", "d"]])))
    both = queue.dequeue_many(2)
    assert [part.shape.as_list() for part in both] == [[2, None], [2, 2, None]]
    integers, texts = session.run(both)
    assert integers.tolist() == [[1, 2, 3], [1, 0, 0]]
    assert texts.tolist() == [[[b"a", b""], [b"b", b""]], [[b"a", b"c"], [b"b", b"d"]]]
    unknown = tf.placeholder(tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expected \[\?\], got \[\]"):
        session.run(queue.enqueue((unknown, [["a"], ["b"]])), {unknown: 1})


def test_priorities(session: Any) -> None:
    queue = tf.PriorityQueue(10, [tf.string], [()])
    session.run(queue.enqueue_many(([3, 1, 2, 1], ["a", "b", "c", "d"])))
    priorities, texts = session.run(queue.dequeue_many(4))
    assert priorities.tolist() == [1, 1, 2, 3]
    assert texts.tolist() == [b"b", b"d", b"c", b"a"]


def test_names(session: Any) -> None:
    queue = tf.FIFOQueue(10, [tf.int32, tf.float32], names=["a", "b"], shapes=[[], [2]])
    session.run(queue.enqueue({"a": 3, "b": [1.0, 2.0]}))
    element = session.run(queue.dequeue())
    assert (element["a"], element["b"].tolist()) == (3, [1, 2])
    assert queue.dequeue_up_to(3)["b"].shape.as_list() == [None, 2]
    for wrong in ({"a": 1}, (1, [1.0, 2.0])):
        with pytest.raises(ValueError, match=r"do not match names|must enqueue a dictionary"):
            queue.enqueue(wrong)


def test_the_queue_of_a_number(session: Any) -> None:
    queues = [numbers(name=f"queue{i}") for i in range(2)]
    for number, queue in enumerate(queues):
        session.run(queue.enqueue_many([[number, number]]))
    which = tf.placeholder(tf.int32, [])
    chosen = tf.QueueBase.from_list(which, queues)
    one = chosen.dequeue()
    assert [session.run(one, {which: i}) for i in (1, 0)] == [1, 0]
    with pytest.raises(TypeError, match="matching component dtypes"):
        tf.QueueBase.from_list(0, [queues[0], tf.FIFOQueue(1, tf.string)])


def test_queues_of_one_name_are_one(session: Any) -> None:
    first, second = numbers(shared_name="q"), numbers(shared_name="q")
    session.run(first.enqueue(5))
    assert session.run(second.dequeue()) == 5
    with pytest.raises(tf.errors.InvalidArgumentError, match="of capacity 10, but requested 3"):
        session.run(numbers(3, shared_name="q").size())


@pytest.mark.parametrize("kind", ["FIFOQueue", "PriorityQueue", "RandomShuffleQueue"])
def test_handles_by_reference(session: Any, kind: str) -> None:
    queue = build(kind, component_types=[tf.int64], shapes=[()])
    types = [tf.int64] * (2 if kind == "PriorityQueue" else 1)
    session.run(build("QueueEnqueue", queue, [np.int64(4)] * len(types)))
    session.run(build("QueueEnqueueMany", queue, [np.array([5], np.int64)] * len(types)))
    assert session.run(build("QueueSize", queue)) == 2
    taken = build("QueueDequeueUpTo", queue, 2, component_types=types)[-1]
    assert sorted(session.run(taken)) == [4, 5]
    session.run(build("QueueClose", queue))
    assert session.run(build("QueueIsClosed", queue))


def test_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="fully defined"):
        tf.FIFOQueue(3, [tf.int32], shapes=[[None]])
    with pytest.raises(ValueError, match="same length as dtypes"):
        tf.FIFOQueue(3, [tf.int32], shapes=[[], []])
    with pytest.raises(ValueError, match="compatible"):
        tf.FIFOQueue(3, [tf.int32], shapes=[[2]]).enqueue([[1, 2, 3]])
    with pytest.raises(TypeError):
        tf.FIFOQueue(3, [tf.int32]).enqueue("a")


def test_a_batch_needs_shapes(session: Any) -> None:
    queue = tf.FIFOQueue(3, [tf.int32])
    session.run(queue.enqueue([[1, 2]]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="to have specified shapes"):
        session.run(queue.dequeue_many(1))
    assert session.run(queue.dequeue()).tolist() == [1, 2]


# Several threads


def test_taking_waits_for_putting(session: Any) -> None:
    queue = numbers()
    doubled = queue.dequeue() * 2
    waiting = Background(lambda: session.run(doubled))
    assert waiting.is_waiting()
    session.run(queue.enqueue(21))
    assert waiting.end() == 42


def test_putting_waits_for_room(session: Any) -> None:
    queue = numbers(2)
    fill = queue.enqueue_many([[1, 2, 3, 4, 5]])
    waiting = Background(lambda: session.run(fill))
    assert waiting.is_waiting()
    assert session.run(queue.dequeue_many(5)).tolist() == [1, 2, 3, 4, 5]  # more than fit at once
    waiting.end()


def test_closing_waits_for_those_before(session: Any) -> None:
    queue = numbers(1)
    session.run(queue.enqueue(1))
    putting = Background(lambda: session.run(queue.enqueue(2)))
    assert putting.is_waiting()
    closing = Background(lambda: session.run(queue.close()))
    assert closing.is_waiting()
    one = queue.dequeue()
    assert [session.run(one), session.run(one)] == [1, 2]
    putting.end()
    closing.end()
    with pytest.raises(tf.errors.OutOfRangeError):
        session.run(one)


def test_closing_with_cancellation(session: Any) -> None:
    queue = numbers(1)
    session.run(queue.enqueue(1))
    putting = Background(lambda: session.run(queue.enqueue(2)))
    assert putting.is_waiting()
    session.run(queue.close(cancel_pending_enqueues=True))
    with pytest.raises(tf.errors.CancelledError, match="was cancelled"):
        putting.end()


def test_closing_ends_those_that_take(session: Any) -> None:
    queue = numbers()
    session.run(queue.enqueue_many([[1, 2]]))
    taking = Background(lambda: session.run(queue.dequeue_many(3)))
    assert taking.is_waiting()
    session.run(queue.close())
    with pytest.raises(tf.errors.OutOfRangeError, match="requested 1, current size 0"):
        taking.end()
    assert session.run(queue.dequeue_many(2)).tolist() == [1, 2]  # they were put back


def test_closing_the_session_ends_those_that_wait() -> None:
    queue = numbers()
    session = tf.Session()
    one = queue.dequeue()
    taking = Background(lambda: session.run(one))
    assert taking.is_waiting()
    session.close()
    with pytest.raises(tf.errors.CancelledError, match="Session has been closed"):
        taking.end()
    with pytest.raises(RuntimeError, match="closed Session"):
        session.run(one)


@pytest.mark.parametrize("by_run", [True, False])
def test_a_time_limit(by_run: bool) -> None:
    queue = numbers()
    config = None if by_run else tf.ConfigProto(operation_timeout_in_ms=60)
    options = tf.RunOptions(timeout_in_ms=60) if by_run else None
    with tf.Session(config=config) as session:
        began = time.monotonic()
        with pytest.raises(tf.errors.DeadlineExceededError):
            session.run(queue.dequeue(), options=options)
        assert time.monotonic() - began < PATIENCE
        session.run(queue.enqueue(1))
        assert session.run(queue.dequeue()) == 1


def test_many_threads_lose_nothing(session: Any) -> None:
    queue = tf.RandomShuffleQueue(20, 5, tf.int32, shapes=[()])
    value = tf.placeholder(tf.int32, [])
    put = queue.enqueue(value)

    def fill(start: int) -> None:
        for number in range(start, start + 50):
            session.run(put, {value: number})

    threads = [Background(partial(fill, start)) for start in range(0, 200, 50)]
    batch = queue.dequeue_many(10) + 0
    found = [n for _ in range(19) for n in session.run(batch)]
    for thread in threads:
        thread.end()
    session.run(queue.close())
    found += session.run(queue.dequeue_up_to(20)).tolist()
    assert sorted(found) == list(range(200))


def test_other_steps_change_variables_while_one_waits(session: Any) -> None:
    """A step that is divided at its first run takes back what it has done, not what others did."""
    queue = numbers()
    total = tf.get_variable("total", [], tf.int32, tf.zeros_initializer())
    session.run(tf.global_variables_initializer())
    taken = queue.dequeue()
    with tf.control_dependencies([taken]):
        kept = tf.boolean_mask(tf.range(5), tf.greater(tf.range(5), taken))
        result = tf.reduce_sum(tf.reshape(kept, [-1, 1]))
    waiting = Background(lambda: session.run(result))
    assert waiting.is_waiting()
    add = total.assign_add(1)
    for _ in range(3):
        session.run(add)
    session.run(queue.enqueue(2))
    assert waiting.end() == 7
    assert session.run(total) == 3
