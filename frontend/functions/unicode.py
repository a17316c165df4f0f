"""`tf.strings`: strings as the numbers of their characters, and back.

A single string has one vector of characters. For several strings TensorFlow gives a RaggedTensor,
which flowc does not have: such a call is a ValueError that says how to do without.
"""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.shaping import Name, concat
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes

unicode_script = derive("UnicodeScript", "unicode_script")


def _single(input: Any, function: str) -> Any:
    text = convert(input, dtypes.string, "input")
    if text.shape.ndims != 0:
        raise ValueError(
            f"{function} of other than a scalar gives a RaggedTensor, which flowc does not have: "
            "decode one string at a time (tf.map_fn over equally long ones), or use "
            "tf.raw_ops.UnicodeDecodeWithOffsets, whose row_splits tell where each string ends."
        )
    return text


def unicode_decode(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 0xFFFD,
    replace_control_characters: bool = False,
    name: Name = None,
) -> Any:
    """The numbers of a string's characters: an int32 vector.

    `input` is a scalar string; `errors` says what becomes of malformed text: "strict" (the run
    raises InvalidArgumentError), "replace" or "ignore". Raises ValueError for other than a scalar.
    """
    with name_scope(name, "UnicodeDecode", [input]):
        numbers = build(
            "UnicodeDecode",
            _single(input, "unicode_decode"),
            input_encoding=input_encoding,
            errors=errors,
            replacement_char=replacement_char,
            replace_control_characters=replace_control_characters,
        )[1]
        numbers.set_shape([None])
        return numbers


def unicode_decode_with_offsets(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 0xFFFD,
    replace_control_characters: bool = False,
    name: Name = None,
) -> tuple[Any, Any]:
    """`unicode_decode`, and the byte at which each character starts: an int64 vector."""
    with name_scope(name, "UnicodeDecodeWithOffsets", [input]):
        text = _single(input, "unicode_decode_with_offsets")
        found = build(
            "UnicodeDecodeWithOffsets",
            text,
            input_encoding=input_encoding,
            errors=errors,
            replacement_char=replacement_char,
            replace_control_characters=replace_control_characters,
        )
        for vector in found[1:]:
            vector.set_shape([None])
        return found[1], found[2]


def unicode_encode(
    input: Any,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: Name = None,
) -> Any:
    """Strings from the numbers of their characters, int32 [..., characters]: string [...].

    `output_encoding` is "UTF-8", "UTF-16-BE" or "UTF-32-BE". Raises ValueError for an unknown
    rank.
    """
    with name_scope(name, "UnicodeEncode", [input]):
        numbers = convert(input, dtypes.int32, "input")
        if not numbers.shape.ndims:
            raise ValueError("input_tensor must have a known rank of at least 1.")
        sizes = build("Shape", numbers)
        lead = sizes[:-1]
        count = build("Prod", lead, [0])
        ends = build("Range", 0, count + 1, 1) * sizes[-1]
        flat = build(
            "UnicodeEncode",
            build("Reshape", numbers, [-1]),
            ends,
            errors=errors,
            output_encoding=output_encoding,
            replacement_char=replacement_char,
        )
        return build("Reshape", flat, lead)


def unicode_split(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 0xFFFD,
    name: Name = None,
) -> Any:
    """A string's characters, each as a string of its own: a vector.

    `input` is a scalar string. Raises ValueError for other than a scalar.
    """
    with name_scope(name, "UnicodeSplit", [input]):
        numbers = unicode_decode(input, input_encoding, errors, replacement_char)
        return _characters(numbers, input_encoding, errors, replacement_char)


def unicode_split_with_offsets(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 0xFFFD,
    name: Name = None,
) -> tuple[Any, Any]:
    """`unicode_split`, and the byte at which each character starts: an int64 vector."""
    with name_scope(name, "UnicodeSplitWithOffsets", [input]):
        numbers, starts = unicode_decode_with_offsets(
            input, input_encoding, errors, replacement_char
        )
        return _characters(numbers, input_encoding, errors, replacement_char), starts


def _characters(numbers: Any, encoding: str, errors: str, replacement_char: int) -> Any:
    return unicode_encode(build("ExpandDims", numbers, 1), encoding, errors, replacement_char)


def ngrams(
    data: Any,
    ngram_width: Any,
    separator: str = " ",
    pad_values: Any = None,
    padding_width: int | None = None,
    preserve_short_sequences: bool = False,
    name: Name = None,
) -> Any:
    """Runs of neighbouring strings along the last axis, joined: string [..., runs].

    `data` is a string tensor; `ngram_width` one length or several, whose runs follow each other.
    `pad_values`, one string or a pair, stand at both ends, `padding_width` or as many as a run
    needs. Raises ValueError for lengths below 1 and for a scalar.
    """
    widths = list(ngram_width) if isinstance(ngram_width, list | tuple) else [ngram_width]
    if any(width < 1 for width in widths):
        raise ValueError(f"All ngram_widths must be greater than 0. Got {ngram_width}")
    with name_scope(name, "StringNGrams", [data]):
        words = convert(data, dtypes.string, "data")
        rank = words.shape.ndims
        if not rank:
            raise ValueError("Data must have rank>0")
        left, right = pad_values if isinstance(pad_values, tuple) else (pad_values, pad_values)
        sizes = build("Shape", words)
        flat = build("Reshape", words, [-1])
        count = build("Prod", sizes[:-1], [0])
        splits = build("Cast", build("Range", 0, count + 1, 1) * sizes[-1], DstT=dtypes.int64)
        pad = 0 if pad_values is None else -1 if padding_width is None else padding_width
        found = build(
            "StringNGrams",
            flat,
            splits,
            separator=separator,
            ngram_widths=widths,
            left_pad=left or "",
            right_pad=right or "",
            pad_width=pad,
            preserve_short_sequences=preserve_short_sequences,
        )
        return build("Reshape", found[0], concat([sizes[:-1], [-1]], 0))
