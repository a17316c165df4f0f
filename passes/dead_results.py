"""Dropping results that nobody reads of instructions that have several."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from flowc.ir.tensor.core import Computation, Instruction, Module, TensorType, Value
from flowc.ir.tensor.rewrite import Rebuilder, operands_and_captures
from flowc.passes.dead_code import has_effect

Places = Collection[int]


@dataclass(frozen=True)
class EliminateDeadResults:
    """Narrow loops, branches, reductions and sorts to the results that are read.

    A value that a loop carries stays where its condition or a value that is read needs it.

    Requires: no dead code, or it finds less. Ensures: every result of these instructions is read,
    or needed to find another that is. Leaves dead code in regions.
    """

    name: str = "eliminate_dead_results"

    def run(self, module: Module) -> Module:
        """The module with narrower instructions."""
        if not any(_several(module.main)):
            return module
        read = set(_reads(module.main))
        main = _Narrower(read).computation(module.main)
        return module if main is module.main else replace(module, main=main)


def _several(computation: Computation) -> Iterable[Instruction]:
    """Instructions of several results, in regions too."""
    for instruction in computation.instructions:
        if len(instruction.results) > 1:
            yield instruction
        for region in instruction.regions:
            yield from _several(region)


def _reads(computation: Computation) -> Iterable[Value]:
    yield from computation.results
    for instruction in computation.instructions:
        yield from instruction.operands
        for region in instruction.regions:
            yield from _reads(region)


class _Narrower(Rebuilder):
    def __init__(self, read: Set[Value]) -> None:
        super().__init__()
        self._read = read

    def instruction(self, old: Instruction) -> Instruction:
        new = super().instruction(old)
        narrow = _NARROW.get(old.primitive)
        wanted = [k for k, value in enumerate(old.results) if value in self._read]
        dead = not wanted and not has_effect(old)  # as a whole
        if narrow is None or len(wanted) == len(old.results) or dead:
            return new
        kept = sorted(_NEEDED[old.primitive](new, wanted))
        if len(kept) == len(old.results):
            return new
        narrowed = narrow(new, kept)
        for place, value in zip(kept, narrowed.results, strict=True):
            self.replace(old.results[place], value)
        return narrowed


# Which results must stay so that those wanted can be computed.


def _all_of_while(i: Instruction, wanted: Places) -> Places:
    condition, body = i.regions
    return _closure(wanted, body, len(i.operands), 1, _roots(condition, condition.results))


def _all_of_combiner(i: Instruction, wanted: Places) -> Places:
    count = len(i.operands) // 2
    return _closure(wanted, i.regions[0], count, 2, ())


def _all_of_sort(i: Instruction, wanted: Places) -> Places:
    compared = {place // 2 for place in _roots(i.regions[0], i.regions[0].results)}
    return {*wanted, *compared}


def _all_of_case(i: Instruction, wanted: Places) -> Places:
    return wanted


def _closure(
    wanted: Places, region: Computation, count: int, copies: int, always: Iterable[int]
) -> Places:
    """`wanted` and all places whose parameters the region needs for a result at such a place.

    The region's parameters are `copies` times the `count` places.
    """
    needed = {*wanted, *always}
    while True:
        results = [region.results[place] for place in sorted(needed)]
        more = {place % count for place in _roots(region, results)} - needed
        if not more:
            return needed
        needed |= more


def _roots(region: Computation, results: Sequence[Value]) -> Iterable[int]:
    """Numbers of the parameters that the results, and effects in the region, depend on."""
    needed = set(results)
    for instruction in reversed(region.instructions):
        if has_effect(instruction) or not needed.isdisjoint(instruction.results):
            needed.update(operands_and_captures(instruction))
    return [place for place, p in enumerate(region.parameters) if p in needed]


_NEEDED: Mapping[str, Callable[[Instruction, Places], Places]] = {
    "while": _all_of_while,
    "case": _all_of_case,
    "reduce": _all_of_combiner,
    "reduce_window": _all_of_combiner,
    "sort": _all_of_sort,
}


# The instruction with only the results at `kept`.


def _narrow_while(i: Instruction, kept: Sequence[int]) -> Instruction:
    condition, body = i.regions
    regions = (
        _narrow(condition, kept, condition.results),
        _narrow(body, kept, [body.results[k] for k in kept]),
    )
    return _rebuilt(i, kept, [i.operands[k] for k in kept], regions)


def _narrow_case(i: Instruction, kept: Sequence[int]) -> Instruction:
    regions = [_narrow(r, (), [r.results[k] for k in kept]) for r in i.regions]
    return _rebuilt(i, kept, i.operands, regions)


def _narrow_combiner(i: Instruction, kept: Sequence[int]) -> Instruction:
    count = len(i.operands) // 2
    both = [*kept, *(count + k for k in kept)]
    (region,) = i.regions
    regions = [_narrow(region, both, [region.results[k] for k in kept])]
    return _rebuilt(i, kept, [i.operands[k] for k in both], regions)


def _narrow_sort(i: Instruction, kept: Sequence[int]) -> Instruction:
    pairs = [2 * k + side for k in kept for side in (0, 1)]
    regions = [_narrow(i.regions[0], pairs, i.regions[0].results)]
    return _rebuilt(i, kept, [i.operands[k] for k in kept], regions)


def _narrow(
    region: Computation, parameters: Sequence[int], results: Sequence[Value]
) -> Computation:
    """The region with some of its parameters, without the instructions that need the others."""
    kept = tuple(region.parameters[k] for k in parameters)
    needed, instructions = set(results), []
    for instruction in reversed(region.instructions):
        if has_effect(instruction) or not needed.isdisjoint(instruction.results):
            needed.update(operands_and_captures(instruction))
            instructions.append(instruction)
    return Computation(kept, tuple(reversed(instructions)), tuple(results))


def _rebuilt(
    i: Instruction,
    kept: Sequence[int],
    operands: Sequence[Value],
    regions: Sequence[Computation],
) -> Instruction:
    types: tuple[TensorType, ...] = tuple(i.types[k] for k in kept)
    return Instruction(
        i.primitive, tuple(operands), i.attributes, types, tuple(regions), i.location
    )


_NARROW: Mapping[str, Callable[[Instruction, Sequence[int]], Instruction]] = {
    "while": _narrow_while,
    "case": _narrow_case,
    "reduce": _narrow_combiner,
    "reduce_window": _narrow_combiner,
    "sort": _narrow_sort,
}
