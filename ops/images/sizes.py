"""How large an image says that it is, read from the head of its file before anything is decoded.

A few bytes can ask for gigabytes of pixels. TensorFlow's limits are kept: fewer than 2^27 rows and
columns, and fewer than 2^29 pixels, those of all frames together.
"""

from __future__ import annotations

import struct

from flowc.ir.tensor.builder import require
from flowc.ops.common import fail

_MOST_ROWS = 1 << 27
_MOST_PIXELS = 1 << 29
_MOST_PACKED = 1032  # bytes that deflate makes of one at most

Size = tuple[int, int]  # width, height


def require_sane_size(content: bytes, name: str) -> None:
    """Raise InvalidArgumentError for an image that is too large, or larger than its file can tell.

    What cannot be read here is left to the decoder.
    """
    try:
        size = _READERS[name](content)
    except (struct.error, IndexError):
        return
    if size is not None:
        require_size(size, 1, name)
    if name == "PNG" and size is not None:
        _require_data(content, size)


def require_size(size: Size, frames: int, name: str) -> None:
    """Raise InvalidArgumentError for an image, or an animation, that is too large."""
    width, height = size
    fits = max(size) < _MOST_ROWS and width * height * frames < _MOST_PIXELS
    pictures = "" if frames == 1 else f" of {frames} frames"
    require(fits, f"{name} size too large for int: {width} by {height}{pictures}")


def _png(content: bytes) -> Size | None:
    if content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _require_data(content: bytes, size: Size) -> None:
    """Every row is packed in the file, at most so tightly."""
    width, height = size
    bits, color = content[24], content[25]
    row = 1 + (width * bits * {2: 3, 4: 2, 6: 4}.get(color, 1) + 7) // 8
    least = row * height // _MOST_PACKED
    if not content[28] and least > len(content):
        raise fail(
            f"Invalid PNG data, size {len(content)}: an image of {width} by {height} pixels takes "
            f"at least {least} bytes"
        )


def _gif(content: bytes) -> Size:
    width, height = struct.unpack_from("<HH", content, 6)
    return width, height


def _bmp(content: bytes) -> Size:
    width, height = struct.unpack_from("<ii", content, 18)
    return abs(width), abs(height)


def _jpeg(content: bytes) -> Size | None:
    """The size in the first frame header."""
    place = 2
    while place + 9 < len(content):
        if content[place] != 0xFF:
            return None
        marker = content[place + 1]
        if marker == 0xFF:  # padding
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, place + 5)
            return width, height
        place += 2
        if not (marker == 0x01 or 0xD0 <= marker <= 0xD8):
            place += struct.unpack_from(">H", content, place)[0]
    return None


def _webp(content: bytes) -> Size | None:
    kind = content[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (packed,) = struct.unpack_from("<I", content, 21)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        numbers = content[24:30]
        return int.from_bytes(numbers[:3], "little") + 1, int.from_bytes(numbers[3:], "little") + 1
    return None


_READERS = {"PNG": _png, "GIF": _gif, "BMP": _bmp, "JPEG": _jpeg, "WEBP": _webp}
