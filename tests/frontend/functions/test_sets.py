"""`tf.sets`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

A = np.array([[1, 2, 3], [4, 4, 5]], np.int32)
B = np.array([[3, 2, 9], [5, 6, 4]], np.int32)


def sparse(x: Any) -> Any:
    rows = [sorted(set(row)) for row in x.tolist()]
    indices = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    values = [value for row in rows for value in row]
    return tf.SparseTensor(indices, np.array(values, np.int32), x.shape)


@pytest.mark.parametrize("first", [tf.constant, sparse], ids=["dense", "sparse"])
@pytest.mark.parametrize("second", [tf.constant, sparse], ids=["dense", "sparse"])
def test_operations(first: Any, second: Any) -> None:
    a, b = first(A), second(B)
    results = [
        tf.sets.set_difference(a, b),
        tf.sets.difference(a, b, aminusb=False),
        tf.sets.set_intersection(a, b),
        tf.sets.union(a, b),
    ]
    with tf.Session() as session:
        found = [value.values.tolist() for value in session.run(results)]
    assert found == [[1], [9, 6], [2, 3, 4, 5], [1, 2, 3, 9, 4, 5, 6]]
    assert all(result.dense_shape.shape.as_list() == [2] for result in results)


def test_size() -> None:
    with tf.Session() as session:
        assert session.run(tf.sets.set_size(sparse(A))).tolist() == [3, 2]
    with pytest.raises(TypeError, match="Expected `SparseTensor`"):
        tf.sets.set_size(tf.constant(A))
