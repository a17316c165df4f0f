"""Cells over sequences: in a loop, unrolled, from both ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

Array = np.ndarray[Any, Any]
Cell = tf.nn.rnn_cell
BATCH, TIME, DEPTH, UNITS = 3, 5, 2, 4
RNG = np.random.default_rng(0)
X = RNG.standard_normal((BATCH, TIME, DEPTH))
LENGTHS = np.array([5, 2, 0])


def run(*fetches: Any, feeds: dict[Any, Any] | None = None) -> tuple[Any, dict[str, Array]]:
    """The fetches for random weights, and these by name."""
    weights = {v.op.name: RNG.standard_normal(v.shape.as_list()) for v in tf.global_variables()}
    with tf.Session() as session:
        for v in tf.global_variables():
            v.load(weights[v.op.name], session)
        return session.run(fetches, feeds), weights


def expected(
    w: dict[str, Array], scope: str, x: Array, lengths: Array | None = None
) -> tuple[Array, Array]:
    """Outputs and last state of a basic cell."""
    kernel, bias = w[f"{scope}/basic_rnn_cell/kernel"], w[f"{scope}/basic_rnn_cell/bias"]
    state = np.zeros((len(x), UNITS))
    outputs = np.zeros((*x.shape[:2], UNITS))
    for time in range(x.shape[1]):
        new = np.tanh(np.hstack([x[:, time], state]) @ kernel + bias)
        runs = (np.full(len(x), True) if lengths is None else time < lengths)[:, None]
        outputs[:, time] = np.where(runs, new, 0)
        state = np.where(runs, new, state)
    return outputs, state


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("time_major", [True, False])
def test_in_a_loop(lengths: Array | None, time_major: bool) -> None:
    x = tf.placeholder(tf.float64, [None, None, DEPTH])
    outputs, state = tf.nn.dynamic_rnn(
        Cell.BasicRNNCell(UNITS), x, lengths, dtype=tf.float64, time_major=time_major
    )
    assert outputs.shape.as_list()[2] == UNITS
    fed = X.transpose(1, 0, 2) if time_major else X
    (found, last), w = run(outputs, state, feeds={x: fed})
    want, want_last = expected(w, "rnn", X, lengths)
    np.testing.assert_allclose(found.transpose(1, 0, 2) if time_major else found, want, rtol=1e-12)
    np.testing.assert_allclose(last, want_last, rtol=1e-12)


def test_one_compilation_for_all_lengths() -> None:
    x = tf.placeholder(tf.float32, [None, None, DEPTH])
    outputs, _ = tf.nn.dynamic_rnn(Cell.GRUCell(UNITS), x, dtype=tf.float32)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(outputs, {x: X})
        count = session.compile_count
        for time in (4, 7, 2):
            assert session.run(outputs, {x: np.ones((2, time, DEPTH))}).shape == (2, time, UNITS)
        assert session.compile_count == count


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_unrolled(lengths: Array | None) -> None:
    steps = tf.unstack(tf.constant(X), axis=1)
    outputs, state = tf.nn.static_rnn(
        Cell.BasicRNNCell(UNITS), steps, dtype=tf.float64, sequence_length=lengths
    )
    (found, last), w = run(tf.stack(outputs, 1), state)
    want, want_last = expected(w, "rnn", X, lengths)
    np.testing.assert_allclose(found, want, rtol=1e-12)
    np.testing.assert_allclose(last, want_last, rtol=1e-12)


def reversed_by(x: Array, lengths: Array) -> Array:
    turned = x.copy()
    for row, length in enumerate(lengths):
        turned[row, :length] = x[row, :length][::-1]
    return turned


@pytest.mark.parametrize("unrolled", [True, False])
def test_from_both_ends(unrolled: bool) -> None:
    forward, backward = Cell.BasicRNNCell(UNITS), Cell.BasicRNNCell(UNITS)
    states: Any
    if unrolled:
        steps = tf.unstack(tf.constant(X), axis=1)
        outputs, *states = tf.nn.static_bidirectional_rnn(
            forward, backward, steps, dtype=tf.float64, sequence_length=LENGTHS
        )
        both = tf.stack(outputs, 1)
    else:
        pair, states = tf.nn.bidirectional_dynamic_rnn(
            forward, backward, tf.constant(X), LENGTHS, dtype=tf.float64
        )
        both = tf.concat(pair, 2)
    (found, last), w = run(both, states)
    want_fw, last_fw = expected(w, "bidirectional_rnn/fw", X, LENGTHS)
    back = reversed_by(X, LENGTHS)
    turned, last_bw = expected(w, "bidirectional_rnn/bw", back, LENGTHS)
    want = np.concatenate([want_fw, reversed_by(turned, LENGTHS)], 2)
    np.testing.assert_allclose(found, want, rtol=1e-12)
    np.testing.assert_allclose(last[0], last_fw, rtol=1e-12)
    np.testing.assert_allclose(last[1], last_bw, rtol=1e-12)


def test_a_loop_that_the_program_governs() -> None:
    cell = Cell.BasicRNNCell(UNITS)
    rows = tf.TensorArray(tf.float64, TIME, clear_after_read=False).unstack(X.transpose(1, 0, 2))

    def govern(time: Any, output: Any, state: Any, count: Any) -> Any:
        first = output is None
        ended = time >= LENGTHS
        following = tf.cond(
            tf.reduce_all(ended),
            lambda: tf.zeros([BATCH, DEPTH], tf.float64),
            lambda: rows.read(time),
        )
        following.set_shape([BATCH, DEPTH])
        start = cell.zero_state(BATCH, tf.float64) if first else state
        return ended, following, start, output, tf.constant(0) if first else count + 1

    emits, state, count = tf.nn.raw_rnn(cell, govern)
    (found, last, steps), w = run(emits.stack(), state, count)
    want, want_last = expected(w, "rnn", X, LENGTHS)
    np.testing.assert_allclose(found.transpose(1, 0, 2), want, rtol=1e-12)
    np.testing.assert_allclose(last, want_last, rtol=1e-12)
    assert steps == TIME


@pytest.mark.parametrize("make", [Cell.BasicRNNCell, Cell.GRUCell, Cell.BasicLSTMCell])
def test_the_loop_and_the_unrolled_steps_have_equal_gradients(make: Any) -> None:
    x: Any = tf.constant(X)
    with tf.variable_scope("a"):
        looped, _ = tf.nn.dynamic_rnn(make(UNITS), x, LENGTHS, dtype=tf.float64)
    with tf.variable_scope("b"):
        unrolled, _ = tf.nn.static_rnn(
            make(UNITS), tf.unstack(x, axis=1), dtype=tf.float64, sequence_length=LENGTHS
        )
    in_a = [v for v in tf.trainable_variables() if v.name.startswith("a/")]
    in_b = [v for v in tf.trainable_variables() if v.name.startswith("b/")]
    grads_a = tf.gradients(tf.sin(looped), [x, *in_a])
    grads_b = tf.gradients(tf.sin(tf.stack(unrolled, 1)), [x, *in_b])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for a, b in zip(in_a, in_b, strict=True):
            b.load(a.eval(session=session), session)
        for a, b in zip(*session.run([grads_a, grads_b]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def test_training() -> None:
    """A cell learns to remember the first element."""
    x = tf.placeholder(tf.float32, [None, 4, 1])
    _, state = tf.nn.dynamic_rnn(Cell.LSTMCell(8), x, dtype=tf.float32)
    loss = tf.losses.mean_squared_error(x[:, 0], tf.layers.dense(state.h, 1))
    step = tf.train.AdamOptimizer(0.03).minimize(loss)
    data = np.random.default_rng(0).standard_normal((32, 4, 1))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run(loss, {x: data})
        for _ in range(150):
            session.run(step, {x: data})
        assert session.run(loss, {x: data}) < before / 20


def test_arguments_that_do_not_fit() -> None:
    cell = Cell.BasicRNNCell(UNITS)
    x: Any = tf.constant(X)
    with pytest.raises(TypeError, match="is not an RNNCell"):
        tf.nn.dynamic_rnn(3, x, dtype=tf.float64)
    with pytest.raises(ValueError, match="you must give a dtype"):
        tf.nn.dynamic_rnn(cell, x)
    with pytest.raises(ValueError, match="must be a vector of length batch_size"):
        tf.nn.dynamic_rnn(cell, x, [[1]], dtype=tf.float64)
    with pytest.raises(TypeError, match="inputs must be a sequence"):
        tf.nn.static_rnn(cell, x, dtype=tf.float64)
    with pytest.raises(ValueError, match="must not be empty"):
        tf.nn.static_rnn(cell, [], dtype=tf.float64)
    lengths = tf.placeholder(tf.int32, [None])
    outputs, _ = tf.nn.dynamic_rnn(cell, x, lengths, dtype=tf.float64)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected shape for Tensor"):
        run(outputs, feeds={lengths: [1, 2]})


def test_layers_of_loops_are_compiled_whatever_the_lengths() -> None:
    """The number of steps of the second loop waits for no result of the first."""
    x = tf.placeholder(tf.float32, [None, TIME, DEPTH])
    lengths = tf.placeholder(tf.int32, [None])
    outputs, _ = tf.nn.dynamic_rnn(Cell.GRUCell(3), x, lengths, dtype=tf.float32)
    with tf.variable_scope("second"):
        outputs, _ = tf.nn.dynamic_rnn(Cell.GRUCell(3), outputs, lengths, dtype=tf.float32)
    step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(outputs))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.compile_count
        session.run(step, {x: X, lengths: LENGTHS})
        count = session.compile_count
        session.run(step, {x: X[:2], lengths: LENGTHS[1:]})
        assert session.compile_count == count
        assert count - before <= 3  # what counts the steps, the rest, and what updates
