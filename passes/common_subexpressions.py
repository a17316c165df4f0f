"""Common subexpression elimination by value numbering."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Hashable
from dataclasses import dataclass, replace

from flowc.ir.tensor.core import Computation, Instruction, Module, Value
from flowc.ir.tensor.rewrite import Rebuilder
from flowc.ir.tensor.structure import instruction_key
from flowc.passes.dead_code import has_effect
from flowc.passes.rebuilding import with_body

_CAPTURING = frozenset({"while", "case"})
_GENERATORS = frozenset({"constant", "iota", "size"})  # cheaper made twice than carried into a loop


@dataclass(frozen=True)
class EliminateCommonSubexpressions:
    """Compute equal values once.

    Two instructions are equal when primitive, operands, attributes and regions are; constants are
    compared by their bits, regions by their structure, operands that commute in either order.
    Instructions with effects are kept apart.

    Requires: nothing. Ensures: no two instructions of a computation are equal. A region of `while`
    or `case` does not repeat what encloses it, generators (constants, iota) excepted.
    """

    name: str = "eliminate_common_subexpressions"

    def run(self, module: Module) -> Module:
        """The module with equal instructions merged."""
        main = _Merger().computation(module.main)
        return module if main is module.main else replace(module, main=main)


class _Merger(Rebuilder):
    """Keeps the first of equal instructions; the others' results become its results.

    A generator inside a loop stays there, but it has the name of its equal outside, so that what is
    made from the two is seen to be equal.
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: ChainMap[Hashable, Instruction] = ChainMap()
        self._names: dict[Value, Hashable] = {}

    def computation(self, old: Computation) -> Computation:
        self._found = self._found.new_child()
        kept = []
        for instruction in old.instructions:
            new = self.instruction(instruction)
            first = self._found.setdefault(self._key(new), new)
            if first is new:
                kept.append(new)
            else:
                self.values.update(zip(instruction.results, first.results, strict=True))
        self._found = self._found.parents
        return with_body(old, kept, tuple(map(self.value, old.results)))

    def instruction(self, old: Instruction) -> Instruction:
        if not old.regions:
            return super().instruction(old)
        outer = self._found
        self._found = outer if old.primitive in _CAPTURING else ChainMap()
        new = super().instruction(old)
        self._found = outer
        return new

    def _key(self, instruction: Instruction) -> Hashable:
        if has_effect(instruction):
            return instruction
        key = instruction_key(instruction, self._names)
        if not self._is_generator(instruction):
            return key
        self._names[instruction.result] = key
        return len(self._found.maps), key

    def _is_generator(self, instruction: Instruction) -> bool:
        if instruction.primitive == "broadcast_in_dim":
            return instruction.operands[0] in self._names
        return instruction.primitive in _GENERATORS
