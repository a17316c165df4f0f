"""Steps in which the host and compiled code take turns, and variables that both use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture(params=[True, False], ids=["resource", "reference"])
def w(request: pytest.FixtureRequest) -> Any:
    """A variable of either kind."""
    return tf.get_variable("w", initializer=np.float32(1), use_resource=bool(request.param))


def save(path: Path, value: Any) -> Any:
    return build("SaveV2", str(path), ["w"], [""], [value])


def saved(path: Path) -> float:
    return float(tf.train.load_variable(str(path), "w"))


def test_the_host_sees_what_compiled_code_has_written(w: Any, tmp_path: Path) -> None:
    with tf.control_dependencies([w.assign(w + 1)]):
        after = save(tmp_path / "after", w.read_value())
    with tf.Session() as session:
        session.run(w.initializer)
        session.run(after)
    assert saved(tmp_path / "after") == 2


def test_compiled_code_sees_what_the_host_has_written(w: Any, tmp_path: Path) -> None:
    with tf.Session() as session:
        session.run(w.initializer)
        session.run(save(tmp_path / "m", tf.constant(5.0)))
        (value,) = build("RestoreV2", str(tmp_path / "m"), ["w"], [""], dtypes=[tf.float32])
        with tf.control_dependencies([w.assign(tf.reshape(value, []))]):
            double = 2 * w.read_value()
        assert session.run(double) == 10
        assert session.run(w) == 5


def test_a_saved_value_is_that_before_the_update(w: Any, tmp_path: Path) -> None:
    read = w.read_value()
    before = save(tmp_path / "before", read)
    with tf.control_dependencies([before]):
        update = w.assign(w + 1)
    with tf.Session() as session:
        session.run(w.initializer)
        for expected in (1, 2, 3):
            session.run(update.op)
            assert saved(tmp_path / "before") == expected


def test_a_fetched_value_stays_when_the_variable_changes(w: Any, tmp_path: Path) -> None:
    path = save(tmp_path / "m", w.read_value())
    update = w.assign(w + 1)
    with tf.Session() as session:
        session.run(w.initializer)
        fetched, _ = session.run([w, path])
        session.run(update.op)
        assert fetched == 1


def test_constants_of_text_alone() -> None:
    with tf.Session() as session:
        assert session.run(tf.constant("text")) == b"text"
        assert session.run(tf.constant(["a", "b"])).tolist() == [b"a", b"b"]
        assert session.compile_count == 0


def test_what_only_the_host_uses_is_not_compiled() -> None:
    words = tf.placeholder(tf.string, [None])
    picked = tf.gather(tf.reshape(words, [2, 2]), [1])
    group = tf.group(picked.op)
    with tf.Session() as session:
        assert session.run(picked, {words: list("abcd")}).tolist() == [[b"c", b"d"]]
        assert session.run(group, {words: list("abcd")}) is None
        assert session.compile_count == 0


def test_more_contents_than_are_followed_when_compiling() -> None:
    """A shape that follows from a long tensor: the host runs the op."""
    ids = np.sort(np.random.default_rng(0).integers(0, 50, 5000)).astype(np.int32)
    data = np.arange(15000, dtype=np.int64).reshape(5000, 3)
    with tf.Graph().as_default(), tf.Session() as session:
        x, i = tf.placeholder(tf.int64), tf.placeholder(tf.int32)
        total = session.run(tf.segment_sum(x, i), {x: data, i: ids})
    expected = [data[ids == number].sum(0) for number in range(ids[-1] + 1)]
    np.testing.assert_array_equal(total, expected)


def test_contents_of_bools() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x, flags = tf.placeholder(tf.float32), tf.placeholder(tf.bool)
        y = build("Reverse", build("Reverse", x, flags) + 1.0, flags)
        for given in ([True, False], [False, True]):
            found = session.run(y, {x: np.eye(2, 3), flags: given})
            np.testing.assert_array_equal(found, np.eye(2, 3) + 1)
