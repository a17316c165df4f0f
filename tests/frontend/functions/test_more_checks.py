"""Assertions about dtypes, ranks, shapes and nearness."""

from __future__ import annotations

from typing import Any

import pytest

import flowc as tf


def test_nearness() -> None:
    x = tf.placeholder(tf.float32, [None])
    check = tf.assert_near(x, [1.0, 2.0], message="far apart")
    with tf.Session() as session:
        session.run(check, {x: [1.0, 2.0000005]})
        with pytest.raises(tf.errors.InvalidArgumentError, match="far apart"):
            session.run(check, {x: [1.0, 2.1]})
        session.run(tf.assert_near(1.0, 1.5, rtol=0.5))


def test_dtypes() -> None:
    tf.assert_integer(tf.constant(1))
    with pytest.raises(TypeError, match="integer type"):
        tf.assert_integer(tf.constant(1.0))
    doubles = [tf.constant(1.0, tf.float64), None]
    assert tf.assert_same_float_dtype(doubles) is tf.float64
    assert tf.assert_same_float_dtype() is tf.float32
    with pytest.raises(ValueError, match="must be"):
        tf.assert_same_float_dtype([tf.constant(1.0), tf.constant(1.0, tf.float64)])
    with pytest.raises(ValueError, match="Expected floating point"):
        tf.assert_same_float_dtype([tf.constant(1)])


def test_ranks() -> None:
    tf.assert_rank_in(tf.zeros([2]), (1, 2))
    with pytest.raises(ValueError, match="rank in"):
        tf.assert_rank_in(tf.zeros([]), (1, 2))
    x = tf.placeholder(tf.float32)
    check = tf.assert_rank_in(x, (1, 2))
    with tf.Session() as session:
        session.run(check, {x: [1.0]})
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(check, {x: 1.0})
    assert tf.assert_scalar(tf.constant(1)).shape.ndims == 0
    with pytest.raises(ValueError, match="scalar"):
        tf.assert_scalar(tf.zeros([1]))


@pytest.mark.parametrize("value", ["text", b"bytes", 3])
def test_iterables(value: Any) -> None:
    tf.assert_proper_iterable([1, 2])
    with pytest.raises(TypeError, match="iterable"):
        tf.assert_proper_iterable(value)


def test_shapes_that_share_sizes() -> None:
    x, y = tf.placeholder(tf.float32, [None, 3]), tf.zeros([5, 3])
    check = tf.debugging.assert_shapes([(x, ("N", "D")), (y, (5, "D")), (tf.zeros([7]), (None,))])
    with tf.Session() as session:
        session.run(check)
    same = tf.debugging.assert_shapes({x: ("N", 3), tf.zeros([2]): ("N",)})
    with tf.Session() as session:
        session.run(same, {x: [[1, 2, 3]] * 2})
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(same, {x: [[1, 2, 3]]})
    with pytest.raises(ValueError, match="must have size 4"):
        tf.debugging.assert_shapes([(y, (4, "D"))])
    with pytest.raises(ValueError, match="must have rank 1"):
        tf.debugging.assert_shapes([(y, ("N",))])
