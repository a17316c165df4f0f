"""Checkpoints of format V2, the tensor bundle, for reading.

`PREFIX.index` is a sorted table from tensor names to BundleEntryProtos, with a BundleHeaderProto
under the empty name; `PREFIX.data-00000-of-00002` and so on hold the bytes of the tensors.
Nothing of a file is believed before it is checked: the index by the checksums of its blocks, an
entry against the size of its data file before memory is taken for it, a tensor by its checksum.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import numpy as np
from google.protobuf.message import DecodeError

from flowc.ir.dtypes import DType
from flowc.ir.errors import DataLossError, NotFoundError, UnimplementedError
from flowc.ir.proto import BundleEntryProto, BundleHeaderProto
from flowc.runtime.checkpoint.encoding import decode, fits, known_dtype, storable_dtype
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
from flowc.runtime.checksums import mask

VERSION = 1  # of the format; readers of an older one cannot read it


def index_path(prefix: str) -> Path:
    """The file with the index."""
    return Path(f"{prefix}.index")


def data_path(prefix: str, shard: int, shards: int) -> Path:
    """The data file number `shard` of `shards`."""
    return Path(f"{prefix}.data-{shard:05d}-of-{shards:05d}")


class Bundle:
    """A tensor bundle. `entries` has all keys but the header's, also those of slices."""

    def __init__(self, prefix: str) -> None:
        """Reads the index. Raises DataLossError where it is damaged."""
        self.prefix = prefix
        table = dict(Table(index_path(prefix)).items())
        self.header = self._read_header(table.pop(b"", b""))
        self.entries = {key: self._parse(value) for key, value in table.items()}
        self.names = {_name(key): key for key in self.entries if not key.startswith(b"\0")}

    def dtypes(self) -> Mapping[str, DType]:
        """The type of each tensor."""
        return {name: known_dtype(self.entries[key].dtype) for name, key in self.names.items()}

    def shapes(self) -> Mapping[str, Shape]:
        """The shape of each tensor, also of one that was saved in slices."""
        return {
            name: complete_shape(name, self.entries[key].shape) for name, key in self.names.items()
        }

    def read(self, name: str, box: TensorSlice | None = None) -> Array:
        """The tensor `name`, or what lies in `box`, put together where it was saved in slices."""
        entry = self.entries[self.names[name]]
        shape = complete_shape(name, entry.shape)
        if not entry.slices:
            value = self._read_entry(name, entry, shape)
            return value if box is None else np.ascontiguousarray(value[box.index_in(shape)])
        slices = [TensorSlice.from_proto(proto) for proto in entry.slices]
        box = box or TensorSlice.all_of(shape)
        chosen = parts_of(name, shape, slices, box)
        parts = [(part, self.slice_entry(name, part)) for part in chosen]
        for part, inner in parts:  # all, before memory is taken for the whole
            self._check_extent(name, inner, part.shape_in(shape))
        values = (
            (part, self._read_entry(name, inner, part.shape_in(shape))) for part, inner in parts
        )
        return assemble(shape, box, storable_dtype(entry.dtype).numpy, values)

    def _read_header(self, data: bytes) -> BundleHeaderProto:
        try:
            header = BundleHeaderProto.FromString(data)
        except DecodeError:
            self._damaged("its header is unreadable")
        if header.num_shards < 1:
            self._damaged(f"it has {header.num_shards} data files")
        if header.endianness != BundleHeaderProto.LITTLE:
            raise UnimplementedError(
                None, None, f"Checkpoint {self.prefix} was written on a big-endian machine"
            )
        versions = header.version
        if versions.min_consumer > VERSION or VERSION in versions.bad_consumers:
            raise UnimplementedError(
                None, None, f"Checkpoint {self.prefix} needs a newer reader: version {versions}"
            )
        return header

    def _parse(self, data: bytes) -> BundleEntryProto:
        try:
            return BundleEntryProto.FromString(data)
        except DecodeError:
            self._damaged("an entry of its index is unreadable")

    def slice_entry(self, name: str, part: TensorSlice) -> BundleEntryProto:
        """The entry of one slice of tensor `name`."""
        entry = self.entries.get(slice_key(name, part))
        if entry is None or entry.dtype != self.entries[self.names[name]].dtype:
            self._damaged(f"slice {part} of tensor {name!r} is missing or of another type")
        return entry

    def _check_extent(self, name: str, entry: BundleEntryProto, shape: Shape) -> Path:
        """The data file, which is long enough for the tensor, as the tensor is for its shape."""
        if not 0 <= entry.shard_id < self.header.num_shards:
            self._damaged(f"tensor {name!r} is in data file {entry.shard_id}")
        if complete_shape(name, entry.shape) != shape:
            self._damaged(
                f"a slice of tensor {name!r} has another shape than the slice's name says"
            )
        if not fits(storable_dtype(entry.dtype), shape, entry.size):
            self._damaged(f"tensor {name!r} of shape {list(shape)} has {entry.size} bytes")
        path = data_path(self.prefix, entry.shard_id, self.header.num_shards)
        if not path.is_file():
            raise NotFoundError(None, None, f"Data file {path} of the checkpoint does not exist")
        if not 0 <= entry.offset <= path.stat().st_size - entry.size:
            self._damaged(f"tensor {name!r} passes the end of {path.name}")
        return path

    def _read_entry(self, name: str, entry: BundleEntryProto, shape: Shape) -> Array:
        path = self._check_extent(name, entry, shape)
        content = np.fromfile(path, np.uint8, entry.size, offset=entry.offset)
        if len(content) != entry.size:
            self._damaged(f"tensor {name!r} passes the end of {path.name}")
        try:
            array, crc = decode(storable_dtype(entry.dtype), shape, content)
        except DataLossError as error:
            self._damaged(f"tensor {name!r}: {error}")
        if mask(crc) != entry.crc32c:
            self._damaged(f"the checksum of tensor {name!r} does not match")
        return array

    def _damaged(self, how: str) -> NoReturn:
        raise DataLossError(None, None, f"Damaged checkpoint {self.prefix}: {how}")


def _name(key: bytes) -> str:
    """The name of a tensor; one that is not UTF-8 stays distinct and readable."""
    return key.decode(errors="backslashreplace")
