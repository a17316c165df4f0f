"""`tf.metrics`: values accumulated over runs."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.functions.metrics import (
    accuracy, false_negatives, false_positives, mean, mean_absolute_error, mean_iou,
    mean_per_class_accuracy, mean_relative_error, mean_squared_error, mean_tensor,
    percentage_below, precision, recall, root_mean_squared_error, true_negatives, true_positives,
)

__all__ = [
    "accuracy", "false_negatives", "false_positives", "mean", "mean_absolute_error", "mean_iou",
    "mean_per_class_accuracy", "mean_relative_error", "mean_squared_error", "mean_tensor",
    "percentage_below", "precision", "recall", "root_mean_squared_error", "true_negatives",
    "true_positives",
]
