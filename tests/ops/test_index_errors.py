"""Which element an error names: the first in row-major order, in TensorFlow's words.

The sentences are TensorFlow 2.21's, but where it says less; then ours begin with its words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf

NAN, INF = float("nan"), float("inf")


def rows() -> Any:
    return tf.get_variable("rows", [5, 2], initializer=tf.zeros_initializer())


def resource() -> Any:
    return tf.get_variable("rows", [5, 2], initializer=tf.zeros_initializer(), use_resource=True)


def sparse(indices: Any) -> tf.SparseTensor:
    return tf.SparseTensor(tf.cast(indices, tf.int64), [1.0, 2.0], [2, 3])


def step(optimizer: Any, indices: Any) -> Any:
    return optimizer.apply_gradients([(tf.IndexedSlices(tf.ones([2, 2]), indices), rows())])


CASES: dict[str, tuple[Callable[..., Any], Any, str]] = {
    "gather scalar": (lambda i: tf.gather(tf.range(5), i), 9, "indices = 9 is not in [0, 5)"),
    "gather": (lambda i: tf.gather(tf.range(5), i), [1, 2, 9, -3], "indices[2] = 9 is not in"),
    "gather matrix": (
        lambda i: tf.gather(tf.range(5), i),
        [[1, 2], [0, -1]],
        "indices[1,1] = -1 is not in [0, 5)",
    ),
    "gather along an axis": (
        lambda i: tf.gather(tf.zeros([2, 3]), i, axis=1),
        [0, 3],
        "indices[1] = 3 is not in [0, 3)",
    ),
    "gather in batches": (
        lambda i: tf.gather(tf.zeros([2, 3]), i, batch_dims=1),
        [[0], [5]],
        "indices[1,0] = 5 is not in [0, 3)",
    ),
    "gather_nd": (
        lambda i: tf.gather_nd(tf.zeros([2, 3]), i),
        [[[0, 1], [1, 2]], [[0, 1], [2, 0]]],
        "indices[1,1] = [2, 0] does not index into param shape [2,3]",
    ),
    "gather of a resource": (
        lambda i: tf.gather(resource(), i),
        [1, 7],
        "indices[1] = 7 is not in [0, 5)",
    ),
    "embedding_lookup": (
        lambda i: tf.nn.embedding_lookup(rows(), i),
        [[1, 7]],
        "indices[0,1] = 7 is not in [0, 5)",
    ),
    "scatter_update": (
        lambda i: tf.scatter_update(rows(), i, tf.ones([1, 2, 2])),
        [[1, 7]],
        "indices[0,1] = 7 is not in [0, 5)",
    ),
    "scatter_add to a resource": (
        lambda i: tf.scatter_add(resource(), i, tf.ones([2, 2])),
        [1, 7],
        "indices[1] = 7 is not in [0, 5)",
    ),
    "scatter_nd": (
        lambda i: tf.scatter_nd(i, tf.ones([2, 3]), [4, 3]),
        [[1], [7]],
        "indices[1] = [7] does not index into shape [4,3]",
    ),
    "tensor_scatter_update": (
        lambda i: tf.tensor_scatter_update(tf.zeros([4]), i, tf.ones([2])),
        [[1], [7]],
        "indices[1] = [7] does not index into shape [4]",
    ),
    "scatter_nd_update": (
        lambda i: tf.scatter_nd_update(rows(), i, tf.ones([2, 2])),
        [[1], [7]],
        "indices[1] = [7] does not index into shape [5,2]",
    ),
    "segment_sum of a negative id": (
        lambda i: tf.segment_sum(tf.ones([3]), i),
        [-1, 0, 1],
        "Segment id -1 out of range [0, 2), possibly because 'segment_ids' input is not sorted",
    ),
    "segment_sum out of order": (
        lambda i: tf.segment_sum(tf.ones([3]), i),
        [0, 2, 1],
        "segment ids are not increasing: segment_ids[2] = 1 follows 2",
    ),
    "unsorted_segment_max": (
        lambda i: tf.unsorted_segment_max(tf.ones([1, 3]), i, 3),
        [[0, 5, 1]],
        "segment_ids[0,1] = 5 is out of range [0, 3)",
    ),
    "sparse_segment_sum": (
        lambda i: tf.sparse_segment_sum(tf.ones([3, 2]), i, [0, 0, 1]),
        [0, 5, 1],
        "Bad: indices[1] == 5 out of range [0, 3)",
    ),
    "sparse_to_dense": (
        lambda i: tf.sparse_to_dense(i, [5, 3], [1.0, 2.0]),
        [[1, 2], [2, 3]],
        "indices[1] = [2,3] is out of bounds: need 0 <= index < [5,3]",
    ),
    "sparse_to_dense out of order": (
        lambda i: tf.sparse_to_dense(i, [5], [1.0, 2.0]),
        [3, 1],
        "indices[1] = [1] is out of order. Many sparse ops require sorted indices.",
    ),
    "sparse_to_dense repeated": (
        lambda i: tf.sparse_to_dense(i, [5], [1.0, 2.0]),
        [3, 3],
        "indices[1] = [3] is repeated",
    ),
    "sparse product": (
        lambda i: tf.sparse_tensor_dense_matmul(sparse(i), tf.ones([3, 2])),
        [[0, 1], [1, 4]],
        "indices[1] = [1,4] is out of bounds: need 0 <= index < [2,3]",
    ),
    "sparse_reorder": (
        lambda i: tf.sparse_reorder(sparse(i)).values,
        [[0, 1], [5, 1]],
        "indices[1] = [5,1] is out of bounds: need 0 <= index < [2,3]",
    ),
    "sparse_split": (
        lambda i: tf.sparse_split(sp_input=sparse(i), num_split=2, axis=0)[0].values,
        [[0, 1], [5, 1]],
        "indices[1] = [5,1] is out of bounds",
    ),
    "sparse_maximum": (
        lambda i: tf.sparse_maximum(sparse(i), sparse(i)).values,
        [[0, 1], [5, 1]],
        "indices[1] = [5,1] is out of bounds",
    ),
    "sparse_fill_empty_rows": (
        lambda i: tf.sparse_fill_empty_rows(sparse(i), 0.0)[0].values,
        [[0, 1], [5, 1]],
        "indices(1, 0) is invalid: 5 >= 2",
    ),
    "dynamic_partition": (
        lambda i: tf.dynamic_partition(tf.ones([1, 3]), i, 2),
        [[0, 1, 2]],
        "partitions[0,2] = 2 is not in [0, 2)",
    ),
    "dynamic_stitch": (
        lambda i: tf.dynamic_stitch([i], [tf.ones([3])]),
        [0, -1, 2],
        "indices[1] = -1 is out of range",
    ),
    "reverse_sequence": (
        lambda i: tf.reverse_sequence(tf.ones([2, 3]), i, seq_axis=1, batch_axis=0),
        [1, 7],
        "seq_lens(1) > input.dims(1)",
    ),
    "element of a tensor": (
        lambda i: tf.ones([5, 4])[2, i],
        7,
        "slice index 7 of dimension 1 out of bounds.",
    ),
    "slice": (lambda i: tf.slice(tf.ones([5]), i, [2]), [7], "Expected begin[0] in [0, "),
    "label": (
        lambda i: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=i, logits=tf.zeros([3, 4])),
        [0, 7, 1],
        "Received a label value of 7 which is outside the valid range of [0, 4).  "
        "Label values: 0 7 1",
    ),
    "bincount": (tf.bincount, [1, -7], "Input arr must be non-negative! arr[1] = -7"),
    "duplicate of a permutation": (
        tf.invert_permutation,
        [1, 1, 0],
        "1 is duplicated in the input.",
    ),
    "number beyond a permutation": (tf.invert_permutation, [1, 7, 0], "7 is not between 0 and 3"),
    "crop_and_resize": (
        lambda i: tf.image.crop_and_resize(tf.ones([1, 4, 4, 1]), tf.ones([2, 4]), i, [2, 2]),
        [0, 1],
        "box_index has values outside [0, batch_size): box_index[1] = 1",
    ),
    "candidate": (
        lambda i: tf.nn.uniform_candidate_sampler(tf.cast(i, tf.int64), 1, 2, True, 5),
        [[0], [9]],
        "`true_candidate` out of range [0, 5), received 9",
    ),
    "random_uniform": (
        lambda i: tf.random_uniform([2], i, 3, tf.int32),
        7,
        "Need minval < maxval, got 7 >= 3",
    ),
    "power": (lambda i: tf.pow(2, i), [1, -3], "negative integer powers are not allowed"),
    "sparse step of an optimizer": (
        lambda i: step(tf.train.AdagradOptimizer(0.1), i),
        [0, 9],
        "Index 9 at offset 1 in indices is out of range",
    ),
    "scattered step of an optimizer": (
        lambda i: step(tf.train.GradientDescentOptimizer(0.1), i),
        [0, 9],
        "indices[1] = 9 is not in [0, 5)",
    ),
    "array": (
        lambda i: tf.TensorArray(tf.float32, 3).unstack(tf.ones([3])).read(i),
        7,
        "Tried to access element 7 of a list (array) of 3 elements",
    ),
    "in a loop": (
        lambda i: tf.while_loop(lambda n: n < 5, lambda n: n + tf.gather(i, n), [0]),
        [1, 1, 1],
        "indices = 3 is not in [0, 3)",
    ),
    "in a branch": (
        lambda i: tf.cond(i[0] > 0, lambda: tf.gather(tf.range(5), i), lambda: i),
        [1, 8],
        "indices[1] = 8 is not in [0, 5)",
    ),
    "NaN": (lambda x: tf.check_numerics(x, "loss"), [1.0, NAN], "loss : Tensor had NaN values"),
    "Inf": (lambda x: tf.check_numerics(x, "loss"), [1.0, -INF], "loss : Tensor had Inf values"),
    "NaN and Inf": (
        lambda x: tf.check_numerics(x, "loss"),
        [INF, NAN],
        "loss : Tensor had Inf and NaN values",
    ),
}


KNOWN_WHEN_BUILT = {  # shape inference refuses what cannot be right
    "dynamic_stitch",
    "element of a tensor",
    "slice",
    "duplicate of a permutation",
    "number beyond a permutation",
}


def failure(build: Callable[..., Any], feed: Any, known: bool) -> Exception:
    array = np.asarray(feed, np.float32 if isinstance(np.ravel(feed)[0], float) else np.int32)
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant(array) if known else tf.placeholder(array.dtype, [None] * array.ndim)
        with pytest.raises((tf.errors.OpError, ValueError)) as caught:
            fetch = build(x)  # which may refuse what is known already
            session.run(tf.global_variables_initializer())
            session.run(fetch, {} if known else {x: array})
    return caught.value


@pytest.mark.parametrize("known", [False, True], ids=["fed", "constant"])
@pytest.mark.parametrize("name", CASES)
def test_the_element_is_named(name: str, known: bool) -> None:
    build, feed, words = CASES[name]
    error = failure(build, feed, known)
    assert words in str(error)
    assert "test_index_errors.py" in str(error)  # where the node was made
    expected = tf.errors.OutOfRangeError if "crop" in name else tf.errors.InvalidArgumentError
    assert isinstance(error, ValueError if known and name in KNOWN_WHEN_BUILT else expected)


def test_the_first_element_is_named_whatever_thread_meets_one() -> None:
    indices = np.zeros(1_000_000, np.int32)
    indices[[700_000, 400_000, 999_999]] = [7, 8, 9]
    error = failure(lambda i: tf.gather(tf.range(5), i), indices, known=False)
    assert "indices[400000] = 8 is not in [0, 5)" in str(error)


@pytest.mark.parametrize(("start", "told"), [(3, "indices = 4 is not in"), (9, "indices = 10 is")])
def test_an_index_that_was_counted_up(start: int, told: str) -> None:
    """The check looks at what is written, so memory holds the new count when it fails."""
    with tf.Graph().as_default(), tf.Session() as session:
        count = tf.get_variable("count", [], tf.int32, tf.constant_initializer(start))
        row = tf.gather(tf.range(4), tf.assign_add(count, 1))
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            session.run(row)
    assert told in str(caught.value)


def test_an_index_that_is_counted_up_in_a_loop() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        count = tf.get_variable("count", [], tf.int32, tf.zeros_initializer(), use_resource=True)

        def body(i: Any) -> Any:
            with tf.control_dependencies([count.assign_add(1)]):
                return i + tf.gather([1, 1, 1], count.read_value())

        loop = tf.while_loop(lambda i: i < 9, body, [0])
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            session.run(loop)
    told = str(caught.value).splitlines()[0]
    assert told.endswith(("indices = 3 is not in [0, 3)", "indices must be in [0, 3)"))
