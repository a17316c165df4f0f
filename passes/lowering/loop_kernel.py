"""Kernels in which every result is a function of one index: elementwise work and data movement."""

from __future__ import annotations

from flowc.ir.loops.kernel import Kernel
from flowc.passes.index_maps import Indices, reshape_index
from flowc.passes.lowering.fused import Body, Fused
from flowc.passes.lowering.loop_nests import choose_loops, nest
from flowc.passes.lowering.tiles import tiled_nest


def loop_kernel(fused: Fused) -> Kernel:
    """The kernel of a loop fusion."""
    loops, body = choose_loops(fused.space, lambda index: _body(fused, index))
    tiled = tiled_nest(loops, body, fused.target)
    return fused.kernel(tiled or nest(loops, body, fused.target))


def _body(fused: Fused, index: Indices) -> Body:
    results = fused.computation.results
    places = {
        n: reshape_index(index, fused.space, value.type.shape) for n, value in enumerate(results)
    }
    return fused.stores(fused.elements(), range(len(results)), places)
