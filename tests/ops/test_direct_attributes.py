"""Attributes read without a NodeDef are what the NodeDef would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc import ops
from flowc.ir import dtypes
from flowc.ops.direct_attributes import direct_attributes
from flowc.ops.graph_values import complete_attributes


def both(tensor: Any) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The attributes of a tensor's operation, read directly and from its NodeDef."""
    op = tensor.op
    return direct_attributes(op.definition, op.attrs), complete_attributes(
        op.definition, op.node_def
    )


def made() -> dict[str, Any]:
    """Operations whose attributes are of all kinds."""
    x, many = tf.placeholder(tf.float32, [None, 3]), tf.range(20000)
    return {
        "float": tf.nn.leaky_relu(x, 0.1).op.inputs[0] * 1.0,
        "epsilon": tf.nn.fused_batch_norm(
            tf.zeros([1, 2, 2, 3]), tf.ones([3]), tf.ones([3]), epsilon=0.001
        )[0],
        "placeholder": x,
        "unknown rank": tf.placeholder(tf.int64),
        "strides": tf.nn.conv2d(
            tf.zeros([1, 4, 4, 1]), tf.zeros([2, 2, 1, 1]), [1, 2, 2, 1], "SAME"
        ),
        "types": tf.tuple([x, many])[0],
        "slice": x[1:, ::2],
        "constant": tf.constant(np.arange(6.0).reshape(2, 3)),
        "half": tf.constant(np.array([1, 2], np.float16)),
        "complex": tf.constant(np.array([1 + 2j], np.complex64)),
        "scalar": tf.constant(3),
        "empty": tf.constant(np.zeros((0, 2), np.float32)),
        "text": tf.constant("text"),
        "many": tf.constant(2.0, shape=[300, 300]),
        "bool": tf.reduce_sum(x, 0, keepdims=True),
    }


def equal(a: Any, b: Any) -> bool:
    """Equal values of one type; arrays have the same bits."""
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    return type(a) is type(b) and bool(a == b)


@pytest.mark.parametrize("name", made())
def test_what_is_read_directly_is_what_a_node_def_holds(name: str) -> None:
    found, expected = both(made()[name])
    if found is not None:
        assert found.keys() == expected.keys()
        assert all(equal(found[key], expected[key]) for key in expected)


@pytest.mark.parametrize("name", ["epsilon", "strides", "slice", "constant", "placeholder"])
def test_common_attributes_need_no_node_def(name: str) -> None:
    assert both(made()[name])[0] is not None


def test_a_float_is_rounded_to_float32() -> None:
    definition = ops.lookup("LeakyRelu")
    assert definition is not None
    found = direct_attributes(definition, {"alpha": 0.1, "T": dtypes.float32})
    assert found is not None
    assert found["alpha"] == float(np.float32(0.1)) != 0.1


def test_what_the_signature_forbids_is_left_to_the_node_def() -> None:
    definition = ops.lookup("LeakyRelu")
    assert definition is not None
    assert direct_attributes(definition, {"alpha": 0.1, "T": dtypes.int32}) is None
    assert direct_attributes(definition, {"alpha": "much", "T": dtypes.float32}) is None


def test_a_constants_array_cannot_be_written_to_through_the_attribute() -> None:
    array = np.arange(6.0)
    found, _ = both(tf.constant(array))
    assert found is not None
    assert not found["value"].flags.writeable
    array[0] = 7.0
    assert found["value"][0] == 0.0
