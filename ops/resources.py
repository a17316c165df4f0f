"""What host kernels ask of the session: live resources, and waiting for other steps.

A resource lives from run to run, so it belongs to the runtime (`runtime/resources/`); here is what
kernels know of it. The handle of a resource is the resource itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import show

Element: TypeAlias = tuple[Any, ...]  # of a queue: a tensor for each component
Shape: TypeAlias = tuple[int | None, ...] | None
Record: TypeAlias = tuple[bytes, bytes]  # key and value
Cut: TypeAlias = Callable[[bytes], Iterator[Record]]  # a file's name -> its records


class Waiting(Protocol):
    """How a kernel waits for other steps of the session."""

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Return when `ready()` is true; meanwhile other steps run."""

    def notify(self) -> None:
        """Let those that wait look again."""


@dataclass(frozen=True, slots=True)
class Place:
    """Under which name a resource is found again: the shared one, or that of its node."""

    container: str
    shared_name: str
    node: str

    @property
    def name(self) -> str:
        """The name inside of the container."""
        return self.shared_name or self.node


# Queues and readers


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """What a queue is made of. `shapes` is empty where elements may have any shape."""

    kind: str  # the name of its op without a version
    types: tuple[DType, ...]
    shapes: tuple[Shape, ...]
    capacity: int
    least: int = 0  # how many elements stay in a RandomShuffleQueue
    seeds: tuple[int, int] = (0, 0)  # of a RandomShuffleQueue


def names_of(types: Iterable[DType]) -> str:
    """The types of a queue's components as messages write them."""
    return "[" + ", ".join(dtype.name for dtype in types) + "]"


@runtime_checkable
class Queue(Protocol):
    """A queue of tuples of tensors."""

    name: str
    types: tuple[DType, ...]
    closed: bool

    def __len__(self) -> int: ...

    def check(self, element: Element) -> None:
        """Raises InvalidArgumentError for tensors of other shapes than the queue's."""

    def batch(self, elements: list[Element]) -> Element:
        """Elements as tensors with one more dimension in front.

        Raises InvalidArgumentError where the queue's shapes do not allow that.
        """

    def enqueue(self, elements: Iterable[Element], waiting: Waiting) -> None:
        """Append elements, waiting for room. Raises CancelledError."""

    def dequeue(self, wanted: int, fewer: bool, waiting: Waiting) -> list[Element]:
        """That many elements; when the queue is closed, `fewer` may do. Raises OutOfRangeError."""

    def close(self, cancel: bool, waiting: Waiting) -> None:
        """Let no further elements in. Raises CancelledError for a closed queue."""


@runtime_checkable
class Reader(Protocol):
    """It takes file names from a queue, and gives the files' records one by one."""

    produced: int  # records
    finished: int  # files

    def read(self, queue: Queue, waiting: Waiting) -> Record:
        """The next record; raises OutOfRangeError after the last file of a closed queue."""

    def read_up_to(self, count: int, queue: Queue, waiting: Waiting) -> list[Record]:
        """Up to `count` records of one file, at least one."""

    def reset(self) -> None:
        """Begin anew."""

    def state(self) -> bytes:
        """What has been done so far. Raises UnimplementedError."""

    def restore(self, content: bytes) -> None:
        """Take up a state. Raises UnimplementedError, InvalidArgumentError."""


# Accumulators


@runtime_checkable
class Accumulator(Protocol):
    """Gradients of one step."""

    dtype: DType
    step: int
    count: int


@runtime_checkable
class DenseAccumulator(Accumulator, Protocol):
    """Adds tensors of one shape."""

    def add(self, gradient: Array, step: int) -> None:
        """Add a gradient, unless its step is over."""

    def taken(self, wanted: int, waiting: Waiting) -> Array:
        """The mean or the sum, when there are that many gradients."""


@runtime_checkable
class SparseAccumulator(Accumulator, Protocol):
    """Adds rows by their indices."""

    def add_rows(self, indices: Array, values: Array, shape: tuple[int, ...], step: int) -> None:
        """Add rows, unless their step is over. `shape` is that of the whole, where it is known."""

    def taken_rows(self, wanted: int, waiting: Waiting) -> tuple[Array, Array, Array]:
        """Sorted indices, the means or sums of their rows, and the shape of the whole."""


# Tables


@dataclass(frozen=True)
class TableSpec:
    """What a table is made of, and how tensors are read as its keys and values.

    Keys are bytes or numbers, vector keys tuples of them. A `fixed` table is filled once.
    """

    key: DType
    value: DType
    value_shape: tuple[int, ...] = ()
    key_shape: tuple[int, ...] = ()
    fixed: bool = False
    reserved: dict[Any, str] = field(default_factory=dict)  # keys that must not be used, and why

    def keys_of(self, tensor: Array, dtype: DType) -> list[Any]:
        """The keys in a tensor. Raises InvalidArgumentError for keys of another type."""
        require(
            dtype is self.key,
            f"Key must be type {self.key.name} but got {dtype.name}",
        )
        depth = len(self.key_shape)
        shape = tensor.shape[tensor.ndim - depth :] if depth else ()
        require(
            shape == self.key_shape,
            f"Expected key shape {show(self.key_shape)} got {show(tensor.shape)}",
        )
        if not depth:
            return list(tensor.ravel().tolist())
        rows = tensor.reshape(-1, int(np.prod(self.key_shape)))
        return [tuple(row) for row in rows.tolist()]

    def usable_keys_of(self, tensor: Array, dtype: DType) -> list[Any]:
        """The same; raises InvalidArgumentError also for a key that stands for none."""
        keys = self.keys_of(tensor, dtype)
        if self.reserved:
            for key in keys:
                require(key not in self.reserved, self.reserved.get(key, ""))
        return keys

    def values_of(self, tensor: Array, dtype: DType, keys: Array) -> Array:
        """The values in a tensor, one in each row, as many as there are keys."""
        require(
            dtype is self.value,
            f"Expected value type {self.value.name} but got {dtype.name}",
        )
        shape = self.shape_of_values(keys)
        require(
            tensor.shape == shape,
            f"Expected shape {show(shape)} for value, got {show(tensor.shape)}",
        )
        return tensor.reshape(-1, *self.value_shape)

    def shape_of_values(self, keys: Array) -> tuple[int, ...]:
        """The shape of a tensor with a value for each key."""
        return (*keys.shape[: keys.ndim - len(self.key_shape)], *self.value_shape)


@runtime_checkable
class Table(Protocol):
    """Keys to values."""

    spec: TableSpec
    entries: dict[Any, Any]
    is_initialized: bool

    def fill(self, entries: dict[Any, Any]) -> None:
        """Give a fixed table its entries. Raises FailedPreconditionError where it has others."""


# Sparse tensors


@runtime_checkable
class SparseMap(Protocol):
    """Sparse tensors (indices, values, shape) by number. What is taken is forgotten."""

    def add(self, indices: Array, values: Array, shape: Array) -> int:
        """The number of a tensor."""

    def take(self, number: int) -> tuple[Array, Array, Array]:
        """The tensor of a number. Raises InvalidArgumentError."""


# The session


class Resources(Protocol):
    """The resources of a session: found by their place, made where there is none.

    All raise InvalidArgumentError where one is found that is made of something else.
    """

    @property
    def values(self) -> dict[str, Any]:
        """What else a kernel keeps for its node from run to run, by a name of its own."""

    def queue(self, place: Place, spec: QueueSpec) -> Queue: ...
    def reader(self, place: Place, kind: str, cut: Cut, is_saved: bool) -> Reader: ...
    def accumulator(
        self, place: Place, dtype: DType, shape: Shape, reduction: str, *, is_sparse: bool
    ) -> Accumulator: ...
    def table(self, place: Place | None, spec: TableSpec) -> Table: ...
    def sparse_map(self, place: Place) -> SparseMap: ...


class Session(Waiting, Protocol):
    """What a kernel that asks for its `context` may use."""

    @property
    def node(self) -> str: ...
    @property
    def resources(self) -> Resources: ...
    def records(self, path: str, compression: str, start: int) -> Iterator[tuple[int, bytes]]:
        """The records of a TFRecord file from an offset on, each with the offset behind it."""
