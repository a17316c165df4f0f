"""Kernels of `dot_general` and `convolution`, with the elementwise consumers as an epilogue.

Both are one contraction: batch, row, column and depth indices, and the element of each operand at
such indices. A convolution's rows are the positions of its result, its depth the taps of its window
and the input features; what padding, strides and dilation mean is in the index of the operand's
element. The blocked loops around the micro-kernel are made by `flowc.passes.contraction`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as cartesian

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, product
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Scalar
from flowc.ir.loops.kernel import Buffer, Kernel, Store
from flowc.ir.tensor.core import Instruction
from flowc.ir.tensor.primitives.contraction import (
    ConvDimensionNumbers,
    DotDimensionNumbers,
    free_axes,
)
from flowc.passes.contraction import Contraction, contraction_kernel
from flowc.passes.index_maps import Indices, reshape_index
from flowc.passes.lowering import scalars
from flowc.passes.lowering.elements import Elements
from flowc.passes.lowering.fused import Fused, free_nest, store
from flowc.passes.lowering.scalars import Complex, Element

DEPTHWISE_LIMIT = 128  # taps of a depthwise window that are written out


def fused_contraction(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of a contraction fusion, and the scratch buffers that follow its parameters."""
    hero = next(
        i for i in fused.computation.instructions if i.primitive in ("dot_general", "convolution")
    )
    view: View = DotView(hero) if hero.primitive == "dot_general" else ConvolutionView(hero)
    if 0 in view.depth:
        return _empty_sum(fused, hero), ()
    if isinstance(view, ConvolutionView) and view.is_depthwise():
        return _depthwise_kernel(fused, hero, view), ()
    return contraction_kernel(_contraction(fused, hero, view), fused.target)


@dataclass(frozen=True, eq=False)
class View:
    """A contraction as batch, rows, columns and depth, and its operands' elements."""

    instruction: Instruction

    @property
    def batch(self) -> tuple[Dim, ...]:
        """Extents of the indices that both operands and the result have."""
        raise NotImplementedError

    @property
    def rows(self) -> tuple[Dim, ...]:
        """Extents of the indices of the left operand and the result."""
        raise NotImplementedError

    @property
    def columns(self) -> tuple[Dim, ...]:
        """Extents of the indices of the right operand and the result."""
        raise NotImplementedError

    @property
    def depth(self) -> tuple[Dim, ...]:
        """Extents of the summed indices."""
        raise NotImplementedError

    def lhs(self, elements: Elements, batch: Indices, rows: Indices, depth: Indices) -> Element:
        """The left operand's element."""
        raise NotImplementedError

    def rhs(self, elements: Elements, batch: Indices, depth: Indices, columns: Indices) -> Element:
        """The right operand's element."""
        raise NotImplementedError

    def result(self, batch: Indices, rows: Indices, columns: Indices) -> Indices:
        """The index into the result."""
        raise NotImplementedError


class DotView(View):
    """`dot_general`."""

    @property
    def _numbers(self) -> DotDimensionNumbers:
        numbers: DotDimensionNumbers = self.instruction.attributes["dot_dimension_numbers"]
        return numbers

    def _free(self, side: int) -> list[int]:
        n = self._numbers
        taken = (
            (n.lhs_batching_dimensions, n.lhs_contracting_dimensions),
            (n.rhs_batching_dimensions, n.rhs_contracting_dimensions),
        )[side]
        return free_axes(self.instruction.operands[side].type.rank, *taken)

    def _sizes(self, side: int, axes: list[int] | tuple[int, ...]) -> tuple[Dim, ...]:
        shape = self.instruction.operands[side].type.shape
        return tuple(shape[a] for a in axes)

    @property
    def batch(self) -> tuple[Dim, ...]:
        return self._sizes(0, self._numbers.lhs_batching_dimensions)

    @property
    def rows(self) -> tuple[Dim, ...]:
        return self._sizes(0, self._free(0))

    @property
    def columns(self) -> tuple[Dim, ...]:
        return self._sizes(1, self._free(1))

    @property
    def depth(self) -> tuple[Dim, ...]:
        return self._sizes(0, self._numbers.lhs_contracting_dimensions)

    def lhs(self, elements: Elements, batch: Indices, rows: Indices, depth: Indices) -> Element:
        n = self._numbers
        axes = (*n.lhs_batching_dimensions, *self._free(0), *n.lhs_contracting_dimensions)
        return elements.at(self.instruction.operands[0], _scatter(axes, (*batch, *rows, *depth)))

    def rhs(self, elements: Elements, batch: Indices, depth: Indices, columns: Indices) -> Element:
        n = self._numbers
        axes = (*n.rhs_batching_dimensions, *n.rhs_contracting_dimensions, *self._free(1))
        return elements.at(self.instruction.operands[1], _scatter(axes, (*batch, *depth, *columns)))

    def result(self, batch: Indices, rows: Indices, columns: Indices) -> Indices:
        return (*batch, *rows, *columns)


class ConvolutionView(View):
    """`convolution`; feature and batch groups are the contraction's batch."""

    @property
    def _numbers(self) -> ConvDimensionNumbers:
        numbers: ConvDimensionNumbers = self.instruction.attributes["dimension_numbers"]
        return numbers

    @property
    def _groups(self) -> tuple[int, int]:
        attributes = self.instruction.attributes
        return attributes["feature_group_count"], attributes["batch_group_count"]

    @property
    def _input(self) -> tuple[Dim, ...]:
        return self.instruction.operands[0].type.shape

    @property
    def _kernel(self) -> tuple[Dim, ...]:
        return self.instruction.operands[1].type.shape

    @property
    def batch(self) -> tuple[Dim, ...]:
        groups = self._groups[0] * self._groups[1]
        return (groups,) if groups > 1 else ()

    @property
    def rows(self) -> tuple[Dim, ...]:
        shape, n = self.instruction.types[0].shape, self._numbers
        spatial = tuple(shape[a] for a in n.output_spatial_dimensions)
        return (shape[n.output_batch_dimension], *spatial)

    @property
    def columns(self) -> tuple[Dim, ...]:
        features = self._kernel[self._numbers.kernel_output_feature_dimension]
        return (dims.floordiv(features, self._groups[0] * self._groups[1]),)

    @property
    def depth(self) -> tuple[Dim, ...]:
        n = self._numbers
        taps = tuple(self._kernel[a] for a in n.kernel_spatial_dimensions)
        return (*taps, self._kernel[n.kernel_input_feature_dimension])

    def is_depthwise(self) -> bool:
        """One input feature per group, and a window small enough to write out."""
        *taps, features = self.depth
        size = product(tuple(taps))
        small = isinstance(size, int) and size <= DEPTHWISE_LIMIT
        return self._groups[0] > 1 and self._groups[1] == 1 and features == 1 and small

    def lhs(self, elements: Elements, batch: Indices, rows: Indices, depth: Indices) -> Element:
        attributes, n = self.instruction.attributes, self._numbers
        position, *spatial = rows
        *taps, feature = depth
        index: list[Dim] = [0] * len(self._input)
        index[n.input_batch_dimension], index[n.input_feature_dimension] = position, feature
        if batch:
            by_feature = self._groups[0] > 1
            axis = n.input_feature_dimension if by_feature else n.input_batch_dimension
            groups = self._groups[0] if by_feature else self._groups[1]
            index[axis] = index[axis] + batch[0] * dims.floordiv(self._input[axis], groups)
        mask: Scalar | None = None
        for s, axis in enumerate(n.input_spatial_dimensions):
            at = spatial[s] * attributes["window_strides"][s]
            at = at + taps[s] * attributes["rhs_dilation"][s] - attributes["padding"][s][0]
            spread = attributes["lhs_dilation"][s]
            if spread != 1:
                whole = scalars.compare("EQ", scalars.index(at % spread), scalars.index(0))
                mask = scalars.both(mask, whole)
                at = at // spread
            mask = scalars.both(mask, scalars.in_range(at, self._input[axis]))
            index[axis] = at
        operand = self.instruction.operands[0]
        element = elements.at(operand, tuple(index), mask)
        return element if mask is None else _masked(mask, element)

    def rhs(self, elements: Elements, batch: Indices, depth: Indices, columns: Indices) -> Element:
        n = self._numbers
        *taps, feature = depth
        index: list[Dim] = [0] * len(self._kernel)
        for axis, tap in zip(n.kernel_spatial_dimensions, taps, strict=True):
            index[axis] = tap
        index[n.kernel_input_feature_dimension] = feature
        index[n.kernel_output_feature_dimension] = self._output_feature(batch, columns)
        return elements.at(self.instruction.operands[1], tuple(index))

    def _output_feature(self, batch: Indices, columns: Indices) -> Dim:
        return batch[0] * self.columns[0] + columns[0] if batch else columns[0]

    def result(self, batch: Indices, rows: Indices, columns: Indices) -> Indices:
        n = self._numbers
        index: list[Dim] = [0] * len(self._input)
        index[n.output_batch_dimension] = rows[0]
        index[n.output_feature_dimension] = self._output_feature(batch, columns)
        for axis, i in zip(n.output_spatial_dimensions, rows[1:], strict=True):
            index[axis] = i
        return tuple(index)


def _masked(mask: Scalar, element: Element) -> Element:
    """The element where the mask holds, else zero (padding)."""
    assert not isinstance(element, Complex)
    return scalars.select(mask, element, scalars.constant(element.dtype, 0))


def _scatter(axes: tuple[int, ...], index: Indices) -> Indices:
    placed: list[Dim] = [0] * len(axes)
    for axis, i in zip(axes, index, strict=True):
        placed[axis] = i
    return tuple(placed)


def _accumulation_type(hero: Instruction) -> DType:
    """Half precision is summed in float32, everything else in the result's own type."""
    dtype = hero.types[0].dtype
    return dtypes.float32 if dtype in scalars.NARROW else dtype


def _as_type(element: Element, dtype: DType) -> Scalar:
    assert not isinstance(element, Complex)
    return scalars.convert(dtype, element)


def _stores(
    fused: Fused, hero: Instruction, index: Indices, accumulated: Element
) -> tuple[Store, ...]:
    """What the epilogue stores at one index of the hero's result."""
    shape = hero.types[0].shape
    index = tuple(0 if size == 1 else i for i, size in zip(index, shape, strict=True))
    body = fused.at_index(shape, index, lambda i: _stores_at(fused, hero, i, accumulated))
    return tuple(s for s in body if isinstance(s, Store))


def _stores_at(
    fused: Fused, hero: Instruction, index: Indices, accumulated: Element
) -> tuple[Store, ...]:
    elements = fused.elements()
    shape = hero.types[0].shape
    elements.bound[hero.results[0]] = (index, accumulated)
    found: list[Store] = []
    for value, buffer in zip(fused.computation.results, fused.outputs, strict=True):
        at = reshape_index(index, shape, value.type.shape)
        found.extend(store(buffer, value, at, elements.at(value, at), fused.target))
    return tuple(found)


def _empty_sum(fused: Fused, hero: Instruction) -> Kernel:
    """The kernel where nothing is summed: the epilogue of zeros."""
    zero = scalars.constant(_accumulation_type(hero), 0)
    total = scalars.convert(hero.types[0].dtype, zero)
    return fused.kernel(free_nest(hero.types[0].shape, lambda i: _stores(fused, hero, i, total)))


def _contraction(fused: Fused, hero: Instruction, view: View) -> Contraction:
    dtype = _accumulation_type(hero)
    m, n, k = len(view.rows), len(view.columns), len(view.depth)

    def epilogue(
        batch: Indices, rows: Indices, columns: Indices, accumulated: Scalar
    ) -> tuple[Store, ...]:
        result = scalars.convert(hero.types[0].dtype, accumulated)
        index = view.result(batch, rows[:m], columns[:n])
        return _stores(fused, hero, index, result)

    return Contraction(
        name=fused.name,
        dtype=dtype,
        batch=view.batch,
        rows=view.rows or (1,),
        columns=view.columns or (1,),
        depth=view.depth or (1,),
        lhs=lambda b, i, t: _as_type(view.lhs(fused.elements(), b, i[:m], t[:k]), dtype),
        rhs=lambda b, t, j: _as_type(view.rhs(fused.elements(), b, t[:k], j[:n]), dtype),
        epilogue=epilogue,
        parameters=tuple(dict.fromkeys([*fused.inputs, *fused.outputs])),
    )


def _depthwise_kernel(fused: Fused, hero: Instruction, view: ConvolutionView) -> Kernel:
    """Each result element is a written-out sum of taps; features are the vector lanes."""
    dtype = _accumulation_type(hero)
    n = hero.attributes["dimension_numbers"]
    shape = hero.types[0].shape
    *sizes, _ = view.depth

    def body(index: Indices) -> tuple[Store, ...]:
        elements = fused.elements()
        feature = index[n.output_feature_dimension]
        per_group = view.columns[0]
        batch = (dims.floordiv(feature, per_group),)
        columns = (dims.mod(feature, per_group),)
        rows = (index[n.output_batch_dimension], *(index[a] for a in n.output_spatial_dimensions))
        total: Scalar | None = None
        for taps in cartesian(*(range(s) for s in sizes if isinstance(s, int))):
            x = _as_type(view.lhs(elements, batch, rows, (*taps, 0)), dtype)
            w = _as_type(view.rhs(elements, batch, (*taps, 0), columns), dtype)
            term = scalars.binary("multiply", x, w)
            total = term if total is None else scalars.binary("add", total, term)
        assert total is not None
        return _stores(fused, hero, index, scalars.convert(hero.types[0].dtype, total))

    return fused.kernel(free_nest(shape, body))
