"""The bytes of a tensor in a data file, and their checksum.

Numbers lie there as in memory: row-major, little-endian, bool as one byte. A string tensor is the
lengths of its strings as varints, a masked checksum of the lengths, and then all strings. The
checksum of a string tensor takes the lengths as fixed 32-bit numbers.
"""

from math import prod
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.errors import DataLossError, UnimplementedError
from flowc.ir.proto.varint import read_varint, write_varint
from flowc.runtime.checkpoint.slices import Array, Shape
from flowc.runtime.checksums import crc32c, mask

_CHECKSUM = 4  # bytes


def known_dtype(number: int) -> DType:
    """The type with this enum number. Raises UnimplementedError where there is none."""
    try:
        return dtypes.as_dtype(number)
    except TypeError:
        raise UnimplementedError(
            None, None, f"Checkpoint tensors of data type number {number} are not supported"
        ) from None


def storable_dtype(number: int) -> DType:
    """The type with this enum number. Raises UnimplementedError where files cannot hold it."""
    dtype = known_dtype(number)
    if dtype in (dtypes.resource, dtypes.variant):
        raise UnimplementedError(
            None, None, f"Checkpoint tensors of type {dtype.name} are not supported"
        )
    return dtype


def fits(dtype: DType, shape: Shape, size: int) -> bool:
    """False where `size` bytes cannot be a tensor of this shape."""
    if dtype is dtypes.string:  # each string has at least one byte of length
        return size >= prod(shape) + _CHECKSUM
    return size == prod(shape) * dtype.numpy.itemsize


def encode(dtype: DType, array: Array) -> tuple[bytes | memoryview, int]:
    """The bytes of a tensor, and their checksum without the mask."""
    if dtype is dtypes.string:
        return _encode_strings(array)
    content = np.ascontiguousarray(array, dtype.numpy).reshape(-1).view(np.uint8)
    return content.data, crc32c(content)


def decode(dtype: DType, shape: Shape, content: Array) -> tuple[Array, int]:
    """The tensor of bytes that `fits` has let pass, and their checksum without the mask.

    `content` becomes the memory of the tensor. Raises DataLossError for damaged strings.
    """
    if dtype is dtypes.string:
        return _decode_strings(shape, content.tobytes())
    crc = crc32c(content)
    if dtype is dtypes.bool_:  # any byte but 0 means true, to NumPy only 1 does
        return (content != 0).reshape(shape), crc
    return content.view(dtype.numpy).reshape(shape), crc


def _encode_strings(array: Array) -> tuple[bytes, int]:
    strings = [_as_bytes(value) for value in array.reshape(-1).tolist()]
    crc = _lengths_crc([len(string) for string in strings])
    checksum = mask(crc).to_bytes(_CHECKSUM, "little")
    behind_lengths = checksum + b"".join(strings)
    lengths = b"".join(write_varint(len(string)) for string in strings)
    return lengths + behind_lengths, crc32c(behind_lengths, crc)


def _decode_strings(shape: Shape, content: bytes) -> tuple[Array, int]:
    lengths, at = _read_lengths(content, prod(shape))
    crc = _lengths_crc(lengths)
    if content[at : at + _CHECKSUM] != mask(crc).to_bytes(_CHECKSUM, "little"):
        raise DataLossError(None, None, "the lengths of its strings have another checksum")
    crc = crc32c(content[at:], crc)
    at += _CHECKSUM
    if at + sum(lengths) != len(content):
        raise DataLossError(None, None, "its strings do not fill its bytes")
    result = np.empty(len(lengths), np.object_)
    for number, length in enumerate(lengths):
        result[number] = content[at : at + length]
        at += length
    return result.reshape(shape), crc


def _read_lengths(content: bytes, count: int) -> tuple[list[int], int]:
    """The lengths of the strings, and the position behind them."""
    lengths, at = [], 0
    try:
        for _ in range(count):
            length, at = read_varint(content, at)
            lengths.append(length)
    except (IndexError, ValueError):
        raise DataLossError(None, None, "the lengths of its strings are unreadable") from None
    return lengths, at


def _lengths_crc(lengths: list[int]) -> int:
    """Strings of 4 GiB and more, and only those, count with 64 bits."""
    crc = 0
    for length in lengths:
        crc = crc32c(length.to_bytes(4 if length < 1 << 32 else 8, "little"), crc)
    return crc


def _as_bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)
