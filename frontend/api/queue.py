"""`tf.queue`: queues of tensors."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.inputs.queues import (
    FIFOQueue, PaddingFIFOQueue, PriorityQueue, QueueBase, RandomShuffleQueue,
)

__all__ = ["FIFOQueue", "PaddingFIFOQueue", "PriorityQueue", "QueueBase", "RandomShuffleQueue"]
