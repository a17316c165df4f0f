"""Elementwise functions of one number: arithmetic, rounding, powers, exponentials, logistic."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ops.common import SIGNED, Tensors, abstract, conj, conjugate
from flowc.ops.lists.element_lists import compiled_lists, host_lists, is_list
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


@op("Abs(x: T; T: {float, int8, int16, int32, int64}) -> y: T")
def absolute(b: Builder, x: Value) -> Value:
    """|x|."""
    return b.abs(x)


@absolute.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Sign", op.inputs[0]),)


@op(f"Neg(x: T; T: {SIGNED}) -> y: T")
def negate(b: Builder, x: Value) -> Value:
    """-x."""
    return b.negate(x)


@negate.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (-grad,)


@op(f"Sign(x: T; T: {SIGNED}) -> y: T")
def sign(b: Builder, x: Value) -> Value:
    """-1, 0 or 1; x / |x| of a complex number."""
    return b.sign(x)


@sign.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("ZerosLike", op.inputs[0]),)


# Rounding


@op("Floor(x: T; T: {float}) -> y: T")
def floor(b: Builder, x: Value) -> Value:
    """The greatest integer that is not above x."""
    return b.floor(x)


@op("Ceil(x: T; T: {float}) -> y: T")
def ceil(b: Builder, x: Value) -> Value:
    """The least integer that is not below x."""
    return b.ceil(x)


@op("Rint(x: T; T: {float}) -> y: T")
def rint(b: Builder, x: Value) -> Value:
    """The nearest integer, halves to even."""
    return b.round_nearest_even(x)


@op(f"Round(x: T; T: {SIGNED}) -> y: T")
def round_half_even(b: Builder, x: Value) -> Value:
    """The nearest integer, halves to even.

    Of an integer it is 0, since TensorFlow's kernel computes 2 * floor(int(0.5) * x); `tf.round`
    does not use this op for integers.
    """
    return b.zeros_like(x) if x.type.dtype.is_integer else b.round_nearest_even(x)


def _no_slope(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (None,)


for _definition in (floor, ceil, rint, round_half_even):
    _definition.gradient(_no_slope)


# Powers


def _reciprocal(b: Builder, x: Value) -> Value:
    return b.divide(1, x)


def _where_any(b: Builder, dy: Value, gradient: Value) -> Value:
    """The gradient, and 0 where dy is, though y be 0, infinite or no number."""
    return b.select(b.eq(dy, 0), b.zeros_like(dy), gradient)


def _reciprocal_grad(b: Builder, y: Value, dy: Value) -> Value:
    y = conjugate(b, y)
    return _where_any(b, dy, b.negate(b.multiply(dy, b.multiply(y, y))))


def _reciprocal_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("ReciprocalGrad", op.outputs[0], grad),)


def _reciprocal_grad_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    ca, cg = conj(g, op.inputs[0]), conj(g, grad)
    return cg * -2.0 * op.inputs[1] * ca, g("ReciprocalGrad", ca, grad)


for _name in ("Inv", "Reciprocal"):
    op(f"{_name}(x: T; T: {SIGNED}) -> y: T")(_reciprocal).documented("1 / x.").gradient(
        _reciprocal_gradient
    )
    op(f"{_name}Grad(y: T, dy: T; T: {{inexact}}) -> z: T")(_reciprocal_grad).gradient(
        _reciprocal_grad_gradient
    )


@op("Square(x: T; T: {numeric}) -> y: T")
def square(b: Builder, x: Value) -> Value:
    """x * x."""
    return b.multiply(x, x)


@square.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * (conj(g, op.inputs[0]) * 2.0),)


@op("Sqrt(x: T; T: {inexact}) -> y: T")
def sqrt(b: Builder, x: Value) -> Value:
    """The square root; NaN of what is negative."""
    return b.sqrt(x)


@sqrt.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("SqrtGrad", op.outputs[0], grad),)


@op("SqrtGrad(y: T, dy: T; T: {inexact}) -> z: T")
def sqrt_grad(b: Builder, y: Value, dy: Value) -> Value:
    """dy / 2 / y, and 0 where dy is."""
    return _where_any(b, dy, b.divide(b.multiply(dy, 0.5), conjugate(b, y)))


@sqrt_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    ga = grad / op.inputs[0]
    return -conj(g, ga) * op.outputs[0], ga * 0.5


@op("Rsqrt(x: T; T: {inexact}) -> y: T")
def rsqrt(b: Builder, x: Value) -> Value:
    """1 / sqrt(x)."""
    return b.rsqrt(x)


@rsqrt.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("RsqrtGrad", op.outputs[0], grad),)


@op("RsqrtGrad(y: T, dy: T; T: {inexact}) -> z: T")
def rsqrt_grad(b: Builder, y: Value, dy: Value) -> Value:
    """-dy / 2 * y**3, and 0 where dy is."""
    y = conjugate(b, y)
    cube = b.multiply(y, b.multiply(y, y))
    return _where_any(b, dy, b.multiply(b.multiply(dy, -0.5), cube))


@rsqrt_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    ca, cg = conj(g, op.inputs[0]), conj(g, grad)
    grad_a = cg * -1.5 * op.inputs[1] * g("Square", ca)
    return grad_a, g("RsqrtGrad", ca, grad)


# Exponentials and logarithms


@op("Exp(x: T; T: {inexact}) -> y: T")
def exp(b: Builder, x: Value) -> Value:
    """e to the x."""
    return b.exponential(x)


@exp.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * conj(g, op.outputs[0]),)


@op("Expm1(x: T; T: {inexact}) -> y: T")
def expm1(b: Builder, x: Value) -> Value:
    """exp(x) - 1, accurate near 0."""
    return b.exponential_minus_one(x)


@expm1.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Exp", conj(g, op.inputs[0])),)


@op("Log(x: T; T: {inexact}) -> y: T")
def log(b: Builder, x: Value) -> Value:
    """The natural logarithm; -inf at 0, NaN of what is negative."""
    return b.log(x)


@log.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Reciprocal", conj(g, op.inputs[0])),)


@op("Log1p(x: T; T: {inexact}) -> y: T")
def log1p(b: Builder, x: Value) -> Value:
    """log(1 + x), accurate near 0."""
    return b.log_plus_one(x)


@log1p.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Reciprocal", conj(g, op.inputs[0]) + 1.0),)


@op("Sigmoid(x: T; T: {inexact}) -> y: T")
def sigmoid(b: Builder, x: Value) -> Value:
    """1 / (1 + exp(-x))."""
    return b.logistic(x)


@sigmoid.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("SigmoidGrad", conj(g, op.outputs[0]), grad),)


@op("SigmoidGrad(y: T, dy: T; T: {inexact}) -> z: T")
def sigmoid_grad(b: Builder, y: Value, dy: Value) -> Value:
    """dy * y * (1 - y)."""
    return b.multiply(b.multiply(dy, y), b.subtract(1, y))


@sigmoid_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    a, dy = conj(g, op.inputs[0]), conj(g, op.inputs[1])
    gb = grad * dy
    return gb - gb * 2.0 * a, g("SigmoidGrad", a, grad)


@op("Tanh(x: T; T: {inexact}) -> y: T")
def tanh(b: Builder, x: Value) -> Value:
    """The hyperbolic tangent."""
    return b.tanh(x)


@tanh.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("TanhGrad", conj(g, op.outputs[0]), grad),)


@op("TanhGrad(y: T, dy: T; T: {inexact}) -> z: T")
def tanh_grad(b: Builder, y: Value, dy: Value) -> Value:
    """dy * (1 - y * y)."""
    return b.multiply(dy, b.subtract(1, b.multiply(y, y)))


@tanh_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    a, dy = conj(g, op.inputs[0]), conj(g, op.inputs[1])
    return grad * -2.0 * dy * a, g("TanhGrad", a, grad)


# Error function


@op("Erf(x: T; T: {float}) -> y: T")
def erf(b: Builder, x: Value) -> Value:
    """The error function, 2 / sqrt(pi) * the integral of exp(-t * t) from 0 to x."""
    return b.erf(x)


@erf.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    bell = g("Exp", -g("Square", op.inputs[0]))
    return (grad * (2 / math.sqrt(math.pi)) * bell,)


@op("Erfc(x: T; T: {float}) -> y: T")
def erfc(b: Builder, x: Value) -> Value:
    """1 - erf(x), accurate in the tail."""
    return b.erfc(x)


@erfc.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    bell = g("Exp", -g("Square", op.inputs[0]))
    return (grad * (-2 / math.sqrt(math.pi)) * bell,)


@op("Erfinv(x: T; T: {float}) -> y: T")
def erfinv(b: Builder, x: Value) -> Value:
    """The inverse of the error function, erf(y) = x; NaN outside of [-1, 1]."""
    return b.erf_inv(x)


@erfinv.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * (math.sqrt(math.pi) / 2) * g("Exp", g("Square", op.outputs[0])),)


# Classification


@op("IsFinite(x: T; T: {float}) -> y: bool")
def is_finite(b: Builder, x: Value) -> Value:
    """Neither infinite nor NaN."""
    return b.is_finite(x)


@op("IsInf(x: T; T: {float}) -> y: bool")
def is_inf(b: Builder, x: Value) -> Value:
    """Plus or minus infinity."""
    return b.eq(b.abs(x), math.inf)


@op("IsNan(x: T; T: {float}) -> y: bool")
def is_nan(b: Builder, x: Value) -> Value:
    """Not a number."""
    return b.ne(x, x)


@op("ZerosLike(x: T; T: type) -> y: T")
def zeros(b: Builder, x: Any) -> Any:
    """Zeros of x's shape; of the shapes of its elements for a list."""
    if is_list(x):
        return x.zeros(compiled_lists(b))
    return b.zeros_like(x)


@zeros.on_host
def _(x: Any) -> Any:
    if is_list(x):
        return x.zeros(host_lists())
    return np.full_like(x, b"") if x.dtype == object else np.zeros_like(x)


@zeros.infer
def _(b: Builder, x: Any, *, T: DType) -> Any:
    return abstract(b, T) if T is dtypes.variant else b.zeros_like(x)


@op("OnesLike(x: T; T: {numeric, bool}) -> y: T")
def ones(b: Builder, x: Value) -> Value:
    """Ones of x's shape."""
    return b.ones_like(x)


zeros.not_differentiable()
ones.not_differentiable()
