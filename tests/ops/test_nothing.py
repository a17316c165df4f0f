"""Tensors without elements whose sizes are known only at run time: TensorFlow's answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf


def zeros(*shape: int, dtype: Any = np.float32) -> Any:
    return np.zeros(shape, dtype)


ROWS, IDS, NO_COLUMNS = zeros(0, 3), zeros(0, dtype=np.int32), zeros(2, 0)
Case = tuple[Callable[..., Any], list[Any], Any]
CASES: dict[str, Case] = {
    "roll": (lambda x: tf.roll(x, 2, 0), [ROWS], (0, 3)),
    "segment_sum": (tf.segment_sum, [ROWS, IDS], (0, 3)),
    "sparse_segment_mean": (
        lambda x, i, s: tf.sparse.segment_mean(x, i, s, num_segments=3),
        [ROWS, IDS, IDS],
        (3, 3),
    ),
    "cumsum": (lambda x: tf.cumsum(x, 0, exclusive=True, reverse=True), [ROWS], (0, 3)),
    "backwards": (lambda x: x[::-2], [ROWS], (0, 3)),
    "the last": (lambda x: x[-1:], [ROWS], (0, 3)),
    "gather": (tf.gather, [ROWS, IDS], (0, 3)),
    "gather_nd": (tf.gather_nd, [ROWS, zeros(0, 1, dtype=np.int32)], (0, 3)),
    "dynamic_partition": (lambda x, p: tf.dynamic_partition(x, p, 2)[0], [ROWS, IDS], (0, 3)),
    "argmax": (lambda x: tf.argmax(x, 1), [ROWS], (0,)),
    "argmax of nothing": (lambda x: tf.argmax(x, 0), [ROWS], tf.errors.InvalidArgumentError),
    "top_k": (lambda x: tf.nn.top_k(x, 1)[0], [NO_COLUMNS], tf.errors.InvalidArgumentError),
    "moments": (lambda x: tf.nn.moments(x, [0])[1], [ROWS], (3,)),
    "softmax": (tf.nn.softmax, [NO_COLUMNS], (2, 0)),
    "einsum": (lambda x, y: tf.einsum("ij,jk->ik", x, y), [NO_COLUMNS, ROWS], (2, 3)),
    "entropy of no rows": (
        lambda x, y: tf.nn.sparse_softmax_cross_entropy_with_logits(logits=x, labels=y),
        [ROWS, IDS],
        (0,),
    ),
    "entropy of no classes": (
        lambda x, y: tf.nn.sparse_softmax_cross_entropy_with_logits(logits=x, labels=y),
        [NO_COLUMNS, zeros(2, dtype=np.int32)],
        tf.errors.InvalidArgumentError,
    ),
    "multinomial of no rows": (lambda x: tf.multinomial(x, 3), [ROWS], (0, 3)),
    "multinomial of no classes": (
        lambda x: tf.multinomial(x, 3),
        [NO_COLUMNS],
        tf.errors.InvalidArgumentError,
    ),
    "stateless_multinomial of no classes": (
        lambda x: tf.random.stateless_multinomial(x, 3, [1, 2]),
        [NO_COLUMNS],
        tf.errors.InvalidArgumentError,
    ),
    "bincount": (tf.bincount, [IDS], (0,)),
    "searchsorted": (tf.searchsorted, [NO_COLUMNS, zeros(2, 3)], (2, 3)),
    "unsorted_segment_max": (
        lambda x, i: tf.math.unsorted_segment_max(x, i, 2),
        [ROWS, IDS],
        (2, 3),
    ),
    "conv2d": (
        lambda x: tf.nn.conv2d(x, np.ones((2, 2, 1, 1), np.float32), padding="SAME"),
        [zeros(1, 0, 2, 1)],
        (1, 0, 2, 1),
    ),
    "where": (tf.where, [zeros(0, 3, dtype=bool)], (0, 2)),
    "inverse": (tf.linalg.inv, [zeros(0, 0)], (0, 0)),
    "random_shuffle": (tf.random_shuffle, [ROWS], (0, 3)),
}


@pytest.mark.parametrize("name", CASES)
def test_nothing(name: str) -> None:
    function, arrays, wanted = CASES[name]
    with tf.Graph().as_default():
        feeds = [tf.placeholder(array.dtype, [None] * array.ndim) for array in arrays]
        result = function(*feeds)
        with tf.Session() as session:
            values = dict(zip(feeds, arrays, strict=True))
            if isinstance(wanted, type):
                with pytest.raises(wanted):
                    session.run(result, values)
            else:
                assert session.run(result, values).shape == wanted
