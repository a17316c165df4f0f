"""Lists of tensors on the host: tuples of arrays of any shapes. See `element_lists`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import fail, show
from flowc.ops.lists.element_lists import Sizes, agree, is_known, merge_sizes


def _scalar(value: Any, what: str) -> int:
    array = np.asarray(value)
    require(array.ndim == 0, f"{what} must be a scalar, got shape {show(array.shape)}")
    return int(array)


@dataclass(frozen=True, eq=False)
class HostList:
    """Elements that are arrays, or lists; None for one that has not been set."""

    dtype: DType
    declared: Sizes
    elements: tuple[Any, ...]
    most: int = -1  # elements that may be pushed; any number if negative

    @property
    def length(self) -> Array:
        """How many elements there are."""
        return np.asarray(len(self.elements), np.int32)

    def _index(self, index: Any) -> int:
        number, length = _scalar(index, "index"), len(self.elements)
        require(
            0 <= number < length,
            f"Trying to access element {number} in a list with {length} elements.",
        )
        return number

    def _checked(self, item: Any) -> Any:
        if isinstance(item, np.ndarray | np.generic):
            item = np.asarray(item)
            require(
                agree(self.declared, item.shape),
                f"Tried to set a tensor with incompatible shape at a list index. Item element "
                f"shape: {show(item.shape)} list shape: {_show(self.declared)}",
            )
        return item

    def get(self, lists: HostLists, index: Any, shape: Sizes) -> Any:
        """An element; zeros for one that was not set."""
        found = self.elements[self._index(index)]
        return self._absent(shape) if found is None else _fitting(found, shape)

    def _absent(self, shape: Sizes) -> Array:
        known = merge_sizes(self.declared, shape)
        if not is_known(known):
            known = merge_sizes(known, self._common_shape())
        require(
            known is not None and is_known(known),
            "Trying to read an uninitialized element of a list, whose shape is not fully known: "
            f"{_show(known)}",
        )
        assert known is not None
        return np.zeros(known, self.dtype.numpy)

    def _common_shape(self) -> Sizes:
        return next((e.shape for e in self.elements if isinstance(e, np.ndarray)), None)

    def set(self, lists: HostLists, index: Any, item: Any) -> HostList:
        """The list with another element."""
        number, item = self._index(index), self._checked(item)
        elements = (*self.elements[:number], item, *self.elements[number + 1 :])
        return replace(self, elements=elements)

    def add(self, lists: HostLists, index: Any, item: Any) -> HostList:
        """The list with `item` added to an element."""
        old = self.elements[self._index(index)]
        if old is not None and old.shape != item.shape:
            raise fail(
                f"Could not aggregate to element {int(index)}, because the existing shape is "
                f"{show(old.shape)} but the new input shape is {show(item.shape)}."
            )
        return self.set(lists, index, item if old is None else np.asarray(old + item, old.dtype))

    def push(self, lists: HostLists, item: Any) -> HostList:
        """The list with one more element."""
        full = 0 <= self.most <= len(self.elements)
        require(
            not full,
            f"Tried to push item into a full list list size: {len(self.elements)} "
            f"max_num_elements: {self.most}",
        )
        return replace(self, elements=(*self.elements, self._checked(item)))

    def pop(self, lists: HostLists, shape: Sizes) -> tuple[HostList, Any]:
        """The list without its last element, and that."""
        require(len(self.elements) > 0, "Trying to pop from an empty list.")
        last = self.elements[-1]
        item = self._absent(shape) if last is None else _fitting(last, shape)
        return replace(self, elements=self.elements[:-1]), item

    def resize(self, lists: HostLists, size: Any) -> HostList:
        """The list cut, or made longer by elements that have not been set."""
        count = _scalar(size, "size")
        require(count >= 0, f"TensorListSlice expects size to be non-negative. Got: {count}")
        grown = (None,) * (count - len(self.elements))
        return replace(self, elements=(*self.elements[:count], *grown))

    def reserve_index(self, lists: HostLists, index: Any) -> HostList:
        """The list, long enough for the index."""
        return self.resize(lists, max(len(self.elements), _scalar(index, "index") + 1))

    def _stacked(self, elements: Sequence[Any], shape: Sizes) -> Array:
        if not elements:
            known = merge_sizes(self.declared, shape)
            require(
                known is not None and is_known(known),
                "Tried to stack elements of an empty list with non-fully-defined element_shape: "
                f"{_show(known)}",
            )
            assert known is not None
            return np.zeros((0, *known), self.dtype.numpy)
        arrays = [self._absent(shape) if e is None else _fitting(e, shape) for e in elements]
        shapes = [a.shape for a in arrays]
        differ = next((s for s in shapes if s != shapes[0]), None)
        require(
            differ is None,
            "Tried to stack list which only contains elements of inconsistent shapes: "
            f"{show(shapes[0])} and {show(differ or ())}",
        )
        return np.stack(arrays)

    def stack(self, lists: HostLists, shape: Sizes) -> Array:
        """All elements, which must have one shape."""
        return self._stacked(self.elements, shape)

    def gather(self, lists: HostLists, indices: Any, shape: Sizes) -> Array:
        """The elements at indices, which must have one shape."""
        return self._stacked([self.elements[self._index(i)] for i in indices], shape)

    def scatter(self, lists: HostLists, indices: Any, items: Any, accumulate: bool) -> HostList:
        """The list with the rows of `items` at indices."""
        _require_rows(indices, items)
        result = self
        for index, item in zip(indices, items, strict=True):
            put = result.add if accumulate else result.set
            result = put(lists, index, np.asarray(item, items.dtype))
        return result

    def concat(self, lists: HostLists, shape: Sizes) -> tuple[Array, Array]:
        """The elements joined along their first axis, and their sizes there."""
        if not self.elements:
            known = merge_sizes(self.declared, shape)
            require(
                known is not None and is_known(known[1:]),
                "All except the first dimension must be fully defined when concating an empty "
                f"tensor list. element_shape: {_show(known)}",
            )
            assert known is not None
            return np.zeros((0, *known[1:]), self.dtype.numpy), np.zeros(0, np.int64)
        arrays = [self._absent(shape) if e is None else e for e in self.elements]
        for array in arrays:
            require(
                array.ndim > 0,
                "Concat saw a scalar shape at index 0 but requires at least vectors.",
            )
            require(
                array.shape[1:] == arrays[0].shape[1:],
                "Tried to concat tensors with unequal shapes: "
                f"{show(arrays[0].shape[1:])} vs {show(array.shape[1:])}",
            )
        return np.concatenate(arrays), np.array([len(a) for a in arrays], np.int64)

    def zeros(self, lists: HostLists) -> HostList:
        """Zeros for each element that has been set."""
        elements = tuple(None if e is None else np.zeros_like(e) for e in self.elements)
        return replace(self, elements=elements)


def _show(shape: Sizes) -> str:
    if shape is None:
        return "<unknown>"
    return "[" + ",".join("?" if d is None else str(d) for d in shape) + "]"


def _fitting(array: Any, shape: Sizes) -> Any:
    if isinstance(array, np.ndarray):
        require(
            agree(shape, array.shape),
            f"Incompatible shapes: the element has shape {show(array.shape)}, asked for is "
            f"{_show(shape)}",
        )
    return array


def _require_rows(indices: Any, items: Any) -> None:
    require(indices.ndim == 1, f"indices must be a vector, got shape {show(indices.shape)}")
    require(
        items.ndim > 0 and len(items) == len(indices),
        "Expected len(indices) == values.shape[0], but saw: "
        f"{len(indices)} vs. {show(items.shape[:1])}",
    )


@dataclass(eq=False)
class HostHandle:
    """An array or stack of one step."""

    dtype: DType
    dynamic: bool = False
    origin: HostHandle | None = None
    contents: Any = None
    gradients: dict[str, HostHandle] = field(default_factory=dict)


class HostLists:
    """Makes lists of the host."""

    def sizes(self, shape: Any) -> Sizes:
        array = np.asarray(shape)
        if array.ndim == 0:
            require(array == -1, "Shape must be a vector, or -1 for an unknown one")
            return None
        return tuple(None if size < 0 else size for size in array.tolist())

    def shape_tensor(self, shape: Sizes, dtype: DType) -> Array:
        if shape is None:
            return np.asarray(-1, dtype.numpy)
        return np.array([-1 if size is None else size for size in shape], dtype.numpy)

    def size_of(self, value: Any, axis: int) -> Array:
        return np.asarray(value.shape[axis], np.int32)

    def element_shape(self, tensor: Any) -> Sizes:
        require(tensor.ndim > 0, "Tensor must be at least a vector, but saw a scalar")
        shape: tuple[int, ...] = tensor.shape[1:]
        return shape

    def dtype_of(self, tensor: Any) -> DType:
        return as_dtype(tensor.dtype)

    def number(self, value: Any) -> int:
        return _scalar(value, "size")

    def is_longer(self, size: Any, other: Any) -> bool:
        return int(size) > int(other)

    def reserve(self, dtype: DType, declared: Sizes, size: Any) -> HostList:
        count = _scalar(size, "size")
        require(
            count >= 0,
            f"The num_elements to reserve must be a non negative number, but got {count}",
        )
        return HostList(dtype, declared, (None,) * count)

    def empty(self, dtype: DType, declared: Sizes, most: Any) -> HostList:
        return HostList(dtype, declared, (), _scalar(most, "max_num_elements"))

    def unstack(self, tensor: Any, declared: Sizes) -> HostList:
        self.element_shape(tensor)
        rows = tuple(np.asarray(row, tensor.dtype) for row in tensor)
        found = HostList(as_dtype(tensor.dtype), declared, rows)
        for row in rows[:1]:
            found._checked(row)
        return found

    def split(self, tensor: Any, lengths: Any, declared: Sizes) -> HostList:
        require(
            lengths.ndim == 1,
            f"Expected lengths to be a vector, received shape: {show(lengths.shape)}",
        )
        self.element_shape(tensor)
        require(
            int(lengths.sum()) == len(tensor) and bool((lengths >= 0).all()),
            "Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
            f"{int(lengths.sum())} and value's shape is: {show(tensor.shape)}",
        )
        ends = np.cumsum(lengths).tolist()
        blocks = tuple(tensor[e - n : e] for e, n in zip(ends, lengths.tolist(), strict=True))
        return HostList(as_dtype(tensor.dtype), declared, blocks)

    def longest(self, indices: Any) -> Array:
        return np.asarray(indices.max(initial=-1) + 1, np.int32)

    def join(self, first: HostList, second: HostList) -> HostList:
        return replace(first, elements=(*first.elements, *second.elements))

    def zero(self) -> Array:
        return np.zeros((), np.float32)

    def sum(self, first: HostList, second: HostList) -> HostList:
        pairs = zip(first.elements, second.elements, strict=True)
        elements = tuple(
            b if a is None else a if b is None else np.asarray(a + b, a.dtype) for a, b in pairs
        )
        return replace(first, elements=elements)

    def new_handle(self, dtype: DType, dynamic: bool = False) -> HostHandle:
        return HostHandle(dtype, dynamic)

    def gradient_handle(self, handle: HostHandle, source: str) -> HostHandle:
        self.require_handle(handle)
        if source not in handle.gradients:
            zeros = handle.contents.zeros(self)
            handle.gradients[source] = HostHandle(handle.dtype, False, handle, zeros)
        return handle.gradients[source]

    def require_handle(self, handle: object) -> None:
        """Raise InvalidArgumentError for a resource that is no array or stack."""
        kind = type(handle).__name__
        require(isinstance(handle, HostHandle), f"handle is a {kind}, not an array or stack")

    def contents(self, handle: HostHandle) -> Any:
        self.require_handle(handle)
        return handle.contents

    def replace(self, handle: HostHandle, contents: Any) -> None:
        handle.contents = contents


HOST = HostLists()
