"""TensorLists: the lists of tensors that functional control flow passes around as variants."""

from __future__ import annotations

from typing import Any

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, DataDependent, UnknownShape, UnknownValue, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, abstract
from flowc.ops.control_flow import declared
from flowc.ops.lists.element_lists import ElementList, Lists, Sizes, list_op, merge_sizes
from flowc.ops.registry import GraphBuilder, OpDefinition, Operation, Tensor

_ELEMENT = "element_dtype: type"
_SHAPE = "element_shape: shape_type"
_TYPES = f"{_ELEMENT}, shape_type: {{index}}"


def _gives_list(definition: OpDefinition) -> None:
    @definition.infer
    def _(b: Builder, *inputs: Any) -> Value:
        return abstract(b, dtypes.variant)


def _shape_of(b: Builder, element_shape: Value) -> Sizes:
    """The shape that a tensor describes, as far as it is known while a graph is built."""
    try:
        contents = b.symbolic(element_shape)
    except (DataDependent, UnknownShape):
        return None
    if contents is None or contents.ndim == 0:
        return None
    return tuple(d if isinstance(d, int) and d >= 0 else None for d in contents.tolist())


def _expect(handle: ElementList, dtype: DType) -> None:
    """Raise InvalidArgumentError unless the list has elements of that type."""
    require(
        handle.dtype is dtype,
        f"Expected list with element dtype {dtype.name} but got list with element dtype "
        f"{handle.dtype.name}",
    )


# Making


@list_op(f"EmptyTensorList({_SHAPE}, max_num_elements: int32; {_TYPES}) -> handle: variant")
def empty_tensor_list(
    lists: Lists, element_shape: Any, max_num_elements: Any, *, element_dtype: DType
) -> Any:
    """A list without elements."""
    return lists.empty(element_dtype, lists.sizes(element_shape), max_num_elements)


@list_op(f"TensorListReserve({_SHAPE}, num_elements: int32; {_TYPES}) -> handle: variant")
def tensor_list_reserve(
    lists: Lists, element_shape: Any, num_elements: Any, *, element_dtype: DType
) -> Any:
    """A list of elements that have not been set."""
    return lists.reserve(element_dtype, lists.sizes(element_shape), num_elements)


@list_op(
    f"TensorListFromTensor(tensor: element_dtype, {_SHAPE}; {_TYPES}) -> output_handle: variant"
)
def tensor_list_from_tensor(lists: Lists, tensor: Any, element_shape: Any) -> Any:
    """The list of a tensor's rows."""
    return lists.unstack(tensor, lists.sizes(element_shape))


@list_op(
    f"TensorListSplit(tensor: element_dtype[...,:], {_SHAPE}, lengths: int64[:]; {_TYPES})"
    " -> output_handle: variant"
)
def tensor_list_split(lists: Lists, tensor: Any, element_shape: Any, lengths: Any) -> Any:
    """The list of blocks of a tensor's rows."""
    return lists.split(tensor, lengths, lists.sizes(element_shape))


@list_op(
    f"TensorListScatter(tensor: element_dtype, indices: int32, {_SHAPE}; {_TYPES})"
    " -> output_handle: variant"
)
def tensor_list_scatter(lists: Lists, tensor: Any, indices: Any, element_shape: Any) -> Any:
    """A list, long enough for the indices, with a tensor's rows there."""
    made = _reserved_for(lists, tensor, element_shape, lists.longest(indices))
    return made.scatter(lists, indices, tensor, False)


@list_op(
    f"TensorListScatterV2(tensor: element_dtype, indices: int32, {_SHAPE}, num_elements: int32;"
    f" {_TYPES}) -> output_handle: variant"
)
def tensor_list_scatter_v2(
    lists: Lists, tensor: Any, indices: Any, element_shape: Any, num_elements: Any
) -> Any:
    """A list of `num_elements`, or long enough if that is -1, with a tensor's rows at indices."""
    size = lists.longest(indices) if lists.number(num_elements) == -1 else num_elements
    made = _reserved_for(lists, tensor, element_shape, size)
    return made.scatter(lists, indices, tensor, False)


def _reserved_for(lists: Lists, tensor: Any, element_shape: Any, size: Any) -> Any:
    shape = merge_sizes(lists.sizes(element_shape), lists.element_shape(tensor))
    return lists.reserve(lists.dtype_of(tensor), shape, size)


# Changing


@list_op(
    f"TensorListPushBack(input_handle: variant, tensor: element_dtype; {_ELEMENT})"
    " -> output_handle: variant"
)
def tensor_list_push_back(
    lists: Lists, input_handle: ElementList, tensor: Any, *, element_dtype: DType
) -> Any:
    """The list with one more element."""
    _expect(input_handle, element_dtype)
    return input_handle.push(lists, tensor)


@list_op(
    f"TensorListPopBack(input_handle: variant, element_shape: int32; {_ELEMENT})"
    " -> output_handle: variant, tensor: element_dtype"
)
def tensor_list_pop_back(
    lists: Lists, input_handle: ElementList, element_shape: Any, *, element_dtype: DType
) -> Any:
    """The list without its last element, and that."""
    _expect(input_handle, element_dtype)
    return input_handle.pop(lists, lists.sizes(element_shape))


@list_op(
    "TensorListSetItem(input_handle: variant, index: int32, item: element_dtype;"
    f" {_ELEMENT}, resize_if_index_out_of_bounds: bool = false) -> output_handle: variant"
)
def tensor_list_set_item(
    lists: Lists,
    input_handle: ElementList,
    index: Any,
    item: Any,
    *,
    element_dtype: DType,
    resize_if_index_out_of_bounds: bool,
) -> Any:
    """The list with another element."""
    _expect(input_handle, element_dtype)
    if resize_if_index_out_of_bounds:
        input_handle = input_handle.reserve_index(lists, index)
    return input_handle.set(lists, index, item)


@list_op("TensorListResize(input_handle: variant, size: int32[]) -> output_handle: variant")
def tensor_list_resize(lists: Lists, input_handle: ElementList, size: Any) -> Any:
    """The list cut, or made longer by elements that have not been set."""
    return input_handle.resize(lists, size)


@list_op(
    "TensorListScatterIntoExistingList(input_handle: variant, tensor: element_dtype[...,:],"
    f" indices: int32[:]; {_ELEMENT}) -> output_handle: variant"
)
def tensor_list_scatter_into(
    lists: Lists, input_handle: ElementList, tensor: Any, indices: Any
) -> Any:
    """The list with a tensor's rows at indices."""
    longer = lists.longest(indices)
    if lists.is_longer(longer, input_handle.length):
        input_handle = input_handle.resize(lists, longer)
    return input_handle.scatter(lists, indices, tensor, False)


@list_op(
    f"TensorListConcatLists(input_a: variant, input_b: variant; {_ELEMENT}) -> output: variant"
)
def tensor_list_concat_lists(lists: Lists, input_a: ElementList, input_b: ElementList) -> Any:
    """The elements of one list after those of another."""
    return lists.join(input_a, input_b)


for _definition in (
    empty_tensor_list,
    tensor_list_reserve,
    tensor_list_from_tensor,
    tensor_list_split,
    tensor_list_scatter,
    tensor_list_scatter_v2,
    tensor_list_push_back,
    tensor_list_set_item,
    tensor_list_resize,
    tensor_list_scatter_into,
    tensor_list_concat_lists,
):
    _gives_list(_definition)


@tensor_list_pop_back.infer
def _(
    b: Builder, input_handle: Value, element_shape: Value, *, element_dtype: DType
) -> tuple[Value, Value | UnknownValue]:
    return abstract(b, dtypes.variant), declared(b, element_dtype, _shape_of(b, element_shape))


# Reading


@list_op("TensorListLength(input_handle: variant) -> length: int32")
def tensor_list_length(lists: Lists, input_handle: ElementList) -> Any:
    """How many elements there are."""
    return input_handle.length


@tensor_list_length.infer
def _(b: Builder, input_handle: Value) -> Value:
    return abstract(b, dtypes.int32)


@list_op(
    "TensorListElementShape(input_handle: variant; shape_type: {index})"
    " -> element_shape: shape_type"
)
def tensor_list_element_shape(lists: Lists, input_handle: ElementList, *, shape_type: DType) -> Any:
    """The declared shape of the elements: -1 for unknown sizes, or alone for an unknown rank."""
    return lists.shape_tensor(input_handle.declared, shape_type)


@tensor_list_element_shape.infer
def _(b: Builder, input_handle: Value, *, shape_type: DType) -> UnknownValue:
    return UnknownValue(shape_type)


@list_op(
    "TensorListGetItem(input_handle: variant, index: int32, element_shape: Tshape[:?];"
    f" {_ELEMENT}, Tshape: {{index}} = int32) -> item: element_dtype"
)
def tensor_list_get_item(
    lists: Lists,
    input_handle: ElementList,
    index: Any,
    element_shape: Any,
    *,
    element_dtype: DType,
) -> Any:
    """An element; zeros for one that has not been set."""
    _expect(input_handle, element_dtype)
    return input_handle.get(lists, index, lists.sizes(element_shape))


@tensor_list_get_item.infer
def _(
    b: Builder, input_handle: Value, index: Value, element_shape: Value, *, element_dtype: DType
) -> Value | UnknownValue:
    return declared(b, element_dtype, _shape_of(b, element_shape))


@list_op(
    "TensorListStack(input_handle: variant, element_shape: int32[:?];"
    f" {_ELEMENT}, num_elements: int = -1) -> tensor: element_dtype"
)
def tensor_list_stack(
    lists: Lists,
    input_handle: ElementList,
    element_shape: Any,
    *,
    element_dtype: DType,
    num_elements: int,
) -> Any:
    """All elements as one tensor."""
    _expect(input_handle, element_dtype)
    if num_elements != -1:
        length = lists.number(input_handle.length)
        require(
            not isinstance(length, int) or length == num_elements,
            f"Operation expected a list with {num_elements} elements but got a list with {length} "
            "elements.",
        )
    return input_handle.stack(lists, lists.sizes(element_shape))


@tensor_list_stack.infer
def _(
    b: Builder,
    input_handle: Value,
    element_shape: Value,
    *,
    element_dtype: DType,
    num_elements: int,
) -> Value | UnknownValue:
    rows = None if num_elements < 0 else num_elements
    return _rows(b, element_dtype, rows, _shape_of(b, element_shape))


def _rows(b: Builder, dtype: DType, rows: int | None, shape: Sizes) -> Value | UnknownValue:
    return declared(b, dtype, None if shape is None else (rows, *shape))


@list_op(
    "TensorListGather(input_handle: variant, indices: int32, element_shape: int32[:?];"
    f" {_ELEMENT}) -> values: element_dtype"
)
def tensor_list_gather(
    lists: Lists,
    input_handle: ElementList,
    indices: Any,
    element_shape: Any,
    *,
    element_dtype: DType,
) -> Any:
    """The elements at indices as one tensor."""
    _expect(input_handle, element_dtype)
    return input_handle.gather(lists, indices, lists.sizes(element_shape))


@tensor_list_gather.infer
def _(
    b: Builder, input_handle: Value, indices: Value, element_shape: Value, *, element_dtype: DType
) -> Value | UnknownValue:
    return _rows(b, element_dtype, None, _shape_of(b, element_shape))


@list_op(
    f"TensorListConcat(input_handle: variant; {_ELEMENT}, element_shape: shape = unknown)"
    " -> tensor: element_dtype, lengths: int64"
)
def tensor_list_concat(
    lists: Lists, input_handle: ElementList, *, element_dtype: DType, element_shape: Sizes
) -> tuple[Any, Any]:
    """The elements joined along their first axis, and their sizes there."""
    _expect(input_handle, element_dtype)
    return input_handle.concat(lists, element_shape)


@list_op(
    f"TensorListConcatV2(input_handle: variant, {_SHAPE}, leading_dims: int64; {_TYPES})"
    " -> tensor: element_dtype, lengths: int64"
)
def tensor_list_concat_v2(
    lists: Lists,
    input_handle: ElementList,
    element_shape: Any,
    leading_dims: Any,
    *,
    element_dtype: DType,
) -> tuple[Any, Any]:
    """The elements joined along their first axis, and their sizes there."""
    _expect(input_handle, element_dtype)
    return input_handle.concat(lists, lists.sizes(element_shape))


@tensor_list_concat.infer
def _(
    b: Builder, input_handle: Value, *, element_dtype: DType, element_shape: Sizes
) -> tuple[Value | UnknownValue, Value]:
    shape = None if element_shape is None else (None, *element_shape[1:])
    return declared(b, element_dtype, shape), abstract(b, dtypes.int64, None)


@tensor_list_concat_v2.infer
def _(
    b: Builder,
    input_handle: Value,
    element_shape: Value,
    leading_dims: Value,
    *,
    element_dtype: DType,
) -> tuple[Value | UnknownValue, Value]:
    known = _shape_of(b, element_shape)
    shape = None if known is None else (None, *known[1:])
    return declared(b, element_dtype, shape), abstract(b, dtypes.int64, None)


# Gradients. A list of gradients has the elements' gradients at their places.


def _shape_of_elements(g: GraphBuilder, list_: Tensor) -> Any:
    return g("TensorListElementShape", list_, shape_type=dtypes.int32)


@empty_tensor_list.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return None, None


@tensor_list_reserve.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return None, None


@tensor_list_from_tensor.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    shape = g("Slice", g("Shape", op.inputs[0]), g.constant([1]), g.constant([-1]))
    dtype = op.inputs[0].dtype
    return g("TensorListStack", grad, shape, element_dtype=dtype), None


@tensor_list_stack.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    shape = _shape_of_elements(g, op.inputs[0])
    return g("TensorListFromTensor", grad, shape), None


@tensor_list_push_back.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    item = op.inputs[1]
    popped = g("TensorListPopBack", grad, g("Shape", item), element_dtype=item.dtype)
    return tuple(popped)


@tensor_list_pop_back.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor | None, item: Tensor | None) -> Tensors:
    dtype = op.get_attr("element_dtype")
    if grad is None:
        most = g.constant(-1)
        shape = _shape_of_elements(g, op.inputs[0])
        grad = g("EmptyTensorList", shape, most, element_dtype=dtype)
    if item is None:
        item = g("ZerosLike", op.outputs[1])
    return g("TensorListPushBack", grad, item), None


@tensor_list_get_item.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    list_, index = op.inputs[:2]
    shape, size = _shape_of_elements(g, list_), g("TensorListLength", list_)
    empty = g("TensorListReserve", shape, size, element_dtype=grad.dtype)
    return g("TensorListSetItem", empty, index, grad), None, None


@tensor_list_set_item.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    index, item = op.inputs[1:]
    zeros = g("ZerosLike", item)
    shape = g("Shape", item)
    own = g("TensorListGetItem", grad, index, shape, element_dtype=item.dtype)
    return g("TensorListSetItem", grad, index, zeros), None, own


@tensor_list_resize.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("TensorListResize", grad, g("TensorListLength", op.inputs[0])), None


@tensor_list_gather.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    list_, indices = op.inputs[:2]
    size = g("TensorListLength", list_)
    shape = _shape_of_elements(g, list_)
    return g("TensorListScatterV2", grad, indices, shape, size), None, None


def _gathered(g: GraphBuilder, op: Operation, grad: Tensor, tensor: Tensor, indices: Tensor) -> Any:
    shape = g("Slice", g("Shape", tensor), g.constant([1]), g.constant([-1]))
    return g("TensorListGather", grad, indices, shape, element_dtype=tensor.dtype)


@tensor_list_scatter.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return _gathered(g, op, grad, *op.inputs[:2]), None, None


@tensor_list_scatter_v2.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return _gathered(g, op, grad, *op.inputs[:2]), None, None, None


@tensor_list_scatter_into.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    _, tensor, indices = op.inputs
    zeros = g("ZerosLike", tensor)
    return (
        g("TensorListScatterIntoExistingList", grad, zeros, indices),
        _gathered(g, op, grad, tensor, indices),
        None,
    )


def _split(g: GraphBuilder, op: Operation, grad: Tensor) -> Any:
    shape = _shape_of_elements(g, op.inputs[0])
    return g("TensorListSplit", grad, shape, op.outputs[1])


@tensor_list_concat.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor, lengths: Tensor | None) -> Tensors:
    return (_split(g, op, grad),)


@tensor_list_concat_v2.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor, lengths: Tensor | None) -> Tensors:
    return _split(g, op, grad), None, None


@tensor_list_split.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    tensor, shape, lengths = op.inputs
    joined = g("TensorListConcatV2", grad, shape, lengths, element_dtype=tensor.dtype)
    return joined[0], None, None


tensor_list_length.not_differentiable()
tensor_list_element_shape.not_differentiable()
