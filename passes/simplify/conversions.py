"""Conversions that do nothing, and chains of them."""

from __future__ import annotations

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import Instruction, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import operand_of

_SIGNIFICAND = {dtypes.float16: 11, dtypes.bfloat16: 8, dtypes.float32: 24, dtypes.float64: 53}


def convert_to_same(b: RuleBuilder, i: Instruction) -> Value | None:
    """`convert(x) -> x`, `bitcast(x) -> x` to the type that x has"""
    (x,) = i.operands
    return x if x.type == i.types[0] else None


def convert_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`convert(convert(x)) -> convert(x)` where the one between loses nothing that shows"""
    inner = operand_of(i.operands[0], "convert")
    if inner is None:
        return None
    first, middle, last = inner.type.dtype, i.operands[0].type.dtype, i.types[0].dtype
    return b.convert(inner, last) if _is_transparent(first, middle, last) else None


def _is_transparent(first: DType, middle: DType, last: DType) -> bool:
    """Whether the way over `middle` gives the same as the direct way."""
    if first.is_integer and middle.is_integer and last.is_integer:
        return middle.bits >= last.bits or holds(middle, first)
    if first.is_integer and not middle.is_integer and last.is_integer and not middle.is_bool:
        return holds(middle, first) and holds(last, first)  # else it saturates, not wraps
    return holds(middle, first)


def holds(wide: DType, narrow: DType) -> bool:
    """True when each value of `narrow` is one of `wide`, so that converting loses nothing."""
    if wide is narrow or narrow.is_bool:
        return True
    if wide.is_bool or (narrow.is_complex and not wide.is_complex):
        return False
    if wide.is_complex or narrow.is_complex:
        return holds(wide.real, narrow.real)
    if wide.is_integer:
        signs = narrow.is_integer and (narrow.is_unsigned or not wide.is_unsigned)
        spare = wide.bits - narrow.bits
        return signs and (spare > 0 if wide.is_unsigned != narrow.is_unsigned else spare >= 0)
    if narrow.is_integer:
        value_bits = narrow.bits - (not narrow.is_unsigned)
        return value_bits <= _SIGNIFICAND[wide] and float(narrow.max) < float(wide.max)
    return _SIGNIFICAND[narrow] <= _SIGNIFICAND[wide] and float(narrow.max) <= float(wide.max)


def bitcast_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`bitcast(bitcast(x)) -> bitcast(x)` where x has elements of the last type's width"""
    inner = operand_of(i.operands[0], "bitcast_convert")
    if inner is None or inner.type.dtype.size != i.types[0].dtype.size:
        return None
    return b.bitcast_convert(inner, i.types[0].dtype)


RULES: Rules = {
    "convert": (convert_to_same, convert_twice),
    "bitcast_convert": (convert_to_same, bitcast_twice),
}
