"""Files of records (TFRecord), which hold examples, events and whatever else programs put there.

A record is its length (8 bytes), the masked checksum of the length (4), the content, and the masked
checksum of the content (4), all little-endian. The whole file may be compressed by zlib or gzip.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO

from flowc.ir.errors import DataLossError, InvalidArgumentError
from flowc.ir.system_errors import system_errors
from flowc.runtime.checksums import crc32c, mask

_HEADER = 12
_CHUNK = 1 << 18
_GZIP = 16  # added to the window bits of zlib
_WINDOW = {"GZIP": _GZIP, "ZLIB": 0}


@dataclass(frozen=True)
class Compression:
    """How a file is compressed; `kind` is "", "GZIP" or "ZLIB", the rest are zlib's parameters."""

    kind: str = ""
    level: int = zlib.Z_DEFAULT_COMPRESSION
    window_bits: int = 15
    memory_level: int = 8
    strategy: int = zlib.Z_DEFAULT_STRATEGY
    flush_mode: int = zlib.Z_NO_FLUSH

    def __post_init__(self) -> None:
        if self.kind and self.kind not in _WINDOW:
            raise InvalidArgumentError(None, None, f"Unsupported compression_type: {self.kind}")


def framed(record: bytes) -> bytes:
    """A record as it stands in a file."""
    length = struct.pack("<Q", len(record))
    checks = struct.pack("<I", mask(crc32c(length))), struct.pack("<I", mask(crc32c(record)))
    return b"".join((length, checks[0], record, checks[1]))


class RecordWriter:
    """Writes records one after the other into a new file. Raises NotFoundError for no folder."""

    def __init__(
        self, path: str | os.PathLike[str], compression: Compression = Compression()
    ) -> None:
        self._path = path
        with system_errors(path):
            self._file: BinaryIO | None = open(path, "wb")  # noqa: SIM115 -- open until closed
        self._flush_mode = compression.flush_mode
        self._deflate = None
        if compression.kind:
            window = abs(compression.window_bits) + _WINDOW[compression.kind]
            self._deflate = zlib.compressobj(
                compression.level,
                zlib.DEFLATED,
                window,
                compression.memory_level,
                compression.strategy,
            )

    def write(self, record: bytes) -> None:
        """Add a record. Raises ValueError in a closed file."""
        data = framed(record)
        with system_errors(self._path):
            self._opened.write(data if self._deflate is None else self._deflate.compress(data))

    def flush(self) -> None:
        """Hand what has been written to the operating system."""
        with system_errors(self._path):
            if self._deflate is not None and self._flush_mode != zlib.Z_NO_FLUSH:
                self._opened.write(self._deflate.flush(self._flush_mode))
            self._opened.flush()

    def close(self) -> None:
        """Complete the file; once more does nothing."""
        file, self._file = self._file, None
        if file is None:
            return
        with system_errors(self._path), file:
            if self._deflate is not None:
                file.write(self._deflate.flush())

    @property
    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise ValueError("the writer is closed")
        return self._file

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_records(path: str | os.PathLike[str], compression: str = "") -> Iterator[bytes]:
    """The records of a file. Raises NotFoundError, and DataLossError at a damaged place."""
    return (record for _, record in records_with_ends(path, compression))


def records_with_ends(
    path: str | os.PathLike[str], compression: str = "", start: int = 0
) -> Iterator[tuple[int, bytes]]:
    """Records, each with the offset behind it; `start` is such an offset.

    Offsets count what a compressed file unpacks to.
    """
    settings = Compression(compression)
    with _opened(path) as file:
        source = _Source(file, settings)
        source.skip(start)
        place = start
        while True:
            header = source.take(_HEADER)
            if not header:
                return
            length = _checked_length(header, place)
            body = source.take(length + 4)
            _check(body, length, place)
            place += _HEADER + len(body)
            yield place, body[:length]


def _opened(path: str | os.PathLike[str]) -> BinaryIO:
    with system_errors(path):
        return open(path, "rb")


def _checked_length(header: bytes, place: int) -> int:
    if len(header) < _HEADER:
        raise DataLossError(None, None, f"truncated record at {place}")
    length, check = struct.unpack("<QI", header)
    if check != mask(crc32c(header[:8])):
        hint = " (Is this even a TFRecord file?)" if place == 0 else ""
        raise DataLossError(None, None, f"corrupted record at {place}{hint}")
    return int(length)


def _check(body: bytes, length: int, place: int) -> None:
    if len(body) < length + 4:
        raise DataLossError(None, None, f"truncated record at {place}")
    if mask(crc32c(body[:length])) != struct.unpack("<I", body[length:])[0]:
        raise DataLossError(None, None, f"corrupted record at {place + _HEADER}")


class _Source:
    """The bytes of a file, unpacked."""

    def __init__(self, file: BinaryIO, settings: Compression) -> None:
        self._file = file
        self._pending = b""
        window = 15 + _WINDOW[settings.kind] if settings.kind else None
        self._window = window
        self._inflate = None if window is None else zlib.decompressobj(window)

    def skip(self, count: int) -> None:
        """Go on behind that many bytes."""
        if self._inflate is None:
            self._file.seek(count)
            return
        while count > 0:
            taken = len(self.take(min(count, _CHUNK)))
            count = count - taken if taken else 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes, fewer at the end of the file."""
        if self._inflate is None:
            return self._read(count)
        parts, missing = [self._pending], count - len(self._pending)
        while missing > 0:
            part = self._unpacked()
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        data = b"".join(parts)
        self._pending = data[count:]
        return data[:count]

    def _read(self, count: int) -> bytes:
        """Never more memory than the file has bytes, whatever a damaged length says."""
        parts = []
        while count > 0:
            part = self._file.read(min(count, _CHUNK))
            if not part:
                break
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _unpacked(self) -> bytes:
        """Some further bytes; none at the end. Files that were put together go on in the next."""
        assert self._inflate is not None and self._window is not None
        while True:
            packed = self._inflate.unconsumed_tail or self._inflate.unused_data
            if self._inflate.eof and packed:
                self._inflate = zlib.decompressobj(self._window)
            packed = packed or self._file.read(_CHUNK)
            if not packed:
                return b"" if self._inflate.eof else self._inflate.flush()
            try:
                part = self._inflate.decompress(packed, _CHUNK)
            except zlib.error as error:
                raise DataLossError(None, None, f"inflate() failed: {error}") from None
            if part:
                return part
