"""How element types look in LLVM: in memory, in registers, and as vectors.

bool is `i8` in memory and `i1` in registers. float16 is `half` in memory, bfloat16 is `i16`; in
registers both are `float`, always holding a value that the narrow type can represent.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

from flowc.codegen.llvm.types import DOUBLE, FLOAT, HALF, I1, I8, I16, I32, I64, Type
from flowc.codegen.llvm.values import Constant, float_text, literal
from flowc.ir import dtypes
from flowc.ir.dtypes import DType

_FLOATS: dict[str, tuple[Type, Type]] = {  # name: (in memory, in registers)
    "float16": (HALF, FLOAT),
    "bfloat16": (I16, FLOAT),
    "float32": (FLOAT, FLOAT),
    "float64": (DOUBLE, DOUBLE),
}
_TYPES = _FLOATS | {
    "bool": (I8, I1),
    "int8": (I8, I8),
    "uint8": (I8, I8),
    "int16": (I16, I16),
    "uint16": (I16, I16),
    "int32": (I32, I32),
    "uint32": (I32, I32),
    "int64": (I64, I64),
    "uint64": (I64, I64),
}


def memory_type(dtype: DType) -> Type:
    """The LLVM type of one element in a buffer. Raises TypeError for complex and opaque types."""
    return _lookup(dtype)[0]


def value_type(dtype: DType) -> Type:
    """The LLVM type of one element in a register."""
    return _lookup(dtype)[1]


def _lookup(dtype: DType) -> tuple[Type, Type]:
    found = _TYPES.get(dtype.name)
    if found is None:
        raise TypeError(f"{dtype.name} has no scalar form in loop IR")
    return found


def is_narrow_float(dtype: DType) -> bool:
    """True for float16 and bfloat16, which are computed in float32."""
    return dtype is dtypes.float16 or dtype is dtypes.bfloat16


def constant(dtype: DType, value: bool | int | float, lanes: int = 1) -> Constant:
    """`value`, rounded or wrapped to `dtype`, as a register constant."""
    if dtype.is_floating:
        return _float(dtype, struct.pack("<d", value), lanes)
    if dtype.is_bool:
        return literal(I1, "true" if value else "false", lanes)
    return literal(value_type(dtype), str(wrap_integer(dtype, int(value))), lanes)


@lru_cache(maxsize=4096)
def _float(dtype: DType, bits: bytes, lanes: int) -> Constant:
    """A constant by the bits of the double, since 0 and -0 are equal and NaN is not."""
    (value,) = struct.unpack("<d", bits)
    return literal(value_type(dtype), float_text(round_float(dtype, value)), lanes)


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
