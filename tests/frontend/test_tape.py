"""`tf.GradientTape` and `tf.function` in a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf


def values(fetches: Any) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches)


def test_watched_tensors() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert values(tape.gradient(y, x)) == 6
    with pytest.raises(RuntimeError, match="only be called once"):
        tape.gradient(y, x)


def test_what_is_not_watched() -> None:
    x, z = tf.constant(3.0), tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        y = x * x * z
    assert tape.gradient(y, x) is None
    assert values(tape.gradient(y, z)) == 9
    found = tape.gradient(y, {"x": x, "z": [z]}, unconnected_gradients="zero")
    assert values(found) == {"x": 0, "z": [9]}


@pytest.mark.parametrize("resource", [False, True])
def test_variables(resource: bool) -> None:
    w = tf.get_variable("w", initializer=[1.0, 2.0], use_resource=resource)
    fixed = tf.get_variable("f", initializer=[1.0, 2.0], trainable=False, use_resource=resource)
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_sum(w * w * fixed)
    assert tape.watched_variables() == (w,) or resource is False
    first, second = tape.gradient(loss, [w, fixed])
    assert values(first).tolist() == [2, 8]
    assert second is None
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(fixed)
        loss = tf.reduce_sum(w * w * fixed)
    first, second = tape.gradient(loss, [w, fixed])
    assert first is None
    assert values(second).tolist() == [1, 4]


def test_what_is_computed_elsewhere_is_constant() -> None:
    x = tf.constant(3.0)
    before = x * x
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with tape.stop_recording():
            beside = x * 10.0
        y = x * before + x * beside
    assert values(tape.gradient(y, x)) == 9 + 30
    outside = y * 2.0
    assert tape.gradient(outside, x) is None
    with pytest.raises(ValueError, match="not recording"), tape.stop_recording():
        pass


def test_intermediate_tensors_and_weights() -> None:
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert values(tape.gradient(z, y)).tolist() == [2, 8]
    weighted = tape.gradient(z, x, output_gradients=tf.constant([1.0, 10.0]))
    assert values(weighted).tolist() == [4, 320]
    assert values(tape.gradient([y, z], x)).tolist() == [6, 36]


def test_tapes_within_tapes() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        first = inner.gradient(y, x)
    assert values([first, outer.gradient(first, x)]) == [27, 18]
    with tf.GradientTape() as tape:
        tape.reset()
        tape.watch(x)
        with pytest.raises(ValueError, match="already recording"), tape:
            pass


def test_jacobians() -> None:
    x = tf.constant([1.0, 2.0, 3.0])
    w = tf.get_variable("w", initializer=np.array([[1, 2, 3], [4, 5, 6]], np.float32))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.linalg.matvec(w, x * x)
        batch = tf.reshape(x, [3, 1]) * tf.constant([[1.0, 2.0]])
        rows = tf.reshape(x, [3, 1])
        tape.watch(rows)
        products = tf.concat([rows * rows, rows * 3.0], 1)
    by_x, by_w = values(tape.jacobian(y, [x, w]))
    assert by_x.tolist() == [[2, 8, 18], [8, 20, 36]]
    assert by_w.shape == (2, 2, 3)
    assert by_w[0].tolist() == [[1, 4, 9], [0, 0, 0]]
    assert tape.jacobian(y, tf.constant(1.0)) is None
    assert values(tape.jacobian(batch, x)).shape == (3, 2, 3)
    of_rows = values(tape.batch_jacobian(products, rows))
    assert of_rows[:, :, 0].tolist() == [[2, 3], [4, 3], [6, 3]]
    with pytest.raises(NotImplementedError, match="known shapes"):
        tape.jacobian(tf.placeholder(tf.float32), x)


def test_training_with_a_tape() -> None:
    w = tf.get_variable("w", initializer=5.0)
    optimizer = tf.train.GradientDescentOptimizer(0.25)
    with tf.GradientTape() as tape:
        loss = tf.square(w - 1.0)
    train = optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(20):
            session.run(train)
        assert session.run(w) == pytest.approx(1.0, abs=1e-4)


# tf.function


def test_functions() -> None:
    calls = []

    @tf.function
    def double(x: Any, scale: float = 2.0) -> Any:
        """Doc."""
        calls.append(x)
        return x * scale

    assert values(double(tf.constant(3.0))) == 6
    assert values(double(4.0, scale=3.0)) == 12
    assert len(calls) == 2
    assert double.__doc__ == "Doc."
    assert double.python_function is double.__wrapped__


def test_signatures() -> None:
    signature = [tf.TensorSpec([None], tf.float32), [tf.TensorSpec([], tf.int32)]]

    @tf.function(input_signature=signature)  # type: ignore[untyped-decorator]
    def total(x: Any, parts: Any) -> Any:
        assert x.dtype is tf.float32
        return tf.reduce_sum(x) + tf.cast(parts[0], tf.float32)

    assert values(total([1, 2], [3])) == 6
    with pytest.raises(ValueError, match="incompatible with input_signature"):
        total(tf.zeros([1, 2]), [3])
    with pytest.raises(TypeError, match="takes 2 positional"):
        total([1.0])
    with pytest.raises(TypeError, match="tuple or a list"):
        tf.function(input_signature=3)(len)  # type: ignore[arg-type]

    class Model:
        @tf.function(input_signature=[tf.TensorSpec([])])  # type: ignore[untyped-decorator]
        def call(self, x: Any) -> Any:
            return x + self.bias

        bias = 2.0

    assert values(Model().call(1)) == 3


def test_specifications() -> None:
    spec = tf.TensorSpec([None, 2], tf.int32, "x")
    assert spec == tf.TensorSpec.from_spec(spec)
    assert spec != tf.TensorSpec([None, 2], tf.int32)
    assert spec.is_compatible_with(tf.zeros([3, 2], tf.int32))
    assert not spec.is_compatible_with(tf.zeros([3, 2]))
    assert tf.TensorSpec.from_tensor(tf.zeros([3], name="z")).name == "z"
    assert "TensorSpec" in repr(spec)
