"""`tf.train.Coordinator`: threads that stop together, and report what went wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flowc.frontend.platform import logging
from flowc.ir.errors import OutOfRangeError


class Coordinator:
    """Lets threads ask one another to stop, and the main thread wait for all of them.

    Errors of `clean_stop_exception_types` (OutOfRangeError) end the threads without being reported.
    """

    def __init__(
        self, clean_stop_exception_types: Sequence[type[BaseException]] | None = None
    ) -> None:
        clean = clean_stop_exception_types
        self._clean = (OutOfRangeError,) if clean is None else tuple(clean)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._joined = False
        self._registered: set[threading.Thread] = set()

    def request_stop(self, ex: Any = None) -> None:
        """Ask all threads to stop; `ex`, an error or `sys.exc_info()`, is raised by `join`.

        After `join` it is raised here.
        """
        error = self._worth_raising(ex)
        with self._lock:
            if self._joined:
                if error is not None:
                    raise error
                return
            if not self._stop.is_set():
                if error is not None and self._error is None:
                    logging.info("Error reported to Coordinator: %s, %s", type(error), error)
                    self._error = error
                self._stop.set()

    def _worth_raising(self, ex: Any) -> BaseException | None:
        error = ex[1] if isinstance(ex, tuple) else ex
        if error is not None and not isinstance(error, BaseException):
            raise ValueError(
                f"ex must be a tuple or sys.exc_info must return the current exception: {ex}"
            )
        return None if isinstance(error, self._clean) else error

    def clear_stop(self) -> None:
        """Let the threads run again; the error is forgotten."""
        with self._lock:
            self._joined = False
            self._error = None
            self._stop.clear()

    def should_stop(self) -> bool:
        """True when a stop was requested."""
        return self._stop.is_set()

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """An error in the block is a request to stop."""
        try:
            yield
        except BaseException as error:
            self.request_stop(error)

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until a stop is requested, or `timeout` seconds; True for the former."""
        return self._stop.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Let `join` wait for a thread too."""
        with self._lock:
            self._registered.add(thread)

    def join(
        self,
        threads: Sequence[threading.Thread] | None = None,
        stop_grace_period_secs: float = 120,
        ignore_live_threads: bool = False,
    ) -> None:
        """Wait for `threads` and the registered ones.

        From the request to stop on they have `stop_grace_period_secs` seconds. Raises the error
        that was reported, RuntimeError where threads still run.
        """
        with self._lock:
            waited = list(self._registered.union(threads or ()))
        while any(t.is_alive() for t in waited) and not self.wait_for_stop(1.0):
            pass
        _await(waited, stop_grace_period_secs)
        stragglers = [t.name for t in waited if t.is_alive()]
        with self._lock:
            self._joined = True
            self._registered = set()
            if self._error is not None:
                raise self._error
        if stragglers:
            message = f"Coordinator stopped with threads still running: {' '.join(stragglers)}"
            if not ignore_live_threads:
                raise RuntimeError(message)
            logging.info("%s", message)

    @property
    def joined(self) -> bool:
        """True after `join`."""
        return self._joined

    def raise_requested_exception(self) -> None:
        """Raise the error that was reported, if one was."""
        with self._lock:
            if self._error is not None:
                raise self._error


def _await(threads: Sequence[threading.Thread], seconds: float) -> None:
    """Wait for threads, altogether no longer than that."""
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


class LooperThread(threading.Thread):
    """Calls `target`, or `run_loop`, again and again until the coordinator stops.

    With `timer_interval_secs` every so many seconds, else without a pause. An error is reported to
    the coordinator.
    """

    def __init__(
        self,
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any] | None = None,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        super().__init__(daemon=True)
        self._coord = coord
        self._interval = timer_interval_secs
        self._function = target
        self._positional = tuple(args or ())
        self._keywords = dict(kwargs or {})
        coord.register_thread(self)

    @staticmethod
    def loop(
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any],
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> LooperThread:
        """A thread that has been started."""
        looper = LooperThread(coord, timer_interval_secs, target, args, kwargs)
        looper.start()
        return looper

    def run(self) -> None:
        """Until the coordinator stops."""
        with self._coord.stop_on_exception():
            self.start_loop()
            due = time.monotonic()
            while not self._coord.wait_for_stop(max(0.0, due - time.monotonic())):
                due += self._interval or 0.0
                self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """Called once before."""

    def stop_loop(self) -> None:
        """Called once afterwards."""

    def run_loop(self) -> None:
        """Called each time."""
        if self._function is not None:
            self._function(*self._positional, **self._keywords)
