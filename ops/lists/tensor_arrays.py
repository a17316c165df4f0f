"""TensorArrays: lists of tensors with a handle, as loops of frames use them.

The list is state of the step, kept by handle; the float32 scalar `flow` that every op passes on
only says which op comes first. An array of gradients belongs to the array whose gradients it holds
and to a `source`, one for each call of `tf.gradients`; what is written to it is added up.
"""

from __future__ import annotations

from typing import Any

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, UnknownValue, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, abstract
from flowc.ops.control_flow import declared
from flowc.ops.lists.element_lists import Lists, Sizes, list_op
from flowc.ops.registry import Effect, GraphBuilder, OpDefinition, Operation, Tensor, op

_FLOW = "flow_in: float32"
_ON = f"(handle: resource, {_FLOW}"


def _expect(lists: Lists, handle: Any, dtype: DType, what: str) -> None:
    lists.require_handle(handle)
    require(
        handle.dtype is dtype,
        f"TensorArray dtype is {handle.dtype.name} but Op is trying to {what} dtype {dtype.name}.",
    )


# Making


@list_op(
    "TensorArrayV3(size: int32; dtype: type, element_shape: shape = unknown,"
    " dynamic_size: bool = false, clear_after_read: bool = true,"
    ' identical_element_shapes: bool = false, tensor_array_name: string = "")'
    " -> handle: resource, flow: float32",
    stateful=True,
)
def tensor_array(
    lists: Lists, size: Any, *, dtype: DType, element_shape: Sizes, dynamic_size: bool
) -> tuple[Any, Any]:
    """An array of elements that have not been written; it may grow if its size is dynamic."""
    handle = lists.new_handle(dtype, dynamic_size)
    lists.replace(handle, lists.reserve(dtype, element_shape, size))
    return handle, lists.zero()


@tensor_array.infer
def _(b: Builder, size: Value) -> tuple[Value, Value]:
    return abstract(b, dtypes.resource), abstract(b, dtypes.float32)


@list_op(
    f"TensorArrayGradV3{_ON}; source: string) -> grad_handle: resource, flow_out: float32",
    stateful=True,
)
def tensor_array_grad(lists: Lists, handle: Any, flow_in: Any, *, source: str) -> tuple[Any, Any]:
    """The array of an array's gradients, as long as that is by now."""
    return lists.gradient_handle(handle, source), flow_in


@list_op(
    f"TensorArrayGradWithShape{_ON}, shape_to_prepend: int32; source: string)"
    " -> grad_handle: resource, flow_out: float32",
    stateful=True,
)
def tensor_array_grad_with_shape(
    lists: Lists, handle: Any, flow_in: Any, shape_to_prepend: Any, *, source: str
) -> tuple[Any, Any]:
    """The same where each gradient has further dimensions in front."""
    found = lists.gradient_handle(handle, source)
    contents = lists.contents(handle)
    front = lists.sizes(shape_to_prepend)
    shape = None if front is None or contents.declared is None else (*front, *contents.declared)
    lists.replace(found, lists.reserve(contents.dtype, shape, contents.length))
    return found, flow_in


@tensor_array_grad.infer
def _(b: Builder, handle: Any, flow_in: Value) -> tuple[Value, Value]:
    return abstract(b, dtypes.resource), abstract(b, dtypes.float32)


@tensor_array_grad_with_shape.infer
def _(b: Builder, handle: Any, flow_in: Value, shape: Value) -> tuple[Value, Value]:
    return abstract(b, dtypes.resource), abstract(b, dtypes.float32)


def _gives_flow(definition: OpDefinition) -> None:
    @definition.infer
    def _(b: Builder, *inputs: Any) -> Value:
        return abstract(b, dtypes.float32)


# Writing


@list_op(
    f"TensorArrayWriteV3(handle: resource, index: int32, value: T, {_FLOW}; T: type)"
    " -> flow_out: float32",
    stateful=True,
)
def tensor_array_write(
    lists: Lists, handle: Any, index: Any, value: Any, flow_in: Any, *, T: DType
) -> Any:
    """Set an element, or add to it in an array of gradients."""
    _expect(lists, handle, T, "write")
    contents = lists.contents(handle)
    if handle.dynamic:
        contents = contents.reserve_index(lists, index)
    put = contents.add if handle.origin is not None else contents.set
    lists.replace(handle, put(lists, index, value))
    return flow_in


@list_op(
    f"TensorArrayScatterV3(handle: resource, indices: int32, value: T, {_FLOW}; T: type)"
    " -> flow_out: float32",
    stateful=True,
)
def tensor_array_scatter(
    lists: Lists, handle: Any, indices: Any, value: Any, flow_in: Any, *, T: DType
) -> Any:
    """Write the rows of a tensor at indices."""
    _expect(lists, handle, T, "write")
    contents = lists.contents(handle)
    if handle.dynamic:
        longest = lists.longest(indices)
        if lists.is_longer(longest, contents.length):
            contents = contents.resize(lists, longest)
    adds = handle.origin is not None
    lists.replace(handle, contents.scatter(lists, indices, value, adds))
    return flow_in


@list_op(
    f"TensorArraySplitV3(handle: resource, value: T, lengths: int64, {_FLOW}; T: type)"
    " -> flow_out: float32",
    stateful=True,
)
def tensor_array_split(
    lists: Lists, handle: Any, value: Any, lengths: Any, flow_in: Any, *, T: DType
) -> Any:
    """Write blocks of a tensor's rows, one to each element."""
    _expect(lists, handle, T, "write")
    contents = lists.contents(handle)
    blocks = lists.split(value, lengths, contents.declared)
    count, size = lists.number(blocks.length), lists.number(contents.length)
    require(
        handle.dynamic or not isinstance(count - size, int) or count == size,
        "TensorArray's size is not equal to the size of lengths "
        f"({size} vs. {count}), and the TensorArray is not marked as dynamically resizeable",
    )
    if handle.origin is not None:
        blocks = lists.sum(contents, blocks)
    lists.replace(handle, blocks)
    return flow_in


for _definition in (tensor_array_write, tensor_array_scatter, tensor_array_split):
    _gives_flow(_definition)
    _definition.affects(Effect.ELEMENTS)


# Reading


@list_op(
    f"TensorArrayReadV3(handle: resource, index: int32, {_FLOW}; dtype: type) -> value: dtype",
    stateful=True,
)
def tensor_array_read(lists: Lists, handle: Any, index: Any, flow_in: Any, *, dtype: DType) -> Any:
    """An element."""
    _expect(lists, handle, dtype, "read")
    return lists.contents(handle).get(lists, index, None)


@tensor_array_read.infer
def _(b: Builder, handle: Any, index: Value, flow_in: Value, *, dtype: DType) -> UnknownValue:
    return UnknownValue(dtype)


@list_op(
    f"TensorArrayGatherV3(handle: resource, indices: int32, {_FLOW};"
    " dtype: type, element_shape: shape = unknown) -> value: dtype",
    stateful=True,
)
def tensor_array_gather(
    lists: Lists, handle: Any, indices: Any, flow_in: Any, *, dtype: DType, element_shape: Sizes
) -> Any:
    """The elements at indices, which must have one shape, as one tensor."""
    _expect(lists, handle, dtype, "read")
    return lists.contents(handle).gather(lists, indices, element_shape)


@tensor_array_gather.infer
def _(
    b: Builder, handle: Any, indices: Value, flow_in: Value, *, dtype: DType, element_shape: Sizes
) -> Value | UnknownValue:
    return declared(b, dtype, None if element_shape is None else (None, *element_shape))


@list_op(
    f"TensorArrayConcatV3{_ON}; dtype: type, element_shape_except0: shape = unknown)"
    " -> value: dtype, lengths: int64",
    stateful=True,
)
def tensor_array_concat(
    lists: Lists, handle: Any, flow_in: Any, *, dtype: DType, element_shape_except0: Sizes
) -> tuple[Any, Any]:
    """The elements joined along their first axis, and their sizes there."""
    _expect(lists, handle, dtype, "read")
    rest = element_shape_except0
    value, lengths = lists.contents(handle).concat(lists, None if rest is None else (None, *rest))
    return value, lengths


@tensor_array_concat.infer
def _(
    b: Builder, handle: Any, flow_in: Value, *, dtype: DType, element_shape_except0: Sizes
) -> tuple[Value | UnknownValue, Value]:
    rest = element_shape_except0
    value = declared(b, dtype, None if rest is None else (None, *rest))
    return value, abstract(b, dtypes.int64, None)


@list_op(f"TensorArraySizeV3{_ON}) -> size: int32", stateful=True)
def tensor_array_size(lists: Lists, handle: Any, flow_in: Any) -> Any:
    """How many elements there are."""
    return lists.contents(handle).length


@tensor_array_size.infer
def _(b: Builder, handle: Any, flow_in: Value) -> Value:
    return abstract(b, dtypes.int32)


@op("TensorArrayCloseV3(handle: resource)", stateful=True)
def tensor_array_close(b: Builder, handle: Any) -> None:
    """Nothing: an array ends with its step."""


@tensor_array_close.on_host
def _(handle: Any) -> None:
    return None


for _definition in (
    tensor_array_grad,
    tensor_array_grad_with_shape,
    tensor_array_read,
    tensor_array_gather,
    tensor_array_concat,
    tensor_array_size,
    tensor_array_close,
):
    _definition.affects(Effect.READS)


# Gradients. What has been read is written to the array of gradients, and the other way round.


def _gradients_of(g: GraphBuilder, handle: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
    """The array of an array's gradients and the flow with which to use it."""
    found = g("TensorArrayGradV3", handle, flow, source=g.gradient_source)
    with g.after([found[0]]):
        return found[0], g("Identity", flow)


def _after_forward(g: GraphBuilder, op: Operation, flow: Tensor) -> Any:
    """The gradient's flow, once the forward array has got its length."""
    with g.after([g("Identity", op.outputs[0])]):
        return g("Identity", flow)


@tensor_array_read.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    handle, index, flow = op.inputs
    target, start = _gradients_of(g, handle, flow)
    return None, None, g("TensorArrayWriteV3", target, index, grad, start)


@tensor_array_write.gradient
def _(g: GraphBuilder, op: Operation, flow: Tensor) -> Tensors:
    handle, index = op.inputs[:2]
    flow = _after_forward(g, op, flow)
    source, start = _gradients_of(g, handle, flow)
    value = g("TensorArrayReadV3", source, index, start, dtype=op.get_attr("T"))
    return None, None, value, flow


@tensor_array_gather.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    handle, indices, flow = op.inputs
    target, start = _gradients_of(g, handle, flow)
    return None, None, g("TensorArrayScatterV3", target, indices, grad, start)


@tensor_array_scatter.gradient
def _(g: GraphBuilder, op: Operation, flow: Tensor) -> Tensors:
    handle, indices, value = op.inputs[:3]
    flow = _after_forward(g, op, flow)
    source, start = _gradients_of(g, handle, flow)
    sizes = g.shape_of(value)
    grad = g(
        "TensorArrayGatherV3",
        source,
        indices,
        start,
        dtype=op.get_attr("T"),
        element_shape=None if sizes is None else sizes[1:],
    )
    return None, None, grad, flow


@tensor_array_concat.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor, lengths: Tensor) -> Tensors:
    handle, flow = op.inputs
    target, start = _gradients_of(g, handle, flow)
    return None, g("TensorArraySplitV3", target, grad, op.outputs[1], start)


@tensor_array_split.gradient
def _(g: GraphBuilder, op: Operation, flow: Tensor) -> Tensors:
    handle, value = op.inputs[:2]
    flow = _after_forward(g, op, flow)
    source, start = _gradients_of(g, handle, flow)
    sizes = g.shape_of(value)
    grad = g(
        "TensorArrayConcatV3",
        source,
        start,
        dtype=op.get_attr("T"),
        element_shape_except0=None if sizes is None else sizes[1:],
    )
    return None, grad[0], None, flow


tensor_array.not_differentiable()
tensor_array_grad.not_differentiable()
tensor_array_grad_with_shape.not_differentiable()
tensor_array_size.not_differentiable()
tensor_array_close.not_differentiable()
