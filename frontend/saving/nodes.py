"""The save and restore nodes that a Saver adds to its graph, named as TensorFlow names them.

With them a MetaGraph can be saved from and restored to by any program that runs TensorFlow graphs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np

from flowc.frontend.apply import build
from flowc.frontend.conversion import constant
from flowc.frontend.functions.control import group, with_dependencies
from flowc.frontend.saving.saveables import SaveableObject, SaveSpec
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes
from flowc.ir.devices import DeviceSpec
from flowc.ir.proto import SaverDef

_CPU = "/device:CPU:0"


def add_nodes(
    saveables: Sequence[SaveableObject],
    name: str | None,
    filename: str | None,
    sharded: bool = False,
    reshape: bool = False,
    version: int = SaverDef.V2,
) -> SaverDef:
    """Add the nodes, under the scope `save`; the SaverDef names them."""
    with name_scope(name, "save", [saveable.op for saveable in saveables]):
        default = build("PlaceholderWithDefault", filename or "model", shape=(), name="filename")
        path = build("PlaceholderWithDefault", default, shape=(), name="Const")
        if sharded:
            groups = _by_device(saveables)
            save = _save_sharded(path, groups)
            restore = _restore_sharded(path, groups, reshape)
        else:
            save = _save(path, saveables, version)
            restore = _restore(path, saveables, reshape, "restore_all")
    return SaverDef(
        filename_tensor_name=path.name,
        save_tensor_name=save.name,
        restore_op_name=restore.name,
        sharded=sharded,
        version=version,
    )


def _specs(saveables: Sequence[SaveableObject]) -> list[SaveSpec]:
    return [spec for saveable in saveables for spec in saveable.specs]


def _labels(specs: Sequence[SaveSpec]) -> tuple[Any, Any]:
    names = np.array([spec.name.encode() for spec in specs], object)
    slices = np.array([spec.slice_spec.encode() for spec in specs], object)
    return names, slices


def _save(path: Any, saveables: Sequence[SaveableObject], version: int = SaverDef.V2) -> Any:
    """The path, available when everything is saved."""
    specs = _specs(saveables)
    tensors = [spec.tensor for spec in specs]
    if version == SaverDef.V2:
        save = build("SaveV2", path, *_labels(specs), tensors)
    else:
        save = build("SaveSlices", path, *_labels(specs), tensors, name="save")
    return with_dependencies([save], path)


def _restore(path: Any, saveables: Sequence[SaveableObject], reshape: bool, name: str) -> Any:
    """An operation that assigns everything."""
    specs = _specs(saveables)
    with get_default_graph().device(_CPU):
        restored = iter(
            build("RestoreV2", path, *_labels(specs), dtypes=[spec.dtype for spec in specs])
        )
    assignments = []
    for saveable in saveables:
        shapes = [_shape(spec.tensor) for spec in saveable.specs] if reshape else None
        assignments.append(saveable.restore([next(restored) for _ in saveable.specs], shapes))
    return group(*assignments, name=name)


def _shape(tensor: Any) -> Any:
    return list(tensor.sizes) if tensor.shape.is_fully_defined() else build("Shape", tensor)


# Sharded: one file for each device, merged in the end


def _by_device(saveables: Sequence[SaveableObject]) -> list[tuple[str, list[SaveableObject]]]:
    groups: dict[str, list[SaveableObject]] = {}
    for saveable in saveables:
        groups.setdefault(DeviceSpec.from_string(saveable.device).to_string(), []).append(saveable)
    return sorted(groups.items())


def _cpu_of(device: str) -> str:
    """The first CPU of the device's task."""
    spec = DeviceSpec.from_string(device)
    return replace(spec, device_type="CPU", device_index=0).to_string()


def _save_sharded(path: Any, groups: Sequence[tuple[str, list[SaveableObject]]]) -> Any:
    graph = get_default_graph()
    with graph.device(_CPU):
        part = build("StringJoin", [path, f"_temp_{uuid4().hex}/part"])
    count = constant(len(groups), dtypes.int32, name="num_shards")
    prefixes, saves = [], []
    for shard, (device, saveables) in enumerate(groups):
        with graph.device(_cpu_of(device)):
            prefixes.append(build("ShardedFilename", part, shard, count))
            saves.append(_save(prefixes[-1], saveables))
    with graph.control_dependencies([s.op for s in saves]), graph.device(_cpu_of(groups[-1][0])):
        merge = build("MergeV2Checkpoints", prefixes, path, delete_old_dirs=True)
        with graph.control_dependencies([merge]):
            return build("Identity", path)


def _restore_sharded(
    path: Any, groups: Sequence[tuple[str, list[SaveableObject]]], reshape: bool
) -> Any:
    graph = get_default_graph()
    shards = []
    for device, saveables in groups:
        with graph.device(device):
            shards.append(_restore(path, saveables, reshape, "restore_shard"))
    return group(*shards, name="restore_all")
