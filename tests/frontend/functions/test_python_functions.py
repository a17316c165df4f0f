"""Functions in Python, and the functions that parse records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.ir.proto import Example


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feeds)


def test_a_function_of_arrays() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.py_func(lambda a: np.cumsum(a).astype(np.float32), [x], tf.float32)
    y.set_shape([None])
    assert run(y * 2, {x: [1, 2, 3]}).tolist() == [2, 6, 12]


def test_several_results_and_strings() -> None:
    def split(text: bytes, number: Any) -> Any:
        assert isinstance(text, bytes) and isinstance(number, np.int32)
        return text.upper(), np.int64(len(text)), ["a", "b"]

    results = tf.py_func(
        split, [tf.constant("xyz"), tf.constant(1)], [tf.string, tf.int64, tf.string]
    )
    text, size, letters = run(results)
    assert (text, size, letters.tolist()) == (b"XYZ", 3, [b"a", b"b"])


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda: 1.5, tf.errors.InvalidArgumentError, "is float64, but expects float32"),
        (lambda: (1, 2), tf.errors.InvalidArgumentError, "returns 2 values, but expects to see 1"),
        (lambda: [][0], tf.errors.UnknownError, "IndexError: list index out of range"),
        (lambda: int("x"), tf.errors.InvalidArgumentError, "ValueError: invalid literal"),
        (lambda: next(iter([])), tf.errors.OutOfRangeError, "StopIteration"),
    ],
)
def test_functions_that_fail(function: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run(tf.py_func(function, [], tf.float32))


def test_a_gradient_by_override() -> None:
    """The recipe by which programs give a function in Python its gradient."""

    @tf.RegisterGradient("SquareOfTest")
    def _(op: Any, grad: Any) -> Any:
        return grad * 2 * op.inputs[0]

    x = tf.constant([1.0, 2.0])
    with tf.get_default_graph().gradient_override_map({"PyFunc": "SquareOfTest"}):
        y = tf.py_func(lambda a: a * a, [x], [tf.float32])[0]
    assert run(tf.gradients(y, x)[0]).tolist() == [2, 4]


def test_a_function_is_not_saved() -> None:
    tf.py_func(lambda: np.float32(1), [], tf.float32, name="f")
    saved = tf.get_default_graph().as_graph_def()
    for node in saved.node:
        node.attr["token"].s = b"pyfunc_of_another_process"
    with tf.Graph().as_default():
        tf.import_graph_def(saved, name="")
        with pytest.raises(tf.errors.InvalidArgumentError, match="not saved with its graph"):
            run("f:0")


# Records


def example(number: int) -> bytes:
    made = Example()
    made.features.feature["n"].int64_list.value.append(number)
    made.features.feature["x"].float_list.value.extend([number, number + 0.5])
    if number % 2:
        made.features.feature["words"].bytes_list.value.extend([b"odd"] * number)
    return bytes(made.SerializeToString())


FEATURES = {
    "n": tf.FixedLenFeature([], tf.int64),
    "x": tf.FixedLenFeature([2], tf.float32),
    "missing": tf.FixedLenFeature([], tf.string, "none"),
    "words": tf.VarLenFeature(tf.string),
    "open": tf.FixedLenSequenceFeature([], tf.float32, allow_missing=True),
}


def test_a_batch_of_examples() -> None:
    texts = tf.placeholder(tf.string, [None])
    parsed = tf.parse_example(texts, FEATURES)
    assert parsed["x"].shape.as_list() == [None, 2]
    found = run(parsed, {texts: [example(1), example(2)]})
    assert found["n"].tolist() == [1, 2]
    assert found["x"].tolist() == [[1, 1.5], [2, 2.5]]
    assert found["missing"].tolist() == [b"none", b"none"]
    assert found["words"].values.tolist() == [b"odd"]
    assert found["words"].dense_shape.tolist() == [2, 1]
    assert found["open"].shape == (2, 0)


def test_one_example() -> None:
    found = run(tf.parse_single_example(tf.constant(example(3)), FEATURES))
    assert found["n"] == 3
    assert found["x"].tolist() == [3, 3.5]
    assert found["words"].dense_shape.tolist() == [3]


def test_features_that_are_none() -> None:
    with pytest.raises(ValueError, match="Missing"):
        tf.parse_example(["x"], {})
    with pytest.raises(ValueError, match="must be fully known"):
        tf.parse_example(["x"], {"a": tf.FixedLenFeature([None], tf.int64)})
    with pytest.raises(ValueError, match="Unsupported"):
        tf.parse_example(["x"], {"a": tf.int64})
