"""Crosses of features: every combination of one value of each column, row by row.

A cross is text joined by `_X_`, or a hash of the values (`sparse_cross_op.cc`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, show
from flowc.ops.registry import host_op
from flowc.ops.text.hashes import fingerprint64
from flowc.ops.text.texts import texts

_MASK = (1 << 64) - 1
_FACTOR = 0xC6A4A7935BD1E995
_LARGEST = (1 << 63) - 1


def _mix(x: int) -> int:
    return x ^ x >> 47


def joined_fingerprint(first: int, second: int) -> int:
    """The fingerprint of two fingerprints, in this order."""
    result = first ^ _FACTOR
    result ^= _mix(second * _FACTOR & _MASK) * _FACTOR & _MASK
    result = result * _FACTOR & _MASK
    return _mix(_mix(result) * _FACTOR & _MASK)


def _hashed(values: Iterable[Any], buckets: int, key: int) -> int:
    result = key
    for value in values:
        number = fingerprint64(value) if isinstance(value, bytes) else int(value) & _MASK
        result = joined_fingerprint(result, number)
    return result % (buckets if buckets > 0 else _LARGEST)


def _joined(values: Iterable[Any]) -> bytes:
    return b"_X_".join(v if isinstance(v, bytes) else str(int(v)).encode() for v in values)


def _rows(indices: Array, values: Array, count: int) -> list[list[Any]]:
    """The values of each row of a sparse matrix."""
    rows: list[list[Any]] = [[] for _ in range(count)]
    for row, value in zip(indices[:, 0].tolist(), values.tolist(), strict=True):
        require(0 <= row < count, f"Row index {row} is outside of valid range: [0, {count})")
        rows[row].append(value)
    return rows


def _batch_size(shapes: Sequence[Array], dense: Sequence[Array]) -> int:
    """How many rows all columns have. Raises InvalidArgumentError."""
    require(all(s.shape == (2,) for s in shapes), "Shapes of sparse inputs must have 2 elements")
    require(
        all(d.ndim == 2 for d in dense),
        f"Dense inputs should be matrices but received shapes {[show(d.shape) for d in dense]}",
    )
    sizes = {int(s[0]) for s in shapes} | {len(d) for d in dense}
    require(len(sizes) == 1, f"Expected equal batch sizes, got {sorted(sizes)}")
    return sizes.pop()


@host_op(
    "SparseCross(indices: N*int64, values: sparse_types, shapes: N*int64, dense_inputs:"
    " dense_types; N: int >= 0, hashed_output: bool, num_buckets: int >= 0, hash_key: int,"
    " sparse_types: list({int64, string}) >= 0, dense_types: list({int64, string}) >= 0,"
    " out_type: {int64, string}, internal_type: {int64, string})"
    " -> output_indices: int64, output_values: out_type, output_shape: int64"
)
def sparse_cross(
    indices: list[Array],
    values: list[Array],
    shapes: list[Array],
    dense_inputs: list[Array],
    *,
    hashed_output: bool,
    num_buckets: int,
    hash_key: int,
) -> tuple[Array, Array, Array]:
    """A sparse matrix of the crosses of sparse and dense columns, the last one changing fastest."""
    require(
        all(i.ndim == 2 and len(i) == len(v) for i, v in zip(indices, values, strict=True)),
        "Indices and values of sparse inputs do not fit together",
    )
    count = _batch_size(shapes, dense_inputs)
    pairs = zip(indices, values, strict=True)
    columns = [_rows(i, v, count) for i, v in pairs] + [d.tolist() for d in dense_inputs]
    crosses = [list(product(*row)) for row in zip(*columns, strict=True)]
    places = [(row, place) for row, found in enumerate(crosses) for place in range(len(found))]
    flat = [combination for found in crosses for combination in found]
    results = (
        np.array([_hashed(c, num_buckets, hash_key) for c in flat], np.int64)
        if hashed_output
        else texts(_joined(c) for c in flat)
    )
    widest = max(map(len, crosses), default=0)
    return (
        np.array(places, np.int64).reshape(-1, 2),
        results,
        np.array([count, widest], np.int64),
    )


@sparse_cross.infer
def _(b: Builder, *inputs: Any, out_type: DType) -> tuple[Value, Value, Value]:
    count = b.assumptions.fresh()
    return (
        abstract(b, dtypes.int64, count, 2),
        abstract(b, out_type, count),
        abstract(b, dtypes.int64, 2),
    )


sparse_cross.not_differentiable()
