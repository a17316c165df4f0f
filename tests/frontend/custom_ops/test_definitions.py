"""Ops that a program defines in Python."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc import custom_ops

RANDOM = np.random.default_rng(0)


def random(*shape: int) -> Any:
    return RANDOM.normal(size=shape).astype(np.float32)


def define_hypot() -> custom_ops.CustomOp:
    @custom_ops.op("Hypot(x: T, y: T; T: {float32, float64}) -> z: T")
    def hypot(b: Any, x: Any, y: Any) -> Any:
        """The length of (x, y)."""
        return b.sqrt(b.add(b.multiply(x, x), b.multiply(y, y)))

    @hypot.gradient
    def _(g: Any, op: Any, grad: Any) -> Any:
        x, y = op.inputs
        return grad * x / op.outputs[0], grad * y / op.outputs[0]

    return hypot


def define_median() -> custom_ops.CustomOp:
    @custom_ops.host_op("Median(x: T[...,:]; T: {float32}, keep: bool = false) -> y: T")
    def median(x: Any, *, keep: bool) -> Any:
        """The median of each row."""
        return np.median(x, -1, keepdims=keep).astype(x.dtype)

    @median.infer
    def _(b: Any, x: Any, *, keep: bool) -> Any:
        *outer, _ = b.shape(x)
        return custom_ops.abstract(b, x.type.dtype, *outer, *([1] if keep else []))

    return median


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feeds)


def test_lowering_is_compiled_with_its_neighbours() -> None:
    hypot = define_hypot()
    x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3])
    z = hypot(x, y)
    assert z.op.type == "Hypot" and z.shape.as_list() == [None, 3]
    a, b = random(4, 3), random(4, 3)
    with tf.Session() as session:
        found = session.run(z * 2.0 + 1.0, {x: a, y: b})
        assert session.compile_count == 1
    np.testing.assert_allclose(found, np.hypot(a, b) * 2 + 1, rtol=1e-5)


def test_gradient() -> None:
    hypot = define_hypot()
    x, y = (tf.constant(random(5)) for _ in range(2))
    found = tf.gradients(hypot(x, y), [x, y])
    a, b, dx, dy = run([x, y, *found])
    np.testing.assert_allclose(dx, a / np.hypot(a, b), rtol=1e-4)
    np.testing.assert_allclose(dy, b / np.hypot(a, b), rtol=1e-4)


def test_gradient_that_is_registered_elsewhere() -> None:
    median = define_median()

    @tf.RegisterGradient("Median")
    def _(op: Any, grad: Any) -> Any:
        hits = tf.cast(tf.equal(op.inputs[0], tf.expand_dims(op.outputs[0], -1)), tf.float32)
        return hits * tf.expand_dims(grad, -1)

    x = tf.placeholder(tf.float32)
    y = tf.reduce_sum(tf.square(median(x)))
    (dx,) = tf.gradients(y, [x])
    found = run(dx, {x: [[3.0, 1.0, 2.0]]})
    assert found.tolist() == [[0.0, 0.0, 4.0]]


def test_kernel_takes_any_shape() -> None:
    median = define_median()
    x = tf.placeholder(tf.float32)
    y = median(x, keep=True, name="middle")
    assert y.op.name == "middle" and y.shape.ndims is None
    value = random(2, 3, 5)
    np.testing.assert_array_equal(run(y + 0.0, {x: value}), np.median(value, -1, keepdims=True))
    known = median(tf.placeholder(tf.float32, [None, 7]))
    assert known.shape.as_list() == [None]


def test_calls_as_python_has_them() -> None:
    median = define_median()
    assert str(inspect.signature(median)) == "(x, keep=False, *, name=None)"
    assert "The median of each row." in (median.__doc__ or "")
    x = random(3, 3)
    for y in (median(x, True), median(x=x, keep=True), median(x, keep=True)):
        assert y.shape.as_list() == [3, 1]
    with pytest.raises(TypeError, match="no value for input 'x'"):
        median(keep=True)
    with pytest.raises(TypeError, match="several values for 'x'"):
        median(x, x=x)
    with pytest.raises(TypeError, match="takes 2 arguments, not 3"):
        median(x, True, 1)
    with pytest.raises(TypeError, match="unexpected"):
        median(x, sharp=True)


def test_graphs_with_the_op_are_exported_and_imported() -> None:
    hypot = define_hypot()
    with tf.Graph().as_default() as graph:
        hypot(tf.constant(3.0), tf.constant(4.0), name="z")
        graph_def = graph.as_graph_def()
    with tf.Graph().as_default():
        found = tf.import_graph_def(graph_def, return_elements=["z:0"])
        assert found is not None and run(found[0]) == 5.0


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("nonsense", ValueError, "not an op signature: 'nonsense'"),
        ("Twice(x: floaty) -> y: float32", ValueError, "not an op signature"),
        ("twice(x: float32) -> y: float32", ValueError, "begins with a capital letter"),
        ("Relu(x: float32) -> y: float32", tf.errors.AlreadyExistsError, "Relu is already defined"),
    ],
)
def test_definitions_that_are_refused(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        custom_ops.host_op(text)(lambda x: x)


def test_ops_inside_of_control_flow() -> None:
    hypot, median = define_hypot(), define_median()
    x = tf.placeholder(tf.float32, [None])

    def body(i: Any, value: Any) -> Any:
        return i + 1, hypot(value, tf.fill(tf.shape(value), median(value)))

    _, looped = tf.while_loop(lambda i, _: i < 2, body, [0, x])
    chosen = tf.cond(tf.reduce_sum(x) > 0.0, lambda: median(x), lambda: -median(x))
    value = np.array([3.0, 4.0, 5.0], np.float32)
    expected = value
    for _ in range(2):
        expected = np.hypot(expected, np.median(expected))
    found, middle = run([looped, chosen], {x: value})
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert middle == 4.0 and run(chosen, {x: -value}) == 4.0


# What a program's functions do wrong


def broken(result: Any, shape: Any = None) -> Any:
    """A node named `bad` whose kernel gives a result, or raises it."""

    @custom_ops.host_op("Broken(x: float32) -> y: float32")
    def kernel(x: Any) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    if shape is not None:
        kernel.infer(lambda b, x: custom_ops.abstract(b, x.type.dtype, *shape))
    return kernel(tf.placeholder_with_default([1.0], None), name="bad")


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.float64(1), "value returned by the kernel of Broken is float64, but expects float32"),
        ([np.float32(1)] * 2, "returns 2 values, but expects to see 1"),
        (None, "returns 0 values, but expects to see 1"),
        (TypeError("odd"), "TypeError: odd"),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_a_kernel_that_is_wrong(result: Any, message: str) -> None:
    y = broken(result)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"Broken 'bad': .*{message}") as found:
        run(y)
    assert found.value.op is y.op


def test_errors_of_a_kernel() -> None:
    with pytest.raises(tf.errors.OutOfRangeError, match="end of the tape"):
        run(broken(tf.errors.OutOfRangeError(None, None, "end of the tape")))

    @custom_ops.host_op("Broken2(x: float32) -> y: float32")
    def kernel(x: Any) -> Any:
        raise KeyError("odd")

    with pytest.raises(tf.errors.UnknownError, match="KeyError: 'odd'") as caught:
        run(kernel(1.0))
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_kernel_whose_shape_is_not_the_promised_one() -> None:
    y = broken(np.zeros((3, 2), np.float32), shape=(None, 4))
    with pytest.raises(tf.errors.InvalidArgumentError) as found:
        run(y * 2.0)
    assert "output 0 of the kernel of Broken has shape [3, 2]" in str(found.value)
    assert "its shape function says [None, 4]" in str(found.value)


@pytest.mark.parametrize(
    ("lower", "message"),
    [
        (lambda b, x: b.gt(x, 0), "is bool, the signature says float32"),
        (lambda b, x: (x, x), "the lowering returns 2 values, the signature has 1 outputs"),
        (lambda b, x: 3.0, "is no value of the builder: 3.0"),
        (lambda b, x: x + 1, "TypeError: "),
        (lambda b, x: b.multiply(x, b.reshape(x, (7,))), ""),
    ],
)
def test_a_lowering_that_is_wrong(lower: Any, message: str) -> None:
    made = custom_ops.op("Wrong(x: float32) -> y: float32")(lower)
    with pytest.raises(ValueError, match=f"Wrong '.*': .*{message}"):
        made(tf.placeholder(tf.float32, [3]))
    fed = tf.placeholder(tf.float32)
    raised = (ValueError, tf.errors.InvalidArgumentError)  # without a rank, some only when it runs
    with pytest.raises(raised, match=f"Wrong '.*': .*{message}"):
        run(made(fed), {fed: [1.0, 2.0]})


# Functions in Python, without an op of their own


def test_gradient_of_py_func() -> None:
    @tf.RegisterGradient("CubeGrad")
    def _(op: Any, grad: Any) -> Any:
        return 3.0 * tf.square(op.inputs[0]) * grad

    x = tf.placeholder(tf.float32)
    with tf.get_default_graph().gradient_override_map({"PyFunc": "CubeGrad"}):
        y = tf.py_func(lambda v: v**3, [x], tf.float32)
    y.set_shape([2])
    (dx,) = tf.gradients(y * 2.0, [x])
    assert run(dx, {x: [1.0, 2.0]}).tolist() == [6.0, 24.0]
