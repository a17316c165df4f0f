"""The gradients of the nodes of control flow: a Switch's is a Merge, an Exit's an Enter.

They depend on the contexts in which the forward operation and the gradient are.
"""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices
from flowc.frontend.control_flow import primitives
from flowc.frontend.control_flow.contexts import CondContext, output_context
from flowc.frontend.control_flow.while_context import WhileContext
from flowc.frontend.conversion import constant, convert
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.functions.filling import zeros
from flowc.frontend.functions.shaping import concat
from flowc.frontend.gradients.registry import contextual_gradient
from flowc.ir import dtypes
from flowc.ir.tensor.builder import Handle


@contextual_gradient("Switch", "RefSwitch")
def _switch(op: Operation, *grads: Any) -> tuple[Any, None]:
    context = op.control_flow_context
    if isinstance(context, WhileContext):
        return _loop_switch(op, *grads), None
    current = op.graph.control_flow_context
    if isinstance(context, CondContext) and context.contains(current):
        return grads[context.branch], None  # inside of the branch there is no other
    if all(grad is None for grad in grads):
        return None, None
    sides = [_zeros_of_side(op, side) if g is None else g for side, g in enumerate(grads)]
    if context is None:
        pred = op.inputs[1]
        sides = [primitives.switch(grad, pred)[side] for side, grad in enumerate(sides)]
    return primitives.merge(sides, name="cond_grad"), None


def _loop_switch(op: Operation, leaving: Any, staying: Any) -> Any:
    """A loop's Switch is visited from its Exit first, then from what the body made of it."""
    merges = op.graph.control_flow_context.grad_state.switch_merges
    known = merges.get(op)
    if known is not None:
        if staying is not None:
            primitives.add_back_edge(known, staying)
        return None
    if leaving is None:
        return None
    merged = primitives.merge([leaving, leaving], name="b_switch")
    if isinstance(merged, TensorBase):
        merged.declare(op.inputs[0].sizes)
    merges[op] = merged
    return merged


def _zeros_of_side(op: Operation, side: int) -> Any:
    """The gradient of a Switch's output that nothing has read, where that one is alive."""
    data, pred = op.inputs
    shape, dtype = _shape_and_dtype(data)
    sizes = primitives.switch(convert(shape), pred)[side]
    nothing = build("Fill", sizes, constant(0, dtype))
    if data.dtype is not dtypes.resource:
        nothing.set_shape(data.shape)
    return nothing


def _shape_and_dtype(data: Any) -> tuple[Any, Any]:
    """Of what a gradient with respect to a tensor or variable is."""
    if data.dtype is dtypes.resource:
        held = data._abstract
        dtype = held.dtype if isinstance(held, Handle) else dtypes.float32
        return build("VariableShape", data), dtype
    if data.shape.is_fully_defined():
        return data.shape, data.dtype
    return build("Shape", data), data.dtype


@contextual_gradient("Merge", "RefMerge")
def _merge(op: Operation, grad: Any, _: Any) -> Any:
    context = output_context(op.inputs[0].op)
    current = op.graph.control_flow_context
    if isinstance(context, WhileContext):
        return primitives.switch(grad, current.pivot)
    if isinstance(context, CondContext) and len(op.inputs) == 2:
        return primitives.switch(grad, context.pred, name="cond_grad")
    chosen = [build("Equal", op.outputs[1], i) for i in range(len(op.inputs))]
    return [primitives.switch(grad, pred)[1] for pred in chosen]


@contextual_gradient("Exit", "RefExit")
def _exit(op: Operation, grad: Any) -> Any:
    loop = op.graph.control_flow_context
    if not loop.back_prop:
        return None
    if op.control_flow_context.grad_state is not None:
        raise TypeError("Second-order gradient for while loops not supported.")
    loop.values.update(primitives.components(grad))
    entered = loop.enter(grad, name="b_exit")
    loop.loop_enters.extend(primitives.components(entered))
    return entered


@contextual_gradient("NextIteration", "RefNextIteration")
def _next_iteration(op: Operation, grad: Any) -> Any:
    return grad


@contextual_gradient("LoopCond")
def _loop_cond(op: Operation, grad: Any) -> None:
    return None


@contextual_gradient("Enter", "RefEnter")
def _enter(op: Operation, grad: Any) -> Any:
    loop = op.graph.control_flow_context
    if loop is None or not loop.back_prop or loop.grad_state is None:
        return grad
    if op.attrs["is_constant"]:
        return _accumulated(loop, op, grad)
    result = primitives.exit_frame(grad)
    exits = primitives.components(result)
    loop.loop_exits.extend(exits)
    loop.give_out(exits)
    return result


def _accumulated(loop: WhileContext, op: Operation, grad: Any) -> Any:
    """The sum over the iterations of the gradients of what none of them changes."""
    if not isinstance(grad, IndexedSlices):
        with loop.graph.in_context(loop.outer_context):
            start = zeros(*_start_shape(op.inputs[0], grad))
        return _carried(loop, start, lambda total: build("Add", total, grad, name="Add"))
    values, indices = grad.values, grad.indices
    with loop.graph.in_context(loop.outer_context):
        if values.shape[1:].is_fully_defined():
            row: Any = [1, *values.shape.as_list()[1:]]
        else:
            row = concat([[1], _shape_and_dtype(op.inputs[0])[0][1:]], 0)
        no_values = zeros(row, values.dtype)
        no_indices = constant([0], indices.dtype)  # as TensorFlow starts: row 0 counts as touched
    return IndexedSlices(
        _carried(loop, no_values, lambda rows: concat([rows, values], 0), grows=True),
        _carried(loop, no_indices, lambda rows: concat([rows, indices], 0), grows=True),
        _outside_shape(loop, op.inputs[0], grad.dense_shape),
    )


def _start_shape(value: Any, grad: Any) -> tuple[Any, Any]:
    if grad.shape.is_fully_defined():
        return grad.shape, grad.dtype
    return _shape_and_dtype(value)[0], grad.dtype


def _outside_shape(loop: WhileContext, value: Any, dense_shape: Any) -> Any:
    """The shape of the whole, which is that of what entered the loop."""
    if dense_shape is None:
        return None
    with loop.graph.in_context(loop.outer_context):
        shape, _ = _shape_and_dtype(value)
        found = build("Identity", shape)
        return (
            found
            if found.dtype is dense_shape.dtype
            else (build("Cast", found, DstT=dense_shape.dtype))
        )


def _carried(loop: WhileContext, start: Any, step: Any, grows: bool = False) -> Any:
    """What `step` makes of `start` when it is applied in each iteration."""
    sizes = (None, *start.shape.as_list()[1:]) if grows else None
    _, result = loop.carry(start, step, "b_acc", "b_acc", sizes)
    return result
