"""Queues: `tf.FIFOQueue` and its kin, which steps of several threads fill and empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Any

import numpy as np

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.elements import Operation
from flowc.frontend.functions.selection import gather
from flowc.frontend.functions.shaping import Name, stack
from flowc.frontend.scopes import name_scope
from flowc.frontend.seeds import get_seed
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes as types
from flowc.ir.dtypes import DType, as_dtype


def _as_types(dtypes: Any) -> list[DType]:
    return [as_dtype(t) for t in (dtypes if isinstance(dtypes, list | tuple) else [dtypes])]


def _as_shapes(shapes: Any, dtypes: Sequence[DType], unknown_dim: bool = False) -> list[Any]:
    """A TensorShape for each component. Raises ValueError."""
    if shapes is None:
        return [TensorShape(None)] * len(dtypes)
    if isinstance(shapes, TensorShape):
        shapes = [shapes]
    if not isinstance(shapes, list | tuple):
        raise TypeError(
            f"shapes must be a TensorShape or a list or tuple of TensorShapes, got {type(shapes)}."
        )
    if shapes and not isinstance(shapes[0], TensorShape | list | tuple | np.ndarray):
        if len(dtypes) != 1:
            raise ValueError("Queue shapes must have the same length as dtypes.")
        shapes = [shapes]
    elif not shapes and len(dtypes) == 1:
        shapes = [()]
    found = [TensorShape(shape) for shape in shapes]
    if len(found) != len(dtypes):
        raise ValueError(
            f"Queue shapes must have the same length as dtypes, received len(shapes)={len(found)}, "
            f"len(dtypes)={len(dtypes)}"
        )
    if not unknown_dim and not all(shape.is_fully_defined() for shape in found):
        raise ValueError(f"All shapes must be fully defined: {found}")
    return found


def _as_names(names: Any, dtypes: Sequence[DType]) -> list[str] | None:
    if not names:
        return None
    found = list(names) if isinstance(names, list | tuple) else [names]
    if len(found) != len(dtypes):
        raise ValueError("List of names must have the same length as the list of dtypes.")
    return found


class QueueBase:
    """What all queues offer. An element is a tuple of tensors; one with names, a dictionary."""

    def __init__(
        self,
        dtypes: Sequence[Any],
        shapes: Sequence[TensorShape],
        names: Sequence[str] | None,
        queue_ref: Any,
    ) -> None:
        if len(dtypes) != len(shapes):
            raise ValueError("Queue shapes must have the same length as dtypes.")
        if names is not None and len(names) != len(dtypes):
            raise ValueError("Queue names must have the same length as dtypes.")
        self._dtypes = [as_dtype(t) for t in dtypes]
        self._shapes = [TensorShape(shape) for shape in shapes]
        self._names = None if names is None else list(names)
        self._queue_ref = queue_ref
        self._name = queue_ref.op.name.split("/")[-1]
        self._version = "V2" if queue_ref.dtype is types.resource else ""

    @staticmethod
    def from_list(index: Any, queues: Sequence[QueueBase]) -> QueueBase:
        """The queue of that number, which is a tensor.

        Raises TypeError for what are no queues, or queues of other dtypes or names.
        """
        if (
            not queues
            or not isinstance(queues, list | tuple)
            or not all(isinstance(queue, QueueBase) for queue in queues)
        ):
            raise TypeError("A list of queues expected")
        first = queues[0]
        if any(queue.dtypes != first.dtypes for queue in queues):
            raise TypeError("Queues do not have matching component dtypes.")
        if any(queue.names != first.names for queue in queues):
            raise TypeError("Queues do not have matching component names.")
        columns = zip(*(queue.shapes for queue in queues), strict=True)
        shapes = [common_shape(parts) for parts in columns]
        chosen = gather(stack([queue.queue_ref for queue in queues]), index)
        return QueueBase(first.dtypes, shapes, first.names, chosen)

    @property
    def queue_ref(self) -> Any:
        """The tensor that stands for the queue."""
        return self._queue_ref

    @property
    def name(self) -> str:
        """The name of the operation that makes the queue."""
        name: str = self._queue_ref.op.name
        return name

    @property
    def dtypes(self) -> list[DType]:
        """The components' element types."""
        return self._dtypes

    @property
    def shapes(self) -> list[TensorShape]:
        """The components' shapes."""
        return self._shapes

    @property
    def names(self) -> list[str] | None:
        """The components' names, or None."""
        return self._names

    def _build(self, op: str, *inputs: Any, **attributes: Any) -> Any:
        return build(f"{op}{self._version}", self._queue_ref, *inputs, **attributes)

    # Putting in

    def enqueue(self, vals: Any, name: Name = None) -> Operation:
        """The operation that adds an element, waiting for room.

        Running it raises CancelledError where the queue or the session is closed. Raises ValueError
        or TypeError for tensors that do not fit.
        """
        with name_scope(name, f"{self._name}_enqueue", self._scope_values(vals)) as scope:
            components = self._components(vals)
            for tensor, shape in zip(components, self._shapes, strict=True):
                tensor.get_shape().assert_is_compatible_with(shape)
            op: Operation = self._build("QueueEnqueue", components, name=scope)
            return op

    def enqueue_many(self, vals: Any, name: Name = None) -> Operation:
        """The operation that adds an element for each row of the tensors, waiting for room."""
        with name_scope(name, f"{self._name}_EnqueueMany", self._scope_values(vals)) as scope:
            components = self._components(vals)
            rows = components[0].get_shape().with_rank_at_least(1)[:1]
            for tensor, shape in zip(components, self._shapes, strict=True):
                given = tensor.get_shape().with_rank_at_least(1)
                rows = rows.merge_with(given[:1])
                given[1:].assert_is_compatible_with(shape)
            op: Operation = self._build("QueueEnqueueMany", components, name=scope)
            return op

    @staticmethod
    def _scope_values(vals: Any) -> list[Any]:
        if isinstance(vals, list | tuple):
            return list(vals)
        return list(vals.values()) if isinstance(vals, Mapping) else [vals]

    def _components(self, vals: Any) -> list[Any]:
        values = self._in_order(vals)
        if len(values) != len(self._dtypes):
            raise ValueError(
                f"Unable to enqueue {len(values)} components into a queue with {len(self._dtypes)} "
                "components."
            )
        numbered = enumerate(zip(values, self._dtypes, strict=True))
        return [convert(value, dtype, f"component_{i}") for i, (value, dtype) in numbered]

    def _in_order(self, vals: Any) -> list[Any]:
        if isinstance(vals, Mapping):
            if self._names is None:
                raise ValueError("Queue must have names to enqueue a dictionary")
            if sorted(self._names, key=str) != sorted(vals.keys(), key=str):
                raise ValueError(
                    "Keys in dictionary to enqueue do not match names of Queue.  Dictionary: "
                    f"{sorted(vals.keys())}, Queue: {sorted(self._names)}"
                )
            return [vals[name] for name in self._names]
        if self._names is not None:
            raise ValueError("You must enqueue a dictionary in a Queue with names")
        return list(vals) if isinstance(vals, list | tuple) else [vals]

    # Taking out

    def dequeue(self, name: Name = None) -> Any:
        """An element, for which running it waits: a tensor, a list of them, or a dictionary.

        Running it raises OutOfRangeError where the queue is closed and empty, CancelledError where
        the session is closed.
        """
        found = self._build(
            "QueueDequeue", component_types=self._dtypes, name=name or f"{self._name}_Dequeue"
        )
        return self._element(found, self._shapes)

    def dequeue_many(self, n: TensorLike, name: Name = None) -> Any:
        """`n` elements as one, their number in front of each shape.

        Running it raises OutOfRangeError where the queue is closed and has fewer.
        """
        found = self._build(
            "QueueDequeueMany",
            n,
            component_types=self._dtypes,
            name=name or f"{self._name}_DequeueMany",
        )
        size = TensorShape([_constant(found[0].op.inputs[1])])
        return self._element(found, [size.concatenate(shape) for shape in self._shapes])

    def dequeue_up_to(self, n: TensorLike, name: Name = None) -> Any:
        """`n` elements as one; fewer, but at least one, where the queue is closed."""
        found = self._build(
            "QueueDequeueUpTo",
            n,
            component_types=self._dtypes,
            name=name or f"{self._name}_DequeueUpTo",
        )
        size = TensorShape([None])
        return self._element(found, [size.concatenate(shape) for shape in self._shapes])

    def _element(self, tensors: Sequence[Any], shapes: Sequence[TensorShape]) -> Any:
        for tensor, shape in zip(tensors, shapes, strict=True):
            tensor.set_shape(shape)
        if self._names is not None:
            return dict(zip(self._names, tensors, strict=True))
        return tensors[0] if len(tensors) == 1 else list(tensors)

    # The queue as a whole

    def close(self, cancel_pending_enqueues: bool = False, name: Name = None) -> Operation:
        """The operation that lets nothing further in; what waits to enter may be cancelled."""
        op: Operation = self._build(
            "QueueClose",
            cancel_pending_enqueues=cancel_pending_enqueues,
            name=name or f"{self._name}_Close",
        )
        return op

    def is_closed(self, name: Name = None) -> Any:
        """Whether the queue is closed, bool[]."""
        return self._build("QueueIsClosed", name=name or f"{self._name}_Is_Closed")

    def size(self, name: Name = None) -> Any:
        """How many elements are in the queue, int32[]."""
        return self._build("QueueSize", name=name or f"{self._name}_Size")


def common_shape(shapes: Sequence[TensorShape]) -> TensorShape:
    """The sizes in which all shapes agree."""
    if any(shape.dims is None or shape.ndims != shapes[0].ndims for shape in shapes):
        return TensorShape(None)
    columns = zip(*(shape.as_list() for shape in shapes), strict=True)
    return TensorShape([sizes[0] if len(set(sizes)) == 1 else None for sizes in columns])


def _constant(tensor: Any) -> int | None:
    contents = tensor.contents()
    value = None if contents is None else contents.item()
    return value if isinstance(value, int) else None


class FIFOQueue(QueueBase):
    """First in, first out. Elements have `shapes`, or any where none are given."""

    def __init__(
        self,
        capacity: int,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "fifo_queue",
    ) -> None:
        types = _as_types(dtypes)
        checked, labels = _as_shapes(shapes, types), _as_names(names, types)
        queue = build(
            "FIFOQueueV2",
            component_types=types,
            shapes=_attribute(shapes, checked),
            capacity=capacity,
            shared_name=shared_name or "",
            name=name,
        )
        super().__init__(types, checked, labels, queue)


class PaddingFIFOQueue(QueueBase):
    """First in, first out; batches are padded with zeros where `shapes` leave a size open."""

    def __init__(
        self,
        capacity: int,
        dtypes: Any,
        shapes: Any,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "padding_fifo_queue",
    ) -> None:
        types = _as_types(dtypes)
        checked = _as_shapes(shapes, types, unknown_dim=True)
        labels = _as_names(names, types)
        queue = build(
            "PaddingFIFOQueueV2",
            component_types=types,
            shapes=checked,
            capacity=capacity,
            shared_name=shared_name or "",
            name=name,
        )
        super().__init__(types, checked, labels, queue)


class RandomShuffleQueue(QueueBase):
    """A random element comes out; `min_after_dequeue` stay until the queue is closed."""

    def __init__(
        self,
        capacity: int,
        min_after_dequeue: int,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        seed: int | None = None,
        shared_name: str | None = None,
        name: str = "random_shuffle_queue",
    ) -> None:
        types = _as_types(dtypes)
        checked, labels = _as_shapes(shapes, types), _as_names(names, types)
        first, second = get_seed(seed)
        if first is None and second is None:
            first, second = 0, 0
        elif seed is None and shared_name is not None:
            # All that share the queue must ask for the same seeds.
            second = _hash(shared_name)
        queue = build(
            "RandomShuffleQueueV2",
            component_types=types,
            shapes=_attribute(shapes, checked),
            capacity=capacity,
            min_after_dequeue=min_after_dequeue,
            seed=first,
            seed2=second,
            shared_name=shared_name or "",
            name=name,
        )
        super().__init__(types, checked, labels, queue)


class PriorityQueue(QueueBase):
    """The element with the least priority, an int64 scalar in front of `types`, comes out."""

    def __init__(
        self,
        capacity: int,
        types: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "priority_queue",
    ) -> None:
        kinds = _as_types(types)
        checked = _as_shapes(shapes, kinds)
        queue = build(
            "PriorityQueueV2",
            component_types=kinds,
            shapes=_attribute(shapes, checked),
            capacity=capacity,
            shared_name=shared_name or "",
            name=name,
        )
        full = [as_dtype("int64"), *kinds]
        super().__init__(full, [TensorShape([]), *checked], _as_names(names, full), queue)


def _attribute(given: Any, shapes: list[Any]) -> list[Any]:
    """Shapes as the op has them: none where none are given."""
    return [] if given is None else shapes


def _hash(text: str) -> int:
    """A number below 2**31 that depends on the text alone."""
    return int(md5(text.encode()).hexdigest()[:8], 16) & 0x7FFFFFFF
