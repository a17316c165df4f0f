"""The engine of simplification: rules applied to each instruction, operands first.

A rule looks at one instruction whose operands are simplified already and returns what to use
instead: a value, one value per result, or None for "leave it". It builds new instructions with the
`RuleBuilder` it is given; those are simplified in turn before the walk goes on, so one walk reaches
a fixed point but for rules that ask how often a value is read.

The law for rules: the new code is never worse (no more work, no more memory, nothing that keeps
fusion from a single kernel), and its results are those of the old code bit for bit, NaN, infinities
and the sign of zero included; any NaN is any other, and a denormal, which compiled code does not
know, the zero of its sign. A rule that departs from the second says in its docstring how far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor.assumptions import Assumptions
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Computation, Instruction, Module, Parameter, Result, Value
from flowc.ir.tensor.equalities import guarded
from flowc.ir.tensor.names import names_of
from flowc.ir.tensor.primitives.common import invalid
from flowc.ir.tensor.rewrite import Rebuilder, clone, use_counts
from flowc.passes.rebuilding import with_body


class Proven(Assumptions):
    """Assumes nothing: sizes are equal when their expressions are, or a module's guards say so."""

    @classmethod
    def of(cls, module: Module) -> Proven:
        """What is known of a module's sizes, which have the names that it has."""
        return cls(names_of(module), guarded(module.guards))

    def _assume_equal(self, left: Dim, right: Dim) -> bool:
        return False

    def broadcast(self, left: Dim, right: Dim) -> Dim:
        if 1 not in (left, right) and left != right:
            raise invalid(f"Incompatible shapes: {left} and {right}")
        return right if left == 1 else left

    def at_least(self, left: Dim, right: Dim) -> bool:
        return dims.is_nonnegative(left - right)


class RuleBuilder(Builder):
    """What rules build with; it also knows how often values are read."""

    def __init__(self, module: Module | None = None) -> None:
        super().__init__(Proven() if module is None else Proven.of(module))
        self.uses: Counter[Value] = Counter()

    def used_once(self, value: Value) -> bool:
        """True when nothing but the instruction at hand reads `value`."""
        return self.uses[value] <= 1

    def inline(self, region: Computation, arguments: Sequence[Value]) -> Sequence[Value]:
        """The results of a copy of the region, its instructions standing here."""
        instructions, results = clone(region, dict(zip(region.parameters, arguments, strict=True)))
        self._instructions += instructions
        return results

    def like(self, i: Instruction, *operands: Value) -> Value:
        """The primitive of `i` with its attributes on other operands."""
        return self.emit(i.primitive, *operands, **i.attributes)

    def rewrite(self, instruction: Instruction, rules: Sequence[Rule]) -> Rewrite | None:
        """What the first rule that finds something puts in place of the instruction."""
        self.location = instruction.location
        for rule in rules:
            try:
                found = rule(self, instruction)
            except InvalidArgumentError:  # the program is wrong, and fails where it runs
                self._instructions, self._constants = [], {}
                continue
            if found is not None:
                rewrite = self._rewrite(rule, instruction, found)
                if rewrite is not None:
                    return rewrite
            assert not self._instructions, f"{rule.__name__} built instructions and left them"
        return None

    def _rewrite(
        self, rule: Rule, instruction: Instruction, found: Value | Sequence[Value]
    ) -> Rewrite | None:
        """New instructions and the results; None where their types are others."""
        emitted, self._instructions, self._constants = self._instructions, [], {}
        values = (found,) if isinstance(found, Parameter | Result) else tuple(found)
        old, new = [r.type for r in instruction.results], [v.type for v in values]
        if old != new:  # the same sizes in another form: a later user could not tell
            assert all(_may_equal(a.shape, b.shape) for a, b in zip(old, new, strict=True)), (
                f"{rule.__name__} changed {old} to {new}"
            )
            return None
        return emitted, values


Rule: TypeAlias = Callable[[RuleBuilder, Instruction], Value | Sequence[Value] | None]
Rules: TypeAlias = Mapping[str, Sequence[Rule]]  # by the primitive that a rule looks at
Rewrite: TypeAlias = tuple[list[Instruction], tuple[Value, ...]]


def _may_equal(left: Sequence[Dim], right: Sequence[Dim]) -> bool:
    pairs = zip(left, right, strict=True)
    return all(a == b or not (isinstance(a, int) and isinstance(b, int)) for a, b in pairs)


class Simplifier(Rebuilder):
    """Rebuilds computations with rules applied to every instruction, in regions too."""

    def __init__(self, rules: Rules, module: Module | None = None) -> None:
        super().__init__()
        self._rules = rules
        self._builder = RuleBuilder(module)
        self._emitted: list[Instruction] = []

    def computation(self, old: Computation) -> Computation:
        enclosing, self._emitted = self._emitted, []
        self._builder.uses.update(use_counts(old))
        for instruction in old.instructions:
            self._place(instruction)
        emitted, self._emitted = self._emitted, enclosing
        return with_body(old, emitted, tuple(map(self.value, old.results)))

    def _place(self, old: Instruction) -> None:
        """Emit what stands for `old`."""
        new = self.instruction(old)
        rules = self._rules.get(new.primitive)
        rewrite = self._builder.rewrite(new, rules) if rules else None
        if rewrite is None:
            self._emitted.append(new)
            if new is old:
                return
            values: Sequence[Value] = new.results
        else:
            emitted, found = rewrite
            for instruction in emitted:
                self._builder.uses.update(instruction.operands)
            for instruction in emitted:
                self._place(instruction)
            values = tuple(map(self.value, found))
        for before, value in zip(old.results, values, strict=True):
            if value is not before:
                self.replace(before, value)
                self._builder.uses[value] += self._builder.uses[before]
