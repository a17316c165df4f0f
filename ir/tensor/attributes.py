"""Attributes of instructions, as far as they hold dimensions.

An attribute is a number, a text, a `DType`, an array, a frozen dataclass of axis numbers, a
dimension, or a tuple of such things; only the last two can mention symbols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowc.ir.dims import Dim, Expr

SHAPE = "shape"  # of results


def map_dims(value: Any, function: Callable[[Expr], Dim]) -> Any:
    """`value` with `function` of each symbolic dimension; the same object if none changed."""
    if isinstance(value, Expr):
        new = function(value)
        return value if new == value else new
    if not isinstance(value, tuple) or are_numbers(value):
        return value
    mapped, changed = [], False
    for item in value:
        new = item if type(item) is int else map_dims(item, function)
        changed = changed or new is not item
        mapped.append(new)
    return tuple(mapped) if changed else value


def are_numbers(values: tuple[Any, ...]) -> bool:
    """Whether all are plain integers, as most shapes have."""
    for value in values:  # noqa: SIM110  twice as fast as a generator
        if type(value) is not int:
            return False
    return True


def map_attribute_dims(
    attributes: Mapping[str, Any],
    function: Callable[[Expr], Dim],
    sizes: Callable[[Expr], Dim] | None = None,
) -> Mapping[str, Any]:
    """`map_dims` of every attribute, `sizes` for a shape; the same object if none changed."""
    changed = {}
    for key, value in attributes.items():
        new = map_dims(value, sizes if sizes and key == SHAPE else function)
        if new is not value:
            changed[key] = new
    return {**attributes, **changed} if changed else attributes


def symbolic_dims(value: Any) -> Iterator[Expr]:
    """The symbolic dimensions in an attribute, a shape or a mapping of attributes."""
    match value:
        case Expr():
            yield value
        case tuple():
            for item in value:
                yield from symbolic_dims(item)
        case Mapping():
            for item in value.values():
                yield from symbolic_dims(item)
