"""Cumulative sums, products and log-sum-exps along an axis."""

from __future__ import annotations

import math
from collections.abc import Callable

from flowc.ir.tensor.builder import Builder, accumulator
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, conj, static_axis
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op

_SCAN = "exclusive: bool = false, reverse: bool = false"


def scan(
    b: Builder,
    x: Value,
    axis: int,
    initial: float,
    combine: Callable[[Value, Value], Value],
    *,
    exclusive: bool,
    reverse: bool,
) -> Value:
    """All elements up to each along the axis combined; without itself where exclusive."""
    dtype = x.type.dtype
    wide = b.convert(x, accumulator(dtype))
    wide = b.reverse(wide, [axis]) if reverse else wide
    shape = b.shape(wide)
    size = shape[axis]
    if size == 0:
        return x
    (total,) = b.reduce_window(
        [wide],
        [b.scalar(initial, wide.type.dtype)],
        combine,
        window_dimensions=[size if a == axis else 1 for a in range(len(shape))],
        padding=[(size - 1 if a == axis else 0, 0) for a in range(len(shape))],
    )
    if exclusive:
        low = [int(a == axis) for a in range(len(shape))]
        before = b.slice_axis(total, axis, 0, size - 1)
        total = b.pad(before, initial, low, [0] * len(shape))
    return b.convert(b.reverse(total, [axis]) if reverse else total, dtype)


@op(f"Cumsum(x: T, axis: Tidx; {_SCAN}, T: {{numeric}}, Tidx: {{index}} = int32) -> out: T")
def cumsum(b: Builder, x: Value, axis: Value, *, exclusive: bool, reverse: bool) -> Value:
    """Running sums."""
    along = static_axis(b, axis, len(b.shape(x)), "scan axis")
    return scan(b, x, along, 0, b.add, exclusive=exclusive, reverse=reverse)


@op(f"Cumprod(x: T, axis: Tidx; {_SCAN}, T: {{numeric}}, Tidx: {{index}} = int32) -> out: T")
def cumprod(b: Builder, x: Value, axis: Value, *, exclusive: bool, reverse: bool) -> Value:
    """Running products."""
    along = static_axis(b, axis, len(b.shape(x)), "scan axis")
    return scan(b, x, along, 1, b.multiply, exclusive=exclusive, reverse=reverse)


def log_add_exp(b: Builder, x: Value, y: Value) -> Value:
    """log(exp(x) + exp(y)) without overflow."""
    high = b.maximum(x, y)
    rest = b.log_plus_one(b.exponential(b.negate(b.abs(b.subtract(x, y)))))
    # Equal infinities have no difference; their sum is that infinity.
    infinite = b.eq(b.abs(high), math.inf)
    return b.select(infinite, high, b.add(high, rest))


@op(
    f"CumulativeLogsumexp(x: T, axis: Tidx; {_SCAN}, T: {{float}}, Tidx: {{index}} = int32)"
    " -> out: T"
)
def cumulative_logsumexp(
    b: Builder, x: Value, axis: Value, *, exclusive: bool, reverse: bool
) -> Value:
    """Running log-sum-exps; that of no element is minus infinity."""
    along = static_axis(b, axis, len(b.shape(x)), "scan axis")

    def combine(y: Value, z: Value) -> Value:
        return log_add_exp(b, y, z)

    return scan(b, x, along, -math.inf, combine, exclusive=exclusive, reverse=reverse)


@cumsum.infer
@cumprod.infer
@cumulative_logsumexp.infer
def _(b: Builder, x: Value, axis: Value) -> Value:
    """The shape of x; whether it has the axis is found out when the op runs, as in TensorFlow."""
    return x


def _flags(op: Operation) -> tuple[bool, bool]:
    return op.get_attr("exclusive"), op.get_attr("reverse")


@cumsum.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    exclusive, reverse = _flags(op)
    return g("Cumsum", grad, op.inputs[1], exclusive=exclusive, reverse=not reverse), None


@cumprod.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, axis = op.inputs
    exclusive, reverse = _flags(op)
    product = g("Cumprod", x, axis, exclusive=exclusive, reverse=reverse)
    out = g("Cumsum", conj(g, product) * grad, axis, exclusive=exclusive, reverse=not reverse)
    return g("DivNoNan" if x.dtype.is_floating else "RealDiv", out, conj(g, x)), None


@cumulative_logsumexp.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, axis = op.inputs
    exclusive, reverse = _flags(op)
    least = g.constant(float(grad.dtype.min), grad.dtype)
    zero = g.constant(0, grad.dtype)
    result = op.outputs[0]
    sums = []
    for positive, part in ((True, grad), (False, -grad)):
        log = g("SelectV2", g("Greater", part, zero), g("Log", part), least)
        total = g(
            "CumulativeLogsumexp", log - result, axis, exclusive=exclusive, reverse=not reverse
        )
        sums.append((positive, g("Exp", total + x)))
    return sums[0][1] - sums[1][1], None
