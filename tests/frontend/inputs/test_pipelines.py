"""Input pipelines of queues and threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf

DATA = np.arange(20, dtype=np.float32).reshape(10, 2)
LABELS = np.arange(10)


@contextmanager
def running() -> Iterator[Any]:
    """A session whose queue runners run."""
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        try:
            yield session
        finally:
            coordinator.request_stop()
            coordinator.join(threads, stop_grace_period_secs=20)


def drain(fetches: Any) -> list[Any]:
    """All values until the end."""
    found = []
    with running() as session:
        while True:
            try:
                found.append(session.run(fetches))
            except tf.errors.OutOfRangeError:
                return found


# Producers


def test_the_order_is_tensorflows() -> None:
    tf.set_random_seed(5)
    row, label = tf.train.slice_input_producer([DATA, LABELS], num_epochs=2, seed=3)
    rows, labels = tf.train.batch([row, label], 4, allow_smaller_final_batch=True)
    assert (rows.shape.as_list(), labels.shape.as_list()) == ([None, 2], [None])
    found = drain([tf.reduce_sum(rows, 1), labels])
    assert [labels.tolist() for _, labels in found] == [
        [0, 9, 8, 7],
        [4, 6, 3, 2],
        [5, 1, 5, 9],
        [7, 0, 4, 1],
        [2, 8, 6, 3],
    ]
    assert all((sums == 4 * labels + 1).all() for sums, labels in found)


def test_epochs() -> None:
    queue = tf.train.range_input_producer(3, num_epochs=2, shuffle=False)
    assert drain(queue.dequeue()) == [0, 1, 2, 0, 1, 2]
    (summary,) = tf.get_collection(tf.GraphKeys.SUMMARIES)
    assert summary.op.name == "input_producer/fraction_of_32_full"
    with pytest.raises(ValueError, match="num_epochs must be > 0"):
        tf.train.limit_epochs(tf.constant(1), 0)
    assert tf.train.limit_epochs(1) == 1


def test_rows_of_a_tensor() -> None:
    queue = tf.train.input_producer(DATA[:2], num_epochs=1, shuffle=False)
    assert [row.tolist() for row in drain(queue.dequeue())] == DATA[:2].tolist()
    with pytest.raises(ValueError, match="fully defined shape"):
        tf.train.input_producer(tf.placeholder(tf.float32))


def test_nothing_to_produce() -> None:
    with pytest.raises(ValueError, match="non-null input tensor"):
        tf.train.string_input_producer([])
    with pytest.raises(ValueError, match="at least one tensor"):
        tf.train.slice_input_producer([])
    queue = tf.train.string_input_producer(tf.constant([], tf.string, [0]))
    with tf.Session() as session:
        (runner,) = tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)
        with pytest.raises(tf.errors.InvalidArgumentError, match="non-null"):
            session.run(runner.enqueue_ops[0])
    assert queue.dtypes == [tf.string]


def test_files_that_match(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.csv"):
        (tmp_path / name).write_text(f"1,{name}\n2,{name}\n")
    names = tf.train.match_filenames_once(str(tmp_path / "*.txt"))
    queue = tf.train.string_input_producer(names, num_epochs=1, shuffle=False)
    _, line = tf.TextLineReader().read(queue)
    number, text = tf.decode_csv(line, [[0], [""]])
    numbers, texts = tf.train.batch([number, text], 2)
    found = drain([numbers * 10, texts])
    assert [n.tolist() for n, _ in found] == [[10, 20], [10, 20]]
    assert [t.tolist() for _, t in found] == [[b"a.txt"] * 2, [b"b.txt"] * 2]


# Batches


def counter(limit: int) -> Any:
    return tf.train.range_input_producer(limit, num_epochs=1, shuffle=False).dequeue()


def test_dictionaries() -> None:
    number = counter(4)
    batch = tf.train.batch({"n": number, "double": number * 2}, 2)
    found = drain(batch)
    assert [(f["n"].tolist(), f["double"].tolist()) for f in found] == [
        ([0, 1], [0, 2]),
        ([2, 3], [4, 6]),
    ]


def test_rows_as_elements() -> None:
    several = tf.stack([counter(4)] * 3)
    assert [b.tolist() for b in drain(tf.train.batch([several], 4, enqueue_many=True))] == [
        [0, 0, 0, 1],
        [1, 1, 2, 2],
        [2, 3, 3, 3],
    ]


def test_padding() -> None:
    vector = tf.range(counter(4) + 1)
    found = drain(tf.train.batch([vector], 2, dynamic_pad=True))
    assert [b.tolist() for b in found] == [[[0, 0], [0, 1]], [[0, 1, 2, 0], [0, 1, 2, 3]]]
    with pytest.raises(ValueError, match="fully defined"):
        tf.train.batch([vector], 2)


def test_random_batches() -> None:
    found = drain(tf.train.shuffle_batch([counter(20)], 5, 16, 8, num_threads=2))
    assert sorted(n for batch in found for n in batch) == list(range(20))
    assert any((np.diff(batch) != 1).any() for batch in found)
    assert "shuffle_batch/fraction_over_8_of_16_full" in tf.get_default_graph()
    with pytest.raises(ValueError, match="must be bigger than min_after_dequeue"):
        tf.train.shuffle_batch([tf.constant(1)], 5, 8, 8)


@pytest.mark.parametrize("shuffled", [False, True])
def test_several_producers(shuffled: bool) -> None:
    pairs = [[counter(6), tf.constant(i)] for i in range(2)]
    if shuffled:
        batch = tf.train.shuffle_batch_join(pairs, 4, 12, 4)
    else:
        batch = tf.train.batch_join(pairs, 4)
    found = [
        (n, i) for numbers, places in drain(batch) for n, i in zip(numbers, places, strict=True)
    ]
    assert sorted(found) == [(n, i) for n in range(6) for i in range(2)]
    with pytest.raises(TypeError, match="types to be consistent"):
        tf.train.batch_join([[tf.constant(1)], [tf.constant(1.0)]], 2)


def test_only_what_is_kept() -> None:
    number = counter(8)
    even = tf.equal(number % 2, 0)
    assert [b.tolist() for b in drain(tf.train.maybe_batch([number], even, 2))] == [[0, 2], [4, 6]]
    rows = counter(3) + tf.range(3)
    batch = tf.train.maybe_batch([rows], tf.not_equal(rows, 2), 2, enqueue_many=True)
    assert [b.tolist() for b in drain(batch)] == [[0, 1], [1, 3], [3, 4]]
    batch = tf.train.maybe_shuffle_batch([number], 2, 8, 2, tf.less(number, 0))
    assert drain(batch) == []
    with pytest.raises(ValueError, match="cannot be a vector"):
        tf.train.maybe_batch([number], [True], 2)


def test_sparse_tensors() -> None:
    number = counter(4)
    rows = tf.cast(tf.expand_dims(number, 0), tf.int64)
    sparse = tf.SparseTensor(tf.reshape(rows, [1, 1]), tf.expand_dims(number, 0), rows + 1)
    batch = tf.train.batch([sparse, number], 2)
    found = drain([tf.sparse_tensor_to_dense(batch[0]), batch[1]])
    assert [dense.tolist() for dense, _ in found] == [
        [[0, 0], [0, 1]],
        [[0, 0, 2, 0], [0, 0, 0, 3]],
    ]
    wide = tf.SparseTensor([[0, 1], [1, 0]], [5, 6], [2, 2])
    batch = tf.train.batch([wide], 3, enqueue_many=True)
    assert batch.shape.ndims == 2
    with running() as session:
        dense = session.run(tf.sparse_tensor_to_dense(batch))
    assert dense.tolist() == [[0, 5], [6, 0], [0, 5]]


# Runners


def test_runners_survive_a_file(tmp_path: Path) -> None:
    batch = tf.train.batch([counter(4)], 2)
    path = str(tmp_path / "graph.meta")
    tf.train.export_meta_graph(path)
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(path)
        runners = tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)
        assert [r.name for r in runners] == ["input_producer", "batch/fifo_queue"]
        kinds = (tf.errors.OutOfRangeError, tf.errors.CancelledError)
        assert runners[0].queue_closed_exception_types == kinds
        assert [b.tolist() for b in drain(graph.get_tensor_by_name(batch.name))] == [[0, 1], [2, 3]]


def test_an_error_of_a_runner_reaches_the_coordinator() -> None:
    queue = tf.FIFOQueue(2, tf.int32, shapes=[()])
    zero = tf.Variable(0)
    tf.train.add_queue_runner(tf.train.QueueRunner(queue, [queue.enqueue(1 // zero)]))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        taken = queue.dequeue()
        with pytest.raises((tf.errors.OutOfRangeError, tf.errors.InvalidArgumentError)):
            session.run(taken)
        with pytest.raises(tf.errors.InvalidArgumentError, match="by zero"):
            coordinator.join(threads)


def test_a_runner_starts_once_in_a_session() -> None:
    queue = tf.FIFOQueue(1, tf.int32, shapes=[()])
    runner = tf.train.QueueRunner(queue, [queue.enqueue(1)] * 2)
    with tf.Session() as session:
        coordinator = tf.train.Coordinator()
        threads = runner.create_threads(session, coordinator, daemon=True, start=True)
        assert len(threads) == 3
        assert runner.create_threads(session, coordinator) == []
        assert session.run(queue.dequeue_many(5)).tolist() == [1] * 5
        coordinator.request_stop()
        coordinator.join(threads)


def test_what_is_no_runner_or_session() -> None:
    with pytest.raises(ValueError, match="Must provide queue"):
        tf.train.QueueRunner()
    queue = tf.FIFOQueue(1, tf.int32, shapes=[()])
    with pytest.raises(TypeError, match=r"tuple of tf.error types"):
        tf.train.QueueRunner(queue, [queue.enqueue(1)], queue_closed_exception_types=(ValueError,))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="No default session"):
        tf.train.start_queue_runners()
    with pytest.raises(TypeError, match=r"must be a `tf.Session`"):
        tf.train.start_queue_runners(3)


def test_training_while_threads_read() -> None:
    data = np.random.default_rng(0).normal(size=[50, 2]).astype(np.float32)
    row, label = tf.train.slice_input_producer([data, data @ np.array([[1], [-2]], np.float32)])
    rows, labels = tf.train.shuffle_batch([row, label], 5, 30, 10, num_threads=3)
    weights = tf.get_variable("weights", [2, 1], initializer=tf.zeros_initializer())
    loss = tf.reduce_mean(tf.square(tf.matmul(rows, weights) - labels))
    train = tf.train.AdamOptimizer(0.1).minimize(loss)
    with running() as session:
        for _ in range(200):
            session.run(train)
        found = session.run(weights)
    np.testing.assert_allclose(found, [[1], [-2]], atol=0.05)
