"""`tf.train.queue_runner`: threads that fill queues."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.inputs.queue_runners import (
    QueueRunner, add_queue_runner, start_queue_runners,
)

__all__ = ["QueueRunner", "add_queue_runner", "start_queue_runners"]
