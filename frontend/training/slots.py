"""Slots: variables that an optimizer keeps beside each variable it trains, named `w/Adam`."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flowc.frontend.aliases import DTypeLike, ShapeLike
from flowc.frontend.apply import build
from flowc.frontend.initializers import Zeros
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.resource import ResourceVariable
from flowc.frontend.variables.scope import get_variable, variable_scope
from flowc.frontend.variables.variable import SaveSliceInfo, Variable
from flowc.ir.dtypes import as_dtype


def create_slot(primary: Any, val: Any, name: str, colocate_with_primary: bool = True) -> Any:
    """A slot that begins with the value `val`."""
    return _create(primary, val, name, None, None, colocate_with_primary)


def create_slot_with_initializer(
    primary: Any,
    initializer: Any,
    shape: ShapeLike,
    dtype: DTypeLike,
    name: str,
    colocate_with_primary: bool = True,
) -> Any:
    """A slot of this shape and dtype that begins with what `initializer` makes."""
    return _create(primary, initializer, name, shape, dtype, colocate_with_primary)


def create_zeros_slot(
    primary: Any, name: str, dtype: DTypeLike | None = None, colocate_with_primary: bool = True
) -> Any:
    """A slot of the shape of `primary` that begins with zeros."""
    wanted = primary.dtype if dtype is None else as_dtype(dtype)
    shape = primary.get_shape()
    if shape.is_fully_defined():
        initializer = Zeros(wanted)
        return _create(primary, initializer, name, shape, wanted, colocate_with_primary)
    value = primary.initialized_value() if isinstance(primary, Variable) else primary
    zeros = build("ZerosLike", value)
    return create_slot(primary, zeros, name, colocate_with_primary)


def _create(
    primary: Any, initializer: Any, name: str, shape: Any, dtype: Any, colocate: bool
) -> Any:
    graph = get_default_graph()
    with variable_scope(None, f"{primary.op.name}/{name}"):
        beside: AbstractContextManager[None] = (
            graph.colocate_with(primary) if colocate else nullcontext()
        )
        with beside:
            slot = get_variable(
                "",
                initializer=initializer,
                trainable=False,
                use_resource=isinstance(primary, ResourceVariable),
                shape=shape,
                dtype=initializer.dtype if dtype is None else dtype,
            )
    _copy_slice(primary, slot)
    return slot


def _copy_slice(primary: Any, slot: Any) -> None:
    """The slot of a partition is the same part of a larger slot."""
    info = primary._get_save_slice_info() if isinstance(primary, Variable) else None
    if info is None:
        return
    part = primary.op.name[len(info.full_name) + 1 :]
    full_name = slot.op.name.replace(f"{primary.op.name}/", f"{info.full_name}/").replace(
        f"/{part}/", "/"
    )
    slot._set_save_slice_info(
        SaveSliceInfo(full_name, info.full_shape, info.var_offset, info.var_shape)
    )
