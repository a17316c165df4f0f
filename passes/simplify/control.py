"""Control flow whose course is known, and values that a loop only carries."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir.tensor.core import Computation, Instruction, Value
from flowc.ir.tensor.rewrite import Rebuilder
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import splat


def case_known(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`case(k, branches) -> branches[k]`, the last one for numbers out of range"""
    index = splat(i.operands[0])
    if len(i.regions) == 1:
        return b.inline(i.regions[0], ())
    if index is None:
        return None
    number = int(index)
    return b.inline(i.regions[number if 0 <= number < len(i.regions) else -1], ())


def while_never(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`while(false, initial) -> initial`"""
    condition = splat(i.regions[0].results[0])
    return i.operands if condition is not None and not condition else None


def while_carrying_invariants(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`while` whose body passes a value on `->` a loop that reads the initial one from outside"""
    body = i.regions[1]
    changing = [
        k
        for k, (old, new) in enumerate(zip(body.parameters, body.results, strict=True))
        if new is not old and new is not i.operands[k]
    ]
    if len(changing) == len(i.operands):
        return None
    regions = [_without_parameters(region, i.operands, changing) for region in i.regions]
    regions[1] = Computation(
        regions[1].parameters,
        regions[1].instructions,
        tuple(regions[1].results[k] for k in changing),
    )
    loop = b.emit_all("while", [i.operands[k] for k in changing], i.attributes, regions)
    results = list(i.operands)
    for k, value in zip(changing, loop, strict=True):
        results[k] = value
    return results


def _without_parameters(
    region: Computation, initial: Sequence[Value], kept: Sequence[int]
) -> Computation:
    """The region with only the `kept` parameters; the initial values stand for the others."""
    dropped: dict[Value, Value] = {
        p: initial[k] for k, p in enumerate(region.parameters) if k not in kept
    }
    rebuilt = Rebuilder(dropped).computation(region)
    return Computation(
        tuple(rebuilt.parameters[k] for k in kept), rebuilt.instructions, rebuilt.results
    )


def check_passes(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`check(true) ->` nothing"""
    known = splat(i.operands[0])
    return () if known is not None and known else None


RULES: Rules = {
    "case": (case_known,),
    "while": (while_never, while_carrying_invariants),
    "check": (check_passes,),
}
