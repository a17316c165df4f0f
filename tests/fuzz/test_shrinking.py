"""The shrinker, on a fault that is made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.fuzz.checking import Checker
from tests.fuzz.comparison import Difference
from tests.fuzz.program import Program, run
from tests.fuzz.shrinking import shrink, without_unused
from tests.fuzz.simplification import simpler_texts

PROGRAM = Program(
    (
        "x1 = tf.placeholder(tf.float32, [None, 3])",
        "x2 = tf.placeholder(tf.float32, [4])",
        "v3 = tf.tanh(x1)",
        "v4 = tf.exp(tf.sin(v3) + tf.zeros_like(v3))",
        "v5 = tf.reduce_sum(x2)",
    ),
    (
        run("v4", "v5", x1="data((2, 3), 'float32', 1)", x2="data((4,), 'float32', 2)"),
        run("v5", x2="data((4,), 'float32', 3)"),
    ),
)


class SineIsWrong(Checker):
    """Finds fault with every program that has a sine."""

    def __init__(self) -> None:
        self.checked = 0

    def check(self, program: Program, ways: Sequence[str]) -> Difference | None:
        self.checked += 1
        wrong = "tf.sin" in "".join(program.build)
        return Difference("native", "value", "wrong sine") if wrong else None

    def types(self, program: Program) -> dict[str, Any]:
        names = [line.partition(" = ")[0] for line in program.build]
        return dict.fromkeys(names, ((2, 3), "float32"))


def test_only_what_fails_is_left() -> None:
    checker = SineIsWrong()
    small, difference = shrink(PROGRAM, Difference("native", "value", ""), checker, 60)
    assert difference.text == "wrong sine"
    assert small.build == ("v3 = tf.placeholder(tf.float32, [None, None])", "v4 = tf.sin(v3)")
    assert small.runs == (run("v4", v3="data((1, 1), 'float32', 1)"),)
    assert checker.checked < 100


def test_without_time_nothing_is_tried() -> None:
    checker = SineIsWrong()
    given = Difference("native", "value", "given")
    assert shrink(PROGRAM, given, checker, 0) == (PROGRAM, given)
    assert not checker.checked


def test_what_nothing_reads_is_left_out() -> None:
    small = without_unused(PROGRAM.with_runs([PROGRAM.runs[1]]))
    assert small.build == (PROGRAM.build[1], PROGRAM.build[4])


def test_simpler_texts() -> None:
    assert set(simpler_texts("f(g(x), [y], 3)")) == {
        "g(x)",
        "y",
        "f(x, [y], 3)",
        "f(g(x), [y], 1)",
        "f(g(x), [y], 2)",
    }
    assert "def f(a):\n    c = h(a)\n    return c" in simpler_texts(
        "def f(a):\n    b = g(a)\n    c = h(a)\n    return c"
    )


def test_a_program_as_a_test() -> None:
    text = PROGRAM.with_runs([PROGRAM.runs[1]]).as_test("seed_7")
    assert text.startswith("def test_seed_7() -> None:\n    check(")
    assert "run('v5', x2=\"data((4,), 'float32', 3)\")," in text
    compile(text, "test", "exec")
