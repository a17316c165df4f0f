"""Writes sorted tables, whose format table.py describes.

The bytes are those of TensorFlow's table builder when it does not compress: a checkpoint that is
read and written again has the same index.
"""

import struct
from collections.abc import Iterable

from flowc.ir.proto.varint import write_varint
from flowc.runtime.checkpoint.table import FOOTER, MAGIC
from flowc.runtime.checksums import crc32c, mask

_RESTART_EVERY = 16  # entries
_BLOCK_SIZE = 256 * 1024  # bytes; a block is closed once it has reached this size


class _BlockBuilder:
    """Collects the entries of one block."""

    def __init__(self, restart_every: int = _RESTART_EVERY) -> None:
        self._restart_every = restart_every
        self._data = bytearray()
        self._restarts = [0]
        self._since_restart = 0
        self.last_key = b""

    @property
    def size(self) -> int:
        """Bytes of the finished block."""
        return len(self._data) + 4 * len(self._restarts) + 4

    @property
    def is_empty(self) -> bool:
        """True before the first entry."""
        return not self._data

    def add(self, key: bytes, value: bytes) -> None:
        """Appends an entry; `key` is above all keys before it."""
        shared = 0
        if self._since_restart == self._restart_every:
            self._restarts.append(len(self._data))
            self._since_restart = 0
        else:
            shared = _common_prefix(self.last_key, key)
        self._data += write_varint(shared) + write_varint(len(key) - shared)
        self._data += write_varint(len(value)) + key[shared:] + value
        self._since_restart += 1
        self.last_key = key

    def finish(self) -> bytes:
        """The block without its trailer."""
        return bytes(self._data) + struct.pack(
            f"<{len(self._restarts) + 1}I", *self._restarts, len(self._restarts)
        )


def build_table(items: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a table with these entries, which come in increasing order of their keys."""
    file = bytearray()
    index = _BlockBuilder(restart_every=1)
    block = _BlockBuilder()
    for key, value in items:
        if block.size >= _BLOCK_SIZE:
            index.add(_separator(block.last_key, key), _append(file, block))
            block = _BlockBuilder()
        block.add(key, value)
    if not block.is_empty:
        index.add(_successor(block.last_key), _append(file, block))
    metadata = _append(file, _BlockBuilder())
    places = metadata + _append(file, index)
    return bytes(file) + places.ljust(FOOTER - 8, b"\0") + MAGIC.to_bytes(8, "little")


def _append(file: bytearray, block: _BlockBuilder) -> bytes:
    """Appends a block and its trailer to the file, and returns its encoded place."""
    content = block.finish()
    place = write_varint(len(file)) + write_varint(len(content))
    checked = content + b"\0"  # not compressed
    file += checked + mask(crc32c(checked)).to_bytes(4, "little")
    return place


def _common_prefix(a: bytes, b: bytes) -> int:
    shorter = min(len(a), len(b))
    return next((i for i in range(shorter) if a[i] != b[i]), shorter)


def _separator(last: bytes, following: bytes) -> bytes:
    """A short key k with last <= k < following."""
    at = _common_prefix(last, following)
    if at < min(len(last), len(following)) and last[at] < 0xFF and last[at] + 1 < following[at]:
        return last[:at] + bytes([last[at] + 1])
    return last


def _successor(last: bytes) -> bytes:
    """A short key that is not below `last`."""
    at = next((i for i, byte in enumerate(last) if byte != 0xFF), None)
    return last if at is None else last[:at] + bytes([last[at] + 1])
