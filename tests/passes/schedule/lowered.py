"""Programs whose kernels have another schedule than the CPU's, run by the loop interpreter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from flowc.codegen.cpu.host import host_target
from flowc.ir import dims
from flowc.ir.loops.blocks import Order, in_order
from flowc.ir.loops.interpreter import run_program
from flowc.ir.loops.kernel import For, Kernel, Kind
from flowc.ir.loops.ranges import check_ranges
from flowc.ir.loops.walk import statements
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.core import Module
from flowc.passes.fusion.fuse import Fuse
from flowc.passes.lowering import kernels
from flowc.passes.lowering.program import Lowered, lower_module
from flowc.passes.schedule.unique_loops import with_unique_loops

Array = NDArray[Any]
_machines = count()  # equal kernels are shared among programs for one machine


def lowered(module: Module, schedule: Callable[[Kernel], Kernel]) -> Lowered:
    """A module as a program, whose kernels `schedule` made of what lowering left.

    Kernels that the lowering itself gave a CPU's kinds keep the CPU's schedule.
    """
    of_cpu = kernels.scheduled
    target = replace(host_target(1), cpu=f"none {next(_machines)}")

    def scheduled(kernel: Kernel, *_: Any) -> Kernel:
        loops = (s for s in statements(kernel.body) if isinstance(s, For))
        if any(loop.kind is not Kind.SERIAL for loop in loops):
            return of_cpu(kernel, target)
        return schedule(with_unique_loops(kernel))

    with patch.object(kernels, "scheduled", scheduled):
        return lower_module(Fuse().run(module), target)


def run(
    program: Lowered, module: Module, arrays: Sequence[Array], order: Order = in_order
) -> list[Array]:
    """The module's results, by the loop interpreter."""
    sizes = interpreter.bind_symbols(module, arrays)
    check_ranges(program.program, sizes)
    memory = [np.array(a).reshape(-1) for a in arrays]
    types = [r.type for r in module.main.results]
    shapes = [tuple(dims.evaluate(d, sizes) for d in t.shape) for t in types]
    for place in range(len(arrays), len(program.program.arguments)):
        number = program.places.index(place)
        memory.append(np.full(shapes[number], 7, types[number].dtype.numpy).reshape(-1))
    assert run_program(program.program, memory, sizes, order) == 0
    return [memory[p].reshape(s) for p, s in zip(program.places, shapes, strict=True)]
