"""select_and_scatter: the gradient of max pooling.

For each window the selected element is found, then every position of the window gets the combined
value or what it had. Written so, the memory accesses are whole vectors along the features, where
the window has one element. Windows that do not overlap need no reading. Large windows are loops,
and the selected position is data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flowc.ir import dtypes
from flowc.ir.dims import product
from flowc.ir.loops.kernel import Buffer, For, Kernel
from flowc.ir.tensor.core import Shape
from flowc.passes.lowering import scalars
from flowc.passes.lowering.fused import Body, Fused, element_time
from flowc.passes.lowering.loop_kernel import as_dim
from flowc.passes.lowering.single import Single, divided, vector_nest

FALSE = scalars.constant(dtypes.bool_, False)


def select_and_scatter(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `select_and_scatter`."""
    single = Single(fused)
    (result,), scratch = single.whole_results()
    return single.kernel(_Pooling(single, result).build(), scratch)


@dataclass(frozen=True, eq=False)
class _Pooling:
    """Builds the loops over the windows."""

    single: Single
    result: Buffer

    def build(self) -> Body:
        """The initial values, then all windows."""
        loops, index = self._loops()
        body = self._window(index)
        if not loops:
            return (*self._fill(), *body)
        time = element_time(_flat(body), self.single.target)
        work = product(tuple(size for _, size in loops[1:]))
        inner = self._innermost(loops[1:], body)
        symbol, extent = loops[0]
        if symbol in self._lanes(loops):
            return (*self._fill(), *vector_nest(loops[:1], body, self.single.target))
        if not self._is_divisible(self._outermost):
            return (*self._fill(), For(symbol, extent, inner))
        if self._is_batch(self._outermost):
            slice_size = product(tuple(self._shape[a] for a in self._wide if a != self._outermost))
            start = as_dim(symbol) * slice_size
            inner = (*self._fill_slice(start, slice_size), *inner)
            return (divided(symbol, extent, inner, time, work),)
        return (*self._fill(), divided(symbol, extent, inner, time, work))

    # Shapes

    @cached_property
    def _shape(self) -> Shape:
        return self.single.instruction.operands[0].type.shape

    @cached_property
    def _windows(self) -> Shape:
        """The shape of the source: one element per window."""
        return self.single.instruction.operands[1].type.shape

    @cached_property
    def _wide(self) -> list[int]:
        return [a for a, (s, w) in enumerate(zip(self._shape, self._windows)) if (s, w) != (1, 1)]
