"""Files: saving and restoring variables, and reading and writing whole files.

The kernels reach checkpoints through `context.checkpoints`, since the format lives in the runtime.
Checkpoints are written in format V2 whatever the op; restoring reads both formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from glob import glob
from pathlib import Path
from typing import Any, Protocol

from flowc.ir import dtypes as types
from flowc.ir.dtypes import DType
from flowc.ir.system_errors import make_folder, system_errors
from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import fail
from flowc.ops.registry import host_op
from flowc.ops.text.texts import decode, elements, encode, scalar_text, texts, the_text

_PREFIX_AND_NAMES = "prefix: string, tensor_names: string, shape_and_slices: string"


class Writer(Protocol):
    """Adds tensors to a checkpoint."""

    def add(self, name: str, value: Any, dtype: DType | None = None) -> None: ...
    def add_slice(
        self, name: str, whole: tuple[int, ...], part: Any, value: Any, dtype: DType | None = None
    ) -> None: ...


class Reader(Protocol):
    """Reads tensors of a checkpoint."""

    def get_tensor(self, name: str, part: Any = None) -> Array: ...
    def get_variable_to_shape_map(self) -> dict[str, list[int]]: ...


class Checkpoints(Protocol):
    """The checkpoint files of the runtime."""

    def writer(self, prefix: str) -> AbstractContextManager[Writer]: ...
    def reader(self, prefix: str) -> Reader: ...
    def merge(self, prefixes: Sequence[str], destination: str) -> None: ...
    def parse_slice(self, text: str) -> tuple[tuple[int, ...], Any]: ...


class Context(Protocol):
    """What these kernels ask of their context."""

    @property
    def checkpoints(self) -> Checkpoints: ...


def _names(tensor: Any) -> list[str]:
    return [decode(element) for element in elements(tensor)]


# Saving


def _save(
    files: Checkpoints,
    prefix: Array,
    names: list[str],
    slices: list[str],
    tensors: list[Array],
    dtypes: tuple[DType, ...],
) -> None:
    require(
        len(names) == len(slices) == len(tensors),
        f"Expected {len(names)} tensors and slices, got {len(tensors)} and {len(slices)}",
    )
    with files.writer(decode(the_text(prefix, "prefix"))) as writer:
        for name, text, value, dtype in zip(names, slices, tensors, dtypes, strict=True):
            if text:
                whole, part = files.parse_slice(text)
                writer.add_slice(name, whole, part, value, dtype)
            else:
                writer.add(name, value, dtype)


@host_op(
    f"SaveV2({_PREFIX_AND_NAMES}, tensors: dtypes; dtypes: list(type) >= 1)",
    stateful=True,
)
def save_v2(
    prefix: Array,
    tensor_names: Array,
    shape_and_slices: Array,
    tensors: list[Array],
    *,
    dtypes: tuple[DType, ...],
    context: Context,
) -> None:
    """Write tensors, or slices of tensors, to a checkpoint."""
    names, slices = _names(tensor_names), _names(shape_and_slices)
    _save(context.checkpoints, prefix, names, slices, tensors, dtypes)


@host_op(
    "SaveSlices(filename: string, tensor_names: string, shapes_and_slices: string, data: T;"
    " T: list(type) >= 1)",
    stateful=True,
)
def save_slices(
    filename: Array,
    tensor_names: Array,
    shapes_and_slices: Array,
    data: list[Array],
    *,
    T: tuple[DType, ...],
    context: Context,
) -> None:
    """The op of savers of format V1."""
    names, slices = _names(tensor_names), _names(shapes_and_slices)
    _save(context.checkpoints, filename, names, slices, data, T)


@host_op("Save(filename: string, tensor_names: string, data: T; T: list(type) >= 1)", stateful=True)
def save(
    filename: Array,
    tensor_names: Array,
    data: list[Array],
    *,
    T: tuple[DType, ...],
    context: Context,
) -> None:
    """Save whole tensors."""
    names = _names(tensor_names)
    _save(context.checkpoints, filename, names, [""] * len(names), data, T)


@host_op(
    "MergeV2Checkpoints(checkpoint_prefixes: string, destination_prefix: string;"
    " delete_old_dirs: bool = true, allow_missing_files: bool = false)",
    stateful=True,
)
def merge_checkpoints(
    checkpoint_prefixes: Array,
    destination_prefix: Array,
    *,
    delete_old_dirs: bool,
    context: Context,
) -> None:
    """Make one checkpoint of the parts that a sharded saver has written."""
    prefixes = _names(checkpoint_prefixes)
    destination = decode(the_text(destination_prefix, "destination_prefix"))
    context.checkpoints.merge(prefixes, destination)
    folders = {Path(prefix).parent for prefix in prefixes} - {Path(destination).parent}
    for folder in folders if delete_old_dirs else ():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


# Restoring


def _restored(files: Checkpoints, reader: Reader, name: str, text: str, dtype: DType) -> Array:
    part = _wanted_part(files, reader, name, text) if text else None
    value = reader.get_tensor(name, part)
    found = types.as_dtype(value.dtype)
    if value.dtype != dtype.numpy:
        raise fail(
            f"tensor_name = {name}; expected dtype {dtype.name} does not equal original dtype "
            f"{found.name}"
        )
    return value


def _wanted_part(files: Checkpoints, reader: Reader, name: str, text: str) -> Any:
    """The slice that a text means, of a tensor that has the shape in the text, if there is one."""
    whole, part = files.parse_slice(text)
    stored = reader.get_variable_to_shape_map().get(name)
    require(
        stored is None or stored == list(whole),
        f"tensor_name = {name}; shape in shape_and_slice spec {list(whole)} does not match the "
        f"shape stored in checkpoint: {stored}",
    )
    return part


@host_op(
    f"RestoreV2({_PREFIX_AND_NAMES}; dtypes: list(type) >= 1) -> tensors: dtypes", stateful=True
)
def restore_v2(
    prefix: Array,
    tensor_names: Array,
    shape_and_slices: Array,
    *,
    dtypes: tuple[DType, ...],
    context: Context,
) -> list[Array]:
    """Tensors, or slices of tensors, of a checkpoint."""
    names, slices = _names(tensor_names), _names(shape_and_slices)
    require(
        len(names) == len(slices) == len(dtypes),
        f"Expected {len(dtypes)} names and slices, got {len(names)} and {len(slices)}",
    )
    files = context.checkpoints
    reader = files.reader(decode(the_text(prefix, "prefix")))
    wanted = zip(names, slices, dtypes, strict=True)
    return [_restored(files, reader, name, text, dtype) for name, text, dtype in wanted]


@host_op(
    "Restore(file_pattern: string, tensor_name: string; dt: type, preferred_shard: int = -1)"
    " -> tensor: dt",
    stateful=True,
)
def restore(file_pattern: Array, tensor_name: Array, *, dt: DType, context: Context) -> Array:
    """One tensor of a checkpoint."""
    return _restore_one(context.checkpoints, file_pattern, tensor_name, "", dt)


@host_op(
    "RestoreSlice(file_pattern: string, tensor_name: string, shape_and_slice: string; dt: type,"
    " preferred_shard: int = -1) -> tensor: dt",
    stateful=True,
)
def restore_slice(
    file_pattern: Array, tensor_name: Array, shape_and_slice: Array, *, dt: DType, context: Context
) -> Array:
    """A slice of a tensor of a checkpoint."""
    text = decode(the_text(shape_and_slice))
    return _restore_one(context.checkpoints, file_pattern, tensor_name, text, dt)


def _restore_one(
    files: Checkpoints, file_pattern: Array, tensor_name: Array, text: str, dtype: DType
) -> Array:
    reader = files.reader(decode(the_text(file_pattern, "file_pattern")))
    return _restored(files, reader, decode(the_text(tensor_name)), text, dtype)


# File names


@host_op("ShardedFilename(basename: string, shard: int32, num_shards: int32) -> filename: string")
def sharded_filename(basename: Array, shard: Array, num_shards: Array) -> Array:
    """`basename-00003-of-00010`."""
    ending = f"-{int(shard):05d}-of-{int(num_shards):05d}"
    return scalar_text(the_text(basename, "basename") + ending.encode())


@host_op("ShardedFilespec(basename: string, num_shards: int32) -> filename: string")
def sharded_filespec(basename: Array, num_shards: Array) -> Array:
    """The pattern that all shards match: `basename-?????-of-00010`."""
    ending = f"-?????-of-{int(num_shards):05d}"
    return scalar_text(the_text(basename, "basename") + ending.encode())


@host_op("MatchingFiles(pattern: string) -> filenames: string")
def matching_files(pattern: Array) -> Array:
    """The files that any of the patterns matches, sorted."""
    found = {name for p in elements(pattern) for name in glob(decode(p))}
    return texts(sorted(map(encode, found)))


# Whole files


def _path(filename: Array) -> Path:
    return Path(decode(the_text(filename, "filename")))


@host_op("ReadFile(filename: string) -> contents: string")
def read_file(filename: Array) -> Array:
    """The content of a file. Raises NotFoundError, PermissionDeniedError and kin."""
    path = _path(filename)
    with system_errors(path):
        return scalar_text(path.read_bytes())


@host_op("WriteFile(filename: string, contents: string)", stateful=True)
def write_file(filename: Array, contents: Array) -> None:
    """Write a file, and the folders above it where they are missing."""
    path = _path(filename)
    with system_errors(path):
        make_folder(path.parent)
        path.write_bytes(the_text(contents, "contents"))


for _definition in (read_file, matching_files, sharded_filename, sharded_filespec):
    _definition.not_differentiable()


@host_op("DisableCopyOnRead(resource: resource)", stateful=True)
def disable_copy_on_read(resource: Any) -> None:
    """Nothing: savers of newer versions say that they only read."""
