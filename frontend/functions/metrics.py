"""`tf.metrics`: values accumulated over many runs in local variables.

Each function returns the value so far and the operation that adds a batch and returns the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend.aliases import DTypeLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.filling import zeros
from flowc.frontend.functions.mathematics import cast, confusion_matrix, div_no_nan
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.shaping import reshape, size
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import variable_scope
from flowc.frontend.variables.variable import Variable
from flowc.ir import dtypes

Names = Sequence[str] | None
Pair = tuple[Any, Any]


def metric_variable(shape: ShapeLike, dtype: DTypeLike, name: str | None = None) -> Any:
    """A local variable that begins with zeros."""
    return Variable(
        lambda: zeros(shape, dtype),
        name=name,
        trainable=False,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
    )


def _variable(shape: ShapeLike, dtype: DTypeLike, name: str) -> Any:
    """A metric's variable, named inside the current variable scope."""
    return metric_variable(shape, dtype, name)


def collect(value: TensorLike, update: Any, metrics: Names, updates: Names) -> Pair:
    """A metric's value and update, put into the collections that a program wants."""
    graph = get_default_graph()
    if metrics:
        graph.add_to_collections(metrics, value)
    if updates:
        graph.add_to_collections(updates, update)
    return value, update


def _spread(weights: TensorLike, values: Any) -> Any:
    """Weights of the values' shape, as float32."""
    weights = cast(convert(weights), dtypes.float32)
    return weights * build("OnesLike", cast(values, dtypes.float32))


def mean(
    values: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The weighted mean."""
    with variable_scope(name, "mean", (values, weights)):
        values = cast(values, dtypes.float32)
        total, count = (
            _variable([], dtypes.float32, "total"),
            _variable([], dtypes.float32, "count"),
        )
        if weights is None:
            number = cast(size(values), dtypes.float32)
        else:
            spread = _spread(weights, values)
            values, number = values * spread, reduce_sum(spread)
        update_total = total.assign_add(reduce_sum(values))
        with get_default_graph().control_dependencies([values]):
            update_count = count.assign_add(number)
        value = _ratio(total, count, "value")
        update = _ratio(update_total, update_count, "update_op")
        return collect(value, update, metrics_collections, updates_collections)


def _ratio(total: Any, count: Any, name: str) -> Any:
    """total / count, 0 for a count of 0."""
    return div_no_nan(total, build("Maximum", count, 0.0), name=name)


def accuracy(
    labels: Any,
    predictions: Any,
    weights: TensorLike | None = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """How often predictions equal labels."""
    labels, predictions = convert(labels), convert(predictions)
    labels, predictions = _same_rank(labels, predictions)
    labels.shape.assert_is_compatible_with(predictions.shape)
    if labels.dtype is not predictions.dtype:
        predictions = cast(predictions, labels.dtype)
    correct = cast(build("Equal", predictions, labels), dtypes.float32)
    return mean(correct, weights, metrics_collections, updates_collections, name or "accuracy")


def _same_rank(labels: Any, predictions: Any) -> Pair:
    """A last dimension of size 1 that only one of them has is dropped."""
    ranks = labels.shape.ndims, predictions.shape.ndims
    if None in ranks or ranks[0] == ranks[1]:
        return labels, predictions
    if ranks[0] == ranks[1] + 1:
        return build("Squeeze", labels, squeeze_dims=[-1]), predictions
    return labels, build("Squeeze", predictions, squeeze_dims=[-1])


def mean_absolute_error(
    labels: TensorLike,
    predictions: Any,
    weights: TensorLike | None = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The mean of |predictions - labels|."""
    labels, predictions = _floats(labels, predictions)
    return mean(
        build("Abs", predictions - labels),
        weights,
        metrics_collections,
        updates_collections,
        name or "mean_absolute_error",
    )


def mean_squared_error(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The mean of (predictions - labels) squared."""
    labels, predictions = _floats(labels, predictions)
    return mean(
        build("SquaredDifference", predictions, labels),
        weights,
        metrics_collections,
        updates_collections,
        name or "mean_squared_error",
    )


def root_mean_squared_error(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The square root of `mean_squared_error`."""
    value, update = mean_squared_error(
        labels, predictions, weights, None, None, name or "root_mean_squared_error"
    )
    return collect(
        build("Sqrt", value), build("Sqrt", update), metrics_collections, updates_collections
    )


def mean_relative_error(
    labels: Any,
    predictions: TensorLike,
    normalizer: Any,
    weights: TensorLike | None = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The mean of |labels - predictions| / normalizer."""
    labels, predictions = _floats(labels, predictions)
    zero = build("ZerosLike", labels)
    normalizer = cast(normalizer, dtypes.float32)
    errors = build(
        "Select",
        build("Equal", zero, normalizer),
        zero,
        build("Abs", labels - predictions) / normalizer,
    )
    return mean(
        errors, weights, metrics_collections, updates_collections, name or "mean_relative_error"
    )


def _floats(labels: Any, predictions: Any) -> Pair:
    labels, predictions = cast(labels, dtypes.float32), cast(predictions, dtypes.float32)
    labels, predictions = _same_rank(labels, predictions)
    labels.shape.assert_is_compatible_with(predictions.shape)
    return labels, predictions


def percentage_below(
    values: TensorLike,
    threshold: Any,
    weights: TensorLike | None = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The fraction of values below a threshold."""
    below = cast(build("Less", values, threshold), dtypes.float32)
    return mean(
        below,
        weights,
        metrics_collections,
        updates_collections,
        name or "percentage_below_threshold",
    )


def _counter(condition: Any, weights: TensorLike, default: str, name: str | None) -> Pair:
    with variable_scope(name, default, (condition, weights)):
        count = _variable([], dtypes.float32, "count")
        values = cast(condition, dtypes.float32)
        if weights is not None:
            values = values * _spread(weights, values)
        update = count.assign_add(reduce_sum(values))
        return convert(count), convert(update)


def _condition(labels: TensorLike, predictions: TensorLike, label: bool, prediction: bool) -> Any:
    wanted = [
        t if truth else build("LogicalNot", t)
        for t, truth in (
            (cast(labels, dtypes.bool_), label),
            (cast(predictions, dtypes.bool_), prediction),
        )
    ]
    return build("LogicalAnd", *wanted)


def _confusion(label: bool, prediction: bool, default: str) -> Callable[..., Pair]:
    def metric(
        labels: TensorLike,
        predictions: TensorLike,
        weights: Any = None,
        metrics_collections: Names = None,
        updates_collections: Names = None,
        name: str | None = None,
    ) -> Pair:
        condition = _condition(labels, predictions, label, prediction)
        value, update = _counter(condition, weights, default, name)
        return collect(value, update, metrics_collections, updates_collections)

    metric.__doc__ = f"The number of {default.replace('_', ' ')}."
    return metric


true_positives = _confusion(True, True, "true_positives")
true_negatives = _confusion(False, False, "true_negatives")
false_positives = _confusion(False, True, "false_positives")
false_negatives = _confusion(True, False, "false_negatives")


def precision(
    labels: TensorLike,
    predictions: TensorLike,
    weights: Any = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """True positives among the predicted positives."""
    return _rate(
        labels,
        predictions,
        weights,
        false_positives,
        "precision",
        name,
        metrics_collections,
        updates_collections,
    )


def recall(
    labels: TensorLike,
    predictions: TensorLike,
    weights: Any = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """True positives among the actual positives."""
    return _rate(
        labels,
        predictions,
        weights,
        false_negatives,
        "recall",
        name,
        metrics_collections,
        updates_collections,
    )


def _rate(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike,
    missed: Callable[..., Pair],
    default: str,
    name: str | None,
    metrics: Names,
    updates: Names,
) -> Pair:
    with variable_scope(name, default, (labels, predictions, weights)):
        hits, hits_update = true_positives(labels, predictions, weights)
        others, others_update = missed(labels, predictions, weights)
        value = div_no_nan(hits, hits + others, name="value")
        update = div_no_nan(hits_update, hits_update + others_update, name="update_op")
        return collect(value, update, metrics, updates)


def mean_tensor(
    values: Any,
    weights: TensorLike | None = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The mean of each element."""
    with variable_scope(name, "mean", (values, weights)):
        values = cast(values, dtypes.float32)
        total = _variable(values.shape, dtypes.float32, "total_tensor")
        count = _variable(values.shape, dtypes.float32, "count_tensor")
        number = build("OnesLike", values) if weights is None else _spread(weights, values)
        update = _ratio(total.assign_add(values * number), count.assign_add(number), "update_op")
        return collect(
            _ratio(total, count, "value"), update, metrics_collections, updates_collections
        )


def mean_per_class_accuracy(
    labels: TensorLike,
    predictions: TensorLike,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The mean over classes of each class's accuracy."""
    with variable_scope(name, "mean_accuracy", (predictions, labels, weights)):
        matrix, update = _confusion_matrix(labels, predictions, num_classes, weights)
        return collect(
            _per_class(matrix, "mean_accuracy"),
            _per_class(update, "update_op"),
            metrics_collections,
            updates_collections,
        )


def _per_class(matrix: TensorLike, name: str) -> Any:
    right, all_ = build("MatrixDiagPart", matrix), reduce_sum(matrix, 1)
    return build("Mean", div_no_nan(right, all_), [0], name=name)


def mean_iou(
    labels: TensorLike,
    predictions: TensorLike,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The mean over classes of intersection over union."""
    with variable_scope(name, "mean_iou", (predictions, labels, weights)):
        matrix, update = _confusion_matrix(labels, predictions, num_classes, weights)
        return collect(_iou(matrix, "mean_iou"), update, metrics_collections, updates_collections)


def _iou(matrix: TensorLike, name: str) -> Any:
    rows, columns = reduce_sum(matrix, 1), reduce_sum(matrix, 0)
    inside = build("MatrixDiagPart", matrix)
    union = rows + columns - inside
    valid = reduce_sum(cast(build("NotEqual", union, constant(0, union.dtype)), dtypes.float32))
    ratios = cast(div_no_nan(inside, union), dtypes.float32)
    return div_no_nan(reduce_sum(ratios), valid, name=name)


def _confusion_matrix(
    labels: TensorLike, predictions: TensorLike, num_classes: int, weights: TensorLike
) -> Pair:
    matrix = _variable([num_classes, num_classes], dtypes.float64, "total_confusion_matrix")
    labels, predictions = (reshape(cast(t, dtypes.int64), [-1]) for t in (labels, predictions))
    if weights is not None:
        weights = reshape(convert(weights), [-1])
    batch = confusion_matrix(labels, predictions, num_classes, dtypes.float64, weights=weights)
    return convert(matrix), matrix.assign_add(batch)
