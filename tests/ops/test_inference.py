"""Static shape inference remembers what it found, and finds it in linear time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.ir.tensor.core import Parameter
from flowc.ops import inference
from flowc.ops.calling import call_inference
from flowc.ops.inference import Inference
from flowc.ops.registry import OPS


@pytest.fixture(autouse=True)
def graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The ops whose lowerings inference runs."""
    ran: list[str] = []

    def note(b: Any, definition: Any, *rest: Any) -> Any:
        ran.append(definition.name)
        return call_inference(b, definition, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(inference, "call_inference", note)
        yield ran


def layer(x: Any) -> Any:
    """Sizes are computed, read, and decide about what follows."""
    v = tf.Variable(np.ones(4, np.float32))
    sizes = tf.concat([tf.shape(x)[:1], [2, 2]], 0)
    return tf.reshape(tf.reshape(x * v, sizes), [-1, 4])


def test_equal_layers_run_the_lowerings_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    with counted(monkeypatch) as ran:
        x = layer(layer(x))
        twice = len(ran)
        for _ in range(10):
            x = layer(x)
    handles = [name for name in ran[twice:] if name == "VarHandleOp"]
    assert x.shape.as_list() == [None, 4]
    assert len(handles) == 10  # each is another variable, by name
    assert len(ran) == twice + len(handles)


def test_contents_are_part_of_what_is_remembered() -> None:
    x = tf.placeholder(tf.float32, [6, 4])
    for sizes in ([3, 8], [8, 3], [3, 8], [-1, 2], [8, 3]):
        expected = np.zeros((6, 4)).reshape(sizes).shape
        assert tuple(tf.reshape(x, sizes).shape.as_list()) == expected


def test_floats_that_compare_equal_are_told_apart() -> None:
    for limit in (0.0, -0.0, 2.5, 4.0, 2.5):
        length = tf.range(0.0, tf.constant(limit), 1.0).shape.as_list()
        assert length == [len(np.arange(0.0, limit, 1.0))]


def test_one_operand_given_twice_is_not_two() -> None:
    """Both operands are asked for, though the first time they are one."""
    a, b = tf.constant([1, 2]), tf.constant([3, 0])
    assert tf.fill(a + a, 0.0).shape.as_list() == [2, 4]
    assert tf.fill(a + b, 0.0).shape.as_list() == [4, 2]
    assert tf.fill(b + a, 0.0).shape.as_list() == [4, 2]


def test_a_variable_that_is_passed_on_is_the_own_one() -> None:
    first, second = (
        tf.Variable(np.ones(2), name=name, use_resource=False) for name in ("first", "second")
    )
    for update in [tf.assign_add(v, [1.0, 1.0]) for v in (first, second)]:
        assert update._abstract is update.op.inputs[0]._abstract


def test_unknown_sizes_are_symbols_of_each_graph() -> None:
    known = Inference()
    definition = OPS["Fill"]
    attrs = {"T": tf.float32, "index_type": tf.int32}
    operands = [inference.abstract(tf.int32, [1]), inference.abstract(tf.float32, [])]
    first, second = (known.infer(definition, operands, attrs)[0] for _ in range(2))
    assert isinstance(first, Parameter) and isinstance(second, Parameter)
    assert first.type.shape != second.type.shape


def test_contents_that_data_decide_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums of sums: the paths through the graph are exponentially many."""
    x, y = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [])
    for _ in range(60):
        x, y = y, x + y
    asked: list[str] = []
    find = tf.Operation.contents_of

    def note(op: Any, index: int) -> Any:
        asked.append(op.name)
        return find(op, index)

    monkeypatch.setattr(tf.Operation, "contents_of", note)
    for _ in range(3):
        assert tf.fill([y], 1.0).shape.as_list() == [None]
    assert len(asked) < 3 * 70


def test_contents_are_looked_for_again_when_more_is_known() -> None:
    x = tf.placeholder(tf.float32)
    rank = tf.rank(x)
    assert tf.fill([rank], 1.0).shape.as_list() == [None]
    x.set_shape([None, 2, 3])
    assert tf.fill([rank], 1.0).shape.as_list() == [3]
