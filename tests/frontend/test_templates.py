"""Templates share their variables; partitioners say how variables might be divided."""

from __future__ import annotations

from typing import Any

import pytest

import flowc as tf


def scaled(x: Any, name: str = "w") -> Any:
    return x * tf.get_variable(name, [], initializer=tf.ones_initializer())


def test_calls_share_variables() -> None:
    template = tf.make_template("scale", scaled)
    first, second = template(2.0), template(3.0)
    assert [v.name for v in tf.global_variables()] == ["scale/w:0"]
    assert template.variables == template.trainable_variables == tf.global_variables()
    assert template.variable_scope_name == "scale"
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run([first, second]) == [2, 3]


def test_each_template_has_a_scope_of_its_own() -> None:
    one = tf.make_template("scale", scaled, create_scope_now_=True, name="v")
    two = tf.make_template("scale", scaled)
    two(1.0)
    one(1.0)
    assert [v.name for v in tf.global_variables()] == ["scale_1/w:0", "scale/v:0"]


def test_new_variables_at_a_later_call() -> None:
    template = tf.make_template("scale", lambda x: x * tf.Variable(1.0))
    template(1.0)
    with pytest.raises(ValueError, match="after the first time"):
        template(1.0)


def test_partitioners() -> None:
    fixed = tf.fixed_size_partitioner(3)
    assert fixed(tf.TensorShape([10, 4]), dtype=tf.float32) == [3, 1]
    assert fixed(tf.TensorShape([2, 4]), dtype=tf.float32) == [2, 1]
    sized = tf.variable_axis_size_partitioner(64, axis=1)
    assert sized(shape=tf.TensorShape([4, 10]), dtype=tf.float32) == [1, 3]
    bounded = tf.min_max_variable_partitioner(4, min_slice_size=100)
    assert bounded(shape=tf.TensorShape([100, 1]), dtype=tf.float32) == [4, 1]
    assert bounded(shape=tf.TensorShape([30]), dtype=tf.float32) == [2]
    with pytest.raises(ValueError, match="fully defined"):
        fixed(tf.TensorShape([None]), dtype=tf.float32)


def test_variables_are_kept_whole() -> None:
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2)):
        w = tf.get_variable("w", [4, 2])
    assert w.shape.as_list() == [4, 2]
