"""`tf.losses`: weighted losses, collected in the graph."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import AxisLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions import entropy
from flowc.frontend.functions.activations import relu
from flowc.frontend.functions.filling import ones_like, zeros_like
from flowc.frontend.functions.mathematics import abs_, add_n, cast, div_no_nan
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.shaping import Name, expand_dims, one_of, size, squeeze
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes


class Reduction:
    """How weighted losses become one number, or not."""

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All values."""
        return (cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE, cls.SUM_BY_NONZERO_WEIGHTS)

    @classmethod
    def validate(cls, key: str) -> None:
        """Raise ValueError for another value."""
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}.")


_DEFAULT = Reduction.SUM_BY_NONZERO_WEIGHTS


def compute_weighted_loss(
    losses: TensorLike,
    weights: TensorLike = 1.0,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """The losses times their weights, reduced to a scalar and collected."""
    Reduction.validate(reduction)
    with name_scope(scope, "weighted_loss", [losses, weights]):
        losses = convert(losses)
        kind = losses.dtype
        losses = cast(losses, dtypes.float32)
        weights = cast(convert(weights), dtypes.float32)
        _check_weights(losses, weights)
        weighted = build("Mul", losses, weights)
        loss = (
            weighted
            if reduction == Reduction.NONE
            else _reduced(losses, weights, weighted, reduction)
        )
        loss = cast(loss, kind)
        add_loss(loss, loss_collection)
        return loss


def _reduced(losses: TensorLike, weights: TensorLike, weighted: Any, reduction: str) -> Any:
    total = reduce_sum(weighted)
    if reduction == Reduction.MEAN:
        return div_no_nan(total, reduce_sum(ones_like(losses) * weights), name="value")
    if reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
        return div_no_nan(total, _num_present(losses, weights), name="value")
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return div_no_nan(total, cast(size(losses), dtypes.float32), name="value")
    return total


def _num_present(losses: TensorLike, weights: TensorLike) -> Any:
    """The number of losses whose weight is not zero."""
    with name_scope(None, "num_present", [losses, weights]) as scope:
        present = build(
            "Select", build("Equal", weights, 0.0), zeros_like(weights), ones_like(weights)
        )
        return reduce_sum(present * ones_like(losses), name=scope)


def _check_weights(losses: Any, weights: Any) -> None:
    """Raise ValueError where the weights cannot be broadcast to the losses."""
    ours, theirs = weights.sizes, losses.sizes
    if not ours or theirs is None:
        return
    if len(ours) != len(theirs):
        raise ValueError(
            f"weights can not be broadcast to values. values.rank={len(theirs)}. "
            f"weights.rank={len(ours)}. values.shape={losses.shape}. "
            f"weights.shape={weights.shape}."
        )
    for ours_, theirs_ in zip(ours, theirs, strict=True):
        if ours_ not in (1, None) and theirs_ is not None and ours_ != theirs_:
            raise ValueError(
                "weights can not be broadcast to values. values.rank="
                f"{len(theirs)}. weights.rank={len(ours)}. values.shape="
                f"{losses.shape}. weights.shape={weights.shape}."
            )


def _require(**tensors: Any) -> None:
    for name, tensor in tensors.items():
        if tensor is None:
            raise ValueError(f"{name} must not be None.")


def _pair(labels: Any, predictions: Any) -> tuple[Any, Any]:
    """Both as float32 of one shape."""
    predictions, labels = cast(predictions, dtypes.float32), cast(labels, dtypes.float32)
    predictions.shape.assert_is_compatible_with(labels.shape)
    return labels, predictions


def absolute_difference(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike = 1.0,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """|predictions - labels|."""
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "absolute_difference", [predictions, labels, weights]) as scope_:
        labels, predictions = _pair(labels, predictions)
        losses = abs_(build("Sub", predictions, labels))
        return compute_weighted_loss(losses, weights, scope_, loss_collection, reduction)


def mean_squared_error(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike = 1.0,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """(predictions - labels) squared."""
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_squared_error", [predictions, labels, weights]) as scope_:
        labels, predictions = _pair(labels, predictions)
        losses = build("SquaredDifference", predictions, labels)
        return compute_weighted_loss(losses, weights, scope_, loss_collection, reduction)


def huber_loss(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike = 1.0,
    delta: float = 1.0,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """Quadratic near zero, linear beyond `delta`."""
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "huber_loss", [predictions, labels, weights]) as scope_:
        labels, predictions = _pair(labels, predictions)
        distance = abs_(build("Sub", predictions, labels))
        quadratic = build("Minimum", distance, delta)
        linear = build("Sub", distance, quadratic)
        half = convert(0.5, quadratic.dtype)
        losses = build(
            "Add",
            build("Mul", half, build("Mul", quadratic, quadratic)),
            build("Mul", delta, linear),
        )
        return compute_weighted_loss(losses, weights, scope_, loss_collection, reduction)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """The negative log likelihood of probabilities."""
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as scope_:
        labels, predictions = _pair(labels, predictions)
        hit = build("Mul", labels, build("Log", predictions + epsilon))
        miss = build("Mul", 1 - labels, build("Log", 1 - predictions + epsilon))
        return compute_weighted_loss(-hit - miss, weights, scope_, loss_collection, reduction)


def hinge_loss(
    labels: Any,
    logits: TensorLike,
    weights: TensorLike = 1.0,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """relu(1 - label * logit) with labels -1 and 1, given as 0 and 1."""
    _require(labels=labels, logits=logits)
    with name_scope(scope, "hinge_loss", [logits, labels, weights]) as scope_:
        labels, logits = _pair(labels, logits)
        signs = build("Sub", 2 * labels, ones_like(labels))
        losses = relu(build("Sub", ones_like(labels), build("Mul", signs, logits)))
        return compute_weighted_loss(losses, weights, scope_, loss_collection, reduction)


def cosine_distance(
    labels: TensorLike,
    predictions: TensorLike,
    axis: AxisLike | None = None,
    weights: TensorLike = 1.0,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
    dim: AxisLike | None = None,
) -> Any:
    """1 - the scalar product of unit vectors."""
    axis = one_of("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("You must specify 'axis'.")
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as scope_:
        labels, predictions = _pair(labels, predictions)
        losses = 1 - reduce_sum(build("Mul", predictions, labels), [axis], keepdims=True)
        return compute_weighted_loss(losses, weights, scope_, loss_collection, reduction)


def mean_pairwise_squared_error(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike = 1.0,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Any:
    """The squared differences between all pairs of errors in an example."""
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_pairwise_squared_error", [predictions, labels, weights]):
        labels, predictions = _pair(labels, predictions)
        weights = cast(convert(weights), dtypes.float32)
        errors = build("Sub", predictions, labels)
        axes = list(range(1, errors.shape.ndims))
        ones = ones_like(errors)
        count = reduce_sum(ones, axes, keepdims=True)
        squares = reduce_sum(build("Square", errors), axes, keepdims=True)
        total = reduce_sum(errors, axes, keepdims=True)
        first = 2.0 * div_no_nan(squares, build("Maximum", count - 1, 0))
        second = 2.0 * div_no_nan(
            build("Square", total), build("Maximum", build("Mul", count, count - 1), 0)
        )
        loss = reduce_sum(build("Mul", first - second, weights))
        present = reduce_sum(cast(build("Greater", count, 0), dtypes.float32) * weights / weights)
        value = build(
            "Select", present > 0, div_no_nan(loss, present), zeros_like(loss), name="value"
        )
        add_loss(value, loss_collection)
        return value


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: TensorLike,
    weights: TensorLike = 1.0,
    label_smoothing: float = 0,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """The cross entropy of independent classes; smoothing moves labels towards 1/2."""
    _require(multi_class_labels=multi_class_labels, logits=logits)
    with name_scope(
        scope, "sigmoid_cross_entropy_loss", [logits, multi_class_labels, weights]
    ) as scope_:
        logits = convert(logits)
        labels = cast(multi_class_labels, logits.dtype)
        logits.shape.assert_is_compatible_with(labels.shape)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = entropy.sigmoid_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope_, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: TensorLike,
    weights: TensorLike = 1.0,
    label_smoothing: float = 0,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """The cross entropy with one-hot labels; smoothing moves labels towards 1/classes."""
    _require(onehot_labels=onehot_labels, logits=logits)
    with name_scope(
        scope, "softmax_cross_entropy_loss", [logits, onehot_labels, weights]
    ) as scope_:
        logits = convert(logits)
        labels = cast(onehot_labels, logits.dtype)
        logits.shape.assert_is_compatible_with(labels.shape)
        if label_smoothing > 0:
            classes = cast(
                build("Shape", labels)[-1]
                if labels.sizes is None or labels.sizes[-1] is None
                else constant(labels.sizes[-1]),
                logits.dtype,
            )
            labels = labels * (1.0 - label_smoothing) + label_smoothing / classes
        labels = build("StopGradient", labels, name="labels_stop_gradient")
        losses = entropy.softmax_cross_entropy_with_logits_v2(labels, logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope_, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: TensorLike,
    logits: TensorLike,
    weights: TensorLike = 1.0,
    scope: Name = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """The cross entropy with class numbers as labels."""
    _require(labels=labels, logits=logits)
    with name_scope(
        scope, "sparse_softmax_cross_entropy_loss", [logits, labels, weights]
    ) as scope_:
        labels, logits = convert(labels), convert(logits)
        labels = _without_last_one(labels, (logits.shape.ndims or 2) - 1)
        losses = entropy.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        weights = convert(weights)
        if weights.shape.ndims and losses.shape.ndims is not None:
            weights = _without_last_one(weights, losses.shape.ndims)
        return compute_weighted_loss(losses, weights, scope_, loss_collection, reduction)


def _without_last_one(tensor: Any, rank: int) -> Any:
    """`tensor` of `rank`, its last dimension of size 1 dropped, or one added, where it must."""
    found = tensor.shape.ndims
    if found is not None and found == rank + 1 and tensor.sizes[-1] in (1, None):
        return squeeze(tensor, [-1])
    if found is not None and found == rank - 1 and found > 0:
        return expand_dims(tensor, -1)
    return tensor


# Collected losses


def add_loss(loss: TensorLike, loss_collection: str | None = GraphKeys.LOSSES) -> None:
    """Collect a loss."""
    if loss_collection:
        get_default_graph().add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Any]:
    """The losses collected."""
    return get_default_graph().get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The losses of regularizers."""
    return get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(
    scope: str | None = None, name: str = "total_regularization_loss"
) -> Any:
    """The sum of the losses of regularizers."""
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None
) -> Any:
    """The sum of all losses collected. Raises ValueError where there are none."""
    losses = get_losses(scope)
    if add_regularization_losses:
        losses += get_regularization_losses(scope)
    return add_n(losses, name=name)


__all__ = [
    "Reduction",
    "absolute_difference",
    "add_loss",
    "compute_weighted_loss",
    "cosine_distance",
    "get_losses",
    "get_regularization_loss",
    "get_regularization_losses",
    "get_total_loss",
    "hinge_loss",
    "huber_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]
