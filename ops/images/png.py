"""Writing PNG files as libpng does: byte for byte, where its zlib is of the version of Python's.

Each row is filtered in the way that leaves the least sum of absolute differences, and compressed
with a window no larger than the image needs.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from flowc.ir.tensor.primitive import Array

PNG_START = b"\x89PNG\r\n\x1a\n"
_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # of as many channels
_CHUNK = 8192  # bytes of data in each IDAT
_SMALL = 16384  # bytes of rows for which the window shrinks
_LOOKAHEAD = 262  # bytes that deflate looks beyond its window


def write_png(pixels: Array, level: int) -> bytes:
    """A PNG of uint8 or uint16 pixels [height, width, channels]."""
    height, width, depth = pixels.shape
    bits = pixels.dtype.itemsize * 8
    header = struct.pack(">IIBBBBB", width, height, bits, _COLOR_TYPES[depth], 0, 0, 0)
    wide = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder(">")))
    rows = wide.view(np.uint8).reshape(height, -1)
    data = _compressed(_filtered(rows, depth * pixels.dtype.itemsize), level)
    pieces = [data[i : i + _CHUNK] for i in range(0, len(data), _CHUNK)]
    chunks = [(b"IHDR", header), *((b"IDAT", piece) for piece in pieces), (b"IEND", b"")]
    return PNG_START + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def _filtered(rows: Array, step: int) -> Array:
    """Every row behind the number of its filter; `step` is the bytes of a pixel."""
    height, size = rows.shape
    here = rows.astype(np.int16)
    above = np.pad(here, ((1, 0), (step, 0)))
    left, up, corner = above[1:, :size], above[:-1, step:], above[:-1, :size]
    predictions = {0: np.zeros_like(here)}
    if size > step:
        predictions[1] = left
    if height > 1:
        predictions[2] = up
    if size > step and height > 1:
        predictions |= {3: (left + up) // 2, 4: _paeth(left, up, corner)}
    candidates = np.stack([(here - p).astype(np.uint8) for p in predictions.values()])
    costs = np.abs(candidates.view(np.int8).astype(np.int64)).sum(axis=2)
    best = np.argmin(costs, axis=0)
    numbers = np.array(list(predictions), np.uint8)[best]
    return np.concatenate([numbers[:, None], candidates[best, np.arange(height)]], axis=1)


def _paeth(left: Array, up: Array, corner: Array) -> Array:
    """The neighbour that is nearest to left + up - corner."""
    guess = left + up - corner
    to_left, to_up, to_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
    nearest = np.where(to_up <= to_corner, up, corner)
    return np.where((to_left <= to_up) & (to_left <= to_corner), left, nearest)


def _compressed(rows: Array, level: int) -> bytes:
    bits = 15
    while rows.size <= _SMALL and bits > 8 and rows.size + _LOOKAHEAD <= 1 << bits - 1:
        bits -= 1
    deflate = zlib.compressobj(level, zlib.DEFLATED, max(bits, 9), 8, zlib.Z_FILTERED)
    parts = [deflate.compress(row) for row in rows]  # how it is fed decides where blocks end
    return _with_least_window(b"".join(parts) + deflate.flush(), rows.size)


def _with_least_window(stream: bytes, size: int) -> bytes:
    """A zlib stream of `size` bytes that asks a reader for no larger window than it needs."""
    method, flags = stream[0], stream[1]
    if size > _SMALL or method >> 4 > 7:
        return stream
    info = method >> 4
    while info > 0 and size <= 1 << info + 7:
        info -= 1
    method = method & 0x0F | info << 4
    flags &= 0xE0
    flags += 31 - (method << 8 | flags) % 31
    return bytes([method, flags]) + stream[2:]
