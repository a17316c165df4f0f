"""Children that crash, hang, or answer."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import Any

from tests.fuzz.children import Child
from tests.fuzz.program import Program, run
from tests.fuzz.requests import Execute
from tests.fuzz.sessions import Failure


@dataclass(frozen=True)
class Misbehave:
    how: str

    def answer(self, tf: Any) -> int:
        if self.how == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif self.how == "hang":
            time.sleep(60)
        elif self.how == "raise":
            raise ValueError
        print("what is printed disturbs nothing")
        return 7


def test_a_child_answers_and_starts_again_after_a_crash() -> None:
    with Child("flowc", patience=30) as child:
        assert child.ask(Misbehave("")) == 7
        assert child.ask(Misbehave("crash")) == Failure("Crash", "SIGSEGV")
        assert child.ask(Misbehave("raise")) == Failure("Crash", "exit status 1")
        assert child.ask(Misbehave("")) == 7


def test_a_child_that_hangs_is_ended() -> None:
    with Child("flowc", patience=3) as child:
        child.ask(Misbehave(""))
        found = child.ask(Misbehave("hang"))
        assert isinstance(found, Failure)
        assert found.kind == "Timeout"


def test_a_program_is_executed() -> None:
    program = Program(
        ("x1 = tf.placeholder(tf.float32, [2])", "v2 = x1 + 1"),
        (run("v2", x1="np.zeros(2)"), run("v2")),
    )
    with Child("flowc") as child:
        values, missing = child.ask(Execute(program, "--interpret"))
        (broken,) = child.ask(Execute(Program(("v1 = tf.nothing(1)",), ())))
    assert values[0].tolist() == [1.0, 1.0]
    assert missing.kind == "InvalidArgumentError"
    assert broken.kind == "AttributeError"
