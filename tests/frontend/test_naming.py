"""Names of operations: uniqueness, scopes, and what TensorFlow calls the nodes it adds itself."""

from typing import Any

import pytest

import flowc as tf


def names() -> list[str]:
    return [op.name for op in tf.get_default_graph().get_operations()]


def test_names_are_made_unique_without_regard_to_case() -> None:
    for name in ("a", "a", "A", "a_1", "a"):
        tf.no_op(name)
    assert names() == ["a", "a_1", "A_2", "a_1_1", "a_3"]


def test_scopes_are_made_unique_and_can_be_entered_again() -> None:
    with tf.name_scope("outer") as outer:
        tf.no_op("x")
        with tf.name_scope("inner"):
            tf.no_op("x")
        with tf.name_scope("inner"):
            tf.no_op("x")
    with tf.name_scope("outer"):
        tf.no_op("x")
    with tf.name_scope(outer):
        tf.no_op("x")
        with tf.name_scope(None):
            tf.no_op("x")
    assert names() == ["outer/x", "outer/inner/x", "outer/inner_1/x", "outer_1/x", "outer/x_1", "x"]
    assert outer == "outer/"


@pytest.mark.parametrize("name", ["_hidden", "with space", "a:0", "-"])
def test_bad_names(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid node name"):
        tf.no_op(name)
    with pytest.raises(ValueError, match="is not a valid scope name"), tf.name_scope(name):
        pass


def test_operands_that_become_constants_are_named_after_the_operator() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    _ = x + 1.0
    _ = 1.0 - x
    _ = tf.multiply(x, 2.0)
    _ = x > 0
    assert names()[1:] == ["add/y", "add", "sub/x", "sub", "Mul/y", "Mul", "Greater/y", "Greater"]


def test_reductions_and_losses() -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    tf.reduce_mean(x)
    tf.reduce_sum(x, 1)
    assert names()[1:] == ["Const", "Mean", "Sum/reduction_indices", "Sum"]


def test_slices() -> None:
    x = tf.placeholder(tf.float32, [4, 4], name="x")
    _ = x[1:, 0]
    stacks = ["strided_slice/stack", "strided_slice/stack_1", "strided_slice/stack_2"]
    assert names()[1:] == [*stacks, "strided_slice"]


def test_resource_variable() -> None:
    w = tf.get_variable("w", [2], initializer=tf.zeros_initializer())
    tf.identity(w, name="use")
    assert names() == [
        "w/Initializer/zeros",
        "w",
        "w/IsInitialized/VarIsInitializedOp",
        "w/Assign",
        "w/Read/ReadVariableOp",
        "use/ReadVariableOp",
        "use",
    ]


def test_reference_variable() -> None:
    tf.disable_resource_variables()
    tf.Variable([1.0, 2.0], name="w")
    tf.get_variable("v", [3])
    uniform = "v/Initializer/random_uniform"
    assert names() == [
        "w/initial_value",
        "w",
        "w/Assign",
        "w/read",
        f"{uniform}/shape",
        f"{uniform}/min",
        f"{uniform}/max",
        f"{uniform}/RandomUniform",
        f"{uniform}/sub",
        f"{uniform}/mul",
        uniform,
        "v",
        "v/Assign",
        "v/read",
    ]


def nodes(tensor: Any) -> set[str]:
    return {name for name in names() if name.startswith(tensor.op.name)}


def test_composed_functions() -> None:
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    labels = tf.placeholder(tf.float32, [2, 3], name="labels")
    loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=x)
    assert loss.op.name == "logistic_loss"
    assert "logistic_loss/Log1p" in nodes(loss)
    drop = tf.nn.dropout(x, keep_prob=0.5)
    assert drop.op.name.startswith("dropout/")
    assert "dropout/random_uniform/RandomUniform" in names()
