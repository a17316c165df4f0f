"""Accumulators of gradients: several are put in, and their mean or sum is taken out.

Whoever takes waits until there are enough. A gradient of a step that is over is dropped. A dense
accumulator adds tensors, a sparse one rows by their indices, each row divided by how often it came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import show
from flowc.ops.resources import Accumulator, DenseAccumulator, Shape, SparseAccumulator, Waiting
from flowc.runtime.resources.shapes import fits, shown


@dataclass(eq=False)
class Gradients(Accumulator):
    """Gradients of one step: their sum, and how many there are."""

    dtype: DType
    shape: Shape
    reduction: str
    step: int = 0
    count: int = 0

    def _require_shape(self, shape: tuple[int, ...]) -> None:
        require(
            fits(shape, self.shape),
            f"Shape mismatch: expected {shown(self.shape)}, got {show(shape)}",
        )

    def take(self, wanted: int, waiting: Waiting) -> None:
        """Wait until there are that many, and begin the next step."""
        require(wanted > 0, f"Argument num_required must be positive, got {wanted}")
        waiting.wait_for(lambda: self.count >= wanted)
        self.step += 1

    def is_late(self, step: int) -> bool:
        """Whether a gradient is of a step that is over."""
        return step < self.step


@dataclass(eq=False)
class DenseGradients(Gradients, DenseAccumulator):
    """Adds tensors of one shape."""

    total: Any = None

    def add(self, gradient: Array, step: int) -> None:
        """Add a gradient, unless its step is over."""
        self._require_shape(np.shape(gradient))
        if self.is_late(step):
            return
        if self.total is not None:
            require(
                np.shape(self.total) == np.shape(gradient),
                f"Shape mismatch: expected {show(np.shape(self.total))}, got "
                f"{show(np.shape(gradient))}",
            )
        self.total = np.copy(gradient) if self.total is None else self.total + gradient
        self.count += 1

    def taken(self, wanted: int, waiting: Waiting) -> Array:
        """The mean or the sum."""
        self.take(wanted, waiting)
        total, count = self.total, self.count
        self.total, self.count = None, 0
        return np.asarray(_divided(total, count) if self.reduction == "MEAN" else total)


@dataclass(eq=False)
class SparseGradients(Gradients, SparseAccumulator):
    """Adds rows by their indices."""

    rows: dict[int, Any] = field(default_factory=dict)  # index -> sum and how many
    width: tuple[int, ...] = ()  # the shape of a row

    def add_rows(self, indices: Array, values: Array, shape: tuple[int, ...], step: int) -> None:
        """Add rows, unless their step is over. `shape` is that of the whole, where it is known."""
        require(
            np.ndim(indices) == 1 and np.ndim(values) >= 1 and len(indices) == len(values),
            f"Indices {show(np.shape(indices))} and values {show(np.shape(values))} do not fit",
        )
        whole = shape or (0, *values.shape[1:])
        if self.shape is not None and shape:
            self._require_shape(whole)
        if self.shape is not None:
            require(
                fits(values.shape[1:], self.shape[1:]),
                "Shape mismatch: rows of shape "
                f"{show(values.shape[1:])}, expected {shown(self.shape[1:])}",
            )
        if self.is_late(step):
            return
        for index, row in zip(indices.tolist(), values, strict=True):
            total, count = self.rows.get(index, (0, 0))
            self.rows[index] = row + total, count + 1
        self.width = values.shape[1:]
        self.count += 1

    def taken_rows(self, wanted: int, waiting: Waiting) -> tuple[Array, Array, Array]:
        """Sorted indices, the means or sums of their rows, and the shape of the whole.

        Where the accumulator does not know how many rows there are in all, -1 stands for it.
        """
        self.take(wanted, waiting)
        indices = sorted(self.rows)
        found = [self.rows[index] for index in indices]
        rows = [_divided(s, n) if self.reduction == "MEAN" else s for s, n in found]
        values = np.array(rows, self.dtype.numpy).reshape(len(rows), *self.width)
        height = self.shape[0] if self.shape else None
        shape = (-1 if height is None else height, *self.width)
        self.rows, self.count = {}, 0
        return np.array(indices, np.int64), values, np.array(shape, np.int64)


def _divided(total: Any, count: int) -> Any:
    array = np.asarray(total)
    return array // count if array.dtype.kind in "iu" else (array / count).astype(array.dtype)
