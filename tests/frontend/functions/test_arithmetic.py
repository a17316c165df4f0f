"""Quotients without NaN, running sums, histograms, flat indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf


def run(*fetches: Any) -> Any:
    with tf.Session() as session:
        return session.run(fetches[0] if len(fetches) == 1 else list(fetches))


def test_products_and_reciprocals_without_nan() -> None:
    x = tf.constant([1.0, np.inf, np.nan])
    assert run(tf.math.multiply_no_nan(x, [2.0, 0.0, 0.0])).tolist() == [2, 0, 0]
    assert run(tf.math.reciprocal_no_nan([1.0, 0.0, 4.0])).tolist() == [1, 0, 0.25]


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_logarithms_of_running_sums(exclusive: bool, reverse: bool) -> None:
    x = np.array([[1.0, -2.0, 0.5], [1000.0, 999.0, 1001.0]])
    found = run(tf.math.cumulative_logsumexp(x, 1, exclusive=exclusive, reverse=reverse))
    rows = x[:, ::-1] if reverse else x
    expected = np.logaddexp.accumulate(rows, 1)
    if exclusive:
        expected = np.concatenate([[[-np.inf]] * 2, expected[:, :-1]], 1)
    np.testing.assert_allclose(found, expected[:, ::-1] if reverse else expected, rtol=1e-12)


def test_segments_by_the_root_of_their_size() -> None:
    data = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    found = run(tf.unsorted_segment_sqrt_n(data, [0, 2, 0, -1], 3))
    np.testing.assert_allclose(found, [[18**0.5, 32**0.5], [0.0, 0.0], [3.0, 4.0]], rtol=1e-6)


def test_histograms() -> None:
    values = tf.constant([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0])
    bins = tf.histogram_fixed_width_bins(values, [0.0, 5.0], nbins=5)
    counts = tf.histogram_fixed_width(values, [0.0, 5.0], nbins=5, dtype=tf.int64)
    assert bins.dtype == tf.int32 and counts.dtype == tf.int64
    first, second = run(bins, counts)
    assert first.tolist() == [0, 0, 1, 2, 4, 4]
    assert second.tolist() == [2, 1, 1, 0, 2]


def test_flat_indices() -> None:
    found = run(tf.unravel_index([22, 41, 37], [7, 6]))
    assert found.tolist() == np.array(np.unravel_index([22, 41, 37], (7, 6))).tolist()


def test_elements_put_by_index_under_both_names() -> None:
    x = tf.zeros([3, 2])
    pairs = run(
        tf.tensor_scatter_nd_add(x, [[1]], [[2.0, 3.0]]),
        tf.tensor_scatter_add(x, [[1]], [[2.0, 3.0]]),
    )
    assert pairs[0].tolist() == pairs[1].tolist() == [[0, 0], [2, 3], [0, 0]]


def test_maps_find_out_what_they_return() -> None:
    offset = tf.placeholder(tf.float32, [])
    x = tf.placeholder(tf.float32, [None, 3])
    total, whole = tf.vectorized_map(
        lambda row: (tf.reduce_sum(row) + offset, tf.cast(row, tf.int32)), x
    )
    with tf.Session() as session:
        values = session.run([total, whole], {x: [[1.5, 2, 3], [4, 5, 6.5]], offset: 10})
    assert values[0].tolist() == [16.5, 25.5]
    assert values[1].tolist() == [[1, 2, 3], [4, 5, 6]]


def test_sparse_tensors_from_dense_ones() -> None:
    found = tf.sparse.from_dense([[0.0, 1.0], [2.0, 0.0]])
    wide = tf.sparse.expand_dims(found, -2)
    unit = tf.sparse.eye(2, 3)
    assert wide.shape.as_list() == [2, 1, 2]
    values = run(found, wide, tf.sparse.to_dense(unit))
    assert values[0].indices.tolist() == [[0, 1], [1, 0]]
    assert values[1].indices.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert values[2].tolist() == np.eye(2, 3).tolist()
    with pytest.raises(ValueError, match="axis 3 is out of range"):
        tf.sparse.expand_dims(found, 3)


def test_text_as_numbers_of_characters() -> None:
    text = tf.constant("héllo")
    numbers, starts = tf.strings.unicode_decode_with_offsets(text, "UTF-8")
    back = tf.strings.unicode_encode([[104, 233], [97, 98]], "UTF-8")
    split = tf.strings.unicode_split(text, "UTF-8")
    pairs = tf.strings.ngrams(["a", "b", "c"], 2, separator="-", pad_values=("<", ">"))
    found = run(numbers, starts, back, split, pairs)
    assert found[0].tolist() == [104, 233, 108, 108, 111]
    assert found[1].tolist() == [0, 1, 3, 4, 5]
    assert found[2].tolist() == ["hé".encode(), b"ab"]
    assert b"".join(found[3]).decode() == "héllo" and len(found[3]) == 5
    assert found[4].tolist() == [b"<-a", b"a-b", b"b-c", b"c->"]
    with pytest.raises(ValueError, match="RaggedTensor"):
        tf.strings.unicode_decode(["a", "bc"], "UTF-8")


@pytest.mark.parametrize("use_resource", [False, True])
def test_rows_replaced_in_each_batch(use_resource: bool) -> None:
    v = tf.get_variable("v", initializer=np.zeros((2, 3), "f"), use_resource=use_resource)
    update = tf.batch_scatter_update(v, [[0, 2], [1, 0]], [[1.0, 2.0], [3.0, 4.0]])
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(update)
        assert session.run(v).tolist() == [[1, 0, 2], [4, 3, 0]]


def test_sorting_along_any_axis() -> None:
    x = np.array([[3.0, 1.0], [2.0, 5.0], [4.0, 0.0]])
    found = run(tf.sort(x, 0), tf.argsort(x, 0, "DESCENDING"), tf.sort(x, -2))
    assert found[0].tolist() == found[2].tolist() == np.sort(x, 0).tolist()
    assert found[1].tolist() == [[2, 1], [0, 0], [1, 2]]
    with pytest.raises(ValueError, match="axis 2 is out of range"):
        tf.sort(x, 2)


def test_distances_of_what_is_sparse() -> None:
    hypothesis = tf.SparseTensorValue([[0, 0], [0, 1], [1, 0]], ["a", "b", "c"], [2, 2])
    truth = tf.SparseTensor([[0, 0], [1, 0], [1, 1]], ["a", "c", "d"], [2, 2])
    assert run(tf.edit_distance(hypothesis, truth)).tolist() == [1, 0.5]
    dense: Any = [["a"]]
    with pytest.raises(TypeError, match="Truth must be a SparseTensor"):
        tf.edit_distance(hypothesis, dense)


def test_averages_over_a_batch() -> None:
    losses = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    found = run(
        tf.nn.compute_average_loss(losses, [1.0, 0.0]),
        tf.nn.compute_average_loss(losses, global_batch_size=4),
        tf.nn.scale_regularization_loss(losses),
    )
    assert found == [1.5, 2.5, 10]
