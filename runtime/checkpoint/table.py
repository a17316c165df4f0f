"""Sorted tables: the files of LevelDB's format that hold checkpoint indices.

A table is a list of blocks and a footer. A block is a list of entries, each with the length of the
prefix that its key shares with the one before; at every 16th entry, a restart point, the key is
complete. Behind each block stand one byte for its compression and a masked CRC-32C. The index
block maps a key not below the last one of each block to the block's place; the footer says where
the index is. (LevelDB, doc/table_format.md; TensorFlow's tables have no filters.)
"""

from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from flowc.ir.errors import DataLossError
from flowc.ir.proto.varint import read_varint
from flowc.ir.system_errors import system_errors
from flowc.runtime.checkpoint import snappy
from flowc.runtime.checksums import crc32c, mask

MAGIC = 0xDB4775248B80FB57
FOOTER = 48  # bytes
_TRAILER = 5  # bytes


class _Place(NamedTuple):
    """Where a block lies in the file, without its trailer."""

    offset: int
    size: int


class Table:
    """A table file for reading. Keys are unique and increase in the order of their bytes."""

    def __init__(self, path: Path) -> None:
        """Reads the footer and the index. Raises DataLossError where they are damaged."""
        self.path = path
        self._size = path.stat().st_size
        index = list(self._entries(self._read(self._index_place())))
        self._last_keys = [key for key, _ in index]
        self._places = [self._place(value, 0)[0] for _, value in index]

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All entries in order, one block in memory at a time."""
        previous: bytes | None = None
        for place in self._places:
            for key, value in self._entries(self._read(place)):
                if previous is not None and key <= previous:
                    self._damaged("keys are out of order")
                previous = key
                yield key, value

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None."""
        block = bisect_left(self._last_keys, key)
        if block == len(self._places):
            return None
        return next(
            (v for k, v in self._entries(self._read(self._places[block])) if k == key), None
        )

    def _index_place(self) -> _Place:
        if self._size < FOOTER:
            self._damaged("it is too short for a table")
        footer = self._bytes(self._size - FOOTER, FOOTER)
        if int.from_bytes(footer[-8:], "little") != MAGIC:
            self._damaged("it does not end like a table (bad magic number)")
        _, behind = self._place(footer, 0)  # of a block with metadata, which is always empty
        return self._place(footer, behind)[0]

    def _place(self, data: bytes, at: int) -> tuple[_Place, int]:
        try:
            offset, at = read_varint(data, at)
            size, at = read_varint(data, at)
        except (IndexError, ValueError):
            self._damaged("the place of a block is unreadable")
        return _Place(offset, size), at

    def _bytes(self, offset: int, size: int) -> bytes:
        with system_errors(self.path), open(self.path, "rb") as file:
            file.seek(offset)
            return file.read(size)

    def _read(self, place: _Place) -> bytes:
        """The content of a block, checked and decompressed."""
        if place.offset + place.size + _TRAILER > self._size:
            self._damaged("a block passes the end")
        stored = self._bytes(place.offset, place.size + _TRAILER)
        content, compression = stored[: place.size], stored[place.size]
        if mask(crc32c(stored[:-4])) != int.from_bytes(stored[-4:], "little"):
            self._damaged("block checksum mismatch")
        if compression == 0:
            return content
        if compression != 1:
            self._damaged(f"unknown block compression {compression}")
        try:
            return snappy.decompress(content)
        except (IndexError, ValueError) as error:
            self._damaged(str(error))

    def _entries(self, block: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The keys and values of a block."""
        restarts = int.from_bytes(block[-4:], "little")
        end = len(block) - 4 * (restarts + 1)
        if end < 0:
            self._damaged("a block is too short for its restart points")
        at, key = 0, b""
        while at < end:
            try:
                shared, at = read_varint(block, at)
                added, at = read_varint(block, at)
                size, at = read_varint(block, at)
            except (IndexError, ValueError):
                self._damaged("the lengths of an entry are unreadable")
            if shared > len(key) or at + added + size > end:
                self._damaged("an entry passes the end of its block")
            key = key[:shared] + block[at : at + added]
            at += added + size
            yield key, block[at - size : at]

    def _damaged(self, how: str) -> NoReturn:
        raise DataLossError(None, None, f"Damaged checkpoint file {self.path}: {how}")
