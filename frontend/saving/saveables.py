"""What a Saver saves: variables, or parts of them, under names of a checkpoint.

A `Saveable` is found in two ways: from variables, when a Saver is made; or from the restore
operations of an imported graph, which say which tensor of a checkpoint each variable gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.graph import Graph
from flowc.frontend.variables.variable import Variable
from flowc.ir.dtypes import DType

_HOLDERS = ("VariableV2", "Variable", "VarHandleOp")
_ASSIGNMENTS = ("Assign", "AssignVariableOp")
_ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347"  # TensorFlow's mark for "no shared name"


@dataclass(frozen=True)
class Saveable:
    """A variable under the name `key`; `part` is its place in a larger tensor, or empty."""

    key: str
    holder: Operation
    part: str = ""

    @property
    def store_name(self) -> str:
        """The variable's name in a session's store."""
        attrs = self.holder.attrs
        shared = attrs["shared_name"]
        name = self.holder.name if shared in ("", _ANONYMOUS) else shared
        return f"{attrs['container']}/{name}" if attrs["container"] else name

    @property
    def dtype(self) -> DType:
        """The element type."""
        dtype: DType = self.holder.attrs["dtype"]
        return dtype

    @property
    def shape(self) -> tuple[int | None, ...] | None:
        """The declared shape."""
        shape: tuple[int | None, ...] | None = self.holder.attrs["shape"]
        return shape


def holder_of(value: Any) -> Operation:
    """The node that keeps a variable. Raises TypeError for what is no variable."""
    op = value.stored.op if isinstance(value, Variable) else getattr(value, "op", value)
    while isinstance(op, Operation) and op.type in ("ReadVariableOp", "Identity", "RefIdentity"):
        op = op.inputs[0].op
    if not isinstance(op, Operation) or op.type not in _HOLDERS:
        raise TypeError(f"Variable to save is not a Variable: {value}")
    return op


def saveables_of(var_list: Any) -> list[Saveable]:
    """The saveables of a list of variables, or of a dictionary from names, sorted by name.

    Raises ValueError where two have one name, TypeError for what is no variable.
    """
    found: list[Saveable] = []
    for key, value in _named(var_list):
        parts = value if isinstance(value, list | tuple) else [value]
        for part in parts:
            info = part._get_save_slice_info() if isinstance(part, Variable) else None
            found.append(Saveable(key, holder_of(part), "" if info is None else info.spec))
    whole = [s.key for s in found if not s.part]
    if len(set(whole)) < len(whole):
        twice = next(key for key in whole if whole.count(key) > 1)
        raise ValueError(f"At least two variables have the same name: {twice}")
    return sorted(found, key=lambda s: (s.key, s.part))


def _named(var_list: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(var_list, Mapping):
        return list(var_list.items())
    return [(_name(v), v) for v in dict.fromkeys(var_list)]


def _name(variable: Any) -> str:
    info = variable._get_save_slice_info() if isinstance(variable, Variable) else None
    return holder_of(variable).name if info is None else info.full_name


# From an imported graph


def saveables_of_restore(graph: Graph, restore_op_name: str) -> list[Saveable]:
    """What the operation that restores everything assigns, and from which tensors.

    Raises ValueError where the graph's restore operations are not understood.
    """
    found: dict[Saveable, None] = {}
    waiting = [graph.get_operation_by_name(restore_op_name.split(":")[0])]
    seen: set[Operation] = set()
    while waiting:
        op = waiting.pop()
        if op in seen:
            continue
        seen.add(op)
        if op.type in _ASSIGNMENTS:
            found[_assigned(op)] = None
        else:
            waiting.extend(op.control_inputs)
    return sorted(found, key=lambda s: (s.key, s.part))


def _assigned(op: Operation) -> Saveable:
    """The variable of an assignment, and where its value is read from."""
    tensor: TensorBase = op.inputs[1]
    while tensor.op.type in ("Identity", "Reshape", "Cast"):
        tensor = tensor.op.inputs[0]
    source = tensor.op
    holder = holder_of(op.inputs[0].op)
    if source.type == "RestoreV2":
        names, parts = (_strings(t) for t in source.inputs[1:3])
        return Saveable(names[tensor.value_index], holder, parts[tensor.value_index])
    if source.type in ("Restore", "RestoreSlice"):
        part = _strings(source.inputs[2])[0] if source.type == "RestoreSlice" else ""
        return Saveable(_strings(source.inputs[1])[0], holder, part)
    raise ValueError(f"'{op.name}' does not restore a variable: it assigns '{source.name}'")


def _strings(tensor: TensorBase) -> Sequence[str]:
    value = tensor.constant_value()
    if value is None:
        raise ValueError(f"the names of a restore operation are not constant: {tensor.name}")
    return [element.decode() for element in np.asarray(value).ravel().tolist()]
