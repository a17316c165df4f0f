"""Elementwise arithmetic of two numbers, broadcast against each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Expr, product
from flowc.ir.dtypes import DType
from flowc.ir.errors import FailedPreconditionError
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.checks import at, check_all, culprit
from flowc.ops.common import (
    Binary,
    Tensors,
    abstract,
    conj,
    fail,
    is_abstract,
    merge_shapes,
    shape_vector,
    show,
    unbroadcast,
    zero_mask,
)
from flowc.ops.lists.element_lists import compiled_lists, host_lists, is_list
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op
from flowc.ops.text.texts import require_broadcast

_ADDABLE = "{real, complex, string}"
_ADDED = "{float, int8, int16, int32, int64, uint8, complex, string}"  # by the older op


def _add(b: Builder, x: Value, y: Value) -> Value:
    x, y = b.broadcast(x, y)
    if x.type.dtype is dtypes.string:
        return x  # only its type counts: the host adds strings
    return b.add(x, y)


def _add_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return unbroadcast(g, op, grad, grad)


add = op(f"Add(x: T, y: T; T: {_ADDED}) -> z: T")(_add)
add.documented("x + y; of strings, each of x and then that of y.").gradient(_add_gradient)


@add.on_host
def add_strings(x: Array, y: Array) -> Array:
    """Each string of x and then that of y."""
    require_broadcast(x, y)
    return np.asarray(np.add(x, y), object)


op("AddV2(x: T, y: T; T: {numeric}) -> z: T")(_add).documented("x + y.").gradient(_add_gradient)


@op("Sub(x: T, y: T; T: {numeric}) -> z: T")
def subtract(b: Builder, x: Value, y: Value) -> Value:
    """x - y."""
    return b.subtract(*b.broadcast(x, y))


@subtract.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return unbroadcast(g, op, grad, -grad)


@op("Mul(x: T, y: T; T: {numeric}) -> z: T")
def multiply(b: Builder, x: Value, y: Value) -> Value:
    """x * y."""
    return b.multiply(*b.broadcast(x, y))


@multiply.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, y = (conj(g, t) for t in op.inputs)
    return unbroadcast(g, op, grad * y, grad * x)


@op("MulNoNan(x: T, y: T; T: {inexact}) -> z: T")
def multiply_no_nan(b: Builder, x: Value, y: Value) -> Value:
    """x * y, and 0 where y is 0, even if x is infinite or NaN."""
    x, y = b.broadcast(x, y)
    return b.select(b.eq(y, 0), b.zeros_like(y), b.multiply(x, y))


@multiply_no_nan.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, y = op.inputs
    return unbroadcast(g, op, g("MulNoNan", grad, y), g("MulNoNan", x, grad))


# Division


def divisible(b: Builder, x: Value, y: Value) -> tuple[Value, Value]:
    """The broadcast operands of a division: where there are any, an integer divisor is not zero."""
    left, right = b.broadcast(x, y)
    count = product(b.shape(right))
    if not y.type.dtype.is_integer or count == 0:
        return left, right
    valid = b.ne(y, 0)
    known = b.symbolic(valid)
    if not isinstance(count, int) and (known is None or not all(known.ravel().tolist())):
        nothing = b.eq(b.size(count, dtypes.int64), 0)
        valid = b.or_(*b.broadcast(valid, nothing))
    check_all(b, valid, "Integer division by zero")
    return left, right


def floor_divide(b: Builder, x: Value, y: Value) -> Value:
    """The quotient of broadcast operands, rounded down."""
    if x.type.dtype.is_floating:
        return b.floor(b.divide(x, y))
    if (known := _of_sizes(b, x, y, dims.floordiv)) is not None:
        return known
    quotient = b.divide(x, y)
    if x.type.dtype.is_unsigned:
        return quotient
    inexact = b.ne(b.multiply(quotient, y), x)
    opposite = b.ne(b.lt(x, 0), b.lt(y, 0))
    return b.select(b.and_(inexact, opposite), b.subtract(quotient, 1), quotient)


def _of_sizes(b: Builder, x: Value, y: Value, function: Callable[[Dim, Dim], Dim]) -> Value | None:
    """What a division that rounds down gives for sizes; None for anything else."""
    if not (x.type.dtype.is_integer and x.type.rank < 2 and b.is_of_sizes(x, y)):
        return None
    left, right = ([*map(dims.expand, b.dims(v))] for v in (x, y))
    if not all(map(dims.is_positive, right)) or not any(isinstance(d, Expr) for d in left):
        return None
    found = shape_vector(b, tuple(map(function, left, right)), x.type.dtype)
    return found if x.type.rank else b.reshape(found, ())


def _real_divide(b: Builder, x: Value, y: Value) -> Value:
    return b.divide(*divisible(b, x, y))


def _real_divide_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, y = (conj(g, t) for t in op.inputs)
    return unbroadcast(g, op, grad / y, grad * (-x / y / y))


for _name in ("Div", "RealDiv"):
    op(f"{_name}(x: T, y: T; T: {{numeric}}) -> z: T")(_real_divide).documented(
        "x / y; of integers, rounded toward zero."
    ).gradient(_real_divide_gradient)


@op("DivNoNan(x: T, y: T; T: {inexact}) -> z: T")
def divide_no_nan(b: Builder, x: Value, y: Value) -> Value:
    """x / y, and 0 where y is 0."""
    x, y = b.broadcast(x, y)
    return b.select(b.eq(y, 0), b.zeros_like(y), b.divide(x, y))


@divide_no_nan.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, y = (conj(g, t) for t in op.inputs)
    slope = g("DivNoNan", g("DivNoNan", -x, y), y)
    return unbroadcast(g, op, g("DivNoNan", grad, y), grad * slope)


@op("FloorDiv(x: T, y: T; T: {numeric}) -> z: T")
def floor_div(b: Builder, x: Value, y: Value) -> Value:
    """x / y rounded down."""
    return floor_divide(b, *divisible(b, x, y))


@op("TruncateDiv(x: T, y: T; T: {numeric}) -> z: T")
def truncate_div(b: Builder, x: Value, y: Value) -> Value:
    """x / y rounded toward zero."""
    quotient = b.divide(*divisible(b, x, y))
    if not quotient.type.dtype.is_floating:
        return quotient
    return b.select(b.lt(quotient, 0), b.ceil(quotient), b.floor(quotient))


def _no_gradients(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return None, None


floor_div.gradient(_no_gradients)
truncate_div.gradient(_no_gradients)


@op("FloorMod(x: T, y: T; T: {real}) -> z: T")
def floor_mod(b: Builder, x: Value, y: Value) -> Value:
    """The rest of the division rounded down; it has y's sign."""
    x, y = divisible(b, x, y)
    if (known := _of_sizes(b, x, y, dims.mod)) is not None:
        return known
    rest = b.remainder(x, y)
    if x.type.dtype.is_unsigned:
        return rest
    opposite = b.ne(b.lt(rest, 0), b.lt(y, 0))
    return b.select(b.and_(b.ne(rest, 0), opposite), b.add(rest, y), rest)


@floor_mod.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    quotient = g("FloorDiv", *op.inputs)
    return unbroadcast(g, op, grad, grad * -quotient)


def _remainder(b: Builder, x: Value, y: Value) -> Value:
    return b.remainder(*divisible(b, x, y))


op("Mod(x: T, y: T; T: {int32, int64, float}) -> z: T")(_remainder)
op("TruncateMod(x: T, y: T; T: {int32, int64, float}) -> z: T")(_remainder).documented(
    "The rest of the division rounded toward zero: x - y * trunc(x / y), which has x's sign."
)


# Functions that are 0 where x is 0


def _where_nonzero(b: Builder, x: Value, y: Value, function: Binary) -> Value:
    x, y = b.broadcast(x, y)
    return b.select(b.eq(x, 0), b.zeros_like(x), function(x, y))


@op("Xdivy(x: T, y: T; T: {inexact}) -> z: T")
def xdivy(b: Builder, x: Value, y: Value) -> Value:
    """x / y, and 0 where x is 0."""
    return _where_nonzero(b, x, y, b.divide)


@op("Xlogy(x: T, y: T; T: {inexact}) -> z: T")
def xlogy(b: Builder, x: Value, y: Value) -> Value:
    """x * log(y), and 0 where x is 0."""
    return _where_nonzero(b, x, y, lambda x, y: b.multiply(x, b.log(y)))


@op("Xlog1py(x: T, y: T; T: {inexact}) -> z: T")
def xlog1py(b: Builder, x: Value, y: Value) -> Value:
    """x * log(1 + y), and 0 where x is 0."""
    return _where_nonzero(b, x, y, lambda x, y: b.multiply(x, b.log_plus_one(y)))


@xdivy.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, y = op.inputs
    slopes = g("Xdivy", zero_mask(g, x), y), g("Xdivy", -x, g("Square", y))
    return unbroadcast(g, op, slopes[0] * grad, slopes[1] * grad)


@xlogy.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, y = op.inputs
    slopes = g("Xlogy", zero_mask(g, x), y), g("Xdivy", x, y)
    return unbroadcast(g, op, slopes[0] * grad, slopes[1] * grad)


@xlog1py.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, y = op.inputs
    slopes = g("Xlog1py", zero_mask(g, x), y), g("Xdivy", x, y + 1.0)
    return unbroadcast(g, op, slopes[0] * grad, slopes[1] * grad)


# Powers and extremes


@op("Pow(x: T, y: T; T: {float, int8, int16, int32, int64, complex}) -> z: T")
def power(b: Builder, x: Value, y: Value) -> Value:
    """x to the y; integers must have exponents that are not negative."""
    x, y = b.broadcast(x, y)
    if y.type.dtype.is_integer:
        check_all(
            b,
            b.ge(y, 0),
            "Integers to negative integer powers are not allowed",
            culprit(
                (y,),
                lambda array: array < 0,
                lambda place, array: (
                    "Integers to negative integer powers are not allowed: the "
                    f"exponent{' at ' + at(place) if place else ''} is {array[place]}"
                ),
            ),
        )
    return b.power(x, y)


@power.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, y = op.inputs
    cx, cy, z = conj(g, x), conj(g, y), conj(g, op.outputs[0])
    zero = g.constant(0, x.dtype)
    mask = g("NotEqual", cx, zero) if x.dtype.is_complex else g("Greater", cx, zero)
    safe = g("SelectV2", mask, cx, g("OnesLike", cx))
    log = g("SelectV2", mask, g("Log", safe), g("ZerosLike", cx))
    return unbroadcast(g, op, grad * (cy * g("Pow", cx, cy - 1)), grad * z * log)


@op("SquaredDifference(x: T, y: T; T: {float, int32, int64, complex}) -> z: T")
def squared_difference(b: Builder, x: Value, y: Value) -> Value:
    """(x - y) * conj(x - y)."""
    difference = b.subtract(*b.broadcast(x, y))
    if not difference.type.dtype.is_complex:
        return b.multiply(difference, difference)
    real, imaginary = b.real(difference), b.imag(difference)
    norm = b.add(b.multiply(real, real), b.multiply(imaginary, imaginary))
    return b.complex(norm, b.zeros_like(norm))


@squared_difference.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, y = op.inputs
    slope = grad * 2.0 * (x - y)
    return unbroadcast(g, op, slope, -slope)


@op("Maximum(x: T, y: T; T: {real}) -> z: T")
def maximum(b: Builder, x: Value, y: Value) -> Value:
    """The greater; NaN where either is."""
    return b.maximum(*b.broadcast(x, y))


@op("Minimum(x: T, y: T; T: {real}) -> z: T")
def minimum(b: Builder, x: Value, y: Value) -> Value:
    """The lesser; NaN where either is."""
    return b.minimum(*b.broadcast(x, y))


def _extreme_gradient(comparison: str) -> Any:
    def gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        chosen, zeros = g(comparison, *op.inputs), g("ZerosLike", grad)
        return unbroadcast(
            g, op, g("SelectV2", chosen, grad, zeros), g("SelectV2", chosen, zeros, grad)
        )

    return gradient


maximum.gradient(_extreme_gradient("GreaterEqual"))
minimum.gradient(_extreme_gradient("LessEqual"))


@op("ClipByValue(t: T, clip_value_min: T, clip_value_max: T; T: {numeric}) -> output: T")
def clip_by_value(b: Builder, t: Value, clip_value_min: Value, clip_value_max: Value) -> Value:
    """max(min(t, clip_value_max), clip_value_min)."""
    shape = b.shape(t)
    for bound in (clip_value_min, clip_value_max):
        if b.shape(bound):
            merge_shapes(b, "ClipByValue", t, bound)
    low, high = (b.broadcast_to(bound, shape) for bound in (clip_value_min, clip_value_max))
    return b.maximum(b.minimum(t, high), low)


@clip_by_value.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, low, high = op.inputs
    zeros = g("ZerosLike", grad)
    below, above = g("Less", x, low), g("Greater", x, high)
    inside = g("SelectV2", g("LogicalOr", below, above), zeros, grad)
    low_grad = unbroadcast(g, op, None, g("SelectV2", below, grad, zeros), inputs=(x, low))[1]
    high_grad = unbroadcast(g, op, None, g("SelectV2", above, grad, zeros), inputs=(x, high))[1]
    return inside, low_grad, high_grad


@op("NextAfter(x1: T, x2: T; T: {float64, float32} = float32) -> output: T")
def next_after(b: Builder, x1: Value, x2: Value) -> Value:
    """The float next to x1 toward x2."""
    x, y = b.broadcast(x1, x2)
    integer = dtypes.int64 if x.type.dtype is dtypes.float64 else dtypes.int32
    bits, goal = b.bitcast_convert(x, integer), b.bitcast_convert(y, integer)
    # Compared as integers: the smallest floats count as 0 in arithmetic.
    place, aim = _in_order(b, bits), _in_order(b, goal)
    zero, one = b.zeros_like(bits), b.ones_like(bits)
    ahead = b.lt(place, aim)
    from_zero = b.select(ahead, one, _in_order(b, b.negate(one)))
    away = b.eq(ahead, b.lt(zero, place))  # away from zero the magnitude, so the bits, grow
    stepped = b.add(bits, b.select(away, one, b.negate(one)))
    moved = b.bitcast_convert(b.select(b.eq(place, zero), from_zero, stepped), x.type.dtype)
    nan = b.or_(b.ne(x, x), b.ne(y, y))
    return b.select(nan, b.add(x, y), b.select(b.eq(place, aim), y, moved))


def _in_order(b: Builder, bits: Value) -> Value:
    """Integers in the order of the floats of these bits, both zeros 0; it is its own inverse."""
    least = b.full_like(bits, int(bits.type.dtype.min))
    return b.select(b.lt(bits, b.zeros_like(bits)), b.subtract(least, bits), bits)


@next_after.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return unbroadcast(g, op, grad, g("ZerosLike", grad))


# Sums of many


def _add_all(b: Builder, inputs: list[Value]) -> Value:
    merge_shapes(b, "AddN", *inputs)
    total = inputs[0]
    for value in inputs[1:]:
        total = b.add(total, value)
    return total


@op("AddN(inputs: N*T; N: int >= 1, T: {numeric, variant}) -> sum: T")
def add_n(b: Builder, inputs: list[Any]) -> Any:
    """The sum of tensors of one shape, or the list of sums of the elements of lists."""
    if is_list(inputs[0]):
        return reduce(compiled_lists(b).sum, inputs)
    return _add_all(b, inputs)


@add_n.on_host
def _(inputs: list[Any]) -> Any:
    if is_list(inputs[0]):
        return reduce(host_lists().sum, inputs)
    total = inputs[0]
    for value in inputs[1:]:
        require(
            value.shape == total.shape,
            "Inputs to operation AddN must have the same size and "
            f"shape. Input 0: {show(total.shape)} != input: {show(value.shape)}",
        )
        total = np.asarray(total + value, total.dtype)
    return total


@add_n.infer
def _(b: Builder, inputs: list[Any], *, T: DType) -> Any:
    return abstract(b, T) if T is dtypes.variant else _add_all(b, inputs)


@op("AccumulateNV2(inputs: N*T; N: int >= 1, T: {numeric}, shape: shape) -> sum: T")
def accumulate_n(b: Builder, inputs: list[Value]) -> Value:
    """The sum of tensors of one shape."""
    return _add_all(b, inputs)


def _repeat_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad,) * len(op.inputs)


add_n.gradient(_repeat_gradient)
accumulate_n.gradient(_repeat_gradient)


@op("Cross(a: T[...,:], b: T[...,:]; T: {real}) -> product: T")
def cross(b: Builder, left: Value, right: Value) -> Value:
    """The vector product over the last dimension, which has size 3."""
    shape = merge_shapes(b, "Cross", left, right)
    require(len(shape) > 0, "Input must be at least 1D")
    three = b.assumptions.equal(shape[-1], 3)
    if not three:
        message = "Cross-products are only defined for 3-element vectors"
        # TensorFlow's shape function and its kernel differ in the class.
        raise fail(message) if is_abstract(b) else FailedPreconditionError(None, None, message)

    def rolled(x: Value, by: int) -> Value:
        parts = [b.slice_axis(x, len(shape) - 1, (i + by) % 3, (i + by) % 3 + 1) for i in range(3)]
        return b.concatenate(parts, len(shape) - 1)

    return b.subtract(
        b.multiply(rolled(left, 1), rolled(right, 2)), b.multiply(rolled(left, 2), rolled(right, 1))
    )


@cross.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    u, v = op.inputs
    return g("Cross", v, grad), g("Cross", grad, u)


@op("ApproximateEqual(x: T, y: T; T: {numeric}, tolerance: float = 0.00001) -> z: bool")
def approximate_equal(b: Builder, x: Value, y: Value, *, tolerance: float) -> Value:
    """|x - y| < tolerance."""
    merge_shapes(b, "ApproximateEqual", x, y)
    difference = b.abs(b.subtract(x, y))
    return b.lt(difference, tolerance)


approximate_equal.not_differentiable()
