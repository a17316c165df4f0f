"""Making a program that fails small: less and less of its text, as long as it fails alike.

Each round proposes simpler programs, the boldest first: fewer runs and fetches, statements left out,
a value fed instead of computed, an expression in place of the call around it, smaller numbers. One
that shows the same kind of difference takes the program's place.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.fuzz.checking import Checker
from tests.fuzz.comparison import Difference
from tests.fuzz.program import Program, Run


def shrink(
    program: Program, difference: Difference, checker: Checker, seconds: float
) -> tuple[Program, Difference]:
    """The smallest program found within that time, and its difference."""
    end = time.monotonic() + seconds
    tried = {program}
    progress = True
    while progress:
        progress = False
        for proposal in _PROPOSALS:
            for candidate in _until_accepted(proposal, program):
                if time.monotonic() > end:
                    return program, difference
                if candidate in tried:
                    continue
                tried.add(candidate)
                found = checker.check(candidate)
                if found is not None and (found.ways, found.kind) == (
                    difference.ways,
                    difference.kind,
                ):
                    program, difference, progress = candidate, found, True
                    break
            if progress:
                break
    return program, difference


Proposal = Callable[[Program], Iterator[Program]]


def _until_accepted(proposal: Proposal, program: Program) -> Iterator[Program]:
    for candidate in proposal(program):
        yield without_unused(candidate)


def fewer_runs(program: Program) -> Iterator[Program]:
    """Each run left out, and then all but one at once."""
    if len(program.runs) > 1:
        for run in program.runs:
            yield replace(program, runs=(run,))
        for number in range(len(program.runs)):
            runs = program.runs[:number] + program.runs[number + 1 :]
            yield replace(program, runs=runs)


def fewer_fetches(program: Program) -> Iterator[Program]:
    """One fetch alone, or one fetch less, in each run."""
    for number, run in enumerate(program.runs):
        if len(run.fetches) > 1:
            fewer = [(f,) for f in run.fetches]
            fewer += [tuple(g for g in run.fetches if g != f) for f in run.fetches]
            for fetches in fewer:
                yield _with_run(program, number, replace(run, fetches=fetches))


def fed_values(program: Program) -> Iterator[Program]:
    """A statement replaced by a placeholder that is fed; the later ones first, they cut most."""
    for number in reversed(range(len(program.build))):
        line = program.build[number]
        name, _, text = line.partition(" = ")
        if not name.isidentifier() or "tf.placeholder" in text or "\n" in line:
            continue
        for shape, dtype in _TYPES:
            new = f"{name} = tf.placeholder(tf.{dtype}, {[None] * len(shape)})"
            build = (*program.build[:number], new, *program.build[number + 1 :])
            feed = (name, f"data({shape}, {dtype!r}, 1)")
            runs = tuple(
                run if name in dict(run.feeds) else replace(run, feeds=(*run.feeds, feed))
                for run in program.runs
            )
            yield replace(program, build=build, runs=runs)


_TYPES: tuple[tuple[tuple[int, ...], str], ...] = ()  # filled in by `typed`


def simpler_lines(program: Program) -> Iterator[Program]:
    """In each line some expression replaced by a part of itself, or a number by a smaller one."""
    for number in reversed(range(len(program.build))):
        for new in simpler_texts(program.build[number]):
            yield replace(
                program, build=(*program.build[:number], new, *program.build[number + 1 :])
            )


def simpler_feeds(program: Program) -> Iterator[Program]:
    """Feeds of fewer elements."""
    for number, run in enumerate(program.runs):
        for place, (name, text) in enumerate(run.feeds):
            for new in simpler_texts(text):
                feeds = (*run.feeds[:place], (name, new), *run.feeds[place + 1 :])
                yield _with_run(program, number, replace(run, feeds=feeds))


_PROPOSALS: tuple[Proposal, ...] = (fewer_runs, fewer_fetches, simpler_lines, simpler_feeds)


def _with_run(program: Program, number: int, run: Run) -> Program:
    runs = (*program.runs[:number], run, *program.runs[number + 1 :])
    return replace(program, runs=runs)


def without_unused(program: Program) -> Program:
    """The program without statements that nothing reads, and without their feeds."""
    wanted = {name for run in program.runs for name in run.fetches}
    kept = []
    for line in reversed(program.build):
        tree = ast.parse(line)
        if wanted.isdisjoint(_assigned(tree)):
            continue
        kept.append(line)
        wanted |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    defined = {name for line in kept for name in _assigned(ast.parse(line))}
    runs = tuple(
        replace(run, feeds=tuple((n, t) for n, t in run.feeds if n in defined))
        for run in program.runs
    )
    return replace(program, build=tuple(reversed(kept)), runs=runs)


def _assigned(tree: ast.AST) -> set[str]:
    """The names that statements assign, also of functions."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
    return names


def simpler_texts(text: str) -> Iterator[str]:
    """The text with one expression or statement replaced by something simpler."""
    tree = ast.parse(text)
    count = sum(1 for _ in ast.walk(tree))
    for place in range(count):
        for choice in range(99):
            copy = ast.parse(text)
            node = list(ast.walk(copy))[place]
            found = list(_simpler(node))
            if choice >= len(found):
                break
            yield ast.unparse(ast.fix_missing_locations(_Replace(node, found[choice]).visit(copy)))


class _Replace(ast.NodeTransformer):
    """Puts one node in place of another; None takes a statement out."""

    def __init__(self, old: ast.AST, new: ast.AST | None) -> None:
        self._old = old
        self._new = new

    def visit(self, node: ast.AST) -> ast.AST | None:
        """The node's replacement."""
        if node is self._old:
            return self._new
        result: ast.AST | None = super().generic_visit(node)
        return result


def _simpler(node: ast.AST) -> Iterator[ast.AST | None]:
    match node:
        case ast.Call(func=ast.Name(id="data")):
            return
        case ast.Call(args=args):
            yield from _tensors(args)
        case ast.BinOp(left=left, right=right):
            yield from _tensors([left, right])
        case ast.Subscript(value=value):
            yield from _tensors([value])
        case ast.FunctionDef(body=[*body, last]) if body:
            for statement in body:
                rest = [s for s in body if s is not statement]
                yield ast.FunctionDef(
                    name=node.name, args=node.args, body=[*rest, last], decorator_list=[]
                )
        case ast.Constant(value=bool()):
            return
        case ast.Constant(value=int(value)) if value > 1:
            yield ast.Constant(value // 2)
            yield ast.Constant(value - 1)


def _tensors(parts: list[ast.expr]) -> Iterator[ast.expr]:
    """Those expressions that may be tensors: names, calls, and what lists are of."""
    for part in parts:
        if isinstance(part, ast.List | ast.Tuple):
            yield from _tensors(part.elts)
        elif not isinstance(part, ast.Constant | ast.UnaryOp | ast.Attribute):
            yield part
