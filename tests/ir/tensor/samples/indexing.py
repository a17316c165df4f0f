"""Samples of data movement at positions that are data."""

from __future__ import annotations

import numpy as np

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitives.indexing import GatherDimensionNumbers, ScatterDimensionNumbers
from tests.ir.tensor.samples.sample import Array, f32, grid, i32, sample

X = grid(4, 3)
STARTS = [np.asarray(3, np.int32), np.asarray(-2, np.int32)]  # both outside: clamped to 2 and 0
BATCHED = GatherDimensionNumbers(
    offset_dims=(2,),
    operand_batching_dims=(0,),
    start_indices_batching_dims=(0,),
    start_index_map=(1,),
    index_vector_dim=2,
)


def _updated() -> Array:
    result = X.copy()
    result[2:4, 0:2] = [[10, 11], [12, 13]]
    return result


def _pairs(b: Builder, x: Value, indices: Value) -> Value:
    """x[i, j] for each row (i, j) of the indices, one out of range."""
    numbers = GatherDimensionNumbers((), (0, 1), (), (), (0, 1), 1)
    return b.gather(x, indices, numbers, (1, 1))


def _windows(b: Builder, x: Value, indices: Value) -> Value:
    """x[i : i + 2, :] with the window's axes before the batch's."""
    numbers = GatherDimensionNumbers((0, 1), (), (), (), (0,), 1)
    return b.gather(x, indices, numbers, (2, 3))


def _rows_added(b: Builder, x: Value, indices: Value, updates: Value) -> Value:
    numbers = ScatterDimensionNumbers((1,), (0,), (), (), (0,), 1)
    return b.scatter(x, indices, updates, numbers, b.add)


def _elements_replaced(b: Builder, x: Value, indices: Value, updates: Value) -> Value:
    numbers = ScatterDimensionNumbers((), (0, 1), (), (), (1, 0), 1)
    return b.scatter(x, indices, updates, numbers, lambda old, new: new)


def _windows_partly_outside(b: Builder, x: Value, indices: Value, updates: Value) -> Value:
    numbers = ScatterDimensionNumbers((1,), (), (), (), (0,), 1)
    return b.scatter(x, indices, updates, numbers, b.add)


def _batched_scatter(b: Builder, x: Value, indices: Value, updates: Value) -> Value:
    numbers = ScatterDimensionNumbers((), (1,), (0,), (0,), (1,), 2)
    return b.scatter(x, indices, updates, numbers, b.maximum)


def _replaced() -> Array:
    result = X.copy()
    result[3, 1], result[0, 2] = 50, 60
    return result


SAMPLES = [
    sample(
        "dynamic_slice",
        lambda b, x, i, j: b.dynamic_slice(x, [i, j], (2, 2)),
        [X, *STARTS],
        X[2:4, 0:2],
    ),
    sample(
        "dynamic_update_slice",
        lambda b, x, u, i, j: b.dynamic_update_slice(x, u, [i, j]),
        [X, f32(10, 11, 12, 13).reshape(2, 2), *STARTS],
        _updated(),
    ),
    sample("gather", lambda b, x, i: b.take(x, i), [X, i32(2, 0, 9, -1)], [X[2], X[0], X[3], X[0]]),
    sample(
        "gather",
        lambda b, x, i: b.take(x, i, 1),
        [X, i32(2, 0).reshape(1, 2)],
        [[[r[2], r[0]]] for r in X],
    ),
    sample("gather", _pairs, [X, i32(3, 1, 9, 2).reshape(2, 2)], [X[3, 1], X[3, 2]]),
    sample("gather", _windows, [X, i32(1, 9).reshape(2, 1)], np.stack([X[1:3], X[2:4]], -1)),
    sample(
        "gather",
        lambda b, x, i: b.gather(x, i, BATCHED, (1, 2)),
        [X, i32(0, 1, 1, 5, 0, 0, 1, 0).reshape(4, 2, 1)],
        [
            [X[0, 0:2], X[0, 1:3]],
            [X[1, 1:3], X[1, 1:3]],
            [X[2, 0:2], X[2, 0:2]],
            [X[3, 1:3], X[3, 0:2]],
        ],
    ),
    sample(
        "scatter",
        _rows_added,
        [X, i32(1, 1, -1, 4).reshape(4, 1), grid(4, 3)],
        [X[0], X[1] + grid(4, 3)[0] + grid(4, 3)[1], X[2], X[3]],
    ),
    sample(
        "scatter", _elements_replaced, [X, i32(1, 3, 2, 0).reshape(2, 2), f32(50, 60)], _replaced()
    ),
    sample(
        "scatter",
        _windows_partly_outside,
        [f32(0, 0, 0), i32(2, 0).reshape(2, 1), f32(1, 2, 3, 4).reshape(2, 2)],
        [3, 4, 1],
    ),
    sample(
        "scatter",
        _batched_scatter,
        [
            f32(0, 0, 0, 0).reshape(2, 2),
            i32(1, 1, 0, 5).reshape(2, 2, 1),
            f32(5, 7, 8, 9).reshape(2, 2),
        ],
        [[0, 7], [8, 0]],
    ),
]
