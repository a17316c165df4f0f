"""Strings and numbers: printing, parsing, raw bytes, base64."""

from __future__ import annotations

import base64
import re
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, fail
from flowc.ops.registry import host_op
from flowc.ops.text.strings import keeps_shape
from flowc.ops.text.texts import elements, map_texts, texts

# Printing


@host_op(
    "AsString(input: T; T: {real, complex, bool, string, variant}, precision: int = -1,"
    ' scientific: bool = false, shortest: bool = false, width: int = -1, fill: string = "")'
    " -> output: string"
)
def as_string(
    input: Array,
    *,
    T: DType,
    precision: int,
    scientific: bool,
    shortest: bool,
    width: int,
    fill: str,
) -> Array:
    """Each number as C's printf writes it."""
    require(not (scientific and shortest), "Cannot select both scientific and shortest notation")
    require(fill in ("", " ", "0", "+", "-", "#"), f'Fill argument not supported: "{fill}"')
    if T.is_integer:
        require(
            not scientific and not shortest,
            f"scientific and shortest format not supported for datatype {T.name}",
        )
        require(precision < 0, f"precision not supported for datatype {T.name}")
    letter = "e" if scientific else "g" if shortest else "f"
    size = str(width) if width > -1 else ""
    digits = f".{precision}" if precision > -1 else ""
    return _printed(input, T, f"%{fill}{size}{digits}{letter}", f"%{fill}{size}")


def _printed(input: Array, dtype: DType, of_float: str, start: str) -> Array:
    def show(value: Any) -> bytes:
        if isinstance(value, bytes):
            width = start[1:]
            return bytes(value.rjust(int(width)) if width.isdigit() else value)
        if dtype.is_bool:
            return (f"{start}s" % str(value).lower()).encode()
        if dtype.is_complex:
            return (f"({of_float},{of_float})" % (value.real, value.imag)).encode()
        text: str = of_float % value if dtype.is_floating else f"{start}d" % value
        return text.encode()

    values = np.asarray(input).astype(np.float64) if dtype.is_floating else np.asarray(input)
    return texts(map(show, values.ravel().tolist()), np.shape(input))


keeps_shape(as_string, dtypes.string)


# Parsing

_NUMBER = re.compile(
    rb"\s*([+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan))\s*", re.IGNORECASE
)
_INTEGER = re.compile(rb"\s*([+-]?\d+)\s*")


def parse_number(text: bytes, dtype: DType, what: str) -> Any:
    """The number that a text is. Raises InvalidArgumentError, its message beginning with `what`."""
    match = (_NUMBER if dtype.is_floating else _INTEGER).fullmatch(text)
    if match is None:
        raise fail(f"{what}: {text.decode(errors='replace')}")
    if dtype.is_floating:
        with np.errstate(over="ignore"):
            return dtype.numpy.type(float(match[1]))
    value = int(match[1])
    if not dtype.min <= value <= dtype.max:
        raise fail(f"{what}: {text.decode(errors='replace')}")
    return value


@host_op(
    "StringToNumber(string_tensor: string; out_type: {float32, float64, int32, int64, uint32,"
    " uint64} = float32) -> output: out_type"
)
def string_to_number(string_tensor: Array, *, out_type: DType) -> Array:
    """The numbers that strings are."""
    what = "StringToNumberOp could not correctly convert string"
    found = [parse_number(text, out_type, what) for text in elements(string_tensor)]
    return np.array(found, out_type.numpy).reshape(np.shape(string_tensor))


@string_to_number.infer
def _(b: Builder, string_tensor: Value, *, out_type: DType) -> Value:
    return abstract(b, out_type, *b.shape(string_tensor))


# Raw bytes

_NUMBERS = "float, int32, uint16, uint8, int16, int8, int64"


def _decoded(rows: list[bytes], shape: tuple[int, ...], dtype: DType, little_endian: bool) -> Array:
    content = np.frombuffer(b"".join(rows), dtype.numpy)
    if not little_endian and dtype.size > 1:
        content = content.byteswap()
    return content.reshape(*shape, -1 if rows else 0).copy()


@host_op(
    f"DecodeRaw(bytes: string; out_type: {{{_NUMBERS}, complex, bool}},"
    " little_endian: bool = true) -> output: out_type"
)
def decode_raw(bytes: Array, *, out_type: DType, little_endian: bool) -> Array:
    """The numbers whose memory each string is, along a new last axis."""
    rows = elements(bytes)
    size = len(rows[0]) if rows else 0
    for i, row in enumerate(rows):
        require(
            len(row) == size,
            "DecodeRaw requires input strings to all be the same size, but "
            f"element {i} has size {size} != {len(row)}",
        )
    require(
        size % out_type.size == 0,
        f"Input to DecodeRaw has length {size} that is not a "
        f"multiple of {out_type.size}, the size of {out_type.name}",
    )
    if not size:
        return np.zeros((*np.shape(bytes), 0), out_type.numpy)
    return _decoded(rows, np.shape(bytes), out_type, little_endian)


@host_op(
    f"DecodePaddedRaw(input_bytes: string, fixed_length: int32[]; out_type: {{{_NUMBERS}}},"
    " little_endian: bool = true) -> output: out_type"
)
def decode_padded_raw(
    input_bytes: Array, fixed_length: Array, *, out_type: DType, little_endian: bool
) -> Array:
    """DecodeRaw of strings cut, or filled with zeros, to one length in bytes."""
    size = int(fixed_length)
    require(
        size > 0 and size % out_type.size == 0,
        f"fixed_length ({size}) must be a multiple of the size of out_type ({out_type.size})",
    )
    rows = [row[:size].ljust(size, b"\0") for row in elements(input_bytes)]
    if not rows:
        return np.zeros((*np.shape(input_bytes), size // out_type.size), out_type.numpy)
    return _decoded(rows, np.shape(input_bytes), out_type, little_endian)


def _infer_raw(b: Builder, input: Value, *others: Value, out_type: DType) -> Value:
    sizes: list[Dim | None] = [*b.shape(input), None]
    return abstract(b, out_type, *sizes)


decode_raw.infer(_infer_raw)
decode_padded_raw.infer(_infer_raw)


# Base64


@host_op("EncodeBase64(input: string; pad: bool = false) -> output: string")
def encode_base64(input: Array, *, pad: bool) -> Array:
    """Base64 with the alphabet for file names and addresses."""
    encoded = map_texts(base64.urlsafe_b64encode, input)
    return encoded if pad else map_texts(lambda text: text.rstrip(b"="), encoded)


_BASE64 = re.compile(rb"[A-Za-z0-9_-]*={0,2}")


@host_op("DecodeBase64(input: string) -> output: string")
def decode_base64(input: Array) -> Array:
    """What was encoded in base64, with or without padding."""

    def decoded(text: bytes) -> bytes:
        require(_BASE64.fullmatch(text) is not None, "Invalid character found in base64.")
        bare = text.rstrip(b"=")
        require(len(bare) % 4 != 1, "Base64 string length (after padding) must be a multiple of 4")
        return base64.urlsafe_b64decode(bare + b"=" * (-len(bare) % 4))

    return map_texts(decoded, input)


keeps_shape(encode_base64, dtypes.string)
keeps_shape(decode_base64, dtypes.string)
