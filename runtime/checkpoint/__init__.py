"""TensorFlow's checkpoint files: format V2, read and written, and format V1, read.

What is written here TensorFlow reads, and the reverse.
"""

from flowc.runtime.checkpoint.merge import merge_checkpoints
from flowc.runtime.checkpoint.reader import (
    CheckpointReader,
    checkpoint_exists,
    list_variables,
    load_checkpoint,
)
from flowc.runtime.checkpoint.slices import TensorSlice, parse_shape_and_slice
from flowc.runtime.checkpoint.state import (
    get_checkpoint_state,
    latest_checkpoint,
    update_checkpoint_state,
)
from flowc.runtime.checkpoint.writer import CheckpointWriter, write_checkpoint

__all__ = [
    "CheckpointReader",
    "CheckpointWriter",
    "TensorSlice",
    "checkpoint_exists",
    "get_checkpoint_state",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
    "merge_checkpoints",
    "parse_shape_and_slice",
    "update_checkpoint_state",
    "write_checkpoint",
]
