"""Regularizers: functions of a variable that give a loss, for `get_variable`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.scopes import name_scope

Regularizer = Callable[[Any], Any]


def l2_regularizer(scale: float, scope: str | None = None) -> Regularizer:
    """scale * sum(w^2) / 2. Raises ValueError for a negative scale."""
    _check(scale)

    def regularize(weights: Any) -> Any:
        if not scale:
            return None
        with name_scope(scope, "l2_regularizer", [weights]) as name:
            factor = convert(scale, weights.dtype, "scale")
            return build("Mul", factor, build("L2Loss", weights), name=name)

    return regularize


def l1_regularizer(scale: float, scope: str | None = None) -> Regularizer:
    """scale * sum(|w|). Raises ValueError for a negative scale."""
    _check(scale)

    def regularize(weights: Any) -> Any:
        if not scale:
            return None
        with name_scope(scope, "l1_regularizer", [weights]) as name:
            factor = convert(scale, weights.dtype, "scale")
            return build("Mul", factor, reduce_sum(build("Abs", weights)), name=name)

    return regularize


def _check(scale: float) -> None:
    if scale < 0:
        raise ValueError(f"Setting a scale less than 0 on a regularizer: {scale}")
