"""Connectionist temporal classification: the loss, and decoding."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor
from flowc.frontend.conversion import convert
from flowc.frontend.functions.shaping import transpose
from flowc.ir import dtypes


def ctc_loss(
    labels: SparseTensor,
    inputs: Any = None,
    sequence_length: Any = None,
    preprocess_collapse_repeated: bool = False,
    ctc_merge_repeated: bool = True,
    ignore_longer_outputs_than_inputs: bool = False,
    time_major: bool = True,
    logits: Any = None,
) -> Any:
    """Minus the log-likelihood of each sequence of labels, `[batch]`.

    `inputs` are logits `[time, batch, classes]`, `[batch, time, classes]` without `time_major`; the
    last class is the blank. Raises TypeError for labels that are no int32 SparseTensor. Running it
    raises InvalidArgumentError for sequences that there is not time for, unless they are ignored.
    """
    if not isinstance(labels, SparseTensor):
        raise TypeError("Expected labels (first argument) to be a SparseTensor")
    values = convert(logits if inputs is None else inputs, None, "inputs")
    if not time_major:
        values = transpose(values, [1, 0, 2])
    loss, _ = build(
        "CTCLoss",
        values,
        labels.indices,
        labels.values,
        convert(sequence_length, dtypes.int32, "sequence_length"),
        preprocess_collapse_repeated=preprocess_collapse_repeated,
        ctc_merge_repeated=ctc_merge_repeated,
        ignore_longer_outputs_than_inputs=ignore_longer_outputs_than_inputs,
    )
    return loss


def ctc_greedy_decoder(
    inputs: Any,
    sequence_length: TensorLike,
    merge_repeated: bool = True,
    blank_index: int | None = None,
) -> tuple[list[SparseTensor], Any]:
    """The likeliest label at each time, in a list of one SparseTensor, and minus their logits' sum.

    `inputs` are logits `[time, batch, classes]`.
    """
    found = build(
        "CTCGreedyDecoder",
        inputs,
        sequence_length,
        merge_repeated=merge_repeated,
        blank_index=-1 if blank_index is None else blank_index,
    )
    decoded = SparseTensor(found.decoded_indices, found.decoded_values, found.decoded_shape)
    return [decoded], found.log_probability


def ctc_beam_search_decoder(
    inputs: Any,
    sequence_length: TensorLike,
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
) -> tuple[list[SparseTensor], Any]:
    """The likeliest sequences of labels, `top_paths` SparseTensors, and their log-likelihoods.

    `inputs` are logits `[time, batch, classes]`.
    """
    found = build(
        "CTCBeamSearchDecoder",
        inputs,
        sequence_length,
        beam_width=beam_width,
        top_paths=top_paths,
        merge_repeated=merge_repeated,
    )
    triples = zip(found.decoded_indices, found.decoded_values, found.decoded_shape, strict=True)
    return [SparseTensor(*triple) for triple in triples], found.log_probability
