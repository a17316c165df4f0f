"""float16 and bfloat16: held in registers as float32 values that the narrow type can represent.

float16 uses LLVM's `half` for loads, stores and rounding (one instruction with F16C). bfloat16 is
the upper half of a float32, rounded with integer arithmetic, which is fast on every machine.
"""

from __future__ import annotations

from flowc.codegen.builder import Builder
from flowc.codegen.llvm.types import FLOAT, HALF, I16, I32
from flowc.codegen.llvm.values import Constant, Value, lanes_of, literal
from flowc.ir import dtypes
from flowc.ir.dtypes import DType


def round_to(builder: Builder, dtype: DType, value: Value) -> Value:
    """The float32 `value` rounded to the nearest `dtype`, ties to even; still a float32."""
    if dtype is dtypes.float16:
        return builder.cast("fpext", builder.cast("fptrunc", value, HALF), FLOAT)
    bits = _rounded_bits(builder, value)
    kept = builder.and_(bits, literal(I32, str(0xFFFF0000), lanes_of(value)))
    return builder.cast("bitcast", kept, FLOAT)


def to_memory(builder: Builder, dtype: DType, value: Value) -> Value:
    """A register value, already representable, in its memory form."""
    if dtype is dtypes.float16:
        return builder.cast("fptrunc", value, HALF)
    bits = builder.cast("bitcast", value, I32)
    upper = builder.lshr(bits, literal(I32, "16", lanes_of(value)))
    return builder.cast("trunc", upper, I16)


def from_memory(builder: Builder, dtype: DType, value: Value) -> Value:
    """The register value of a memory form."""
    if dtype is dtypes.float16:
        return builder.cast("fpext", value, FLOAT)
    bits = builder.cast("zext", value, I32)
    upper = builder.shl(bits, literal(I32, "16", lanes_of(value)))
    return builder.cast("bitcast", upper, FLOAT)


def _rounded_bits(builder: Builder, value: Value) -> Value:
    """Bits whose upper half is the bfloat16: `bits + 0x7fff + (bit 16)`; a NaN is made quiet."""
    lanes = lanes_of(value)

    def number(n: int) -> Constant:
        return literal(I32, str(n), lanes)

    bits = builder.cast("bitcast", value, I32)
    odd = builder.and_(builder.lshr(bits, number(16)), number(1))
    rounded = builder.add(builder.add(bits, odd), number(0x7FFF))
    quiet = builder.or_(bits, number(0x00400000))
    return builder.select(builder.fcmp_unordered("uno", value, value), quiet, rounded)
