"""Event files: records of `Event` messages, written by a thread of their own."""

from __future__ import annotations

import os
import queue
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

from flowc.ir.errors import AlreadyExistsError, OpError
from flowc.ir.proto import Event
from flowc.ir.system_errors import make_folder, system_errors
from flowc.runtime.records import RecordWriter, read_records

_VERSION = "brain.Event:2"


class EventsFile:
    """One event file. It is made when something is first written, with a name of its own.

    The name is `<folder>/events.out.tfevents.<seconds>.<host><suffix>`.
    """

    def __init__(self, folder: str, suffix: str = "") -> None:
        self._folder = Path(folder)
        self._suffix = suffix
        self._writer: RecordWriter | None = None
        self._lock = threading.Lock()

    def write(self, event: Event) -> None:
        """Add an event."""
        with self._lock:
            self._opened().write(event.SerializeToString())

    def flush(self) -> None:
        """Hand everything to the operating system."""
        with self._lock:
            self._opened().flush()

    def close(self) -> None:
        """Complete the file."""
        with self._lock:
            if self._writer is not None:
                self._writer.close()

    def _opened(self) -> RecordWriter:
        if self._writer is None:
            make_folder(self._folder)
            self._writer = RecordWriter(self._free_path())
            first = Event(wall_time=time.time(), file_version=_VERSION)
            self._writer.write(first.SerializeToString())
            self._writer.flush()
        return self._writer

    def _free_path(self) -> Path:
        """A name that no other writer has taken, also none that began in the same second."""
        seconds = int(time.time())
        while True:
            name = f"events.out.tfevents.{seconds:010d}.{os.uname().nodename}{self._suffix}"
            try:
                with system_errors(self._folder / name):
                    (self._folder / name).touch(exist_ok=False)
            except AlreadyExistsError:
                seconds += 1
            else:
                return self._folder / name


class EventFileWriter:
    """Writes events into a file in `logdir`, from a thread that callers seldom wait for.

    At most `max_queue` events wait; after `flush_secs` seconds they are on their way to the disk.
    """

    def __init__(
        self,
        logdir: str | os.PathLike[str],
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str | None = None,
    ) -> None:
        self._folder = os.fspath(logdir)
        make_folder(self._folder)
        self._max_queue = max_queue
        self._flush_seconds = flush_secs
        self._suffix = filename_suffix or ""
        self._start()

    def _start(self) -> None:
        self._worker = _Worker(
            EventsFile(self._folder, self._suffix), self._max_queue, self._flush_seconds
        )
        self._worker.start()
        self._at_end = weakref.finalize(self, self._worker.finish)  # also when Python exits

    @property
    def is_closed(self) -> bool:
        """True after `close`."""
        return not self._at_end.alive

    def get_logdir(self) -> str:
        """The folder."""
        return self._folder

    def reopen(self) -> None:
        """After `close`: begin another file."""
        if self.is_closed:
            self._start()

    def add_event(self, event: Event) -> None:
        """Add an event; nothing happens after `close`. Raises what writing has raised."""
        if not self.is_closed:
            self._worker.add(event)

    def flush(self) -> None:
        """Wait until everything so far is with the operating system."""
        if not self.is_closed:
            self._worker.flush()

    def close(self) -> None:
        """Flush and complete the file."""
        if not self.is_closed:
            self.flush()
            self._at_end()


class _Worker(threading.Thread):
    """Takes events from a queue into a file."""

    def __init__(self, file: EventsFile, max_queue: int, flush_seconds: float) -> None:
        super().__init__(daemon=True)
        self._file = file
        self._flush_seconds = flush_seconds
        self._events: queue.Queue[Event | None] = queue.Queue(max_queue)
        self._error: OpError | None = None

    def run(self) -> None:
        """Until None comes."""
        next_flush = 0.0
        while (event := self._events.get()) is not None:
            try:
                self._file.write(event)
                if time.monotonic() > next_flush:
                    self._file.flush()
                    next_flush = time.monotonic() + self._flush_seconds
            except OpError as error:
                self._error = error
            finally:
                self._events.task_done()
        self._events.task_done()

    def add(self, event: Event) -> None:
        """Write an event soon."""
        self._raise_error()
        self._events.put(event)

    def flush(self) -> None:
        """Wait until the queue is empty and the file is flushed."""
        self._events.join()
        self._raise_error()
        self._file.flush()

    def finish(self) -> None:
        """Write what is in the queue, and end."""
        self._events.put(None)
        self.join()
        self._file.close()

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error


def summary_iterator(path: str | os.PathLike[str]) -> Iterator[Event]:
    """The events of a file. Raises DataLossError where it is damaged."""
    return map(Event.FromString, read_records(path))
