"""`tf.metrics` of the k classes that are predicted most, over two batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

SCORES = [[0.1, 0.6, 0.2, 0.1], [0.4, 0.1, 0.2, 0.3], [0.0, 0.3, 0.3, 0.4]]  # tops: 1 2, 0 3, 3 1
LABELS = [[1, 0], [2, 3], [2, 2]]  # the last is one label


def twice(metric: tuple[Any, Any]) -> tuple[float, float]:
    """The values after one batch, and after the same batch again."""
    value, update = metric
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        first = session.run(update)
        session.run(update)
        return float(first), float(session.run(value))


def as_sparse() -> Any:
    return tf.SparseTensor(
        [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]], np.array([1, 0, 2, 3, 2]), [3, 2]
    )


@pytest.mark.parametrize("sparse", [False, True])
def test_recall_and_precision(sparse: bool) -> None:
    labels = as_sparse() if sparse else tf.constant(LABELS, tf.int64)
    assert twice(tf.metrics.recall_at_k(labels, SCORES, 2)) == (0.4, 0.4)
    assert twice(tf.metrics.precision_at_k(labels, SCORES, 2)) == (2 / 6, 2 / 6)
    assert twice(tf.metrics.recall_at_k(labels, SCORES, 2, class_id=3)) == (1, 1)
    assert twice(tf.metrics.recall_at_k(labels, SCORES, 2, class_id=2)) == (0, 0)
    assert twice(tf.metrics.precision_at_k(labels, SCORES, 2, class_id=3)) == (0.5, 0.5)
    weighted = tf.metrics.precision_at_k(labels, SCORES, 2, weights=[3.0, 1.0, 0.0])
    assert twice(weighted) == (0.5, 0.5)


@pytest.mark.parametrize("sparse", [False, True])
def test_average_precision(sparse: bool) -> None:
    labels = as_sparse() if sparse else tf.constant([[1, 0], [2, 3], [2, -1]], tf.int64)
    # Of three guesses each: 1 2 0, 0 3 2, 3 1 2.
    each = [(1 + 2 / 3) / 2, (1 / 2 + 2 / 3) / 2, 1 / 3]
    scores = np.array(SCORES)
    scores[0, 0] += 0.05
    first, second = twice(tf.metrics.average_precision_at_k(labels, scores, 3))
    assert first == second == pytest.approx(np.mean(each))
    weighted = tf.metrics.average_precision_at_k(labels, scores, 3, weights=[1.0, 0.0, 1.0])
    assert twice(weighted)[0] == pytest.approx((each[0] + each[2]) / 2)


def test_one_label_for_each_example() -> None:
    assert twice(tf.metrics.recall_at_k(np.array([1, 2, 3]), SCORES, 1)) == (2 / 3, 2 / 3)
    top = tf.metrics.recall_at_top_k(np.array([1, 2, 3]), [[1], [0], [3]])
    assert twice(top) == (2 / 3, 2 / 3)


def test_variables_have_tensorflows_names() -> None:
    tf.metrics.recall_at_k(np.array([1, 2, 3]), SCORES, 2, class_id=1)
    names = [v.name for v in tf.get_collection(tf.GraphKeys.METRIC_VARIABLES)]
    assert names == [
        "recall_at_2_class1/true_positive_at_2_class1:0",
        "recall_at_2_class1/false_negative_at_2_class1:0",
    ]


def test_cosines() -> None:
    found = twice(tf.metrics.mean_cosine_distance([[1.0, 0.0], [0.0, 1.0]], [[0.6, 0.8]] * 2, 1))
    assert found == pytest.approx((0.3, 0.3), abs=1e-6)


def test_no_guesses() -> None:
    with pytest.raises(ValueError, match="Invalid k=0"):
        tf.metrics.average_precision_at_k(LABELS, SCORES, 0)
