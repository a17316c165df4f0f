"""Tensors: static shapes, operators, indexing, and what they refuse."""

from typing import Any

import numpy as np
import pytest

import flowc as tf


def shape_of(tensor: Any) -> Any:
    return None if tensor.shape.dims is None else tensor.shape.as_list()


def test_identity_and_hash() -> None:
    x, y = tf.constant(1), tf.constant(1)
    assert x == x
    assert x != y
    assert {x: 1, y: 2}[x] == 1


def test_what_a_tensor_is_not() -> None:
    x = tf.constant([1, 2])
    with pytest.raises(TypeError, match="as a Python `bool` is not allowed"):
        bool(x)
    with pytest.raises(TypeError, match="only iterable when eager execution"):
        list(x)
    with pytest.raises(TypeError, match="len is not well defined"):
        len(x)
    with pytest.raises(NotImplementedError, match="Cannot convert a symbolic Tensor"):
        np.array(x)


def test_printing() -> None:
    x = tf.placeholder(tf.float32, [2, None], name="x")
    assert str(x) == 'Tensor("x:0", shape=(2, ?), dtype=float32)'
    assert repr(x) == "<tf.Tensor 'x:0' shape=(2, ?) dtype=float32>"
    assert str(tf.placeholder(tf.int32, name="y")) == 'Tensor("y:0", dtype=int32)'


def test_set_shape() -> None:
    x = tf.placeholder(tf.float32)
    x.set_shape([None, 3])
    assert shape_of(x) == [None, 3]
    x.set_shape([2, None])
    assert shape_of(tf.exp(x)) == [2, 3]
    with pytest.raises(ValueError, match="are not compatible"):
        x.set_shape([4, 3])


def test_consumers() -> None:
    x = tf.constant(1.0)
    y = x * x
    assert x.consumers() == [y.op]


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        (0, [None, 5]),
        ((slice(None), 1), [4, 5]),
        (Ellipsis, [4, None, 5]),
        ((Ellipsis, 0), [4, None]),
        ((0, Ellipsis, tf.newaxis), [None, 5, 1]),
        (slice(1, -1), [2, None, 5]),
        (slice(None, None, -1), [4, None, 5]),
        ((tf.newaxis, 0, slice(None), slice(0, 4, 3)), [1, None, 2]),
        (slice(1, None), [3, None, 5]),
    ],
)
def test_indexing(spec: Any, shape: Any) -> None:
    x = tf.placeholder(tf.float32, [4, None, 5])
    assert shape_of(x[spec]) == shape


def test_indexing_with_tensors() -> None:
    x = tf.placeholder(tf.float32, [4, 5])
    i = tf.placeholder(tf.int32, [])
    assert shape_of(x[i]) == [5]
    assert shape_of(x[i:]) == [None, 5]
    assert shape_of(x[:, tf.constant(2, tf.int64)]) == [4]


def test_masks_of_a_strided_slice() -> None:
    x = tf.placeholder(tf.float32, [4, 5])
    attrs = x[:2, ..., tf.newaxis, -1].op.attrs
    assert attrs["begin_mask"] == 1
    assert attrs["ellipsis_mask"] == 2
    assert attrs["new_axis_mask"] == 4
    assert attrs["shrink_axis_mask"] == 8


@pytest.mark.parametrize("index", [1.5, "a", [1.0], True + 0.5])
def test_bad_indices(index: Any) -> None:
    with pytest.raises(TypeError, match="valid indices"):
        tf.constant([1, 2])[index]


def test_operators_on_unlike_types() -> None:
    with pytest.raises(TypeError, match="Input 'y' of 'AddV2' Op has type float32"):
        tf.constant(1) + 1.5
    with pytest.raises(TypeError, match=r"must have the same dtype"):
        tf.constant(1) / tf.constant(1.0)
    with pytest.raises(TypeError, match="Input 'y' of 'Mul' Op has type int32 that does not match"):
        tf.constant(1.0) * tf.constant(1)


def test_division() -> None:
    x = tf.constant([3, 4])
    assert (x / 2).dtype is tf.float64
    assert (x // 2).dtype is tf.int32
    assert (tf.constant(3, tf.int8) / tf.constant(2, tf.int8)).dtype is tf.float32
    assert (1.0 / tf.constant(2.0)).op.type == "RealDiv"


def test_numpy_leaves_operators_to_the_tensor() -> None:
    total = np.ones(3, np.float32) + tf.constant([1.0, 2.0, 3.0])
    assert isinstance(total, tf.Tensor)
    assert shape_of(total) == [3]


# Static shapes that follow from the graph


def test_sizes_computed_by_the_graph() -> None:
    x = tf.placeholder(tf.float32, [None, 4, 6])
    shape = tf.shape(x)
    assert shape_of(tf.reshape(x, [-1, 24])) == [None, 24]
    assert shape_of(tf.reshape(x, [shape[0], 24])) == [None, 24]
    assert shape_of(tf.reshape(x, tf.stack([shape[0], shape[1] * 6]))) == [None, 24]
    assert shape_of(tf.zeros(tf.concat([shape[:1], [7]], 0))) == [None, 7]
    assert shape_of(tf.zeros(shape[1:])) == [4, 6]
    assert shape_of(tf.tile(x, [1, 2, 1])) == [None, 8, 6]
    assert shape_of(tf.reshape(x, tf.placeholder(tf.int32, [2]))) == [None, None]
    assert shape_of(tf.reshape(x, tf.placeholder(tf.int32))) is None


def test_equal_constants_are_told_apart() -> None:
    x = tf.placeholder(tf.float32, [2, 3, 4])
    pairs = [x[tf.stack([i])[0] : tf.stack([j])[0]] for i, j in ((0, 1), (1, 2))]
    assert [shape_of(p) for p in pairs] == [[1, 3, 4], [1, 3, 4]]


def test_broadcasting() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.placeholder(tf.float32, [2, 1])
    assert shape_of(x + y) == [2, 3]
    assert shape_of(x + tf.placeholder(tf.float32, [None, 3])) == [None, 3]
    assert shape_of(x + tf.placeholder(tf.float32)) is None


def test_an_error_shows_operands_and_lines() -> None:
    a = tf.placeholder(tf.float32, [None, 784], name="x")
    b = tf.placeholder(tf.float32, [512, 10], name="w")
    with pytest.raises(ValueError) as caught:
        tf.matmul(a, b, name="layer1")
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("MatMul 'layer1': ")
    assert lines[1].startswith("  a: float32[?,784]  from 'x' (test_tensor.py:")
    assert lines[2].startswith("  b: float32[512,10]  from 'w' (test_tensor.py:")
    assert lines[3].startswith("  node created at test_tensor.py:")


def test_a_default_is_no_constant() -> None:
    """What may be fed decides nothing when the graph is built."""
    size = tf.placeholder_with_default(3, [])
    training = tf.placeholder_with_default(False, [])
    rows = tf.zeros([size])
    dropped = tf.layers.dropout(tf.ones([1000]), training=training)
    quotient = 6 // tf.placeholder_with_default(0, [])
    assert rows.shape.as_list() == [None]
    with tf.Session() as session:
        assert session.run(rows).shape == (3,)
        assert session.run(rows, {size: 5}).shape == (5,)
        assert session.run(dropped).all()
        assert not session.run(dropped, {training: True}).all()
        assert session.run(quotient, {quotient.op.inputs[1]: 2}) == 3
