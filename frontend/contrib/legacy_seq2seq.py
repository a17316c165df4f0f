"""`contrib.legacy_seq2seq`: encoders and decoders over lists of tensors, one for each time step.

Inputs are lists of [batch, width] tensors, or of int vectors [batch] where they are embedded.
Decoders return a list of outputs and the last state. `feed_previous` says whether a decoder reads
its own last output in place of its inputs but the first: a bool, or a bool tensor that decides when
it runs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flowc.frontend import nest
from flowc.frontend.contrib.cells import EmbeddingWrapper, OutputProjectionWrapper, linear
from flowc.frontend.control_flow.conditionals import cond
from flowc.frontend.conversion import convert
from flowc.frontend.functions import activations
from flowc.frontend.functions.control import stop_gradient
from flowc.frontend.functions.convolutions import conv2d
from flowc.frontend.functions.embedding import embedding_lookup
from flowc.frontend.functions.entropy import sparse_softmax_cross_entropy_with_logits
from flowc.frontend.functions.filling import zeros
from flowc.frontend.functions.mathematics import add_n, cast, tanh
from flowc.frontend.functions.reductions import argmax, reduce_sum
from flowc.frontend.functions.shaping import concat, reshape, shape, stack
from flowc.frontend.rnn.cell import RNNCell
from flowc.frontend.rnn.static import static_rnn
from flowc.frontend.scopes import name_scope
from flowc.frontend.variables.scope import get_variable, get_variable_scope, variable_scope
from flowc.ir import dtypes

Decoded = tuple[list[Any], Any]
Loop = Callable[[Any, int], Any]


def _previous(table: Any, projection: Any, trains: bool) -> Loop:
    """What a decoder reads after an output: the row of the most likely symbol."""

    def loop(previous: Any, _: int) -> Any:
        if projection is not None:
            previous = activations.xw_plus_b(previous, projection[0], projection[1])
        row = embedding_lookup(table, argmax(previous, 1))
        return row if trains else stop_gradient(row)

    return loop


def _check(projection: Any, num_symbols: int, dtype: Any) -> None:
    if projection is not None:
        convert(projection[0], dtype).shape.assert_is_compatible_with([None, num_symbols])
        convert(projection[1], dtype).shape.assert_is_compatible_with([num_symbols])


# Decoders


def rnn_decoder(
    decoder_inputs: Iterable[Any],
    initial_state: Any,
    cell: RNNCell,
    loop_function: Loop | None = None,
    scope: Any = None,
) -> Decoded:
    """A cell over inputs, or over what `loop_function(last output, step)` makes of its outputs."""
    with variable_scope(scope or "rnn_decoder"):
        state, outputs, previous = initial_state, [], None
        for i, given in enumerate(decoder_inputs):
            if loop_function is not None and previous is not None:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(previous, i)
            if i > 0:
                get_variable_scope().reuse_variables()
            output, state = cell(given, state)
            outputs.append(output)
            previous = output
    return outputs, state


def embedding_rnn_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    cell: RNNCell,
    num_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    scope: Any = None,
) -> Decoded:
    """`rnn_decoder` over rows of a trained table [num_symbols, embedding_size].

    `output_projection` is (weights, biases) that make symbols of the cell's outputs.
    """
    with variable_scope(scope or "embedding_rnn_decoder") as opened:
        _check(output_projection, num_symbols, opened.dtype)
        table = get_variable("embedding", [num_symbols, embedding_size])
        loop = _previous(table, output_projection, update_embedding_for_previous)
        rows = (embedding_lookup(table, i) for i in decoder_inputs)
        return rnn_decoder(rows, initial_state, cell, loop if feed_previous else None)


class _Attention:
    """Weighted means of states, by how well each fits a query: Vinyals et al. 2014."""

    def __init__(self, states: Any, heads: int, dtype: Any) -> None:
        self.width = states.shape[2].value
        length = states.shape[1].value
        self._length = shape(states)[1] if length is None else length
        self._hidden = reshape(states, [-1, self._length, 1, self.width])
        self._dtype = dtype
        self._features, self._vectors = [], []
        for i in range(heads):
            kernel = get_variable(f"AttnW_{i}", [1, 1, self.width, self.width], dtype)
            self._features.append(conv2d(self._hidden, kernel, [1, 1, 1, 1], "SAME"))
            self._vectors.append(get_variable(f"AttnV_{i}", [self.width], dtype))

    def nothing(self, batch: Any) -> list[Any]:
        """What is read before there is a query."""
        found = [zeros(stack([batch, self.width]), self._dtype) for _ in self._vectors]
        for tensor in found:
            tensor.set_shape([None, self.width])
        return found

    def __call__(self, query: Any) -> list[Any]:
        """What each head reads: [batch, width]."""
        flat = nest.flatten(query)
        query = flat[0] if len(flat) == 1 else concat(flat, 1)
        reads = []
        for i, (features, vector) in enumerate(zip(self._features, self._vectors, strict=True)):
            with variable_scope(f"Attention_{i}"):
                y = cast(reshape(linear(query, self.width), [-1, 1, 1, self.width]), self._dtype)
                scores = reduce_sum(vector * tanh(features + y), [2, 3])
                shares = cast(activations.softmax(cast(scores, dtypes.float32)), self._dtype)
                shares = reshape(shares, [-1, self._length, 1, 1])
                reads.append(reshape(reduce_sum(shares * self._hidden, [1, 2]), [-1, self.width]))
        return reads


def attention_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    attention_states: Any,
    cell: RNNCell,
    output_size: int | None = None,
    num_heads: int = 1,
    loop_function: Loop | None = None,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """A decoder that at each step reads from states [batch, length, width] what fits its own.

    Raises ValueError for no inputs, no heads, and an unknown width of the states.
    """
    if not decoder_inputs:
        raise ValueError("Must provide at least 1 input to attention decoder.")
    if num_heads < 1:
        raise ValueError("With less than 1 heads, use a non-attention decoder.")
    if attention_states.shape[2].value is None:
        raise ValueError(f"Shape[2] of attention_states must be known: {attention_states.shape}")
    size = cell.output_size if output_size is None else output_size
    with variable_scope(scope or "attention_decoder", dtype=dtype) as opened:
        kind = opened.dtype
        attention = _Attention(attention_states, num_heads, kind)
        reads = attention.nothing(shape(decoder_inputs[0])[0])
        state, outputs, previous = initial_state, [], None
        if initial_state_attention:
            reads = attention(initial_state)
        for i, given in enumerate(decoder_inputs):
            if i > 0:
                get_variable_scope().reuse_variables()
            if loop_function is not None and previous is not None:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(previous, i)
            width = given.shape.with_rank(2)[1].value
            if width is None:
                raise ValueError(f"Could not infer input size from input: {given.name}")
            merged = linear([cast(part, kind) for part in (given, *reads)], width)
            output, state = cell(merged, state)
            again = True if i == 0 and initial_state_attention else None
            with variable_scope(get_variable_scope(), reuse=again):
                reads = attention(state)
            with variable_scope("AttnOutputProjection"):
                output = linear([cast(output, kind), *reads], size)
            previous = output
            outputs.append(output)
    return outputs, state


def embedding_attention_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    attention_states: Any,
    cell: RNNCell,
    num_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_size: int | None = None,
    output_projection: Any = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """`attention_decoder` over rows of a trained table [num_symbols, embedding_size]."""
    size = cell.output_size if output_size is None else output_size
    if output_projection is not None:
        convert(output_projection[1], dtype).shape.assert_is_compatible_with([num_symbols])
    with variable_scope(scope or "embedding_attention_decoder", dtype=dtype):
        table = get_variable("embedding", [num_symbols, embedding_size])
        loop = _previous(table, output_projection, update_embedding_for_previous)
        rows = [embedding_lookup(table, i) for i in decoder_inputs]
        return attention_decoder(
            rows,
            initial_state,
            attention_states,
            cell,
            size,
            num_heads,
            loop if feed_previous else None,
            initial_state_attention=initial_state_attention,
        )


# Encoders with decoders


def _fed(feed_previous: Any, decode: Callable[[bool, bool], Decoded]) -> Decoded:
    """`decode(feeds back, trains the table by what is fed back)`, by a bool or by a tensor."""
    if isinstance(feed_previous, bool):
        return decode(feed_previous, True)
    structure: list[Any] = []

    def branch(feeds: bool) -> list[Any]:
        with variable_scope(get_variable_scope(), reuse=None if feeds else True):
            outputs, state = decode(feeds, False)
            structure[:] = [state, len(outputs)]
            return [*outputs, *nest.flatten(state)]

    found = cond(feed_previous, lambda: branch(True), lambda: branch(False))
    state, count = structure
    return found[:count], nest.pack_sequence_as(state, found[count:])


def basic_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: RNNCell,
    dtype: Any = dtypes.float32,
    scope: Any = None,
) -> Decoded:
    """An encoder whose last state a decoder, with weights of its own, begins with."""
    with variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = static_rnn(copy.deepcopy(cell), encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def tied_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: RNNCell,
    loop_function: Loop | None = None,
    dtype: Any = dtypes.float32,
    scope: Any = None,
) -> Decoded:
    """An encoder and a decoder that share their weights."""
    with variable_scope("combined_tied_rnn_seq2seq"):
        name = scope or "tied_rnn_seq2seq"
        _, state = static_rnn(cell, encoder_inputs, dtype=dtype, scope=name)
        get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function, name)


def embedding_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: RNNCell,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> Decoded:
    """`basic_rnn_seq2seq` of symbols, with a table for the encoder and one for the decoder."""
    with variable_scope(scope or "embedding_rnn_seq2seq") as opened:
        if dtype is not None:
            opened.set_dtype(dtype)
        encoder = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        _, encoded = static_rnn(encoder, encoder_inputs, dtype=dtype or opened.dtype)
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)

        def decode(feeds: bool, trains: bool) -> Decoded:
            return embedding_rnn_decoder(
                decoder_inputs,
                encoded,
                cell,
                num_decoder_symbols,
                embedding_size,
                output_projection,
                feeds,
                trains,
            )

        return _fed(feed_previous, decode)


def embedding_tied_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: RNNCell,
    num_symbols: int,
    embedding_size: int,
    num_decoder_symbols: int | None = None,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> Decoded:
    """`tied_rnn_seq2seq` of symbols, with one table for both."""
    with variable_scope(scope or "embedding_tied_rnn_seq2seq", dtype=dtype) as opened:
        kind = opened.dtype
        _check(output_projection, num_symbols, kind)
        table = get_variable("embedding", [num_symbols, embedding_size], kind)
        sources, targets = (
            [embedding_lookup(table, x) for x in inputs]
            for inputs in (encoder_inputs, decoder_inputs)
        )
        if output_projection is None:
            symbols = num_symbols if num_decoder_symbols is None else num_decoder_symbols
            cell = OutputProjectionWrapper(cell, symbols)

        def decode(feeds: bool, trains: bool) -> Decoded:
            loop = _previous(table, output_projection, trains) if feeds else None
            return tied_rnn_seq2seq(sources, targets, cell, loop, kind)

        return _fed(feed_previous, decode)


def embedding_attention_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: RNNCell,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """An encoder of symbols, and a decoder that reads from all of the encoder's outputs."""
    with variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype) as opened:
        encoder = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        outputs, encoded = static_rnn(encoder, encoder_inputs, dtype=opened.dtype)
        states = concat([reshape(e, [-1, 1, cell.output_size]) for e in outputs], 1)
        size = None
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
            size = num_decoder_symbols

        def decode(feeds: bool, trains: bool) -> Decoded:
            return embedding_attention_decoder(
                decoder_inputs,
                encoded,
                states,
                cell,
                num_decoder_symbols,
                embedding_size,
                num_heads,
                size,
                output_projection,
                feeds,
                trains,
                initial_state_attention=initial_state_attention,
            )

        return _fed(feed_previous, decode)


# Losses


def sequence_loss_by_example(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """The weighted cross entropy of each sequence, [batch]; a mean over time steps, or a sum.

    `logits` [batch, symbols], `targets` [batch] and `weights` [batch] are lists of one length,
    else ValueError is raised.
    """
    if len(targets) != len(logits) or len(weights) != len(logits):
        raise ValueError(
            "Lengths of logits, weights, and targets must be the same "
            f"{len(logits)}, {len(weights)}, {len(targets)}."
        )
    with name_scope(name, "sequence_loss_by_example", [*logits, *targets, *weights]):
        losses = []
        for logit, target, weight in zip(logits, targets, weights, strict=True):
            if softmax_loss_function is not None:
                found = softmax_loss_function(labels=target, logits=logit)
            else:
                flat = reshape(target, [-1])
                found = sparse_softmax_cross_entropy_with_logits(labels=flat, logits=logit)
            losses.append(found * weight)
        total = add_n(losses)
        # The little number keeps weights of 0 from being 0 / 0.
        return total / (add_n(list(weights)) + 1e-12) if average_across_timesteps else total


def sequence_loss(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """`sequence_loss_by_example` summed up, or averaged over the batch: a scalar."""
    with name_scope(name, "sequence_loss", [*logits, *targets, *weights]):
        each = sequence_loss_by_example(
            logits, targets, weights, average_across_timesteps, softmax_loss_function
        )
        cost = reduce_sum(each)
        return cost / cast(shape(targets[0])[0], cost.dtype) if average_across_batch else cost


def model_with_buckets(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    buckets: Sequence[tuple[int, int]],
    seq2seq: Callable[..., Decoded],
    softmax_loss_function: Callable[..., Any] | None = None,
    per_example_loss: bool = False,
    name: str | None = None,
) -> tuple[list[Any], list[Any]]:
    """Outputs and losses for pairs of lengths, the greatest last: models that share weights.

    Raises ValueError where there are fewer inputs than the last bucket asks for.
    """
    for what, given, wanted in (
        ("encoder_inputs", encoder_inputs, buckets[-1][0]),
        ("targets", targets, buckets[-1][1]),
        ("weights", weights, buckets[-1][1]),
    ):
        if len(given) < wanted:
            raise ValueError(
                f"Length of {what} ({len(given)}) must be at least that of last bucket ({wanted})."
            )
    loss = sequence_loss_by_example if per_example_loss else sequence_loss
    outputs, losses = [], []
    with name_scope(
        name, "model_with_buckets", [*encoder_inputs, *decoder_inputs, *targets, *weights]
    ):
        for j, (source, target) in enumerate(buckets):
            with variable_scope(get_variable_scope(), reuse=True if j else None):
                found, _ = seq2seq(encoder_inputs[:source], decoder_inputs[:target])
                outputs.append(found)
                losses.append(
                    loss(
                        found,
                        targets[:target],
                        weights[:target],
                        softmax_loss_function=softmax_loss_function,
                    )
                )
    return outputs, losses
