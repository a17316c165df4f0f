"""The passes over tensor IR, in order, with the reason for each place; then a kernel's schedule."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir.tensor.core import Module
from flowc.passes.common_subexpressions import EliminateCommonSubexpressions
from flowc.passes.constant_folding import FoldConstants
from flowc.passes.dead_code import EliminateDeadCode
from flowc.passes.dead_results import EliminateDeadResults
from flowc.passes.expand_complex_products import ExpandComplexProducts
from flowc.passes.expand_fourier import ExpandFourier
from flowc.passes.fusion.fuse import Fuse
from flowc.passes.pass_manager import Observer, Pass, run_passes
from flowc.passes.schedule.pipeline import schedule_for
from flowc.passes.schedule.steps import Schedule
from flowc.passes.simplify.simplify import Simplify
from flowc.passes.target import Target

PASSES: tuple[Pass, ...] = (
    # Lowering computes shapes and second results that nobody reads: no later pass sees them.
    EliminateDeadCode(),
    # An unread position beside a maximum, or value of a loop, would keep what it is made of.
    EliminateDeadResults(),
    # Transforms become contractions and movement, which all later passes know.
    ExpandFourier(),
    # Complex contractions, those of transforms among them, become real ones, which are blocked.
    ExpandComplexProducts(),
    # Lowerings repeat themselves (broadcasts of one bias, a gradient's forward value), and rules
    # recognise operands that are the same object.
    EliminateCommonSubexpressions(),
    # Rules look for constants, so whatever can be one is one before they do.
    FoldConstants(),
    Simplify(),
    # Rules leave constant scalars to compute, and instructions that have become equal or unused.
    # A second round finds nearly all that a fixed point would; more rounds cost time every time.
    FoldConstants(),
    EliminateCommonSubexpressions(),
    EliminateDeadCode(),
    Simplify(),
    EliminateDeadCode(),
    # Last, since every rewrite above is simpler on instructions than inside kernels.
    Fuse(),
)

PLAIN: tuple[Pass, ...] = (
    # Only what the lowering to loops requires, one instruction a kernel: the road that is left
    # where a rewrite or a fusion trips over a module.
    EliminateDeadCode(),
    ExpandFourier(),
    ExpandComplexProducts(),
    Fuse(joins=False),
)


def pipeline(target: Target) -> tuple[Pass | Schedule, ...]:
    """All rewrites of a compilation for a machine: of the module, then of each of its kernels.

    Between them `passes/lowering` makes kernels of fusions: loops that say what their iterations
    are to each other, not how they run.
    """
    return (*PASSES, *schedule_for(target))


def optimize(
    module: Module, observer: Observer | None = None, passes: Sequence[Pass] = PASSES
) -> Module:
    """The module after all passes, a program of kernels. Raises PassError where a pass fails."""
    return run_passes(module, passes, observer)
