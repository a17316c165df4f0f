"""What is known of a tensor's contents while the graph is built."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.frontend.aliases import TensorLike
from flowc.frontend.elements import TensorBase
from flowc.frontend.shapes import TensorShape

Array = np.ndarray[Any, Any]


def constant_value(tensor: TensorLike, partial: bool = False) -> Array | None:
    """The elements of a tensor as an array, where they follow from constants and static shapes.

    None where they depend on a run.
    """
    if isinstance(tensor, np.ndarray):
        return tensor
    found: Array | None = tensor.constant_value() if isinstance(tensor, TensorBase) else None
    return found


def constant_value_as_shape(tensor: TensorBase) -> TensorShape:
    """The shape that an int vector describes; sizes that depend on a run are unknown."""
    contents = tensor.contents()
    if contents is None:
        count = tensor.shape.with_rank(1).as_list()[0]
        return TensorShape(None if count is None else [None] * count)
    sizes = [size if type(size) is int and size >= 0 else None for size in contents.tolist()]
    return TensorShape(sizes)
