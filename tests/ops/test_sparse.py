"""Ops on sparse tensors against dense NumPy, where the corpus has no case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build
from flowc.ir.errors import InvalidArgumentError

Array = np.ndarray[Any, Any]
Sparse = tuple[Array, Array, Array]

LEFT = np.array([[0, 2, 0], [0, 0, 0], [-1, 0, 3]], np.float32)
RIGHT = np.array([[1, -2, 0], [0, 0, 5], [0, 0, 4]], np.float32)


@pytest.fixture(autouse=True)
def graph() -> Any:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


def run(tensors: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensors)


def sparse(dense: Array) -> Sparse:
    indices = np.argwhere(dense).astype(np.int64)
    return indices, dense[tuple(indices.T)], np.array(dense.shape, np.int64)


def dense(indices: Array, values: Array, shape: Sequence[int]) -> Array:
    result = np.zeros(tuple(shape), values.dtype)
    result[tuple(indices.T)] = values if len(shape) else values.item()
    return result


def test_quotient_with_a_dense_row() -> None:
    row = np.array([2, 4, 8], np.float32)
    values = run(build("SparseDenseCwiseDiv", *sparse(LEFT), row))
    np.testing.assert_array_equal(dense(sparse(LEFT)[0], values, [3, 3]), LEFT / row)


@pytest.mark.parametrize(("name", "function"), [("Maximum", np.maximum), ("Minimum", np.minimum)])
def test_greater_and_lesser(name: str, function: Any) -> None:
    indices, values = run(build(f"SparseSparse{name}", *sparse(LEFT), *sparse(RIGHT)))
    np.testing.assert_array_equal(dense(indices, values, [3, 3]), function(LEFT, RIGHT))


@pytest.mark.parametrize("threshold", [0.0, 1.5])
def test_sum_above_a_threshold(threshold: float) -> None:
    total = run(build("SparseAdd", *sparse(LEFT), *sparse(RIGHT), np.float32(threshold)))
    expected = LEFT + RIGHT
    np.testing.assert_array_equal(dense(*total), np.where(abs(expected) < threshold, 0, expected))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_parts(axis: int, parts: int) -> None:
    outputs = build("SparseSplit", np.int64(axis), *sparse(LEFT), num_split=parts)
    pieces = [dense(*part) for part in zip(*run(list(outputs)), strict=True)]
    for piece, expected in zip(pieces, np.array_split(LEFT, parts, axis), strict=True):
        np.testing.assert_array_equal(piece, expected)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("axes", [[0], [1], [-1], [0, 1]])
@pytest.mark.parametrize("suffix", ["", "Sparse"])
def test_reductions(suffix: str, axes: list[int], keep: bool) -> None:
    positive = abs(LEFT)
    for name, function in (("Sum", np.sum), ("Max", np.max)):
        result = build(f"SparseReduce{name}{suffix}", *sparse(positive), axes, keep_dims=keep)
        found = run(list(result) if suffix else result)
        found = dense(*found) if suffix else found
        expected = function(positive, axis=tuple(axes), keepdims=keep)
        np.testing.assert_array_equal(found, expected)


def test_strings_made_dense() -> None:
    values = np.array([b"a", b"b"], object)
    made = run(build("SparseToDense", np.array([[0], [2]]), np.array([3]), values, b"-"))
    assert made.tolist() == [b"a", b"-", b"b"]


def test_strings_reordered() -> None:
    indices = np.array([[1, 0], [0, 1]])
    values = np.array([b"late", b"early"], object)
    ordered = run(list(build("SparseReorder", indices, values, np.array([2, 2]))))
    assert ordered[1].tolist() == [b"early", b"late"]


def test_an_index_outside_of_the_shape() -> None:
    indices, values = tf.placeholder(tf.int64, [1, 2]), np.ones(1, np.float32)
    total = build("SparseTensorDenseAdd", indices, values, np.array([3, 3]), LEFT)
    with tf.Session() as session, pytest.raises(InvalidArgumentError, match="out of bounds"):
        session.run(total, {indices: [[0, 5]]})


@pytest.mark.parametrize("kind", ["Sum", "Mean", "SqrtN"])
def test_segments_of_chosen_rows(kind: str) -> None:
    data = np.arange(12, dtype=np.float32).reshape(4, 3)
    rows, ids = np.array([3, 0, 0, 2], np.int32), np.array([0, 0, 2, 2], np.int32)
    segments = run(build(f"SparseSegment{kind}WithNumSegments", data, rows, ids, 4))
    scale = {"Sum": 1, "Mean": 2, "SqrtN": np.sqrt(np.float32(2))}[kind]
    expected = np.zeros((4, 3), np.float32)
    np.add.at(expected, ids, data[rows])
    np.testing.assert_allclose(segments, expected / scale, 1e-6)


@pytest.mark.parametrize("kind", ["Sum", "Mean", "SqrtN"])
def test_compact_gradients_are_the_rows_of_the_whole_one(kind: str) -> None:
    grad = np.arange(1, 7, dtype=np.float32).reshape(3, 2)
    indices, segments = np.array([4, 1, 4, 2]), np.array([0, 0, 1, 2])
    whole = build(f"SparseSegment{kind}Grad", grad, indices, segments, np.int32(6))
    compact, rows = build(f"SparseSegment{kind}GradV2", grad, indices, segments, np.int32(6))
    expected, found, places = run([whole, compact, rows])
    assert places.tolist() == [1, 2, 4]
    np.testing.assert_allclose(found, expected[places], rtol=1e-6)
    assert not expected[[0, 3, 5]].any()
    with pytest.raises(InvalidArgumentError, match="out of range"):
        run(build(f"SparseSegment{kind}GradV2", grad, indices, segments, np.int32(4))[0])
