"""Constants, and what becomes a tensor."""

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.ir.dtypes import DType


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, tf.int32),
        (2**40, tf.int64),
        (1.5, tf.float32),
        ([1, 2.5], tf.float32),
        (True, tf.bool),
        (1j, tf.complex128),
        ("text", tf.string),
        (np.float64(1), tf.float64),
        (np.array([1]), tf.int64),
        (np.array([1], np.uint8), tf.uint8),
        ([np.float64(1)], tf.float32),
        ([np.array([1, 2])], tf.int32),
        ([], tf.float32),
        (tf.TensorShape([2, 3]), tf.int32),
        (tf.Dimension(3), tf.int32),
    ],
)
def test_dtype_of_a_value(value: Any, dtype: DType) -> None:
    assert tf.convert_to_tensor(value).dtype is dtype


@pytest.mark.parametrize(
    ("value", "dtype", "error", "message"),
    [
        (1.5, tf.int32, TypeError, "Expected int32, got 1.5 of type 'float' instead"),
        ("a", tf.float32, TypeError, "Expected float32, got 'a' of type 'str' instead"),
        (1, tf.string, TypeError, "Expected string, got 1 of type 'int' instead"),
        (1, tf.bool, TypeError, "Expected bool, got 1 of type 'int' instead"),
        (None, None, ValueError, "None values not supported"),
        ([1, None], tf.int32, ValueError, "None values not supported"),
        ([[1], [2, 3]], None, ValueError, "Cannot convert"),
        (tf.TensorShape([None]), None, ValueError, "partially known TensorShape"),
        (len, None, TypeError, "Failed to convert object"),
    ],
)
def test_values_that_are_none(value: Any, dtype: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tf.convert_to_tensor(value, dtype)


def test_tensors_stay_as_they_are() -> None:
    x = tf.constant(1)
    assert tf.convert_to_tensor(x) is x
    with pytest.raises(ValueError, match="Tensor conversion requested dtype float32 for Tensor"):
        tf.convert_to_tensor(x, tf.float32)


def test_preferred_dtype_gives_way() -> None:
    assert tf.convert_to_tensor(1, preferred_dtype=tf.float32).dtype is tf.float32
    assert tf.convert_to_tensor("a", preferred_dtype=tf.float32).dtype is tf.string


def test_lists_with_tensors_are_packed() -> None:
    x = tf.placeholder(tf.int64, [], name="x")
    packed = tf.convert_to_tensor([x, 2, 3], name="packed")
    assert packed.op.type == "Pack"
    assert packed.dtype is tf.int64
    assert packed.shape == [3]
    assert [t.op.name for t in packed.op.inputs] == ["x", "packed/1", "packed/2"]
    assert tf.convert_to_tensor([[x, 1], [2, x]]).shape == [2, 2]


def test_constant_with_a_shape() -> None:
    filled = tf.constant(2.0, shape=[2, 3])
    tensor = filled.op.node_def.attr["value"].tensor
    assert list(tensor.float_val) == [2.0]  # one element stands for all
    assert tf.constant([1, 2, 3], shape=[3, 1]).shape == [3, 1]
    assert tf.constant([1, 2], shape=[4]).op.node_def.attr["value"].tensor.tensor_content
    with pytest.raises(ValueError, match="Too many elements provided"):
        tf.constant([1, 2, 3], shape=[2])
    with pytest.raises(TypeError, match="Expected Tensor's shape"):
        tf.constant([1, 2], shape=[3], verify_shape=True)


def test_a_constant_does_not_follow_its_array() -> None:
    array = np.zeros(2, np.float32)
    constant = tf.constant(array)
    array[0] = 5
    assert constant.op.node_def.attr["value"].tensor.tensor_content == bytes(8)


def test_registered_conversion() -> None:
    class Celsius:
        degrees = 20.0

    def convert(value: Celsius, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Any:
        return tf.constant(value.degrees, dtype, name=name or "celsius")

    tf.register_tensor_conversion_function(Celsius, convert)
    assert (tf.constant(1.0) + Celsius()).shape == []
