"""Sets along the last dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

A = np.array([[1, 2, 3], [4, 4, 5]], np.int32)
B = np.array([[3, 2, 9, 9], [5, 6, 4, 4]], np.int32)
RESULTS = {
    "a-b": [[1], []],
    "b-a": [[9], [6]],
    "intersection": [[2, 3], [4, 5]],
    "union": [[1, 2, 3, 9], [4, 5, 6]],
}


def sparse(x: Any) -> tuple[Any, Any, Any]:
    """The distinct elements of each row, as a sparse tensor."""
    rows = [sorted(set(row)) for row in x.tolist()]
    indices = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    values = [value for row in rows for value in row]
    return np.array(indices, np.int64), np.array(values, x.dtype), np.array(x.shape, np.int64)


@pytest.mark.parametrize("operation", RESULTS)
@pytest.mark.parametrize("form", ["DenseToDense", "DenseToSparse", "SparseToSparse"])
def test_operations(form: str, operation: str) -> None:
    first = [A] if form.startswith("Dense") else sparse(A)
    second = [B] if form.endswith("Dense") else sparse(B)
    result = build(f"{form}SetOperation", *first, *second, set_operation=operation)
    assert result[0].shape.as_list() == [None, 2]
    with tf.Session() as session:
        indices, values, shape = session.run(list(result))
    rows = [
        [int(v) for (i, _), v in zip(indices, values, strict=True) if i == row] for row in range(2)
    ]
    assert rows == RESULTS[operation] and values.dtype == np.int32
    assert shape.tolist() == [2, max(map(len, rows))]


def test_texts() -> None:
    x = np.array([[b"a", b"b"], [b"c", b"c"]], object)
    y = np.array([[b"b"], [b"d"]], object)
    with tf.Session() as session:
        found = session.run(build("DenseToDenseSetOperation", x, y, set_operation="union")[1])
    assert found.tolist() == [b"a", b"b", b"c", b"d"]


def test_sizes() -> None:
    indices = np.array([[0, 0], [0, 2], [2, 1]], np.int64)
    with tf.Session() as session:
        found = session.run(build("SetSize", indices, [3, 3, 5], np.array([3, 3], np.int64)))
    assert found.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([[0, 1], [0, 0]], "out of order"),
        ([[0, 0], [3, 0]], "outside of shape"),
        ([[0, 0]], "do not fit"),
    ],
)
def test_indices_that_do_not_fit(indices: Any, message: str) -> None:
    size = build("SetSize", np.array(indices, np.int64), [1, 2], np.array([3, 3], np.int64))
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session.run(size)
