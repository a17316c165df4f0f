"""The nodes that TensorFlow's graph optimiser (grappler) makes of a product and what follows it.

A frozen graph that was optimised before it was saved has `_FusedConv2D` for a convolution with its
bias and activation, `_FusedMatMul` and `_FusedBatchNormEx` likewise. They are lowered to what they
were made of; fusion is up to the passes. Nobody differentiates them, so they have no gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from flowc.ir.errors import UnimplementedError
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import fail, in_float32, require_rank
from flowc.ops.elementwise.activations import elu, leaky_relu, relu, relu6
from flowc.ops.linear_algebra.products import matmul
from flowc.ops.networks.convolutions import conv2d, conv3d, depthwise_conv2d
from flowc.ops.networks.normalization import fused_batch_norm_v3
from flowc.ops.networks.windows import layout
from flowc.ops.registry import OpDefinition, op
from flowc.ops.terms import Term

_FUSED = (
    "fused_ops: list(string) = [], epsilon: float = 0.0001, leakyrelu_alpha: float = 0.2,"
    " num_args: int >= 0"
)


# What follows the product


def _gelu_exact(b: Builder, x: Value) -> Value:
    """x times the normal distribution function of x."""
    half = b.multiply(x, 0.5)
    return b.multiply(half, b.add(b.erf(b.multiply(x, float(np.sqrt(0.5)))), 1.0))


def _gelu_approximate(b: Builder, x: Value) -> Value:
    """0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (D. Hendrycks, K. Gimpel, 2016)."""
    t = Term(b, x)
    inner = (t + t * t * t * 0.044715) * float(np.sqrt(2 / np.pi))
    return (t * 0.5 * (Term(b, b.tanh(inner.value)) + 1.0)).value


def _lowered(definition: OpDefinition) -> Callable[..., Value]:
    assert definition.lower is not None
    return definition.lower


_ACTIVATIONS: Mapping[str, Callable[[Builder, Value], Value]] = {
    "Relu": _lowered(relu),
    "Relu6": _lowered(relu6),
    "Elu": _lowered(elu),
    "Tanh": Builder.tanh,
    "Sigmoid": Builder.logistic,
    "GeluExact": lambda b, x: in_float32(b, x, lambda wide: _gelu_exact(b, wide)),
    "GeluApproximate": lambda b, x: in_float32(b, x, lambda wide: _gelu_approximate(b, wide)),
}


class _Epilogue:
    """What a fused node does to its product, one op after the other."""

    def __init__(
        self, b: Builder, axis: int, args: Sequence[Value], epsilon: float, alpha: float
    ) -> None:
        self.b = b
        self.axis = axis  # of the features
        self.args = iter(args)
        self.epsilon = epsilon
        self.alpha = alpha

    def apply(self, name: str, x: Value) -> Value:
        """The result of one op. Raises UnimplementedError for one that is not known."""
        match name:
            case "BiasAdd":
                return self.b.add(x, self._spread(self._next(1)[0], x))
            case "Add":
                return self.b.add(*self.b.broadcast(x, self._next(1)[0]))
            case "FusedBatchNorm":
                return self._normalized(x)
            case "LeakyRelu":
                return _lowered(leaky_relu)(self.b, x, alpha=self.alpha)
        if name not in _ACTIVATIONS:
            raise UnimplementedError(None, None, f"{name} cannot be part of a fused node")
        return _ACTIVATIONS[name](self.b, x)

    def _normalized(self, x: Value) -> Value:
        parts = [Term(self.b, self._spread(value, x)) for value in self._next(4)]
        scale, offset, mean, variance = parts
        deviation = Term(self.b, self.b.sqrt((variance + self.epsilon).value))
        return ((Term(self.b, x) - mean) * (scale / deviation) + offset).value

    def _spread(self, vector: Value, x: Value) -> Value:
        """A number for each feature, repeated over all the rest."""
        (count,) = require_rank(self.b, vector, 1, "what is added to each feature")
        features = self.b.shape(x)[self.axis]
        same = self.b.assumptions.equal(count, features)
        require(same, f"{count} numbers do not fit {features} features")
        return self.b.broadcast_in_dim(vector, self.b.shape(x), (self.axis,))

    def _next(self, count: int) -> list[Value]:
        found = list(islice(self.args, count))
        require(len(found) == count, "the fused ops need more arguments than the node has")
        return found


def _finish(
    b: Builder,
    product: Value,
    axis: int,
    args: Sequence[Value],
    fused_ops: Sequence[str],
    epsilon: float,
    alpha: float,
) -> Value:
    epilogue = _Epilogue(b, axis, args, epsilon, alpha)
    for name in fused_ops:
        product = epilogue.apply(name, product)
    require(not list(epilogue.args), "the node has more arguments than the fused ops need")
    return product


# Products


@op(
    "_FusedMatMul(a: T[:,:], b: T[:,:], args: num_args*T; transpose_a: bool = false,"
    f" transpose_b: bool = false, T: {{float}}, {_FUSED}) -> product: T"
)
def fused_matmul(
    b: Builder,
    left: Value,
    right: Value,
    args: list[Value],
    *,
    transpose_a: bool,
    transpose_b: bool,
    fused_ops: Sequence[str],
    epsilon: float,
    leakyrelu_alpha: float,
) -> Value:
    """A matrix product, and what `fused_ops` do to it."""
    product = _lowered(matmul)(b, left, right, transpose_a=transpose_a, transpose_b=transpose_b)
    return _finish(b, product, 1, args, fused_ops, epsilon, leakyrelu_alpha)


@op(
    "_FusedConv2D(input: T[:,:,:,:], filter: T[:,:,:,:], args: num_args*T,"
    " host_args: num_host_args*float32; T: {float}, TArgs: list(type) = [],"
    f" num_host_args: int >= 0 = 0, {_FUSED}, strides: list(int),"
    ' padding: {"SAME", "VALID", "EXPLICIT"}, explicit_paddings: list(int) = [],'
    ' data_format: {"NHWC", "NCHW"} = "NHWC", filter_format: {"HWIO", "OIHW"} = "HWIO",'
    " dilations: list(int) = [1, 1, 1, 1], use_cudnn_on_gpu: bool = true) -> output: T"
)
def fused_conv2d(
    b: Builder,
    input: Value,
    filter: Value,
    args: list[Value],
    host_args: list[Value],
    *,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    filter_format: str,
    dilations: Sequence[int],
    fused_ops: Sequence[str],
    epsilon: float,
    leakyrelu_alpha: float,
) -> Value:
    """A convolution, and what `fused_ops` do to it."""
    require(not host_args, "arguments in the host's memory have no meaning here")
    if filter_format == "OIHW":
        filter = b.transpose(filter, (2, 3, 1, 0))
    product = _lowered(conv2d)(
        b,
        input,
        filter,
        strides=strides,
        padding=padding,
        explicit_paddings=explicit_paddings,
        data_format=data_format,
        dilations=dilations,
    )
    axis = layout(data_format).feature
    return _finish(b, product, axis, args, fused_ops, epsilon, leakyrelu_alpha)


@op(
    "_FusedDepthwiseConv2dNative(input: T[:,:,:,:], filter: T[:,:,:,:], args: num_args*T;"
    f' T: {{float}}, {_FUSED}, strides: list(int), padding: {{"SAME", "VALID"}},'
    ' data_format: {"NHWC", "NCHW"} = "NHWC", dilations: list(int) = [1, 1, 1, 1]) -> output: T'
)
def fused_depthwise_conv2d(
    b: Builder,
    input: Value,
    filter: Value,
    args: list[Value],
    *,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilations: Sequence[int],
    fused_ops: Sequence[str],
    epsilon: float,
    leakyrelu_alpha: float,
) -> Value:
    """A depthwise convolution, and what `fused_ops` do to it."""
    product = _lowered(depthwise_conv2d)(
        b,
        input,
        filter,
        strides=strides,
        padding=padding,
        explicit_paddings=(),
        data_format=data_format,
        dilations=dilations,
    )
    axis = layout(data_format).feature
    return _finish(b, product, axis, args, fused_ops, epsilon, leakyrelu_alpha)


@op(
    "_FusedConv3D(input: T[:,:,:,:,:], filter: T[:,:,:,:,:], args: num_args*T;"
    f' T: {{float}}, {_FUSED}, strides: list(int) >= 5, padding: {{"SAME", "VALID"}},'
    ' data_format: {"NDHWC", "NCDHW"} = "NDHWC", dilations: list(int) = [1, 1, 1, 1, 1],'
    " padding_list: list(int) = []) -> output: T"
)
def fused_conv3d(
    b: Builder,
    input: Value,
    filter: Value,
    args: list[Value],
    *,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilations: Sequence[int],
    padding_list: Sequence[int],
    fused_ops: Sequence[str],
    epsilon: float,
    leakyrelu_alpha: float,
) -> Value:
    """A convolution of volumes, and what `fused_ops` do to it."""
    if any(padding_list):
        raise UnimplementedError(None, None, f"padding_list {list(padding_list)} is not supported")
    product = _lowered(conv3d)(
        b,
        input,
        filter,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilations=dilations,
    )
    axis = layout(data_format).feature
    return _finish(b, product, axis, args, fused_ops, epsilon, leakyrelu_alpha)


# Batch normalisation


@op(
    "_FusedBatchNormEx(x: T[:,:,:,:], scale: U[:], offset: U[:], mean: U, variance: U,"
    " side_input: num_side_inputs*T; T: {float16, float32, bfloat16}, U: {float32},"
    " epsilon: float = 0.0001, exponential_avg_factor: float = 1.0,"
    ' num_side_inputs: int >= 0 = 0, activation_mode: string = "Identity",'
    ' data_format: {"NHWC", "NCHW"} = "NHWC", is_training: bool = true)'
    " -> y: T, batch_mean: U, batch_variance: U, reserve_space_1: U, reserve_space_2: U,"
    " reserve_space_3: U"
)
def fused_batch_norm_ex(
    b: Builder,
    x: Value,
    scale: Value,
    offset: Value,
    mean: Value,
    variance: Value,
    side_input: list[Value],
    *,
    epsilon: float,
    exponential_avg_factor: float,
    activation_mode: str,
    data_format: str,
    is_training: bool,
) -> tuple[Any, ...]:
    """Batch normalisation; then a residual is added, and negative values become 0."""
    if activation_mode not in ("Identity", "Relu"):
        raise fail(f"Unsupported activation mode: {activation_mode}")
    require(len(side_input) <= 1, f"at most one side input, not {len(side_input)}")
    lower: Callable[..., Any] = _lowered(fused_batch_norm_v3)
    y, *statistics = lower(
        b,
        x,
        scale,
        offset,
        mean,
        variance,
        epsilon=epsilon,
        exponential_avg_factor=exponential_avg_factor,
        data_format=data_format,
        is_training=is_training,
    )
    for residual in side_input:
        y = b.add(*b.broadcast(y, residual))
    if activation_mode == "Relu":
        y = _ACTIVATIONS["Relu"](b, y)
    return (y, *statistics)
