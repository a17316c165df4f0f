"""Comparisons, logical and bitwise functions, selection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import Tensors, abstract, merge_shapes, show, unbroadcast
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op
from flowc.ops.text.texts import broadcasts, require_broadcast

_BINARY: dict[str, Callable[[Builder, Value, Value], Value]] = {
    "Less": Builder.lt,
    "LessEqual": Builder.le,
    "Greater": Builder.gt,
    "GreaterEqual": Builder.ge,
}


def _broadcast_first(
    function: Callable[[Builder, Value, Value], Value],
) -> Callable[[Builder, Value, Value], Value]:
    return lambda b, x, y: function(b, *b.broadcast(x, y))


_SIGNS = {"Less": "<", "LessEqual": "<=", "Greater": ">", "GreaterEqual": ">="}
for _name, _function in _BINARY.items():
    op(f"{_name}(x: T, y: T; T: {{real}}) -> z: bool")(_broadcast_first(_function)).documented(
        f"Whether x {_SIGNS[_name]} y; false where either is NaN."
    ).not_differentiable()


def _define_equality(name: str, direction: str, otherwise: bool) -> None:
    @op(f"{name}(x: T, y: T; T: type, incompatible_shape_error: bool = true) -> z: bool")
    def lower(b: Builder, x: Value, y: Value, *, incompatible_shape_error: bool) -> Value:
        if not incompatible_shape_error and not _fit(b, x, y):
            return b.constant(otherwise)
        x, y = b.broadcast(x, y)
        if x.type.dtype is dtypes.string:
            return abstract(b, dtypes.bool_, *b.shape(x))  # the host compares strings
        return b.compare(x, y, direction)

    @lower.on_host
    def on_strings(x: Array, y: Array, *, incompatible_shape_error: bool) -> Array:
        if incompatible_shape_error:
            require_broadcast(x, y)
        elif not broadcasts(x, y):
            return np.asarray(otherwise)
        equal = np.asarray(np.equal(x, y), bool)
        return equal if direction == "EQ" else ~equal

    lower.documented(f"Whether x {'!=' if otherwise else '=='} y; NaN does not equal itself.")
    lower.not_differentiable()


def _fit(b: Builder, x: Value, y: Value) -> bool:
    """Whether the shapes can be broadcast together."""
    pairs = zip(reversed(b.shape(x)), reversed(b.shape(y)), strict=False)
    equal = b.assumptions.equal
    return all(1 in (m, n) or equal(m, n) or equal(m, 1) or equal(n, 1) for m, n in pairs)


_define_equality("Equal", "EQ", False)
_define_equality("NotEqual", "NE", True)

_LOGICAL = {"LogicalAnd": Builder.and_, "LogicalOr": Builder.or_}
for _name, _logical in _LOGICAL.items():
    op(f"{_name}(x: bool, y: bool) -> z: bool")(_broadcast_first(_logical)).documented(
        "True where both are." if _name == "LogicalAnd" else "True where either is."
    ).not_differentiable()

_BITWISE = {"BitwiseAnd": Builder.and_, "BitwiseOr": Builder.or_, "BitwiseXor": Builder.xor}
for _name, _bitwise in _BITWISE.items():
    op(f"{_name}(x: T, y: T; T: {{integer}}) -> z: T")(
        _broadcast_first(_bitwise)
    ).not_differentiable()


@op("LogicalNot(x: bool) -> y: bool")
def logical_not(b: Builder, x: Value) -> Value:
    """True where x is false."""
    return b.not_(x)


@op("Invert(x: T; T: {integer}) -> y: T")
def invert(b: Builder, x: Value) -> Value:
    """All bits flipped."""
    return b.not_(x)


def _shift_amount(b: Builder, x: Value, y: Value) -> tuple[Value, Value]:
    """The operands, with shifts limited to the width (TensorFlow leaves others undefined)."""
    x, y = b.broadcast(x, y)
    return x, b.clamp(0, y, x.type.dtype.bits - 1)


@op("LeftShift(x: T, y: T; T: {integer}) -> z: T")
def left_shift(b: Builder, x: Value, y: Value) -> Value:
    """x * 2**y."""
    return b.shift_left(*_shift_amount(b, x, y))


@op("RightShift(x: T, y: T; T: {integer}) -> z: T")
def right_shift(b: Builder, x: Value, y: Value) -> Value:
    """x shifted right: logically if unsigned, else with its sign."""
    x, y = _shift_amount(b, x, y)
    unsigned = x.type.dtype.is_unsigned
    return b.shift_right_logical(x, y) if unsigned else b.shift_right_arithmetic(x, y)


@op("PopulationCount(x: T; T: {integer}) -> y: uint8")
def population_count(b: Builder, x: Value) -> Value:
    """The number of bits that are set."""
    return b.convert(b.popcnt(x), dtypes.uint8)


for _definition in (logical_not, invert, left_shift, right_shift, population_count):
    _definition.not_differentiable()


# Selection


@op("Select(condition: bool, t: T, e: T; T: type) -> output: T")
def select(b: Builder, condition: Value, t: Value, e: Value) -> Value:
    """t where the condition holds, else e; a vector condition chooses rows."""
    merge_shapes(b, "Select", t, e)
    shape, chosen = b.shape(t), b.shape(condition)
    if len(chosen) == 1 and len(shape) > 1:
        require(
            b.assumptions.equal(chosen[0], shape[0]),
            f"Number of batches of 't' must match size of 'cond', but saw: {show(shape)} vs. "
            f"{show(chosen)}",
        )
        condition = b.broadcast_in_dim(condition, b.shape(t), (0,))
    elif chosen:
        merge_shapes(b, "Select", condition, t)
    return b.select(condition, t, e)


@op("SelectV2(condition: bool, t: T, e: T; T: type) -> output: T")
def select_v2(b: Builder, condition: Value, t: Value, e: Value) -> Value:
    """t where the condition holds, else e; all three are broadcast."""
    shape = b.broadcast_shapes(b.shape(condition), b.shape(t), b.shape(e))
    return b.select(*(b.broadcast_to(value, shape) for value in (condition, t, e)))


@select.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    condition, zeros = op.inputs[0], g("ZerosLike", op.inputs[1])
    return None, g("Select", condition, grad, zeros), g("Select", condition, zeros, grad)


@select_v2.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    condition, x, y = op.inputs
    zeros, out = g("ZerosLike", grad), op.outputs[0]
    x_grad, y_grad = g("SelectV2", condition, grad, zeros), g("SelectV2", condition, zeros, grad)
    left = unbroadcast(g, op, x_grad, None, inputs=(x, out))[0]
    return None, left, unbroadcast(g, op, y_grad, None, inputs=(y, out))[0]
