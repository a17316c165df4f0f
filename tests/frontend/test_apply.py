"""Adding ops: attributes, dtypes, lists, and the errors of each."""

from typing import Any

import pytest

import flowc as tf
from flowc.frontend.apply import build


def test_forms_of_outputs() -> None:
    x = tf.placeholder(tf.float32, [4])
    assert build("NoOp").type == "NoOp"
    assert isinstance(build("Neg", x), tf.Tensor)
    assert isinstance(build("Split", 0, x, num_split=2), list)
    found = build("Unique", x)
    assert found.y is found[0]
    assert found.idx.dtype is tf.int32


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda x: build("Neg", tf.constant("a")),
            TypeError,
            "Value passed to parameter 'x' has DataType string not in list of allowed values",
        ),
        (lambda x: build("AddN", []), ValueError, "shorter than minimum length 1"),
        (lambda x: build("AddN", x), TypeError, "Expected list for 'inputs' argument"),
        (lambda x: build("Pack", [x, 1.0], axis=1.5), TypeError, "Expected int for argument"),
        (lambda x: build("Neg", x, nothing=1), TypeError, "unexpected attributes"),
        (lambda x: build("Cast", x), TypeError, "no value for attribute 'DstT'"),
        (lambda x: build("NoSuchOp", x), NotImplementedError, "NoSuchOp is not implemented"),
        (lambda x: tf.exp(x, nothing=1), TypeError, "unexpected keyword argument 'nothing'"),
        (lambda x: tf.exp(), TypeError, "missing required arguments: x"),
        (lambda x: tf.exp(x, x=x), TypeError, "multiple values for argument 'x'"),
        (lambda x: tf.nn.conv2d(x, x, [1, 1, 1, 1], "NONE"), ValueError, "passed NONE not in"),
    ],
)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    x = tf.placeholder(tf.float32, [1, 2, 2, 1], name="x")
    with pytest.raises(error, match=message):
        call(x)


def test_mixed_lists() -> None:
    outputs = build("IdentityN", [tf.constant(1), tf.constant("a")])
    assert [t.dtype for t in outputs] == [tf.int32, tf.string]


def test_derived_functions_say_what_they_take() -> None:
    import inspect

    assert list(inspect.signature(tf.maximum).parameters) == ["x", "y", "name"]
    assert "The greater" in (tf.maximum.__doc__ or "")


def test_a_failed_op_adds_nothing() -> None:
    x = tf.placeholder(tf.float32, [2, 3])
    before = len(tf.get_default_graph().get_operations())
    with pytest.raises(ValueError):
        tf.matmul(x, x)
    assert len(tf.get_default_graph().get_operations()) == before
