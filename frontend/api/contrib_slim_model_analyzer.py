"""`tf.contrib.slim.model_analyzer`: the size of a model."""

from flowc.frontend.api.contrib_absent import absent
from flowc.frontend.contrib.training_ops import (
    analyze_vars,
)

__all__ = [
    "analyze_vars",
]

__getattr__ = absent("contrib.slim.model_analyzer", __all__)
