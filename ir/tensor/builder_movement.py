"""Builder methods for data movement."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flowc.ir.dims import Dim
from flowc.ir.tensor.builder_shapes import Operand, Shapes
from flowc.ir.tensor.core import TensorType, Value
from flowc.ir.tensor.primitives.common import invalid
from flowc.ir.tensor.primitives.indexing import GatherDimensionNumbers, ScatterDimensionNumbers

Combiner = Callable[[Value, Value], Value]


class Movement(Shapes):
    """Reordering, cutting and joining tensors; gather and scatter."""

    def expand_dims(self, x: Value, *axes: int) -> Value:
        """x with axes of size 1, which are axes of the result; negative ones count from its end."""
        rank = len(self.shape(x)) + len(axes)
        ones = {axis % rank for axis in axes}
        old = iter(self.shape(x))
        return self.reshape(x, [1 if axis in ones else next(old) for axis in range(rank)])

    def squeeze(self, x: Value, *axes: int) -> Value:
        """x without those axes, whose size must be 1. Raises InvalidArgumentError."""
        shape = self.shape(x)
        dropped = {axis % len(shape) for axis in axes} if axes else set()
        if not all(self.assumptions.equal(shape[axis], 1) for axis in dropped):
            raise invalid(f"Cannot squeeze axes {axes} of {self.type_of(x)}: not of size 1")
        return self.reshape(x, [d for axis, d in enumerate(self.shape(x)) if axis not in dropped])

    def transpose(self, x: Value, permutation: Sequence[int]) -> Value:
        """The result's axis i is x's axis `permutation[i]`."""
        order = tuple(permutation)
        if order == tuple(range(len(self.shape(x)))):
            return x
        return self.emit("transpose", x, permutation=order)

    def slice(
        self,
        x: Value,
        start_indices: Sequence[Dim],
        limit_indices: Sequence[Dim],
        strides: Sequence[int] | None = None,
    ) -> Value:
        """x[start:limit:stride] on every axis; 0 <= start <= limit <= size, stride >= 1."""
        return self.emit(
            "slice",
            x,
            start_indices=tuple(start_indices),
            limit_indices=tuple(limit_indices),
            strides=tuple(strides) if strides is not None else (1,) * len(start_indices),
        )

    def slice_axis(self, x: Value, axis: int, start: Dim, limit: Dim, stride: int = 1) -> Value:
        """x[start:limit:stride] along one axis, all of the others."""
        starts, limits, strides = [0] * x.type.rank, [*self.shape(x)], [1] * x.type.rank
        mixed: list[Dim] = [*starts]
        mixed[axis], limits[axis], strides[axis] = start, limit, stride
        return self.slice(x, mixed, limits, strides)

    def dynamic_slice(
        self, x: Value, start_indices: Sequence[Value], slice_sizes: Sequence[Dim]
    ) -> Value:
        """A slice of known sizes at integer scalars, clamped so that it lies within x."""
        return self.emit("dynamic_slice", x, *start_indices, slice_sizes=tuple(slice_sizes))

    def dynamic_update_slice(
        self, x: Value, update: Value, start_indices: Sequence[Value]
    ) -> Value:
        """x with `update` written at integer scalars, clamped so that it lies within x."""
        return self.emit("dynamic_update_slice", x, update, *start_indices)

    def concatenate(self, values: Sequence[Value], dimension: int) -> Value:
        """The values one after the other along an axis; the other sizes agree."""
        first, *others = values
        outside = list(self.shape(first))
        for other in others:
            for axis, (size, theirs) in enumerate(zip(outside, self.shape(other), strict=False)):
                if axis != dimension:
                    self.assumptions.equal(size, theirs)
        if not others:
            return first
        return self.emit_all("concatenate", values, {"dimension": dimension})[0]

    def pad(
        self,
        x: Value,
        padding_value: Operand,
        low: Sequence[Dim],
        high: Sequence[Dim],
        interior: Sequence[int] | None = None,
    ) -> Value:
        """x with a scalar around it, and `interior` times between elements; negative edges cut."""
        _, value = self._values([x, padding_value])
        return self.emit(
            "pad",
            x,
            value,
            edge_padding_low=tuple(low),
            edge_padding_high=tuple(high),
            interior_padding=tuple(interior) if interior is not None else (0,) * len(low),
        )

    def reverse(self, x: Value, dimensions: Sequence[int]) -> Value:
        """x backwards along the axes."""
        return self.emit("reverse", x, dimensions=tuple(dimensions)) if dimensions else x

    def gather(
        self,
        x: Value,
        start_indices: Value,
        dimension_numbers: GatherDimensionNumbers,
        slice_sizes: Sequence[Dim],
        indices_are_sorted: bool = False,
    ) -> Value:
        """Slices of x at index vectors, each clamped so that it lies within x."""
        return self.emit(
            "gather",
            x,
            start_indices,
            dimension_numbers=dimension_numbers,
            slice_sizes=tuple(slice_sizes),
            indices_are_sorted=indices_are_sorted,
        )

    def take(self, x: Value, indices: Value, axis: int = 0) -> Value:
        """x[..., indices, ...]: the indices' axes replace `axis`; they are clamped."""
        rank, depth = x.type.rank, indices.type.rank
        others = tuple(a if a < axis else a + depth - 1 for a in range(rank) if a != axis)
        numbers = GatherDimensionNumbers(
            offset_dims=others,
            collapsed_slice_dims=(axis,),
            start_index_map=(axis,),
            index_vector_dim=depth,
        )
        sizes: list[Dim] = [*self.shape(x)]
        sizes[axis] = 1
        return self.gather(x, indices, numbers, sizes)

    def scatter(
        self,
        x: Value,
        indices: Value,
        updates: Value,
        dimension_numbers: ScatterDimensionNumbers,
        combine: Combiner,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
    ) -> Value:
        """x with `x[i] = combine(x[i], update)`; updates outside of x are left out."""
        element = TensorType(x.type.dtype, ())
        attributes = {
            "scatter_dimension_numbers": dimension_numbers,
            "indices_are_sorted": indices_are_sorted,
            "unique_indices": unique_indices,
        }
        body = self.region([element, element], combine)
        return self.emit_all("scatter", [x, indices, updates], attributes, [body])[0]
