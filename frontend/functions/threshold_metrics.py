"""`tf.metrics` of predictions in [0, 1] that count as positive above each of some thresholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.mathematics import cast, maximum, minimum
from flowc.frontend.functions.metrics import Names, Pair, collect, metric_variable
from flowc.frontend.functions.reductions import argmin, reduce_sum
from flowc.frontend.functions.selection import gather
from flowc.frontend.functions.shaping import reshape
from flowc.frontend.variables.scope import variable_scope
from flowc.ir import dtypes

_EPSILON = 1e-7  # keeps a rate of nothing from being 0 / 0
_KINDS = {"tp": (True, True), "fn": (True, False), "tn": (False, False), "fp": (False, True)}
_NAMES = {
    "tp": "true_positives",
    "fn": "false_negatives",
    "tn": "true_negatives",
    "fp": "false_positives",
}


def _counts(
    labels: TensorLike,
    predictions: TensorLike,
    thresholds: Sequence[float],
    weights: TensorLike,
    kinds: Sequence[str],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """For each kind the counts so far, a float32 vector, and those with this batch added."""
    scores = reshape(cast(convert(predictions), dtypes.float32), [1, -1])
    truth = reshape(cast(convert(labels), dtypes.bool_), [1, -1])
    limits = reshape(constant(list(thresholds), dtypes.float32), [-1, 1])
    predicted = build("Greater", scores, limits)
    share = None
    if weights is not None:
        each = cast(convert(weights), dtypes.float32) * build(
            "OnesLike", cast(convert(predictions), dtypes.float32)
        )
        share = reshape(each, [1, -1])
    values, updates = {}, {}
    for kind in kinds:
        is_true, is_positive = _KINDS[kind]
        hit = build(
            "LogicalAnd",
            truth if is_true else build("LogicalNot", truth),
            predicted if is_positive else build("LogicalNot", predicted),
        )
        amount = cast(hit, dtypes.float32)
        added = reduce_sum(amount if share is None else amount * share, 1)
        variable = metric_variable([len(thresholds)], dtypes.float32, _NAMES[kind])
        updates[kind] = convert(variable.assign_add(added))
        values[kind] = convert(variable)
    return values, updates


def _metric(
    default: str,
    arguments: tuple[Any, Any, Sequence[float], Any],
    kinds: Sequence[str],
    function: Callable[..., Any],
    collections: tuple[Names, Names],
    name: str | None,
) -> Pair:
    labels, predictions, thresholds, weights = arguments
    with variable_scope(name, default, (labels, predictions, weights)):
        values, updates = _counts(labels, predictions, thresholds, weights, kinds)
        return collect(function(**values), function(**updates), *collections)


def _grid(num_thresholds: int) -> list[float]:
    """Thresholds evenly from 0 to 1, both included."""
    inner = [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]
    return [-_EPSILON, *inner, 1.0 + _EPSILON]


def _at_thresholds(kind: str) -> Callable[..., Pair]:
    def metric(
        labels: TensorLike,
        predictions: TensorLike,
        thresholds: Sequence[float],
        weights: TensorLike | None = None,
        metrics_collections: Names = None,
        updates_collections: Names = None,
        name: str | None = None,
    ) -> Pair:
        return _metric(
            _NAMES[kind],
            (labels, predictions, thresholds, weights),
            [kind],
            lambda **counts: counts[kind],
            (metrics_collections, updates_collections),
            name,
        )

    metric.__doc__ = f"The number of {_NAMES[kind].replace('_', ' ')} for each threshold."
    return metric


true_positives_at_thresholds = _at_thresholds("tp")
false_negatives_at_thresholds = _at_thresholds("fn")
true_negatives_at_thresholds = _at_thresholds("tn")
false_positives_at_thresholds = _at_thresholds("fp")


def precision_at_thresholds(
    labels: TensorLike,
    predictions: TensorLike,
    thresholds: Sequence[float],
    weights: TensorLike | None = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """For each threshold, true positives among the predicted positives."""
    return _metric(
        "precision_at_thresholds",
        (labels, predictions, thresholds, weights),
        ["tp", "fp"],
        lambda tp, fp: tp / (_EPSILON + tp + fp),
        (metrics_collections, updates_collections),
        name,
    )


def recall_at_thresholds(
    labels: TensorLike,
    predictions: TensorLike,
    thresholds: Sequence[float],
    weights: TensorLike | None = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """For each threshold, true positives among the actual positives."""
    return _metric(
        "recall_at_thresholds",
        (labels, predictions, thresholds, weights),
        ["tp", "fn"],
        lambda tp, fn: tp / (_EPSILON + tp + fn),
        (metrics_collections, updates_collections),
        name,
    )


def _rate(part: Any, other: Any) -> Any:
    return part / (part + other + _EPSILON)


def specificity_at_sensitivity(
    labels: TensorLike,
    predictions: TensorLike,
    sensitivity: float,
    weights: TensorLike | None = None,
    num_thresholds: int = 200,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """True negatives among negatives, at the threshold whose sensitivity is nearest to the given.

    Raises ValueError for one outside of [0, 1].
    """
    if not 0 <= sensitivity <= 1:
        raise ValueError("`sensitivity` must be in the range [0, 1].")

    def at(tp: Any, fn: Any, tn: Any, fp: Any) -> Any:
        # Of thresholds that are equally near, the greatest.
        distances = build("ReverseV2", build("Abs", _rate(tp, fn) - sensitivity), [0])
        return gather(build("ReverseV2", _rate(tn, fp), [0]), argmin(distances, 0))

    return _metric(
        "specificity_at_sensitivity",
        (labels, predictions, _grid(num_thresholds), weights),
        list(_KINDS),
        at,
        (metrics_collections, updates_collections),
        name,
    )


def sensitivity_at_specificity(
    labels: TensorLike,
    predictions: TensorLike,
    specificity: float,
    weights: TensorLike | None = None,
    num_thresholds: int = 200,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """True positives among positives, at the threshold whose specificity is nearest to the given.

    Raises ValueError for one outside of [0, 1].
    """
    if not 0 <= specificity <= 1:
        raise ValueError("`specificity` must be in the range [0, 1].")

    def at(tp: Any, fn: Any, tn: Any, fp: Any) -> Any:
        chosen = argmin(build("Abs", _rate(tn, fp) - specificity), 0)
        return gather(_rate(tp, fn), chosen)

    return _metric(
        "sensitivity_at_specificity",
        (labels, predictions, _grid(num_thresholds), weights),
        list(_KINDS),
        at,
        (metrics_collections, updates_collections),
        name,
    )


_HEIGHTS: dict[str, Callable[[Any, Any], Any]] = {
    "trapezoidal": lambda a, b: (a + b) / 2.0,
    "minoring": minimum,
    "majoring": maximum,
}


def auc(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    num_thresholds: int = 200,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    curve: str = "ROC",
    name: str | None = None,
    summation_method: str = "trapezoidal",
    thresholds: Sequence[float] | None = None,
) -> Pair:
    """The area under the curve of true by false positives ("ROC"), or precision by recall ("PR").

    `summation_method` is "trapezoidal", "minoring" or "majoring". Raises ValueError for others.
    """
    if curve not in ("ROC", "PR"):
        raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
    if summation_method not in _HEIGHTS:
        raise ValueError(f"Invalid summation_method: {summation_method}")
    height = _HEIGHTS[summation_method]
    tiny = 1e-6

    def area(tp: Any, fn: Any, tn: Any, fp: Any) -> Any:
        recall = (tp + tiny) / (tp + fn + tiny)
        if curve == "ROC":
            x, y = fp / (fp + tn + tiny), recall
        else:
            x, y = recall, (tp + tiny) / (tp + fp + tiny)
        return reduce_sum((x[:-1] - x[1:]) * height(y[:-1], y[1:]))

    limits = _grid(num_thresholds)
    if thresholds is not None:
        limits = [-_EPSILON, *sorted(thresholds), 1.0 + _EPSILON]
    return _metric(
        "auc",
        (labels, predictions, limits, weights),
        list(_KINDS),
        area,
        (metrics_collections, updates_collections),
        name,
    )
