"""Activation functions of neural networks and the ops that compute their gradients."""

from __future__ import annotations

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, merge_shapes
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


@op("Relu(features: T; T: {real, qint8}) -> activations: T")
def relu(b: Builder, features: Value) -> Value:
    """max(x, 0)."""
    return b.maximum(features, 0)


@relu.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("ReluGrad", grad, op.outputs[0]),)


@op("ReluGrad(gradients: T, features: T; T: {real}) -> backprops: T")
def relu_grad(b: Builder, gradients: Value, features: Value) -> Value:
    """The gradients where features > 0."""
    merge_shapes(b, "ReluGrad", gradients, features)
    return b.select(b.gt(features, 0), gradients, b.zeros_like(gradients))


@relu_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[1]
    return g("ReluGrad", grad, x), g("ZerosLike", x)


@op("Relu6(features: T; T: {real}) -> activations: T")
def relu6(b: Builder, features: Value) -> Value:
    """min(max(x, 0), 6)."""
    return b.minimum(b.maximum(features, 0), 6)


@relu6.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("Relu6Grad", grad, op.outputs[0]),)


@op("Relu6Grad(gradients: T, features: T; T: {real}) -> backprops: T")
def relu6_grad(b: Builder, gradients: Value, features: Value) -> Value:
    """The gradients where 0 < features < 6."""
    merge_shapes(b, "Relu6Grad", gradients, features)
    inside = b.and_(b.gt(features, 0), b.lt(features, 6))
    return b.select(inside, gradients, b.zeros_like(gradients))


@relu6_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[1]
    return g("Relu6Grad", grad, x), g("ZerosLike", x)


@op("LeakyRelu(features: T; alpha: float = 0.2, T: {float} = float32) -> activations: T")
def leaky_relu(b: Builder, features: Value, *, alpha: float) -> Value:
    """x where it is positive, else alpha * x."""
    scaled = b.multiply(features, alpha)
    return b.select(b.gt(features, 0), features, scaled)


@leaky_relu.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("LeakyReluGrad", grad, op.inputs[0], alpha=op.get_attr("alpha")),)


@op(
    "LeakyReluGrad(gradients: T, features: T; alpha: float = 0.2, T: {float} = float32)"
    " -> backprops: T"
)
def leaky_relu_grad(b: Builder, gradients: Value, features: Value, *, alpha: float) -> Value:
    """The gradients, times alpha where features <= 0."""
    merge_shapes(b, "LeakyReluGrad", gradients, features)
    return b.select(b.gt(features, 0), gradients, b.multiply(gradients, alpha))


@leaky_relu_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[1]
    return g("LeakyReluGrad", grad, x, alpha=op.get_attr("alpha")), g("ZerosLike", x)


@op("Elu(features: T; T: {float}) -> activations: T")
def elu(b: Builder, features: Value) -> Value:
    """x where it is positive, else exp(x) - 1."""
    return b.select(b.lt(features, 0), b.exponential_minus_one(features), features)


@elu.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("EluGrad", grad, op.outputs[0]),)


@op("EluGrad(gradients: T, outputs: T; T: {float}) -> backprops: T")
def elu_grad(b: Builder, gradients: Value, outputs: Value) -> Value:
    """The gradients, times outputs + 1 where outputs < 0."""
    slope = b.multiply(b.add(outputs, 1), gradients)
    return b.select(b.lt(outputs, 0), slope, gradients)


@elu_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    gradients, x = op.inputs
    second = g(
        "SelectV2", g("Less", x, g.constant(0, x.dtype)), grad * gradients, g("ZerosLike", x)
    )
    return g("EluGrad", grad, x), second


_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.7580993408473768599402175208123  # scale * alpha of Klambauer et al. (2017)


@op("Selu(features: T; T: {float}) -> activations: T")
def selu(b: Builder, features: Value) -> Value:
    """scale * x where x is positive, else scale * alpha * (exp(x) - 1)."""
    # TensorFlow's kernel cancels near 0 in this way, and the gradient depends on the result's sign.
    below = b.multiply(b.subtract(b.exponential(features), 1), _SELU_ALPHA)
    return b.select(b.lt(features, 0), below, b.multiply(features, _SELU_SCALE))


@selu.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("SeluGrad", grad, op.outputs[0]),)


@op("SeluGrad(gradients: T, outputs: T; T: {float}) -> backprops: T")
def selu_grad(b: Builder, gradients: Value, outputs: Value) -> Value:
    """The gradients times scale, or times outputs + scale * alpha where outputs < 0."""
    below = b.multiply(gradients, b.add(outputs, _SELU_ALPHA))
    return b.select(b.lt(outputs, 0), below, b.multiply(gradients, _SELU_SCALE))


@selu_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    gradients, x = op.inputs
    second = g(
        "SelectV2", g("Less", x, g.constant(0, x.dtype)), grad * gradients, g("ZerosLike", x)
    )
    return g("SeluGrad", grad, x), second


@op("Softplus(features: T; T: {float}) -> activations: T")
def softplus(b: Builder, features: Value) -> Value:
    """log(1 + exp(x)), as max(x, 0) + log(1 + exp(-|x|)) so that nothing overflows."""
    rest = b.log_plus_one(b.exponential(b.negate(b.abs(features))))
    return b.add(b.maximum(features, 0), rest)


@softplus.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Sigmoid", op.inputs[0]),)


@op("SoftplusGrad(gradients: T, features: T; T: {float}) -> backprops: T")
def softplus_grad(b: Builder, gradients: Value, features: Value) -> Value:
    """gradients / (exp(-x) + 1)."""
    return b.divide(gradients, b.add(b.exponential(b.negate(features)), 1))


@softplus_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    dy, x = op.inputs
    return g("SoftplusGrad", grad, x), grad * dy / (g("Exp", -x) + 2.0 + g("Exp", x))


@op("Softsign(features: T; T: {float}) -> activations: T")
def softsign(b: Builder, features: Value) -> Value:
    """x / (|x| + 1)."""
    return b.divide(features, b.add(b.abs(features), 1))


@softsign.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("SoftsignGrad", grad, op.inputs[0]),)


@op("SoftsignGrad(gradients: T, features: T; T: {float}) -> backprops: T")
def softsign_grad(b: Builder, gradients: Value, features: Value) -> Value:
    """gradients / (1 + |x|)**2."""
    root = b.add(b.abs(features), 1)
    return b.divide(gradients, b.multiply(root, root))
