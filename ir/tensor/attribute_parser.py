"""Attributes and constants read from MLIR's syntax: the other direction of `attribute_printer`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.attribute_printer import CARRIED
from flowc.ir.tensor.core import TensorType
from flowc.ir.tensor.lexer import Lexer
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives.contraction import ConvDimensionNumbers, DotDimensionNumbers
from flowc.ir.tensor.primitives.indexing import GatherDimensionNumbers, ScatterDimensionNumbers

_CLOSING = {"[": "]", "(": ")"}


def parse_attributes(lexer: Lexer) -> dict[str, Any]:
    """`<{name = value, ...}>` if it stands here."""
    attributes: dict[str, Any] = {}
    if not lexer.accept("<{"):
        return attributes
    while not lexer.accept("}>"):
        if attributes:
            lexer.expect(",")
        name = lexer.next()
        lexer.expect("=")
        attributes[name] = _padding(lexer) if name == "padding" else _attribute(lexer)
    return attributes


def carried(primitive: str, types: tuple[TensorType, ...]) -> dict[str, Any]:
    """The attributes that the result types give."""
    if primitive not in CARRIED:
        return {}
    number, names = CARRIED[primitive]
    type_ = types[number]
    return {name: type_.shape if name == "shape" else type_.dtype for name in names}


def _attribute(lexer: Lexer) -> Any:
    match lexer.peek():
        case "true" | "false":
            return lexer.next() == "true"
        case "array":
            return _array(lexer)
        case "dense":
            return _dense(lexer)
        case "#stablehlo":
            return _enumeration(lexer)
        case text if text.startswith("#stablehlo."):
            return _NUMBERS[lexer.next().removeprefix("#stablehlo.")](lexer)
        case text if text.startswith('"'):
            return lexer.string()
    value = lexer.dim()
    if lexer.accept(":"):
        lexer.next()
    return value


def _array(lexer: Lexer) -> tuple[Any, ...]:
    lexer.expect("array")
    lexer.expect("<")
    lexer.next()
    values: list[Any] = []
    while not lexer.accept(">"):
        lexer.expect("," if values else ":")
        values.append(lexer.dim())
    return tuple(values)


def _enumeration(lexer: Lexer) -> str:
    lexer.expect("#stablehlo")
    lexer.expect("<")
    lexer.next()
    value = lexer.next()
    lexer.expect(">")
    return value


def _integers(lexer: Lexer) -> tuple[int, ...]:
    lexer.expect("[")
    values: list[int] = []
    while not lexer.accept("]"):
        if values:
            lexer.expect(",")
        values.append(lexer.integer())
    return tuple(values)


def _dimension_numbers(class_: Callable[..., Any]) -> Callable[[Lexer], Any]:
    def parse(lexer: Lexer) -> Any:
        fields: dict[str, Any] = {}
        lexer.expect("<")
        while not lexer.accept(">"):
            if fields:
                lexer.expect(",")
            name = lexer.next()
            lexer.expect("=")
            fields[name] = _integers(lexer) if lexer.peek() == "[" else lexer.integer()
        return class_(**fields)

    return parse


def _layout(lexer: Lexer, letters: str) -> tuple[int, int, tuple[int, ...]]:
    """The axes of the two letters, then of the spatial numbers."""
    places: dict[str, int] = {}
    lexer.expect("[")
    while not lexer.accept("]"):
        if places:
            lexer.expect(",")
        places[lexer.next()] = len(places)
    first, second = places.pop(letters[0]), places.pop(letters[1])
    return first, second, tuple(places[str(k)] for k in range(len(places)))


def _convolution(lexer: Lexer) -> ConvDimensionNumbers:
    lexer.expect("<")
    inputs = _layout(lexer, "bf")
    lexer.expect("x")
    outputs, features, spatial = _layout(lexer, "oi")
    lexer.expect("->")
    results = _layout(lexer, "bf")
    lexer.expect(">")
    return ConvDimensionNumbers(*inputs, features, outputs, spatial, *results)


_NUMBERS: Mapping[str, Callable[[Lexer], Any]] = {
    "dot": _dimension_numbers(DotDimensionNumbers),
    "gather": _dimension_numbers(GatherDimensionNumbers),
    "scatter": _dimension_numbers(ScatterDimensionNumbers),
    "conv": _convolution,
}


def _dense(lexer: Lexer) -> Array:
    elements, type_ = _typed_elements(lexer)
    if isinstance(elements, str) and elements.startswith('"0x'):
        raw = bytes.fromhex(elements[3:-1])
        return np.frombuffer(raw, type_.dtype.numpy).reshape(_static(lexer, type_))
    return _constant(lexer, list(_flatten(elements)), type_)


def _padding(lexer: Lexer) -> tuple[tuple[Dim, Dim], ...]:
    """Pairs of dimensions, which may be symbolic; one number stands for all."""
    elements, type_ = _typed_elements(lexer)
    count = _static(lexer, type_)[0]
    edges = [Lexer(item).dim() for item in _flatten(elements)]
    edges = edges * (2 * count) if len(edges) == 1 else edges
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def _typed_elements(lexer: Lexer) -> tuple[Any, TensorType]:
    lexer.expect("dense")
    lexer.expect("<")
    elements = [] if lexer.peek() == ">" else _elements(lexer)
    lexer.expect(">")
    lexer.expect(":")
    return elements, lexer.type()


def _static(lexer: Lexer, type_: TensorType) -> tuple[int, ...]:
    if not all(isinstance(d, int) for d in type_.shape):
        raise lexer.error("a constant has a symbolic shape before this,")
    return type_.shape  # type: ignore[return-value]


def _constant(lexer: Lexer, flat: list[Any], type_: TensorType) -> Array:
    shape = _static(lexer, type_)
    values = [_number(item, type_.dtype) for item in flat]
    array = np.array(values, type_.dtype.numpy)
    if array.size == 1:
        return np.full(shape, array[0], type_.dtype.numpy)
    return array.reshape(shape)


def _elements(lexer: Lexer) -> Any:
    """Nested lists of the elements' tokens; a complex number is a tuple."""
    opening = lexer.peek()
    if opening == "{":
        return f"{{{lexer.dim()}}}"
    if opening not in _CLOSING:
        return lexer.next()
    lexer.next()
    items: list[Any] = []
    while not lexer.accept(_CLOSING[opening]):
        if items:
            lexer.expect(",")
        items.append(_elements(lexer))
    return items if opening == "[" else tuple(items)


def _flatten(elements: Any) -> Iterator[Any]:
    if isinstance(elements, list):
        for item in elements:
            yield from _flatten(item)
    else:
        yield elements


def _number(token: Any, dtype: DType) -> Any:
    if isinstance(token, tuple):
        real, imaginary = (_number(part, dtype.real) for part in token)
        return complex(real, imaginary)
    if dtype.is_bool:
        return token == "true"
    if not dtype.is_floating:
        return int(token)
    if token.startswith("0x"):
        return np.array(int(token, 16), f"u{dtype.size}").view(dtype.numpy)[()]
    return float(token)
