"""`tf.metrics`: values accumulated over runs."""

from flowc.frontend.functions.metrics import (
    accuracy as accuracy,
    false_negatives as false_negatives,
    false_positives as false_positives,
    mean as mean,
    mean_absolute_error as mean_absolute_error,
    mean_iou as mean_iou,
    mean_per_class_accuracy as mean_per_class_accuracy,
    mean_relative_error as mean_relative_error,
    mean_squared_error as mean_squared_error,
    mean_tensor as mean_tensor,
    percentage_below as percentage_below,
    precision as precision,
    recall as recall,
    root_mean_squared_error as root_mean_squared_error,
    true_negatives as true_negatives,
    true_positives as true_positives,
)
