"""Crosses of features, and embeddings of rows that may be empty; TensorFlow's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf


def evaluate(tensor: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensor)


def columns() -> list[Any]:
    places = [[0, 0], [1, 0], [1, 1]]
    numbers = tf.constant([1, 2, -3], tf.int64)
    return [
        tf.SparseTensor(places, ["a", "b", "c"], [2, 2]),
        tf.SparseTensor(places, numbers, [2, 2]),
        tf.constant([["x", "y"], ["z", "w"]]),
    ]


def test_crosses() -> None:
    joined = evaluate(tf.sparse.cross(columns()))
    assert joined.dense_shape.tolist() == [2, 8]
    assert joined.indices[:3].tolist() == [[0, 0], [0, 1], [1, 0]]
    assert joined.values[:4].tolist() == [b"a_X_1_X_x", b"a_X_1_X_y", b"b_X_2_X_z", b"b_X_2_X_w"]
    hashed = evaluate(tf.sparse.cross_hashed(columns()))
    assert hashed.values[:2].tolist() == [43144969564918260, 5928838386147229058]
    few = evaluate(tf.sparse.cross_hashed(columns(), 100))
    assert few.values.tolist() == [67, 58, 33, 56, 91, 73, 84, 19, 43, 80]
    keyed = evaluate(tf.sparse.cross_hashed(columns()[::2], 1000, hash_key=77))
    assert keyed.values.tolist() == [35, 418, 659, 144, 905, 8]
    with pytest.raises(TypeError, match="must be a list"):
        not_a_list: Any = tf.constant([["a"]])
        tf.sparse.cross(not_a_list)
    with pytest.raises(tf.errors.InvalidArgumentError, match="equal batch sizes"):
        evaluate(tf.sparse.cross([tf.constant([["a"]]), columns()[0]]))


TABLE = np.arange(20).reshape(10, 2).astype(np.float32)
PLACES = [[0, 0], [0, 1], [2, 0], [3, 1]]


@pytest.mark.parametrize(
    ("combiner", "weighted", "default", "expected"),
    [
        ("mean", False, None, [[2, 3], [0, 0], [6, 7], [8, 9], [0, 0]]),
        ("mean", True, None, [[2, 3], [0, 0], [0, 0], [8, 9], [0, 0]]),
        ("mean", True, 2, [[2, 3], [4, 5], [4, 5], [8, 9], [4, 5]]),
        ("sum", True, 2, [[2, 3], [4, 5], [0, 0], [24, 27], [4, 5]]),
        ("sqrtn", True, None, [[2, 3], [0, 0], [0, 0], [8, 9], [0, 0]]),
    ],
)
def test_safe_embeddings(combiner: str, weighted: bool, default: Any, expected: Any) -> None:
    ids = tf.SparseTensor(PLACES, tf.constant([1, -1, 3, 4], tf.int64), [5, 3])
    weights = tf.SparseTensor(PLACES, [1.0, 2.0, 0.0, 3.0], [5, 3]) if weighted else None
    found = tf.nn.safe_embedding_lookup_sparse(TABLE, ids, weights, combiner, default)
    assert evaluate(found).tolist() == expected


def test_ids_of_more_dimensions() -> None:
    ids = tf.SparseTensor(
        [[0, 0, 0], [0, 1, 1], [1, 1, 0]], tf.constant([1, 2, 3], tf.int64), [2, 2, 2]
    )
    found = tf.nn.safe_embedding_lookup_sparse([TABLE], ids)
    assert found.shape.as_list() == [2, 2, 2]
    assert evaluate(found).tolist() == [[[2, 3], [4, 5]], [[0, 0], [6, 7]]]
    with pytest.raises(ValueError, match="Missing embedding_weights"):
        tf.nn.safe_embedding_lookup_sparse([], ids)
