"""Strings as host kernels have them: arrays of `bytes` objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array


def texts(values: Iterable[bytes], shape: tuple[int, ...] | None = None) -> Array:
    """A string tensor of these elements; a vector unless a shape is given."""
    elements = list(values)
    found = np.empty(len(elements), object)
    found[:] = elements
    return found if shape is None else found.reshape(shape)


def scalar_text(value: bytes | str) -> Array:
    """A string tensor of one element."""
    return texts([value if isinstance(value, bytes) else encode(value)], ())


def elements(tensor: Any) -> list[Any]:
    """The elements of a tensor in row-major order."""
    found: list[Any] = np.asarray(tensor, object).ravel().tolist()
    return found


def map_texts(function: Callable[[bytes], bytes], tensor: Any) -> Array:
    """The tensor with a function applied to each element."""
    return texts(map(function, elements(tensor)), np.shape(tensor))


def the_text(tensor: Any, name: str = "input") -> bytes:
    """The element of a scalar. Raises InvalidArgumentError for another shape."""
    require(
        np.size(tensor) == 1 and np.ndim(tensor) == 0,
        f"{name} must be scalar, but had shape: {list(np.shape(tensor))}",
    )
    found: bytes = elements(tensor)[0]
    return found


def decode(value: bytes) -> str:
    """A file name or the like as text; bytes that are not UTF-8 survive."""
    return value.decode("utf-8", "surrogateescape")


def encode(value: str) -> bytes:
    """The inverse of `decode`."""
    return value.encode("utf-8", "surrogateescape")


def characters(text: bytes) -> list[bytes]:
    """The bytes of each UTF-8 character: every byte that does not continue one begins one."""
    starts = [i for i, byte in enumerate(text) if byte & 0xC0 != 0x80]
    return [text[a:b] for a, b in pairwise([*starts, len(text)])]


def broadcasts(x: Any, y: Any) -> bool:
    """Whether two arrays have a common shape."""
    pairs = zip(reversed(np.shape(x)), reversed(np.shape(y)), strict=False)
    return all(a == b or 1 in (a, b) for a, b in pairs)


def require_broadcast(x: Any, y: Any) -> None:
    """Raise InvalidArgumentError unless two arrays have a common shape."""
    require(broadcasts(x, y), f"Incompatible shapes: {list(np.shape(x))} vs. {list(np.shape(y))}")
