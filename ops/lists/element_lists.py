"""Lists of tensors: what `TensorList`s, `TensorArray`s and stacks all hold.

An op on lists is one function of a `Lists`, which makes lists and keeps those that handles stand
for, and of lists, which know how to get, set, push and pop. There are two kinds of each: in
compiled code (`compiled_lists`) a list is one tensor of equal elements, on the host (`host_lists`)
it holds any elements. So an op that is written once here is compiled where all elements have one
shape that the code can know, and else runs on the host.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Protocol, TypeAlias

from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder
from flowc.ops.registry import OpDefinition, op

Sizes: TypeAlias = "tuple[Any, ...] | None"  # an element's shape, as far as it is known


class ElementList(Protocol):
    """An immutable list; a change gives a new list. Indices and lengths are int32 scalars.

    Raises InvalidArgumentError, or makes the step do so, for an index outside of the list.
    """

    @property
    def dtype(self) -> DType: ...
    @property
    def declared(self) -> Sizes: ...
    @property
    def length(self) -> Any: ...
    def get(self, lists: Any, index: Any, shape: Sizes) -> Any: ...
    def set(self, lists: Any, index: Any, item: Any) -> Any: ...
    def add(self, lists: Any, index: Any, item: Any) -> Any: ...
    def push(self, lists: Any, item: Any) -> Any: ...
    def pop(self, lists: Any, shape: Sizes) -> tuple[Any, Any]: ...
    def resize(self, lists: Any, size: Any) -> Any: ...
    def reserve_index(self, lists: Any, index: Any) -> Any: ...
    def stack(self, lists: Any, shape: Sizes) -> Any: ...
    def gather(self, lists: Any, indices: Any, shape: Sizes) -> Any: ...
    def scatter(self, lists: Any, indices: Any, items: Any, accumulate: bool) -> Any: ...
    def concat(self, lists: Any, shape: Sizes) -> tuple[Any, Any]: ...
    def zeros(self, lists: Any) -> Any: ...


class Lists(Protocol):
    """Makes lists, and keeps the contents of arrays and stacks."""

    def sizes(self, shape: Any) -> Sizes:
        """The shape in a tensor of a shape: -1 stands for an unknown size, or alone for a rank."""

    def shape_tensor(self, shape: Sizes, dtype: DType) -> Any:
        """The converse of `sizes`."""

    def size_of(self, value: Any, axis: int) -> Any:
        """A size of a tensor, as an int32 scalar."""

    def element_shape(self, tensor: Any) -> Sizes:
        """The shape of the rows of a tensor."""

    def dtype_of(self, tensor: Any) -> DType:
        """The element type of a tensor."""

    def number(self, value: Any) -> Any:
        """An int32 scalar as an int or a size. Raises DataDependent where it must be known."""

    def is_longer(self, size: Any, other: Any) -> bool:
        """Whether one int32 scalar is greater than another."""

    def reserve(self, dtype: DType, declared: Sizes, size: Any) -> Any:
        """A list of `size` elements that have not been set."""

    def empty(self, dtype: DType, declared: Sizes, most: Any) -> Any:
        """A list without elements, to which at most `most` are pushed if that is not negative."""

    def unstack(self, tensor: Any, declared: Sizes) -> Any:
        """The list of a tensor's rows."""

    def split(self, tensor: Any, lengths: Any, declared: Sizes) -> Any:
        """The list of a tensor's blocks of rows."""

    def longest(self, indices: Any) -> Any:
        """One more than the greatest of the indices."""

    def join(self, first: Any, second: Any) -> Any:
        """The elements of one list after those of another."""

    def zero(self) -> Any:
        """The float32 scalar that orders operations on an array."""

    def sum(self, first: Any, second: Any) -> Any:
        """The list of sums of the elements of two lists."""

    def new_handle(self, dtype: DType, dynamic: bool = False) -> Any:
        """State of this step; `dynamic` if it may grow."""

    def gradient_handle(self, handle: Any, source: str) -> Any:
        """The state that holds the gradients of another, for one `source`; zeros at first."""

    def require_handle(self, handle: Any) -> None:
        """Raise InvalidArgumentError for a resource that is no array or stack."""

    def contents(self, handle: Any) -> Any:
        """The list that a handle stands for."""

    def replace(self, handle: Any, contents: Any) -> None:
        """Change the list that a handle stands for."""


Function: TypeAlias = Callable[..., Any]


def list_op(text: str, *, stateful: bool = False) -> Callable[[Function], OpDefinition]:
    """Decorator: define an op by a function of a `Lists`, compiled and on the host."""

    def define(function: Function) -> OpDefinition:
        @wraps(function)
        def lower(b: Builder, *inputs: Any, **attributes: Any) -> Any:
            return function(compiled_lists(b), *inputs, **attributes)

        @wraps(function)
        def kernel(*inputs: Any, **attributes: Any) -> Any:
            return function(host_lists(), *inputs, **attributes)

        definition = op(text, stateful=stateful)(lower)
        definition.on_host(kernel)
        return definition

    return define


def compiled_lists(b: Builder) -> Lists:
    """Where lists of compiled code are made."""
    from flowc.ops.lists.compiled_lists import CompiledLists

    return CompiledLists(b)


def host_lists() -> Lists:
    """Where lists of the host are made."""
    from flowc.ops.lists.host_lists import HOST

    return HOST


def is_list(value: Any) -> bool:
    """Whether a variant is a list, compiled or on the host."""
    return hasattr(value, "declared") and hasattr(value, "push")


def merge_sizes(first: Sizes, second: Sizes) -> Sizes:
    """What two statements of one shape say together; the first counts where they differ."""
    if first is None or second is None:
        return second if first is None else first
    if len(first) != len(second):
        return first
    return tuple(b if a is None else a for a, b in zip(first, second, strict=True))


def is_known(shape: Sizes) -> bool:
    """Whether rank and all sizes are known."""
    return shape is not None and None not in shape


def agree(first: Sizes, second: Sequence[Any]) -> bool:
    """Whether a shape may be one that is known in part; unlike symbols may be equal."""
    if first is None:
        return True
    return len(first) == len(second) and not any(
        isinstance(a, int) and isinstance(b, int) and a != b
        for a, b in zip(first, second, strict=True)
    )
