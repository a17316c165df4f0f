"""Checkpoints of format V1, for reading: sorted tables that hold the tensors themselves.

A checkpoint is one file or, from a sharded saver, several. The value of the empty key describes
all tensors of the file and their slices; every other entry is one slice with its values.
"""

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import NoReturn

from google.protobuf.message import DecodeError

from flowc.ir.dtypes import DType
from flowc.ir.errors import DataLossError, InvalidArgumentError
from flowc.ir.proto import SavedSliceMeta, SavedTensorSlices
from flowc.ir.tensor_values import make_ndarray, shape_to_proto
from flowc.runtime.checkpoint.encoding import known_dtype, storable_dtype
from flowc.runtime.checkpoint.slices import (
    Array,
    Shape,
    TensorSlice,
    assemble,
    complete_shape,
    parts_of,
    slice_key,
)
from flowc.runtime.checkpoint.table import Table


class SliceTables:
    """A V1 checkpoint."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Reads what the files say of their tensors. Raises DataLossError where it is damaged."""
        self.paths = paths
        self._tables = [Table(path) for path in paths]
        self._tensors: dict[str, SavedSliceMeta] = {}
        self._homes: dict[tuple[str, TensorSlice], Table] = {}
        for table in self._tables:
            for tensor in self._parse(table.get(b"")).meta.tensor:
                self._register(tensor, table)

    def dtypes(self) -> Mapping[str, DType]:
        """The type of each tensor."""
        return {name: known_dtype(meta.type) for name, meta in self._tensors.items()}

    def shapes(self) -> Mapping[str, Shape]:
        """The shape of each tensor."""
        return {name: complete_shape(name, meta.shape) for name, meta in self._tensors.items()}

    def read(self, name: str, box: TensorSlice | None = None) -> Array:
        """The tensor `name`, or what lies in `box`, put together from its slices."""
        meta = self._tensors[name]
        shape, dtype = complete_shape(name, meta.shape), storable_dtype(meta.type)
        slices = [TensorSlice.from_proto(proto) for proto in meta.slice]
        box = box or TensorSlice.all_of(shape)
        chosen = parts_of(name, shape, slices, box)
        # All parts are in memory, so they are as large as they say, before the whole is made.
        parts = [(part, self._read_slice(name, part, shape, dtype)) for part in chosen]
        return assemble(shape, box, dtype.numpy, parts)

    def _register(self, tensor: SavedSliceMeta, table: Table) -> None:
        """Adds the slices of a tensor that lie in `table` to those of the other files."""
        known = self._tensors.setdefault(tensor.name, tensor)
        if known is not tensor:
            if (known.shape, known.type) != (tensor.shape, tensor.type):
                self._damaged(f"its files disagree about tensor {tensor.name!r}")
            known.slice.extend(tensor.slice)
        for proto in tensor.slice:
            self._homes[tensor.name, TensorSlice.from_proto(proto)] = table

    def _read_slice(self, name: str, part: TensorSlice, whole: Shape, dtype: DType) -> Array:
        saved = self._parse(self._homes[name, part].get(slice_key(name, part))).data
        shape = part.shape_in(whole)
        # An element takes a byte at least: no small file makes a large array.
        if saved.name != name or prod(shape) > saved.data.ByteSize():
            self._damaged(f"slice {part} of tensor {name!r} is too short")
        saved.data.dtype = dtype.number
        saved.data.tensor_shape.CopyFrom(shape_to_proto(shape))
        try:
            return make_ndarray(saved.data)
        except InvalidArgumentError as error:
            self._damaged(f"slice {part} of tensor {name!r}: {error}")

    def _parse(self, value: bytes | None) -> SavedTensorSlices:
        if value is None:
            self._damaged("a part is missing")
        try:
            return SavedTensorSlices.FromString(value)
        except DecodeError:
            self._damaged("an entry is unreadable")

    def _damaged(self, how: str) -> NoReturn:
        files = ", ".join(map(str, self.paths))
        raise DataLossError(None, None, f"Damaged checkpoint {files}: {how}")
