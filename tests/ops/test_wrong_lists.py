"""Lists of tensors with indices, sizes and shapes that do not fit, compiled and on the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

PAIR = np.array([2], np.int32)
ZEROS = np.zeros(2, np.float32)
OUTSIDE = [-1, 3, 2**31 - 1, -(2**31)]
Feeds = dict[Any, Any]


def fed(feeds: Feeds, value: Any) -> Any:
    """A placeholder of unknown shape: whether it fits shows when it runs."""
    array = np.asarray(value)
    placeholder = tf.placeholder(array.dtype)
    feeds[placeholder] = array
    return placeholder


def three(feeds: Feeds) -> Any:
    """A list of three pairs."""
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    return build("TensorListFromTensor", fed(feeds, rows), PAIR)


def get(feeds: Feeds, index: Any) -> Any:
    return build(
        "TensorListGetItem", three(feeds), fed(feeds, index), PAIR, element_dtype=tf.float32
    )


def put(feeds: Feeds, index: Any, item: Any = ZEROS) -> Any:
    changed = build("TensorListSetItem", three(feeds), fed(feeds, index), fed(feeds, item))
    return build("TensorListStack", changed, PAIR, element_dtype=tf.float32)


def gather(feeds: Feeds, index: Any) -> Any:
    indices = np.array([0, index], np.int32)
    return build(
        "TensorListGather", three(feeds), fed(feeds, indices), PAIR, element_dtype=tf.float32
    )


def scatter(feeds: Feeds, index: Any) -> Any:
    indices = np.array([0, index], np.int32)
    made = build(
        "TensorListScatterV2",
        fed(feeds, np.zeros((2, 2), np.float32)),
        fed(feeds, indices),
        PAIR,
        3,
    )
    return build("TensorListLength", made)


def array_of(feeds: Feeds) -> Any:
    rows = fed(feeds, np.arange(6, dtype=np.float32).reshape(3, 2))
    return tf.TensorArray(tf.float32, 3, clear_after_read=False).unstack(rows)


ACCESSES: dict[str, Callable[[Feeds, Any], Any]] = {
    "get": get,
    "set": put,
    "gather": gather,
    "scatter": scatter,
    "read": lambda feeds, i: array_of(feeds).read(fed(feeds, i)),
    "write": lambda feeds, i: array_of(feeds).write(fed(feeds, i), ZEROS).stack(),
    "gather array": lambda feeds, i: array_of(feeds).gather(fed(feeds, np.array([i, 0], np.int32))),
}


def refused(build_: Callable[[Feeds], Any]) -> None:
    """The call is an InvalidArgumentError, or a ValueError where the graph is built."""
    feeds: Feeds = {}
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        fetched = build_(feeds)
        with tf.Session() as session:
            session.run(fetched, feeds)


@pytest.mark.parametrize("index", OUTSIDE)
@pytest.mark.parametrize("access", ACCESSES)
def test_indices_outside(access: str, index: int) -> None:
    refused(lambda feeds: ACCESSES[access](feeds, np.int32(index)))


@pytest.mark.parametrize("access", ["get", "set", "read", "write"])
def test_indices_that_are_no_scalars(access: str) -> None:
    refused(lambda feeds: ACCESSES[access](feeds, np.array([0, 1], np.int32)))


@pytest.mark.parametrize("shape", [(3,), (2, 2), ()])
def test_elements_of_another_shape(shape: tuple[int, ...]) -> None:
    item = np.zeros(shape, np.float32)
    refused(lambda feeds: put(feeds, np.int32(0), item))
    refused(
        lambda feeds: build(
            "TensorListLength", build("TensorListPushBack", three(feeds), fed(feeds, item))
        )
    )
    refused(
        lambda feeds: build(
            "TensorListStack", three(feeds), np.array(shape, np.int32), element_dtype=tf.float32
        )
    )


@pytest.mark.parametrize("size", [-1, -(2**31)])
def test_negative_sizes(size: int) -> None:
    refused(
        lambda feeds: build(
            "TensorListLength",
            build("TensorListReserve", PAIR, fed(feeds, np.int32(size)), element_dtype=tf.float32),
        )
    )
    refused(
        lambda feeds: build(
            "TensorListLength", build("TensorListResize", three(feeds), fed(feeds, np.int32(size)))
        )
    )


def test_elements_of_another_dtype() -> None:
    refused(lambda feeds: build("TensorListGetItem", three(feeds), 0, PAIR, element_dtype=tf.int32))
    refused(lambda feeds: build("TensorListStack", three(feeds), PAIR, element_dtype=tf.int64))
    refused(
        lambda feeds: build(
            "TensorListLength", build("TensorListPushBack", three(feeds), np.zeros(2, np.int32))
        )
    )


def test_nothing_to_pop() -> None:
    empty = build("EmptyTensorList", PAIR, -1, element_dtype=tf.float32)
    refused(lambda _: build("TensorListPopBack", empty, PAIR, element_dtype=tf.float32)[1])


@pytest.mark.parametrize("lengths", [[1, 1], [4, -1], [1, 2**40]])
def test_blocks_that_do_not_fill_a_tensor(lengths: list[int]) -> None:
    def split(feeds: Feeds) -> Any:
        rows, counts = fed(feeds, np.zeros((3, 2), np.float32)), np.array(lengths, np.int64)
        made = build("TensorListSplit", rows, [-1, 2], fed(feeds, counts))
        return build("TensorListLength", made)

    refused(split)


def test_a_list_as_long_as_its_indices_ask() -> None:
    feeds: Feeds = {}
    made = build(
        "TensorListScatterV2",
        fed(feeds, np.ones((2, 2), np.float32)),
        fed(feeds, np.array([4, 1], np.int32)),
        PAIR,
        -1,
    )
    with tf.Session() as session:
        found = session.run(build("TensorListStack", made, PAIR, element_dtype=tf.float32), feeds)
    assert found[:, 0].tolist() == [0, 1, 0, 0, 1]
