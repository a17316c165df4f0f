"""Checksums of TensorFlow's files: CRC-32C, stored masked.

A checksum over data that contains its own checksum is weak, so files keep a rotated and shifted
one: `mask(crc)`.
"""

from typing import Any

import google_crc32c
import numpy as np

_DELTA = 0xA282EAD8


def crc32c(data: bytes | np.ndarray[Any, Any], start: int = 0) -> int:
    """The CRC-32C of `data`, continuing from the checksum of what stands before it.

    An array counts by its memory, and must be contiguous.
    """
    return int(google_crc32c.extend(start, data))


def mask(crc: int) -> int:
    """The form of `crc` that files hold."""
    return ((crc >> 15 | crc << 17) + _DELTA) & 0xFFFFFFFF
