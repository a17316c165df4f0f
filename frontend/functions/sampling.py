"""Losses over sampled classes: noise contrastive estimation and sampled softmax."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.functions.embedding import embedding_lookup
from flowc.frontend.functions.entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
)
from flowc.frontend.functions.mathematics import cast, matmul
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.shaping import Name, concat, reshape
from flowc.frontend.scopes import name_scope
from flowc.frontend.seeds import get_seed
from flowc.ir import dtypes

Samples = namedtuple(
    "Samples", ["sampled_candidates", "true_expected_count", "sampled_expected_count"]
)


def _sampler(op_type: str) -> Callable[..., Any]:
    def sample(
        true_classes: TensorLike,
        num_true: int,
        num_sampled: int,
        unique: bool,
        range_max: int,
        seed: int | None = None,
        name: Name = None,
    ) -> Any:
        first, second = get_seed(seed)
        return Samples(
            *build(
                op_type,
                true_classes,
                num_true=num_true,
                num_sampled=num_sampled,
                unique=unique,
                range_max=range_max,
                seed=first or 0,
                seed2=second or 0,
                name=name,
            )
        )

    sample.__doc__ = f"Adds the op {op_type}."
    return sample


log_uniform_candidate_sampler = _sampler("LogUniformCandidateSampler")
uniform_candidate_sampler = _sampler("UniformCandidateSampler")


def _logits(
    weights: TensorLike,
    biases: Any,
    labels: TensorLike,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int,
    sampled: Any,
    subtract_log_q: bool,
    remove_hits: bool,
    strategy: str,
) -> tuple[Any, Any]:
    """Logits and labels: of the true classes, then of the sampled ones."""
    labels = cast(labels, dtypes.int64)
    flat = reshape(labels, [-1])
    if sampled is None:
        sampled = log_uniform_candidate_sampler(labels, num_true, num_sampled, True, num_classes)
    ids, true_count, sampled_count = (build("StopGradient", s) for s in sampled)
    ids = cast(ids, dtypes.int64)
    every = concat([flat, ids], 0)
    rows = embedding_lookup(weights, every, strategy)
    bias = embedding_lookup(biases, every, strategy)
    count = build("Shape", flat)
    true_rows, sampled_rows = rows[: count[0]], rows[count[0] :]
    width = inputs.shape[-1].value
    true_rows = reshape(true_rows, [-1, num_true, width])
    true_logits = reduce_sum(build("ExpandDims", inputs, 1) * true_rows, 2)
    true_logits = true_logits + reshape(bias[: count[0]], [-1, num_true])
    sampled_logits = matmul(inputs, sampled_rows, transpose_b=True) + bias[count[0] :]
    if remove_hits:
        sampled_logits = _without_hits(labels, ids, sampled_logits, num_true)
    if subtract_log_q:
        true_logits = true_logits - build("Log", true_count)
        sampled_logits = sampled_logits - build("Log", sampled_count)
    outcome = concat(
        [build("OnesLike", true_logits) / num_true, build("ZerosLike", sampled_logits)], 1
    )
    return concat([true_logits, sampled_logits], 1), outcome


def _without_hits(labels: TensorLike, ids: TensorLike, logits: Any, num_true: int) -> Any:
    """Sampled classes that are true ones get a logit that counts for nothing."""
    hit = build("Equal", build("ExpandDims", labels, 2), reshape(ids, [1, 1, -1]))
    count = reduce_sum(cast(hit, logits.dtype), 1)
    return logits + count * float(dtypes.float32.min)


def nce_loss(
    weights: TensorLike,
    biases: Any,
    labels: TensorLike,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: TensorLike | None = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Any:
    """Noise contrastive estimation: Gutmann and Hyvarinen 2010."""
    with name_scope(name):
        logits, outcome = _logits(
            weights,
            biases,
            labels,
            inputs,
            num_sampled,
            num_classes,
            num_true,
            sampled_values,
            True,
            remove_accidental_hits,
            partition_strategy,
        )
        losses = sigmoid_cross_entropy_with_logits(
            labels=outcome, logits=logits, name="sampled_losses"
        )
        return reduce_sum(losses, 1)


def sampled_softmax_loss(
    weights: TensorLike,
    biases: Any,
    labels: TensorLike,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: TensorLike | None = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
    seed: int | None = None,
) -> Any:
    """Softmax over the true and some sampled classes: Jean et al. 2014."""
    with name_scope(name):
        logits, outcome = _logits(
            weights,
            biases,
            labels,
            inputs,
            num_sampled,
            num_classes,
            num_true,
            sampled_values,
            True,
            remove_accidental_hits,
            partition_strategy,
        )
        return softmax_cross_entropy_with_logits_v2(build("StopGradient", outcome), logits)
