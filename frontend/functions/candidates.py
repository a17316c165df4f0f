"""Sampled classes: all of them, and which of the sampled ones are true ones."""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.sampling import Samples
from flowc.frontend.functions.shaping import Name
from flowc.frontend.seeds import get_seed
from flowc.ir import dtypes


def all_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    seed: int | None = None,
    name: Name = None,
) -> Any:
    """All classes from 0 to `num_sampled` as candidates, for computing exactly what is sampled.

    `true_classes` is int64 [batch, num_true]. The result is that of the other samplers: int64
    [num_sampled], and the float32 numbers of expected occurrences of true and sampled classes.
    """
    first, second = get_seed(seed)
    return Samples(
        *build(
            "AllCandidateSampler",
            true_classes,
            num_true=num_true,
            num_sampled=num_sampled,
            unique=unique,
            seed=first or 0,
            seed2=second or 0,
            name=name,
        )
    )


def compute_accidental_hits(
    true_classes: Any,
    sampled_candidates: Any,
    num_true: int,
    seed: int | None = None,
    name: Name = None,
) -> Any:
    """Where sampled classes are true ones: rows, places among the sampled, and weights.

    `true_classes` is int64 [batch, num_true], `sampled_candidates` int64 [sampled]. The results,
    int32, int64 and float32, have an element for each hit; the weights are the lowest float, which
    added to a logit takes it out.
    """
    first, second = get_seed(seed)
    return build(
        "ComputeAccidentalHits",
        convert(true_classes, dtypes.int64),
        convert(sampled_candidates, dtypes.int64),
        num_true=num_true,
        seed=first or 0,
        seed2=second or 0,
        name=name,
    )
