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
        assert session.compile_count == 2
        first = [session.run(v) for v in made]
        assert len({value.tobytes() for value in first}) == 12
        session.run(tf.global_variables_initializer())
        assert session.compile_count <= 2 + 12  # reading compiles too, initialising no more
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


def test_the_order_that_control_edges_ask_for_is_kept() -> None:
    counters = [tf.Variable(0.0) for _ in range(5)]
    steps = []
    for v in counters:
        with tf.control_dependencies([v.assign(3.0)]):
            steps.append(v.assign_add(1.0))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(tf.group(*steps))
        assert session.run(counters) == [4.0] * 5


def test_an_error_names_the_component_in_which_it_came_up() -> None:
    made = [tf.get_variable(f"w{i}", [4]) for i in range(5)]
    indices = [tf.get_variable(f"i{i}", initializer=np.int32(i)) for i in range(5)]
    updates = [
        tf.assign(v, tf.gather(np.arange(12.0, dtype=np.float32).reshape(3, 4), i, name=f"row{n}"))
        for n, (v, i) in enumerate(zip(made, indices, strict=True))
    ]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(tf.group(*updates[:3]))
        with pytest.raises(tf.errors.InvalidArgumentError, match="row3"):
            session.run(tf.group(*updates))
