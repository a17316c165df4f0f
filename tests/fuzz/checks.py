"""`check`: a test that a program runs alike in every way, which is what the fuzzer prints."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import flowc
from tests.fuzz.checking import INTERPRETER, NATIVE, VARIANTS, Outcomes
from tests.fuzz.program import Program, Run
from tests.fuzz.requests import Request
from tests.fuzz.sessions import Outcome


class Here:
    """Answers requests in this process; it stands for a child."""

    def ask(self, request: Request) -> list[Outcome]:
        """The answer."""
        with _flags():
            outcomes: list[Outcome] = request.answer(flowc)
            return outcomes


@contextmanager
def _flags() -> Iterator[None]:
    kept = os.environ.get("FLOWC_FLAGS")
    try:
        yield
    finally:
        if kept is None:
            os.environ.pop("FLOWC_FLAGS", None)
        else:
            os.environ["FLOWC_FLAGS"] = kept


def check(build: str, *runs: Run) -> None:
    """Fails unless interpreter, machine code and its variants agree on every run."""
    outcomes = Outcomes(Program((build.strip(),), runs), Here())
    for way in (INTERPRETER, NATIVE, *VARIANTS):
        found = outcomes.check(way)
        assert found is None, str(found)
