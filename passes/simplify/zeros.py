"""Whether a value may hold -0.0, from the instruction that makes it."""

from __future__ import annotations

import numpy as np

from flowc.ir.tensor.core import Result, Value
from flowc.passes.simplify.patterns import constant_array

_POSITIVE = frozenset({"exponential", "logistic", "cosh"})  # or NaN
_MOVED = frozenset({"broadcast_in_dim", "reshape", "transpose", "slice", "reverse"})
_DEPTH = 4  # instructions that are looked through


def never_negative_zero(value: Value, depth: int = _DEPTH) -> bool:
    """True when no element can be -0.0: for all that are not floats or complex numbers too."""
    dtype = value.type.dtype
    if dtype.kind in ("bool", "int", "uint"):
        return True
    if not dtype.is_floating or not isinstance(value, Result) or not depth:
        return False
    operands = value.instruction.operands
    match value.instruction.primitive:
        case "abs":
            return True
        case "convert":
            return operands[0].type.dtype.kind in ("bool", "int", "uint")
        case "constant":
            array = constant_array(value)
            return array is not None and not np.any(np.signbit(array) & (array == 0))
        case "add":  # -0.0 only where both are
            return any(never_negative_zero(v, depth - 1) for v in operands)
        case name if name in _MOVED:
            return never_negative_zero(operands[0], depth)
        case name:
            return name in _POSITIVE
