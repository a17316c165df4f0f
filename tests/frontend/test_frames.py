"""Where an operation comes from: the user's frames, and where tracebacks end."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf

CHECKOUT = Path(__file__).resolve().parents[2]


def layer(x: Any, indices: Any) -> Any:
    return tf.gather(x, indices)


def model(x: Any, indices: Any) -> Any:
    first = layer(x, indices)
    second = layer(x, indices + 1)
    return first + second


def failing(session: tf.Session) -> tf.errors.OpError:
    indices = tf.placeholder(tf.int32, [None])
    total = model(tf.range(5), indices)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        session.run(total, {indices: [4]})
    return caught.value


def test_a_helper_called_twice_tells_which_call_failed() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        text = failing(session).message
    assert "second = layer(x, indices + 1)" in text
    assert "first = layer(x, indices)" not in text
    lines = [line.strip() for line in text.splitlines()]
    calls = [
        "total = model(tf.range(5), indices)",
        "second = layer(x, indices + 1)",
        "return tf.gather(x, indices)",
    ]
    assert [line for line in lines if line in calls] == calls  # outermost first
    inside = text.replace(str(CHECKOUT), "")  # whose folder may be called flowc, too
    assert "site-packages" not in inside and "/flowc/" not in inside


def test_the_traceback_of_an_operation() -> None:
    with tf.Graph().as_default():
        op = model(tf.range(5), tf.constant([1])).op
    frames = op.inputs[1].op.traceback
    assert [frame.name for frame in frames][-2:] == ["model", "layer"]
    filename, lineno, name, line = frames[-1]
    assert (filename, name, line) == (__file__, "layer", "return tf.gather(x, indices)")
    assert lineno == layer.__code__.co_firstlineno + 1
    assert "in layer" in "".join(traceback.format_list(frames))


def test_a_deep_recursion_is_cut() -> None:
    def deep(x: Any, depth: int) -> Any:
        return deeper(x, depth) if depth else tf.check_numerics(x, "deep")

    def deeper(x: Any, depth: int) -> Any:
        return deep(x, depth - 1)

    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32)
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            session.run(deep(x, 200), {x: np.nan})
    assert len(caught.value.message.splitlines()) < 60
    assert "calls ..." in caught.value.message


def test_a_function_of_the_graph_shows_its_call() -> None:
    @tf.function
    def pick(i: Any) -> Any:
        return tf.gather(tf.range(5), i)

    with tf.Graph().as_default(), tf.Session() as session:
        i = tf.placeholder(tf.int32, [])
        picked = pick(i)
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            session.run(picked, {i: 7})
    assert "indices = 7 is not in [0, 5)" in caught.value.message
    assert "picked = pick(i)" in caught.value.message


def test_a_traceback_ends_at_the_call() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        error = failing(session)
    assert error.__cause__ is None and error.__suppress_context__
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert names == ["failing", "run"]


@pytest.mark.parametrize("resource", [False, True])
def test_an_uninitialised_variable_says_what_initialises_it(resource: bool) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.get_variable("v", [2], use_resource=resource)
        local = tf.get_variable(
            "l", [2], use_resource=resource, collections=[tf.GraphKeys.LOCAL_VARIABLES]
        )
        alone = tf.get_variable("a", [2], use_resource=resource, collections=["mine"])
        cases = {
            v: "v: run tf.global_variables_initializer() or its initializer 'v/Assign' first",
            local: "l: run tf.local_variables_initializer() or its initializer 'l/Assign' first",
            alone: "a: run its initializer 'a/Assign' first",
        }
        for variable, words in cases.items():
            for fetch in (variable, variable + 1.0, tf.as_string(variable)):
                with pytest.raises(tf.errors.FailedPreconditionError) as caught:
                    session.run(fetch)
                message = f"Attempting to use uninitialized value {words}"
                assert message in caught.value.message
                assert caught.value.__cause__ is None


def test_the_exception_of_a_users_function_stays_the_cause() -> None:
    def broken(x: Any) -> Any:
        raise KeyError("mine")

    with tf.Graph().as_default(), tf.Session() as session:
        y = tf.py_func(broken, [1.0], tf.float32)
        with pytest.raises(tf.errors.UnknownError) as caught:
            session.run(y)
    assert isinstance(caught.value.__cause__, KeyError)
