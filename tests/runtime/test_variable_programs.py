"""Random programs that read and write variables, each statement after the one before it.

What they must give follows from their text, so a model in NumPy tells it. The statements stand in
branches, loops and beside Python functions, the variables are of both kinds; what was read early of
a reference is used late.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf

Model = Callable[[], Any]  # runs a statement on the model; gives the value that the program gives
after = tf.control_dependencies
INPUT = np.array([0.5, 0.25, 1.0], np.float32)


class Program:
    """A program under construction, and its model."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.state = [np.array([1, 2, 3], np.float32), np.array([2, 4, 6], np.float32)]
        self.is_reference = [self.random.random() < 0.6 for _ in range(2)]
        self.variables = [
            tf.Variable(value, use_resource=not is_reference)
            for value, is_reference in zip(self.state, self.is_reference, strict=True)
        ]
        self.early = [tf.reshape(tf.identity(v), [3]) for v in self.variables]
        self.x, self.yes = tf.placeholder(tf.float32, [3]), tf.placeholder(tf.bool, [])
        self.branch = self.random.random() < 0.5
        self.results: list[tuple[Any, Model]] = []
        self.models: list[Model] = []

    def value(self) -> tuple[Any, Model]:
        """Something to assign or to return."""
        i = self.random.randrange(2)
        v = self.variables[i]
        choices: list[tuple[Any, Model]] = [
            (lambda: self.x * 1.0, lambda: INPUT),
            (lambda: v + 0.5, lambda: self.state[i] + 0.5),
            (lambda: v.read_value() * 0.5, lambda: self.state[i] * 0.5),
            (lambda: tf.tanh(tf.identity(v)), lambda: np.tanh(self.state[i])),
        ]
        if self.is_reference[i]:
            choices.append((lambda: self.early[i] * 0.25, lambda: self.state[i] * 0.25))
        make, model = self.random.choice(choices)
        return make(), model

    def set(self, i: int, model: Model) -> None:
        self.state[i] = np.asarray(model(), np.float32)

    def simple(self) -> tuple[Any, Model]:
        """A statement without control flow: what waits for it, and its model."""
        i, row = self.random.randrange(2), self.random.randrange(3)
        v, kind = self.variables[i], self.random.randrange(5)
        if kind == 0:
            value, model = self.value()
            return tf.assign(v, value * 0.5).op, lambda: self.set(i, lambda: model() * 0.5)
        if kind == 1:
            value, model = self.value()
            return tf.assign_add(v, value).op, lambda: self.set(i, lambda: self.state[i] + model())
        if kind == 2:
            unit = np.eye(3, dtype=np.float32)[row] * 2
            added = tf.scatter_add(v, [row], [2.0])
            return added.op, lambda: self.set(i, lambda: self.state[i] + unit)
        if kind == 3:
            step = tf.train.GradientDescentOptimizer(0.25).minimize(
                tf.reduce_sum(v * v), var_list=[v]
            )
            return step, lambda: self.set(i, lambda: self.state[i] * 0.5)
        value, model = self.value()
        return value, model

    def pair(self) -> tuple[Any, Model]:
        """Two simple statements and a read in between; the value is what was read."""
        i = self.random.randrange(2)
        first, run_first = self.simple()
        with after([first]):
            read = self.variables[i] + 1.0
        with after([read]):
            second, run_second = self.simple()
        with after([second]):
            value = read + 0.0

        def model() -> Any:
            run_first()
            found = self.state[i] + 1
            run_second()
            return found

        return value, model

    def conditional(self) -> tuple[Any, Model]:
        models: dict[bool, Model] = {}

        def branch(which: bool) -> Callable[[], Any]:
            def build() -> Any:
                value, models[which] = self.pair()
                return value

            return build

        value = tf.cond(self.yes, branch(True), branch(False))
        return value, lambda: models[self.branch]()

    def loop(self) -> tuple[Any, Model]:
        models: list[Model] = []

        def body(i: Any, total: Any) -> Any:
            value, model = self.pair()
            models.append(model)
            with after([value]):
                return i + 1, total * 0.5 + value

        def model() -> Any:
            total = np.zeros(3, np.float32)
            for _ in range(3):
                total = total * 0.5 + models[0]()
            return total

        start = [tf.constant(0), tf.zeros([3])]
        loop = tf.while_loop(lambda i, _: i < 3, body, start, parallel_iterations=1)
        return loop[1], model

    def on_host(self) -> tuple[Any, Model]:
        i = self.random.randrange(2)
        value = tf.py_func(lambda a: a * 2 + 1, [self.variables[i]], tf.float32)
        value.set_shape([3])
        return value, lambda: self.state[i] * 2 + 1

    def statement(self, before: Any) -> Any:
        makers = [self.simple, self.simple, self.pair, self.conditional, self.loop, self.on_host]
        with after([] if before is None else [before]):
            value, model = self.random.choice(makers)()
        self.results.append((value, model))
        return value


@pytest.mark.parametrize("seed", range(24))
def test_a_program_in_order(seed: int) -> None:
    with tf.Graph().as_default():
        program = Program(seed)
        last = None
        for _ in range(program.random.randrange(2, 7)):
            last = program.statement(last)
        with after([last]):
            final = [v + 0.0 for v in program.variables]
        fetches = [r for r, _ in program.results]
        initializer = tf.global_variables_initializer()
        feeds = {program.x: INPUT, program.yes: program.branch}
        with tf.Session() as session:
            session.run(initializer)
            for _ in range(2):
                found, ends = session.run([fetches, final], feeds)
                wanted = [model() for _, model in program.results]
                for f, w in zip([*found, *ends], [*wanted, *program.state], strict=True):
                    if f is not None:
                        np.testing.assert_allclose(f, w, rtol=2e-5)
