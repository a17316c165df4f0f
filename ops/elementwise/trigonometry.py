"""Elementwise trigonometric and hyperbolic functions."""

from __future__ import annotations

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, conj, unbroadcast
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


@op("Sin(x: T; T: {inexact}) -> y: T")
def sin(b: Builder, x: Value) -> Value:
    """The sine of an angle in radians."""
    return b.sine(x)


@sin.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Cos", conj(g, op.inputs[0])),)


@op("Cos(x: T; T: {inexact}) -> y: T")
def cos(b: Builder, x: Value) -> Value:
    """The cosine of an angle in radians."""
    return b.cosine(x)


@cos.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (-grad * g("Sin", conj(g, op.inputs[0])),)


@op("Tan(x: T; T: {inexact}) -> y: T")
def tan(b: Builder, x: Value) -> Value:
    """The tangent of an angle in radians."""
    return b.tan(x)


@tan.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    secant = g("Reciprocal", g("Cos", conj(g, op.inputs[0])))
    return (g("Square", secant) * grad,)


def _root(g: GraphBuilder, op: Operation) -> Tensor:
    """1 / sqrt(1 - x * x)."""
    x = conj(g, op.inputs[0])
    return g("Reciprocal", g("Sqrt", -g("Square", x) + 1.0))  # type: ignore[no-any-return]


@op("Asin(x: T; T: {inexact}) -> y: T")
def asin(b: Builder, x: Value) -> Value:
    """The inverse of the sine, sin(y) = x with |y| <= pi / 2; NaN outside of [-1, 1]."""
    return b.asin(x)


@asin.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * _root(g, op),)


@op("Acos(x: T; T: {inexact}) -> y: T")
def acos(b: Builder, x: Value) -> Value:
    """The inverse of the cosine, cos(y) = x with y in [0, pi]; NaN outside of [-1, 1]."""
    return b.acos(x)


@acos.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (-grad * _root(g, op),)


@op("Atan(x: T; T: {inexact}) -> y: T")
def atan(b: Builder, x: Value) -> Value:
    """The inverse of the tangent, tan(y) = x with |y| <= pi / 2."""
    return b.atan(x)


@atan.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Reciprocal", g("Square", conj(g, op.inputs[0])) + 1.0),)


@op("Sinh(x: T; T: {inexact}) -> y: T")
def sinh(b: Builder, x: Value) -> Value:
    """The hyperbolic sine, (exp(x) - exp(-x)) / 2."""
    return b.sinh(x)


@sinh.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Cosh", conj(g, op.inputs[0])),)


@op("Cosh(x: T; T: {inexact}) -> y: T")
def cosh(b: Builder, x: Value) -> Value:
    """The hyperbolic cosine, (exp(x) + exp(-x)) / 2."""
    return b.cosh(x)


@cosh.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Sinh", conj(g, op.inputs[0])),)


@op("Asinh(x: T; T: {inexact}) -> y: T")
def asinh(b: Builder, x: Value) -> Value:
    """The inverse of the hyperbolic sine, log(x + sqrt(x * x + 1))."""
    return b.asinh(x)


@asinh.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad / g("Cosh", conj(g, op.outputs[0])),)


@op("Acosh(x: T; T: {inexact}) -> y: T")
def acosh(b: Builder, x: Value) -> Value:
    """The inverse of the hyperbolic cosine, log(x + sqrt(x * x - 1)); NaN below 1."""
    return b.acosh(x)


@acosh.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad / g("Sinh", conj(g, op.outputs[0])),)


@op("Atanh(x: T; T: {inexact}) -> y: T")
def atanh(b: Builder, x: Value) -> Value:
    """The inverse of the hyperbolic tangent, log((1 + x) / (1 - x)) / 2; NaN outside of [-1, 1]."""
    return b.atanh(x)


@atanh.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Reciprocal", -g("Square", conj(g, op.inputs[0])) + 1.0),)


@op("Atan2(y: T, x: T; T: {float}) -> z: T")
def atan2(b: Builder, y: Value, x: Value) -> Value:
    """The angle of the point (x, y), in [-pi, pi]: atan(y / x) in the right quadrant."""
    return b.atan2(*b.broadcast(y, x))


@atan2.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    y, x = op.inputs
    scaled = grad / (g("Square", x) + g("Square", y))
    return unbroadcast(g, op, x * scaled, -y * scaled)
