"""`contrib.seq2seq`: the loss of sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.frontend.conversion import convert
from flowc.frontend.functions.entropy import sparse_softmax_cross_entropy_with_logits
from flowc.frontend.functions.mathematics import cast, div_no_nan
from flowc.frontend.functions.reductions import count_nonzero, reduce_sum
from flowc.frontend.functions.shaping import reshape, shape
from flowc.frontend.scopes import name_scope


def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """The weighted cross entropy of sequences: averaged, summed, or as it is, along both axes.

    `logits` is [batch, time, classes], `targets` int [batch, time], `weights` float [batch, time].
    An average divides by the sum of the weights, a sum by how many are not 0. Raises ValueError for
    other ranks, and where an axis is both averaged and summed over.
    """
    logits, targets, weights = convert(logits), convert(targets), convert(weights)
    for tensor, rank, what in (
        (logits, 3, "Logits"),
        (targets, 2, "Targets"),
        (weights, 2, "Weights"),
    ):
        if tensor.shape.ndims != rank:
            raise ValueError(
                f"{what} must have {rank} dimensions, [batch_size, sequence_length"
                f"{', logits' if rank == 3 else ''}], not {tensor.shape}"
            )
    if (average_across_timesteps and sum_over_timesteps) or (
        average_across_batch and sum_over_batch
    ):
        raise ValueError("An axis cannot be averaged and summed over at the same time.")
    with name_scope(name, "sequence_loss", [logits, targets, weights]):
        loss = softmax_loss_function or sparse_softmax_cross_entropy_with_logits
        flat = reshape(logits, [-1, shape(logits)[2]])
        losses = loss(labels=reshape(targets, [-1]), logits=flat) * reshape(weights, [-1])
        losses = reshape(losses, shape(logits)[:2])
        averaged = [
            a for a, yes in ((0, average_across_batch), (1, average_across_timesteps)) if yes
        ]
        summed = [a for a, yes in ((0, sum_over_batch), (1, sum_over_timesteps)) if yes]
        if averaged:
            return div_no_nan(reduce_sum(losses, averaged), reduce_sum(weights, averaged))
        if summed:
            count = cast(count_nonzero(weights, summed), losses.dtype)
            return div_no_nan(reduce_sum(losses, summed), count)
        return losses
