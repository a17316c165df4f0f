"""The first part of a schedule, on any machine: as few loops as strided positions allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.loops.kernel import For, Kernel
from flowc.passes.schedule.costs import positions, straight_line
from flowc.passes.schedule.loops import Flattening, Merge
from flowc.passes.schedule.steps import ROLES, Steps, chain, nests


@dataclass(frozen=True)
class MergeLoops:
    """Loops of one role that stand in each other become one where all positions stay strided."""

    name: str = "merge_loops"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for merge in [m for nest in nests(kernel) for m in _merges(nest)]:
            kernel = yield merge
        return kernel


def _merges(loop: For) -> Iterator[Merge]:
    """The merges of a loop with those in it, and of those behind them."""
    same = [loop]
    for inner in chain(loop)[1:]:
        if inner.role is not loop.role:
            break
        same.append(inner)
    if len(same) > 1:
        yield from _fewest(same)
    for statement in same[-1].body:
        if isinstance(statement, For) and statement.role in ROLES:
            yield from _merges(statement)


def _fewest(same: list[For]) -> Iterator[Merge]:
    """The merges that leave the fewest loops; none where the positions are not strided anyway."""
    places = positions(straight_line((same[0],)))
    for runs in partitions(len(same)):
        merged = [Flattening([same[n] for n in run]) for run in runs]
        if all(_is_strided(place, merged) for place in places):
            yield from (Merge(tuple(same[n].index for n in run)) for run in runs if len(run) > 1)
            return


def _is_strided(place: Dim, merged: Sequence[Flattening]) -> bool:
    """Whether a position is linear in the indices of merged loops."""
    for loops in merged:
        if loops.strided(place) is None:
            place = dims.substitute(place, loops.parts.get)
            if dims.coefficient_of(place, loops.flat) is None:
                return False
    return True


def partitions(count: int) -> Iterator[list[tuple[int, ...]]]:
    """Groupings of neighbouring loops into runs: the fewest first, one run for each loop last."""
    every = tuple(range(count))
    yield [every]
    if count > 2:
        yield from ([every[:cut], every[cut:]] for cut in range(1, count))
    if count > 3:
        yield from (
            [every[:cut], every[cut : cut + 1], every[cut + 1 :]] for cut in range(1, count - 1)
        )
    yield [(n,) for n in every]
