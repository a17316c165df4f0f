"""Lowerings of single instructions that fuse with nothing: the table by primitive."""

from __future__ import annotations

from collections.abc import Callable

from flowc.ir.loops.kernel import Buffer, Kernel
from flowc.ir.tensor.core import Instruction, Value
from flowc.passes.lowering.fused import Fused
from flowc.passes.lowering.large_windows import large_windows
from flowc.passes.lowering.linear_algebra import cholesky, triangular_solve
from flowc.passes.lowering.lu import lu
from flowc.passes.lowering.random_bits import random_bits
from flowc.passes.lowering.scatter import dynamic_update_slice, scatter
from flowc.passes.lowering.select_and_scatter import select_and_scatter
from flowc.passes.lowering.sort import sort
from flowc.passes.lowering.true_positions import true_positions

OPAQUE: dict[str, Callable[[Fused], Kernel | tuple[Kernel, tuple[Buffer, ...]]]] = {
    "cholesky": cholesky,
    "dynamic_update_slice": dynamic_update_slice,
    "lu": lu,
    "reduce_window": large_windows,
    "rng_bit_generator": random_bits,
    "scatter": scatter,
    "select_and_scatter": select_and_scatter,
    "sort": sort,
    "triangular_solve": triangular_solve,
    "true_positions": true_positions,
}

# Kernels that are right, and copy less, where result 0 has the memory of operand 0.
IN_PLACE = frozenset({"dynamic_update_slice", "rng_bit_generator", "scatter"})


def may_overwrite(instruction: Instruction, operand: Value) -> bool:
    """Whether the kernel of `instruction` may be given one buffer for result 0 and `operand`."""
    first, *others = instruction.operands
    return instruction.primitive in IN_PLACE and operand is first and operand not in others
