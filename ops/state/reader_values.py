"""Readers: they take file names from a queue, and give the files' records one by one.

What differs is how a file is cut into records: a function from the file's name to an iterator of
keys and values.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
from google.protobuf.message import DecodeError

from flowc.ir.errors import InvalidArgumentError, UnimplementedError, UnknownError
from flowc.ir.proto import ReaderBaseState
from flowc.ir.system_errors import system_errors
from flowc.ir.tensor.builder import require
from flowc.ops.state.queue_values import Queue, Waiting
from flowc.ops.text.texts import decode

Record: TypeAlias = tuple[bytes, bytes]  # key and value
Cut: TypeAlias = Callable[[bytes], Iterator[Record]]


class Records(Protocol):
    """Where the records of a TFRecord file come from."""

    def records(self, path: str, compression: str, start: int) -> Iterator[tuple[int, bytes]]:
        """Each record with the offset behind it."""


@dataclass(eq=False)
class Reader:
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
            work_started=self.started, work_finished=self.finished,
            num_records_produced=self.produced, current_work=self.work,
        )  # fmt: skip
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


# How files are cut


@contextmanager
def _opened(name: bytes) -> Iterator[Any]:
    path = decode(name)
    with system_errors(path), open(path, "rb") as file:
        yield file


def lines(skipped: int) -> Cut:
    """The lines of a text file behind the first `skipped`; keys are `name:number` from 1 on."""

    def cut(name: bytes) -> Iterator[Record]:
        with _opened(name) as file:
            for number, line in enumerate(file, 1):
                if number > skipped:
                    text = line.removesuffix(b"\n").replace(b"\r", b"")
                    yield b"%s:%d" % (name, number), text

    return cut


def whole_file(name: bytes) -> Iterator[Record]:
    """The content of a file under its name."""
    with _opened(name) as file:
        yield name, file.read()


def itself(name: bytes) -> Iterator[Record]:
    """What comes from the queue, as key and value."""
    yield name, name


def records(files: Records, compression: str) -> Cut:
    """The records of a TFRecord file; keys are `name:offset`."""

    def cut(name: bytes) -> Iterator[Record]:
        place = 0
        for end, record in files.records(decode(name), compression, 0):
            yield b"%s:%d" % (name, place), record
            place = end

    return cut


@dataclass(frozen=True)
class FixedLengths:
    """Records of `record` bytes, each `hop` behind the last, between a header and a footer."""

    header: int
    record: int
    footer: int
    hop: int
    encoding: str = ""

    def __call__(self, name: bytes) -> Iterator[Record]:
        """Keys are `name:number` from 0 on."""
        with _opened(name) as file:
            content = _decoded(file.read(), self.encoding, name)
        starts = range(self.header, len(content) - self.footer - self.record + 1, self.hop)
        for number, start in enumerate(starts):
            yield b"%s:%d" % (name, number), content[start : start + self.record]


def _decoded(content: bytes, encoding: str, name: bytes) -> bytes:
    if not encoding:
        return content
    try:
        return zlib.decompress(content, 31 if encoding == "GZIP" else 15)
    except zlib.error as error:
        raise UnknownError(None, None, f"{decode(name)}: {error}") from None
