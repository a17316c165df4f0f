"""`tf.compat`: text and bytes."""

from __future__ import annotations

import os
from typing import Any

from flowc.frontend.shapes import dimension_at_index as dimension_at_index
from flowc.frontend.shapes import dimension_value as dimension_value
from flowc.ir import tensor_values


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """Bytes; text is encoded. Raises TypeError for anything else."""
    if isinstance(bytes_or_text, str) and encoding.lower() != "utf-8":
        return bytes_or_text.encode(encoding)
    return tensor_values.as_bytes(bytes_or_text)


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """Text; bytes are decoded. Raises TypeError for anything else."""
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes | bytearray):
        return bytes(bytes_or_text).decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


def as_str_any(value: Any) -> str:
    """Text; bytes are decoded, anything else is printed."""
    return as_text(value) if isinstance(value, str | bytes) else str(value)


def forward_compatible(year: int, month: int, day: int) -> bool:
    """True: a graph may use any op that flowc has, whenever it came to be."""
    return True


def path_to_str(path: Any) -> Any:
    """A path as text; anything else as it is."""
    return os.fspath(path) if hasattr(path, "__fspath__") else path
