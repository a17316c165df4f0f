"""`Session.compile`: code before there is a run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def session() -> Iterator[Any]:
    with tf.Session() as made:
        yield made


def network() -> tuple[Any, Any, Any]:
    """Images, predictions, a training step."""
    images = tf.placeholder(tf.float32, [None, 6], name="images")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    hidden = tf.layers.dense(images, 5, activation=tf.nn.relu)
    logits = tf.layers.dense(tf.layers.dropout(hidden, training=True), 3)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    return (images, labels), tf.nn.softmax(logits), tf.train.AdamOptimizer().minimize(loss)


def test_a_run_compiles_no_more(session: Any) -> None:
    (images, labels), predictions, train = network()
    initialise = tf.global_variables_initializer()
    session.compile(initialise)
    session.compile(train, [images, labels])
    session.compile(predictions, {images: [None, 6]})
    count = session.compile_count
    assert count > 2
    session.run(initialise)
    for rows in (2, 5):
        batch = np.ones((rows, 6)), np.zeros(rows)
        session.run(train, dict(zip((images, labels), batch, strict=True)))
        session.run(train, {labels: batch[1], images: batch[0]})  # in whatever order
        assert session.run(predictions, {images: batch[0]}).shape == (rows, 3)
    assert session.compile_count == count


def test_nothing_is_run(session: Any) -> None:
    calls = []

    def note(x: Any) -> Any:
        calls.append(x)
        return x

    v = tf.Variable(tf.random_normal([3], seed=1), name="v")
    drawn = tf.random_uniform([4], seed=2)
    told = tf.py_func(note, [drawn], tf.float32)
    told.set_shape([4])
    session.compile(v.initializer)
    session.compile([told * 2.0, v.assign_add(tf.ones([3]))])
    assert not calls
    assert session.run(tf.report_uninitialized_variables()).size
    with pytest.raises(tf.errors.FailedPreconditionError):
        session.run(v)
    session.run(v.initializer)
    found = session.run([told, v.value()])
    with tf.Session() as other:
        other.run(v.initializer)
        np.testing.assert_array_equal(
            other.run(told), found[0]
        )  # the first numbers, not later ones
        np.testing.assert_array_equal(other.run(v), found[1])
    assert len(calls) == 2


@pytest.mark.parametrize(
    "known",
    [
        None,
        [None, 6],
        (7, None),
        tf.TensorShape([None, 6]),
        tf.TensorSpec([None, 6]),
        tf.float32,
        np.ones((2, 6)),
    ],
    ids=str,
)
def test_what_may_be_known_of_a_feed(session: Any, known: Any) -> None:
    (images, _), predictions, _ = network()
    session.compile(predictions, {images: known})
    session.run(tf.global_variables_initializer())
    count = session.compile_count
    assert session.run(predictions, {images: np.ones((4, 6))}).shape == (4, 3)
    assert session.compile_count == count


def test_numbers_that_decide_about_shapes(session: Any) -> None:
    count = tf.placeholder(tf.int32, [], name="count")
    shape = tf.placeholder(tf.int32, [2], name="shape")
    filled = tf.reshape(tf.fill([count, 6], 1.0), shape)
    session.compile(filled, {count: None, shape: np.array([-1, 3])})
    assert session.run(filled, {count: 2, shape: [-1, 3]}).shape == (4, 3)
    assert session.run(filled, {count: 5, shape: [-1, 3]}).shape == (10, 3)
    assert session.compile_count == 1


@pytest.mark.parametrize("dtype", [tf.int8, tf.uint8, tf.int64])
def test_numbers_of_every_width_may_be_unknown(session: Any, dtype: Any) -> None:
    x = tf.placeholder(dtype, [None, 2], name="x")
    n = tf.placeholder(dtype, [], name="n")
    y = tf.fill(tf.cast([n, 2], tf.int32), 1.0) + tf.cast(x, tf.float32)
    session.compile(y, [x, n])
    assert session.run(y, {x: np.ones((3, 2)), n: 3}).tolist() == [[2, 2]] * 3
    assert session.run(y, {x: np.ones((1, 2)), n: 5}).shape == (5, 2)


def test_other_sizes_than_were_told_compile_by_themselves(session: Any) -> None:
    x, y = (tf.placeholder(tf.float32, [None], name=name) for name in "xy")
    total = x + y
    session.compile(total, [x, y])
    assert session.run(total, {x: [1, 2, 3], y: [1, 2, 3]}).tolist() == [2, 4, 6]
    assert session.compile_count == 1
    assert session.run(total, {x: [1, 2, 3], y: [1]}).tolist() == [2, 3, 4]
    assert session.compile_count == 2


def test_several_examples_of_one_request(session: Any) -> None:
    x, y = (tf.placeholder(tf.float32, [None], name=name) for name in "xy")
    total = x + y
    session.compile(total, {x: [5], y: [5]})
    session.compile(total, {x: [5], y: [1]})
    session.run(total, {x: [1, 2, 3], y: [1, 2, 3]})
    session.run(total, {x: [1, 2, 3], y: [1]})
    assert session.compile_count == 2


def test_parts_after_a_size_that_data_decides(session: Any) -> None:
    x = tf.placeholder(tf.int32, [3000], name="x")
    y = tf.reduce_sum(tf.fill([tf.reduce_sum(x), 3], 2.0))
    session.compile(y, [x])
    count = session.compile_count
    assert count == 2
    assert session.run(y, {x: np.arange(3000) // 2999}) == 6
    assert session.run(y, {x: np.arange(3000) // 2998}) == 12
    assert session.compile_count == count


def test_wrong_descriptions_are_errors(session: Any) -> None:
    (images, _), predictions, _ = network()
    with pytest.raises(ValueError, match=r"'images:0', which has shape \(\?, 6\)"):
        session.compile(predictions, {images: [None, 7]})
    with pytest.raises(ValueError, match="images"):
        session.compile(predictions, {images: np.ones(3)})
    with pytest.raises(TypeError, match="'images:0' is of type float32"):
        session.compile(predictions, {images: tf.TensorSpec([None, 6], tf.int32)})
    with pytest.raises(tf.errors.InvalidArgumentError, match="must feed a value for placeholder"):
        session.compile(predictions)
    assert session.compile_count == 0


def test_an_unknown_rank_must_be_told(session: Any) -> None:
    x = tf.placeholder(tf.float32, name="x")
    with pytest.raises(tf.errors.InvalidArgumentError, match="dimensions 'x:0' has"):
        session.compile(x * 2.0, [x])
    session.compile(x * 2.0, {x: [None, 3]})


def test_a_number_that_must_be_known_is_asked_for(session: Any) -> None:
    x, axis = tf.ones([2, 3]), tf.placeholder(tf.int32, [], name="axis")
    y = tf.concat([x, x], axis)
    with pytest.raises(tf.errors.InvalidArgumentError, match="fed for 'axis:0': give an array"):
        session.compile(y, [axis])
    session.compile(y, {axis: 1})
    assert session.run(y, {axis: 1}).shape == (2, 6)
    assert session.compile_count == 1


def test_sizes_for_which_the_program_fails(session: Any) -> None:
    x = tf.placeholder(tf.float32, [None], name="x")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"720 was taken .* of 'x:0'"):
        session.compile(tf.concat([x, x], 0) + x, [x])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes: 4 and 2"):
        session.compile(tf.concat([x, x], 0) + x, {x: [2]})


def test_a_variable_of_unknown_shape_must_be_there(session: Any) -> None:
    v = tf.Variable(tf.placeholder(tf.float32, None), validate_shape=False, name="v")
    with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
        session.compile(v * 2.0)


PROGRAM = """
import numpy as np, flowc as tf
x = tf.placeholder(tf.float32, [None, 3])
y = tf.reduce_sum(tf.layers.dense(x, 4), 1)
later = x[3:] + tf.placeholder(tf.float32, [None, 3], name="other")
with tf.Session() as session:
    session.compile(tf.global_variables_initializer())
    session.compile(y, [x])
    session.compile(later, [x, "other:0"])
    session.run(tf.global_variables_initializer())
    session.run(y, {x: np.ones((2, 3))})
    print([list(c.times) for c in session.compilations])
"""


def test_code_for_guessed_sizes_comes_from_the_disk(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    lines = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        lines.append(done.stdout.strip())
    assert "lower" in lines[0]
    assert set(eval(lines[1].replace("[", "(").replace("]", ",)"))) == {("load",)}
