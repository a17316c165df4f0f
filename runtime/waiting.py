"""Steps that wait for other steps of their session: what queues and their like stand on.

One step of a session runs at a time, under the executor's lock. A host kernel that waits gives the
lock away until what it waits for is there, the session is closed, or its time is over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from flowc.ir.errors import CancelledError, DeadlineExceededError
from flowc.runtime.interrupts import Control, Limit, watched
from flowc.runtime.state import SessionState


class _ThisThread(threading.local):
    """What a thread's steps have in common."""

    def __init__(self) -> None:
        self.limit: Limit | None = None


class Waiting:
    """Lets the kernels of a session wait for one another."""

    def __init__(
        self, state: SessionState, control: Callable[[], Control], time_limit: float | None
    ) -> None:
        self._changed = state.changed
        self._control = control
        self.time_limit = time_limit  # seconds of every run that has no limit of its own
        self._thread = _ThisThread()
        self._is_closed = False

    def notify(self) -> None:
        """Let those that wait look again. The lock is held."""
        self._changed.notify_all()

    def close(self) -> None:
        """End all that wait, now and later, with a CancelledError. The lock is held."""
        self._is_closed = True
        self._changed.notify_all()

    def require_open(self) -> None:
        """Raises CancelledError when the session is closed."""
        if self._is_closed:
            raise CancelledError(None, None, "Session has been closed.")

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Return when `ready()` is true. The lock is held, but for the time of waiting.

        Raises CancelledError when the session is closed, DeadlineExceededError when the time of
        the step is over.
        """
        self.require_open()
        while not ready():
            self._wait()
            self.require_open()

    def _wait(self) -> None:
        limit = self._thread.limit
        if limit is None:
            self._changed.wait()
        elif not self._changed.wait(max(0.0, limit.deadline - time.monotonic())):
            self.require_time()

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """A run of this thread inside the block may take that long."""
        before = self._thread.limit
        limit = self._thread.limit = Limit(seconds, self._control())
        try:
            with watched(limit):
                yield
        finally:
            self._thread.limit = before

    @property
    def is_limited(self) -> bool:
        """Whether this thread is in a run with a limit."""
        return self._thread.limit is not None

    def extend(self, seconds: float) -> None:
        """Let the run of this thread take longer: compiling does not count."""
        if self._thread.limit is not None:
            self._thread.limit.deadline += seconds

    def require_time(self) -> None:
        """Raises DeadlineExceededError when the time of this thread's run is over."""
        if self._thread.limit is not None and self._thread.limit.is_over:
            raise DeadlineExceededError(None, None, "Timed out waiting for notification")

    def raise_stopped(self) -> NoReturn:
        """Raise what has stopped compiled code: DeadlineExceededError or KeyboardInterrupt."""
        self.require_time()
        raise KeyboardInterrupt
