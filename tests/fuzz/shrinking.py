"""Making a program that fails small: less and less of its text, as long as it fails alike.

Each round proposes simpler programs, the boldest first: fewer runs and fetches, a value fed instead
of computed, an expression in place of the call around it, smaller numbers. One that shows the same
kind of difference takes the program's place.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from tests.fuzz.checking import INTERPRETER, Checker
from tests.fuzz.comparison import Difference
from tests.fuzz.program import Program, Run
from tests.fuzz.simplification import assigned, read, simpler_texts

Types: TypeAlias = Mapping[str, tuple[tuple[int, ...], str]]
Proposal: TypeAlias = Callable[[Program, Types], Iterator[Program]]


def shrink(
    program: Program, difference: Difference, checker: Checker, seconds: float
) -> tuple[Program, Difference]:
    """The smallest program found within that time, and its difference."""
    end = time.monotonic() + seconds
    tried: set[str] = set()
    while (smaller := _smaller(program, difference, checker, tried, end)) is not None:
        program, difference = smaller
    return program, difference


def _smaller(
    program: Program, difference: Difference, checker: Checker, tried: set[str], end: float
) -> tuple[Program, Difference] | None:
    """The first simpler program that goes wrong in the same way."""
    types = checker.types(program)
    ways = [difference.ways]
    if difference.ways != INTERPRETER:  # what the interpreter says must be an answer
        ways = [INTERPRETER, *ways]
    for proposal in PROPOSALS:
        for candidate in map(without_unused, proposal(program, types)):
            if time.monotonic() > end:
                return None
            if not candidate.runs or str(candidate) in tried:
                continue
            tried.add(str(candidate))
            found = checker.check(candidate, ways)
            if found is not None and (found.ways, found.kind) == (difference.ways, difference.kind):
                return candidate, found
    return None


def fewer_runs(program: Program, types: Types) -> Iterator[Program]:
    """One run alone, or one run less."""
    if len(program.runs) > 1:
        for run in program.runs:
            yield program.with_runs([run])
        for left in program.runs:
            yield program.with_runs([run for run in program.runs if run is not left])


def fewer_fetches(program: Program, types: Types) -> Iterator[Program]:
    """One fetch alone, or one fetch less."""
    for number, run in enumerate(program.runs):
        if len(run.fetches) > 1:
            for fetch in run.fetches:
                yield _with_run(program, number, run.with_fetches(fetch))
            for left in run.fetches:
                kept = [f for f in run.fetches if f != left]
                yield _with_run(program, number, run.with_fetches(*kept))


def earlier_fetches(program: Program, types: Types) -> Iterator[Program]:
    """In place of a fetch what its statement reads."""
    for number, run in enumerate(program.runs):
        for line in program.build:
            if len(run.fetches) == 1 and run.fetches[0] in assigned(line):
                for name in sorted(read(line) & types.keys()):
                    yield _with_run(program, number, run.with_fetches(name))


def fed_values(program: Program, types: Types) -> Iterator[Program]:
    """A statement replaced by a placeholder that is fed; the later ones first, they cut most."""
    for number, line in reversed(list(enumerate(program.build))):
        name, _, text = line.partition(" = ")
        if name not in types or "tf.placeholder" in text or types[name][1] == "object":
            continue
        shape, dtype = types[name]
        feed = (name, f"data({shape}, {dtype!r}, 1)")
        runs = [
            r if name in dict(r.feeds) else replace(r, feeds=(*r.feeds, feed)) for r in program.runs
        ]
        for static in ([None] * len(shape), list(shape)):
            new = f"{name} = tf.placeholder(tf.{dtype}, {static})"
            yield program.with_line(number, new).with_runs(runs)


def simpler_lines(program: Program, types: Types) -> Iterator[Program]:
    """In each line some expression replaced by a part of itself, or a number by a smaller one."""
    for number, line in reversed(list(enumerate(program.build))):
        for new in simpler_texts(line):
            yield program.with_line(number, new)


def inlined(program: Program, types: Types) -> Iterator[Program]:
    """A name in place of another one that it only stands for."""
    for number, line in enumerate(program.build):
        name, _, text = line.partition(" = ")
        if name.isidentifier() and text.isidentifier():
            rest = [_renamed(other, name, text) for other in program.build[number + 1 :]]
            runs = [
                r.with_fetches(*(text if f == name else f for f in r.fetches)) for r in program.runs
            ]
            build = (*program.build[:number], *rest)
            yield replace(program, build=build).with_runs(runs)


def _renamed(line: str, old: str, new: str) -> str:
    tree = ast.parse(line)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == old:
            node.id = new
    return ast.unparse(tree)


def simpler_feeds(program: Program, types: Types) -> Iterator[Program]:
    """Feeds of fewer elements."""
    for number, run in enumerate(program.runs):
        for place, (name, text) in enumerate(run.feeds):
            for new in simpler_texts(text):
                feeds = (*run.feeds[:place], (name, new), *run.feeds[place + 1 :])
                yield _with_run(program, number, replace(run, feeds=feeds))


PROPOSALS: tuple[Proposal, ...] = (
    fewer_runs,
    fewer_fetches,
    earlier_fetches,
    fed_values,
    inlined,
    simpler_lines,
    simpler_feeds,
)


def _with_run(program: Program, number: int, run: Run) -> Program:
    return program.with_runs([*program.runs[:number], run, *program.runs[number + 1 :]])


def without_unused(program: Program) -> Program:
    """The program without statements that nothing reads, and without their feeds."""
    wanted = {name for run in program.runs for name in run.fetches}
    kept = []
    for line in reversed(program.build):
        if not wanted.isdisjoint(assigned(line)):
            kept.append(line)
            wanted |= read(line)
    defined = {name for line in kept for name in assigned(line)}
    runs = [
        replace(run, feeds=tuple((n, t) for n, t in run.feeds if n in defined))
        for run in program.runs
    ]
    return replace(program, build=tuple(reversed(kept))).with_runs(runs)
