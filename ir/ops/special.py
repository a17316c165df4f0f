"""Special functions. The log-gamma function and its derivative are compiled, the others, which are
rare, run on the host in double precision (`special_kernels`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from flowc.ir.ops import special_kernels as kernels
from flowc.ir.ops.common import Tensors, abstract, show, unbroadcast
from flowc.ir.ops.registry import GraphBuilder, OpDefinition, Operation, Tensor, host_op, op
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array


@op("Lgamma(x: T; T: {float}) -> y: T")
def lgamma(b: Builder, x: Value) -> Value:
    """log|gamma(x)|."""
    return b.lgamma(x)


@lgamma.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad * g("Digamma", op.inputs[0]),)


@op("Digamma(x: T; T: {float}) -> y: T")
def digamma(b: Builder, x: Value) -> Value:
    """The derivative of lgamma."""
    return b.digamma(x)


@digamma.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[0]
    return (grad * g("Polygamma", g.constant(1, x.dtype), x),)


# Functions of one number


def _define_unary(name: str, function: Callable[[Array], Array]) -> OpDefinition:
    @host_op(f"{name}(x: T; T: {{float}}) -> y: T")
    def kernel(x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(function(np.asarray(x, np.float64))).astype(x.dtype)

    @kernel.infer
    def _(b: Builder, x: Value) -> Value:
        return abstract(b, x.type.dtype, *b.shape(x))

    return kernel


Slope = Callable[[GraphBuilder, Any, Any], Any]


def _with_slope(definition: OpDefinition, slope: Slope) -> None:
    """Register a gradient from the derivative as a function of x and y."""

    @definition.gradient
    def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        return (grad * slope(g, op.inputs[0], op.outputs[0]),)


def _at(g: GraphBuilder, x: Tensor, point: float, value: float, otherwise: Tensor) -> Any:
    """`value` where x is `point`."""
    constant = g.constant(value, x.dtype)
    return g("SelectV2", g("Equal", x, g.constant(point, x.dtype)), constant, otherwise)


def _safe(g: GraphBuilder, x: Tensor) -> Any:
    """x, but 1 where it is 0."""
    return _at(g, x, 0, 1, x)


_BESSEL: dict[str, tuple[Callable[[Array], Array], Slope]] = {
    "BesselI0": (
        partial(kernels.bessel_i, 0, scaled=False),
        lambda g, x, y: g("BesselI1", x),
    ),
    "BesselI0e": (
        partial(kernels.bessel_i, 0, scaled=True),
        lambda g, x, y: g("BesselI1e", x) - g("Sign", x) * y,
    ),
    "BesselI1": (
        partial(kernels.bessel_i, 1, scaled=False),
        lambda g, x, y: _at(g, x, 0, 0.5, g("BesselI0", x) - y / _safe(g, x)),
    ),
    "BesselI1e": (
        partial(kernels.bessel_i, 1, scaled=True),
        lambda g, x, y: _at(
            g, x, 0, 0.5,
            g("BesselI0e", x) - y * (g("Sign", x) + g("Reciprocal", _safe(g, x))),
        ),
    ),
    "BesselK0": (
        partial(kernels.bessel_k, 0, scaled=False),
        lambda g, x, y: -g("BesselK1", x),
    ),
    "BesselK0e": (
        partial(kernels.bessel_k, 0, scaled=True),
        lambda g, x, y: y - g("BesselK1e", x),
    ),
    "BesselK1": (
        partial(kernels.bessel_k, 1, scaled=False),
        lambda g, x, y: -g("BesselK0", x) - y / x,
    ),
    "BesselK1e": (
        partial(kernels.bessel_k, 1, scaled=True),
        lambda g, x, y: y * (-g("Reciprocal", x) + 1.0) - g("BesselK0e", x),
    ),
    "BesselJ0": (partial(kernels.bessel_j, 0), lambda g, x, y: -g("BesselJ1", x)),
    "BesselJ1": (
        partial(kernels.bessel_j, 1),
        lambda g, x, y: _at(g, x, 0, 0.5, g("BesselJ0", x) - y / _safe(g, x)),
    ),
    "BesselY0": (partial(kernels.bessel_y, 0), lambda g, x, y: -g("BesselY1", x)),
    "BesselY1": (partial(kernels.bessel_y, 1), lambda g, x, y: g("BesselY0", x) - y / x),
}  # fmt: skip

_INTEGRALS: dict[str, tuple[Callable[[Array], Array], Slope]] = {
    "Dawsn": (kernels.dawsn, lambda g, x, y: -(x * y * 2.0) + 1.0),
    "Expint": (kernels.expint, lambda g, x, y: g("Exp", x) / x),
    "FresnelCos": (
        partial(kernels.fresnel, sine=False),
        lambda g, x, y: g("Cos", g("Square", x) * (math.pi / 2)),
    ),
    "FresnelSin": (
        partial(kernels.fresnel, sine=True),
        lambda g, x, y: g("Sin", g("Square", x) * (math.pi / 2)),
    ),
    "Spence": (
        kernels.spence,
        lambda g, x, y: _at(g, x, 1, -1, g("Log", x) / (-x + 1.0)),
    ),
}

for _name, (_function, _slope) in (_BESSEL | _INTEGRALS).items():
    _with_slope(_define_unary(_name, _function), _slope)


# Functions of two and three numbers


def _define_binary(
    name: str, operands: str, types: str, function: Callable[[Array, Array], Array]
) -> OpDefinition:
    @host_op(f"{name}({operands}; T: {types}) -> z: T")
    def kernel(x: Array, y: Array) -> Array:
        try:
            x, y = np.broadcast_arrays(x, y)
        except ValueError:
            shapes = f"{show(x.shape)} vs. {show(y.shape)}"
            require(False, f"Incompatible shapes: {shapes}")
        with np.errstate(all="ignore"):
            wide = (np.asarray(v, np.float64) for v in (x, y))
            return np.asarray(function(*wide)).astype(x.dtype)

    @kernel.infer
    def _(b: Builder, x: Value, y: Value) -> Value:
        return abstract(b, x.type.dtype, *b.broadcast_shapes(b.shape(x), b.shape(y)))

    return kernel


_FLOATS = "{bfloat16, float16, float32, float64}"
igamma = _define_binary("Igamma", "a: T, x: T", _FLOATS, kernels.igamma)
igammac = _define_binary("Igammac", "a: T, x: T", _FLOATS, kernels.igammac)
_define_binary("IgammaGradA", "a: T, x: T", "{float32, float64}", kernels.igamma_grad_a)
polygamma = _define_binary("Polygamma", "a: T, x: T", "{float32, float64}", kernels.polygamma)
zeta = _define_binary("Zeta", "x: T, q: T", "{float32, float64}", kernels.zeta)


def _incomplete_gamma_gradient(sign: float) -> Callable[..., Tensors]:
    def gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        a, x = op.inputs
        by_a = g("IgammaGradA", a, x)
        by_x = g("Exp", (a - 1.0) * g("Log", x) - x - g("Lgamma", a))
        return unbroadcast(g, op, by_a * grad * sign, by_x * grad * sign)

    return gradient


igamma.gradient(_incomplete_gamma_gradient(1.0))
igammac.gradient(_incomplete_gamma_gradient(-1.0))


@polygamma.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    n, x = op.inputs
    return unbroadcast(g, op, None, g("Polygamma", n + 1.0, x) * grad)


@zeta.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, q = op.inputs
    return unbroadcast(g, op, None, -x * g("Zeta", x + 1.0, q) * grad)


@host_op("Betainc(a: T, b: T, x: T; T: {float32, float64}) -> z: T")
def betainc(a: Array, b: Array, x: Array) -> Array:
    """The regularised incomplete beta function."""
    shapes = {v.shape for v in (a, b, x) if v.ndim}
    require(len(shapes) <= 1, f"Shapes of a, b and x are inconsistent: {sorted(shapes)}")
    with np.errstate(all="ignore"):
        return kernels.betainc(a, b, x).astype(x.dtype)


@betainc.infer
def _(b: Builder, first: Value, second: Value, x: Value) -> Value:
    shapes = [b.shape(v) for v in (first, second, x)]
    return abstract(b, x.type.dtype, *b.broadcast_shapes(*shapes))


@betainc.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    a, b, x = op.inputs
    log_beta = g("Lgamma", a) + g("Lgamma", b) - g("Lgamma", a + b)
    logs = (b - 1.0) * g("Log1p", -x) + (a - 1.0) * g("Log", x)
    slope = g("Exp", logs - log_beta)
    return None, None, unbroadcast(g, op, None, slope * grad, inputs=(a, x))[1]
