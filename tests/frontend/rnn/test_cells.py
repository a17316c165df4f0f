"""Cells, each against its formula in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf

Array = np.ndarray[Any, Any]
Cell = tf.nn.rnn_cell
BATCH, DEPTH, UNITS = 2, 3, 4
RNG = np.random.default_rng(0)
X = RNG.standard_normal((BATCH, DEPTH))
STATE = RNG.standard_normal((BATCH, UNITS))


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def run(cell: Any, state: Any) -> tuple[Any, dict[str, Array]]:
    """Output and next state for random weights, and these by name."""
    output = cell(tf.constant(X), tf.nest.map_structure(tf.constant, state))
    weights = {v.op.name: RNG.standard_normal(v.shape.as_list()) for v in tf.global_variables()}
    with tf.Session() as session:
        for v in tf.global_variables():
            v.load(weights[v.op.name], session)
        return session.run(output), weights


def test_basic() -> None:
    (output, state), w = run(Cell.BasicRNNCell(UNITS), STATE)
    kernel, bias = w["basic_rnn_cell/kernel"], w["basic_rnn_cell/bias"]
    expected = np.tanh(np.hstack([X, STATE]) @ kernel + bias)
    np.testing.assert_allclose(output, expected, rtol=1e-13)
    np.testing.assert_array_equal(output, state)


def test_gated() -> None:
    (output, state), w = run(Cell.GRUCell(UNITS), STATE)
    name = "gru_cell"
    gates = np.hstack([X, STATE]) @ w[f"{name}/gates/kernel"] + w[f"{name}/gates/bias"]
    reset, update = np.split(sigmoid(gates), 2, 1)
    inner = np.hstack([X, reset * STATE]) @ w[f"{name}/candidate/kernel"]
    candidate = np.tanh(inner + w[f"{name}/candidate/bias"])
    expected = update * STATE + (1 - update) * candidate
    np.testing.assert_allclose(output, expected, rtol=1e-12)
    np.testing.assert_array_equal(output, state)


def long_short(w: dict[str, Array], name: str, c: Array, h: Array) -> tuple[Array, Array]:
    i, j, f, o = np.split(np.hstack([X, h]) @ w[f"{name}/kernel"] + w[f"{name}/bias"], 4, 1)

    def peep(gate: str, cell: Array) -> Array:
        return np.asarray(w.get(f"{name}/w_{gate}_diag", 0.0) * cell)

    c = sigmoid(f + 1.0 + peep("f", c)) * c + sigmoid(i + peep("i", c)) * np.tanh(j)
    return c, sigmoid(o + peep("o", c)) * np.tanh(c)


@pytest.mark.parametrize("kind", ["BasicLSTMCell", "LSTMCell"])
@pytest.mark.parametrize("is_tuple", [True, False])
def test_long_short_term_memory(kind: str, is_tuple: bool) -> None:
    c, h = STATE, STATE[::-1]
    start = Cell.LSTMStateTuple(c, h) if is_tuple else np.hstack([c, h])
    (output, state), w = run(getattr(Cell, kind)(UNITS, state_is_tuple=is_tuple), start)
    name = "basic_lstm_cell" if kind == "BasicLSTMCell" else "lstm_cell"
    new_c, new_h = long_short(w, name, c, h)
    np.testing.assert_allclose(output, new_h, rtol=1e-12)
    found = state if is_tuple else np.split(state, 2, 1)
    np.testing.assert_allclose(found[0], new_c, rtol=1e-12)


def test_peepholes_and_projection() -> None:
    c, h = STATE, STATE[:, :2]
    cell = Cell.LSTMCell(UNITS, use_peepholes=True, num_proj=2, proj_clip=0.4)
    (output, _), w = run(cell, Cell.LSTMStateTuple(c, h))
    _, inner = long_short(w, "lstm_cell", c, h)
    expected = np.clip(inner @ w["lstm_cell/projection/kernel"], -0.4, 0.4)
    np.testing.assert_allclose(output, expected, rtol=1e-12)
    assert cell.state_size == (UNITS, 2)


def test_stacked_cells_share_a_scope() -> None:
    cell = Cell.MultiRNNCell([Cell.BasicRNNCell(UNITS), Cell.GRUCell(2)])
    (output, state), _ = run(cell, (STATE, STATE[:, :2]))
    assert output.shape == (BATCH, 2)
    assert [s.shape for s in state] == [(BATCH, UNITS), (BATCH, 2)]
    names = [v.op.name for v in cell.trainable_variables]
    assert names[0] == "multi_rnn_cell/cell_0/basic_rnn_cell/kernel"
    assert names[-1] == "multi_rnn_cell/cell_1/gru_cell/candidate/bias"
    with pytest.raises(ValueError, match="at least one cell"):
        Cell.MultiRNNCell([])
    with pytest.raises(ValueError, match="state_is_tuple is not set"):
        Cell.MultiRNNCell([Cell.LSTMCell(2)], state_is_tuple=False)


def test_weights_are_shared_between_calls() -> None:
    cell = Cell.GRUCell(UNITS)
    state = cell.zero_state(BATCH, tf.float32)
    with tf.variable_scope("net"):
        for _ in range(3):
            _, state = cell(tf.constant(X, tf.float32), state)
    assert len(tf.trainable_variables()) == 4


def test_a_cell_that_a_program_defines() -> None:
    class Scaled(Cell.RNNCell):
        state_size = output_size = DEPTH

        def call(self, inputs: Any, state: Any) -> Any:
            scale = tf.get_variable("scale", [DEPTH], tf.float64)
            return inputs * scale, state + inputs

    cell = Scaled()
    (output, state), w = run(cell, STATE[:, :DEPTH])
    np.testing.assert_allclose(output, X * w["scaled/scale"])
    np.testing.assert_allclose(state, X + STATE[:, :DEPTH])
    assert [v.op.name for v in cell.trainable_variables] == ["scaled/scale"]


def test_dropout() -> None:
    inputs = tf.ones([100, 50])
    cell = Cell.DropoutWrapper(
        Cell.BasicRNNCell(40), input_keep_prob=1.0, output_keep_prob=0.5, seed=3
    )
    output, state = cell(inputs, cell.zero_state(100, tf.float32))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        dropped, kept = session.run([output, state])
    zero = dropped == 0
    assert 0.4 < zero.mean() < 0.6
    np.testing.assert_allclose(dropped[~zero], 2 * kept[~zero], rtol=1e-6)
    with pytest.raises(ValueError, match="must be between 0 and 1"):
        Cell.DropoutWrapper(Cell.BasicRNNCell(4), input_keep_prob=1.5)


def test_dropout_spares_the_cell_of_an_lstm() -> None:
    cell = Cell.DropoutWrapper(Cell.BasicLSTMCell(40), state_keep_prob=0.5)
    _, (c, h) = cell(tf.ones([100, 5]), cell.zero_state(100, tf.float32))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        c, h = session.run([c, h])
    assert (c != 0).all()
    assert 0.4 < (h == 0).mean() < 0.6


def test_one_mask_for_all_steps() -> None:
    cell = Cell.DropoutWrapper(
        Cell.BasicRNNCell(40),
        output_keep_prob=0.5,
        variational_recurrent=True,
        dtype=tf.float32,
    )
    outputs, _ = tf.nn.dynamic_rnn(cell, tf.ones([3, 5, 8]), dtype=tf.float32)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        zero = session.run(outputs) == 0
    assert 0.2 < zero.mean() < 0.8
    assert (zero == zero[:1, :1]).all()


def test_residual() -> None:
    wrapped = Cell.ResidualWrapper(Cell.BasicRNNCell(DEPTH))
    (output, state), _ = run(wrapped, STATE[:, :DEPTH])
    np.testing.assert_allclose(output, state + X, rtol=1e-14)


@pytest.mark.parametrize("make", [Cell.BasicRNNCell, Cell.GRUCell, Cell.LSTMCell])
def test_an_unknown_depth_is_refused(make: Callable[[int], Any]) -> None:
    cell = make(UNITS)
    inputs = tf.placeholder(tf.float32, [BATCH, None])
    with pytest.raises(ValueError, match=r"Expected inputs.shape\[-1\] to be known"):
        cell(inputs, cell.zero_state(BATCH, tf.float32))
