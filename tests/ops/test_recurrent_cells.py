"""The gradients of recurrent cells, against those of a sequence and of what a cell is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

RANDOM = np.random.default_rng(1)


def random(*shape: int) -> Any:
    return tf.constant(RANDOM.normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("use_peephole", [True, False])
def test_lstm(use_peephole: bool) -> None:
    x, cs, h, w = random(2, 3), random(2, 4), random(2, 4), random(7, 16)
    peepholes, bias = [random(4) for _ in range(3)], random(16)
    by_cs, by_h = random(2, 4), random(2, 4)
    attrs: dict[str, Any] = {"use_peephole": use_peephole}
    states = build("LSTMBlockCell", x, cs, h, w, *peepholes, bias, cell_clip=-1.0, **attrs)
    i, c, f, o, ci, co, _ = states
    found = build(
        "LSTMBlockCellGrad", x, cs, h, w, *peepholes, bias, i, c, f, o, ci, co, by_cs, by_h, **attrs
    )
    one = [tf.expand_dims(t, 0) for t in (x, *states, by_cs, by_h)]
    expected = build(
        "BlockLSTMGrad", np.int64(1), one[0], cs, h, w, *peepholes, bias, *one[1:], **attrs
    )
    pairs = [(found[0], expected[1]), (tf.reduce_sum(found[1], 0), expected[7])]
    pairs += list(zip(found[2:], expected[4:7], strict=True)) if use_peephole else []
    with tf.Session() as session:
        for got, wanted in session.run(pairs):
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_gru() -> None:
    x, h, w_ru, w_c, b_ru, b_c = (
        random(2, 3),
        random(2, 4),
        random(7, 8),
        random(7, 4),
        random(8),
        random(4),
    )
    r, u, c, out = build("GRUBlockCell", x, h, w_ru, w_c, b_ru, b_c)
    grad = random(2, 4)
    found = build("GRUBlockCellGrad", x, h, w_ru, w_c, b_ru, b_c, r, u, c, grad)
    reset, update = tf.split(tf.sigmoid(tf.matmul(tf.concat([x, h], 1), w_ru) + b_ru), 2, 1)
    candidate = tf.tanh(tf.matmul(tf.concat([x, h * reset], 1), w_c) + b_c)
    plain = update * h + (1.0 - update) * candidate
    expected = tf.gradients(plain, [x, h, b_c, b_ru], grad)
    sums = [found[0], found[1], tf.reduce_sum(found[2], 0), tf.reduce_sum(found[3], 0)]
    with tf.Session() as session:
        got, wanted = session.run([[out, *sums], [plain, *expected]])
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_tridiagonal_products() -> None:
    parts = [RANDOM.normal(size=(2, 1, 4)).astype(np.float32) for _ in range(3)]
    x = RANDOM.normal(size=(2, 4, 3)).astype(np.float32)
    upper, main, lower = (part[:, 0] for part in parts)
    matrix = np.zeros((2, 4, 4), np.float32)
    line = np.arange(4)
    matrix[:, line, line] = main
    matrix[:, line[:-1], line[1:]] = upper[:, :-1]
    matrix[:, line[1:], line[:-1]] = lower[:, 1:]
    with tf.Session() as session:
        found = session.run(build("TridiagonalMatMul", *parts, x))
    np.testing.assert_allclose(found, matrix @ x, rtol=1e-4, atol=1e-5)


def test_eigenvalues_of_any_matrix() -> None:
    x = np.array([[0.0, 1.0], [-1.0, 0.0]], np.float32)
    with tf.Session() as session:
        e, v = session.run(list(build("Eig", x, Tout=tf.complex64)))
    np.testing.assert_allclose(x @ v, v * e, atol=1e-6)
    np.testing.assert_allclose(sorted(e.imag), [-1, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.0, True),
        (0, False),
        (True, True),
        (b"", False),
        (b"x", True),
        ([0.0], True),
        (np.zeros((0, 2), np.float32), False),
        (np.array([], object), False),
    ],
)
def test_truth(value: Any, expected: bool) -> None:
    with tf.Session() as session:
        assert session.run(build("ToBool", value)) == expected


def test_coordinates() -> None:
    with tf.Session() as session:
        found = session.run(build("UnravelIndex", [0, 5, 11], [3, 4]))
        assert found.tolist() == [[0, 1, 2], [0, 1, 3]]
        with pytest.raises(tf.errors.InvalidArgumentError, match="out of bound"):
            index = tf.placeholder(tf.int32, [1])
            session.run(build("UnravelIndex", index, [3, 4]), {index: [12]})
