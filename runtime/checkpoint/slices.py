"""Slices: the boxes in which the parts of a partitioned variable lie inside the whole.

A slice is named three ways: in text by the `shape_and_slices` input of SaveV2 and RestoreV2, as a
TensorSliceProto in the entry of the whole tensor, and as part of a key in a checkpoint's table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from flowc.ir.errors import DataLossError, InvalidArgumentError
from flowc.ir.proto import TensorShapeProto, TensorSliceProto

Shape = tuple[int, ...]
Array = np.ndarray[Any, Any]
Box = tuple[Shape, Shape]
"""Where a box starts, and its shape."""

_MOST_DIMENSIONS = 64  # of a NumPy array
_MOST_ELEMENTS = 1 << 59  # with 16 bytes each, the address space of NumPy
_WHOLE = -1  # the length that stands for all of a dimension


@dataclass(frozen=True)
class TensorSlice:
    """A box: where it starts and how long it is, in each dimension.

    A length of -1 (with a start of 0) means the whole dimension. TensorFlow keeps that apart from
    a written-out length, also in the keys of a table.
    """

    starts: Shape
    lengths: Shape

    @classmethod
    def all_of(cls, whole: Shape) -> "TensorSlice":
        """The slice that is all of a tensor."""
        return cls((0,) * len(whole), (_WHOLE,) * len(whole))

    @classmethod
    def from_proto(cls, proto: TensorSliceProto) -> "TensorSlice":
        """The slice of a message."""
        lengths = [e.length if e.HasField("length") else _WHOLE for e in proto.extent]
        return cls(tuple(e.start for e in proto.extent), tuple(lengths))

    def to_proto(self) -> TensorSliceProto:
        """The message of this slice."""
        proto = TensorSliceProto()
        for start, length in zip(self.starts, self.lengths, strict=True):
            extent = proto.extent.add()
            if length != _WHOLE:
                extent.start, extent.length = start, length
        return proto

    def shape_in(self, whole: Shape) -> Shape:
        """The shape of this slice of a tensor of shape `whole`.

        Raises InvalidArgumentError unless the slice lies inside.
        """
        if len(whole) != len(self.starts):
            self._outside(whole)
        shape = tuple(
            size if length == _WHOLE else length
            for length, size in zip(self.lengths, whole, strict=True)
        )
        for start, length, size in zip(self.starts, shape, whole, strict=True):
            if start < 0 or length < 0 or start + length > size:
                self._outside(whole)
        return shape

    def index_in(self, whole: Shape) -> tuple[slice, ...]:
        """The NumPy index of this slice of a tensor of shape `whole`."""
        shape = self.shape_in(whole)
        return tuple(slice(a, a + n) for a, n in zip(self.starts, shape, strict=True))

    def _outside(self, whole: Shape) -> None:
        raise InvalidArgumentError(
            None, None, f"The slice {self} does not lie inside a tensor of shape {list(whole)}"
        )

    def __str__(self) -> str:
        """The text form: `0,5:-` is five rows, all columns."""
        return ":".join(
            "-" if length == _WHOLE else f"{start},{length}"
            for start, length in zip(self.starts, self.lengths, strict=True)
        )


def complete_shape(name: str, proto: TensorShapeProto) -> Shape:
    """The shape that a file gives for tensor `name`.

    Raises DataLossError where it has unknown sizes, or no array could have it.
    """
    shape = tuple(dim.size for dim in proto.dim)
    possible = len(shape) <= _MOST_DIMENSIONS and prod(max(n, 1) for n in shape) < _MOST_ELEMENTS
    if proto.unknown_rank or any(size < 0 for size in shape) or not possible:
        raise DataLossError(None, None, f"Damaged checkpoint: tensor {name!r} has no usable shape")
    return shape


def parse_shape_and_slice(text: str) -> tuple[Shape, TensorSlice]:
    """The whole shape and the slice of, for example, `10 20 0,5:-`.

    An empty text, which the ops take for the whole tensor, is not for this function. Raises
    InvalidArgumentError for any other text and for a slice outside the shape.
    """
    try:
        sizes, extents = text.rsplit(" ", 1)
        shape = tuple(int(size) for size in sizes.split(" "))
        pairs = [_parse_extent(extent) for extent in extents.split(":")]
    except ValueError:
        raise InvalidArgumentError(
            None, None, f"Not a shape and a slice like '10 20 0,5:-': {text!r}"
        ) from None
    part = TensorSlice(tuple(start for start, _ in pairs), tuple(length for _, length in pairs))
    part.shape_in(shape)
    return shape, part


def _parse_extent(text: str) -> tuple[int, int]:
    if text == "-":
        return 0, _WHOLE
    start, length = text.split(",")
    return int(start), int(length)


def slice_key(name: str, part: TensorSlice) -> bytes:
    """The key of a slice of tensor `name` in a checkpoint's table.

    Every key starts with a zero byte, so the slices stand before all whole tensors. Numbers and
    the name are encoded so that the order of the bytes is the order of the values.
    """
    key = b"\0" + _ordered_string(name.encode()) + _ordered_unsigned(len(part.starts))
    for start, length in zip(part.starts, part.lengths, strict=True):
        key += _ordered_signed(start) + _ordered_signed(length)
    return key


def _ordered_string(data: bytes) -> bytes:
    """Bytes 00 and ff are escaped, so that the end mark 00 01 is below any continuation."""
    escapes = {0x00: b"\0\xff", 0xFF: b"\xff\0"}
    return b"".join(escapes.get(byte, bytes([byte])) for byte in data) + b"\0\x01"


def _ordered_unsigned(value: int) -> bytes:
    """The number of bytes, then the bytes, highest first."""
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def _ordered_signed(value: int) -> bytes:
    """Highest byte first. As many top bits as there are bytes are flipped: they give the length."""
    size = 1
    while not -(1 << 7 * size - 1) <= value < 1 << 7 * size - 1:
        size += 1
    bits = value & (1 << 8 * size) - 1
    return (bits ^ ((1 << size) - 1) << 7 * size).to_bytes(size, "big")


def parts_of(
    name: str, whole: Shape, parts: Sequence[TensorSlice], box: TensorSlice
) -> list[TensorSlice]:
    """The parts that hold elements of `box`.

    Raises DataLossError unless they make it up, each element once: what is not asked for may be
    missing, as where each worker of several has saved its own slices.
    """
    shared = {part: _shared(part, box, whole) for part in parts}
    used = [part for part in parts if 0 not in shared[part][1]]
    if len(shared) < len(parts) or not _covers([shared[part] for part in used], box, whole):
        asked = f"its shape {list(whole)}" if box.shape_in(whole) == whole else str(box)
        raise DataLossError(
            None,
            None,
            f"Damaged checkpoint: the slices of {name!r} do not make up {asked}: "
            + ", ".join(map(str, parts)),
        )
    return used


def _shared(part: TensorSlice, box: TensorSlice, whole: Shape) -> Box:
    """The elements that two slices have in common."""
    shapes = zip(part.shape_in(whole), box.shape_in(whole), strict=True)
    starts = tuple(map(max, part.starts, box.starts))
    ends = (min(a + m, b + n) for a, b, (m, n) in zip(part.starts, box.starts, shapes, strict=True))
    return starts, tuple(max(end - start, 0) for start, end in zip(starts, ends, strict=True))


def _covers(pieces: Sequence[Box], box: TensorSlice, whole: Shape) -> bool:
    """Whether pieces of a box make it up, each element once."""
    covered = sum(prod(shape) for _, shape in pieces)
    return covered == prod(box.shape_in(whole)) and not _overlap(
        [starts for starts, _ in pieces], [shape for _, shape in pieces]
    )


def _overlap(starts: list[Shape], shapes: list[Shape]) -> bool:
    """True when two boxes share an element."""
    low = np.array(starts, np.int64)
    high = low + np.array(shapes, np.int64)
    return any(
        bool(np.all((low[i] < high[i + 1 :]) & (low[i + 1 :] < high[i]), axis=1).any())
        for i in range(len(starts) - 1)
    )


def assemble(
    whole: Shape,
    box: TensorSlice,
    dtype: np.dtype[Any],
    parts: Iterable[tuple[TensorSlice, Array]],
) -> Array:
    """The slice that the parts make up; `parts_of` has said that they do."""
    result = np.empty(box.shape_in(whole), dtype)
    for part, values in parts:
        starts, shape = _shared(part, box, whole)
        into, out_of = (
            tuple(slice(a - b, a - b + n) for a, b, n in zip(starts, of.starts, shape, strict=True))
            for of in (box, part)
        )
        result[into] = values[out_of]
    return result
