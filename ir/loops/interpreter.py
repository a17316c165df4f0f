"""Runs loop IR on NumPy arrays: slow and obviously right.

`iterations.py` runs the kinds of loops that a CPU has, `blocks.py` blocks and threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from flowc.ir import dims
from flowc.ir.loops.blocks import BlockRun, Order, in_order
from flowc.ir.loops.iterations import Array, KernelRun
from flowc.ir.loops.kernel import (
    Buffer,
    Call,
    CaseCalls,
    Check,
    Commit,
    Kernel,
    Measure,
    Program,
    Step,
    WhileCalls,
)
from flowc.ir.loops.walk import has_grid


def run_kernel(
    kernel: Kernel,
    arrays: Sequence[Array],
    sizes: Mapping[str, int],
    order: Order = in_order,
) -> None:
    """Run `kernel` on flat arrays, one for each parameter, written in place.

    Blocks, and the threads of a block between barriers, run in an `order`: no result may depend on
    it. Raises IndexError where an access is outside of its buffer, RaceError where threads touch an
    element without a barrier between them.
    """
    if has_grid(kernel):
        BlockRun(kernel, arrays, sizes, order).run()
    else:
        KernelRun(kernel, arrays, sizes).run()


# Programs


def run_program(
    program: Program,
    arguments: Sequence[Array],
    sizes: Mapping[str, int],
    order: Order = in_order,
) -> int:
    """Run a program on its argument arrays. Returns 0, or the code of the check that failed."""
    arrays = dict(zip(program.arguments, arguments, strict=True))
    for constants in program.constants:
        dtype = constants.buffer.dtype.numpy
        arrays[constants.buffer] = np.frombuffer(bytearray(constants.data), dtype)
    arena = np.full(dims.evaluate(program.arena_size, sizes), 0x55, np.uint8)
    for piece in program.arena:
        start = dims.evaluate(piece.offset, sizes)
        length = dims.evaluate(piece.buffer.size, sizes) * piece.buffer.dtype.size
        arrays[piece.buffer] = arena[start : start + length].view(piece.buffer.dtype.numpy)
    return _run_steps(program.steps, arrays, dict(sizes), order)


def _run_steps(
    steps: Sequence[Step], arrays: dict[Buffer, Array], sizes: dict[str, int], order: Order
) -> int:
    for step in steps:
        code = _run_step(step, arrays, sizes, order)
        if code:
            return code
    return 0


def _run_step(step: Step, arrays: dict[Buffer, Array], sizes: dict[str, int], order: Order) -> int:
    match step:
        case Call(kernel=kernel, arguments=arguments):
            run_kernel(kernel, [arrays[b] for b in arguments], sizes, order)
        case Commit():
            return 0
        case Measure(symbol=symbol, count=count):
            sizes[symbol.name] = int(arrays[count][0])
        case Check(predicate=predicate, code=code):
            return 0 if arrays[predicate][0] else code
        case CaseCalls(index=index, branches=branches):
            number = int(arrays[index][0])
            chosen = number if 0 <= number < len(branches) else len(branches) - 1
            return _run_steps(branches[chosen], arrays, sizes, order)
        case WhileCalls(condition=condition, predicate=predicate, body=body):
            while True:
                code = _run_steps(condition, arrays, sizes, order)
                if code or not arrays[predicate][0]:
                    return code
                code = _run_steps(body, arrays, sizes, order)
                if code:
                    return code
    return 0
