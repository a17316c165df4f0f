"""Values too small to be normal: zeros in arithmetic, everywhere alike, and moved as they are."""

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.ir import dtypes
from flowc.ir.denormals import flushed
from tests.ops.graph_runner import Graph, run_eagerly

FLOATS = [np.float32, np.float64]
ARITHMETIC = {
    "sum": lambda x: x + x,
    "product": lambda x: x * x,
    "scaled": lambda x: x * 1e10,
    "square root": tf.sqrt,
    "greatest": lambda x: tf.maximum(x, tf.zeros_like(x)),
    "sign": tf.sign,
    "floor": tf.floor,
    "total": lambda x: tf.reduce_sum(x, keepdims=True),
    "matrix": lambda x: tf.matmul(x[:, None], x[None, :]),
    "other width": lambda x: tf.cast(x, tf.float64 if x.dtype == tf.float32 else tf.float32),
}
MOVES = {
    "negated": lambda x: -x,
    "absolute": lambda x: tf.abs(tf.reshape(x, [1, -1]))[0],
    "gathered": lambda x: tf.gather(x, [0, 1, 2]),
    "chosen": lambda x: tf.where([True, True, True], x, x + 1),
    "joined": lambda x: tf.concat([x, x], 0)[3:],
}


def small(dtype: Any) -> Any:
    tiny = np.finfo(dtype).tiny
    return np.array([tiny / 2, -tiny / 4, tiny / 1024], dtype)


def run(build: Any, x: Any) -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        fed = tf.placeholder(tf.as_dtype(x.dtype), [None])
        return session.run(build(fed), {fed: x})


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic_flushes(name: str, dtype: Any) -> None:
    assert (run(ARITHMETIC[name], small(dtype)) == 0).all()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ARITHMETIC)
def test_folding_flushes(name: str, dtype: Any) -> None:
    value = small(dtype)
    assert (run(lambda x: ARITHMETIC[name](tf.constant(value)), value) == 0).all()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ARITHMETIC)
def test_the_interpreter_flushes(name: str, dtype: Any) -> None:
    with tf.Graph().as_default() as graph:
        fed = tf.placeholder(tf.as_dtype(dtype), [None])
        result = ARITHMETIC[name](fed)
    runner = Graph(graph.as_graph_def())
    (value,) = run_eagerly(runner, [result.name], [], {fed.name: small(dtype)})
    assert (value == 0).all()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", MOVES)
def test_moves_keep(name: str, dtype: Any) -> None:
    x = small(dtype)
    np.testing.assert_array_equal(np.abs(run(MOVES[name], x)), np.abs(x))


@pytest.mark.parametrize("dtype", FLOATS)
def test_comparisons_see_zeros(dtype: Any) -> None:
    assert not run(lambda x: x > 0, small(dtype))[0]
    assert run(lambda x: tf.equal(x, tf.zeros_like(x)), small(dtype)).all()


def test_float16_keeps_its_small_values() -> None:
    x = np.array([6e-8, -6e-8, 3e-5], np.float16)
    np.testing.assert_array_equal(run(lambda v: v + v, x), x + x)
    np.testing.assert_array_equal(run(lambda v: tf.cast(v, tf.float32), x), x.astype(np.float32))


def test_bfloat16_is_flushed_as_float32() -> None:
    x = small(np.float32).astype(dtypes.bfloat16.numpy)
    assert (run(lambda v: v + v, x) == 0).all()


def test_next_floats_are_found_by_their_bits() -> None:
    x = small(np.float32)
    np.testing.assert_array_equal(
        run(lambda v: tf.math.nextafter(v, tf.ones_like(v)), x), np.nextafter(x, np.float32(1))
    )


def test_workers_flush() -> None:
    x = np.full(1 << 22, 1e-20, np.float32)
    assert (run(lambda v: v * v, x) == 0).all()


def test_the_control_word_is_put_back() -> None:
    x = np.full(4, 1e-20, np.float32)
    run(lambda v: v * v, x)
    assert (x * x != 0).all()
    with flushed():
        assert (x * x == 0).all()
    assert (x * x != 0).all()
