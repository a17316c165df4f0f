"""Samples of reductions, windows and sorting."""

from __future__ import annotations

from collections.abc import Sequence

import ml_dtypes
import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from tests.ir.tensor.samples.sample import bools, f32, grid, i32, sample

X = grid(3, 4)
IMAGE = f32(1, 5, 2, 0, 4, 4, 7, 3, 6).reshape(3, 3)
BF16 = ml_dtypes.bfloat16


def _argmax(b: Builder, x: Value) -> Sequence[Value]:
    """The greatest element of each row and its first position."""
    zero, least = b.scalar(0, dtypes.int32), b.scalar(-np.inf, dtypes.float32)
    positions = b.iota(b.shape(x), 1, dtypes.int32)

    def body(best: Value, at: Value, x: Value, i: Value) -> Sequence[Value]:
        better = b.or_(b.gt(x, best), b.and_(b.eq(x, best), b.lt(i, at)))
        return b.select(better, x, best), b.select(better, i, at)

    start = b.scalar(99, dtypes.int32) if x.type.shape[1] else zero
    return b.reduce([x, positions], [least, start], [1], body)


def _max_pool(b: Builder, x: Value) -> Value:
    (result,) = b.reduce_window(
        [x],
        [b.scalar(-np.inf, dtypes.float32)],
        b.maximum,
        window_dimensions=(2, 2),
        padding=((0, 1), (0, 1)),
    )
    return result


def _strided_sum(b: Builder, x: Value) -> Value:
    (result,) = b.reduce_window(
        [x],
        [b.scalar(0, dtypes.float32)],
        b.add,
        window_dimensions=(2,),
        window_strides=(2,),
        base_dilations=(2,),
        window_dilations=(2,),
        padding=((1, 0),),
    )
    return result


def _cumulative_sum(b: Builder, x: Value) -> Value:
    (result,) = b.reduce_window(
        [x], [b.scalar(0, dtypes.int32)], b.add, window_dimensions=(4,), padding=((3, 0),)
    )
    return result


def _pool_gradient(b: Builder, x: Value, gradient: Value) -> Value:
    return b.select_and_scatter(
        x, gradient, b.scalar(0, dtypes.float32), b.ge, b.add, window_dimensions=(2, 2)
    )


def _padded_gradient(b: Builder, x: Value, gradient: Value) -> Value:
    return b.select_and_scatter(
        x,
        gradient,
        b.scalar(0, dtypes.float32),
        b.ge,
        b.add,
        window_dimensions=(2,),
        window_strides=(2,),
        padding=((1, 1),),
    )


def _sort_by_key(b: Builder, keys: Value, values: Value) -> Sequence[Value]:
    return b.sort([keys, values], 0, lambda x, y, i, j: b.lt(x, y))


def _matrix_product(b: Builder, x: Value) -> Value:
    """2 by 2 matrices as four vectors: an associative body that does not commute."""

    def body(a: Value, c: Value, d: Value, e: Value, *right: Value) -> Sequence[Value]:
        p, q, r, s = right
        return (
            b.add(b.multiply(a, p), b.multiply(c, r)),
            b.add(b.multiply(a, q), b.multiply(c, s)),
            b.add(b.multiply(d, p), b.multiply(e, r)),
            b.add(b.multiply(d, q), b.multiply(e, s)),
        )

    parts = [b.squeeze(b.slice_axis(x, 1, k, k + 1), 1) for k in range(4)]
    identity = [b.scalar(v, x.type.dtype) for v in (1, 0, 0, 1)]
    return b.concatenate([b.reshape(r, (1,)) for r in b.reduce(parts, identity, [0], body)], 0)


MATRICES = grid(5, 4, dtype=np.int32)
PRODUCT = np.linalg.multi_dot([m.reshape(2, 2) for m in MATRICES]).ravel()

SAMPLES = [
    sample("reduce", lambda b, x: b.reduce_sum(x, [1]), [X], [sum(row) for row in X]),
    sample("reduce", lambda b, x: b.reduce_sum(x), [X], sum(X.ravel())),
    sample(
        "reduce",
        lambda b, x: b.reduce_sum(x, [-2], keepdims=True),
        [X],
        [[sum(column) for column in X.T]],
    ),
    sample("reduce", lambda b, x: b.reduce_sum(x), [np.full(300, 1, BF16)], 300),
    sample("reduce", lambda b, x: b.reduce_prod(x, [0, 2]), [grid(2, 3, 2)], [-60, 72, 0]),
    sample(
        "reduce",
        lambda b, x: b.reduce_max(x, [0]),
        [f32(1, np.nan, 3, 2, 5, -np.inf).reshape(2, 3)],
        [2, np.nan, 3],
    ),
    sample(
        "reduce", lambda b, x: b.reduce_min(x, [1]), [np.zeros((2, 0), np.int32)], [2**31 - 1] * 2
    ),
    sample("reduce", lambda b, x: b.reduce_max(x), [np.zeros(0, np.float32)], -np.inf),
    sample(
        "reduce",
        lambda b, x: b.reduce_and(x, [1]),
        [np.array([[True, True], [True, False]])],
        bools(True, False),
    ),
    sample(
        "reduce",
        lambda b, x: b.reduce_or(x, [1]),
        [np.array([[True, False], [False, False]])],
        bools(True, False),
    ),
    sample("reduce", lambda b, x: b.reduce_or(x), [i32(5, 8)], 13),
    sample("reduce", _argmax, [f32(1, 7, 7, 0, -1, -2).reshape(2, 3)], f32(7, 0), i32(1, 0)),
    sample("reduce", _matrix_product, [MATRICES], PRODUCT),
    sample("reduce_window", _max_pool, [IMAGE], [[5, 5, 4], [7, 6, 6], [7, 6, 6]]),
    sample("reduce_window", _strided_sum, [f32(1, 2, 3)], [0, 0]),
    sample("reduce_window", _cumulative_sum, [i32(1, 2, 3, 4)], [1, 3, 6, 10]),
    sample(
        "select_and_scatter",
        _pool_gradient,
        [IMAGE, f32(10, 20, 30, 40).reshape(2, 2)],
        [[0, 30, 0], [0, 0, 0], [30, 0, 40]],
    ),
    sample("select_and_scatter", _padded_gradient, [f32(-1, -2, -3), f32(10, 20)], [10, 20, 0]),
    sample(
        "sort",
        _sort_by_key,
        [i32(3, 1, 2, 1, 3), f32(0, 1, 2, 3, 4)],
        i32(1, 1, 2, 3, 3),
        f32(1, 3, 2, 0, 4),
    ),
    sample(
        "sort",
        lambda b, x: b.sort([x], 1, b.gt),
        [X],
        np.array([sorted(row, reverse=True) for row in X]),
    ),
    sample(
        "sort",
        lambda b, x: b.sort([x], 0, b.lt),
        [X],
        np.array([sorted(column) for column in X.T]).T,
    ),
    sample("sort", lambda b, x: b.sort([x], 0, b.lt), [grid(1000)], sorted(grid(1000))),
    sample("sort", lambda b, x: b.sort([x], 0, b.lt), [grid(0)], []),
]
