"""Files that a SavedModel takes along: each has a constant of the graph that holds its path."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flowc.frontend.elements import TensorBase
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.tensor_util import constant_value
from flowc.ir import dtypes
from flowc.ir.proto import AssetFileDef, CollectionDef, TensorInfo
from flowc.ir.system_errors import system_errors
from flowc.runtime.saved_model import Staging
from flowc.runtime.saved_model.constants import ASSETS_DIRECTORY, ASSETS_KEY


def add_assets(tensors: Iterable[Any], staging: Staging) -> None:
    """Copies the files whose paths constant tensors hold, and notes them in the graph.

    Files of one name and unlike content get names of their own. Raises TypeError for what is no
    constant string, ValueError for an empty one, NotFoundError where there is no such file.
    """
    graph = get_default_graph()
    sources = [(tensor, _path(tensor)) for tensor in tensors]
    for tensor, source in sources:
        name = _copy(source, staging)
        asset = AssetFileDef(filename=name, tensor_info=TensorInfo(name=tensor.name))
        packed = CollectionDef.AnyList().value.add()
        packed.Pack(asset)
        graph.add_to_collection(ASSETS_KEY, packed)


def _path(tensor: Any) -> Path:
    if not isinstance(tensor, TensorBase):
        raise TypeError("Asset path tensor must be a Tensor.")
    if tensor.op.type != "Const":
        raise TypeError("Asset path tensor must be of type constant.")
    if tensor.dtype is not dtypes.string:
        raise TypeError("Asset path tensor must be of dtype string.")
    value = constant_value(tensor)
    if value is None or value.size != 1:
        raise TypeError("Asset path tensor must be a scalar.")
    if not value.item():
        raise ValueError(f"Invalid asset filepath tensor {tensor}")
    return Path(os.fsdecode(value.item()))


def _copy(source: Path, staging: Staging) -> str:
    """Copies a file unless it is there; the name that it has among the assets."""
    name, number = source.name, 0
    with system_errors(source):
        while (there := staging.find(f"{ASSETS_DIRECTORY}/{name}")) is not None:
            if filecmp.cmp(source, there, shallow=False):
                return name
            number += 1
            name = f"{source.name}_{number}"
        shutil.copyfile(source, staging.subfolder(ASSETS_DIRECTORY) / name)
    return name
