"""Threads that stop together."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

import flowc as tf


def thread(function: Any) -> threading.Thread:
    made = threading.Thread(target=function, daemon=True)
    made.start()
    return made


def test_all_stop_when_one_asks() -> None:
    coordinator = tf.train.Coordinator()
    waiting = [thread(coordinator.wait_for_stop) for _ in range(2)]
    coordinator.register_thread(waiting[0])
    assert not coordinator.should_stop()
    coordinator.request_stop()
    coordinator.join(waiting)
    assert coordinator.should_stop()
    assert coordinator.joined
    coordinator.clear_stop()
    assert not coordinator.should_stop()
    assert not coordinator.wait_for_stop(0.01)


def test_the_first_error_is_raised() -> None:
    coordinator = tf.train.Coordinator()
    for error in (ValueError("first"), ValueError("second")):
        with coordinator.stop_on_exception():
            raise error
    with pytest.raises(ValueError, match="first"):
        coordinator.raise_requested_exception()
    with pytest.raises(ValueError, match="first"):
        coordinator.join()
    with pytest.raises(ValueError, match="late"):
        coordinator.request_stop(ValueError("late"))


def test_clean_errors_are_not_raised() -> None:
    coordinator = tf.train.Coordinator()
    coordinator.request_stop(tf.errors.OutOfRangeError(None, None, "end"))
    coordinator.join()
    other = tf.train.Coordinator(clean_stop_exception_types=(KeyError,))
    try:
        raise KeyError("x")
    except KeyError:
        other.request_stop(sys.exc_info())
    other.join()
    with pytest.raises(ValueError, match="ex must be a tuple"):
        other.request_stop("text")


def test_threads_that_do_not_stop() -> None:
    coordinator = tf.train.Coordinator()
    end = threading.Event()
    stuck = thread(end.wait)
    coordinator.request_stop()
    with pytest.raises(RuntimeError, match="threads still running"):
        coordinator.join([stuck], stop_grace_period_secs=0.05)
    coordinator.join([stuck], stop_grace_period_secs=0.05, ignore_live_threads=True)
    end.set()
    stuck.join()


def test_loopers() -> None:
    coordinator = tf.train.Coordinator()
    calls: list[int] = []

    def call(number: int) -> None:
        calls.append(number)
        if len(calls) == 3:
            coordinator.request_stop()

    looper = tf.train.LooperThread.loop(coordinator, 0.01, call, args=(7,))
    coordinator.join()
    assert calls == [7, 7, 7]
    assert not looper.is_alive()
    coordinator = tf.train.Coordinator()

    def fail() -> None:
        raise ValueError("broken")

    tf.train.LooperThread.loop(coordinator, None, fail)
    with pytest.raises(ValueError, match="broken"):
        coordinator.join()
    with pytest.raises(ValueError, match="must be a Coordinator"):
        tf.train.LooperThread(None, 1)  # type: ignore[arg-type]
