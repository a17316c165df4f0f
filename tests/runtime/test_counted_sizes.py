"""Sizes that data decides are counted by the code: what follows is in the same part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import flowc as tf

Array = NDArray[Any]
few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def compiled(session: tf.Session) -> list[str]:
    return [c.name for c in session.compilations]


def test_masked_losses_train_in_one_part() -> None:
    """The mask is computed in the step; both masked tensors have its count of rows."""
    with tf.Graph().as_default(), tf.Session() as session:
        x, y = (tf.placeholder(tf.float32, [None]) for _ in range(2))
        slope = tf.Variable(2.0)
        kept = y > 0
        error = slope * tf.boolean_mask(x, kept) - tf.boolean_mask(y, kept)
        loss = tf.reduce_mean(tf.square(error))
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        session.run(tf.global_variables_initializer())
        before = session.compile_count
        value = 2.0
        for size in (5, 8, 3):
            a, b = (np.random.default_rng(size + i).normal(size=size) for i in range(2))
            _, found = session.run([train, loss], {x: a, y: b})
            residual = (value * a - b)[b > 0]
            np.testing.assert_allclose(found, np.mean(residual**2), rtol=1e-5)
            value -= 0.1 * float(np.mean(2 * residual * a[b > 0]))
            np.testing.assert_allclose(session.run(slope), value, rtol=1e-5)
        assert session.compile_count == before + 2  # the step, and reading the variable


@few
@given(
    st.lists(st.integers(0, 5), min_size=0, max_size=3),
    st.booleans(),
    st.sampled_from([np.bool_, np.float32, np.int8, np.float64, np.int64]),
)
def test_where(shape: list[int], unknown: bool, dtype: Any) -> None:
    draw = np.random.default_rng(0).integers(0, 2, shape)
    values = draw.astype(dtype)
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.as_dtype(values.dtype), [None] * len(shape) if unknown else shape)
        found = session.run(tf.where(x), {x: values})
    wanted = np.argwhere(values) if shape else np.zeros((int(values), 0))
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, wanted)


def test_nan_is_not_zero() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(tf.where(tf.constant([0.0, np.nan, -0.0, np.inf])))
    np.testing.assert_array_equal(found, [[1], [3]])


def run_for(
    build: Callable[..., Any], feeds: Sequence[Sequence[Array]]
) -> tuple[list[Any], list[str]]:
    """The results for several feeds, and what was compiled."""
    with tf.Graph().as_default(), tf.Session() as session:
        holders = [tf.placeholder(tf.as_dtype(a.dtype), [None] * a.ndim) for a in feeds[0]]
        fetches = build(*holders)
        results = [session.run(fetches, dict(zip(holders, f, strict=True))) for f in feeds]
        return results, compiled(session)


VECTORS = [[np.array(v, np.float32)] for v in ([1, -2, 3, 0], [5, -1], [], [-1, -2], [4] * 9)]


@pytest.mark.parametrize(
    ("build", "wanted"),
    [
        (lambda p: tf.concat([p, p * 2], 0), lambda p: np.concatenate([p, p * 2])),
        (lambda p: tf.sort(p), np.sort),
        (lambda p: tf.nn.softmax(p), lambda p: np.exp(p) / np.exp(p).sum()),
        (lambda p: tf.cumsum(p), np.cumsum),
        (lambda p: tf.size(p), np.size),
        (lambda p: tf.tensordot(p, p, 1), lambda p: np.dot(p, p)),
        (lambda p: p[:, None] * p, lambda p: p[:, None] * p),
        (lambda p: tf.matmul(p[:, None], p[None]), lambda p: p[:, None] @ p[None]),
        (lambda p: tf.reverse(p, [0]), lambda p: p[::-1]),
        (lambda p: tf.reduce_max(tf.pad(p, [[1, 0]])), lambda p: np.max(np.pad(p, (1, 0)))),
    ],
)
def test_what_follows_needs_no_cut(build: Any, wanted: Any) -> None:
    results, parts = run_for(lambda x: build(tf.boolean_mask(x, x > 0)), VECTORS)
    assert len(parts) == 1
    for (x,), found in zip(VECTORS, results, strict=True):
        np.testing.assert_allclose(found, wanted(x[x > 0]), rtol=1e-5)


def test_a_size_that_must_be_known_cuts_the_step() -> None:
    """Whether the count is the length of x is asked when the sum is compiled, and found out."""

    def build(x: Any, y: Any) -> Any:
        return tf.boolean_mask(x, x > 0) + y

    pairs = [
        (np.array(a, np.float32), np.array(b, np.float32))
        for a, b in [([1, -1, 2], [10, 20]), ([3, 4], [1, 2]), ([-1, 5], [7, 8, 9])]
    ]
    results, parts = run_for(build, pairs)
    for (x, y), found in zip(pairs, results, strict=True):
        np.testing.assert_array_equal(found, x[x > 0] + y)
    assert len(parts) > 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes: 2 and 3"):
        run_for(build, [(np.ones(2, np.float32), np.ones(3, np.float32))])


def test_a_variable_takes_a_size_that_was_counted() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None])
        kept = tf.Variable(tf.zeros([0]), shape=tf.TensorShape([None]), use_resource=True)
        assign = kept.assign(tf.boolean_mask(x, x > 0))
        session.run(kept.initializer)
        for values in ([1.0, -1.0, 3.0], [2.0], [-1.0]):
            session.run(assign.op, {x: values})
            np.testing.assert_array_equal(session.run(kept), [v for v in values if v > 0])


def test_sizes_in_loops_are_counted_by_the_host() -> None:
    def build(x: Any) -> Any:
        def body(i: Any, total: Any) -> tuple[Any, Any]:
            return i + 1, total + tf.reduce_sum(tf.boolean_mask(x, x > tf.cast(i, tf.float32)))

        return tf.while_loop(lambda i, _: i < 3, body, (tf.constant(0), tf.constant(0.0)))[1]

    results, _ = run_for(build, VECTORS[:2])
    for (x,), found in zip(VECTORS, results, strict=False):
        assert found == sum(x[x > i].sum() for i in range(3))


def test_an_error_after_a_count_names_its_element() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.int32, [None])
        rows = tf.gather(tf.constant([1.0, 2.0]), tf.boolean_mask(x, x > 0))
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[1\] = 7 is not in \[0, 2\)"):
            session.run(rows, {x: [1, 0, 7]})


def test_large_results_are_cut_to_what_there_is() -> None:
    x = np.random.default_rng(0).normal(size=(5000, 3)).astype(np.float32)
    results, parts = run_for(lambda x: [tf.where(x > 1), tf.boolean_mask(x, x[:, 0] > 0)], [[x]])
    np.testing.assert_array_equal(results[0][0], np.argwhere(x > 1))
    np.testing.assert_array_equal(results[0][1], x[x[:, 0] > 0])
    assert len(parts) == 1


# Distinct elements


def distinct(values: Array) -> tuple[Array, Array, Array]:
    seen: list[Any] = []
    numbers = []
    for value in values.tolist():
        found = next((i for i, other in enumerate(seen) if other == value), len(seen))
        if found == len(seen):
            seen.append(value)
        numbers.append(found)
    counts = np.bincount(np.array(numbers, int), minlength=len(seen))
    return np.array(seen, values.dtype), np.array(numbers, int), counts


@few
@given(
    st.lists(st.integers(-3, 3), max_size=100),
    st.sampled_from([np.int32, np.int64, np.float32, np.uint8, np.float16, np.bool_]),
    st.booleans(),
)
def test_unique(numbers: list[int], dtype: Any, unknown: bool) -> None:
    values = np.array(numbers, np.int64).astype(dtype)
    if values.dtype.kind == "f":
        values[values == 3] = np.nan
        values[values == 0] *= -1
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.as_dtype(values.dtype), [None if unknown else len(values)])
        found = session.run(tf.unique_with_counts(x, tf.int64), {x: values})
        assert len(compiled(session)) == 1
    for got, want in zip(found, distinct(values), strict=True):
        np.testing.assert_array_equal(got, want)


def test_distinct_rows_and_texts_run_on_the_host() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        y, numbers = session.run(tf.unique(tf.constant(["a", "b", "a"])))
        assert y.tolist() == [b"a", b"b"] and numbers.tolist() == [0, 1, 0]
        x = tf.constant([[1, 2], [3, 4], [1, 2]])
        rows = session.run(tf.raw_ops.UniqueV2(x=x, axis=[0]))
        assert rows[0].tolist() == [[1, 2], [3, 4]] and rows[1].tolist() == [0, 1, 0]


# Partitions


@few
@given(st.lists(st.integers(0, 2), max_size=20), st.integers(0, 2))
def test_partitions_and_their_gradients(numbers: list[int], width: int) -> None:
    partitions = np.array(numbers, np.int32)
    data = np.random.default_rng(1).normal(size=(len(numbers), width)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        x, p = tf.placeholder(tf.float32, [None, width]), tf.placeholder(tf.int32, [None])
        parts = tf.dynamic_partition(x, p, 3)
        loss = tf.reduce_sum(parts[0] * 2) + tf.reduce_sum(tf.square(parts[2]))
        gradient = tf.gradients(loss, x)[0]
        found, slope = session.run([parts, gradient], {x: data, p: partitions})
        assert len(compiled(session)) == 1
    for number, part in enumerate(found):
        np.testing.assert_array_equal(part, data[partitions == number])
    factor = np.where(partitions[:, None] == 0, 2, np.where(partitions[:, None] == 2, 2 * data, 0))
    np.testing.assert_array_equal(slope, factor)
