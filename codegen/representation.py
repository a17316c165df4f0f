"""How element types look in LLVM: in memory, in registers, and as vectors.

bool is `i8` in memory and `i1` in registers. float16 is `half` in memory, bfloat16 is `i16`; in
registers both are `float`, always holding a value that the narrow type can represent.
"""

from __future__ import annotations

import struct
from functools import cache, lru_cache
from typing import Any

import numpy as np
from llvmlite import ir

from flowc.ir import dtypes
from flowc.ir.dtypes import DType

I1, I8, I16, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))
HALF, FLOAT, DOUBLE = ir.HalfType(), ir.FloatType(), ir.DoubleType()
POINTER = ir.PointerType()
VOID = ir.VoidType()

_FLOATS: dict[str, tuple[ir.Type, ir.Type]] = {  # name: (in memory, in registers)
    "float16": (HALF, FLOAT),
    "bfloat16": (I16, FLOAT),
    "float32": (FLOAT, FLOAT),
    "float64": (DOUBLE, DOUBLE),
}
_TYPES = _FLOATS | {
    "bool": (I8, I1),
    "int8": (I8, I8), "uint8": (I8, I8),
    "int16": (I16, I16), "uint16": (I16, I16),
    "int32": (I32, I32), "uint32": (I32, I32),
    "int64": (I64, I64), "uint64": (I64, I64),
}  # fmt: skip


def memory_type(dtype: DType) -> ir.Type:
    """The LLVM type of one element in a buffer. Raises TypeError for complex and opaque types."""
    return _lookup(dtype)[0]


def value_type(dtype: DType) -> ir.Type:
    """The LLVM type of one element in a register."""
    return _lookup(dtype)[1]


def _lookup(dtype: DType) -> tuple[ir.Type, ir.Type]:
    found = _TYPES.get(dtype.name)
    if found is None:
        raise TypeError(f"{dtype.name} has no scalar form in loop IR")
    return found


def is_narrow_float(dtype: DType) -> bool:
    """True for float16 and bfloat16, which are computed in float32."""
    return dtype is dtypes.float16 or dtype is dtypes.bfloat16


def lanes_of(value: ir.Value) -> int:
    """The lanes of a vector, 1 for a scalar."""
    return value.type.count if isinstance(value.type, ir.VectorType) else 1


@cache
def widen(element: ir.Type, lanes: int) -> ir.Type:
    """`element` itself for one lane, else the vector type; one object each, with its text."""
    return element if lanes == 1 else ir.VectorType(element, lanes)


def element_type(value_or_type: ir.Value | ir.Type) -> ir.Type:
    """The scalar type of a value or type."""
    kind = value_or_type if isinstance(value_or_type, ir.Type) else value_or_type.type
    return kind.element if isinstance(kind, ir.VectorType) else kind


def type_suffix(kind: ir.Type) -> str:
    """The suffix that an overloaded intrinsic's name has for `kind`, e.g. `v16f32`."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{type_suffix(kind.element)}"
    if isinstance(kind, ir.PointerType):
        return "p0"
    return str(kind.intrinsic_name)


class Literal(ir.Constant):  # type: ignore[misc]
    """A constant of any type, written as LLVM text (`splat (float 0x...)`, `poison`)."""

    def __init__(self, kind: ir.Type, text: str) -> None:
        self.type = kind
        self.constant = text

    def _to_string(self) -> str:
        return f"{self.type} {self.constant}"

    def _get_reference(self) -> str:
        return str(self.constant)


def literal(kind: ir.Type, text: str, lanes: int = 1) -> Literal:
    """A constant of scalar type `kind` written as LLVM text, repeated over `lanes`."""
    if lanes == 1:
        return Literal(kind, text)
    return Literal(widen(kind, lanes), f"splat ({kind} {text})")


def constant(dtype: DType, value: bool | int | float, lanes: int = 1) -> Literal:
    """`value`, rounded or wrapped to `dtype`, as a register constant."""
    return literal(value_type(dtype), _constant_text(dtype, value), lanes)


def _constant_text(dtype: DType, value: bool | int | float) -> str:
    if dtype.is_bool:
        return "true" if value else "false"
    if dtype.is_integer:
        return str(wrap_integer(dtype, int(value)))
    return float_text(round_float(dtype, float(value)))


def wrap_integer(dtype: DType, value: int) -> int:
    """`value` modulo 2**bits, in the range of `dtype`."""
    value &= (1 << dtype.bits) - 1
    if not dtype.is_unsigned and value >> (dtype.bits - 1):
        value -= 1 << dtype.bits
    return value


def round_float(dtype: DType, value: float) -> float:
    """The value of `dtype` nearest to `value`."""
    with np.errstate(all="ignore"):
        return float(np.asarray(value).astype(dtype.numpy))


def float_text(value: float) -> str:
    """LLVM's exact spelling of a float or double constant: the bits of the double."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


@lru_cache(maxsize=4096)
def integer(value: int) -> ir.Constant:
    """An i64 constant."""
    return ir.Constant(I64, value)


def iota(kind: ir.IntType, lanes: int, step: int = 1) -> Literal:
    """The vector `<0, step, 2*step, ...>`."""
    items = ", ".join(f"{kind} {step * lane}" for lane in range(lanes))
    return Literal(widen(kind, lanes), f"<{items}>")


def zero(kind: ir.Type) -> Literal:
    """All bits zero, of any first-class type."""
    return Literal(kind, _zero_text(kind))


def _zero_text(kind: Any) -> str:
    if isinstance(kind, ir.VectorType | ir.ArrayType):
        return "zeroinitializer"
    if isinstance(kind, ir.PointerType):
        return "null"
    if isinstance(kind, ir.IntType):
        return "false" if kind.width == 1 else "0"
    return "0.0"


def poison(kind: ir.Type) -> Literal:
    """A value that nothing reads."""
    return Literal(kind, "poison")
