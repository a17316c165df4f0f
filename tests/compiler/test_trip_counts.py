"""How often a loop can go on: what its condition says, and room on stacks for as many elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.compiler.lowering import loops, trip_counts


@dataclass(frozen=True)
class Counting:
    """A loop over `i = start; goes_on(i, n); i += step`, in flowc and in Python."""

    goes_on: Callable[[Any, Any], Any]
    start: Callable[[Any], Any]
    step: int
    bound: str  # with n for the size

    def numbers(self, n: int) -> list[int]:
        i, found = self.start(n), []
        while self.goes_on(i, n):
            found.append(int(i))
            i += self.step
        return found


def zero(_: Any) -> int:
    return 0


def different(i: Any, n: Any) -> Any:
    """`i != n`, which for tensors in Python means whether they are different objects."""
    return i != n if isinstance(i, int) else tf.not_equal(i, n)


COUNTINGS = {
    "less": Counting(lambda i, n: i < n, zero, 1, "n"),
    "less or equal": Counting(lambda i, n: i <= n, zero, 1, "1 + n"),
    "the other way round": Counting(lambda i, n: n > i, zero, 1, "n"),
    "not equal": Counting(different, zero, 1, "n"),
    "not equal in steps": Counting(different, lambda n: -n, 2, "n"),
    "in steps of three": Counting(lambda i, n: i < n, zero, 3, "floordiv(2 + n, 3)"),
    "from two": Counting(lambda i, n: i < n, lambda n: 2, 1, "max(-2 + n, 0)"),
    "downwards": Counting(lambda i, n: i > 0, lambda n: n, -1, "n"),
    "downwards to zero": Counting(lambda i, n: i >= 0, lambda n: n, -1, "1 + n"),
    "downwards until equal": Counting(lambda i, n: different(i, 0), lambda n: n, -1, "n"),
    "down in steps": Counting(lambda i, n: i > 0, lambda n: n, -2, "floordiv(1 + n, 2)"),
}
SIZES = (0, 1, 2, 7)


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bounds that lowering found, as text with n for the size."""
    found: list[str] = []
    original = trip_counts.most_iterations

    def spy(*arguments: Any) -> Any:
        bound = original(*arguments)
        found.append(str(bound).replace("s0_0", "n"))
        return bound

    monkeypatch.setattr(loops, "most_iterations", spy)
    monkeypatch.setenv("FLOWC_FLAGS", "--strict --no-cache")  # nothing is lowered that is stored
    return found


def numbers_pushed(counting: Counting, n: Any) -> Any:
    """How often the loop goes on, and a gradient for which it pushes its numbers on a stack.

    `y(x) = sum of sin(i * x)`, so `y'(x) = sum of i * cos(i * x)`.
    """
    x = tf.constant(0.5, tf.float64)

    def body(i: Any, k: Any, y: Any) -> Any:
        return i + counting.step, k + 1, y + tf.sin(tf.cast(i, tf.float64) * x)

    start = [counting.start(n), 0, tf.constant(0.0, tf.float64)]
    _, count, y = tf.while_loop(lambda i, k, y: counting.goes_on(i, n), body, start)
    return count, tf.gradients(y, x)[0]


def check(counting: Counting, n: int, count: int, gradient: float) -> None:
    numbers = np.array(counting.numbers(n), np.float64)
    assert count == len(numbers)
    np.testing.assert_allclose(gradient, np.sum(numbers * np.cos(numbers * 0.5)), 1e-12)


@pytest.mark.parametrize("name", COUNTINGS)
def test_a_bound_over_an_unknown_size(name: str, bounds: list[str]) -> None:
    counting = COUNTINGS[name]
    x = tf.placeholder(tf.float32, [None])
    results = numbers_pushed(counting, tf.shape(x)[0])
    with tf.Session() as session:
        for n in SIZES:
            check(counting, n, *session.run(results, {x: np.zeros(n)}))
    assert set(bounds) == {counting.bound}


@pytest.mark.parametrize("name", COUNTINGS)
def test_a_bound_that_data_decides(name: str) -> None:
    counting = COUNTINGS[name]
    given = tf.placeholder(tf.float32, [])
    results = numbers_pushed(counting, tf.cast(given * 2.0, tf.int32))
    with tf.Session() as session:
        for n in SIZES:
            check(counting, n, *session.run(results, {given: n / 2}))
