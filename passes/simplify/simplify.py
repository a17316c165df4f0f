"""The simplification pass: all rules, by the primitive that they look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flowc.ir.tensor.core import Module
from flowc.passes.simplify import (
    arithmetic,
    bits,
    broadcasts,
    concatenations,
    contractions,
    control,
    conversions,
    powers,
    reductions,
    reshapes,
    selections,
    slices,
    transposes,
    windows,
)
from flowc.passes.simplify.engine import Rule, Rules, Simplifier

TOPICS = (
    arithmetic,
    bits,
    selections,
    conversions,
    powers,
    broadcasts,
    reshapes,
    transposes,
    slices,
    concatenations,
    reductions,
    windows,
    contractions,
    control,
)


def merge_rules(topics: Sequence[Rules]) -> dict[str, tuple[Rule, ...]]:
    """One table of all topics; the rules of earlier ones are tried first."""
    merged: dict[str, tuple[Rule, ...]] = {}
    for rules in topics:
        for primitive, found in rules.items():
            merged[primitive] = (*merged.get(primitive, ()), *found)
    return merged


RULES = merge_rules([topic.RULES for topic in TOPICS])


@dataclass(frozen=True)
class Simplify:
    """Apply algebraic identities.

    Requires: nothing; without dead code and common subexpressions it finds more. Ensures: no rule
    applies to an instruction, but for those that ask how often a value is read.
    """

    name: str = "simplify"

    def run(self, module: Module) -> Module:
        """The module with rules applied."""
        main = Simplifier(RULES, module).computation(module.main)
        return module if main is module.main else replace(module, main=main)
