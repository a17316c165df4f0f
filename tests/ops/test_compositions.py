"""Chains of ops that an optimiser wrote as one node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend import apply
from flowc.ops.networks.compositions import _UNARY


def build(op: str, *inputs: Any, **attrs: Any) -> Any:
    """A node, under a name that does not begin with `_`."""
    return apply.build(op, *inputs, name=op.strip("_"), **attrs)


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feeds)


@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.float64])
@pytest.mark.parametrize("name", sorted(_UNARY))
def test_each_function(name: str, dtype: Any) -> None:
    x = tf.cast([0.25, 0.5, 1.0], dtype)
    found = run([build("_UnaryOpsComposition", x, op_names=[name]), build(name, x)])
    np.testing.assert_array_equal(*found)


def test_functions_one_after_the_other() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = build("_UnaryOpsComposition", x, op_names=["Exp", "Neg", "Relu6", "Cos"])
    assert y.shape.as_list() == [None]
    assert run(y, {x: [1.0, -2.0]}).tolist() == [1.0, 1.0]
    with pytest.raises(tf.errors.UnimplementedError, match="MatMul cannot be part"):
        run(build("_UnaryOpsComposition", x, op_names=["MatMul"]), {x: [1.0]})


def test_numbers_in_buckets() -> None:
    numbers = np.array([[0, -5], [7, 123]], np.int64)
    texts = np.array([[b"0", b"-5"], [b"7", b"123"]], object)
    found = run(
        [
            build("_TensorToHashBucketFast", numbers, num_buckets=10),
            tf.string_to_hash_bucket_fast(texts, 10),
        ]
    )
    np.testing.assert_array_equal(*found)
