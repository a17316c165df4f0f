"""Steps that wait for other steps of their session: what queues and their like stand on.

One step of a session runs at a time, under the executor's lock. A host kernel that waits gives the
lock away until what it waits for is there, the session is closed, or its time is over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from flowc.ir.errors import CancelledError, DeadlineExceededError
from flowc.runtime.attempt import Attempt
from flowc.runtime.state import SessionState


class _ThisThread(threading.local):
    """What a thread's steps have in common."""

    def __init__(self) -> None:
        self.deadline: float | None = None
        self.attempts: list[Attempt] = []


class Waiting:
    """Lets the kernels of a session wait for one another."""

    def __init__(self, state: SessionState, time_limit: float | None = None) -> None:
        self._changed = state.changed
        self._store = state.store
        self._time_limit = time_limit
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
        if ready():
            return
        before = [attempt.current() for attempt in self._thread.attempts]
        deadline = self._deadline()
        while not ready():
            self._wait(deadline)
            self.require_open()
        for attempt, values in zip(self._thread.attempts, before, strict=True):
            attempt.follow(values)

    def _deadline(self) -> float | None:
        """When the step must have ended; the session's own limit counts from now on."""
        if self._thread.deadline is not None or self._time_limit is None:
            return self._thread.deadline
        return time.monotonic() + self._time_limit

    def _wait(self, deadline: float | None) -> None:
        if deadline is None:
            self._changed.wait()
        elif not self._changed.wait(max(0.0, deadline - time.monotonic())):
            raise DeadlineExceededError(None, None, "Timed out waiting for notification")

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Steps of this thread inside the block may take that long."""
        before = self._thread.deadline
        self._thread.deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._thread.deadline = before

    @contextmanager
    def attempt(self, variables: Collection[str]) -> Iterator[Attempt]:
        """A first run of a step that uses these variables; it may have to be undone."""
        made = Attempt(self._store, variables)
        self._thread.attempts.append(made)
        try:
            yield made
        finally:
            self._thread.attempts.pop()
