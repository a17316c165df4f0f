"""scatter and dynamic_update_slice: the operand is copied, then updated at places that data tell.

Updates of one place are combined in their order. Threads divide the operand, not the updates: each
walks all indices and applies those that fall into its own range of one dimension, so the result
does not depend on their number. Where the program gives operand and result the same memory nothing
is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.loops.expressions import Scalar
from flowc.ir.loops.kernel import Buffer, If, Kernel
from flowc.ir.tensor.core import Shape
from flowc.ir.tensor.primitives.indexing import ScatterDimensionNumbers
from flowc.passes.index_maps import Indices, linearize
from flowc.passes.lowering import scalars
from flowc.passes.lowering.elements import Elements, Mask, clamped, flat_offset, load, strides_of
from flowc.passes.lowering.fused import Body, Fused, free_loops, free_nest
from flowc.passes.lowering.loop_nests import parallel
from flowc.passes.lowering.single import (
    Single,
    serial_nest,
    stores,
    strided_loops,
)


def dynamic_update_slice(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `dynamic_update_slice`."""
    single = Single(fused)
    operand, update, *starts = single.instruction.operands
    (result,) = single.whole_results()[0]
    shape, elements = operand.type.shape, fused.elements()
    corner = flat_offset(
        [
            (clamped(elements.real(start, ()), limit - size), stride)
            for start, limit, size, stride in zip(
                starts, shape, update.type.shape, strides_of(shape), strict=True
            )
            if limit != size
        ]
    )

    def body(index: Indices) -> Body:
        element = fused.elements().at(update, index)
        position = linearize(index, shape)
        return tuple(stores(result, operand.type.dtype, position, element, scatter=corner))

    copy = single.copy(single.instruction.operands[0], result)
    return single.kernel((*copy, *free_nest(update.type.shape, body)))


def scatter(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `scatter`."""
    single = Single(fused)
    (result,) = single.whole_results()[0]
    updates = _Updates(single, result).build()
    return single.kernel((*single.copy(single.instruction.operands[0], result), *updates))


@dataclass(frozen=True, eq=False)
class _Updates:
    """Builds the loops over the updates: index vectors outside, each one's window inside."""

    single: Single
    result: Buffer

    def build(self) -> Body:
        """All loops; a parallel one around them where a dimension can be divided."""
        shape = self._batch_shape
        loops, batch = strided_loops(
            shape,
            lambda b: [*self._index_positions(b), self._update_position(b, self._origin)],
            "b",
        )
        parts, axis = self._parts()
        if axis is None or parts == 1:
            return serial_nest(loops, self._one_vector(batch, None, None))
        part = Symbol("part", parts)
        size = self._operand_shape[axis]
        share = (
            dims.floordiv(as_dim(part) * size, parts),
            dims.floordiv((as_dim(part) + 1) * size, parts),
        )
        body = serial_nest(loops, self._one_vector(batch, axis, share))
        return (parallel(part, parts, body, 1),)

    def _parts(self) -> tuple[Dim, int | None]:
        """How many threads divide the operand, and along which axis."""
        sizes = self.single.target.instructions
        axes = [a for a in self._scattered if a not in self._window_axes]
        axis = next((a for a in axes if self._operand_shape[a] != 1), None)
        window = product(tuple(self._windows.values()))
        if axis is None or (isinstance(window, int) and window < sizes.narrow_window):
            return 1, None
        most = 1 + dims.floordiv(product(self._update_shape), sizes.thread_updates)
        return dims.minimum(self.single.target.threads, most), axis

    # Shapes

    @cached_property
    def _numbers(self) -> ScatterDimensionNumbers:
        numbers: ScatterDimensionNumbers = self.single.instruction.attributes[
            "scatter_dimension_numbers"
        ]
        return numbers

    @cached_property
    def _operand_shape(self) -> Shape:
        return self.single.instruction.operands[0].type.shape

    @cached_property
    def _scattered(self) -> tuple[int, ...]:
        """The operand axes that index vectors move along."""
        return self._numbers.scatter_dims_to_operand_dims

    @cached_property
    def _window_axes(self) -> tuple[int, ...]:
        """The operand axes in the order of the updates' window axes; those of size 1 left out."""
        return tuple(a for a, size in self._windows.items() if size != 1)

    @cached_property
    def _windows(self) -> dict[int, Dim]:
        """The window's size along each operand axis that it has."""
        dropped = self._numbers.inserted_window_dims + self._numbers.input_batching_dims
        kept = [a for a in range(len(self._operand_shape)) if a not in dropped]
        shape = self.single.instruction.operands[2].type.shape
        return {a: shape[u] for a, u in zip(kept, self._numbers.update_window_dims, strict=True)}

    @cached_property
    def _origin(self) -> Indices:
        return (0,) * len(self._windows)

    @cached_property
    def _batch_shape(self) -> Shape:
        shape = self.single.instruction.operands[2].type.shape
        return tuple(s for a, s in enumerate(shape) if a not in self._numbers.update_window_dims)

    # Positions

    def _index_positions(self, batch: Indices) -> Iterator[Dim]:
        shape = self.single.instruction.operands[1].type.shape
        for component in range(len(self._scattered)):
            yield linearize(self._index_at(batch, component), shape)

    def _index_at(self, batch: Indices, component: int) -> Indices:
        """The index of one component of an index vector."""
        at, axis = list(batch), self._numbers.index_vector_dim
        if axis < self.single.instruction.operands[1].type.rank:
            at.insert(axis, component)
        return tuple(at)

    def _update_position(self, batch: Indices, window: Indices) -> Dim:
        return linearize(self._update_at(batch, window), self._update_shape)

    @property
    def _update_shape(self) -> Shape:
        return self.single.instruction.operands[2].type.shape

    def _update_at(self, batch: Indices, window: Indices) -> Indices:
        axes = self._numbers.update_window_dims
        inside, outside = iter(window), iter(batch)
        rank = len(self._update_shape)
        return tuple(next(inside) if a in axes else next(outside) for a in range(rank))

    def _operand_at(self, batch: Indices, window: Indices) -> Indices:
        """The index into the operand, without the data-dependent part."""
        index: list[Dim] = [0] * len(self._operand_shape)
        for axis, i in zip(self._windows, window, strict=True):
            index[axis] = i
        numbers = self._numbers
        for axis, other in zip(
            numbers.input_batching_dims, numbers.scatter_indices_batching_dims, strict=True
        ):
            index[axis] = batch[other - (other > numbers.index_vector_dim)]
        return tuple(index)

    # One index vector

    def _one_vector(self, batch: Indices, axis: int | None, share: tuple[Dim, Dim] | None) -> Body:
        """The window of one index vector, if it is in the operand and the thread's share."""
        elements = self.single.fused.elements()
        indices = self.single.instruction.operands[1]
        starts: dict[int, Scalar] = {}
        condition: Mask = None
        for component, a in enumerate(self._scattered):
            start = elements.real(indices, self._index_at(batch, component))
            starts[a] = scalars.convert(dtypes.int64, start)
            if a not in self._window_axes:
                limits = share if a == axis and share else (0, self._operand_shape[a])
                condition = scalars.both(condition, _between(starts[a], *limits))
        body = self._window(elements, batch, starts)
        return body if condition is None else (If(condition, body),)

    def _window(self, elements: Elements, batch: Indices, starts: dict[int, Scalar]) -> Body:
        shape = self._operand_shape
        sizes = tuple(self._windows.values())
        loops, window = strided_loops(
            sizes,
            lambda w: [
                self._update_position(batch, w),
                linearize(self._operand_at(batch, w), shape),
            ],
            "w",
        )
        index = self._operand_at(batch, window)
        mask: Mask = None
        for a in self._window_axes:
            if a in starts:
                place = scalars.binary("add", starts[a], scalars.index(index[a]))
                mask = scalars.both(mask, _between(place, 0, shape[a]))
        strides = strides_of(shape)
        moved = [(start, strides[a]) for a, start in starts.items()]
        corner = flat_offset(moved) if moved else None
        body = self._combine(elements, linearize(index, shape), corner, mask, batch, window)
        return free_loops(loops, body)

    def _combine(
        self,
        elements: Elements,
        position: Dim,
        corner: Scalar | None,
        mask: Mask,
        batch: Indices,
        window: Indices,
    ) -> Body:
        """The read, the region and the masked store of one element."""
        operand, _, updates = self.single.instruction.operands
        dtype = operand.type.dtype
        old = load(self.result, dtype, position, mask, corner)
        update = elements.at(updates, self._update_at(batch, window))
        (new,) = elements.region(self.single.instruction.regions[0], [old, update])
        return tuple(stores(self.result, dtype, position, new, mask, corner))


def _between(x: Scalar, low: Dim, high: Dim) -> Scalar:
    """The mask `low <= x < high` of an int64."""
    above = scalars.compare("GE", x, scalars.index(low))
    return scalars.binary("and", above, scalars.compare("LT", x, scalars.index(high)))
