"""The nodes that control flow is made of: Switch, Merge, Enter, Exit, NextIteration, LoopCond.

Each takes a tensor, or IndexedSlices, of which it makes a node for every component. A reference to
a variable is passed on as one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend.aliases import DTypeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices
from flowc.frontend.conversion import convert
from flowc.frontend.elements import Operation, TensorBase
from flowc.ir import dtypes

Name = str | None


def each_component(function: Callable[[Any], Any], value: TensorLike) -> Any:
    """`function` of a tensor, or of every component of IndexedSlices."""
    if not isinstance(value, IndexedSlices):
        return function(value)
    dense_shape = value.dense_shape
    return IndexedSlices(
        function(value.values),
        function(value.indices),
        None if dense_shape is None else function(dense_shape),
    )


def switch(data: Any, pred: TensorLike, name: Name = None) -> tuple[Any, Any]:
    """`data` where `pred` is false, and where it is true; the other one is dead."""
    if isinstance(data, IndexedSlices):
        parts = [switch(part, pred, name) for part in components(data)]
        false, true = (IndexedSlices(*side) for side in zip(*parts, strict=True))
        return false, true
    op_type = "RefSwitch" if data.is_ref else "Switch"
    with data.graph.colocate_with(data, ignore_existing=True):
        outputs = build(op_type, data, pred, name=name or "Switch")
    return outputs[0], outputs[1]


def components(value: TensorLike) -> list[Any]:
    """The tensors of IndexedSlices in the order of its arguments, or a tensor alone."""
    if not isinstance(value, IndexedSlices):
        return [value]
    parts = [value.values, value.indices, value.dense_shape]
    return [part for part in parts if part is not None]


def merge(inputs: Sequence[Any], name: Name = None) -> Any:
    """That one of the inputs which is alive."""
    if any(isinstance(value, IndexedSlices) for value in inputs):
        return _merged_slices([as_slices(value) for value in inputs], name)
    op_type = "RefMerge" if all(value.is_ref for value in inputs) else "Merge"
    return build(op_type, list(inputs), name=name or "Merge")[0]


def _merged_slices(inputs: Sequence[IndexedSlices], name: Name) -> IndexedSlices:
    """IndexedSlices of which one is alive. Raises ValueError where only some have a shape."""
    values = merge([slices.values for slices in inputs], name)
    wide = any(slices.indices.dtype is dtypes.int64 for slices in inputs)
    kind = dtypes.int64 if wide else dtypes.int32
    indices = merge([_of_dtype(slices.indices, kind) for slices in inputs], "indices")
    shapes = [slices.dense_shape for slices in inputs]
    if all(shape is None for shape in shapes):
        return IndexedSlices(values, indices)
    if any(shape is None for shape in shapes):
        raise ValueError("Either all merged IndexedSlices must have a dense_shape, or none must.")
    wide = any(shape.dtype is dtypes.int64 for shape in shapes)
    kind = dtypes.int64 if wide else dtypes.int32
    dense_shape = merge([_of_dtype(shape, kind) for shape in shapes], "dense_shape")
    return IndexedSlices(values, indices, dense_shape)


def _of_dtype(tensor: Any, dtype: DTypeLike) -> Any:
    return tensor if tensor.dtype is dtype else build("Cast", tensor, DstT=dtype)


def as_slices(value: TensorLike) -> IndexedSlices:
    """A dense tensor as the slices of all its rows."""
    if isinstance(value, IndexedSlices):
        return value
    tensor = convert(value)
    shape = build("Shape", tensor)
    return IndexedSlices(tensor, build("Range", 0, shape[0], 1), shape)


def enter(
    data: TensorLike,
    frame_name: str,
    is_constant: bool = False,
    parallel_iterations: int = 10,
    name: Name = None,
    use_ref: bool = True,
) -> Any:
    """`data` inside of a loop's frame: for its first iteration, or for all if it is constant."""

    def enter_tensor(tensor: Any) -> Any:
        op_type = "RefEnter" if tensor.is_ref and use_ref else "Enter"
        return build(
            op_type,
            tensor,
            frame_name=frame_name,
            is_constant=is_constant,
            parallel_iterations=parallel_iterations,
            name=name or "Enter",
        )

    return each_component(enter_tensor, data)


def _passes_on(op_type: str) -> Callable[..., Any]:
    def function(data: Any, name: Name = None) -> Any:
        def pass_on(tensor: Any) -> Any:
            prefix = "Ref" if tensor.is_ref else ""
            return build(prefix + op_type, tensor, name=name or op_type)

        return each_component(pass_on, data)

    return function


exit_frame = _passes_on("Exit")
next_iteration = _passes_on("NextIteration")


def loop_cond(pred: TensorLike, name: Name = None) -> Any:
    """The condition of a loop as the node that its switches read."""
    return build("LoopCond", pred, name=name or "LoopCond")


def control_trigger(name: Name = None) -> Operation:
    """An operation that runs after those it waits for, dead or alive."""
    op: Operation = build("ControlTrigger", name=name or "ControlTrigger")
    return op


def add_back_edge(merged: Any, value: TensorLike) -> Any:
    """Let a loop's Merge take `value` after the first iteration; returns the NextIteration's."""
    if isinstance(merged, IndexedSlices):
        value = as_slices(value)
    following = next_iteration(value)
    for entry, back in zip(components(merged), components(following), strict=True):
        entry.op.replace_input(1, back)
    return following


# What kind of node an operation is


def is_switch(op: Operation) -> bool:
    """True for a Switch, of a conditional or of a loop."""
    return op.type in ("Switch", "RefSwitch")


def is_loop_switch(op: Operation) -> bool:
    """True for the Switch of a loop variable."""
    context = op.control_flow_context
    return is_switch(op) and context is not None and context.while_context is context


def is_loop_enter(op: Operation) -> bool:
    """True for an Enter."""
    return op.type in ("Enter", "RefEnter")


def is_loop_exit(op: Operation) -> bool:
    """True for an Exit."""
    return op.type in ("Exit", "RefExit")


def is_constant_enter(op: Operation) -> bool:
    """True for an Enter of what all iterations of a loop read."""
    return is_loop_enter(op) and bool(op.attrs["is_constant"])


def constant_enter_behind(tensor: TensorBase) -> Operation | None:
    """The constant Enter of which the tensor is an identity, if it is one."""
    op = tensor.op
    while op.type in ("Identity", "RefIdentity", "Switch", "RefSwitch"):
        op = op.inputs[0].op
    return op if is_constant_enter(op) else None
