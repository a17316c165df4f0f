"""Builder methods for reductions, windows and sorting."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder_elementwise import Elementwise
from flowc.ir.tensor.core import TensorType, Value

Combiner = Callable[[Value, Value], Value]
Padding = Sequence[tuple[Dim, Dim]]
Axes = Sequence[int] | None


def least(dtype: DType) -> Any:
    """The identity of maximum: -inf, the least integer, or False."""
    if dtype.is_bool:
        return False
    return -math.inf if dtype.is_floating else dtype.min


def greatest(dtype: DType) -> Any:
    """The identity of minimum: inf, the greatest integer, or True."""
    if dtype.is_bool:
        return True
    return math.inf if dtype.is_floating else dtype.max


class Reduction(Elementwise):
    """Reductions over axes and windows."""

    def reduce(
        self,
        inputs: Sequence[Value],
        initial: Sequence[Value],
        dimensions: Sequence[int],
        body: Callable[..., Value | Sequence[Value]],
    ) -> tuple[Value, ...]:
        """All elements along the axes combined; `body` takes accumulators, then elements."""
        region = self.region([_element(v) for v in (*inputs, *inputs)], body)
        attributes = {"dimensions": tuple(sorted(dimensions))}
        return self.emit_all("reduce", [*inputs, *initial], attributes, [region])

    def reduce_with(
        self, x: Value, initial: Any, axes: Axes, body: Combiner, keepdims: bool = False
    ) -> Value:
        """One tensor reduced from a number; None for all axes, which may be negative."""
        rank = len(self.shape(x))
        chosen = range(rank) if axes is None else sorted({axis % rank for axis in axes})
        if not chosen:
            return x
        start = self.scalar(initial, x.type.dtype)
        (result,) = self.reduce([x], [start], chosen, body)
        if not keepdims:
            return result
        kept = [1 if axis in chosen else size for axis, size in enumerate(self.shape(x))]
        return self.reshape(result, kept)

    def reduce_sum(self, x: Value, axes: Axes = None, keepdims: bool = False) -> Value:
        """The sum; narrow floats are summed in float32."""
        wide = self.convert(x, accumulator(x.type.dtype))
        return self.convert(self.reduce_with(wide, 0, axes, self.add, keepdims), x.type.dtype)

    def reduce_prod(self, x: Value, axes: Axes = None, keepdims: bool = False) -> Value:
        """The product; narrow floats are multiplied in float32."""
        wide = self.convert(x, accumulator(x.type.dtype))
        return self.convert(self.reduce_with(wide, 1, axes, self.multiply, keepdims), x.type.dtype)

    def reduce_max(self, x: Value, axes: Axes = None, keepdims: bool = False) -> Value:
        """The greatest element, NaN if there is one; -inf or the least integer of none."""
        return self.reduce_with(x, least(x.type.dtype), axes, self.maximum, keepdims)

    def reduce_min(self, x: Value, axes: Axes = None, keepdims: bool = False) -> Value:
        """The least element, NaN if there is one; inf or the greatest integer of none."""
        return self.reduce_with(x, greatest(x.type.dtype), axes, self.minimum, keepdims)

    def reduce_and(self, x: Value, axes: Axes = None, keepdims: bool = False) -> Value:
        """True where all bools are; bitwise of integers."""
        ones = True if x.type.dtype.is_bool else -1
        return self.reduce_with(x, ones, axes, self.and_, keepdims)

    def reduce_or(self, x: Value, axes: Axes = None, keepdims: bool = False) -> Value:
        """True where any bool is; bitwise of integers."""
        return self.reduce_with(x, 0, axes, self.or_, keepdims)

    def reduce_window(
        self,
        inputs: Sequence[Value],
        initial: Sequence[Value],
        body: Callable[..., Value | Sequence[Value]],
        *,
        window_dimensions: Sequence[Dim],
        window_strides: Sequence[int] | None = None,
        base_dilations: Sequence[int] | None = None,
        window_dilations: Sequence[int] | None = None,
        padding: Padding | None = None,
    ) -> tuple[Value, ...]:
        """Like `reduce`, over each window; padding counts as initial values."""
        rank = len(window_dimensions)
        attributes = {
            "window_dimensions": tuple(window_dimensions),
            "window_strides": tuple(window_strides or (1,) * rank),
            "base_dilations": tuple(base_dilations or (1,) * rank),
            "window_dilations": tuple(window_dilations or (1,) * rank),
            "padding": tuple(padding or ((0, 0),) * rank),
        }
        region = self.region([_element(v) for v in (*inputs, *inputs)], body)
        return self.emit_all("reduce_window", [*inputs, *initial], attributes, [region])

    def select_and_scatter(
        self,
        x: Value,
        source: Value,
        initial: Value,
        select: Combiner,
        combine: Combiner,
        *,
        window_dimensions: Sequence[int],
        window_strides: Sequence[int] | None = None,
        padding: Padding | None = None,
    ) -> Value:
        """Each window's source is combined into the element that `select` keeps (max pooling)."""
        rank = len(window_dimensions)
        attributes = {
            "window_dimensions": tuple(window_dimensions),
            "window_strides": tuple(window_strides or (1,) * rank),
            "padding": tuple(padding or ((0, 0),) * rank),
        }
        regions = [self.region([_element(x)] * 2, body) for body in (select, combine)]
        operands = [x, source, initial]
        return self.emit_all("select_and_scatter", operands, attributes, regions)[0]

    def sort(
        self,
        values: Sequence[Value],
        dimension: int,
        before: Callable[..., Value],
        is_stable: bool = True,
    ) -> tuple[Value, ...]:
        """The values in one order along an axis.

        `before` takes the left and the right element of each value in turn and says whether left
        must stand before right.
        """
        region = self.region([_element(v) for v in values for _ in range(2)], before)
        attributes = {"dimension": dimension, "is_stable": is_stable}
        return self.emit_all("sort", values, attributes, [region])


def _element(value: Value) -> TensorType:
    return TensorType(value.type.dtype, ())


def accumulator(dtype: DType) -> DType:
    """The type in which sums of `dtype` are kept: float32 for the narrow floats."""
    return dtypes.float32 if dtype in (dtypes.float16, dtypes.bfloat16) else dtype
