"""`tf.raw_ops`: a function for every op, made when it is first named."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest

import flowc as tf
from flowc.ops.registry import OPS


def test_every_op_has_a_function_whose_arguments_are_keywords() -> None:
    assert set(dir(tf.raw_ops)) == set(OPS)
    for name, definition in OPS.items():
        parameters = inspect.signature(getattr(tf.raw_ops, name)).parameters
        assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())
        assert len(parameters) > len(definition.signature.inputs)
        assert parameters["name"].default is None


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("BiasAdd", {"value", "bias", "data_format", "name"}),
        ("Sum", {"input", "axis", "keep_dims", "name"}),
        ("Split", {"axis", "value", "num_split", "name"}),
        ("Where", {"condition", "name"}),
        ("Select", {"condition", "x", "y", "name"}),
        ("Squeeze", {"input", "axis", "name"}),
        ("Cast", {"x", "DstT", "Truncate", "name"}),
    ],
)
def test_parameters_are_called_as_in_tensorflow(name: str, parameters: set[str]) -> None:
    assert set(inspect.signature(getattr(tf.raw_ops, name)).parameters) == parameters


def test_functions_add_their_op() -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    total = tf.raw_ops.Sum(input=x, axis=[1], keep_dims=True, name="total")
    halves = tf.raw_ops.Split(axis=0, value=x, num_split=2)
    best = tf.raw_ops.TopKV2(input=x, k=1)
    assert total.op.name == "total" and total.op.type == "Sum"
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(total), [[3], [12]])
        np.testing.assert_array_equal(session.run(halves), [x[:1], x[1:]])
        np.testing.assert_array_equal(session.run(best.indices), [[2], [2]])


def test_wrong_arguments_are_type_errors() -> None:
    with pytest.raises(TypeError, match="Relu only takes keyword args"):
        tf.raw_ops.Relu([1.0])
    with pytest.raises(TypeError, match="missing required arguments: axis"):
        tf.raw_ops.Sum(input=[1.0])
    with pytest.raises(TypeError, match="unexpected keyword argument 'alpha'"):
        tf.raw_ops.Relu(features=[1.0], alpha=1)
    with pytest.raises(AttributeError, match="'NoSuchOp': flowc has no such op"):
        _ = tf.raw_ops.NoSuchOp


def test_importing_flowc_does_not_import_them() -> None:
    program = (
        "import sys, flowc; assert 'flowc.frontend.api.raw_ops' not in sys.modules;"
        "flowc.raw_ops.Relu; assert 'flowc.ops.linear_algebra.solvers' not in sys.modules;"
        "from flowc.raw_ops import MatMul; from flowc.compat.v1.raw_ops import Add"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
