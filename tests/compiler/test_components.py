"""Components of a step that do not touch each other: equal ones share code, nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        yield graph


def variables(count: int, resource: bool = True) -> list[Any]:
    make = tf.truncated_normal_initializer(stddev=2.0)
    return [
        tf.get_variable(f"v{i}", [3, 4 + i % 2], initializer=make, use_resource=resource)
        for i in range(count)
    ]


@pytest.mark.parametrize("resource", [True, False])
def test_equal_initialisers_are_compiled_once_and_draw_their_own_numbers(resource: bool) -> None:
    made = variables(12, resource)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.compile_count == 1
        first = [session.run(v) for v in made]
        assert len({value.tobytes() for value in first}) == 12
        session.run(tf.global_variables_initializer())
        assert session.compile_count <= 1 + 12  # reading compiles too, initialising no more
        assert all(not np.array_equal(a, session.run(v)) for a, v in zip(first, made, strict=True))


def test_seeds_give_the_numbers_that_they_give_alone(graph: Any) -> None:
    tf.set_random_seed(7)
    made = variables(10)
    with tf.Session() as alone:
        for v in made:
            alone.run(v.initializer)
        expected = alone.run(made)
    with tf.Session() as together:
        together.run(tf.global_variables_initializer())
        np.testing.assert_equal(together.run(made), expected)


def test_what_depends_on_each_other_stays_together() -> None:
    sources = [tf.Variable(float(i)) for i in range(6)]
    copies = [tf.Variable(v.initialized_value() * 2.0) for v in sources]
    last = tf.Variable(tf.add_n([v.initialized_value() for v in copies]))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run([copies[5], last]) == [10.0, 30.0]


def test_updates_are_one_program() -> None:
    """Which changes all variables or none."""
    counters = [tf.Variable(0.0) for _ in range(5)]
    update = tf.group(*(tf.assign(v, v * 2.0 + 1.0) for v in counters))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.compile_count
        session.run(update)
        assert session.compile_count == before + 1
        assert session.run(counters) == [1.0] * 5
