"""What the graph knows of the sizes of tensors that come from the host."""

from __future__ import annotations

from typing import Any

import numpy as np

import flowc as tf


def test_a_batch_of_a_queue_has_known_sizes() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        queue = tf.FIFOQueue(100, tf.float32, shapes=[[3, 4]])
        batch = queue.dequeue_up_to(5)
        session.run(queue.enqueue_many([np.ones([12, 3, 4], np.float32)]))
        session.run(queue.close())
        total = tf.reduce_sum(batch, [0, 1])
        found = [session.run(total).tolist() for _ in range(3)]
        assert found == [[15] * 4, [15] * 4, [6] * 4]
        assert session.compile_count == 1  # only the number of rows is a symbol


def test_a_shape_that_is_told_wrongly_does_no_harm() -> None:
    sizes = iter([3, 4, 3, 5])
    with tf.Graph().as_default(), tf.Session() as session:
        vector = tf.py_func(lambda: np.arange(next(sizes), dtype=np.float32), [], tf.float32)
        vector.set_shape([3])
        doubled = vector * 2.0
        found = [session.run(doubled).tolist() for _ in range(4)]
    assert found == [[2.0 * i for i in range(n)] for n in (3, 4, 3, 5)]


def test_a_product_of_sizes_that_must_be_a_number() -> None:
    """The rows of a flattened batch are as many as those of the weights."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, None, None])
        weights = tf.get_variable("w", [6, 10], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(tf.square(tf.matmul(tf.reshape(x, [4, -1]), weights) - 1.0))
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        session.run(tf.global_variables_initializer())
        feed: dict[Any, Any] = {x: np.ones([4, 2, 3])}
        losses = []
        for _ in range(5):
            session.run(train, feed)
            losses.append(session.run(loss, feed))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.9
