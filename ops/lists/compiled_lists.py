"""Lists of tensors in compiled code: one tensor whose rows are the elements. See `element_lists`.

All elements have one shape. Whatever does not fit that is `NotCompilable`, and the host takes over.
Pushing makes the tensor one row longer, unless `room` says that there are free rows: a loop that
pushes is given room for all its iterations beforehand (`flowc.compiler.loops`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim, Expr
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, DataDependent, LocalHandle, NotCompilable, require
from flowc.ir.tensor.core import Evidence, Parameter, Shape, Value
from flowc.ops.arrays.scattering import replace as take_new
from flowc.ops.arrays.scattering import scatter_rows
from flowc.ops.checks import check_all, culprit
from flowc.ops.common import fail, require_rank, shape_vector, show
from flowc.ops.lists.element_lists import Sizes, agree, is_known, merge_sizes


@dataclass(frozen=True)
class Pushed:
    """What is known of the contents of all elements: nothing yet, what they are, or nothing."""

    contents: tuple[Any, ...] | None = None
    shape: tuple[int, ...] = ()
    is_known: bool = True

    def joined(self, other: Pushed) -> Pushed:
        """What is known of elements of either."""
        if not self.is_known or other in (self, NONE_YET):
            return self
        return other if self == NONE_YET else UNKNOWN


NONE_YET = Pushed()
UNKNOWN = Pushed(is_known=False)


@dataclass(frozen=True, eq=False)
class CompiledList:
    """The first `length` rows of `elements`; None while no element's shape is known.

    Rows that have not been set are zero. `capacity` rows there are, or would be. `pushed` are the
    contents of every element, where they are known and the same for all, as those of shapes are.
    """

    dtype: DType
    declared: Sizes
    elements: Value | None
    length: Value
    capacity: Dim
    room: Dim = 0
    pushed: Pushed = UNKNOWN

    @property
    def parts(self) -> tuple[Value | None, ...]:
        """The tensors that the list is made of."""
        return self.elements, self.length

    def with_parts(self, parts: Sequence[Value | None]) -> CompiledList:
        """The list made of other tensors."""
        elements, length = parts
        assert length is not None
        capacity = self.capacity if elements is None else elements.type.shape[0]
        return replace(self, elements=elements, length=length, capacity=capacity)

    # Types

    def shaped(self, lists: CompiledLists, shape: Shape) -> CompiledList:
        """The list whose elements have that shape. Raises NotCompilable where others have not."""
        b = lists.b
        require(
            agree(self.declared, shape),
            "Tried to set a tensor with incompatible shape at a list index. Item element shape: "
            f"{show(shape)} list shape: {show(self.declared or ())}",
        )
        if self.elements is None:
            zeros = b.full(0, (self.capacity, *shape), self.dtype)
            return replace(self, elements=zeros)
        if not b.assumptions.equal_shapes(b.shape(self.elements)[1:], shape):
            raise NotCompilable("a list has elements of different shapes")
        return self

    def known(self, lists: CompiledLists, shape: Sizes) -> tuple[CompiledList, Value]:
        """The list and its tensor, whose elements have the shape that is known somehow."""
        if self.elements is None:
            known = merge_sizes(self.declared, shape)
            if known is None or not is_known(known):
                raise NotCompilable("the shape of a list's elements is not known")
            found = self.shaped(lists, known)
            assert found.elements is not None
            return found, found.elements
        b, own = lists.b, lists.b.shape(self.elements)[1:]
        if shape is not None:
            fits = len(shape) == len(own) and all(
                want is None or b.assumptions.equal(want, size)
                for want, size in zip(shape, own, strict=True)
            )
            require(
                fits,
                f"Incompatible shapes: an element has shape {show(own)}, asked for is "
                f"{show(shape)}",
            )
        return self, self.elements

    # Elements

    def _check(self, lists: CompiledLists, index: Value) -> None:
        b = lists.b
        require_rank(b, index, 0, "index")
        inside = b.and_(b.ge(index, 0), b.lt(index, self.length))
        check_all(
            b,
            inside,
            "Tried to access an element outside of a list",
            _outside_of_list(index, self.length),
        )

    def get(self, lists: CompiledLists, index: Value, shape: Sizes) -> Value:
        """An element; zeros for one that was not set."""
        self._check(lists, index)
        _, elements = self.known(lists, shape)
        return _row(lists.b, elements, index)

    def set(self, lists: CompiledLists, index: Value, item: Value) -> CompiledList:
        """The list with another element."""
        self._check(lists, index)
        return self._put(lists, index, item)

    def _put(self, lists: CompiledLists, index: Value, item: Value) -> CompiledList:
        b = lists.b
        found = self.shaped(lists, b.shape(lists.tensor(item)))
        assert found.elements is not None
        starts = _starts(b, index, found.elements)
        updated = b.dynamic_update_slice(found.elements, b.expand_dims(item, 0), starts)
        return replace(found, elements=updated, pushed=UNKNOWN)

    def add(self, lists: CompiledLists, index: Value, item: Value) -> CompiledList:
        """The list with `item` added to an element."""
        shape = lists.b.shape(lists.tensor(item))
        old = self.shaped(lists, shape).get(lists, index, shape)
        return self._put(lists, index, lists.b.add(old, item))

    def push(self, lists: CompiledLists, item: Value) -> CompiledList:
        """The list with one more element."""
        b = lists.b
        longer = self if self.room != 0 else self.grown(lists, 1)
        found = longer._put(lists, self.length, item)
        pushed = self.pushed.joined(lists.contents_of(item))
        return replace(found, length=b.add(self.length, 1), room=longer.room - 1, pushed=pushed)

    def grown(self, lists: CompiledLists, rows: Dim) -> CompiledList:
        """The list with room for `rows` more."""
        elements = self.elements
        capacity = self.capacity + rows
        if elements is not None:
            elements = _lengthened(lists.b, elements, rows, capacity)
        return replace(self, elements=elements, capacity=capacity, room=self.room + rows)

    def pop(self, lists: CompiledLists, shape: Sizes) -> tuple[CompiledList, Value]:
        """The list without its last element, and that."""
        b = lists.b
        check_all(b, b.gt(self.length, 0), "Trying to pop from an empty list.")
        found, elements = self.known(lists, shape)
        last = b.subtract(self.length, 1)
        known = lists.value_of(self.pushed, self.dtype)
        item = _row(b, elements, last) if known is None else known
        return replace(found, length=last, room=self.room + 1), item

    def resize(self, lists: CompiledLists, size: Value) -> CompiledList:
        """The list cut, or made longer by elements that have not been set."""
        count = lists.count(size)
        elements = self.elements
        if elements is not None:
            rows = self.rows(lists)
            known = lists.b.slice_axis(elements, 0, 0, rows)
            elements = _lengthened(lists.b, known, count - rows, count)
        return CompiledList(self.dtype, self.declared, elements, size, count)

    def reserve_index(self, lists: CompiledLists, index: Value) -> CompiledList:
        """The list, long enough for the index, which must be known."""
        wanted = lists.b.dims(index)[0] + 1
        if lists.b.assumptions.at_least(self.rows(lists), wanted):
            return self
        return self.resize(lists, lists.b.size(wanted, dtypes.int32))

    # Many elements

    def rows(self, lists: CompiledLists) -> Dim:
        """The length as a size. Raises DataDependent."""
        return lists.b.dims(self.length)[0]

    def _all(self, lists: CompiledLists, shape: Sizes) -> Value:
        rows = self.rows(lists)
        _, elements = self.known(lists, shape)
        if lists.b.assumptions.size(elements.type.shape[0]) == rows:
            return elements
        return lists.b.slice_axis(elements, 0, 0, rows)

    def stack(self, lists: CompiledLists, shape: Sizes) -> Value:
        """All elements as one tensor."""
        return self._all(lists, shape)

    def gather(self, lists: CompiledLists, indices: Value, shape: Sizes) -> Value:
        """The elements at indices as one tensor."""
        b = lists.b
        require_rank(b, indices, 1, "indices")
        if lists.counts_all(indices, self.length):
            return self._all(lists, shape)
        lists.check_indices(indices, self.length)
        _, elements = self.known(lists, shape)
        if b.shape(elements)[0] == 0:
            return b.full(0, (*b.shape(indices), *b.shape(elements)[1:]), self.dtype)
        return b.take(elements, indices)

    def scatter(
        self, lists: CompiledLists, indices: Value, items: Value, accumulate: bool
    ) -> CompiledList:
        """The list with the rows of `items` at indices."""
        b = lists.b
        (count,), shape = require_rank(b, indices, 1, "indices"), b.shape(lists.tensor(items))
        require(len(shape) > 0, "Expected at least a vector, got a scalar")
        require(
            b.assumptions.equal(count, shape[0]),
            f"Expected len(indices) == values.shape[0], but saw: {count} vs. {shape[0]}",
        )
        found = self.shaped(lists, shape[1:])
        assert found.elements is not None
        if not accumulate and lists.counts_all(indices, found.length):
            return replace(found, elements=items)
        lists.check_indices(indices, self.length)
        combine = Builder.add if accumulate else take_new
        elements = found.elements
        return replace(
            found, pushed=UNKNOWN, elements=scatter_rows(b, elements, indices, items, combine)
        )

    def concat(self, lists: CompiledLists, shape: Sizes) -> tuple[Value, Value]:
        """The elements joined along their first axis, and their sizes there."""
        b = lists.b
        whole = self._all(lists, shape)
        count, *sizes = b.shape(whole)
        require(bool(sizes), "Concat saw a scalar shape at index 0 but requires at least vectors.")
        first, *others = sizes
        lengths = b.broadcast_to(b.size(first, dtypes.int64), (count,))
        return b.reshape(whole, (count * first, *others)), lengths

    def zeros(self, lists: CompiledLists) -> CompiledList:
        """Zeros for each element."""
        elements = None if self.elements is None else lists.b.zeros_like(self.elements)
        return replace(self, elements=elements, pushed=UNKNOWN)


def _lengthened(b: Builder, elements: Value, rows: Dim, capacity: Dim) -> Value:
    """The tensor with `rows` more rows of zeros, or less if that is negative."""
    if elements.type.shape[0] == 0:
        return b.full(0, (capacity, *elements.type.shape[1:]), elements.type.dtype)
    edges = (0,) * (elements.type.rank - 1)
    zero = b.scalar(0, elements.type.dtype)
    return b.pad(elements, zero, (0, *edges), (rows, *edges))


def _starts(b: Builder, index: Value, elements: Value) -> list[Value]:
    return [index, *[b.scalar(0, index.type.dtype)] * (elements.type.rank - 1)]


def _row(b: Builder, elements: Value, index: Value) -> Value:
    capacity, *shape = b.shape(elements)
    if capacity == 0:  # there is no such row, as a check says when the step runs
        return b.full(0, shape, elements.type.dtype)
    row = b.dynamic_slice(elements, _starts(b, index, elements), (1, *shape))
    return b.reshape(row, shape)


class CompiledLists:
    """Makes lists in compiled code."""

    def __init__(self, b: Builder) -> None:
        self.b = b

    def tensor(self, value: Value) -> Value:
        """`value`, if it is a tensor. Raises NotCompilable for lists of lists."""
        if not isinstance(value, Parameter) and not hasattr(value, "instruction"):
            raise NotCompilable("a list of lists")
        return value

    def count(self, size: Value) -> Dim:
        """A number of elements. Raises DataDependent."""
        require_rank(self.b, size, 0, "size")
        count = self.b.dims(size)[0]
        if isinstance(count, int):
            require(count >= 0, f"Size should be >= 0, got {count}")
        return count

    def sizes(self, shape: Value) -> Sizes:
        contents = self.b.symbolic(shape)
        if contents is None:
            raise DataDependent(shape)
        if not self.b.shape(shape):
            return None
        sizes = contents.ravel().tolist()
        return tuple(None if isinstance(d, int) and d < 0 else d for d in sizes)

    def shape_tensor(self, shape: Sizes, dtype: DType) -> Value:
        if shape is None:
            return self.b.constant(np.asarray(-1, dtype.numpy), dtype)
        return shape_vector(self.b, tuple(-1 if d is None else d for d in shape), dtype)

    def size_of(self, value: Value, axis: int) -> Value:
        return self.b.size(self.b.shape(value)[axis], dtypes.int32)

    def element_shape(self, tensor: Value) -> Sizes:
        shape = self.b.shape(self.tensor(tensor))
        require(len(shape) > 0, "Tensor must be at least a vector, but saw a scalar")
        return shape[1:]

    def dtype_of(self, tensor: Value) -> DType:
        return tensor.type.dtype

    def number(self, value: Value) -> Dim:
        return self.b.dims(value)[0]

    def is_longer(self, size: Value, other: Value) -> bool:
        return not self.b.assumptions.at_least(self.number(other), self.number(size))

    def reserve(self, dtype: DType, declared: Sizes, size: Value) -> CompiledList:
        if dtype is dtypes.variant or dtype is dtypes.resource:
            raise NotCompilable("a list of lists")
        found = CompiledList(dtype, declared, None, size, self.count(size))
        if declared is not None and is_known(declared):
            return found.shaped(self, declared)
        return found

    def empty(self, dtype: DType, declared: Sizes, most: Value) -> CompiledList:
        made = self.reserve(dtype, declared, self.b.constant(np.int32(0)))
        return replace(made, pushed=NONE_YET)

    def unstack(self, tensor: Value, declared: Sizes) -> CompiledList:
        shape = self.element_shape(tensor)
        assert shape is not None
        require(
            agree(declared, shape),
            f"The tensor's rows have shape {show(shape)}, not {show(declared or ())}",
        )
        count = self.b.shape(tensor)[0]
        length = self.b.size(count, dtypes.int32)
        return CompiledList(tensor.type.dtype, declared, tensor, length, count)

    def split(self, tensor: Value, lengths: Value, declared: Sizes) -> CompiledList:
        b = self.b
        self.element_shape(tensor)
        require_rank(b, lengths, 1, "lengths")
        contents = b.symbolic(lengths)
        if contents is None:
            raise NotCompilable("the lengths of blocks depend on data")
        sizes = contents.tolist()
        total, rows = sum(sizes), b.shape(tensor)
        require(
            b.assumptions.equal(total, rows[0]),
            f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
            f"{total} and value's shape is: {show(rows)}",
        )
        if not sizes or not all(b.assumptions.equal(size, sizes[0]) for size in sizes):
            raise NotCompilable("a list has elements of different lengths")
        return self.unstack(b.reshape(tensor, (len(sizes), sizes[0], *rows[1:])), declared)

    def longest(self, indices: Value) -> Value:
        contents = self.b.static(indices)
        return self.b.constant(np.int32(contents.max(initial=-1) + 1))

    def join(self, first: CompiledList, second: CompiledList) -> CompiledList:
        shape = None if first.elements is None else self.b.shape(first.elements)[1:]
        other, tail = second.known(self, shape)
        head = first.shaped(self, self.b.shape(tail)[1:])
        rows = [found._all(self, None) for found in (head, other)]
        return self.unstack(self.b.concatenate(rows, 0), first.declared)

    def zero(self) -> Value:
        return self.b.constant(np.float32(0))

    def sum(self, first: CompiledList, second: CompiledList) -> CompiledList:
        if second.elements is None:
            return first
        b = self.b
        own = first.shaped(self, b.shape(second.elements)[1:])
        assert own.elements is not None
        require(
            b.assumptions.equal(own.capacity, second.capacity),
            "Trying to add two lists of tensors with different lengths. "
            f"One is {own.capacity} and the other is {second.capacity}",
        )
        total = b.add(own.elements, second.elements)
        return replace(own, elements=total, pushed=UNKNOWN)

    def new_handle(self, dtype: DType, dynamic: bool = False) -> LocalHandle:
        return LocalHandle(self.b.location, dtype, dynamic)

    def gradient_handle(self, handle: LocalHandle, source: str) -> LocalHandle:
        self.require_handle(handle)
        if source not in handle.gradients:
            name = f"{handle.name}@{source}"
            handle.gradients[source] = LocalHandle(name, handle.dtype, False, handle)
        return handle.gradients[source]

    def require_handle(self, handle: object) -> None:
        """Raise InvalidArgumentError for a resource that is no array or stack."""
        kind = type(handle).__name__
        require(isinstance(handle, LocalHandle), f"handle is a {kind}, not an array or stack")

    def contents(self, handle: LocalHandle) -> CompiledList:
        """The list that a handle stands for; the gradients of an array begin as zeros."""
        self.require_handle(handle)
        local = self.b.state.local
        if handle not in local:
            if handle.origin is None:
                raise fail(f"'{handle.name}' has been closed")
            local[handle] = self.contents(handle.origin).zeros(self)
        found = local[handle]
        assert isinstance(found, CompiledList)
        return found

    def replace(self, handle: LocalHandle, contents: CompiledList) -> None:
        self.b.state.local[handle] = contents

    # Contents

    def contents_of(self, item: Value) -> Pushed:
        """What is known of an element's contents when the code is made."""
        found = self.b.symbolic(item)
        if found is None or item.type.dtype.is_floating:
            return UNKNOWN
        return Pushed(tuple(found.ravel().tolist()), found.shape)

    def value_of(self, pushed: Pushed, dtype: DType) -> Value | None:
        """The element that all elements are."""
        if pushed.contents is None:
            return None
        b = self.b
        if not any(isinstance(size, Expr) for size in pushed.contents):
            array = np.array(pushed.contents, dtype.numpy).reshape(pushed.shape)
            return b.constant(array, dtype)
        return b.reshape(shape_vector(b, pushed.contents, dtype), pushed.shape)

    # Indices

    def counts_all(self, indices: Value, length: Value) -> bool:
        """Whether the indices are known to be 0, 1, ... up to the last one of a list."""
        b = self.b
        known, rows = b.symbolic(indices), b.symbolic(length)
        if rows is None:
            return False
        if known is not None:
            return bool(known.tolist() == list(range(len(known))) and rows.item() == len(known))
        if not _counts(indices):
            return False
        count: Dim = rows.item()
        return b.assumptions.size(b.shape(indices)[0]) == count

    def check_indices(self, indices: Value, length: Value) -> None:
        """Fail the step where an index is outside of a list."""
        b = self.b
        limit = b.broadcast_to(length, b.shape(indices))
        inside = b.and_(b.ge(indices, 0), b.lt(indices, limit))
        check_all(
            b,
            inside,
            "Tried to access elements outside of a list",
            _outside_of_list(indices, length),
        )


def _outside_of_list(indices: Value, length: Value) -> Evidence:
    return culprit(
        (indices, length),
        lambda array, size: (array < 0) | (array >= size),
        lambda place, array, size: (
            f"Tried to access element {array[place]} of a list (array) of {size} elements"
        ),
    )


def _counts(value: Value) -> bool:
    """Whether a vector is 0, 1, 2 ... as `Range` builds it."""
    while not isinstance(value, Parameter):
        instruction = value.instruction
        if instruction.primitive == "iota":
            return value.type.rank == 1
        operands = [o for o in instruction.operands if not _is_neutral(o, instruction.primitive)]
        if instruction.primitive not in ("add", "multiply", "convert") or len(operands) != 1:
            return False
        value = operands[0]
    return False


def _is_neutral(value: Value, primitive: str) -> bool:
    """Whether adding (multiplying by) a value changes nothing."""
    while not isinstance(value, Parameter):
        instruction = value.instruction
        if instruction.primitive == "constant":
            neutral = {"multiply": 1, "add": 0}.get(primitive)
            return bool(np.all(instruction.attributes["value"] == neutral))
        if instruction.primitive != "broadcast_in_dim":
            return False
        value = instruction.operands[0]
    return False
