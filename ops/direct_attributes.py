"""Attributes as the compiler reads them, of a node that is no NodeDef yet.

The frontend keeps an operation's attributes as Python values. Writing them into a protocol buffer
and reading that again changes some of them (a float is rounded to float32, a list becomes a tuple)
and copies every constant three times. What that round trip gives is found here without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ctypes import c_float
from typing import Any

import numpy as np

from flowc.ir.dtypes import DType
from flowc.ops.graph_values import Placeholder, is_allowed
from flowc.ops.registry import OpDefinition


class _Unlike(Exception):
    """Only a NodeDef can tell what the value is."""


def direct_attributes(definition: OpDefinition, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """What `complete_attributes` gives of a NodeDef made of `values`.

    None where only the NodeDef can tell, or tells what is wrong with them.
    """
    found: dict[str, Any] = {}
    try:
        for attribute in definition.signature.attributes:
            value = found[attribute.name] = _direct(values[attribute.name], attribute.type)
            if not is_allowed(attribute, value):
                return None
    except _Unlike:
        return None
    return found


def _direct(value: Any, type_: str) -> Any:
    if isinstance(value, Placeholder):
        raise _Unlike
    if type_.startswith("list("):
        if not isinstance(value, list | tuple):
            raise _Unlike
        return tuple([_direct(element, type_[5:-1]) for element in value])
    convert = _CONVERT.get(type_)
    if convert is None:
        raise _Unlike
    return convert(value)


def _type(value: Any) -> DType:
    if not isinstance(value, DType):
        raise _Unlike
    return value


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise _Unlike
    return value


def _int(value: Any) -> int:
    if type(value) is not int or not -(1 << 63) <= value < 1 << 63:
        raise _Unlike
    return value


def _string(value: Any) -> str:
    if type(value) is not str or not value.isascii():
        raise _Unlike
    return value


def _float(value: Any) -> float:
    if type(value) is not float:
        raise _Unlike
    return c_float(value).value


def _shape(value: Any) -> tuple[int | None, ...] | None:
    if value is None:
        return None
    if type(value) is not tuple or not all(s is None or (type(s) is int and s >= 0) for s in value):
        raise _Unlike
    return value


def _tensor(value: Any) -> np.ndarray[Any, Any]:
    """The same memory, to read from only."""
    if type(value) is not np.ndarray or value.dtype.kind not in "biufc":
        raise _Unlike
    if not (value.flags.c_contiguous and value.dtype.isnative):
        raise _Unlike
    view = value.view()
    view.flags.writeable = False
    return view


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "type": _type,
    "int": _int,
    "bool": _bool,
    "string": _string,
    "float": _float,
    "shape": _shape,
    "tensor": _tensor,
}
