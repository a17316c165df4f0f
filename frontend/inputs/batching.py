"""Batches: `tf.train.batch` and its kin, which put tensors into a queue and take several out.

Threads of a queue runner evaluate the tensors and fill the queue; the result is what a step takes
out of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowc.frontend.composites import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowc.frontend.control_flow.conditionals import smart_cond
from flowc.frontend.conversion import convert
from flowc.frontend.elements import Operation
from flowc.frontend.functions.control import no_op
from flowc.frontend.functions.mathematics import maximum
from flowc.frontend.functions.selection import boolean_mask
from flowc.frontend.functions.shaping import Name
from flowc.frontend.inputs.producers import fullness
from flowc.frontend.inputs.queue_runners import QueueRunner, add_queue_runner
from flowc.frontend.inputs.queues import (
    FIFOQueue,
    PaddingFIFOQueue,
    QueueBase,
    RandomShuffleQueue,
    common_shape,
)
from flowc.frontend.inputs.sparse_batches import store
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import TensorShape
from flowc.frontend.summaries.functions import scalar


class _Inputs:
    """The tensors of one or several producers, ready for a queue."""

    def __init__(self, given: Sequence[Any], keep_input: Any, enqueue_many: bool) -> None:
        self.form = given[0]
        self.many = enqueue_many
        self.keep = _keep(keep_input, enqueue_many)
        lists = [_converted(tensors) for tensors in given]
        if len({len(tensors) for tensors in lists}) > 1:
            raise ValueError("Expected the same number of tensors in each list.")
        for tensors in lists:
            if [t.dtype for t in tensors] != [t.dtype for t in lists[0]]:
                raise TypeError(
                    f"Expected types to be consistent: {[t.dtype for t in tensors]} "
                    f"vs. {[t.dtype for t in lists[0]]}."
                )
        self.lists, self.sparse = store(lists, enqueue_many, self.keep)
        self.dtypes = [tensor.dtype for tensor in self.lists[0]]

    def shapes(self, given: Any) -> list[TensorShape]:
        """The elements' shapes: those given, or what the tensors have in common."""
        if given is not None:
            return [TensorShape(shape) for shape in given]
        columns = zip(*self.lists, strict=True)
        return [common_shape([self._element(t) for t in column]) for column in columns]

    def _element(self, tensor: Any) -> TensorShape:
        shape: TensorShape = tensor.shape
        return shape.with_rank_at_least(1)[1:] if self.many else shape

    def enqueue(self, queue: QueueBase, threads: int) -> None:
        """Add a runner with `threads` threads for each list."""
        fills = [self._fill(queue, tensors) for tensors in self.lists]
        add_queue_runner(QueueRunner(queue, fills * threads))

    def _fill(self, queue: QueueBase, tensors: list[Any]) -> Operation:
        put = queue.enqueue_many if self.many else queue.enqueue
        if self.keep.shape.ndims == 1:
            return put([boolean_mask(tensor, self.keep) for tensor in tensors])
        done = smart_cond(self.keep, lambda: put(tensors), no_op)
        return done if isinstance(done, Operation) else done.op

    def result(self, batch: Any) -> Any:
        """A batch in the form in which the tensors were given."""
        whole = self.sparse.restore(batch)
        if not isinstance(self.form, Mapping):
            return whole
        parts = whole if isinstance(whole, list) else [whole]
        return dict(zip(sorted(self.form), parts, strict=True))


def _keep(keep_input: Any, many: bool) -> Any:
    keep = convert(keep_input)
    rank = keep.shape.ndims
    if rank is None:
        raise ValueError("`keep_input` dimensions must be known at graph construction.")
    if not many and rank == 1:
        raise ValueError("`keep_input` cannot be a vector when `enqueue_many=False`.")
    if rank > 1:
        raise ValueError("`keep_input` must be 0 or 1 dimensions.")
    return keep


def _converted(tensors: Any) -> list[Any]:
    if isinstance(tensors, Mapping):
        tensors = [tensors[key] for key in sorted(tensors)]
    if not isinstance(tensors, list | tuple):
        raise ValueError(f"Expected a list of tensors, got {type(tensors)}")
    if not tensors:
        raise ValueError("Expected at least one tensor in batch().")
    return [
        t if isinstance(t, SparseTensor) else convert_to_tensor_or_sparse_tensor(t) for t in tensors
    ]


def _values(given: Sequence[Any]) -> list[Any]:
    """All tensors, for the name scope."""
    lists = (t.values() if isinstance(t, Mapping) else t for t in given)
    return [tensor for tensors in lists for tensor in tensors if hasattr(tensor, "op")]


def _batch(
    given: Sequence[Any],
    keep_input: Any,
    batch_size: Any,
    threads: int,
    capacity: int,
    enqueue_many: bool,
    shapes: Any,
    dynamic_pad: bool,
    allow_smaller: bool,
    shared_name: str | None,
    name: Name,
    default_name: str,
) -> Any:
    with name_scope(name, default_name, _values(given)) as scope:
        inputs = _Inputs(given, keep_input, enqueue_many)
        kind = PaddingFIFOQueue if dynamic_pad else FIFOQueue
        queue = kind(capacity, inputs.dtypes, inputs.shapes(shapes), shared_name=shared_name)
        inputs.enqueue(queue, threads)
        scalar(f"fraction_of_{capacity}_full", fullness(queue.size(), capacity))
        take = queue.dequeue_up_to if allow_smaller else queue.dequeue_many
        return inputs.result(take(batch_size, name=scope))


def _shuffle_batch(
    given: Sequence[Any],
    keep_input: Any,
    batch_size: Any,
    threads: int,
    capacity: int,
    least: int,
    seed: int | None,
    enqueue_many: bool,
    shapes: Any,
    allow_smaller: bool,
    shared_name: str | None,
    name: Name,
    default_name: str,
) -> Any:
    with name_scope(name, default_name, _values(given)) as scope:
        if capacity <= least:
            raise ValueError(f"capacity {capacity} must be bigger than min_after_dequeue {least}.")
        inputs = _Inputs(given, keep_input, enqueue_many)
        queue = RandomShuffleQueue(
            capacity,
            least,
            inputs.dtypes,
            inputs.shapes(shapes),
            seed=seed,
            shared_name=shared_name,
        )
        inputs.enqueue(queue, threads)
        scalar(
            f"fraction_over_{least}_of_{capacity}_full",
            fullness(maximum(0, queue.size() - least), capacity - least),
        )
        take = queue.dequeue_up_to if allow_smaller else queue.dequeue_many
        return inputs.result(take(batch_size, name=scope))


def batch(
    tensors: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: Name = None,
) -> Any:
    """Batches of `tensors`, a list or a dictionary, which `num_threads` threads evaluate.

    With `enqueue_many` each row is an element. With `dynamic_pad` elements may differ in their
    sizes and are padded. A run after the last batch raises OutOfRangeError. Raises ValueError where
    the shapes are not known and `shapes` does not tell them.
    """
    return maybe_batch(
        tensors,
        True,
        batch_size,
        num_threads,
        capacity,
        enqueue_many,
        shapes,
        dynamic_pad,
        allow_smaller_final_batch,
        shared_name,
        name,
    )


def maybe_batch(
    tensors: Any,
    keep_input: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: Name = None,
) -> Any:
    """`batch` of those elements for which `keep_input` holds, bool[] or a vector for rows."""
    return _batch(
        [tensors],
        keep_input,
        batch_size,
        num_threads,
        capacity,
        enqueue_many,
        shapes,
        dynamic_pad,
        allow_smaller_final_batch,
        shared_name,
        name,
        "batch",
    )


def batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: Name = None,
) -> Any:
    """`batch` with a thread for each of several lists of tensors."""
    return maybe_batch_join(
        tensors_list,
        True,
        batch_size,
        capacity,
        enqueue_many,
        shapes,
        dynamic_pad,
        allow_smaller_final_batch,
        shared_name,
        name,
    )


def maybe_batch_join(
    tensors_list: Any,
    keep_input: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: Name = None,
) -> Any:
    """`batch_join` of those elements for which `keep_input` holds."""
    return _batch(
        tensors_list,
        keep_input,
        batch_size,
        1,
        capacity,
        enqueue_many,
        shapes,
        dynamic_pad,
        allow_smaller_final_batch,
        shared_name,
        name,
        "batch_join",
    )


def shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: Name = None,
) -> Any:
    """`batch` of elements in random order: there are `min_after_dequeue` more to choose from.

    Raises ValueError where `capacity` is no larger than that.
    """
    return maybe_shuffle_batch(
        tensors,
        batch_size,
        capacity,
        min_after_dequeue,
        True,
        num_threads,
        seed,
        enqueue_many,
        shapes,
        allow_smaller_final_batch,
        shared_name,
        name,
    )


def maybe_shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: Name = None,
) -> Any:
    """`shuffle_batch` of those elements for which `keep_input` holds."""
    return _shuffle_batch(
        [tensors],
        keep_input,
        batch_size,
        num_threads,
        capacity,
        min_after_dequeue,
        seed,
        enqueue_many,
        shapes,
        allow_smaller_final_batch,
        shared_name,
        name,
        "shuffle_batch",
    )


def shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: Name = None,
) -> Any:
    """`shuffle_batch` with a thread for each of several lists of tensors."""
    return maybe_shuffle_batch_join(
        tensors_list,
        batch_size,
        capacity,
        min_after_dequeue,
        True,
        seed,
        enqueue_many,
        shapes,
        allow_smaller_final_batch,
        shared_name,
        name,
    )


def maybe_shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: Name = None,
) -> Any:
    """`shuffle_batch_join` of those elements for which `keep_input` holds."""
    return _shuffle_batch(
        tensors_list,
        keep_input,
        batch_size,
        1,
        capacity,
        min_after_dequeue,
        seed,
        enqueue_many,
        shapes,
        allow_smaller_final_batch,
        shared_name,
        name,
        "shuffle_batch_join",
    )
