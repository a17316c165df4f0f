"""Variables that begin with the values of a checkpoint; waiting for checkpoints."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("a", initializer=[1.0, 2.0])
        with tf.variable_scope("old"):
            tf.get_variable("w", initializer=3.0)
            tf.get_variable("v", initializer=4)
        session.run(tf.global_variables_initializer())
        return str(tf.train.Saver().save(session, str(tmp_path / "model")))


def values(*variables: Any) -> list[Any]:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return [np.asarray(v).tolist() for v in session.run(list(variables))]


@pytest.mark.parametrize("resource", [False, True])
def test_single_variables(checkpoint: str, resource: bool) -> None:
    a = tf.get_variable("a", [2], use_resource=resource)
    b = tf.get_variable("b", [], use_resource=resource)
    c = tf.get_variable("c", [], initializer=tf.ones_initializer(), use_resource=resource)
    tf.train.init_from_checkpoint(checkpoint, {"a": a, "old/w": "b"})
    assert values(a, b, c) == [[1, 2], 3, 1]


def test_scopes(checkpoint: str) -> None:
    with tf.variable_scope("new"):
        w, v = tf.get_variable("w", []), tf.get_variable("v", [], tf.int32)
    tf.train.init_from_checkpoint(str(Path(checkpoint).parent), {"old/": "new/"})
    assert values(w, v) == [3, 4]
    a = tf.get_variable("a", [2])
    tf.train.init_from_checkpoint(checkpoint, {"a": a})
    with tf.variable_scope("other"):
        tf.get_variable("missing", [])
    with pytest.raises(ValueError, match="Tensor old/missing"):
        tf.train.init_from_checkpoint(checkpoint, {"old/": "other/"})


def test_what_does_not_fit(checkpoint: str) -> None:
    wrong = tf.get_variable("a", [3])
    with pytest.raises(ValueError, match="doesn't match with shape of tensor a"):
        tf.train.init_from_checkpoint(checkpoint, {"a": wrong})
    with pytest.raises(ValueError, match="Tensor x is not found"):
        tf.train.init_from_checkpoint(checkpoint, {"x": wrong})
    with pytest.raises(ValueError, match="should map to single"):
        tf.train.init_from_checkpoint(checkpoint, {"a": "nothing"})
    with pytest.raises(ValueError, match="scope only"):
        tf.train.init_from_checkpoint(checkpoint, {"old/": "a"})


def test_checkpoints_as_they_come(checkpoint: str) -> None:
    folder = str(Path(checkpoint).parent)
    assert list(tf.train.checkpoints_iterator(folder, timeout=0)) == [checkpoint]
    found = tf.train.checkpoints_iterator(folder, timeout=20)
    assert next(found) == checkpoint

    def save() -> None:
        with tf.Graph().as_default(), tf.Session() as session:
            tf.get_variable("a", initializer=[1.0])
            session.run(tf.global_variables_initializer())
            tf.train.Saver().save(session, checkpoint, global_step=7)

    thread = threading.Thread(target=save)
    thread.start()
    assert next(found) == f"{checkpoint}-7"
    thread.join()


def test_a_loop_that_is_aborted_begins_again() -> None:
    calls: list[int] = []

    def step(session: Any, limit: int) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise tf.errors.AbortedError(None, None, "gone")
        if len(calls) == limit:
            supervisor.request_stop()

    tf.get_variable("x", initializer=1.0)
    supervisor = tf.train.Supervisor()
    tf.train.basic_train_loop(supervisor, step, args=(4,))
    assert len(calls) == 4


def test_error_codes() -> None:
    assert tf.errors.exception_type_from_error_code(tf.errors.OUT_OF_RANGE) is (
        tf.errors.OutOfRangeError
    )
    assert tf.errors.error_code_from_exception_type(tf.errors.AbortedError) == tf.errors.ABORTED
    assert tf.errors.error_code_from_exception_type(tf.errors.OpError) == tf.errors.UNKNOWN
    with tf.errors.raise_exception_on_not_ok_status():
        pass
