"""Reading checkpoints, whatever their format."""

import os
from collections.abc import Mapping
from glob import glob
from pathlib import Path
from typing import Protocol

from flowc.ir.dtypes import DType
from flowc.ir.errors import NotFoundError
from flowc.runtime.checkpoint.bundle import Bundle, index_path
from flowc.runtime.checkpoint.slices import Array, Shape, TensorSlice
from flowc.runtime.checkpoint.state import latest_checkpoint
from flowc.runtime.checkpoint.v1 import SliceTables


class _Format(Protocol):
    """What each of the two formats can do."""

    def dtypes(self) -> Mapping[str, DType]: ...

    def shapes(self) -> Mapping[str, Shape]: ...

    def read(self, name: str, box: TensorSlice | None = None) -> Array: ...


class CheckpointReader:
    """The tensors of a checkpoint, by name.

    The names and the checksums of the index are read at once, a tensor when it is asked for.
    """

    def __init__(self, prefix: str | os.PathLike[str]) -> None:
        """Raises NotFoundError where there is no checkpoint, DataLossError where it is damaged."""
        self.prefix = os.fspath(prefix)
        self._format = _open(self.prefix)
        self._shapes = self._format.shapes()

    def has_tensor(self, name: str) -> bool:
        """True when the checkpoint has a tensor of this name."""
        return name in self._shapes

    def get_tensor(self, name: str, part: TensorSlice | None = None) -> Array:
        """The tensor, or a slice of it, in an array of its own; strings are objects of type bytes.

        Of a slice only what was saved of it must be there. Raises NotFoundError for an unknown
        name, DataLossError for damaged data, InvalidArgumentError for a slice that lies outside.
        """
        if name not in self._shapes:
            raise NotFoundError(None, None, f"Key {name} not found in checkpoint {self.prefix}")
        return self._format.read(name, part)

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shape of each tensor."""
        return {name: list(shape) for name, shape in self._shapes.items()}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """The type of each tensor. Raises UnimplementedError where one is unknown here."""
        return dict(self._format.dtypes())


def checkpoint_exists(prefix: str | os.PathLike[str]) -> bool:
    """True when there is a checkpoint of this name, in either format."""
    name = os.fspath(prefix)
    return index_path(name).is_file() or bool(_v1_paths(name))


def load_checkpoint(folder_or_prefix: str | os.PathLike[str]) -> CheckpointReader:
    """A reader for a checkpoint, or for the latest one of a folder.

    Raises ValueError where the folder has none.
    """
    name = os.fspath(folder_or_prefix)
    if os.path.isdir(name):
        latest = latest_checkpoint(name)
        if latest is None:
            raise ValueError(
                f"Couldn't find 'checkpoint' file or checkpoints in given directory {name}"
            )
        name = latest
    return CheckpointReader(name)


def list_variables(folder_or_prefix: str | os.PathLike[str]) -> list[tuple[str, list[int]]]:
    """The names and shapes of all tensors of a checkpoint, sorted by name."""
    return sorted(load_checkpoint(folder_or_prefix).get_variable_to_shape_map().items())


def _open(prefix: str) -> _Format:
    if index_path(prefix).is_file():
        return Bundle(prefix)
    paths = _v1_paths(prefix)
    if not paths:
        raise NotFoundError(None, None, f"There is no checkpoint {prefix}: no {prefix}.index")
    return SliceTables(paths)


def _v1_paths(prefix: str) -> list[Path]:
    """The files of a V1 checkpoint; a sharded saver names it `model.ckpt-?????-of-00002`."""
    if os.path.isfile(prefix):
        return [Path(prefix)]
    return [Path(path) for path in sorted(glob(prefix)) if os.path.isfile(path)]
