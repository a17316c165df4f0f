"""Ending runs from outside: at their time limit, and at Ctrl-C.

Each thread of an executor has a control block of two words, which compiled code knows
(`codegen/cpu/entry`):
the thread that is inside of that code, and whether it is to come back. A thread of this module sets
the latter where a time limit is over; another one where SIGINT arrives while the main thread
computes, which Python itself would notice at the end of the step only. A program's own handler of
SIGINT is left alone: it runs after the step, as with TensorFlow.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

_AGAIN_SECONDS = 0.005  # how often a run whose time is over is looked for inside compiled code


class Control:
    """The control block of the compiled code that one thread runs; zeros at first."""

    def __init__(self) -> None:
        self._words = (ctypes.c_int64 * 2)()  # whether to stop; the thread inside
        self.address = ctypes.addressof(self._words)
        _controls.add(self)

    def stop(self, thread: int) -> None:
        """Let compiled code return that the thread is inside of, if it is."""
        if self._words[1] == ctypes.c_int64(thread).value:
            self._words[0] = 1


_controls: weakref.WeakSet[Control] = weakref.WeakSet()


class Limit:
    """The time that a run of the present thread may take: `deadline` by `time.monotonic()`."""

    def __init__(self, seconds: float, control: Control) -> None:
        self.deadline = time.monotonic() + seconds
        self.thread = threading.get_ident()
        self.control = control

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.deadline


class _Watch:
    """Stops the runs whose time is over. Its thread is started by the first one with a limit."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._limits: set[Limit] = set()
        self._wakes_at = float("inf")
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, limit: Limit) -> Iterator[None]:
        """Watch a run."""
        with self._changed:
            self._limits.add(limit)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="flowc limits", daemon=True)
                self._thread.start()
            elif limit.deadline < self._wakes_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._limits.discard(limit)

    def _work(self) -> None:
        with self._changed:
            while True:
                for limit in self._limits:
                    if limit.is_over:
                        limit.control.stop(limit.thread)
                next_deadline = min((x.deadline for x in self._limits), default=float("inf"))
                now = time.monotonic()
                self._wakes_at = max(next_deadline, now + _AGAIN_SECONDS)
                forever = self._wakes_at == float("inf")
                self._changed.wait(None if forever else self._wakes_at - now)


_watch = _Watch()


def watched(limit: Limit) -> AbstractContextManager[None]:
    """A block in which the run of a limit is stopped when its time is over."""
    return _watch.over(limit)


# Ctrl-C

_pipe: tuple[int, int] | None = None  # from Python's handler of signals to the thread that reads


def watch_for_interrupts() -> None:
    """Notice SIGINT while the main thread is inside of compiled code.

    Only the main thread can ask for that, and only one part of a program: where another one (such
    as an event loop with handlers of signals) has done it, KeyboardInterrupt comes after the step.
    """
    global _pipe
    if threading.current_thread() is not threading.main_thread():
        return
    if _pipe is None:
        _pipe = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(_pipe[0], True)
        reader = threading.Thread(
            target=_read_signals, args=_pipe[:1], name="flowc signals", daemon=True
        )
        reader.start()
    before = signal.set_wakeup_fd(_pipe[1], warn_on_full_buffer=False)
    if before not in (-1, _pipe[1]):
        signal.set_wakeup_fd(before)


def _read_signals(pipe: int) -> None:
    main = threading.main_thread().ident
    while main is not None:
        numbers = os.read(pipe, 512)
        if signal.SIGINT in numbers and signal.getsignal(signal.SIGINT) is _RAISES:
            for control in list(_controls):
                control.stop(main)


_RAISES = signal.default_int_handler


def _begin_anew() -> None:
    """In a forked child: its signals are its own, and it has none of the threads."""
    global _pipe, _watch
    _watch = _Watch()
    if _pipe is not None:
        others = signal.set_wakeup_fd(-1)  # the thread that forks is the child's main thread
        if others != _pipe[1]:
            signal.set_wakeup_fd(others)
        for end in _pipe:
            os.close(end)
        _pipe = None


os.register_at_fork(after_in_child=_begin_anew)
