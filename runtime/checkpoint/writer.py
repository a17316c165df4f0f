"""Writes checkpoints of format V2, the tensor bundle, which bundle.py describes."""

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError, UnimplementedError
from flowc.ir.proto import BundleEntryProto
from flowc.ir.tensor_values import shape_to_proto
from flowc.runtime.checkpoint.bundle import data_path
from flowc.runtime.checkpoint.encoding import encode, storable_dtype
from flowc.runtime.checkpoint.publishing import hold_parts, publish
from flowc.runtime.checkpoint.slices import Array, Shape, TensorSlice, slice_key
from flowc.runtime.checksums import mask
from flowc.runtime.files import make_folder, temporary_file, to_disk


def write_checkpoint(prefix: str | os.PathLike[str], tensors: Mapping[str, Any]) -> None:
    """Writes `PREFIX.index` and its data file with these arrays, in the order of their names.

    Strings are arrays of bytes or str. Raises TypeError for an array of another kind.
    """
    with CheckpointWriter(prefix) as writer:
        for name in sorted(tensors):
            writer.add(name, tensors[name])


class CheckpointWriter:
    """Adds tensors to a new checkpoint, one by one, inside a `with` block.

    Nothing is to be seen of it before the block ends. When the block raises, an older checkpoint
    of that name stays as it was.
    """

    def __init__(self, prefix: str | os.PathLike[str]) -> None:
        if sys.byteorder != "little":
            raise UnimplementedError(None, None, "Checkpoints need a little-endian machine")
        self.prefix = os.fspath(prefix)
        self._entries: dict[bytes, BundleEntryProto] = {}
        self._offset = 0
        self._files = ExitStack()

    def __enter__(self) -> Self:
        folder = Path(self.prefix).parent
        make_folder(folder)
        hold_parts(folder)
        self._data = self._files.enter_context(temporary_file(data_path(self.prefix, 0, 1)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._files:
            if error is None:
                to_disk(self._data)
                publish(self.prefix, [Path(self._data.name)], self._entries)

    def add(self, name: str, value: Any, dtype: DType | None = None) -> None:
        """Adds a whole tensor. `dtype` is needed only where NumPy has no such type: qint8."""
        array = np.asarray(value)
        key = name.encode()
        if not name or name.startswith("\0") or key in self._entries:
            raise InvalidArgumentError(None, None, f"Cannot save a tensor named {name!r} here")
        self._entries[key] = self._append(array, dtype)

    def add_slice(
        self,
        name: str,
        whole: Shape,
        part: TensorSlice,
        value: Any,
        dtype: DType | None = None,
    ) -> None:
        """Adds one part of tensor `name` of shape `whole`; readers see only the whole."""
        array = np.asarray(value)
        key = slice_key(name, part)
        if array.shape != part.shape_in(whole) or key in self._entries:
            raise InvalidArgumentError(
                None, None, f"Cannot save shape {array.shape} as slice {part} of {name!r}"
            )
        self._entries[key] = self._append(array, dtype)
        entry = self._entries.setdefault(
            name.encode(),
            BundleEntryProto(dtype=self._entries[key].dtype, shape=shape_to_proto(whole)),
        )
        entry.slices.append(part.to_proto())

    def _append(self, array: Array, dtype: DType | None) -> BundleEntryProto:
        """Writes the bytes of a tensor and returns its entry."""
        dtype = dtype or dtypes.as_dtype(array.dtype.newbyteorder("="))
        storable_dtype(dtype.number)
        content, crc = encode(dtype, array)
        self._data.write(content)
        entry = BundleEntryProto(
            dtype=dtype.number,
            shape=shape_to_proto(array.shape),
            offset=self._offset,
            size=len(content),
            crc32c=mask(crc),
        )
        self._offset += len(content)
        return entry
