"""How readers cut files into records: functions from a file's name to its keys and values."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flowc.ir.errors import UnknownError
from flowc.ir.system_errors import system_errors
from flowc.ops.resources import Cut, Record, Session
from flowc.ops.text.texts import decode


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


def records(files: Session, compression: str) -> Cut:
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
