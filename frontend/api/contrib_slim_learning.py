"""`tf.contrib.slim.learning`: training operations."""

from flowc.frontend.api.contrib_absent import absent
from flowc.frontend.contrib.training_ops import (
    clip_gradient_norms,
    create_train_op,
)

__all__ = [
    "clip_gradient_norms",
    "create_train_op",
]

__getattr__ = absent(
    "contrib.slim.learning",
    __all__,
    {"train": "run the training operation in a tf.train.MonitoredTrainingSession"},
)
