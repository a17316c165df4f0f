"""`contrib.losses` and `contrib.nn`: losses whose first argument are the predictions or logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.frontend.functions import entropy, losses
from flowc.frontend.functions.shaping import reshape


def _flipped(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(losses, name)

    def loss(predictions: Any, labels: Any = None, weights: Any = 1.0, **options: Any) -> Any:
        return function(labels, predictions, weights=weights, **options)

    loss.__name__ = loss.__qualname__ = name
    loss.__doc__ = f"`tf.losses.{name}` with the predictions first."
    return loss


absolute_difference, log_loss, mean_squared_error, mean_pairwise_squared_error = map(
    _flipped,
    ("absolute_difference", "log_loss", "mean_squared_error", "mean_pairwise_squared_error"),
)


def cosine_distance(
    predictions: Any,
    labels: Any = None,
    axis: Any = None,
    weights: Any = 1.0,
    scope: str | None = None,
    dim: Any = None,
) -> Any:
    """`tf.losses.cosine_distance` with the predictions first."""
    return losses.cosine_distance(labels, predictions, axis, weights, scope, dim=dim)


def hinge_loss(logits: Any, labels: Any = None, scope: str | None = None) -> Any:
    """`tf.losses.hinge_loss` with the logits first."""
    return losses.hinge_loss(labels, logits, scope=scope)


def sigmoid_cross_entropy(
    logits: Any,
    multi_class_labels: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
) -> Any:
    """`tf.losses.sigmoid_cross_entropy` with the logits first."""
    return losses.sigmoid_cross_entropy(multi_class_labels, logits, weights, label_smoothing, scope)


def softmax_cross_entropy(
    logits: Any,
    onehot_labels: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
) -> Any:
    """`tf.losses.softmax_cross_entropy` with the logits first."""
    return losses.softmax_cross_entropy(onehot_labels, logits, weights, label_smoothing, scope)


def sparse_softmax_cross_entropy(
    logits: Any, labels: Any, weights: Any = 1.0, scope: str | None = None
) -> Any:
    """`tf.losses.sparse_softmax_cross_entropy` with the logits first; labels may be [batch, 1]."""
    return losses.sparse_softmax_cross_entropy(reshape(labels, [-1]), logits, weights, scope)


def deprecated_flipped_softmax_cross_entropy_with_logits(
    logits: Any, labels: Any, dim: int = -1, name: str | None = None
) -> Any:
    """`tf.nn.softmax_cross_entropy_with_logits` with the logits first."""
    return entropy.softmax_cross_entropy_with_logits(
        labels=labels, logits=logits, dim=dim, name=name
    )


def deprecated_flipped_sparse_softmax_cross_entropy_with_logits(
    logits: Any, labels: Any, name: str | None = None
) -> Any:
    """`tf.nn.sparse_softmax_cross_entropy_with_logits` with the logits first."""
    return entropy.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=name)


def deprecated_flipped_sigmoid_cross_entropy_with_logits(
    logits: Any, targets: Any, name: str | None = None
) -> Any:
    """`tf.nn.sigmoid_cross_entropy_with_logits` with the logits first."""
    return entropy.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name=name)
