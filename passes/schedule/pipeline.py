"""A machine's schedule: what is done with a kernel, in order, with the reason for each place."""

from __future__ import annotations

from functools import lru_cache

from flowc.passes.schedule.columns import StageColumnSums
from flowc.passes.schedule.cpu import (
    DivideFlatLoops,
    DivideLongSums,
    RunTheRestInOrder,
    ShareAmongThreads,
    StageTransposedOperands,
    VectorizeInnermost,
)
from flowc.passes.schedule.functions import ExpandFunctions
from flowc.passes.schedule.merging import MergeLoops
from flowc.passes.schedule.steps import Schedule
from flowc.passes.target import CpuTarget, GpuTarget, Target


def schedule_for(target: Target) -> tuple[Schedule, ...]:
    """The schedule of a machine."""
    if isinstance(target, GpuTarget):
        from flowc.passes.schedule import gpu  # 7 ms that a CPU's first program need not wait

        return gpu.schedules(target)
    return cpu_schedule(target)


@lru_cache(64)
def cpu_schedule(target: CpuTarget) -> tuple[Schedule, ...]:
    """The schedule of a CPU."""
    return (
        # Lowering makes a loop for each axis. Later parts judge a loop by its length and strides,
        # which they see when it is all of the memory that it can walk.
        MergeLoops(),
        # Both want whole nests of free loops: the first one where nothing is summed, the second
        # one where something is.
        StageTransposedOperands(target),
        StageColumnSums(target),
        # What is left at the top is a single loop, or rows. Chunks come before lanes, which want
        # the loop inside of a chunk.
        DivideLongSums(target),
        DivideFlatLoops(target),
        VectorizeInnermost(target),
        # After lanes, so that it is never the innermost loop that threads divide.
        ShareAmongThreads(target),
        RunTheRestInOrder(),
        # Last, since the estimates of all parts above count functions as what they are.
        ExpandFunctions(),
    )
