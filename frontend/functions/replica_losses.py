"""`tf.nn`: losses averaged over a batch of which each machine has a part; here there is one."""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.shaping import expand_dims


def compute_average_loss(
    per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None
) -> Any:
    """The weighted losses of examples, float [batch, ...], summed up and divided by the batch size.

    That is `global_batch_size`, or the size of the batch at hand. Weights of one dimension less
    count for all of an example.
    """
    losses = convert(per_example_loss)
    if sample_weight is not None:
        weights = cast(convert(sample_weight), losses.dtype)
        if weights.shape.ndims == (losses.shape.ndims or 0) - 1:
            weights = expand_dims(weights, -1)
        losses = losses * weights
    size = build("Shape", losses)[0] if global_batch_size is None else global_batch_size
    return reduce_sum(losses) / cast(size, losses.dtype)


def scale_regularization_loss(regularization_loss: Any) -> Any:
    """The sum of the losses, divided by how many machines train: one."""
    return reduce_sum(regularization_loss)
