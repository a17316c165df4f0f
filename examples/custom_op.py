"""Three ways to add an op in Python: a compiled lowering, a NumPy kernel, a function.

python examples/custom_op.py
"""

from __future__ import annotations

from typing import Any

import numpy as np

import flowc as tf
from flowc import custom_ops

Array = np.ndarray[Any, Any]


# 1. By its lowering: mathematics that is compiled, and fused with what stands around it.


@custom_ops.op("Swish(x: T; T: {float16, float32, float64}, beta: float = 1.0) -> y: T")
def swish(b: custom_ops.Builder, x: custom_ops.Value, *, beta: float) -> custom_ops.Value:
    """x * sigmoid(beta * x)."""
    return b.multiply(x, b.logistic(b.multiply(x, beta)))


@swish.gradient
def _(g: Any, op: Any, grad: Any) -> Any:
    x, y, beta = op.inputs[0], op.outputs[0], op.get_attr("beta")
    gate = g("Sigmoid", x * beta)
    return (grad * (gate + y * beta * (1.0 - gate)),)


# 2. By a kernel over NumPy arrays: it runs on the host, between the compiled parts.


@custom_ops.host_op("RowMedian(x: T[...,:]; T: {float32, float64}) -> y: T")
def row_median(x: Array) -> Array:
    """The median along the last axis."""
    return np.median(x, -1).astype(x.dtype)


@row_median.infer
def _(b: custom_ops.Builder, x: custom_ops.Value) -> custom_ops.Value:
    return custom_ops.abstract(b, x.type.dtype, *b.shape(x)[:-1])


@tf.RegisterGradient("RowMedian")
def _(op: Any, grad: Any) -> Any:
    x, y = op.inputs[0], op.outputs[0]
    hits = tf.cast(tf.equal(x, tf.expand_dims(y, -1)), x.dtype)
    return hits * tf.expand_dims(grad, -1)


# 3. By a function, for this graph alone; its gradient is registered under a name of its own.


@tf.RegisterGradient("CubeGradient")
def _(op: Any, grad: Any) -> Any:
    return 3.0 * tf.square(op.inputs[0]) * grad


def cube(x: tf.Tensor) -> tf.Tensor:
    """x**3, by NumPy."""
    with tf.get_default_graph().gradient_override_map({"PyFunc": "CubeGradient"}):
        y: tf.Tensor = tf.py_func(lambda value: value**3, [x], tf.float32)
    y.set_shape(x.shape)
    return y


def main() -> None:
    """Use all three in one graph, and differentiate it."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = cube(row_median(swish(x, beta=2.0)))
    (slope,) = tf.gradients(y, [x])
    with tf.Session() as session:
        values = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, -1.0]], np.float32)
        results, slopes = session.run([y, slope], {x: values})
        print("values", results)
        print("slopes", slopes)
        print(f"compiled {session.compile_count} parts")


if __name__ == "__main__":
    main()
