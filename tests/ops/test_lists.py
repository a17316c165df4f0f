"""Lists of tensors, arrays and optionals where the corpus has no case, compiled and on the host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture(params=["compiled", "host"])
def place(request: pytest.FixtureRequest) -> str:
    """Where the lists of a test are: elements of several shapes are for the host alone."""
    return str(request.param)


def unstacked(place: str, rows: Any = ROWS) -> Any:
    """A list of rows; on the host it once had another element as well."""
    handle = build("TensorListFromTensor", rows, [-1])
    if place == "compiled":
        return handle
    pushed = build("TensorListPushBack", handle, np.zeros(5, np.float32))
    return build("TensorListPopBack", pushed, [-1], element_dtype=tf.float32)[0]


def run(*fetches: Any, **feeds: Any) -> list[Any]:
    with tf.Session() as session:
        return list(session.run(list(fetches)))


def items(handle: Any, shape: Any = (-1,)) -> Any:
    return build("TensorListStack", handle, list(shape), element_dtype=tf.float32)


def test_scatter_makes_a_list_long_enough(place: str) -> None:
    made = build("TensorListScatter", ROWS, [2, 0, 3], [2])
    exact = build("TensorListScatterV2", ROWS, [2, 0, 3], [2], 6)
    free = build("TensorListScatterV2", ROWS, [2, 0, 3], [2], -1)
    joined = build("TensorListConcatLists", made, unstacked(place), element_dtype=tf.float32)
    found = run(items(made), items(exact), items(free), items(joined))
    expected = np.zeros((4, 2), np.float32)
    expected[[2, 0, 3]] = ROWS
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(found[1], np.concatenate([expected, np.zeros((2, 2))]))
    np.testing.assert_array_equal(found[2], expected)
    np.testing.assert_array_equal(found[3], np.concatenate([expected, ROWS]))


def test_resizing(place: str) -> None:
    handle = unstacked(place)
    longer, shorter = (build("TensorListResize", handle, n) for n in (5, 2))
    found = run(items(longer, [2]), items(shorter))
    np.testing.assert_array_equal(found[0], np.concatenate([ROWS, np.zeros((2, 2))]))
    np.testing.assert_array_equal(found[1], ROWS[:2])


def test_setting_an_item_beyond_the_end(place: str) -> None:
    longer = build(
        "TensorListSetItem",
        unstacked(place),
        4,
        np.ones(2, np.float32),
        resize_if_index_out_of_bounds=True,
    )
    (found,) = run(items(longer, [2]))
    np.testing.assert_array_equal(found, np.concatenate([ROWS, np.zeros((1, 2)), np.ones((1, 2))]))


def test_joining_elements(place: str) -> None:
    rows = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    handle = build("TensorListFromTensor", rows, [-1, 2])
    values, lengths = build("TensorListConcat", handle, element_dtype=tf.float32)
    again = build("TensorListSplit", values, [-1, 2], lengths)
    found = run(values, lengths, items(again, [-1, 2]))
    np.testing.assert_array_equal(found[0], rows.reshape(6, 2))
    np.testing.assert_array_equal(found[1], [2, 2, 2])
    np.testing.assert_array_equal(found[2], rows)


def test_sums_and_zeros(place: str) -> None:
    handle = unstacked(place)
    total = build("AddN", [handle, handle, unstacked(place)])
    found = run(items(total), items(build("ZerosLike", handle)))
    np.testing.assert_array_equal(found[0], 3 * ROWS)
    np.testing.assert_array_equal(found[1], 0 * ROWS)


def test_a_list_of_lists() -> None:
    outer = build("EmptyTensorList", -1, -1, element_dtype=tf.variant)
    for rows in (ROWS, ROWS[:1]):
        inner = build("TensorListFromTensor", rows, [-1])
        outer = build("TensorListPushBack", outer, inner)
    rest, last = build("TensorListPopBack", outer, -1, element_dtype=tf.variant)
    _, first = build("TensorListPopBack", rest, -1, element_dtype=tf.variant)
    found = run(items(last), items(first), build("TensorListLength", outer))
    np.testing.assert_array_equal(found[0], ROWS[:1])
    np.testing.assert_array_equal(found[1], ROWS)
    assert found[2] == 2


@pytest.mark.parametrize("index", [-1, 3, 1 << 30])
def test_an_index_outside_of_a_list(place: str, index: int) -> None:
    at = tf.placeholder_with_default(np.int32(index), [])
    handle = unstacked(place)
    for wrong in (
        build("TensorListGetItem", handle, at, [-1], element_dtype=tf.float32),
        items(build("TensorListSetItem", handle, at, np.ones(2, np.float32))),
        build("TensorListGather", handle, tf.stack([at, 0]), [-1], element_dtype=tf.float32),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError):
            run(wrong)


def test_elements_of_another_shape_than_declared(place: str) -> None:
    handle = build("TensorListReserve", [2], 3, element_dtype=tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="incompatible shape"):
        run(items(build("TensorListSetItem", handle, 0, np.ones(3, np.float32))))


def test_elements_of_unlike_shapes_do_not_stack() -> None:
    handle = build(
        "TensorListPushBack", build("TensorListFromTensor", ROWS, [-1]), np.ones(3, np.float32)
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="inconsistent shapes"):
        run(items(handle))


def test_an_array_of_another_type() -> None:
    handle, flow = build("TensorArrayV3", 3, dtype=tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="TensorArray dtype is float32"):
        run(build("TensorArrayWriteV3", handle, 0, np.int32(1), flow))


def test_an_array_grows_where_it_may() -> None:
    handle, flow = build("TensorArrayV3", 0, dtype=tf.float32, dynamic_size=True)
    flow = build("TensorArrayWriteV3", handle, 2, np.ones(2, np.float32), flow)
    flow = build("TensorArrayWriteV3", handle, 0, 2 * np.ones(2, np.float32), flow)
    size = build("TensorArraySizeV3", handle, flow)
    values = build("TensorArrayGatherV3", handle, [2, 0], flow, dtype=tf.float32)
    found = run(size, values)
    assert found[0] == 3
    assert found[1].tolist() == [[1, 1], [2, 2]]


def test_gradients_written_twice_add_up() -> None:
    handle, flow = build("TensorArrayV3", 2, dtype=tf.float32)
    flow = build("TensorArrayScatterV3", handle, [0, 1], ROWS[:2], flow)
    grad, back = build("TensorArrayGradV3", handle, flow, source="gradients")
    same, _ = build("TensorArrayGradV3", handle, flow, source="gradients")
    back = build("TensorArrayWriteV3", grad, 1, ROWS[1], back)
    back = build("TensorArrayWriteV3", same, 1, ROWS[2], back)
    (found,) = run(build("TensorArrayGatherV3", grad, [0, 1], back, dtype=tf.float32))
    np.testing.assert_array_equal(found, [[0, 0], ROWS[1] + ROWS[2]])


def test_gradients_with_more_dimensions_in_front() -> None:
    handle, flow = build("TensorArrayV3", 2, dtype=tf.float32, element_shape=[2])
    grad, back = build("TensorArrayGradWithShape", handle, flow, [3], source="jacobian")
    back = build("TensorArrayWriteV3", grad, 0, ROWS, back)
    with tf.control_dependencies([build("TensorArrayCloseV3", grad)]):
        found = build("TensorArrayReadV3", grad, 0, back, dtype=tf.float32)
    np.testing.assert_array_equal(run(found)[0], ROWS)


def test_optionals() -> None:
    some = build("OptionalFromValue", [ROWS, np.int32(3)])
    none = build("OptionalNone")
    values = build(
        "OptionalGetValue", some, output_types=[tf.float32, tf.int32], output_shapes=[None, None]
    )
    found = run(*values, *(build("OptionalHasValue", o) for o in (some, none)))
    np.testing.assert_array_equal(found[0], ROWS)
    assert found[1:] == [3, True, False]
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not have a value"):
        run(build("OptionalGetValue", none, output_types=[tf.int32], output_shapes=[None])[0])


def test_references_through_frames() -> None:
    """A loop may carry a reference to a variable."""
    w = tf.get_variable("w", initializer=np.float32(1), use_resource=False)
    entered = build("RefEnter", w._ref(), frame_name="f", is_constant=True)
    i = build("Enter", tf.constant(0), frame_name="f")
    merge = build("Merge", [i, i]).output
    going = build("LoopCond", merge < 3)
    switch = build("Switch", merge, going)
    with tf.control_dependencies([switch.output_true]):
        added = build("AssignAdd", entered, 2.0)
    with tf.control_dependencies([added]):
        merge.op.replace_input(1, build("NextIteration", switch.output_true + 1))
    done = build("Exit", switch.output_false)
    with tf.Session() as session:
        session.run(w.initializer)
        session.run(done)
        assert session.run(w) == 7
