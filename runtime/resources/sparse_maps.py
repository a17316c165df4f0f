"""Sparse tensors kept under a number, so that a queue can hold them."""

from __future__ import annotations

from itertools import count

from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.resources import SparseMap


class NumberedTensors(SparseMap):
    """Indices, values and shapes by number. What is taken is forgotten."""

    def __init__(self) -> None:
        self._numbers = count()
        self._kept: dict[int, tuple[Array, Array, Array]] = {}

    def add(self, indices: Array, values: Array, shape: Array) -> int:
        """The number of a tensor."""
        number = next(self._numbers)
        self._kept[number] = indices.copy(), values.copy(), shape.copy()
        return number

    def take(self, number: int) -> tuple[Array, Array, Array]:
        """The tensor of a number. Raises InvalidArgumentError."""
        require(number in self._kept, f"Unable to find SparseTensor: {number} in map")
        return self._kept.pop(number)
