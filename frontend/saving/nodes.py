"""The save and restore nodes that a Saver adds to its graph, named as TensorFlow names them.

With them a MetaGraph can be saved from and restored to elsewhere; `Saver` itself reads and writes
the variables of a session directly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.frontend.apply import build
from flowc.frontend.conversion import constant
from flowc.frontend.functions.control import group, with_dependencies
from flowc.frontend.saving.saveables import Saveable
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes
from flowc.ir.proto import SaverDef


def add_nodes(
    saveables: Sequence[Saveable], name: str | None, filename: str, settings: dict[str, Any]
) -> SaverDef:
    """Add the nodes, under the scope `save`; the SaverDef names them."""
    graph = get_default_graph()
    with graph.control_dependencies(None), name_scope(name, "save") as scope:
        default = build("PlaceholderWithDefault", _filename(filename), shape=(), name="filename")
        path = build("PlaceholderWithDefault", default, shape=(), name="Const")
        save = _save(path, saveables)
        restore = _restore(path, saveables, f"{scope}restore_all")
    return SaverDef(
        filename_tensor_name=path.name,
        save_tensor_name=save.name,
        restore_op_name=restore.name,
        version=SaverDef.V2,
        **settings,
    )


def _filename(filename: str) -> Any:
    with name_scope("filename/") as scope:
        return constant(filename, dtypes.string, name=f"{scope}input/")


def _labels(saveables: Sequence[Saveable]) -> tuple[Any, Any]:
    keys = np.array([s.key.encode() for s in saveables], object)
    parts = np.array([s.part.encode() for s in saveables], object)
    return keys, parts


def _value(saveable: Saveable) -> Any:
    """The tensor of a variable's value, its standing read where it has one."""
    holder = saveable.holder
    if holder.type != "VarHandleOp":
        return holder.outputs[0]
    standing = f"{holder.name}/Read/ReadVariableOp"
    if standing in holder.graph:
        return holder.graph.get_operation_by_name(standing).outputs[0]
    return build("ReadVariableOp", holder.outputs[0], dtype=saveable.dtype)


def _save(path: Any, saveables: Sequence[Saveable]) -> Any:
    save = build("SaveV2", path, *_labels(saveables), [_value(s) for s in saveables])
    return with_dependencies([save], path)


def _restore(path: Any, saveables: Sequence[Saveable], name: str) -> Any:
    kinds = [s.dtype for s in saveables]
    with get_default_graph().device("/device:CPU:0"):
        restored = build("RestoreV2", path, *_labels(saveables), dtypes=kinds)
    return group(*(_assign(s, t) for s, t in zip(saveables, restored, strict=True)),
                 name=f"{name}/")  # fmt: skip


def _assign(saveable: Saveable, tensor: Any) -> Any:
    graph = get_default_graph()
    holder = saveable.holder
    with graph.colocate_with(holder):
        if holder.type == "VarHandleOp":
            return build("AssignVariableOp", holder.outputs[0], build("Identity", tensor))
        return build("Assign", holder.outputs[0], tensor)
