"""The ops on queues. A queue's handle is the queue itself, by reference or by resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, Handle, UnknownValue, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, show
from flowc.ops.registry import OpDefinition, host_op
from flowc.ops.resources import Element, Place, Queue, QueueSpec, Session, Shape, names_of

_ENDLESS = 2**31 - 1


# Making


def _fifo(
    *,
    component_types: tuple[DType, ...],
    shapes: tuple[Shape, ...],
    capacity: int,
    container: str,
    shared_name: str,
    context: Session,
) -> Queue:
    spec = QueueSpec("FIFOQueue", component_types, shapes, _capacity(capacity))
    return context.resources.queue(Place(container, shared_name, context.node), spec)


def _padding(
    *,
    component_types: tuple[DType, ...],
    shapes: tuple[Shape, ...],
    capacity: int,
    container: str,
    shared_name: str,
    context: Session,
) -> Queue:
    require(
        len(shapes) == len(component_types),
        f"PaddingFIFOQueue must have shapes for all {len(component_types)} components",
    )
    require(all(s is not None for s in shapes), "PaddingFIFOQueue needs shapes of known rank")
    spec = QueueSpec("PaddingFIFOQueue", component_types, shapes, _capacity(capacity))
    return context.resources.queue(Place(container, shared_name, context.node), spec)


def _shuffle(
    *,
    component_types: tuple[DType, ...],
    shapes: tuple[Shape, ...],
    capacity: int,
    min_after_dequeue: int,
    seed: int,
    seed2: int,
    container: str,
    shared_name: str,
    context: Session,
) -> Queue:
    size = _capacity(capacity)
    spec = QueueSpec(
        "RandomShuffleQueue", component_types, shapes, size, min_after_dequeue, (seed, seed2)
    )
    return context.resources.queue(Place(container, shared_name, context.node), spec)


def _priority(
    *,
    component_types: tuple[DType, ...],
    shapes: tuple[Shape, ...],
    capacity: int,
    container: str,
    shared_name: str,
    context: Session,
) -> Queue:
    types, full = (dtypes.int64, *component_types), ((), *shapes)
    spec = QueueSpec("PriorityQueue", types, full, _capacity(capacity))
    return context.resources.queue(Place(container, shared_name, context.node), spec)


def _capacity(capacity: int) -> int:
    return _ENDLESS if capacity < 0 else capacity


def _handle(kind: str) -> Callable[[Builder], Any]:
    """Inference of a new handle."""
    if kind == "resource":
        return lambda b: abstract(b, dtypes.resource)
    return lambda b: Handle(b.location, dtypes.string, ())


_PLACE = 'container: string = "", shared_name: string = ""'
_SHAPES = "shapes: list(shape) >= 0 = [], capacity: int = -1"
_SHUFFLED = "min_after_dequeue: int = 0, seed: int = 0, seed2: int = 0"
_TYPES = "component_types: list(type) >= 1"
_HANDLES = (("", "ref(string)"), ("V2", "resource"))  # suffix of the op, type of the handle
_MADE: tuple[tuple[str, str, Callable[..., Queue]], ...] = (
    ("FIFOQueue", f"{_TYPES}, {_SHAPES}", _fifo),
    ("PaddingFIFOQueue", f"{_TYPES}, {_SHAPES}", _padding),
    ("RandomShuffleQueue", f"{_TYPES}, {_SHAPES}, {_SHUFFLED}", _shuffle),
    (
        "PriorityQueue",
        "component_types: list(type) >= 0 = [], shapes: list(shape) >= 0, capacity: int = -1",
        _priority,
    ),
)


# Using


def _check_types(queue: Queue, components: Sequence[Any], types: Sequence[DType]) -> None:
    require(
        tuple(types) == queue.types,
        f"Queue '{queue.name}' has components of types {names_of(queue.types)}, got "
        f"{names_of(types)}",
    )


def _enqueue(
    queue: Queue, components: list[Any], *, Tcomponents: tuple[DType, ...], context: Session
) -> None:
    _check_types(queue, components, Tcomponents)
    element = tuple(np.copy(component) for component in components)
    queue.check(element)
    queue.enqueue([element], context)


def _enqueue_many(
    queue: Queue, components: list[Any], *, Tcomponents: tuple[DType, ...], context: Session
) -> None:
    _check_types(queue, components, Tcomponents)
    sizes = {np.shape(component)[:1] for component in components}
    require(
        sizes != {()} and len(sizes) == 1,
        "All components must have the same size in their first dimension, got shapes "
        + ", ".join(show(np.shape(component)) for component in components),
    )
    queue.enqueue(_rows(queue, [np.copy(component) for component in components]), context)


def _rows(queue: Queue, components: list[Array]) -> Iterator[Element]:
    for number in range(len(components[0])):
        element = tuple(np.asarray(_row(component, number)) for component in components)
        queue.check(element)
        yield element


def _row(component: Array, number: int) -> Array:
    return component[number : number + 1].reshape(component.shape[1:])


def _dequeue(queue: Queue, *, component_types: tuple[DType, ...], context: Session) -> list[Any]:
    _check_types(queue, (), component_types)
    (element,) = queue.dequeue(1, False, context)
    return list(element)


def _many(fewer: bool) -> Callable[..., list[Any]]:
    def dequeue(
        queue: Queue, n: Array, *, component_types: tuple[DType, ...], context: Session
    ) -> list[Any]:
        _check_types(queue, (), component_types)
        wanted = int(n)
        require(wanted >= 0, f"DequeueMany requires n >= 0, got {wanted}")
        queue.batch([])
        return list(queue.batch(queue.dequeue(wanted, fewer, context)))

    return dequeue


def _close(queue: Queue, *, cancel_pending_enqueues: bool, context: Session) -> None:
    queue.close(cancel_pending_enqueues, context)


def _size(queue: Queue) -> Array:
    return np.asarray(len(queue), np.int32)


def _is_closed(queue: Queue) -> Array:
    return np.asarray(queue.closed)


# Inference


def _nothing(b: Builder, *inputs: Any) -> None:
    return None


def _infer_scalar(dtype: DType) -> Callable[..., Value]:
    return lambda b, *inputs: abstract(b, dtype)


def _infer_elements(
    b: Builder, *inputs: Any, component_types: tuple[DType, ...]
) -> list[UnknownValue]:
    """The queue knows the shapes; who makes the node from its Python object sets them."""
    return [UnknownValue(dtype) for dtype in component_types]


_PUT = "components: Tcomponents; Tcomponents: list(type) >= 1, timeout_ms: int = -1)"
_TAKE = f"{_TYPES}, timeout_ms: int = -1) -> components: component_types"
_USED: tuple[tuple[str, str, Callable[..., Any], Callable[..., Any]], ...] = (
    ("QueueEnqueue", f", {_PUT}", _enqueue, _nothing),
    ("QueueEnqueueMany", f", {_PUT}", _enqueue_many, _nothing),
    ("QueueDequeue", f"; {_TAKE}", _dequeue, _infer_elements),
    ("QueueDequeueMany", f", n: int32; {_TAKE}", _many(False), _infer_elements),
    ("QueueDequeueUpTo", f", n: int32; {_TAKE}", _many(True), _infer_elements),
    ("QueueClose", "; cancel_pending_enqueues: bool = false)", _close, _nothing),
    ("QueueSize", ") -> size: int32", _size, _infer_scalar(dtypes.int32)),
    ("QueueIsClosed", ") -> is_closed: bool", _is_closed, _infer_scalar(dtypes.bool_)),
)


def _define(text: str, kernel: Callable[..., Any], infer: Callable[..., Any]) -> None:
    definition: OpDefinition = host_op(text, stateful=True)(kernel)
    definition.infer(infer)
    definition.not_differentiable()


for _version, _kind in _HANDLES:
    for _name, _attributes, _make in _MADE:
        _define(
            f"{_name}{_version}(; {_attributes}, {_PLACE}) -> handle: {_kind}",
            _make,
            _handle(_kind),
        )
    for _name, _rest, _kernel, _infer in _USED:
        _define(f"{_name}{_version}(handle: {_kind}{_rest}", _kernel, _infer)
