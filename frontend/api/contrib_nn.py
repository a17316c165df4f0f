"""`tf.contrib.nn`: losses by their older argument order."""

from flowc.frontend.api.contrib_absent import absent
from flowc.frontend.contrib.older_losses import (
    deprecated_flipped_sigmoid_cross_entropy_with_logits,
    deprecated_flipped_softmax_cross_entropy_with_logits,
    deprecated_flipped_sparse_softmax_cross_entropy_with_logits,
)

__all__ = [
    "deprecated_flipped_sigmoid_cross_entropy_with_logits",
    "deprecated_flipped_softmax_cross_entropy_with_logits",
    "deprecated_flipped_sparse_softmax_cross_entropy_with_logits",
]

__getattr__ = absent("contrib.nn", __all__)
