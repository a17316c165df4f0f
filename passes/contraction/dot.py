"""Few rows times a right operand whose depth is contiguous: a sum of products for each element.

Packing the right operand would cost more than it is used for. The depth is the vector loop.
"""

from __future__ import annotations

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.loops.expressions import Binary, Constant, Fma, Scalar, Variable
from flowc.ir.loops.kernel import Carried, Combiner, For, Kind, Statement
from flowc.passes.contraction.kernel import grain, result_groups
from flowc.passes.contraction.problem import Contraction, Group, Operand
from flowc.passes.target import CpuTarget


def suits(lhs: Operand, rhs: Operand) -> bool:
    """Whether both operands have their depth contiguous, the right one as plain memory."""
    return rhs.linear is not None and rhs.linear.depth_stride == 1 and lhs.depth_stride == 1


def dot_products(c: Contraction, target: CpuTarget, prefix: str) -> Statement:
    """All elements of the result, columns in parallel."""
    rows, columns = result_groups(c)
    batch = Group(c.batch, False)
    total = batch.size * rows.size * columns.size
    element = Symbol(f"{prefix}element", total)
    index = as_dim(element)
    column, rest = index % columns.size, index // columns.size
    row = rest % rows.size if c.batch else rest
    around = batch.at(rest // rows.size) if c.batch else ()
    row_indices = Group(c.rows, False).at(row), Group(c.columns, False).at(column)
    loop, result = _sum(c, around, *row_indices, target, prefix)
    stores = c.epilogue(around, rows.at(row), columns.at(column), result)
    least = grain(1, dims.product(c.depth), target) + target.contraction.dot_columns
    return For(element, total, (loop, *stores), Kind.PARALLEL, grain=least)


def _sum(
    c: Contraction,
    batch: tuple[Dim, ...],
    rows: tuple[Dim, ...],
    columns: tuple[Dim, ...],
    target: CpuTarget,
    prefix: str,
) -> tuple[Statement, Variable]:
    """Loops over the depth that add up one element; the innermost is of vectors."""
    symbols = [Symbol(f"{prefix}k{i}", extent) for i, extent in enumerate(c.depth)]
    depth = tuple(as_dim(s) for s in symbols)
    x, y = c.lhs(batch, rows, depth), c.rhs(batch, depth, columns)
    statement: Statement | None = None
    added: Scalar | None = None
    for level, (symbol, extent) in reversed(list(enumerate(zip(symbols, c.depth, strict=True)))):
        held, done, left, right = (
            Variable(c.dtype, f"{prefix}{part}{level}") for part in ("sum", "dot", "left", "right")
        )
        following = Binary(c.dtype, "add", held, added) if added else Fma(c.dtype, x, y, held)
        combiner = Combiner((left,), (right,), (Binary(c.dtype, "add", left, right),))
        zero = Constant(c.dtype, 0.0 if c.dtype.is_floating else 0)
        carried = Carried((held,), (zero,), (following,), (done,), combiner)
        inner = statement is None
        statement = For(
            symbol,
            extent,
            () if statement is None else (statement,),
            Kind.VECTOR if inner else Kind.SERIAL,
            target.lanes(c.dtype) if inner else 1,
            target.contraction.dot_unroll if inner else 1,
            carried=carried,
        )
        added = done
    assert statement is not None and isinstance(added, Variable)
    return statement, added
