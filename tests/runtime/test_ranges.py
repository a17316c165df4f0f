"""`tf.range`: how many numbers it gives, which for floats follows from their own arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

# TensorFlow 2.21's lengths: |(limit - start) / delta| of the element type, rounded up.
LENGTHS = [
    (tf.float32, 0.0, 0.3, 0.1, 3),
    (tf.float32, -0.45, -0.75, -0.1, 3),
    (tf.float64, 0.0, 0.3, 0.1, 3),
    (tf.float32, 0.0, 0.7, 0.1, 7),
    (tf.float64, 0.0, 0.7, 0.1, 7),
    (tf.float32, 0.0, 1.1, 0.1, 11),
    (tf.float32, 2.0, -2.0, -0.3, 14),
    (tf.float32, 1.0, 1.0, 0.1, 0),
    (tf.int32, 5, -7, -4, 3),
    (tf.int64, 0, 10, 3, 4),
]


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feeds)


@pytest.mark.parametrize(("dtype", "start", "limit", "delta", "length"), LENGTHS)
def test_length(dtype: Any, start: float, limit: float, delta: float, length: int) -> None:
    numbers: list[Any] = [tf.constant(v, dtype) for v in (start, limit, delta)]
    known = tf.range(*numbers)
    assert known.shape.as_list() == [length]
    fed = [tf.placeholder(dtype, []) for _ in range(3)]
    unknown = tf.range(*fed)
    assert unknown.shape.as_list() == [None]
    found = run([known, unknown], dict(zip(fed, (start, limit, delta), strict=True)))
    np.testing.assert_array_equal(*found)
    assert found[0].shape == (length,)
    first = np.asarray(start, dtype.numpy)
    steps = np.arange(length).astype(dtype.numpy) * np.asarray(delta, dtype.numpy)
    np.testing.assert_array_equal(found[0], first + steps)


def test_one_compilation_serves_all_lengths() -> None:
    limit = tf.placeholder(tf.float32, [])
    total = tf.reduce_sum(tf.tanh(tf.range(0.0, limit, 0.1)))
    with tf.Session() as session:
        for value in (0.3, 5.0, 0.0, 0.7):
            count = int(np.ceil(np.float32(value) / np.float32(0.1)))
            wanted = np.tanh(np.arange(count, dtype=np.float32) * np.float32(0.1)).sum()
            assert session.run(total, {limit: value}) == pytest.approx(wanted, rel=1e-5)
        assert session.compile_count == 2  # the length, and what follows from it


def test_length_from_a_size() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = x * tf.range(0.0, tf.cast(tf.shape(x)[0], tf.float32), 1.0)
    with tf.Session() as session:
        for size in (3, 5):
            assert session.run(y, {x: np.ones(size)}).tolist() == list(range(size))


def test_in_a_loop() -> None:
    sums = tf.map_fn(lambda k: tf.reduce_sum(tf.range(0.0, k, 0.5)), tf.constant([1.0, 2.0, 3.0]))
    assert run(sums).tolist() == [0.5, 3.0, 7.5]


WRONG = [
    ((0.0, 1.0, 0.0), "delta != 0"),
    ((0.0, -1.0, 0.1), "start <= limit when delta > 0"),
    ((0.0, 1.0, -0.1), "start >= limit when delta < 0"),
    ((0.0, 1e30, 1e-30), "<= 9223372036854775807"),
    ((0.0, float("nan"), 1.0), "start <= limit"),
    ((0, 1, 0), "delta != 0"),
    ((0, -1, 1), "start <= limit"),
]


@pytest.mark.parametrize(("numbers", "message"), WRONG)
def test_wrong_numbers(numbers: tuple[float, ...], message: str) -> None:
    dtype = tf.int32 if isinstance(numbers[0], int) else tf.float32
    with pytest.raises(ValueError, match=message):
        tf.range(numbers[0], numbers[1], numbers[2])
    fed = [tf.placeholder(dtype, []) for _ in range(3)]
    y = tf.range(fed[0], fed[1], fed[2], name="steps")
    with pytest.raises(tf.errors.InvalidArgumentError, match=message) as caught:
        run(y, dict(zip(fed, numbers, strict=True)))
    assert caught.value.op is y.op
