"""Initialisers of one general form share code, whatever their sizes, constants, names and seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf

SHAPES = (
    (3, 3, 3, 16),
    (1, 1, 16, 32),
    (5, 5, 8, 6),
    (28, 64),
    (64, 28),
    (1, 7),
    (7, 1),
    (1, 1),
    (1,),
    (16,),
    (33,),
    (),
    (0,),
    (4, 0, 3),
    (2, 3, 4),
    (1, 1, 1),
    (129,),
    (5, 13),
    (2, 2),
    (17, 3),
)
MAKERS: tuple[Callable[[], Any], ...] = (
    lambda: tf.truncated_normal_initializer(mean=1.0, stddev=0.1),
    lambda: tf.random_uniform_initializer(-0.5, 2.0),
    lambda: tf.zeros_initializer(),
    lambda: tf.ones_initializer(),
    lambda: tf.random_normal_initializer(stddev=3.0),
    lambda: tf.constant_initializer(0.25),
)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(5)
        yield graph


def fetched_alone(tensors: list[Any]) -> list[Any]:
    """The values in a session of their own: what is fetched has no general form."""
    with tf.Session() as session:
        return [session.run(tensor) for tensor in tensors]


def make(count: int, dtype: Any = tf.float32, resource: bool = True) -> list[Any]:
    return [
        tf.get_variable(
            f"v{i}",
            SHAPES[i % len(SHAPES)],
            dtype,
            MAKERS[i % len(MAKERS)](),
            use_resource=resource,
        )
        for i in range(count)
    ]


@pytest.mark.parametrize("resource", [True, False])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64, tf.float16, tf.bfloat16])
def test_variables_of_all_shapes_share_code_and_get_what_their_initialisers_give(
    resource: bool, dtype: Any
) -> None:
    made = make(60, dtype, resource)
    some = made[::7]  # of all kinds
    expected = fetched_alone([v.initial_value for v in some])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.compile_count <= 6
        assert all(value.shape == v.shape for v, value in zip(made, session.run(made), strict=True))
        for value, wanted in zip(session.run(some), expected, strict=True):
            np.testing.assert_array_equal(value, wanted, strict=True)


def test_glorot_limits_are_constants_of_one_form() -> None:
    made = [
        tf.get_variable(f"v{i}", shape, initializer=tf.glorot_uniform_initializer())
        for i, shape in enumerate([(3, 5), (7, 2), (3, 3, 4, 5), (6,), (1, 1)])
    ]
    expected = fetched_alone([v.initial_value for v in made])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.compile_count == 1
        np.testing.assert_equal(session.run(made), expected)


def test_generators_go_on_as_those_of_fetched_tensors_do() -> None:
    made = make(12)
    with tf.Session() as alone:
        expected = [[alone.run(v.initial_value) for v in made] for _ in range(2)]
    with tf.Session() as session:
        for wanted in expected:
            session.run(tf.global_variables_initializer())
            np.testing.assert_equal(session.run(made), wanted)


def test_each_initialiser_alone_uses_the_same_code() -> None:
    made = make(12)
    expected = fetched_alone([v.initial_value for v in made])
    with tf.Session() as session:
        for v in made:
            session.run(v.initializer)
        assert session.compile_count <= 6
        np.testing.assert_equal(session.run(made), expected)


def test_constants_of_all_types_and_integers_at_random() -> None:
    made = [
        tf.Variable(np.arange(6, dtype=np.int64).reshape(2, 3)),
        tf.Variable(np.arange(6, dtype=np.int64)),
        tf.Variable([True, False]),
        tf.Variable(7),
        tf.Variable(np.array([1 + 2j, 3], np.complex64)),
        tf.Variable(tf.random_uniform([5, 3], 10, 1000, tf.int32)),
        tf.Variable(tf.random_uniform([4], -3, 4, tf.int32)),
        tf.Variable(tf.cast(tf.random_uniform([3, 2], 0, 9, tf.int64), tf.float32)),
        tf.Variable(tf.constant([[1.0, 2.0]]) * 2.0 - tf.ones([1, 2])),
        tf.Variable(tf.constant([1.0, 2.0]) * tf.ones([3, 2])),  # whose rows repeat
        tf.Variable(-0.0),
    ]
    expected = fetched_alone([v.initial_value for v in made])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run(made)
    np.testing.assert_equal(values, expected)
    assert np.signbit(values[-1])


def test_a_check_that_fails_tells_its_own_node() -> None:
    for i in range(5):
        tf.Variable(tf.random_uniform([i, 2], 5 - i, 3, tf.int32, name=f"drawn{i}"))
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError) as caught:
        session.run(tf.global_variables_initializer())
    assert "Need minval < maxval, got 4 >= 3" in str(caught.value)  # what is empty needs no range
    assert "'drawn1'" in str(caught.value)


def test_a_variable_of_another_shape_is_not_replaced_where_that_is_validated() -> None:
    v = tf.Variable(tf.zeros([2, 3]), use_resource=False)
    wider = tf.assign(v, tf.zeros([3, 3]), validate_shape=False)
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(wider.op)
        with pytest.raises(tf.errors.InvalidArgumentError, match="shapes of both tensors to match"):
            session.run(v.initializer)
        session.run(tf.assign(v, tf.ones([2, 3]), validate_shape=False).op)
        session.run(v.initializer)
        np.testing.assert_equal(session.run(v), np.zeros([2, 3]))


def test_what_has_no_general_form_is_initialised_beside_the_rest() -> None:
    made = [*make(6), tf.Variable(tf.eye(3)), tf.Variable(tf.cumsum(tf.ones([4])))]
    expected = fetched_alone([v.initial_value for v in made])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_equal(session.run(made), expected)


def test_interpreted_values_have_their_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(20)
    expected = fetched_alone([v.initial_value for v in made])
    monkeypatch.setenv("FLOWC_FLAGS", "--interpret --strict")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for value, wanted in zip(session.run(made), expected, strict=True):
            assert value.shape == wanted.shape
            np.testing.assert_allclose(value, wanted, rtol=1e-5)
