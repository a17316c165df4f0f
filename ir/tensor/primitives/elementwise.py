"""Elementwise primitives: each operand has the result's shape.

The tables give, per family, the NumPy function of each primitive; a third column is its meaning on
dimensions (see `symbolic`) where values that describe shapes use it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import Computation, TensorType
from flowc.ir.tensor.primitive import Array, Attributes, Primitive, Region, define
from flowc.ir.tensor.primitives import arithmetic, special, symbolic
from flowc.ir.tensor.primitives.common import (
    expect_operands,
    invalid,
    is_symbolic,
    lift,
    listing,
)

FLOAT = frozenset({"float"})
INEXACT = frozenset({"float", "complex"})
SIGNED = frozenset({"int", "float", "complex"})
NUMBER = frozenset({"int", "uint", "float", "complex"})
ORDERED = frozenset({"bool", "int", "uint", "float"})
INTEGER = frozenset({"int", "uint"})
BITS = frozenset({"bool", "int", "uint"})
ANY = NUMBER | BITS


def _same(dtype: DType) -> DType:
    return dtype


def _real(dtype: DType) -> DType:
    return dtype.real


def _bool(_: DType) -> DType:
    return dtypes.bool_


def _infer(
    name: str,
    arity: int,
    kinds: frozenset[str],
    result: Callable[[DType], DType],
    types: Sequence[TensorType],
    attributes: Attributes,
    regions: Sequence[Computation],
) -> tuple[TensorType, ...]:
    expect_operands(name, types, arity)
    first = types[0]
    if any(type_ != first for type_ in types):
        raise invalid(f"{name}: operands differ in type: {listing(types)}")
    if first.dtype.kind not in kinds:
        raise invalid(f"{name} is not defined for {first}")
    return (TensorType(result(first.dtype), first.shape),)


def _elementwise(
    name: str,
    arity: int,
    kinds: frozenset[str],
    function: Callable[..., Any],
    *,
    on_dims: Callable[..., Any] | None = None,
    result: Callable[[DType], DType] = _same,
    precise: bool = False,
    dialect: str = "stablehlo",
) -> None:
    lifted = lift(on_dims, arity) if on_dims else None

    def evaluate(
        arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
    ) -> tuple[Array, ...]:
        if lifted and any(map(is_symbolic, arrays)):
            return (lifted(*arrays),)
        dtype = result(dtypes.as_dtype(arrays[0].dtype))
        return (arithmetic.apply(function, arrays, dtype, precise),)

    infer = partial(_infer, name, arity, kinds, result)
    define(Primitive(name, infer, evaluate, dialect, on_dims is not None, elementwise=True))


_TRANSCENDENTAL: dict[str, Callable[..., Any]] = {
    "exponential": np.exp,
    "exponential_minus_one": np.expm1,
    "log": np.log,
    "log_plus_one": np.log1p,
    "logistic": arithmetic.logistic,
    "sine": np.sin,
    "cosine": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "rsqrt": arithmetic.rsqrt,
    "sqrt": np.sqrt,
}
_CHLO: dict[str, Callable[..., Any]] = {
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
}
_CHLO_REAL: dict[str, Callable[..., Any]] = {
    "erf": special.vectorised(math.erf),
    "erfc": special.vectorised(math.erfc),
    "erf_inv": special.vectorised(special.erf_inv),
    "lgamma": special.vectorised(special.lgamma),
    "digamma": special.vectorised(special.digamma),
}
_ROUNDING: dict[str, Callable[..., Any]] = {
    "ceil": np.ceil,
    "floor": np.floor,
    "round_nearest_even": np.rint,
    "round_nearest_afz": arithmetic.round_half_away,
}
_ARITHMETIC: dict[str, tuple[Callable[..., Any], Callable[..., Any] | None]] = {
    "add": (np.add, operator.add),
    "subtract": (np.subtract, operator.sub),
    "multiply": (np.multiply, operator.mul),
    "divide": (arithmetic.divide, symbolic.divide),
    "power": (arithmetic.power, None),
}
_LOGICAL: dict[str, tuple[Callable[..., Any], Callable[..., Any] | None]] = {
    "and": (np.bitwise_and, operator.and_),
    "or": (np.bitwise_or, operator.or_),
    "xor": (np.bitwise_xor, operator.xor),
}
_SHIFTS: dict[str, Callable[..., Any]] = {
    "shift_left": arithmetic.shift_left,
    "shift_right_arithmetic": arithmetic.shift_right_arithmetic,
    "shift_right_logical": arithmetic.shift_right_logical,
}
_EXTREMES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "maximum": (np.maximum, dims.maximum),
    "minimum": (np.minimum, dims.minimum),
}

for _name, _function in _TRANSCENDENTAL.items():
    _elementwise(_name, 1, INEXACT, _function, precise=True)
for _name, _function in _CHLO.items():
    _elementwise(_name, 1, INEXACT, _function, precise=True, dialect="chlo")
for _name, _function in _CHLO_REAL.items():
    _elementwise(_name, 1, FLOAT, _function, precise=True, dialect="chlo")
for _name, _function in _ROUNDING.items():
    _elementwise(_name, 1, FLOAT, _function)
for _name, (_function, _on_dims) in _ARITHMETIC.items():
    _elementwise(_name, 2, NUMBER, _function, on_dims=_on_dims)
for _name, (_function, _on_dims) in _LOGICAL.items():
    _elementwise(_name, 2, BITS, _function, on_dims=_on_dims)
for _name, _function in _SHIFTS.items():
    _elementwise(_name, 2, INTEGER, _function)
for _name, (_function, _on_dims) in _EXTREMES.items():
    _elementwise(_name, 2, ORDERED, _function, on_dims=_on_dims)

_elementwise("abs", 1, SIGNED, np.abs, result=_real, on_dims=symbolic.absolute)
_elementwise("sign", 1, SIGNED, arithmetic.sign, on_dims=symbolic.sign)
_elementwise("negate", 1, NUMBER, np.negative, on_dims=operator.neg)
_elementwise("not", 1, BITS, arithmetic.invert, on_dims=symbolic.invert)
_elementwise("popcnt", 1, INTEGER, arithmetic.popcnt)
_elementwise("count_leading_zeros", 1, INTEGER, arithmetic.count_leading_zeros)
_elementwise("cbrt", 1, FLOAT, np.cbrt, precise=True)
_elementwise("is_finite", 1, FLOAT, np.isfinite, result=_bool)
_elementwise("real", 1, INEXACT, np.real, result=_real)
_elementwise("imag", 1, INEXACT, np.imag, result=_real)
_elementwise("remainder", 2, NUMBER - {"complex"}, arithmetic.remainder, on_dims=symbolic.remainder)
_elementwise("atan2", 2, FLOAT, np.arctan2, precise=True)


DIRECTIONS: dict[str, Callable[..., Any]] = {
    "EQ": np.equal,
    "NE": np.not_equal,
    "LT": np.less,
    "LE": np.less_equal,
    "GT": np.greater,
    "GE": np.greater_equal,
}


def _infer_compare(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    direction = attributes["comparison_direction"]
    if direction not in DIRECTIONS:
        raise invalid(f"compare: unknown direction {direction!r}")
    kinds = ANY if direction in ("EQ", "NE") else ORDERED
    return _infer(f"compare {direction}", 2, kinds, _bool, types, attributes, regions)


def _evaluate_compare(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    direction = attributes["comparison_direction"]
    if any(map(is_symbolic, arrays)):
        return (lift(partial(symbolic.decide, direction), 2)(*arrays),)
    return (arithmetic.apply(DIRECTIONS[direction], arrays, dtypes.bool_),)


define(Primitive("compare", _infer_compare, _evaluate_compare, symbolic=True, elementwise=True))


def _infer_complex(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    result = {dtypes.float32: dtypes.complex64, dtypes.float64: dtypes.complex128}
    (type_,) = _infer("complex", 2, FLOAT, _same, types, attributes, regions)
    if type_.dtype not in result:
        raise invalid(f"complex is not defined for {type_}")
    return (TensorType(result[type_.dtype], type_.shape),)


def _evaluate_complex(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    real, imaginary = np.broadcast_arrays(*arrays)
    result = np.empty(real.shape, np.complex64 if real.dtype == np.float32 else np.complex128)
    result.real, result.imag = real, imaginary
    return (result,)


define(Primitive("complex", _infer_complex, _evaluate_complex, elementwise=True))


def _infer_select(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("select", types, 3)
    predicate, on_true, on_false = types
    if on_true != on_false:
        raise invalid(f"select: branches differ in type: {on_true} and {on_false}")
    if not predicate.dtype.is_bool or predicate.shape not in ((), on_true.shape):
        raise invalid(f"select: the predicate {predicate} does not fit {on_true}")
    return (on_true,)


def _evaluate_select(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    predicate, on_true, on_false = arrays
    chosen = np.where(predicate.astype(bool), on_true, on_false)
    return (chosen,)


define(Primitive("select", _infer_select, _evaluate_select, symbolic=True, elementwise=True))


def _infer_clamp(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("clamp", types, 3)
    least, operand, greatest = types
    for bound in (least, greatest):
        if bound.dtype != operand.dtype or bound.shape not in ((), operand.shape):
            raise invalid(f"clamp: the bound {bound} does not fit {operand}")
    if operand.dtype.kind not in ORDERED:
        raise invalid(f"clamp is not defined for {operand}")
    return (operand,)


def _clamp(least: Array, operand: Array, greatest: Array) -> Array:
    return np.asarray(np.minimum(np.maximum(operand, least), greatest))


def _evaluate_clamp(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    if any(map(is_symbolic, arrays)):
        on_dims = lift(lambda low, x, high: dims.minimum(dims.maximum(x, low), high), 3)
        return (on_dims(*arrays),)
    return (arithmetic.apply(_clamp, arrays, dtypes.as_dtype(arrays[1].dtype)),)


define(Primitive("clamp", _infer_clamp, _evaluate_clamp, symbolic=True, elementwise=True))
