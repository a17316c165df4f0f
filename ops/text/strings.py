"""Strings: joining, splitting, parts, letters.

Strings are bytes; where an op counts characters, it takes the bytes for UTF-8.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.errors import OutOfRangeError
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, show
from flowc.ops.registry import OpDefinition, host_op
from flowc.ops.text.texts import (
    characters,
    decode,
    elements,
    encode,
    map_texts,
    scalar_text,
    texts,
    the_text,
)

_UNIT = 'unit: {"BYTE", "UTF8_CHAR"} = "BYTE"'
_SPLIT = "indices: int64, values: string, shape: int64"


def keeps_shape(definition: OpDefinition, dtype: DType) -> None:
    """Declare that the result has the shape of the first input, and is not differentiable."""

    def infer(b: Builder, input: Value, *others: Value) -> Value:
        return abstract(b, dtype, *b.shape(input))

    definition.infer(infer)
    definition.not_differentiable()


# Joining


@host_op('StringJoin(inputs: N*string; N: int >= 0, separator: string = "") -> output: string')
def string_join(inputs: list[Array], *, separator: str) -> Array:
    """The strings at each place one after the other; scalars go to every place."""
    shape = next((np.shape(i) for i in inputs if np.ndim(i)), ())
    for value in inputs:
        require(
            np.ndim(value) == 0 or np.shape(value) == shape,
            f"Input shapes do not match. Expected: {show(shape)} Got: {show(np.shape(value))}",
        )
    columns = [elements(np.broadcast_to(value, shape)) for value in inputs]
    if not columns:
        return scalar_text(b"")
    between = encode(separator)
    return texts((between.join(row) for row in zip(*columns, strict=True)), shape)


@string_join.infer
def _(b: Builder, inputs: list[Value]) -> Value:
    shape = next((b.shape(i) for i in inputs if len(b.shape(i))), ())
    return abstract(b, dtypes.string, *shape)


@host_op(
    "ReduceJoin(inputs: string, reduction_indices: int32; keep_dims: bool = false,"
    ' separator: string = "") -> output: string'
)
def reduce_join(
    inputs: Array, reduction_indices: Array, *, keep_dims: bool, separator: str
) -> Array:
    """The strings along some axes as one; the place along the first axis given varies fastest."""
    rank = np.ndim(inputs)
    axes = [int(axis) for axis in np.ravel(reduction_indices)]
    for axis in axes:
        if not -rank <= axis < rank:
            message = f"Invalid reduction dimension {axis} for input with {rank} dimension(s)"
            raise OutOfRangeError(None, None, message)
    axes = [axis % rank for axis in axes]
    require(len(set(axes)) == len(axes), f"Duplicate reduction dimension in {axes}")
    if not axes:
        return inputs
    rows = np.transpose(inputs, [i for i in range(rank) if i not in axes] + axes[::-1])
    kept = rows.shape[: rank - len(axes)]
    between = encode(separator)
    count = int(np.prod(kept, dtype=np.int64))
    width = int(np.prod(rows.shape[rank - len(axes) :], dtype=np.int64))
    joined = [between.join(row) for row in rows.reshape(count, width).tolist()]
    sizes = tuple(1 if i in axes else size for i, size in enumerate(np.shape(inputs)))
    return texts(joined, sizes if keep_dims else kept)


@host_op(
    "UnsortedSegmentJoin(inputs: string, segment_ids: Tindices, num_segments: Tnumsegments[];"
    ' separator: string = "", Tindices: {index}, Tnumsegments: {index} = int32) -> output: string'
)
def unsorted_segment_join(
    inputs: Array, segment_ids: Array, num_segments: Array, *, separator: str
) -> Array:
    """The strings of each segment, in order, as one."""
    depth, count = segment_ids.ndim, int(num_segments)
    require(depth > 0, "Segment_id cannot have rank 0")
    if depth > inputs.ndim:
        message = f"Invalid segment_id rank {depth} for input with {inputs.ndim} dimension(s)"
        raise OutOfRangeError(None, None, message)
    require(
        inputs.shape[:depth] == segment_ids.shape,
        "segment_ids.shape must be a prefix of inputs.shape",
    )
    inner = inputs.shape[depth:]
    size = int(np.prod(inner, dtype=np.int64))
    require(count >= 0, f"num_segments is negative: {count}")
    joined = np.full((count, size), b"", object)
    found: dict[int, list[list[bytes]]] = {}
    rows = inputs.reshape(segment_ids.size, size).tolist()
    for segment, row in zip(segment_ids.ravel().tolist(), rows, strict=True):
        require(segment < count, f"segment_id {segment} out of range [0, {count})")
        if segment >= 0:
            found.setdefault(segment, []).append(row)
    between = encode(separator)
    for segment, parts in found.items():
        joined[segment] = [between.join(column) for column in zip(*parts, strict=True)]
    return joined.reshape(count, *inner)


# Letters


@host_op(f"StringLength(input: string; {_UNIT}) -> output: int32")
def string_length(input: Array, *, unit: str) -> Array:
    """The number of bytes or characters."""
    count = len if unit == "BYTE" else lambda text: len(characters(text))
    return np.array([count(t) for t in elements(input)], np.int32).reshape(np.shape(input))


def _require_encoding(encoding: str) -> None:
    known = encoding.lower() in ("", "utf-8")
    require(known, f"only utf-8 or '' (no encoding) is supported, received {encoding}")


@host_op('StringLower(input: string; encoding: string = "") -> output: string')
def string_lower(input: Array, *, encoding: str) -> Array:
    """Small letters; only ASCII ones unless the encoding is utf-8."""
    _require_encoding(encoding)
    if encoding == "utf-8":
        return map_texts(lambda text: encode(decode(text).lower()), input)
    return map_texts(bytes.lower, input)


@host_op('StringUpper(input: string; encoding: string = "") -> output: string')
def string_upper(input: Array, *, encoding: str) -> Array:
    """Capital letters; only ASCII ones unless the encoding is utf-8."""
    _require_encoding(encoding)
    if encoding == "utf-8":
        return map_texts(lambda text: encode(decode(text).upper()), input)
    return map_texts(bytes.upper, input)


@host_op("StringStrip(input: string) -> output: string")
def string_strip(input: Array) -> Array:
    """Without white space at both ends."""
    return map_texts(bytes.strip, input)


for _definition in (string_lower, string_upper, string_strip):
    keeps_shape(_definition, dtypes.string)
keeps_shape(string_length, dtypes.int32)


# Parts


@host_op(f"Substr(input: string, pos: T, len: T; T: {{index}}, {_UNIT}) -> output: string")
def substr(input: Array, pos: Array, length: Array, *, unit: str) -> Array:
    """`length` bytes or characters from `pos` on; a negative one counts from the end."""
    require(
        np.shape(pos) == np.shape(length),
        f"pos and len should have the same shape, got: {show(np.shape(pos))} vs. "
        f"{show(np.shape(length))}",
    )
    try:
        shape = np.broadcast_shapes(np.shape(input), np.shape(pos))
    except ValueError:
        require(False, f"Incompatible shapes: {np.shape(input)} vs. {np.shape(pos)}")
    columns = [elements(np.broadcast_to(value, shape)) for value in (input, pos, length)]
    parts = (_part(t, p, n, unit) for t, p, n in zip(*columns, strict=True))
    return texts(parts, shape)


def _part(text: bytes, start: int, length: int, unit: str) -> bytes:
    pieces: Sequence[Any] = text if unit == "BYTE" else characters(text)
    size = len(pieces)
    require(-size <= start <= size, f"pos {start} out of range for string {text!r}")
    start += size if start < 0 else 0
    part = pieces[start : start + max(length, 0)]
    return part if isinstance(part, bytes) else b"".join(part)


def _split_result(rows: Sequence[Sequence[bytes]]) -> tuple[Array, Array, Array]:
    """Rows of different lengths as a sparse matrix."""
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    indices = np.array(places, np.int64).reshape(-1, 2)
    shape = np.array([len(rows), max(map(len, rows), default=0)], np.int64)
    return indices, texts(text for row in rows for text in row), shape


@host_op(f"StringSplit(input: string[:], delimiter: string[]; skip_empty: bool = true) -> {_SPLIT}")
def string_split(input: Array, delimiter: Array, *, skip_empty: bool) -> tuple[Array, Array, Array]:
    """Each string cut at every byte that is in the delimiter; with none, between all bytes."""
    require(np.ndim(input) == 1, f"input must be a vector, got shape: {show(np.shape(input))}")
    marks = the_text(delimiter, "delimiter")
    rows = [_cut(text, marks) for text in elements(input)]
    return _split_result([[t for t in row if t or not skip_empty] for row in rows])


def _cut(text: bytes, marks: bytes) -> list[bytes]:
    if not text:
        return []
    if not marks:
        return [text[i : i + 1] for i in range(len(text))]
    return text.translate(bytes.maketrans(marks, marks[:1] * len(marks))).split(marks[:1])


@host_op(f"StringSplitV2(input: string[:], sep: string[]; maxsplit: int = -1) -> {_SPLIT}")
def string_split_v2(input: Array, sep: Array, *, maxsplit: int) -> tuple[Array, Array, Array]:
    """Each string cut at the separator, as Python's `split` does; at white space if it is empty."""
    require(np.ndim(input) == 1, f"input must be a vector, got shape: {show(np.shape(input))}")
    mark = the_text(sep, "sep") or None
    if maxsplit == 0:  # Python would strip white space
        return _split_result([[text] for text in elements(input)])
    pieces = [text.split(mark, maxsplit) for text in elements(input)]
    if mark is None and maxsplit > 0:  # the rest is a piece, even if only white space was left
        pieces = [[*found, b""] if len(found) == maxsplit else found for found in pieces]
    return _split_result(pieces)


def _infer_split(b: Builder, input: Value, mark: Value) -> tuple[Value, Value, Value]:
    indices = abstract(b, dtypes.int64, None, 2)
    values = abstract(b, dtypes.string, b.shape(indices)[0])
    return indices, values, abstract(b, dtypes.int64, 2)


string_split.infer(_infer_split)
string_split_v2.infer(_infer_split)
