"""How often a loop can go on: what its condition says about a counter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowc.compiler.lowering.regions import Attempt, Lowerer, NeedsValue
from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, NotCompilable, parts_of
from flowc.ir.tensor.core import Instruction, Parameter, Value

_MIRRORED = {"LT": "GT", "GT": "LT", "LE": "GE", "GE": "LE", "NE": "NE", "EQ": "EQ"}


def most_iterations(lowerer: Lowerer, attempt: Attempt) -> Dim:
    """A bound on the number of iterations, from conditions such as `i < n` with `i = i + 1`.

    Raises NeedsValue where an earlier part of the step can compute n, NotCompilable where there is
    no such condition.
    """
    b = lowerer.builder
    bounds: list[Dim] = []
    unknown = False
    for comparison in _conjuncts(attempt.condition.results[0]):
        for direction, counter, limit in _sides(comparison):
            number = _number(counter, attempt.parameters[0])
            if number is None:
                continue
            step = _step(b, attempt, number)
            bound = _bound(b, direction, attempt.initial[number], limit, step)
            if bound is not None:
                bounds.append(bound)
            unknown |= bound is None and step != 0
    if bounds:
        known = [bound for bound in bounds if isinstance(bound, int)]
        return min(known) if known else bounds[0]
    if unknown and not lowerer.depth:
        raise NeedsValue
    raise NotCompilable("a list grows in a loop whose number of iterations is not known")


def _conjuncts(value: Value) -> Iterator[Instruction]:
    """The comparisons all of which hold while the loop goes on."""
    if isinstance(value, Parameter):
        return
    instruction = value.instruction
    if instruction.primitive == "and":
        for operand in instruction.operands:
            yield from _conjuncts(operand)
    elif instruction.primitive in ("reshape", "convert", "broadcast_in_dim"):
        yield from _conjuncts(instruction.operands[0])
    elif instruction.primitive == "compare":
        yield instruction


def _sides(comparison: Instruction) -> Iterator[tuple[str, Value, Value]]:
    """(direction, left, right), both ways round."""
    direction = comparison.attributes["comparison_direction"]
    left, right = comparison.operands
    yield direction, left, right
    yield _MIRRORED[direction], right, left


def _number(value: Value, parameters: Sequence[Parameter]) -> int | None:
    """Which parameter a value is."""
    while not isinstance(value, Parameter) and value.instruction.primitive in (
        "convert",
        "reshape",
    ):
        value = value.instruction.operands[0]
    return parameters.index(value) if value in parameters else None


def _step(b: Builder, attempt: Attempt, number: int) -> int:
    """What an iteration adds to a counter; 0 where it is no counter."""
    slot, part = attempt.carried[number]
    after = parts_of(attempt.after.get(slot, attempt.inside[slot]))[part]
    counter = attempt.parameters[1][number]
    if after is None or isinstance(after, Parameter):
        return 0
    instruction = after.instruction
    if instruction.primitive not in ("add", "subtract") or counter not in instruction.operands:
        return 0
    first, second = instruction.operands
    if instruction.primitive == "subtract" and first is not counter:
        return 0
    contents = b.symbolic(second if first is counter else first)
    step = None if contents is None else contents.item()
    if not isinstance(step, int):
        return 0
    return -step if instruction.primitive == "subtract" else step


def _bound(b: Builder, direction: str, initial: Value, limit: Value, step: int) -> Dim | None:
    """Iterations until `counter direction limit` no longer holds.

    A loop that goes on while they differ, and steps over the limit, has no end: any bound will do.
    """
    start = _symbolic(b, initial)
    if step == 0 or start is None:
        return None
    end = _upper(b, limit) if step > 0 else _symbolic(b, limit)
    if end is None:
        return None
    distance = end - start if step > 0 else start - end
    if direction == ("LE" if step > 0 else "GE"):
        distance = distance + 1
    elif direction not in ("NE", "LT" if step > 0 else "GT"):
        return None
    return dims.maximum(dims.ceildiv(distance, abs(step)), 0)


def _symbolic(b: Builder, value: Value) -> Dim | None:
    contents = b.symbolic(value)
    if contents is None or contents.size != 1 or not value.type.dtype.is_integer:
        return None
    found: Dim = contents.item()
    return found


def _upper(b: Builder, value: Value) -> Dim | None:
    """A size that a value does not exceed: what it is, or one side of a minimum."""
    found = _symbolic(b, value)
    if found is not None or isinstance(value, Parameter):
        return found
    instruction = value.instruction
    if instruction.primitive in ("minimum", "convert", "reshape"):
        sides = [_upper(b, operand) for operand in instruction.operands]
        return next((side for side in sides if side is not None), None)
    return None
