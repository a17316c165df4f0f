"""Readers: they take file names from a queue, and give the files' records one by one.

What differs is how a file is cut into records, which the reader's op says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from flowc.ir.errors import InvalidArgumentError, UnimplementedError
from flowc.ir.proto import ReaderBaseState
from flowc.ir.tensor.builder import require
from flowc.ops.resources import Cut, Queue, Reader, Record, Waiting


@dataclass(eq=False)
class FileReader(Reader):
    """One reader. `is_saved` tells whether its state can be written down."""

    kind: str
    cut: Cut
    is_saved: bool = False
    started: int = 0
    finished: int = 0
    produced: int = 0
    work: bytes = b""
    _records: Iterator[Record] | None = None
    _busy: bool = field(default=False, init=False)

    @contextmanager
    def _alone(self, waiting: Waiting) -> Iterator[None]:
        """Only one step reads at a time, also while it waits for a file name."""
        waiting.wait_for(lambda: not self._busy)
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
            waiting.notify()

    def read(self, queue: Queue, waiting: Waiting) -> Record:
        """The next record; raises OutOfRangeError after the last file of a closed queue."""
        with self._alone(waiting):
            while True:
                record = self._next(queue, waiting)
                if record is not None:
                    return record

    def read_up_to(self, count: int, queue: Queue, waiting: Waiting) -> list[Record]:
        """Up to `count` records of one file, at least one."""
        found: list[Record] = []
        with self._alone(waiting):
            while len(found) < count:
                record = self._next(queue, waiting)
                if record is not None:
                    found.append(record)
                if found and self._records is None:
                    break
        return found

    def _next(self, queue: Queue, waiting: Waiting) -> Record | None:
        """The next record of the file in work, or of a new one; None at its end."""
        records = self._records or self.cut(self._next_work(queue, waiting))
        try:
            record = next(records, None)
        except BaseException:
            self._finish()  # a file that cannot be opened has not been started
            raise
        if self._records is None:
            self._records = records
            self.started += 1
        if record is None:
            self._finish()
        else:
            self.produced += 1
            if self.is_saved:
                self._finish()  # such readers know that a file is one record
        return record

    def _next_work(self, queue: Queue, waiting: Waiting) -> bytes:
        (element,) = queue.dequeue(1, False, waiting)
        require(
            len(element) == 1 and np.ndim(element[0]) == 0,
            f"Reader expects queue '{queue.name}' to hold one name in each element",
        )
        work: Any = np.asarray(element[0], object)[()]
        require(isinstance(work, bytes), f"Reader expects a queue of strings: {queue.name}")
        self.work = bytes(work)
        return self.work

    def _finish(self) -> None:
        self._records = None
        self.finished = self.started

    def reset(self) -> None:
        """Begin anew."""
        self._records = None
        self.started = self.finished = self.produced = 0
        self.work = b""

    def state(self) -> bytes:
        """What has been done so far. Raises UnimplementedError."""
        if not self.is_saved:
            raise UnimplementedError(None, None, "Reader SerializeState")
        state = ReaderBaseState(
            work_started=self.started,
            work_finished=self.finished,
            num_records_produced=self.produced,
            current_work=self.work,
        )
        return state.SerializeToString()

    def restore(self, content: bytes) -> None:
        """Take up a state. Raises UnimplementedError, InvalidArgumentError."""
        if not self.is_saved:
            raise UnimplementedError(None, None, "Reader RestoreState")
        try:
            state = ReaderBaseState.FromString(content)
        except DecodeError:
            raise InvalidArgumentError(
                None, None, f"Could not parse state for {self.kind}: {content!r}"
            ) from None
        numbers = state.work_started, state.work_finished, state.num_records_produced
        require(min(numbers) >= 0, "Unexpected negative value when restoring a reader")
        require(
            state.work_finished == state.work_started,
            f"Inconsistent work started vs. finished when restoring: {numbers}",
        )
        self.reset()
        self.started, self.finished, self.produced = numbers
        self.work = state.current_work
