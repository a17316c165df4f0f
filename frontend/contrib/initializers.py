"""`contrib.layers`: initializers by their older names, regularizers of sums and of lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend.aliases import DTypeLike
from flowc.frontend.collections import GraphKeys
from flowc.frontend.conversion import constant
from flowc.frontend.functions.mathematics import add_n
from flowc.frontend.functions.random import random_uniform, truncated_normal
from flowc.frontend.regularizers import Regularizer, l1_regularizer, l2_regularizer
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import as_shape
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype

Initializer = Callable[..., Any]


def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: DTypeLike = dtypes.float32,
) -> Initializer:
    """Numbers with variance `factor / n`; n is the number of inputs, of outputs or their mean.

    `mode` is "FAN_IN", "FAN_OUT" or "FAN_AVG". Numbers are uniform, or normal without those beyond
    two standard deviations, which are widened by the root of 1.3 for what is missing. Raises
    TypeError for another mode and for a dtype that is no float.
    """
    if mode not in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
        raise TypeError(f"Unknown mode {mode} [FAN_IN, FAN_OUT, FAN_AVG]")
    default = _floating(dtype)

    def initialize(shape: Any, dtype: Any = default, partition_info: Any = None) -> Any:
        kind = _floating(dtype)
        sizes = [float(size) for size in as_shape(shape).as_list() if size is not None]
        n = _fan(sizes, mode)
        if uniform:
            limit = math.sqrt(3.0 * factor / n)
            return random_uniform(shape, -limit, limit, kind, seed)
        return truncated_normal(shape, 0.0, math.sqrt(1.3 * factor / n), kind, seed)

    return initialize


def _floating(dtype: DTypeLike) -> DType:
    kind = as_dtype(dtype)
    if not kind.is_floating:
        raise TypeError("Cannot create initializer for non-floating point type.")
    return kind


def _fan(sizes: list[float], mode: str) -> float:
    window = math.prod(sizes[:-2])
    inputs = (sizes[-2] if len(sizes) > 1 else sizes[-1] if sizes else 1.0) * window
    outputs = (sizes[-1] if sizes else 1.0) * window
    return {"FAN_IN": inputs, "FAN_OUT": outputs, "FAN_AVG": (inputs + outputs) / 2}[mode]


def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: DTypeLike = dtypes.float32
) -> Initializer:
    """Glorot and Bengio 2010: the variance is 2 / (inputs + outputs)."""
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


xavier_initializer_conv2d = xavier_initializer


def sum_regularizer(
    regularizer_list: Sequence[Regularizer | None], scope: str | None = None
) -> Regularizer | None:
    """The sum of several regularizers; None where there is none."""
    regularizers = [r for r in regularizer_list if r is not None]
    if not regularizers:
        return None

    def regularize(weights: Any) -> Any:
        with name_scope(scope, "sum_regularizer", [weights]) as name:
            terms = [t for t in (r(weights) for r in regularizers) if t is not None]
            return add_n(terms, name=name) if terms else None

    return regularize


def l1_l2_regularizer(
    scale_l1: float = 1.0, scale_l2: float = 1.0, scope: str | None = None
) -> Regularizer | None:
    """scale_l1 * sum(|w|) + scale_l2 * sum(w^2) / 2. Raises ValueError for a negative scale."""
    name = scope or "l1_l2_regularizer"
    if scale_l1 == 0:
        return l2_regularizer(scale_l2, name)
    if scale_l2 == 0:
        return l1_regularizer(scale_l1, name)
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], name)


def apply_regularization(
    regularizer: Regularizer, weights_list: Sequence[Any] | None = None
) -> Any:
    """The sum of a regularizer over weights (those in the collection WEIGHTS by default).

    It is put into the collection of regularization losses. Raises ValueError where there are no
    weights, or the regularizer gives more than a number.
    """
    weights = weights_list or get_default_graph().get_collection(GraphKeys.WEIGHTS)
    if not weights:
        raise ValueError("No weights to regularize.")
    with name_scope(None, "get_regularization_penalty", list(weights)) as scope:
        found = [regularizer(w) for w in weights]
        penalties = [constant(0.0) if p is None else p for p in found]
        for penalty in penalties:
            if penalty.shape.ndims != 0:
                raise ValueError(
                    "regularizer must return a scalar Tensor instead of a Tensor with "
                    f"rank {penalty.shape.ndims}."
                )
        total = add_n(penalties, name=scope)
        get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, total)
        return total
