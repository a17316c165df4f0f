"""Snappy, decompression only: old checkpoints have compressed blocks.

The format (google/snappy, format_description.txt) is a varint with the length of the result, then
literals and copies of earlier output. flowc writes no compressed blocks.
"""

from flowc.ir.proto.varint import read_varint


def decompress(data: bytes) -> bytes:
    """The original of `data`. Raises ValueError or IndexError where it is damaged."""
    length, at = read_varint(data, 0)
    result = bytearray()
    while at < len(data):
        tag = data[at]
        if tag & 3 == 0:
            at = _literal(data, at, result)
        else:
            at = _copy(data, at, result)
        if len(result) > length:
            break
    if len(result) != length:
        raise ValueError(f"snappy: {len(result)} bytes instead of {length}")
    return bytes(result)


def _literal(data: bytes, at: int, result: bytearray) -> int:
    """Appends bytes that stand in the data; returns the position behind them."""
    size, start = data[at] >> 2, at + 1
    if size >= 60:  # then it says how many bytes hold the size
        start += size - 59
        size = int.from_bytes(data[at + 1 : start], "little")
    end = start + size + 1
    if end > len(data):
        raise ValueError("snappy: a literal passes the end")
    result += data[start:end]
    return end


def _copy(data: bytes, at: int, result: bytearray) -> int:
    """Appends bytes that the result already has; returns the position behind the element."""
    tag = data[at]
    width = (0, 1, 2, 4)[tag & 3]
    end = at + 1 + width
    if end > len(data):
        raise ValueError("snappy: a copy passes the end")
    offset = int.from_bytes(data[at + 1 : end], "little")
    size = (tag >> 2) + 1
    if width == 1:
        offset |= tag >> 5 << 8
        size = (tag >> 2 & 7) + 4
    start = len(result) - offset
    if offset == 0 or start < 0:
        raise ValueError("snappy: a copy from outside")
    # A copy may overlap what it appends: then the last `offset` bytes repeat.
    repeats = -(-size // offset)
    result += (bytes(result[start : start + size]) * repeats)[:size]
    return end
