"""The Levenshtein distance between sequences in sparse tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder, UnknownValue, require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import show
from flowc.ops.registry import host_op


@host_op(
    "EditDistance(hypothesis_indices: int64[:,:], hypothesis_values: T[:],"
    " hypothesis_shape: int64[:],"
    " truth_indices: int64[:,:], truth_values: T[:], truth_shape: int64[:];"
    " normalize: bool = true, T: type)"
    " -> output: float32"
)
def edit_distance(
    hypothesis_indices: Array,
    hypothesis_values: Array,
    hypothesis_shape: Array,
    truth_indices: Array,
    truth_values: Array,
    truth_shape: Array,
    *,
    normalize: bool,
) -> Array:
    """Insertions, deletions and substitutions from hypothesis to truth, along the last axis.

    `normalize` divides by the truth's length: infinity for an empty one that is not met.
    """
    guesses = _sequences("hypothesis", hypothesis_indices, hypothesis_values, hypothesis_shape)
    truths = _sequences("truth", truth_indices, truth_values, truth_shape)
    require(
        hypothesis_shape.shape == truth_shape.shape,
        "hypothesis_shape and truth_shape must have the same rank, but saw shapes: "
        f"{show(hypothesis_shape.shape)} and {show(truth_shape.shape)}",
    )
    places = np.maximum(hypothesis_shape, truth_shape)[:-1]
    found = np.zeros(tuple(places.tolist()), np.float32)
    for place in {**guesses, **truths}:
        guess, truth = guesses.get(place, []), truths.get(place, [])
        distance = float(_distance(truth, guess))
        if normalize:
            distance = distance / len(truth) if truth else float("inf") if guess else 0.0
        found[place] = distance
    return found


def _sequences(
    what: str, indices: Array, values: Array, shape: Array
) -> dict[tuple[int, ...], list[Any]]:
    """The sequences by their places."""
    require(
        indices.ndim == 2,
        f"{what}_indices should be a matrix, but got shape: {show(indices.shape)}",
    )
    require(
        values.ndim == 1, f"{what}_values should be a vector, but got shape: {show(values.shape)}"
    )
    require(
        shape.ndim == 1 and len(shape) > 1,
        f"{what}_shape should be a vector of at least two "
        f"sizes, but got shape: {show(shape.shape)}",
    )
    require(
        indices.shape == (len(values), len(shape)),
        f"{what}_indices has shape {show(indices.shape)}, but there are {len(values)} values of "
        f"rank {len(shape)}",
    )
    require(bool((shape >= 0).all()), f"{what}_shape has a negative size: {show(tuple(shape))}")
    inside = (indices >= 0) & (indices < shape)
    require(bool(inside.all()), f"{what}_indices are outside of shape {show(tuple(shape))}")
    found: dict[tuple[int, ...], list[Any]] = {}
    for place, value in zip(indices.tolist(), values.tolist(), strict=True):
        found.setdefault(tuple(place[:-1]), []).append(value)
    return found


def _distance(a: list[Any], b: list[Any]) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        before, row = row, [i + 1]
        for j, y in enumerate(b):
            row.append(min(before[j] + (x != y), before[j + 1] + 1, row[j] + 1))
    return row[-1]


@edit_distance.infer
def _(b: Builder, *inputs: Any) -> UnknownValue:
    return UnknownValue(dtypes.float32)


edit_distance.not_differentiable()
