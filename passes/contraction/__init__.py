"""Contractions as loop nests: `dot_general`, `convolution` and their gradients.

*Requires* the elements of both operands and an epilogue as functions of index tuples. *Ensures* a
kernel of parallel units that call the register-blocked micro-kernel (`MultiplyTile`), after K. Goto
and R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), but that operands
which lie well in memory are not packed. All extents may be symbolic.
"""

from __future__ import annotations

from dataclasses import replace

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType, bool_, int64
from flowc.ir.loops.expressions import Binary, Compare, Constant, Index, Scalar
from flowc.ir.loops.kernel import Buffer, If, Kernel, Statement
from flowc.passes.contraction.dot import dot_products, suits
from flowc.passes.contraction.kernel import TiledKernel
from flowc.passes.contraction.packing import RightPanels
from flowc.passes.contraction.problem import Contraction, Operand, analyse
from flowc.passes.contraction.schedule import choose, tile_rows
from flowc.passes.target import CpuTarget

__all__ = ["Contraction", "contraction_kernel"]


def contraction_kernel(c: Contraction, target: CpuTarget) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel, and the scratch buffers that follow `c.parameters` among its parameters."""
    if not c.depth:
        c = _with_depth(c)
    lhs = analyse(c.lhs, c.dtype, c.batch, c.rows, c.depth)
    rhs = analyse(lambda b, n, k: c.rhs(b, k, n), c.dtype, c.batch, c.columns, c.depth)
    rows, few = dims.product(c.rows), target.contraction.dot_rows
    dots = c.dtype.is_floating and suits(lhs, rhs)
    if dots and isinstance(rows, int) and rows < few:
        return Kernel(c.name, c.parameters, (dot_products(c, target, ""),)), ()
    if lhs.linear is not None and _in_few_sets(lhs.linear.side_stride, c.dtype, target):
        lhs = replace(lhs, linear=None)
    least = few if dots else 0
    tiled, scratch = _tiled(c, target, lhs, rhs, least)
    if dots and not isinstance(rows, int):
        tiled += (_guarded(dot_products(c, target, "dot_"), rows, 1, few),)
    return Kernel(c.name, (*c.parameters, *scratch), tiled), scratch


def _tiled(
    c: Contraction, target: CpuTarget, lhs: Operand, rhs: Operand, least: int
) -> tuple[tuple[Statement, ...], tuple[Buffer, ...]]:
    """Loops for `least` rows or more, and their scratch buffers.

    Where the number of rows is a symbol there are several loops, with tiles of several heights.
    """
    rows = dims.product(c.rows)
    heights = [tile_rows(c, target, lhs.linear is None and not lhs.side.flat)]
    if not isinstance(rows, int):
        heights += (h for h in target.contraction.small_rows if h >= least)
    packed, width = None, None
    if not _readable_in_place(c, rhs, [choose(c, target, h).columns for h in heights], target):
        width = choose(c, target, heights[0]).columns
        packed = RightPanels.make(rhs, c.dtype, width, c.depth, c.batch, target)
    body = [_guarded(packed.copy(), rows, least, None)] if packed else []
    for number, height in enumerate(heights):
        schedule = choose(c, target, height, width)
        kernel = TiledKernel.make(c, schedule, (lhs, rhs), packed, target, f"v{number}_")
        upper = heights[number - 1] if number else None
        body.append(_guarded(kernel.statement(), rows, height, upper))
    return tuple(body), (packed.buffer,) if packed else ()


def _with_depth(c: Contraction) -> Contraction:
    """An outer product as a contraction over one element."""
    return replace(
        c,
        depth=(1,),
        lhs=lambda batch, rows, _: c.lhs(batch, rows, ()),
        rhs=lambda batch, _, columns: c.rhs(batch, (), columns),
    )


def _in_few_sets(stride: Dim, dtype: DType, target: CpuTarget) -> bool:
    """Whether elements this far apart lie in the same few sets of the first-level cache."""
    if not isinstance(stride, int) or stride <= 0:
        return False
    return stride * dtype.size % target.contraction.page == 0


def _readable_in_place(c: Contraction, rhs: Operand, widths: list[int], target: CpuTarget) -> bool:
    """Whether tiles can load the columns of the right operand where they lie."""
    columns, rows = dims.product(c.columns), dims.product(c.rows)
    if rhs.linear is None or rhs.linear.side_stride != 1 or not isinstance(columns, int):
        return False
    conflicts = _in_few_sets(rhs.linear.depth_stride, c.dtype, target)
    limit = target.contraction.conflict_rows if conflicts else target.contraction.pack_rows
    few = not isinstance(rows, int) or rows < limit
    return few and columns >= max(widths)


def _guarded(loop: Statement, rows: Dim, least: int, below: int | None) -> Statement:
    """`loop` where there are `least` rows and fewer than `below`; no test for known numbers."""
    if isinstance(rows, int) or (least == 0 and below is None):
        return loop
    condition = _compare("GE", rows, least)
    if below is not None:
        condition = Binary(bool_, "and", condition, _compare("LT", rows, below))
    return If(condition, (loop,))


def _compare(direction: str, value: Dim, bound: int) -> Scalar:
    return Compare(bool_, direction, Index(int64, value), Constant(int64, bound))
