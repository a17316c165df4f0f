"""Control flow whose course is known, and values that a loop only carries."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir.tensor.core import Computation, Instruction, Result, Value
from flowc.ir.tensor.rewrite import Rebuilder, captures, clone, post_order, with_instructions
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


def sink_generators(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """Constants, iota and sizes that regions read from outside are made inside

    There they cost an immediate operand, from outside they would have to be in memory.
    """
    outside = [[v for v in captures(region) if _is_generator(v)] for region in i.regions]
    if not any(outside):
        return None
    regions = [
        _with_inside(region, values) for region, values in zip(i.regions, outside, strict=True)
    ]
    return b.emit_all(i.primitive, i.operands, i.attributes, regions)


def _is_generator(value: Value) -> bool:
    while isinstance(value, Result) and value.instruction.primitive == "broadcast_in_dim":
        value = value.instruction.operands[0]
    if not isinstance(value, Result):
        return False
    made_by = value.instruction.primitive
    return made_by in ("iota", "size") or (made_by == "constant" and splat(value) is not None)


def _with_inside(region: Computation, values: Sequence[Value]) -> Computation:
    """The region with copies of generators in front of what it does."""
    copied = clone(Computation((), tuple(post_order(values)), tuple(values)), {})
    rebuilt = Rebuilder(dict(zip(values, copied[1], strict=True))).computation(region)
    return with_instructions(rebuilt, [*copied[0], *rebuilt.instructions])


def check_passes(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`check(true) ->` nothing"""
    known = splat(i.operands[0])
    return () if known is not None and known else None


RULES: Rules = {
    "case": (case_known, sink_generators),
    "while": (while_never, while_carrying_invariants, sink_generators),
    "check": (check_passes,),
}
