"""The ranks that a signature demands of its inputs, checked before a lowering or kernel runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.ir.errors import InvalidArgumentError
from flowc.ir.ops.registry import OpDefinition
from flowc.ir.ops.signature import Ranks
from flowc.ir.tensor.core import Parameter, Result

_NAMES = {0: "a scalar", 1: "a vector", 2: "a matrix"}


def require_ranks(definition: OpDefinition, grouped: Sequence[Any]) -> None:
    """Raise InvalidArgumentError for an operand of a rank that the signature does not allow.

    `grouped` holds arrays or values by argument, a list for a list input.
    """
    for number, argument in definition.ranked_inputs:
        operand = grouped[number]
        for one in operand if isinstance(operand, list) else (operand,):
            shape = _shape(one)
            if shape is not None and not _fits(len(shape), argument.ranks):
                shown = ",".join(map(str, shape))
                wanted = f"{argument.name} must be {_described(argument.ranks)}"
                raise InvalidArgumentError(None, None, f"{wanted}, but has shape [{shown}]")


def _shape(operand: Any) -> Sequence[Any] | None:
    """The shape of an array or value; None for what has none, or none that is known."""
    if isinstance(operand, np.ndarray):
        return tuple(operand.shape)
    if isinstance(operand, Parameter | Result):
        return tuple(operand.type.shape)
    return None


def _fits(rank: int, ranks: Ranks) -> bool:
    least, most = ranks
    return least <= rank and (most is None or rank <= most)


def _described(ranks: Ranks) -> str:
    least, most = ranks
    if least == most:
        return _NAMES.get(least, f"of rank {least}")
    return f"of rank {least} or more" if most is None else f"of rank {least} to {most}"
