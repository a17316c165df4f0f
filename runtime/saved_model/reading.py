"""Reading the parts of a SavedModel: its file, one of its graphs, the paths of its assets."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from flowc.ir.proto import POOL, AssetFileDef, MetaGraphDef, SavedModel
from flowc.ir.system_errors import system_errors
from flowc.runtime.saved_model.constants import (
    ASSETS_DIRECTORY,
    ASSETS_KEY,
    SAVED_MODEL_FILENAME_PB,
    SAVED_MODEL_FILENAME_PBTXT,
    VARIABLES_DIRECTORY,
    VARIABLES_FILENAME,
)
from flowc.runtime.saved_model.errors import (
    DamagedModelError,
    InvalidModelError,
    MissingModelError,
    UnknownTagsError,
)


def contains_saved_model(export_dir: str | os.PathLike[str]) -> bool:
    """True when a folder has the file of a SavedModel, binary or text."""
    names = (SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT)
    return any(os.path.isfile(os.path.join(export_dir, name)) for name in names)


def variables_prefix(folder: str | os.PathLike[str]) -> str:
    """The checkpoint in a SavedModel's folder."""
    return os.path.join(folder, VARIABLES_DIRECTORY, VARIABLES_FILENAME)


def read_saved_model(folder: str | os.PathLike[str]) -> SavedModel:
    """The SavedModel of a folder, from its binary file or else from its text.

    Raises MissingModelError where there is none, DamagedModelError where it cannot be parsed.
    """
    binary, text = (
        Path(folder, name) for name in (SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT)
    )
    path = binary if binary.is_file() else text
    if not path.is_file():
        raise MissingModelError(
            None,
            None,
            f"SavedModel file does not exist at: {folder}/"
            f"{{{SAVED_MODEL_FILENAME_PBTXT}|{SAVED_MODEL_FILENAME_PB}}}",
        )
    with system_errors(path):
        content = path.read_bytes()
    try:
        if path is binary:
            return SavedModel.FromString(content)
        return text_format.Parse(content.decode(), SavedModel(), descriptor_pool=POOL)
    except (DecodeError, UnicodeDecodeError, text_format.ParseError, RecursionError) as error:
        raise DamagedModelError(None, None, f"Cannot parse file {path}: {error}.") from None


def meta_graph_of(model: SavedModel, tags: Collection[str], folder: object) -> MetaGraphDef:
    """The graph with exactly these tags. Raises UnknownTagsError."""
    for meta in model.meta_graphs:
        if set(meta.meta_info_def.tags) == set(tags):
            return meta
    wanted = ", ".join(map(repr, tags))
    raise UnknownTagsError(
        None,
        None,
        f"MetaGraphDef associated with tags {wanted} could not be found in SavedModel "
        f"{folder}.\navailable_tags: {[set(m.meta_info_def.tags) for m in model.meta_graphs]}",
    )


def asset_paths(meta: MetaGraphDef, folder: str | os.PathLike[str]) -> dict[str, str]:
    """The names of the tensors that hold paths of assets, and where these files lie.

    Raises InvalidModelError for a file outside of the folder of assets.
    """
    return {
        asset.tensor_info.name: os.path.join(folder, ASSETS_DIRECTORY, _inside(asset.filename))
        for asset in _assets(meta)
    }


def _assets(meta: MetaGraphDef) -> Iterator[AssetFileDef]:
    if meta.asset_file_def or ASSETS_KEY not in meta.collection_def:
        yield from meta.asset_file_def
        return
    for packed in meta.collection_def[ASSETS_KEY].any_list.value:
        asset = AssetFileDef()
        try:
            unpacked = packed.Unpack(asset)
        except DecodeError:
            unpacked = False
        if not unpacked:
            raise DamagedModelError(None, None, f"collection {ASSETS_KEY!r} holds no AssetFileDef")
        yield asset


def _inside(name: str) -> str:
    """A file name that a SavedModel gives, if it stays in the folder of assets."""
    path = PurePosixPath(name)
    if not name or "\0" in name or path.is_absolute() or ".." in path.parts:
        raise InvalidModelError(
            None, None, f"The SavedModel names an asset outside of its folder: {name!r}"
        )
    return name
