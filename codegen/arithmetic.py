"""The operators of loop IR as LLVM instructions, on scalars and vectors alike.

Each function takes register values of one shape and returns one. Nothing here traps: division is
guarded, conversions saturate, shifts are bounded. Semantics are those of `ir.loops.expressions`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from flowc.codegen.builder import Builder
from flowc.codegen.llvm.types import I1, integer_type
from flowc.codegen.llvm.values import FALSE, Constant, Value, lanes_of, literal
from flowc.codegen.narrow_floats import round_to
from flowc.codegen.representation import constant, is_narrow_float
from flowc.ir.dtypes import DType
from flowc.ir.errors import InternalError

UnaryRule: TypeAlias = Callable[[Builder, DType, Value], Value]
BinaryRule: TypeAlias = Callable[[Builder, DType, Value, Value], Value]


def unary(builder: Builder, operator: str, dtype: DType, operand: Value) -> Value:
    """`operator(operand)`, where `dtype` is the operand's type."""
    rule = (_UNARY_FLOAT if dtype.is_floating else _UNARY_INTEGER).get(operator)
    if rule is None:
        raise _unexpanded(operator, dtype)
    result = rule(builder, dtype, operand)
    return result if operator == "is_finite" else _rounded(builder, dtype, result)


def binary(builder: Builder, operator: str, dtype: DType, left: Value, right: Value) -> Value:
    """`operator(left, right)`, where `dtype` is the type of both and of the result."""
    rule = (_BINARY_FLOAT if dtype.is_floating else _BINARY_INTEGER).get(operator)
    if rule is None:
        raise _unexpanded(operator, dtype)
    return _rounded(builder, dtype, rule(builder, dtype, left, right))


def fused_multiply_add(builder: Builder, dtype: DType, a: Value, b: Value, c: Value) -> Value:
    """`a * b + c` rounded once to `dtype`, or modulo 2**bits for integers."""
    if not dtype.is_floating:
        return builder.add(builder.mul(a, b), c)
    return _rounded(builder, dtype, builder.fused_multiply_add(a, b, c))


def compare(builder: Builder, direction: str, dtype: DType, left: Value, right: Value) -> Value:
    """`left direction right` as bool, where `dtype` is the operands' type."""
    sign = {"EQ": "==", "NE": "!=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}[direction]
    if dtype.is_floating:
        ordered = builder.fcmp_unordered if direction == "NE" else builder.fcmp_ordered
        return ordered(sign, left, right)
    signed = dtype.is_integer and not dtype.is_unsigned
    return (builder.icmp_signed if signed else builder.icmp_unsigned)(sign, left, right)


def _unexpanded(operator: str, dtype: DType) -> InternalError:
    return InternalError(
        None,
        None,
        f"The code generator has no instruction for '{operator}' of {dtype.name}: "
        "a pass must expand it into arithmetic before emission.",
    )


def _rounded(builder: Builder, dtype: DType, value: Value) -> Value:
    return round_to(builder, dtype, value) if is_narrow_float(dtype) else value


def _like(dtype: DType, value: Value, number: bool | int | float) -> Constant:
    return constant(dtype, number, lanes_of(value))


# Floating point, one operand


def _sign_float(b: Builder, dtype: DType, x: Value) -> Value:
    """copysign(1, x), but x + x where x is 0 or NaN: the zero that a small x is taken for."""
    zero = _like(dtype, x, 0.0)
    one = b.binary_intrinsic("copysign", _like(dtype, x, 1.0), x)
    return b.select(b.fcmp_unordered("==", x, zero), b.fadd(x, x), one)


def _rsqrt(b: Builder, dtype: DType, x: Value) -> Value:
    return b.fdiv(_like(dtype, x, 1.0), b.unary_intrinsic("sqrt", x))


def _round_afz(b: Builder, dtype: DType, x: Value) -> Value:
    """trunc(x + copysign(largest below 0.5, x)): exact for halves, and for 0.49999997."""
    below_half = 0.5 - (2.0**-54 if dtype.bits == 64 else 2.0**-25)
    half = b.binary_intrinsic("copysign", _like(dtype, x, below_half), x)
    return b.unary_intrinsic("trunc", b.fadd(x, half))


def _is_finite(b: Builder, dtype: DType, x: Value) -> Value:
    infinity = _like(dtype, x, float("inf"))
    return b.fcmp_ordered("<", b.unary_intrinsic("fabs", x), infinity)


def _float_intrinsic(name: str) -> UnaryRule:
    return lambda b, dtype, x: b.unary_intrinsic(name, x)


_UNARY_FLOAT: dict[str, UnaryRule] = {
    "abs": _float_intrinsic("fabs"),
    "negate": lambda b, dtype, x: b.fneg(x),
    "sign": _sign_float,
    "sqrt": _float_intrinsic("sqrt"),
    "rsqrt": _rsqrt,
    "ceil": _float_intrinsic("ceil"),
    "floor": _float_intrinsic("floor"),
    "trunc": _float_intrinsic("trunc"),
    "round_nearest_even": _float_intrinsic("roundeven"),
    "round_nearest_afz": _round_afz,
    "is_finite": _is_finite,
}


# Integers and bool, one operand


def _abs_integer(b: Builder, dtype: DType, x: Value) -> Value:
    if dtype.is_unsigned or dtype.is_bool:
        return x
    return b.select(b.icmp_signed("<", x, _like(dtype, x, 0)), b.neg(x), x)


def _sign_integer(b: Builder, dtype: DType, x: Value) -> Value:
    zero, one = _like(dtype, x, 0), _like(dtype, x, 1)
    if dtype.is_unsigned or dtype.is_bool:
        return b.select(b.icmp_unsigned("!=", x, zero), one, zero)
    positive = b.select(b.icmp_signed(">", x, zero), one, zero)
    return b.select(b.icmp_signed("<", x, zero), _like(dtype, x, -1), positive)


def _count_leading_zeros(b: Builder, dtype: DType, x: Value) -> Value:
    return b.intrinsic("ctlz", x.type, [x, FALSE], (x.type,))


_UNARY_INTEGER: dict[str, UnaryRule] = {
    "abs": _abs_integer,
    "negate": lambda b, dtype, x: b.neg(x),
    "sign": _sign_integer,
    "not": lambda b, dtype, x: b.xor(x, _like(dtype, x, True if dtype.is_bool else -1)),
    "popcnt": lambda b, dtype, x: b.unary_intrinsic("ctpop", x),
    "count_leading_zeros": _count_leading_zeros,
    "is_finite": lambda b, dtype, x: literal(I1, "true", lanes_of(x)),
}


# Floating point, two operands


def _maximum(b: Builder, dtype: DType, x: Value, y: Value) -> Value:
    """NaN where either is: the inner select (one instruction) gives y for any NaN."""
    greater = b.select(b.fcmp_ordered(">", x, y), x, y)
    return b.select(b.fcmp_unordered("uno", x, x), x, greater)


def _minimum(b: Builder, dtype: DType, x: Value, y: Value) -> Value:
    lesser = b.select(b.fcmp_ordered("<", x, y), x, y)
    return b.select(b.fcmp_unordered("uno", x, x), x, lesser)


_BINARY_FLOAT: dict[str, BinaryRule] = {
    "add": lambda b, dtype, x, y: b.fadd(x, y),
    "subtract": lambda b, dtype, x, y: b.fsub(x, y),
    "multiply": lambda b, dtype, x, y: b.fmul(x, y),
    "divide": lambda b, dtype, x, y: b.fdiv(x, y),
    "remainder": lambda b, dtype, x, y: b.frem(x, y),
    "maximum": _maximum,
    "minimum": _minimum,
}


# Integers and bool, two operands


def _divide(b: Builder, dtype: DType, x: Value, y: Value) -> Value:
    """Truncated quotient; -1 for a zero divisor, the dividend for INT_MIN / -1."""
    is_zero = b.icmp_unsigned("==", y, _like(dtype, y, 0))
    safe = b.select(is_zero, _like(dtype, y, 1), y)
    if dtype.is_unsigned or dtype.is_bool:
        quotient = b.udiv(x, safe)
    else:
        quotient = _signed_quotient(b, dtype, x, safe)
    return b.select(is_zero, _like(dtype, x, True if dtype.is_bool else -1), quotient)


def _signed_quotient(b: Builder, dtype: DType, x: Value, y: Value) -> Value:
    by_minus_one = b.icmp_signed("==", y, _like(dtype, y, -1))
    quotient = b.sdiv(x, b.select(by_minus_one, _like(dtype, y, 1), y))
    return b.select(by_minus_one, b.neg(x), quotient)


def _remainder(b: Builder, dtype: DType, x: Value, y: Value) -> Value:
    """Remainder with the dividend's sign; the dividend for a zero divisor, 0 for -1."""
    is_zero = b.icmp_unsigned("==", y, _like(dtype, y, 0))
    one = _like(dtype, y, 1)
    safe = b.select(is_zero, one, y)
    if dtype.is_unsigned or dtype.is_bool:
        rest = b.urem(x, safe)
    else:
        by_minus_one = b.icmp_signed("==", y, _like(dtype, y, -1))
        rest = b.srem(x, b.select(by_minus_one, one, safe))
    return b.select(is_zero, x, rest)


def _extreme(direction: str) -> BinaryRule:
    def rule(b: Builder, dtype: DType, x: Value, y: Value) -> Value:
        return b.select(compare(b, direction, dtype, x, y), x, y)

    return rule


def _shift(operation: str) -> BinaryRule:
    """Shifts by the width or more (read as unsigned) give 0, or the sign."""

    def rule(b: Builder, dtype: DType, x: Value, y: Value) -> Value:
        inside = b.icmp_unsigned("<", y, _like(dtype, y, dtype.bits))
        if operation == "ashr":
            return b.ashr(x, b.select(inside, y, _like(dtype, y, dtype.bits - 1)))
        shifted = getattr(b, operation)(x, b.select(inside, y, _like(dtype, y, 0)))
        return b.select(inside, shifted, _like(dtype, x, 0))

    return rule


def _multiply_high(b: Builder, dtype: DType, x: Value, y: Value) -> Value:
    """The upper half of the unsigned product, by a multiplication of twice the width."""
    bits = dtype.bits
    wide = integer_type(2 * bits)
    product = b.mul(b.cast("zext", x, wide), b.cast("zext", y, wide))
    upper = b.lshr(product, literal(wide, str(bits), lanes_of(x)))
    return b.cast("trunc", upper, integer_type(bits))


_BINARY_INTEGER: dict[str, BinaryRule] = {
    "add": lambda b, dtype, x, y: b.or_(x, y) if dtype.is_bool else b.add(x, y),
    "subtract": lambda b, dtype, x, y: b.xor(x, y) if dtype.is_bool else b.sub(x, y),
    "multiply": lambda b, dtype, x, y: b.and_(x, y) if dtype.is_bool else b.mul(x, y),
    "divide": _divide,
    "remainder": _remainder,
    "maximum": _extreme("GT"),
    "minimum": _extreme("LT"),
    "and": lambda b, dtype, x, y: b.and_(x, y),
    "or": lambda b, dtype, x, y: b.or_(x, y),
    "xor": lambda b, dtype, x, y: b.xor(x, y),
    "shift_left": _shift("shl"),
    "shift_right_arithmetic": _shift("ashr"),
    "shift_right_logical": _shift("lshr"),
    "multiply_high": _multiply_high,
}
