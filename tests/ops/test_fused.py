"""Nodes that TensorFlow's optimisers merge: each gives what the ops that it was made of give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend import apply
from flowc.ir.proto import GraphDef, NodeDef
from flowc.ops.graph_values import python_to_attr

RANDOM = np.random.default_rng(0)

ACTIVATIONS = {
    "Relu": tf.nn.relu,
    "Relu6": tf.nn.relu6,
    "Elu": tf.nn.elu,
    "LeakyRelu": lambda x: tf.nn.leaky_relu(x, 0.3),
    "Tanh": tf.tanh,
    "Sigmoid": tf.sigmoid,
    "GeluExact": lambda x: tf.nn.gelu(x, approximate=False),
    "GeluApproximate": lambda x: tf.nn.gelu(x, approximate=True),
}
CHAINS = [
    [head, *tail]
    for head in ("BiasAdd", "FusedBatchNorm")
    for tail in ([], *([name] for name in ACTIVATIONS))
]
CHAINS.append(["BiasAdd", "Add", "Relu"])


def build(op: str, *inputs: Any, **attrs: Any) -> Any:
    """A node, under a name that does not begin with `_`."""
    return apply.build(op, *inputs, name=op.strip("_"), **attrs)


def random(*shape: int) -> Any:
    return RANDOM.normal(size=shape).astype(np.float32)


def arguments(chain: list[str], shape: tuple[int, ...]) -> list[Any]:
    """What the ops of a chain take beside the product."""
    found: list[Any] = []
    for name in chain:
        if name == "BiasAdd":
            found.append(random(3))
        elif name == "FusedBatchNorm":
            found += [random(3), random(3), random(3), np.abs(random(3)) + 0.1]
        elif name == "Add":
            found.append(random(*shape))
    return found


def applied(x: Any, chain: list[str], args: list[Any], axis: int = -1) -> Any:
    """The chain, one op after the other; `axis` is that of the features."""
    remaining = [a.reshape([-1, 1, 1]) if axis == 1 and np.ndim(a) == 1 else a for a in args]
    for name in chain:
        if name in ("BiasAdd", "Add"):
            x = x + remaining.pop(0)
        elif name == "FusedBatchNorm":
            scale, offset, mean, variance = (remaining.pop(0) for _ in range(4))
            x = (x - mean) / tf.sqrt(variance + np.float32(0.001)) * scale + offset
        else:
            x = ACTIVATIONS[name](x)
    return x


def compare(fused: Any, plain: Any) -> None:
    with tf.Session() as session:
        got, expected = session.run([fused, plain])
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("chain", CHAINS, ids="+".join)
def test_matmul(chain: list[str]) -> None:
    a, b = random(5, 4), random(5, 3)
    args = arguments(chain, (4, 3))
    fused = build(
        "_FusedMatMul",
        a,
        b,
        args,
        transpose_a=True,
        fused_ops=chain,
        epsilon=0.001,
        leakyrelu_alpha=0.3,
    )
    compare(fused, applied(tf.matmul(a, b, transpose_a=True), chain, args))


@pytest.mark.parametrize("chain", CHAINS, ids="+".join)
def test_conv2d(chain: list[str]) -> None:
    x, kernel = random(2, 5, 6, 2), random(3, 2, 2, 3)
    args = arguments(chain, (2, 3, 3, 3))
    fused = build(
        "_FusedConv2D",
        x,
        kernel,
        args,
        [],
        strides=[1, 2, 2, 1],
        padding="SAME",
        fused_ops=chain,
        epsilon=0.001,
        leakyrelu_alpha=0.3,
    )
    compare(fused, applied(tf.nn.conv2d(x, kernel, [1, 2, 2, 1], "SAME"), chain, args))


def test_conv2d_with_features_first() -> None:
    x, kernel, bias = random(2, 2, 5, 6), random(3, 2, 2, 3), random(3)
    attrs: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "VALID", "data_format": "NCHW"}
    fused = build("_FusedConv2D", x, kernel, [bias], [], fused_ops=["BiasAdd"], **attrs)
    compare(fused, applied(build("Conv2D", x, kernel, **attrs), ["BiasAdd"], [bias], axis=1))


def test_conv2d_of_an_old_producer() -> None:
    """Before the arguments could be of several types, `TArgs` was not there."""
    with tf.Graph().as_default() as graph:
        x = tf.constant(random(1, 4, 4, 2), name="x")
        kernel = tf.constant(random(2, 2, 2, 3), name="kernel")
        bias = tf.constant(random(3), name="bias")
        attrs = {
            "T": (tf.float32, "type"),
            "num_args": (1, "int"),
            "padding": ("SAME", "string"),
            "strides": ([1, 1, 1, 1], "list(int)"),
            "fused_ops": (["BiasAdd"], "list(string)"),
        }
        node = NodeDef(name="fused", op="_FusedConv2D", input=["x", "kernel", "bias"])
        for name, (value, kind) in attrs.items():
            node.attr[name].CopyFrom(python_to_attr(value, kind))
        found = tf.import_graph_def(
            GraphDef(node=[node]),
            {"x": x, "kernel": kernel, "bias": bias},
            return_elements=["fused:0"],
        )
        assert found is not None
        compare(found[0], tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME") + bias)
        assert len(graph.get_operations()) > 4


def test_depthwise_and_volumes() -> None:
    x, kernel, bias = random(2, 5, 6, 3), random(3, 2, 3, 1), random(3)
    attrs: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    chain = ["BiasAdd", "Relu"]
    fused = build("_FusedDepthwiseConv2dNative", x, kernel, [bias], fused_ops=chain, **attrs)
    compare(fused, applied(build("DepthwiseConv2dNative", x, kernel, **attrs), chain, [bias]))
    x, kernel = random(2, 3, 4, 5, 2), random(2, 2, 2, 2, 3)
    attrs = {"strides": [1, 1, 1, 1, 1], "padding": "VALID"}
    fused = build("_FusedConv3D", x, kernel, [bias], fused_ops=chain, **attrs)
    compare(fused, applied(build("Conv3D", x, kernel, **attrs), chain, [bias]))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("sides", [0, 1])
def test_batch_norm(training: bool, sides: int) -> None:
    x, scale, offset = random(2, 4, 4, 3), random(3), random(3)
    empty = np.zeros(0, np.float32)
    statistics = [empty, empty] if training else [random(3), np.abs(random(3))]
    residual = [random(2, 4, 4, 3)] * sides
    results = build(
        "_FusedBatchNormEx",
        x,
        scale,
        offset,
        *statistics,
        residual,
        activation_mode="Relu",
        is_training=training,
    )
    plain = build("FusedBatchNormV3", x, scale, offset, *statistics, is_training=training)
    compare(results[0], tf.nn.relu(plain[0] + (residual[0] if sides else 0.0)))
    compare(results[1], plain[1])


def test_what_cannot_be_fused() -> None:
    x = random(2, 2)
    with pytest.raises(ValueError, match="more arguments than the node has"):
        build("_FusedMatMul", x, x, [], fused_ops=["BiasAdd"])
    with pytest.raises(ValueError, match="more arguments than the fused ops need"):
        build("_FusedMatMul", x, x, [x[0]], fused_ops=["Relu"])
    with tf.Session() as session, pytest.raises(tf.errors.UnimplementedError, match="Swish"):
        session.run(
            build("_FusedMatMul", tf.placeholder_with_default(x, None), x, [], fused_ops=["Swish"])
        )


@pytest.mark.parametrize("mode", ["REFLECT", "SYMMETRIC"])
def test_padding_before_convolutions(mode: str) -> None:
    x, kernel, size = random(1, 4, 5, 2), random(3, 2, 2, 3), np.array([6, 7], np.int32)
    paddings = np.array([[0, 0], [1, 2], [2, 1], [0, 0]], np.int32)
    attrs: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "VALID"}
    plain = tf.nn.conv2d(tf.pad(x, paddings, mode), kernel, **attrs)
    compare(build("FusedPadConv2D", x, paddings, kernel, mode=mode, **attrs), plain)
    resized = tf.pad(build("ResizeBilinear", x, size), paddings, mode)
    fused = build("FusedResizeAndPadConv2D", x, size, paddings, kernel, mode=mode, **attrs)
    compare(fused, tf.nn.conv2d(resized, kernel, **attrs))
