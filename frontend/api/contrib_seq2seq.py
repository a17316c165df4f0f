"""`tf.contrib.seq2seq`: losses of sequences."""

from flowc.frontend.api.contrib_absent import absent
from flowc.frontend.contrib.sequences import (
    sequence_loss,
)

__all__ = [
    "sequence_loss",
]

__getattr__ = absent(
    "contrib.seq2seq",
    __all__,
    {
        "BasicDecoder": "write the decoder as a loop with tf.nn.raw_rnn or tf.while_loop",
        "dynamic_decode": "write the decoder as a loop with tf.nn.raw_rnn or tf.while_loop",
        "TrainingHelper": "write the decoder as a loop with tf.nn.raw_rnn or tf.while_loop",
        "GreedyEmbeddingHelper": "write the decoder as a loop with tf.nn.raw_rnn or tf.while_loop",
        "BeamSearchDecoder": "write the decoder as a loop with tf.nn.raw_rnn or tf.while_loop",
        "AttentionWrapper": "write the decoder as a loop with tf.nn.raw_rnn or tf.while_loop",
        "BahdanauAttention": "write the decoder as a loop with tf.nn.raw_rnn or tf.while_loop",
        "LuongAttention": "write the decoder as a loop with tf.nn.raw_rnn or tf.while_loop",
    },
)
