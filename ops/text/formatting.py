"""Tensors as text: what StringFormat inserts, and what printing ops show.

Large tensors are shortened to the first and last elements of each axis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowc.ir.dtypes import as_dtype
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import fail
from flowc.ops.registry import host_op
from flowc.ops.text.texts import encode, scalar_text


def tensor_text(tensor: Any, summarize: int) -> str:
    """The tensor in brackets, with `summarize` elements at each end of an axis; -1 for all."""
    array = np.asarray(tensor)
    return _nested(array, array.ndim, summarize, printer(array))


def printer(array: Array, quoted: bool = True) -> Callable[[Any], str]:
    """What writes one element of an array; strings in quotes if `quoted`."""
    dtype = as_dtype(array.dtype)
    if dtype.is_floating:
        kind = array.dtype.type if array.dtype.itemsize >= 4 else np.float32
        return lambda value: float_text(kind(value))
    if dtype.is_complex:
        real = np.float32 if array.dtype.itemsize == 8 else np.float64
        return lambda value: f"({float_text(real(value.real))},{float_text(real(value.imag))})"
    if dtype.is_bool:
        return lambda value: str(int(value))
    if dtype.is_integer:
        return lambda value: str(int(value))
    quote = '"' if quoted else ""
    return lambda value: quote + escaped(value) + quote


def float_text(value: Any) -> str:
    """The shortest of 6 or 9 (for float64 15 or 17) digits that stands for the number."""
    few, many = (15, 17) if value.dtype == np.float64 else (6, 8)
    short = f"{float(value):.{few}g}"
    exact = type(value)(short) == value or value != value
    return short if exact else f"{float(value):.{many}g}"


def escaped(text: bytes) -> str:
    """Bytes as C writes them in quotes."""
    special = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x22: '\\"', 0x27: "\\'", 0x5C: "\\\\"}
    return "".join(
        special.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}")
        for byte in text
    )


def _nested(part: Any, rank: int, summarize: int, show: Callable[[Any], str]) -> str:
    depth = rank - np.ndim(part)
    if depth == rank:
        return show(part[()] if isinstance(part, np.ndarray) else part)
    left = rank - depth - 1
    between = " " if not left else "\n" * left + " " * (depth + 1)
    size = len(part)
    whole = summarize < 0 or size <= 2 * summarize
    shown = range(size) if whole else [*range(summarize), *range(size - summarize, size)]
    texts = [_nested(part[i, ...], rank, summarize, show) for i in shown]
    if not whole:
        texts.insert(summarize, "...")
    return "[" + between.join(texts) + "]"


@host_op(
    'StringFormat(inputs: T; T: list(type) >= 0, template: string = "%s",'
    ' placeholder: string = "%s", summarize: int = 3) -> output: string'
)
def string_format(inputs: list[Array], *, template: str, placeholder: str, summarize: int) -> Array:
    """The template with each placeholder replaced by a tensor."""
    parts = template.split(placeholder) if placeholder else [template]
    if len(parts) != len(inputs) + 1:
        raise fail(
            f"num placeholders in template and num inputs must match: {len(parts) - 1} vs. "
            f"{len(inputs)}"
        )
    shown = [*(tensor_text(value, summarize) for value in inputs), ""]
    return scalar_text(encode("".join(a + b for a, b in zip(parts, shown, strict=True))))
