"""Samples of data movement."""

from __future__ import annotations

import numpy as np

from flowc.ir import dtypes
from tests.ir.tensor.samples.sample import f32, grid, i32, sample

X = grid(2, 3)
LARGE = np.arange(100, dtype=np.float64) / 7  # printed as bytes

SAMPLES = [
    sample(
        "constant",
        lambda b, x: b.constant(np.array([1.5, -0.0, np.inf, np.nan], np.float32)),
        [f32(0)],
        [1.5, -0.0, np.inf, np.nan],
    ),
    sample("constant", lambda b, x: b.constant(LARGE), [f32(0)], LARGE),
    sample(
        "constant",
        lambda b, x: b.constant(np.array([[1, 2], [3, 4]])),
        [f32(0)],
        np.array([[1, 2], [3, 4]]),
    ),
    sample(
        "constant",
        lambda b, x: b.constant(np.array([True, False])),
        [f32(0)],
        np.array([True, False]),
    ),
    sample(
        "constant",
        lambda b, x: b.constant(np.zeros((0, 3), np.int32)),
        [f32(0)],
        np.zeros((0, 3), np.int32),
    ),
    sample(
        "constant",
        lambda b, x: b.constant(np.array([1 + 2j, complex(0, -np.inf)])),
        [f32(0)],
        np.array([1 + 2j, complex(0, -np.inf)]),
    ),
    sample(
        "constant",
        lambda b, x: b.constant(0.1, dtypes.bfloat16),
        [f32(0)],
        np.asarray(0.1, dtypes.bfloat16.numpy),
    ),
    sample(
        "constant",
        lambda b, x: b.constant([0.1, 6e-8], dtypes.float16),
        [f32(0)],
        np.array([0.1, 6e-8], np.float16),
    ),
    sample(
        "constant",
        lambda b, x: b.constant([2**64 - 1, 0], dtypes.uint64),
        [f32(0)],
        np.array([2**64 - 1, 0], np.uint64),
    ),
    sample(
        "iota",
        lambda b, x: b.iota((2, 3), 1, dtypes.int32),
        [f32(0)],
        i32(0, 1, 2) + np.zeros((2, 1), np.int32),
    ),
    sample(
        "iota",
        lambda b, x: b.iota((3,), 0, dtypes.bfloat16),
        [f32(0)],
        np.array([0, 1, 2], dtypes.bfloat16.numpy),
    ),
    sample(
        "broadcast_in_dim",
        lambda b, x: b.broadcast_in_dim(x, (2, 3, 4), (0, 1)),
        [X],
        X[:, :, None] + np.zeros(4, np.float32),
    ),
    sample("broadcast_in_dim", lambda b, x: b.broadcast_in_dim(x, (3, 2), (1, 0)), [X], X.T),
    sample(
        "broadcast_in_dim",
        lambda b, x: b.broadcast_in_dim(x, (2, 3), (0, 1)),
        [X[:1]],
        np.vstack([X[:1], X[:1]]),
    ),
    sample("reshape", lambda b, x: b.reshape(x, (3, 2)), [X], X.ravel().reshape(3, 2)),
    sample("reshape", lambda b, x: b.reshape(x, ()), [f32(7)], 7),
    sample("reshape", lambda b, x: b.squeeze(b.expand_dims(x, 0, -1), 0), [X], X[:, :, None]),
    sample(
        "transpose",
        lambda b, x: b.transpose(x, (2, 0, 1)),
        [grid(2, 3, 4)],
        np.array(
            [[[grid(2, 3, 4)[i, j, k] for j in range(3)] for i in range(2)] for k in range(4)]
        ),
    ),
    sample("slice", lambda b, x: b.slice(x, (0, 1), (2, 3), (1, 1)), [X], [row[1:3] for row in X]),
    sample("slice", lambda b, x: b.slice_axis(x, 0, 1, 6, 3), [grid(7)], [grid(7)[1], grid(7)[4]]),
    sample(
        "concatenate",
        lambda b, x, y: b.concatenate([x, y, x], 1),
        [X, X[:, :1]],
        [[*r, r[0], *r] for r in X],
    ),
    sample(
        "pad", lambda b, x: b.pad(x, 9, (1,), (2,), (1,)), [f32(1, 2, 3)], [9, 1, 9, 2, 9, 3, 9, 9]
    ),
    sample("pad", lambda b, x: b.pad(x, 9, (-1,), (-2,), (2,)), [f32(1, 2, 3)], [9, 9, 2, 9]),
    sample(
        "pad", lambda b, x: b.pad(x, 9, (0, -1), (1, 0)), [X], [[*X[0, 1:]], [*X[1, 1:]], [9, 9]]
    ),
    sample("pad", lambda b, x: b.pad(x, 9, (2,), (1,), (3,)), [f32()], [9, 9, 9]),
    sample("reverse", lambda b, x: b.reverse(x, (0, 1)), [X], X.ravel()[::-1].reshape(2, 3)),
]
