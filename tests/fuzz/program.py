"""What the fuzzer draws, runs and shrinks: a program is Python text, and so are its feeds.

    build   statements that make the graph, one or several lines each, in terms of `tf`, `np`, `data`
    runs    what one session then runs, in order: the names of fetches, and texts of the feeds

Text is what a reader can paste, what two modules of the TensorFlow API can execute, and what the
shrinker takes lines out of.
"""

from __future__ import annotations

from dataclasses import dataclass

PRELUDE = """\
import numpy as np
import flowc.compat.v1 as tf
from tests.fuzz.arrays import data
"""


@dataclass(frozen=True)
class Run:
    """One `session.run`: names of fetches (lists of tensors, or operations), feeds by name."""

    fetches: tuple[str, ...]
    feeds: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        feeds = ", ".join(f"{name}: {text}" for name, text in self.feeds)
        return f"[{', '.join(self.fetches)}], {{{feeds}}}"


@dataclass(frozen=True)
class Program:
    """Statements that build a graph, and runs of one session on it."""

    build: tuple[str, ...]
    runs: tuple[Run, ...]
    seed: int = 0

    def __str__(self) -> str:
        return "\n".join([*self.build, *(f"session.run({run})" for run in self.runs)])

    def as_test(self, name: str) -> str:
        """A test that says that all ways to run the program agree, ready to paste."""
        build = "\n".join(self.build)
        runs = "".join(f"        {_call(run)},\n" for run in self.runs)
        return f'def test_{name}() -> None:\n    check(\n        """\n{build}\n""",\n{runs}    )\n'


def _call(run: Run) -> str:
    feeds = ", ".join(f"{name}={text!r}" for name, text in run.feeds)
    return f"run({', '.join(map(repr, run.fetches))}{', ' * bool(feeds)}{feeds})"


def run(*fetches: str, **feeds: str) -> Run:
    """A run, as tests write it."""
    return Run(fetches, tuple(feeds.items()))
