"""Builder methods that fit shapes to each other: constants of a shape, NumPy's broadcasting.

An operand may be a Python number where another operand says what it is a number of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder_core import BuilderCore, UnknownValue
from flowc.ir.tensor.core import Parameter, Result, Shape, TensorType, Value
from flowc.ir.tensor.primitives.common import invalid

Number: TypeAlias = bool | int | float | complex
Operand: TypeAlias = Value | Number


class Shapes(BuilderCore):
    """Constants, broadcasting, and the fitting of operands."""

    def scalar(self, value: Any, dtype: DType) -> Value:
        """A constant of rank 0."""
        return self.constant(np.asarray(value).astype(dtype.numpy), dtype)

    def full(self, value: Any, shape: Sequence[Dim], dtype: DType) -> Value:
        """A tensor of one number; dimensions may be symbolic."""
        number = self.scalar(value, dtype)
        return self.broadcast_in_dim(number, shape, ()) if shape else number

    def full_like(self, x: Value, value: Any) -> Value:
        """A tensor of one number, of x's type."""
        return self.full(value, self.shape(x), x.type.dtype)

    def zeros_like(self, x: Value) -> Value:
        """Zeros (or False) of x's type."""
        return self.full_like(x, 0)

    def ones_like(self, x: Value) -> Value:
        """Ones (or True) of x's type."""
        return self.full_like(x, 1)

    def iota(self, shape: Sequence[Dim], dimension: int, dtype: DType) -> Value:
        """0, 1, 2 ... along one axis."""
        return self.emit("iota", iota_dimension=dimension, shape=tuple(shape), dtype=dtype)

    def broadcast_in_dim(
        self, x: Value, shape: Sequence[Dim], broadcast_dimensions: Sequence[int]
    ) -> Value:
        """x's axis i becomes axis `broadcast_dimensions[i]` of `shape`; its size is that or 1."""
        axes = tuple(broadcast_dimensions)
        return self.emit("broadcast_in_dim", x, shape=tuple(shape), broadcast_dimensions=axes)

    def reshape(self, x: Value, shape: Sequence[Dim]) -> Value:
        """x's elements in row-major order in another shape.

        Where symbolic sizes do not show that the element counts agree, it is assumed (guarded).
        Raises InvalidArgumentError where they differ.
        """
        new = tuple(map(self.assumptions.size, shape))
        if new == self.shape(x):
            return x
        old, count = self.type_of(x).size, dims.product(new)
        if count != old and not self.assumptions.equal(count, old):
            raise invalid(f"{self.type_of(x)} cannot be reshaped to {list(new)}")
        return self.emit("reshape", x, shape=new)

    def broadcast_to(self, x: Value, shape: Sequence[Dim]) -> Value:
        """x broadcast by NumPy's rules to `shape`. Raises InvalidArgumentError."""
        rank, old = len(shape), self.shape(x)
        if len(old) > rank:
            raise invalid(f"Cannot broadcast {self.type_of(x)} to shape {list(shape)}")
        for size, target in zip(old, tuple(shape)[rank - len(old) :], strict=True):
            self._agree_to_broadcast(x, size, target, shape)
        return self._spread(x, tuple(map(self.assumptions.size, shape)))

    def _agree_to_broadcast(self, x: Value, size: Dim, target: Dim, shape: Sequence[Dim]) -> None:
        """Settle that `size` is 1 or `target`."""
        size, target = self.assumptions.size(size), self.assumptions.size(target)
        if size in (1, target):
            return
        fits = self.assumptions.equal(size, 1) if target == 1 else True
        if target != 1:
            self.assumptions.broadcast(size, target)
            size, target = self.assumptions.size(size), self.assumptions.size(target)
            fits = size == target or target != 1
        if not fits:
            raise invalid(f"Cannot broadcast {self.type_of(x)} to shape {list(shape)}")

    def _spread(self, x: Value, shape: Shape) -> Value:
        """x in the larger shape with which its axes were found to agree."""
        old = self.shape(x)
        if old == shape:
            return x
        axes = tuple(range(len(shape) - len(old), len(shape)))
        if all(size in (1, shape[axis]) for size, axis in zip(old, axes, strict=True)):
            return self.broadcast_in_dim(x, shape, axes)
        if not self.assumptions.knows_sizes:  # an unknown size is either 1 or the target
            return Parameter(TensorType(x.type.dtype, shape))
        # Found equal, and yet written otherwise: one equality contains what another speaks of.
        written = tuple(s if s == 1 else shape[a] for s, a in zip(old, axes, strict=True))
        return self.broadcast_in_dim(self.emit("reshape", x, shape=written), shape, axes)

    def broadcast_shapes(self, *shapes: Shape) -> Shape:
        """NumPy's common shape. Raises InvalidArgumentError."""
        rank = max(map(len, shapes))
        result: list[Dim] = [1] * rank
        for shape in shapes:
            for axis, size in enumerate(shape, rank - len(shape)):
                result[axis] = self.assumptions.broadcast(result[axis], size)
        return tuple(map(self.assumptions.size, result))

    def broadcast(self, *operands: Operand) -> tuple[Value, ...]:
        """All operands in their common shape (NumPy's rules); numbers take the others' type."""
        values = self._values(operands)
        shapes = [self.shape(value) for value in values]
        wide = {shape for shape in shapes if shape}
        if len(wide) > 1:
            shape = self.broadcast_shapes(*shapes)
        else:  # nothing to settle: all have one shape, or are scalars
            shape = wide.pop() if wide else ()
        return tuple([self._spread(value, shape) for value in values])

    def _values(self, operands: Sequence[Operand]) -> list[Value]:
        """The operands with numbers made scalars of the first tensor's type."""
        dtype = next(v.type.dtype for v in operands if is_value(v))
        return [v if is_value(v) else self.scalar(v, dtype) for v in operands]

    def together(self, *operands: Operand) -> list[Value]:
        """The operands in one shape: numbers are spread, sizes that differ are settled as equal.

        Raises nothing itself; operands that cannot agree are left for the primitive to refuse.
        """
        values = self._values(operands)
        shape = next(self.shape(v) for v in operands if is_value(v))
        if len({id(v.type.shape) for v in values}) == 1:
            return values
        for position, (value, operand) in enumerate(zip(values, operands, strict=True)):
            if not is_value(operand):
                values[position] = self.broadcast_in_dim(value, shape, ()) if shape else value
            elif self.shape(value) != shape and self.assumptions.equal_shapes(
                shape, self.shape(value)
            ):
                values[position] = self.reshape(value, shape)
        return values


def is_value(operand: Operand) -> TypeGuard[Value]:
    """True for a tensor, False for a Python number."""
    return isinstance(operand, Parameter | Result | UnknownValue)
