"""A WaveNet-shaped net of unknown batch and length: its sizes stay short, and serve all lengths."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf

LAYERS, CHANNELS = 2, 4
LONGEST = 700  # characters of an index expression


def in_blocks(x: Any, kernel: Any, dilation: int) -> Any:
    """A dilated convolution as TensorFlow 1 writes it: by `SpaceToBatchND`."""
    length = tf.shape(x)[1]
    rest = (dilation - length % dilation) % dilation
    split = tf.space_to_batch_nd(x, [dilation], [[0, rest]])
    found = tf.nn.conv1d(split, kernel, stride=1, padding="VALID")
    return tf.batch_to_space_nd(found, [dilation], [[0, rest]])


def in_batches(x: Any, kernel: Any, dilation: int) -> Any:
    """The same as the first WaveNets write it: by reshapes and transpositions."""
    shape = tf.shape(x)
    rest = dilation - 1 - (shape[1] + dilation - 1) % dilation
    padded = tf.pad(x, [[0, 0], [0, rest], [0, 0]])
    rows = tf.transpose(tf.reshape(padded, [-1, dilation, shape[2]]), [1, 0, 2])
    split = tf.reshape(rows, [shape[0] * dilation, -1, shape[2]])
    found = tf.nn.conv1d(split, kernel, stride=1, padding="VALID")
    shape = tf.shape(found)
    rows = tf.transpose(tf.reshape(found, [dilation, -1, shape[2]]), [1, 0, 2])
    joined = tf.reshape(rows, [tf.div(shape[0], dilation), -1, shape[2]])
    return tf.slice(joined, [0, 0, 0], [-1, tf.shape(x)[1] - dilation, -1])


def dilated(x: Any, kernel: Any, dilation: int) -> Any:
    """The same as one operation."""
    return tf.nn.convolution(x, kernel, "VALID", dilation_rate=[dilation])


def net(convolve: Callable[[Any, Any, int], Any]) -> tuple[Any, Any, list[Any]]:
    """The input, the loss, and its gradients."""
    rng = np.random.default_rng(0)
    kernels = [
        tf.constant(rng.standard_normal((2, n, CHANNELS), np.float32) / 2)
        for n in (1, *[CHANNELS] * 2 * LAYERS)
    ]
    x = tf.placeholder(tf.float32, [None, None, 1])
    h = convolve(x, kernels[0], 1)
    for layer in range(LAYERS):
        filtered, gate = (convolve(h, k, 2**layer) for k in kernels[2 * layer + 1 : 2 * layer + 3])
        z = tf.tanh(filtered) * tf.sigmoid(gate)
        h = tf.slice(h, [0, tf.shape(h)[1] - tf.shape(z)[1], 0], [-1, -1, -1]) + z
    loss = tf.reduce_mean(tf.square(h))
    return x, loss, tf.gradients(loss, [x, *kernels])


def results(convolve: Callable[[Any, Any, int], Any]) -> list[list[Any]]:
    """Losses and gradients for batches of several sizes and lengths, by one piece of code."""
    rng = np.random.default_rng(1)
    with tf.Graph().as_default(), tf.Session() as session:
        x, loss, gradients = net(convolve)
        found = [
            session.run([loss, *gradients], {x: rng.standard_normal((batch, length, 1))})
            for batch, length in ((2, 40), (3, 33), (1, 16), (5, 41))
        ]
        assert session.compile_count == 1
    return found


@pytest.mark.parametrize("convolve", [in_blocks, in_batches], ids=lambda f: f.__name__)
def test_all_ways_to_dilate_agree(convolve: Callable[[Any, Any, int], Any]) -> None:
    for found, expected in zip(results(convolve), results(dilated), strict=True):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("convolve", [in_blocks, in_batches, dilated], ids=lambda f: f.__name__)
def test_index_expressions_stay_short(
    convolve: Callable[[Any, Any, int], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWC_FLAGS", f"--strict --verify --dump-to={tmp_path}")
    with tf.Graph().as_default(), tf.Session() as session:
        x, loss, gradients = net(convolve)
        session.run([loss, *gradients], {x: np.ones((2, 40, 1))})
    texts = [p.read_text() for p in tmp_path.glob("*/*") if p.suffix in (".mlir", ".txt")]
    found = [e for text in texts for e in re.findall(r"[\[{][^\[\]{}\"\n]*[\]}]", text)]
    assert len(found) > 1000
    assert max(map(len, found)) < LONGEST
