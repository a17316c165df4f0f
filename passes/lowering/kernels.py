"""Which lowering makes a fusion's kernel: by its kind, or by its only instruction."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from flowc.ir.dims import Dim, product
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Load
from flowc.ir.loops.kernel import Buffer, Kernel, Store
from flowc.passes.lowering.contraction_kernel import fused_contraction
from flowc.passes.lowering.fused import Fused, free_nest
from flowc.passes.lowering.loop_kernel import loop_kernel
from flowc.passes.lowering.opaque import OPAQUE
from flowc.passes.lowering.reduction_kernel import reduction_kernel
from flowc.passes.schedule.pipeline import cpu_schedule
from flowc.passes.schedule.steps import Seen, run_schedule
from flowc.passes.schedule.unique_loops import with_unique_loops
from flowc.passes.target import CpuTarget

Contents = tuple[DType, Dim]  # element type and number of elements of a buffer
AS_LOWERED = "as lowered"  # a kernel before the first step of its schedule
Scratch = tuple[Buffer, ...]  # program buffers that the kernel wants beside its own

KINDS: dict[str, Callable[[Fused], Kernel | tuple[Kernel, Scratch]]] = {
    "loop": loop_kernel,
    "row": reduction_kernel,
    "column": reduction_kernel,
    "contraction": fused_contraction,
}


def lower_fusion(kind: str, fused: Fused, seen: Seen | None = None) -> tuple[Kernel, Scratch]:
    """The kernel of a fusion, and the scratch buffers that follow its other parameters.

    `seen` is told what a step of the schedule did, and the kernel after it.
    """
    if all(product(r.type.shape) == 0 for r in fused.computation.results):
        return fused.kernel(()), ()
    if kind == "opaque":
        *_, instruction = fused.computation.instructions
        lowered = OPAQUE[instruction.primitive](fused)
    else:
        lowered = KINDS[kind](fused)
    kernel, scratch = (lowered, ()) if isinstance(lowered, Kernel) else lowered
    return scheduled(kernel, fused.target, seen), scratch


def copy_kernel(source: Buffer, target: Buffer, machine: CpuTarget) -> Kernel:
    """The kernel that copies a buffer to one of the same size: one for equal buffers."""
    return _copy_kernel((source.dtype, source.size), (target.dtype, target.size), machine)


@lru_cache(1 << 10)
def _copy_kernel(source: Contents, target: Contents, machine: CpuTarget) -> Kernel:
    a, b = Buffer("from", *source), Buffer("to", *target)
    nest = free_nest((a.size,), lambda index: (Store(b, index[0], Load(a, index[0])),))
    return scheduled(Kernel("copy", (a, b), nest), machine)


def scheduled(kernel: Kernel, target: CpuTarget, seen: Seen | None = None) -> Kernel:
    """A kernel as it runs on a machine, from one whose loops have roles."""
    kernel = with_unique_loops(kernel)
    if seen is not None:
        seen(AS_LOWERED, kernel)
    for schedule in cpu_schedule(target):
        kernel = run_schedule(schedule, kernel, seen)
    return kernel
