"""Control flow of both kinds as branches and bodies: golden texts of small programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import flowc as tf
from flowc.compiler.structure.printer import print_nodes
from flowc.frontend.function_graphs.defun import Defun
from tests.compiler.requests import nodes_for
from tests.golden import Golden

FOLDER = Path(__file__).parent / "golden"
PROGRAMS: dict[str, Callable[[], Any]] = {}


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def program(make: Callable[[], Any]) -> Callable[[], Any]:
    """Take a function that gives the fetches of a graph among the programs."""
    PROGRAMS[make.__name__] = make
    return make


def scalar(name: str = "x", dtype: Any = tf.float32) -> Any:
    return tf.placeholder(dtype, [], name=name)


def variable(name: str = "v", resource: bool = True) -> Any:
    return tf.get_variable(name, [], initializer=tf.zeros_initializer(), use_resource=resource)


@program
def conditional() -> Any:
    x = scalar()
    return tf.cond(scalar("p", tf.bool), lambda: x * 2.0, lambda: -x)


@program
def conditional_in_conditional() -> Any:
    x, p, q = scalar(), scalar("p", tf.bool), scalar("q", tf.bool)
    return tf.cond(p, lambda: tf.cond(q, lambda: x + 1.0, lambda: x + 2.0), lambda: x)


@program
def two_results_of_one_predicate() -> Any:
    x, p = scalar(), scalar("p", tf.bool)
    first = tf.cond(p, lambda: x + 1.0, lambda: x, name="first")
    return tf.cond(p, lambda: first * 2.0, lambda: first, name="second")


@program
def a_gradient_comes_back_to_a_branch() -> Any:
    x = scalar()
    y = tf.cond(scalar("p", tf.bool), lambda: tf.exp(x), lambda: x)
    return tf.gradients(tf.square(y), x)[0]


@program
def an_assignment_in_a_branch() -> Any:
    v = variable()
    with tf.control_dependencies([scalar("before")]):
        return tf.cond(scalar("p", tf.bool), lambda: v.assign_add(1.0), lambda: v.read_value())


@program
def an_assignment_by_reference_in_a_branch() -> Any:
    v = variable(resource=False)
    return tf.cond(scalar("p", tf.bool), lambda: tf.identity(v.assign(2.0)), lambda: v + 1.0)


@program
def a_switch_that_nobody_merges() -> Any:
    _, on_true = tf.raw_ops.Switch(data=scalar(), pred=scalar("p", tf.bool), name="switch")
    return tf.negative(on_true, name="alive")


@program
def several_cases() -> Any:
    x = scalar()
    return tf.switch_case(scalar("i", tf.int32), [lambda: x, lambda: x + 1.0, lambda: x * 2.0])


@program
def loop() -> Any:
    factor = scalar("factor")
    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * factor), [0, scalar()])[1]


@program
def loop_in_loop() -> Any:
    def inner(y: Any) -> Any:
        return tf.while_loop(lambda j, z: z < 9.0, lambda j, z: (j + 1, z + y), [0, y])[1]

    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, inner(y)), [0, scalar()])[1]


@program
def conditional_in_loop() -> Any:
    def step(i: Any, y: Any) -> Any:
        return i + 1, tf.cond(y > 0.0, lambda: y - 1.0, lambda: y + tf.cast(i, tf.float32))

    return tf.while_loop(lambda i, y: i < 3, step, [0, scalar()])[1]


@program
def loop_in_a_branch() -> Any:
    x = scalar()

    def repeated() -> Any:
        return tf.while_loop(lambda y: y < 9.0, lambda y: y * 2.0, [x])

    return tf.cond(scalar("p", tf.bool), repeated, lambda: x)


@program
def a_loop_writes_an_array() -> Any:
    array = tf.TensorArray(tf.float32, 3)
    return tf.while_loop(
        lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i, tf.cast(i, tf.float32))), [0, array]
    )[1].stack()


@program
def gradient_of_a_loop() -> Any:
    x = scalar()
    y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.sin(y)), [0, x])[1]
    return tf.gradients(y, x)[0]


@program
def a_function_called_twice() -> Any:
    @Defun(tf.float32, func_name="twice")
    def twice(x: Any) -> Any:
        return x * 2.0

    x = scalar()
    return twice(x, name="a") + twice(x, name="b") + twice(x + 1.0, name="c")


@program
def a_variable_that_is_read_after_its_assignment() -> Any:
    v = variable(resource=False)
    with tf.control_dependencies([v.assign(scalar())]):
        return tf.identity(v, name="after")


@pytest.mark.parametrize("name", PROGRAMS)
def test_golden(name: str, golden: Golden) -> None:
    golden.check(FOLDER / f"{name}.txt", print_nodes(nodes_for(PROGRAMS[name]())))
