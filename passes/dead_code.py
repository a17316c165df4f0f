"""Dead code elimination."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace

from flowc.ir.tensor.core import Computation, Instruction, Module, Value
from flowc.ir.tensor.primitive import PRIMITIVES
from flowc.ir.tensor.rewrite import Rebuilder, captures, with_instructions


@dataclass(frozen=True)
class EliminateDeadCode:
    """Drop instructions whose results nobody reads, in regions too.

    Requires: nothing. Ensures: every instruction has an effect (`check`, or a loop around one) or a
    result that a later instruction, an inner region or the computation's result reads.
    """

    name: str = "eliminate_dead_code"

    def run(self, module: Module) -> Module:
        """The module without dead code."""
        main = eliminate_dead_code(module.main)
        return module if main is module.main else replace(module, main=main)


def eliminate_dead_code(computation: Computation) -> Computation:
    """The computation without dead code; the same object where there was none."""
    return _Sweep(set(_live(computation))).computation(computation)


def has_effect(instruction: Instruction) -> bool:
    """True for an instruction that must be kept though nothing reads its results."""
    return PRIMITIVES[instruction.primitive].effect or any(
        has_effect(inner) for region in instruction.regions for inner in region.instructions
    )


def _live(computation: Computation) -> Iterable[Instruction]:
    """The live instructions of the computation and of the regions in them."""
    read: set[Value] = set(computation.results)
    for instruction in reversed(computation.instructions):
        if not read.isdisjoint(instruction.results) or has_effect(instruction):
            yield instruction
            read.update(instruction.operands)
            for region in instruction.regions:
                yield from _live_in_region(region, read)


def _live_in_region(region: Computation, read: set[Value]) -> Iterable[Instruction]:
    """The same of a region; what its live part captures is added to `read`."""
    live = set(_live(region))
    read.update(captures(with_instructions(region, (i for i in region.instructions if i in live))))
    return live


class _Sweep(Rebuilder):
    """Rebuilds computations of their live instructions."""

    def __init__(self, live: Set[Instruction]) -> None:
        super().__init__()
        self._live = live

    def computation(self, old: Computation) -> Computation:
        kept = [i for i in old.instructions if i in self._live]
        same = len(kept) == len(old.instructions)
        return super().computation(old if same else with_instructions(old, kept))
