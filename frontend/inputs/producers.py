"""Queues that a runner fills from a tensor: file names, numbers, slices; several epochs of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.frontend.aliases import ShapeLike, TensorLike
from flowc.frontend.collections import GraphKeys
from flowc.frontend.conversion import convert
from flowc.frontend.functions.control import assert_that, identity
from flowc.frontend.functions.filling import range_
from flowc.frontend.functions.mathematics import cast, greater
from flowc.frontend.functions.random import random_shuffle
from flowc.frontend.functions.selection import gather
from flowc.frontend.functions.shaping import Name, shape, size
from flowc.frontend.functions.strings import matching_files
from flowc.frontend.inputs.queue_runners import QueueRunner, add_queue_runner
from flowc.frontend.inputs.queues import FIFOQueue
from flowc.frontend.scopes import control_dependencies, name_scope
from flowc.frontend.summaries.functions import scalar
from flowc.frontend.variables.variable import Variable
from flowc.ir import dtypes


def match_filenames_once(pattern: TensorLike, name: Name = None) -> Variable:
    """A local variable with the names of the files that match, as they are when it is made."""
    with name_scope(name, "matching_filenames", [pattern]) as scope:
        return Variable(
            name=scope,
            initial_value=matching_files(pattern),
            trainable=False,
            validate_shape=False,
            collections=[GraphKeys.LOCAL_VARIABLES],
        )


def limit_epochs(tensor: TensorLike, num_epochs: int | None = None, name: Name = None) -> Any:
    """The tensor; the run after the first `num_epochs` raises OutOfRangeError.

    A local variable counts. Raises ValueError for a limit below 1.
    """
    if num_epochs is None:
        return tensor
    if num_epochs <= 0:
        raise ValueError(f"num_epochs must be > 0 not {num_epochs}.")
    with name_scope(name, "limit_epochs", [tensor]) as scope:
        epochs = Variable(
            convert(0, dtypes.int64),
            name="epochs",
            trainable=False,
            collections=[GraphKeys.LOCAL_VARIABLES],
        )
        with control_dependencies([epochs.count_up_to(num_epochs)]):
            return identity(tensor, name=scope)


def input_producer(
    input_tensor: TensorLike,
    element_shape: ShapeLike | None = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    summary_name: str | None = None,
    name: Name = None,
    cancel_op: Any = None,
) -> FIFOQueue:
    """A queue that a runner fills with the tensor's rows, in another order for each epoch.

    Raises ValueError where the rows' shape is not known.
    """
    with name_scope(name, "input_producer", [input_tensor]) as scope:
        tensor = convert(input_tensor, name="input_tensor")
        rows = tensor.shape[1:].merge_with(element_shape)
        if not rows.is_fully_defined():
            raise ValueError(
                "Either `input_tensor` must have a fully defined shape or `element_shape` must be "
                "specified"
            )
        if shuffle:
            tensor = random_shuffle(tensor, seed=seed)
        tensor = limit_epochs(tensor, num_epochs)
        queue = FIFOQueue(capacity, [tensor.dtype], [rows], shared_name=shared_name, name=scope)
        fill = queue.enqueue_many([tensor])
        add_queue_runner(QueueRunner(queue, [fill], cancel_op=cancel_op))
        if summary_name is not None:
            scalar(summary_name, fullness(queue.size(), capacity))
        return queue


def fullness(elements: Any, capacity: int) -> Any:
    """Which part of a queue is filled, float32[]."""
    return cast(elements, dtypes.float32) * (1.0 / capacity)


def string_input_producer(
    string_tensor: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: Name = None,
    cancel_op: Any = None,
) -> FIFOQueue:
    """A queue of strings, such as file names for a reader.

    Raises ValueError for an empty list; running it raises InvalidArgumentError for an empty tensor.
    """
    missing = "string_input_producer requires a non-null input tensor"
    if not hasattr(string_tensor, "dtype") and not string_tensor:
        raise ValueError(missing)
    with name_scope(name, "input_producer", [string_tensor]) as scope:
        strings = convert(string_tensor, dtypes.string)
        with control_dependencies([assert_that(greater(size(strings), 0), [missing])]):
            strings = identity(strings)
        return input_producer(
            strings,
            [],
            num_epochs,
            shuffle,
            seed,
            capacity,
            shared_name,
            f"fraction_of_{capacity}_full",
            scope,
            cancel_op,
        )


def range_input_producer(
    limit: TensorLike,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: Name = None,
) -> FIFOQueue:
    """A queue of the integers from 0 up to `limit`, without it."""
    with name_scope(name, "input_producer", [limit]) as scope:
        return input_producer(
            range_(limit),
            [],
            num_epochs,
            shuffle,
            seed,
            capacity,
            shared_name,
            f"fraction_of_{capacity}_full",
            scope,
        )


def slice_input_producer(
    tensor_list: Sequence[Any],
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: Name = None,
) -> list[Any]:
    """One row of each tensor, the same of all, another one in each run.

    Raises ValueError where there are no tensors.
    """
    with name_scope(name, "input_producer", list(tensor_list)):
        tensors = [convert(tensor) for tensor in tensor_list]
        if not tensors:
            raise ValueError("Expected at least one tensor in slice_input_producer().")
        queue = range_input_producer(
            shape(tensors[0])[0], num_epochs, shuffle, seed, capacity, shared_name
        )
        index = queue.dequeue()
        return [gather(tensor, index) for tensor in tensors]
