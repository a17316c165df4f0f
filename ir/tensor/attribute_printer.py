"""Attributes and constants in MLIR's syntax.

What the result types of an instruction say (`CARRIED`) is not printed as an attribute, as in
StableHLO. Symbolic dimensions are printed in braces: `array<i64: {n}, 3>`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim, Expr
from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import TensorType
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives.contraction import ConvDimensionNumbers, DotDimensionNumbers
from flowc.ir.tensor.primitives.indexing import GatherDimensionNumbers, ScatterDimensionNumbers

# The attributes that a result type gives, and the number of that result.
CARRIED: Mapping[str, tuple[int, frozenset[str]]] = {
    "constant": (0, frozenset({"dtype"})),
    "iota": (0, frozenset({"shape", "dtype"})),
    "broadcast_in_dim": (0, frozenset({"shape"})),
    "reshape": (0, frozenset({"shape"})),
    "convert": (0, frozenset({"dtype"})),
    "bitcast_convert": (0, frozenset({"dtype"})),
    "dot_general": (0, frozenset({"dtype"})),
    "convolution": (0, frozenset({"dtype"})),
    "rng_bit_generator": (1, frozenset({"shape", "dtype"})),
    "size": (0, frozenset({"dtype"})),
}
ENUMERATIONS = {
    "comparison_direction": "comparison_direction",
    "rng_algorithm": "rng_algorithm",
    "fft_type": "fft_type",
    "transpose_a": "transpose",
}
_HEX_ABOVE = 64  # elements; longer constants are printed as their bytes


def attributes_text(primitive: str, attributes: Mapping[str, Any]) -> str:
    """` <{name = value, ...}>`, or nothing."""
    _, carried = CARRIED.get(primitive, (0, frozenset()))
    texts = [
        f"{name} = {_attribute(primitive, name, value)}"
        for name, value in sorted(attributes.items())
        if name not in carried
    ]
    return f" <{{{', '.join(texts)}}}>" if texts else ""


def _attribute(primitive: str, name: str, value: Any) -> str:
    match value:
        case np.ndarray():
            return dense(value, dtypes.as_dtype(value.dtype))
        case bool():
            return str(value).lower()
        case int() | Expr() if primitive == "size":
            return f"{{{value}}}"
        case int() | Expr():
            return f"{dim(value)} : i64"
        case str() if name in ENUMERATIONS:
            return f"#stablehlo<{ENUMERATIONS[name]} {value}>"
        case str():
            return json.dumps(value)
        case tuple() if name == "padding":
            rows = ", ".join(f"[{dim(low)}, {dim(high)}]" for low, high in value)
            listed = f"[{rows}]" if value else ""
            return f"dense<{listed}> : tensor<{len(value)}x2xi64>"
        case tuple():
            return f"array<i64: {', '.join(map(dim, value))}>" if value else "array<i64>"
    return _NUMBERS[type(value)](value)


def dim(value: Dim) -> str:
    """A dimension; a symbolic one in braces."""
    return str(value) if isinstance(value, int) else f"{{{value}}}"


def _numbers(name: str, fields: Iterable[tuple[str, Any]]) -> str:
    """`#stablehlo.dot<field = [0], ...>`: empty lists are left out, as MLIR does."""
    texts = [
        f"{field} = {list(value) if isinstance(value, tuple) else value}"
        for field, value in fields
        if value != ()
    ]
    return f"#stablehlo.{name}<{', '.join(texts)}>"


def _fields(value: Any) -> Iterable[tuple[str, Any]]:
    return [(name, getattr(value, name)) for name in type(value).__slots__]


def _convolution(numbers: ConvDimensionNumbers) -> str:
    """`#stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>`."""
    return "#stablehlo.conv<{}x{}->{}>".format(
        _layout("bf", numbers.input_axes),
        _layout("oi", numbers.kernel_axes),
        _layout("bf", numbers.output_axes),
    )


def _layout(letters: str, axes: Sequence[int]) -> str:
    names = dict(zip(axes, [*letters, *map(str, range(len(axes) - 2))], strict=True))
    return f"[{', '.join(names[axis] for axis in range(len(axes)))}]"


_NUMBERS: Mapping[type, Callable[[Any], str]] = {
    ConvDimensionNumbers: _convolution,
    DotDimensionNumbers: lambda v: _numbers("dot", _fields(v)),
    GatherDimensionNumbers: lambda v: _numbers("gather", _fields(v)),
    ScatterDimensionNumbers: lambda v: _numbers("scatter", _fields(v)),
}


def dense(array: Array, dtype: DType) -> str:
    """A constant's elements: one for all where they are equal, bytes where they are many."""
    elements = np.ascontiguousarray(array).reshape(-1)
    type_ = TensorType(dtype, array.shape)
    if not elements.size:
        return f"dense<> : {type_}"
    raw = elements.view(np.uint8).reshape(elements.size, -1)
    if (raw == raw[0]).all():
        return f"dense<{_element(elements[0], dtype)}> : {type_}"
    if elements.size > _HEX_ABOVE and not dtype.is_bool:
        return f'dense<"0x{elements.tobytes().hex().upper()}"> : {type_}'
    return f"dense<{_nested(array, dtype)}> : {type_}"


def _nested(array: Array, dtype: DType) -> str:
    if not array.ndim:
        return _element(array[()], dtype)
    return f"[{', '.join(_nested(item, dtype) for item in array)}]"


def _element(value: Any, dtype: DType) -> str:
    if dtype.is_bool:
        return "true" if value else "false"
    if dtype.is_complex:
        return f"({_element(value.real, dtype.real)}, {_element(value.imag, dtype.real)})"
    if not dtype.is_floating:
        return str(int(value))
    if not np.isfinite(value):
        bits = np.asarray(value).view(f"u{dtype.size}")
        return f"0x{int(bits):0{2 * dtype.size}X}"
    text = str(np.float32(value)) if dtype == dtypes.bfloat16 else str(value)
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa if "." in mantissa else mantissa + ".0"
    return f"{mantissa}e{exponent}" if exponent else mantissa
