"""The ranks that a signature demands of its inputs, checked before a lowering or kernel runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor.core import Parameter, Result
from flowc.ops.registry import OpDefinition
from flowc.ops.signature import Ranks


def require_ranks(definition: OpDefinition, grouped: Sequence[Any]) -> None:
    """Raise InvalidArgumentError for an operand of a rank that the signature does not allow.

    `grouped` holds arrays or values by argument, a list for a list input.
    """
    for number, argument in definition.ranked_inputs:
        operand = grouped[number]
        for one in operand if isinstance(operand, list) else (operand,):
            shape = _shape(one)
            if shape is not None and not _fits(len(shape), argument.ranks):
                message = _wrong_rank(argument.name, shape, argument.ranks)
                raise InvalidArgumentError(None, None, message)


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


def _wrong_rank(name: str, shape: Sequence[Any], ranks: Ranks) -> str:
    """The error for an operand, in TensorFlow's words, with its name and shape."""
    least, most = ranks
    limit = "" if least == most else "at least " if len(shape) < least else "at most "
    wanted = least if len(shape) < least else most
    shown = ",".join(map(str, shape))
    return (
        f"Shape must be {limit}rank {wanted} but is rank {len(shape)}: {name} has shape [{shown}]"
    )
