"""Accumulators of gradients; the numbers are TensorFlow's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import flowc as tf
from flowc.frontend.apply import build


@pytest.fixture
def session() -> Iterator[Any]:
    with tf.Session() as made:
        yield made


@pytest.mark.parametrize(("reduction", "expected"), [("MEAN", [2, 3.5]), ("SUM", [4, 7])])
def test_dense(session: Any, reduction: str, expected: Any) -> None:
    kept = tf.ConditionalAccumulator(tf.float32, [2], reduction_type=reduction)
    for gradient in ([1.0, 2.0], [3.0, 5.0]):
        session.run(kept.apply_grad(gradient))
    count = kept.num_accumulated()
    assert session.run(count) == 2
    taken = kept.take_grad(1)
    assert taken.shape.as_list() == [2]
    assert session.run(taken).tolist() == expected
    assert session.run(count) == 0
    session.run(kept.apply_grad([1.0, 2.0], local_step=0))  # that step is over
    assert session.run(count) == 0
    session.run(kept.apply_grad([1.0, 2.0], local_step=1))
    session.run(kept.set_global_step(5))
    session.run(kept.apply_grad([1.0, 2.0], local_step=4))
    assert session.run(count) == 1


@pytest.mark.parametrize(("reduction", "last"), [("MEAN", [16.5, 22.0]), ("SUM", [33.0, 44.0])])
def test_sparse(session: Any, reduction: str, last: Any) -> None:
    kept = tf.SparseConditionalAccumulator(tf.float32, [None, 2], reduction_type=reduction)
    first = tf.IndexedSlices([[1.0, 2.0], [3.0, 4.0]], [0, 3], [5, 2])
    session.run(kept.apply_indexed_slices_grad(first))
    session.run(kept.apply_grad([1, 3], [[10.0, 20.0], [30.0, 40.0]]))
    found = session.run(kept.take_indexed_slices_grad(2))
    assert found.indices.tolist() == [0, 1, 3]
    assert found.values.tolist() == [[1, 2], [10, 20], last]
    assert found.dense_shape.tolist() == [-1, 2]
    assert session.run(kept.num_accumulated()) == 0


def test_taking_waits(session: Any) -> None:
    kept = tf.ConditionalAccumulator(tf.float32, [])
    taken = kept.take_grad(2)
    found: list[float] = []
    thread = threading.Thread(target=lambda: found.append(session.run(taken)), daemon=True)
    thread.start()
    add = kept.apply_grad(3.0)
    session.run(add)
    thread.join(0.05)
    assert not found
    session.run(add)
    thread.join(20)
    assert found == [3.0]


def test_by_reference(session: Any) -> None:
    kept = build("ConditionalAccumulator", dtype=tf.float32, shape=None)
    session.run(build("AccumulatorApplyGradient", kept, tf.constant(0, tf.int64), [1.0]))
    assert session.run(build("AccumulatorNumAccumulated", kept)) == 1
    assert session.run(build("AccumulatorTakeGradient", kept, 1, dtype=tf.float32)).tolist() == [1]
    session.run(build("AccumulatorSetGlobalStep", kept, tf.constant(7, tf.int64)))


def test_what_does_not_fit(session: Any) -> None:
    kept = tf.ConditionalAccumulator(tf.float32, [2])
    with pytest.raises(ValueError, match="incompatible"):
        kept.apply_grad([1.0])
    unknown = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Shape mismatch"):
        session.run(kept.apply_grad(unknown), {unknown: [1.0]})
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be positive"):
        session.run(kept.take_grad(0))
    rows = tf.SparseConditionalAccumulator(tf.float32, [5, 2])
    with pytest.raises(tf.errors.InvalidArgumentError, match="do not fit"):
        session.run(rows.apply_grad([0, 1], [[1.0, 2.0]]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Shape mismatch"):
        session.run(rows.apply_grad([0], [[1.0, 2.0, 3.0]]))
