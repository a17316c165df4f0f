"""`tf.contrib.training`: hyperparameters, training operations."""

from flowc.frontend.api.contrib_absent import absent
from flowc.frontend.contrib.hparams import (
    HParams,
)
from flowc.frontend.contrib.training_ops import (
    clip_gradient_norms,
    create_train_op,
)
from flowc.frontend.saving.checkpoints import (
    checkpoints_iterator,
)

__all__ = [
    "HParams",
    "checkpoints_iterator",
    "clip_gradient_norms",
    "create_train_op",
]

__getattr__ = absent("contrib.training", __all__)
