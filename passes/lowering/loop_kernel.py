"""Kernels in which every result is a function of one index: elementwise work and data movement."""

from __future__ import annotations

from flowc.ir.loops.kernel import Kernel
from flowc.passes.index_maps import Indices, reshape_index
from flowc.passes.lowering.fused import Body, Fused, free_nest


def loop_kernel(fused: Fused) -> Kernel:
    """The kernel of a loop fusion."""
    return fused.kernel(free_nest(fused.space, lambda index: _body(fused, index)))


def _body(fused: Fused, index: Indices) -> Body:
    results = fused.computation.results
    places = {
        n: reshape_index(index, fused.space, value.type.shape) for n, value in enumerate(results)
    }
    return fused.stores(fused.elements(), range(len(results)), places)
