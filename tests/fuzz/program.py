"""What the fuzzer draws, runs and shrinks: a program is Python text, and so are its feeds.

    build   statements that make the graph, of one or several lines, with `tf`, `np` and `data`
    runs    what one session then runs, in order: the names of fetches, and texts of the feeds

Text is what a reader can paste, what two modules of the TensorFlow API can execute, and what the
shrinker takes lines out of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Run:
    """One `session.run`: names of fetches (lists of tensors, or operations), feeds by name."""

    fetches: tuple[str, ...]
    feeds: tuple[tuple[str, str], ...] = ()

    def with_fetches(self, *fetches: str) -> Run:
        """The run with other fetches."""
        return replace(self, fetches=fetches)

    def __str__(self) -> str:
        feeds = ", ".join(f"{name}: {text}" for name, text in self.feeds)
        return f"[{', '.join(self.fetches)}], {{{feeds}}}"


@dataclass(frozen=True)
class Program:
    """Statements that build a graph, and runs of one session on it."""

    build: tuple[str, ...]
    runs: tuple[Run, ...]
    seed: int = 0

    def with_runs(self, runs: Sequence[Run]) -> Program:
        """The program with other runs."""
        return replace(self, runs=tuple(runs))

    def with_line(self, number: int, line: str) -> Program:
        """The program with another statement in that place."""
        build = (*self.build[:number], line, *self.build[number + 1 :])
        return replace(self, build=build)

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
