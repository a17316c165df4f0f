"""Text in other encodings, and as numbers of characters."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import fail
from flowc.ops.registry import host_op
from flowc.ops.text.strings import keeps_shape
from flowc.ops.text.texts import elements, map_texts, texts

_ERRORS = 'errors: {"strict", "replace", "ignore"} = "replace", replacement_char: int = 65533'
_CONTROL = "replace_control_characters: bool = false"
_ENCODINGS = '{"UTF-8", "UTF-16-BE", "UTF-32-BE"}'


@dataclass(frozen=True)
class _Policy:
    """What becomes of what is no character."""

    errors: str
    replacement: int
    control: bool = False  # replace control characters, too

    def replace(self) -> list[int]:
        """The numbers that stand for something malformed. Raises InvalidArgumentError."""
        if self.errors == "strict":
            raise fail("Invalid formatting on input string")
        return [self.replacement] if self.errors == "replace" else []

    def characters(self, data: bytes, encoding: str) -> Iterator[tuple[int, int]]:
        """The number of each character, and the byte where it starts."""
        at = 0
        while at < len(data):
            text, end = _valid_start(data, at, encoding)
            for character in text:
                number = ord(character)
                yield self.replacement if self.control and number < 32 else number, at
                at += len(character.encode(encoding))
            if end > at:
                for number in self.replace():
                    yield number, at
                at = end

    def encoded(self, numbers: Sequence[int], encoding: str) -> bytes:
        """The bytes of characters given by number."""
        found: list[int] = []
        for number in numbers:
            valid = 0 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
            found += [number] if valid else self.replace()
        return "".join(map(chr, found)).encode(encoding)


def _valid_start(data: bytes, at: int, encoding: str) -> tuple[str, int]:
    """The text from `at` on up to something malformed, and where that ends."""
    try:
        return data[at:].decode(encoding), 0
    except UnicodeDecodeError as error:
        return data[at : at + error.start].decode(encoding), at + error.end


def _codec(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise fail(f"Could not create converter for input encoding: {encoding}") from None


@host_op(
    f"UnicodeTranscode(input: string; input_encoding: string, output_encoding: {_ENCODINGS},"
    f" {_ERRORS}, {_CONTROL}) -> output: string"
)
def unicode_transcode(
    input: Array,
    *,
    input_encoding: str,
    output_encoding: str,
    errors: str,
    replacement_char: int,
    replace_control_characters: bool,
) -> Array:
    """Text in another encoding."""
    policy = _Policy(errors, replacement_char, replace_control_characters)
    source, target = _codec(input_encoding), _codec(output_encoding)
    return map_texts(
        lambda text: policy.encoded([n for n, _ in policy.characters(text, source)], target), input
    )


keeps_shape(unicode_transcode, dtypes.string)


def _decoded(input: Array, encoding: str, policy: _Policy) -> list[list[tuple[int, int]]]:
    codec = _codec(encoding)
    return [list(policy.characters(text, codec)) for text in elements(input)]


def _ragged(rows: list[list[tuple[int, int]]], splits: DType) -> tuple[Array, Array, Array]:
    ends = np.cumsum([0, *map(len, rows)]).astype(splits.numpy)
    pairs = [pair for row in rows for pair in row]
    numbers = np.array([number for number, _ in pairs], np.int32)
    return ends, numbers, np.array([start for _, start in pairs], np.int64)


@host_op(
    f"UnicodeDecode(input: string; input_encoding: string, {_ERRORS}, {_CONTROL},"
    " Tsplits: {index} = int64) -> row_splits: Tsplits, char_values: int32"
)
def unicode_decode(
    input: Array,
    *,
    input_encoding: str,
    errors: str,
    replacement_char: int,
    replace_control_characters: bool,
    Tsplits: DType,
) -> tuple[Array, Array]:
    """The numbers of the characters of all strings, and where each string ends among them."""
    policy = _Policy(errors, replacement_char, replace_control_characters)
    splits, numbers, _ = _ragged(_decoded(input, input_encoding, policy), Tsplits)
    return splits, numbers


@host_op(
    f"UnicodeDecodeWithOffsets(input: string; input_encoding: string, {_ERRORS}, {_CONTROL},"
    " Tsplits: {index} = int64)"
    " -> row_splits: Tsplits, char_values: int32, char_to_byte_starts: int64"
)
def unicode_decode_with_offsets(
    input: Array,
    *,
    input_encoding: str,
    errors: str,
    replacement_char: int,
    replace_control_characters: bool,
    Tsplits: DType,
) -> tuple[Array, Array, Array]:
    """UnicodeDecode, and the byte at which each character starts in its string."""
    policy = _Policy(errors, replacement_char, replace_control_characters)
    return _ragged(_decoded(input, input_encoding, policy), Tsplits)


@host_op(
    "UnicodeEncode(input_values: int32[:], input_splits: Tsplits[:];"
    ' errors: {"ignore", "replace", "strict"} = "replace",'
    f" output_encoding: {_ENCODINGS}, replacement_char: int = 65533, Tsplits: {{index}} = int64)"
    " -> output: string"
)
def unicode_encode(
    input_values: Array,
    input_splits: Array,
    *,
    errors: str,
    output_encoding: str,
    replacement_char: int,
) -> Array:
    """Strings from the numbers of their characters; the inverse of UnicodeDecode."""
    policy, codec = _Policy(errors, replacement_char), _codec(output_encoding)
    values, splits = input_values.tolist(), input_splits.tolist()
    ordered = all(a <= b for a, b in pairwise(splits))
    require(
        bool(splits) and ordered and splits[0] == 0 and splits[-1] == len(values),
        f"input_splits do not divide the {len(values)} input_values: {splits}",
    )
    rows = pairwise(splits)
    return texts(policy.encoded(values[start:end], codec) for start, end in rows)
