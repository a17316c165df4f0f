"""What passes that replace whole bodies share."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir.tensor.core import Computation, Instruction, Value


def with_body(
    old: Computation, instructions: Sequence[Instruction], results: Sequence[Value]
) -> Computation:
    """`old` with other instructions and results; the same object if they are the ones it has."""
    if _identical(instructions, old.instructions) and _identical(results, old.results):
        return old
    return Computation(old.parameters, tuple(instructions), tuple(results))


def _identical(new: Sequence[object], old: Sequence[object]) -> bool:
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))
