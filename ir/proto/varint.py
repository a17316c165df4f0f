"""Variable-length integers: seven bits a byte, lowest first, the top bit set on all but the last.

Protocol buffers, checkpoint tables and string tensors all use them.
"""

_LONGEST = 10  # bytes of a 64-bit number


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that starts at `at`, and the position behind it.

    Raises IndexError where the data ends too early and ValueError where 64 bits do not suffice.
    """
    value = shift = 0
    for position in range(at, at + _LONGEST):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    if byte < 0x80 and value < 1 << 64:
        return value, position + 1
    raise ValueError(f"no 64-bit number at byte {at}")


def write_varint(value: int) -> bytes:
    """The bytes of `value`, which is not negative."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
