"""Connectionist temporal classification: decoding, the loss and its gradient.

A. Graves et al., "Connectionist temporal classification: labelling unsegmented sequence data with
recurrent neural networks", ICML 2006. Inputs are logits `[time, batch, classes]`, of which the last
class is the blank.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache, reduce
from itertools import pairwise
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.errors import FailedPreconditionError, InvalidArgumentError, OpError
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import Tensors, abstract, show
from flowc.ops.networks.ctc_beams import best_paths
from flowc.ops.registry import GraphBuilder, Operation, Tensor, host_op

_NEVER = -np.inf  # the logarithm of no probability


def _require_sizes(
    inputs: Array, lengths: Array, error: type[OpError] = FailedPreconditionError
) -> tuple[int, int, int]:
    require(inputs.ndim == 3, f"inputs is not a 3-Tensor, got shape {show(inputs.shape)}")
    require(lengths.ndim == 1, f"sequence_length is not a vector: {show(lengths.shape)}")
    time, batch, classes = inputs.shape
    require(time > 0, "inputs.dim_size(0) must be > 0")
    require(classes > 0, "inputs.dim_size(2) must be > 0")
    if len(lengths) != batch:
        found = f"len(sequence_length): {len(lengths)} batch_size: {batch}"
        raise error(None, None, f"len(sequence_length) != batch_size. {found}")
    return time, batch, classes


def _require_lengths(lengths: Array, time: int) -> None:
    for number, length in enumerate(lengths.tolist()):
        if length > time:
            raise FailedPreconditionError(None, None, f"sequence_length({number}) <= {time}")


def _sparse(rows: list[list[int]]) -> tuple[Array, Array, Array]:
    """Indices, values and shape of sequences."""
    indices = [(r, p) for r, row in enumerate(rows) for p in range(len(row))]
    values = [label for row in rows for label in row]
    shape = [len(rows), max(map(len, rows), default=0)]
    return (
        np.array(indices, np.int64).reshape(-1, 2),
        np.array(values, np.int64),
        np.array(shape, np.int64),
    )


# Decoding


@host_op(
    "CTCGreedyDecoder(inputs: T[:,:,:], sequence_length: int32[:]; merge_repeated: bool = false,"
    " blank_index: int = -1, T: {float32, float64} = float32)"
    " -> decoded_indices: int64, decoded_values: int64, decoded_shape: int64, log_probability: T"
)
def ctc_greedy_decoder(
    inputs: Array, sequence_length: Array, *, merge_repeated: bool, blank_index: int
) -> tuple[Array, Array, Array, Array]:
    """The likeliest class at each time, without blanks, and minus the sum of their logits."""
    time, batch, classes = _require_sizes(inputs, sequence_length)
    _require_lengths(sequence_length, time)
    blank = blank_index + classes if blank_index < 0 else blank_index
    require(0 <= blank < classes, f"blank_index expected to be between 0 and {classes - 1}")
    best = inputs.argmax(axis=2)
    scores = np.zeros((batch, 1), inputs.dtype)
    rows: list[list[int]] = []
    for b in range(batch):
        length = max(0, int(sequence_length[b]))
        scores[b, 0] = -inputs[:length, b].max(axis=1).sum()
        rows.append(_collapsed(best[:length, b].tolist(), blank, merge_repeated))
    return (*_sparse(rows), scores)


def _collapsed(labels: list[int], blank: int, merge_repeated: bool) -> list[int]:
    kept, previous = [], -1
    for label in labels:
        if label != blank and not (merge_repeated and label == previous):
            kept.append(label)
        previous = label
    return kept


@host_op(
    "CTCBeamSearchDecoder(inputs: T[:,:,:], sequence_length: int32[:]; beam_width: int >= 1,"
    " top_paths: int >= 1, merge_repeated: bool = true, T: {float32, float64} = float32)"
    " -> decoded_indices: top_paths*int64, decoded_values: top_paths*int64,"
    " decoded_shape: top_paths*int64, log_probability: T"
)
def ctc_beam_search_decoder(
    inputs: Array, sequence_length: Array, *, beam_width: int, top_paths: int, merge_repeated: bool
) -> list[Array]:
    """The likeliest sequences that a beam search finds, and the logarithms of their likelihoods."""
    time, batch, _ = _require_sizes(inputs, sequence_length)
    _require_lengths(sequence_length, time)
    require(
        top_paths <= beam_width,
        f"requesting more paths than the beam width: {top_paths} > {beam_width}",
    )
    scores = np.zeros((batch, top_paths), inputs.dtype)
    rows: list[list[list[int]]] = [[] for _ in range(top_paths)]
    for b in range(batch):
        logits = inputs[: max(0, int(sequence_length[b])), b].astype(np.float64)
        paths = best_paths(logits, beam_width, top_paths)
        require(len(paths) == top_paths, "Less leaves in the beam search than requested.")
        for number, (labels, score) in enumerate(paths):
            rows[number].append(_collapsed(labels, -1, merge_repeated))
            scores[b, number] = score
    triples = [_sparse(path) for path in rows]
    return [*(t[i] for i in range(3) for t in triples), scores]


# The loss


@host_op(
    "CTCLoss(inputs: T[:,:,:], labels_indices: int64[:,:], labels_values: int32[:],"
    " sequence_length: int32[:];"
    " preprocess_collapse_repeated: bool = false, ctc_merge_repeated: bool = true,"
    " ignore_longer_outputs_than_inputs: bool = false, T: {float32, float64} = float32)"
    " -> loss: T, gradient: T"
)
def ctc_loss(
    inputs: Array,
    labels_indices: Array,
    labels_values: Array,
    sequence_length: Array,
    *,
    preprocess_collapse_repeated: bool,
    ctc_merge_repeated: bool,
    ignore_longer_outputs_than_inputs: bool,
) -> tuple[Array, Array]:
    """Minus the log-likelihood of each sequence of labels, and its gradient for the logits."""
    time, batch, classes = _require_sizes(inputs, sequence_length, InvalidArgumentError)
    for number, length in enumerate(sequence_length.tolist()):
        require(length <= time, f"sequence_length({number}) <= {time}")
    sequences = _labels(labels_indices, labels_values, batch)
    loss, gradient = np.zeros(batch, inputs.dtype), np.zeros_like(inputs)
    for b, raw in enumerate(sequences):
        labels = _targets(raw, b, classes, preprocess_collapse_repeated)
        length = int(sequence_length[b])
        if length < 0 or not _fits(
            labels, length, ctc_merge_repeated, ignore_longer_outputs_than_inputs
        ):
            continue
        found = _loss_of(inputs[:length, b], labels, ctc_merge_repeated)
        loss[b], gradient[:length, b] = found
    return loss, gradient


def _labels(indices: Array, values: Array, batch: int) -> list[list[int]]:
    require(indices.ndim == 2, f"labels_indices is not a matrix: {show(indices.shape)}")
    require(values.ndim == 1, f"labels_values is not a vector: {show(values.shape)}")
    require(
        len(indices) == len(values) and indices.shape[1] == 2,
        f"labels_indices and labels_values must contain the same number of rows, but saw shapes: "
        f"{show(indices.shape)} vs. {show(values.shape)}",
    )
    require(batch != 0, "batch_size must not be 0")
    rows: list[list[int]] = [[] for _ in range(batch)]
    for (row, _), value in zip(indices.tolist(), values.tolist(), strict=True):
        require(
            0 <= row < batch,
            f"labels batch index must be between 0 and {batch} but saw: {row}",
        )
        rows[row].append(value)
    return rows


def _targets(raw: list[int], number: int, classes: int, collapse: bool) -> list[int]:
    """The labels before the first blank. Raises InvalidArgumentError for what is no label."""
    labels: list[int] = []
    ended = False
    for i, label in enumerate(raw):
        if i and collapse and label == raw[i - 1]:
            continue
        if label >= classes - 1:
            ended = True
            continue
        require(
            not ended,
            f"Saw a non-null label (index >= num_classes - 1) following a null label, batch: "
            f"{number} num_classes: {classes} labels: {','.join(map(str, raw))}",
        )
        require(
            label >= 0,
            f"All labels must be nonnegative integers, batch: {number} labels: "
            f"{','.join(map(str, raw))}",
        )
        labels.append(label)
    require(bool(raw), f"Labels length is zero in batch {number}")
    return labels


def _fits(labels: list[int], length: int, merge: bool, ignore: bool) -> bool:
    """Whether there is time for the labels and the blanks between equal ones."""
    repeated = sum(a == b for a, b in pairwise(labels)) if merge else 0
    needed = len(labels) + repeated
    require(
        ignore or needed <= length,
        f"Not enough time for target transition sequence (required: {needed}, available: {length})"
        "You can turn this error into a warning by using the flag "
        "ignore_longer_outputs_than_inputs",
    )
    return needed <= length


def _loss_of(logits: Array, labels: list[int], merge: bool) -> tuple[Any, Array]:
    """Loss and gradient of one sequence: logits `[time, classes]`.

    Like TensorFlow's kernel, it takes exponentials of likelihoods in float32, whatever the type; so
    a loss in float64 has the errors of C's `expf` and `log1pf`, which are called for their sake.
    """
    time, classes = logits.shape
    blank = classes - 1
    states = np.full(2 * len(labels) + 1, blank)
    states[1::2] = labels
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probability: Array = shifted / shifted.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        emitted = np.log(probability)[:, states]
    skips = np.zeros(len(states), bool)
    skips[2:] = (states[2:] != blank) & ~(merge & (states[2:] == states[:-2]))
    stays = np.full(len(states), True) if merge else states == blank
    joint = _forward(emitted, stays, skips) + _backward(emitted, stays, skips)
    likelihood = reduce(_log_sum, joint[0])
    if likelihood == _NEVER:
        return np.inf, probability
    occupied = np.full((time, classes), _NEVER, joint.dtype)
    for state, column in zip(states, joint.T, strict=True):
        occupied[:, state] = _log_sum(occupied[:, state], column)
    return -likelihood, probability - _narrow("exp", occupied - likelihood)


def _log_sum(a: Any, b: Any) -> Any:
    """The logarithm of the sum of numbers given by their logarithms."""
    large, small = np.maximum(a, b), np.minimum(a, b)
    with np.errstate(invalid="ignore"):
        gain = _narrow("log1p", _narrow("exp", small - large).astype(large.dtype))
    return np.where(small == _NEVER, large, large + gain)


def _narrow(name: str, x: Array) -> Array:
    """`exp` or `log1p` in float32."""
    if x.dtype == np.float64:
        called: Array = np.asarray(_c_function(name + "f")(x)).astype(np.float32)
        return called
    found: Array = getattr(np, name)(x)
    return found


@cache
def _c_function(name: str) -> Any:
    """A function of C's library from float to float, for each element of an array."""
    function = getattr(ctypes.CDLL(ctypes.util.find_library("m")), name)
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    return np.frompyfunc(function, 1, 1)


def _forward(emitted: Array, stays: Array, skips: Array) -> Array:
    """The log-likelihood of what is emitted until each time, if that ends in each state."""
    found = np.full_like(emitted, _NEVER)
    found[0, :2] = emitted[0, :2]
    for time in range(1, len(emitted)):
        before = found[time - 1]
        ways = np.where(stays, before, _NEVER)
        ways[1:] = _log_sum(ways[1:], before[:-1])
        ways[2:] = np.where(skips[2:], _log_sum(ways[2:], before[:-2]), ways[2:])
        found[time] = emitted[time] + ways
    return found


def _backward(emitted: Array, stays: Array, skips: Array) -> Array:
    """The log-likelihood of what is emitted after each time, if that starts in each state."""
    found = np.full_like(emitted, _NEVER)
    found[-1, -2:] = 0
    for time in range(len(emitted) - 2, -1, -1):
        after = found[time + 1] + emitted[time + 1]
        ways = np.where(stays, after, _NEVER)
        ways[:-1] = _log_sum(ways[:-1], after[1:])
        ways[:-2] = np.where(skips[2:], _log_sum(ways[:-2], after[2:]), ways[:-2])
        found[time] = ways
    return found


@ctc_loss.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor, _: Tensor | None) -> Tensors:
    slope = g("Reshape", grad, g.constant([1, -1, 1]))
    return slope * op.outputs[1], None, None, None


@ctc_loss.infer
def _(
    b: Builder, inputs: Value, indices: Any, values: Any, lengths: Any, *, T: DType
) -> tuple[Value, Value]:
    shape = b.shape(inputs)
    require(len(shape) == 3, f"Shape must be rank 3 but is rank {len(shape)}")
    return abstract(b, T, shape[1]), abstract(b, T, *shape)


@ctc_greedy_decoder.infer
def _(b: Builder, inputs: Value, lengths: Value, *, T: DType) -> tuple[Value, ...]:
    return (*_decoded(b), abstract(b, T, _batch(b, inputs, lengths), 1))


@ctc_beam_search_decoder.infer
def _(b: Builder, inputs: Value, lengths: Value, *, top_paths: int, T: DType) -> list[Value]:
    triples = [_decoded(b) for _ in range(top_paths)]
    scores = abstract(b, T, _batch(b, inputs, lengths), top_paths)
    return [*(t[i] for i in range(3) for t in triples), scores]


def _decoded(b: Builder) -> tuple[Value, Value, Value]:
    long = dtypes.int64
    return abstract(b, long, None, 2), abstract(b, long, None), abstract(b, long, 2)


def _batch(b: Builder, inputs: Value, lengths: Value) -> Any:
    shape = b.shape(inputs)
    require(len(shape) == 3, f"Shape must be rank 3 but is rank {len(shape)}")
    require(len(b.shape(lengths)) == 1, "sequence_length is not a vector")
    (count,) = b.shape(lengths)
    require(
        b.assumptions.equal(shape[1], count),
        f"Dimensions must be equal, but are {shape[1]} and {count}",
    )
    return shape[1]


ctc_greedy_decoder.not_differentiable()
ctc_beam_search_decoder.not_differentiable()
