"""The image formats that Pillow does not read as TensorFlow does: BMP, and PNG of 16 bits.

PNG: W3C Recommendation "Portable Network Graphics, Second Edition" (2003).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import fail
from flowc.ops.images.png import PNG_START

_PNG_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # by colour type, of those without a palette


def read_bmp(content: bytes, channels: int) -> Array:
    """Pixels [height, width, channels] of an uncompressed bitmap of 8, 24 or 32 bits."""
    require(
        len(content) >= 32,
        "Incomplete bmp content, requires at least 32 bytes to find the header size, width, "
        f"height, and bpp, got {len(content)} bytes",
    )
    start, width, height, bits = struct.unpack_from("<10xi4xii2xh", content)
    depth = bits // 8
    require(channels in (0, depth), f"channels attribute {channels} does not match bits {bits}")
    require(
        depth in (1, 3, 4), f"Number of channels inherent in the image must be 1, 3 or 4: {depth}"
    )
    require(width > 0 and height != 0, f"Width must be positive: {width}")
    row = (bits * width + 31) // 32 * 4
    needed = start + row * (abs(height) - 1) + depth * width
    require(len(content) >= needed, f"Incomplete bmp content, needs {needed} bytes")
    padded = content[start : start + row * abs(height)].ljust(row * abs(height), b"\0")
    rows = np.frombuffer(padded, np.uint8).reshape(abs(height), row)
    pixels = rows[:, : width * depth].reshape(abs(height), width, depth)
    upright = pixels[::-1] if height > 0 else pixels
    order = [[], [0], [], [2, 1, 0], [2, 1, 0, 3]][depth]
    return np.ascontiguousarray(upright[:, :, order])


def is_deep_png(content: bytes) -> bool:
    """Whether it is a PNG with 16 bits a channel."""
    return content.startswith(PNG_START) and len(content) > 24 and content[24] == 16


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of each chunk."""
    place = len(PNG_START)
    while place + 12 <= len(content):
        (size,) = struct.unpack_from(">I", content, place)
        data = content[place + 8 : place + 8 + size]
        check = content[place + 8 + size : place + 12 + size]
        kind = content[place + 4 : place + 8]
        if check != struct.pack(">I", zlib.crc32(kind + data)):
            raise fail(f"Invalid PNG data, size {len(content)}")
        yield kind, data
        place += 12 + size


def read_deep_png(content: bytes) -> Array:
    """The uint16 pixels [height, width, channels] of a PNG that is not interlaced."""
    chunks = list(_chunks(content))
    require(bool(chunks) and chunks[0][0] == b"IHDR", "Invalid PNG. Failed to initialize decoder.")
    width, height, _, color, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    require(not interlaced, "interlaced PNG images of 16 bits are not supported")
    require(color in _PNG_CHANNELS, f"Invalid PNG data: color type {color} with 16 bits")
    depth = _PNG_CHANNELS[color]
    needed = height * (1 + width * depth * 2)
    packed = b"".join(data for kind, data in chunks if kind == b"IDAT")
    try:
        raw = zlib.decompressobj().decompress(packed, needed)
    except zlib.error as error:
        raise fail(f"Invalid PNG data, size {len(content)}: {error}") from error
    require(len(raw) == needed > 0, f"Invalid PNG data, size {len(content)}: rows are missing")
    rows = np.frombuffer(raw, np.uint8).reshape(height, 1 + width * depth * 2)
    pixels = _unfiltered(rows, depth * 2)
    return pixels.reshape(height, width, depth, 2).view(">u2")[..., 0].astype(np.uint16)


def _unfiltered(rows: Array, step: int) -> Array:
    """Each row as the sum of its differences and what its filter foretells, modulo 256."""
    result = np.zeros((len(rows) + 1, rows.shape[1] - 1 + step), np.uint8)
    for number, row in enumerate(rows):
        above, current, kind = result[number].tolist(), [0] * step, int(row[0])
        if kind in (0, 2):
            base = result[number, step:] if kind else 0
            result[number + 1, step:] = row[1:] + base
            continue
        for i, difference in enumerate(row[1:].tolist()):
            left, up, corner = current[i], above[i + step], above[i]
            foretold = (left, 0, (left + up) // 2, _paeth(left, up, corner))[kind - 1]
            current.append((difference + foretold) & 255)
        result[number + 1] = current
    return np.ascontiguousarray(result[1:, step:])


def _paeth(left: int, up: int, corner: int) -> int:
    """The neighbour that is nearest to left + up - corner."""
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))
