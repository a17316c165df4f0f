"""`tf.saved_model.tag_constants`: tags of MetaGraphs."""
# fmt: off
# ruff: noqa: I001

from flowc.runtime.saved_model.constants import (
    EVAL, GPU, SERVING, TPU, TRAINING,
)

__all__ = [
    "EVAL", "GPU", "SERVING", "TPU", "TRAINING",
]
