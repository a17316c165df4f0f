"""Activations, softmax, dropout, biases."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.frontend.aliases import AxisLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.elements import TensorBase
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.mathematics import cast, matmul
from flowc.frontend.functions.random import random_uniform
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.shaping import Name, one_of, shape
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes

relu = derive("Relu", "relu")
relu6 = derive("Relu6", "relu6")
elu = derive("Elu", "elu")
selu = derive("Selu", "selu")
softplus = derive("Softplus", "softplus")
softsign = derive("Softsign", "softsign")
l2_loss = derive("L2Loss", "l2_loss")


def leaky_relu(features: TensorLike, alpha: float = 0.2, name: Name = None) -> Any:
    """max(x, alpha * x)."""
    with name_scope(name, "LeakyRelu", [features, alpha]) as scope:
        features = convert(features, None, "features")
        if features.dtype.is_integer:
            features = cast(features, dtypes.float32)
        if isinstance(alpha, np.ndarray):
            alpha = alpha.item()
        return build("LeakyRelu", features, alpha=alpha, name=scope)


def crelu(features: TensorLike, name: Name = None, axis: int = -1) -> Any:
    """relu of the features and of their negatives, concatenated."""
    with name_scope(name, "CRelu", [features]) as scope:
        features = convert(features, None, "features")
        both = build("ConcatV2", [features, -features], axis, name=scope)
        return build("Relu", both)


def swish(features: TensorLike) -> Any:
    """x * sigmoid(x)."""
    features = convert(features, None, "features")
    return features * build("Sigmoid", features)


def gelu(features: TensorLike, approximate: bool = False, name: Name = None) -> Any:
    """x times the normal distribution function of x, or its approximation by tanh."""
    with name_scope(name, "Gelu", [features]):
        features = convert(features, None, "features")
        if approximate:
            inner = 0.7978845608028654 * (features + 0.044715 * build("Pow", features, 3))
            return 0.5 * features * (1.0 + build("Tanh", inner))
        return (
            0.5
            * features
            * (1.0 + build("Erf", features / constant(1.4142135623730951, features.dtype)))
        )


# Softmax


def _softmax(op_type: str, logits: Any, axis: Any, name: Name) -> Any:
    """Softmax along an axis, which is moved to the end for the op."""
    logits = convert(logits)
    axis = -1 if axis is None else axis
    rank = logits.shape.ndims
    if axis == -1 or (rank is not None and axis == rank - 1):
        return build(op_type, logits, name=name)
    if rank is None:
        raise ValueError("softmax along another axis than the last needs a known rank")
    if not -rank <= axis < rank:
        raise ValueError(f"Softmax dimension must be in [{-rank}, {rank}), got {axis}")
    axis %= rank
    order = [*(a for a in range(rank) if a != axis), axis]
    back = [order.index(a) for a in range(rank)]
    with name_scope(name, op_type) as scope:
        moved = build(op_type, build("Transpose", logits, order))
        return build("Transpose", moved, back, name=scope)


def softmax(
    logits: TensorLike, axis: AxisLike | None = None, name: Name = None, dim: AxisLike | None = None
) -> Any:
    """exp(x) / sum(exp(x)) along `axis`, the last by default."""
    return _softmax("Softmax", logits, one_of("axis", axis, "dim", dim), name)


def log_softmax(
    logits: TensorLike, axis: AxisLike | None = None, name: Name = None, dim: AxisLike | None = None
) -> Any:
    """The logarithm of `softmax`."""
    return _softmax("LogSoftmax", logits, one_of("axis", axis, "dim", dim), name)


# Dropout


def dropout(
    x: TensorLike,
    keep_prob: Any = None,
    noise_shape: ShapeLike | None = None,
    seed: int | None = None,
    name: Name = None,
    rate: TensorLike | None = None,
) -> Any:
    """`x` with elements set to 0 with probability `rate` (1 - keep_prob), the others scaled up.

    Raises ValueError for a probability outside of [0, 1), or where none is given.
    """
    if keep_prob is not None and rate is not None:
        raise ValueError("Cannot specify both 'rate' and 'keep_prob'")
    if keep_prob is not None:
        rate = (
            1.0 - keep_prob
            if isinstance(keep_prob, int | float | np.number)
            else 1.0 - convert(keep_prob)
        )
    if rate is None:
        raise ValueError("You must provide a rate to dropout.")
    return dropout_v2(x, rate, noise_shape, seed, name)


def dropout_v2(
    x: TensorLike,
    rate: TensorLike,
    noise_shape: Any = None,
    seed: int | None = None,
    name: Name = None,
) -> Any:
    """`dropout` with the probability of dropping."""
    with name_scope(name, "dropout", [x]):
        x = convert(x, None, "x")
        if not x.dtype.is_floating:
            raise ValueError(
                "x has to be a floating point tensor since it's going to be scaled. "
                f"Got a {x.dtype!r} tensor instead."
            )
        if isinstance(rate, int | float | np.number):
            if not 0 <= rate < 1:
                raise ValueError(
                    f"rate must be a scalar tensor or a float in the range [0, 1), got {rate}"
                )
            if rate == 0:
                return x
        rate = convert(rate, x.dtype, "rate")
        rate.shape.assert_has_rank(0)
        known = rate.constant_value()
        if known is not None and known == 0:
            return x
        drawn = random_uniform(_noise_shape(x, noise_shape), seed=seed, dtype=x.dtype)
        scale = 1 / (1 - rate)
        kept = build("GreaterEqual", drawn, rate)
        result = x * scale * cast(kept, x.dtype)
        result.set_shape(x.shape)
        return result


def _noise_shape(x: Any, noise_shape: ShapeLike) -> Any:
    if noise_shape is None:
        return shape(x)
    if isinstance(noise_shape, TensorBase):
        return noise_shape
    sizes = TensorShape(noise_shape).sizes
    mine = x.sizes
    if sizes is not None and mine is not None and len(sizes) == len(mine) and None in sizes:
        return [m if s is None else s for s, m in zip(sizes, mine, strict=True)]
    return noise_shape


# Biases and products


def bias_add(value: TensorLike, bias: Any, data_format: Any = None, name: Name = None) -> Any:
    """`value` with `bias` added along the channels. Raises ValueError for an unknown format."""
    if data_format is not None:
        if data_format.startswith("NC"):
            data_format = "NCHW"
        elif data_format.startswith("N") and data_format.endswith("C"):
            data_format = "NHWC"
        else:
            raise ValueError("data_format must be of the form `N...C` or `NC...`")
    with name_scope(name, "BiasAdd", [value, bias]) as scope:
        value = convert(value, None, "input")
        bias = convert(bias, value.dtype, "bias")
        return build("BiasAdd", value, bias, data_format=data_format, name=scope)


def xw_plus_b(x: TensorLike, weights: TensorLike, biases: Any, name: Name = None) -> Any:
    """matmul(x, weights) + biases."""
    with name_scope(name, "xw_plus_b", [x, weights, biases]) as scope:
        return bias_add(matmul(convert(x), convert(weights)), convert(biases), name=scope)


def relu_layer(x: TensorLike, weights: TensorLike, biases: Any, name: Name = None) -> Any:
    """relu(matmul(x, weights) + biases)."""
    with name_scope(name, "relu_layer", [x, weights, biases]) as scope:
        return build(
            "Relu", bias_add(matmul(convert(x), convert(weights)), convert(biases)), name=scope
        )


def l2_normalize(
    x: TensorLike,
    axis: AxisLike | None = None,
    epsilon: float = 1e-12,
    name: Name = None,
    dim: AxisLike | None = None,
) -> Any:
    """`x` divided by its L2 norm over `axis`."""
    axis = one_of("axis", axis, "dim", dim)
    with name_scope(name, "l2_normalize", [x]) as scope:
        x = convert(x, None, "x")
        square_sum = reduce_sum(build("Square", x), axis, keepdims=True)
        return build("Mul", x, build("Rsqrt", build("Maximum", square_sum, epsilon)), name=scope)
