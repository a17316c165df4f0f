"""cholesky and triangular_solve: substitution row by row, with sums in double precision.

Threads divide the matrices of a batch, or the right-hand sides of a single one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Scalar, Variable
from flowc.ir.loops.kernel import Buffer, Carried, Combiner, For, If, Kernel, Kind
from flowc.ir.tensor.core import Value
from flowc.passes.lowering import scalars
from flowc.passes.lowering.elements import binary_element, load
from flowc.passes.lowering.fused import Body, Fused
from flowc.passes.lowering.reductions import flat_elements
from flowc.passes.lowering.scalars import Complex, Element
from flowc.passes.lowering.single import Single, divided, stores


@dataclass(frozen=True, eq=False)
class _Matrix:
    """A matrix in a buffer, perhaps seen transposed or conjugated; elements are double."""

    buffer: Buffer
    dtype: DType
    base: Dim
    strides: tuple[Dim, Dim]
    conjugate: bool = False

    def transposed(self) -> _Matrix:
        """The same memory with rows and columns exchanged."""
        return replace(self, strides=self.strides[::-1])

    def _position(self, row: Dim, column: Dim) -> Dim:
        return self.base + row * self.strides[0] + column * self.strides[1]

    def at(self, row: Dim, column: Dim) -> Element:
        """One element."""
        element = load(self.buffer, self.dtype, self._position(row, column))
        return self._conjugated(converted(dtypes.float64, element))

    def store(self, row: Dim, column: Dim, element: Element) -> Body:
        """Stores of one element."""
        narrow = self._conjugated(converted(self.dtype.real, element))
        return tuple(stores(self.buffer, self.dtype, self._position(row, column), narrow))

    def _conjugated(self, x: Element) -> Element:
        if self.conjugate and isinstance(x, Complex):
            return Complex(x.real, scalars.unary("negate", x.imag))
        return x


def triangular_solve(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `triangular_solve`: the unknowns in the order of the substitution."""
    single = Single(fused)
    attributes, (a, b) = single.instruction.attributes, single.instruction.operands
    (result,), scratch = single.whole_results()
    buffers = fused.elements().buffers
    size, batches = a.type.shape[-1], product(a.type.shape[:-2])
    batch = Symbol("batch", batches)
    left, lower = attributes["left_side"], attributes["lower"]
    matrix = _of(buffers[a], a, as_dim(batch) if batches != 1 else 0)
    known = _of(buffers[b], b, as_dim(batch) if batches != 1 else 0)
    if attributes["transpose_a"] != "NO_TRANSPOSE":
        matrix, lower = matrix.transposed(), not lower
        matrix = replace(matrix, conjugate=attributes["transpose_a"] == "ADJOINT")
    if not left:  # x a = b is a' x' = b'
        matrix, lower, known = matrix.transposed(), not lower, known.transposed()
    columns = b.type.shape[-1 if left else -2]
    together, time = single.target.instructions.right_hand_sides, single.target.costs.solve_step
    blocks = dims.ceildiv(columns, together)
    block, row = Symbol("block", blocks), Symbol("row", size)
    start = as_dim(block) * together
    lane = Symbol("column", together)
    unknown = replace(known, buffer=result)
    place = as_dim(row) if lower else size - 1 - as_dim(row)
    solve = _Substitution(matrix, known, unknown, lower, attributes["unit_diagonal"], size)
    body = solve.step(row, place, start + as_dim(lane))
    count = dims.minimum(together, columns - start)
    vector = For(lane, count, body, Kind.VECTOR, single.target.lanes(dtypes.float64))
    work = size * size * together
    solved: Body = (For(row, size, (vector,)),)
    if batches == 1:
        return single.kernel((divided(block, blocks, solved, time, work, single.target),), scratch)
    solved = (For(block, blocks, solved),)
    return single.kernel((divided(batch, batches, solved, time, work, single.target),), scratch)


@dataclass(frozen=True, eq=False)
class _Substitution:
    matrix: _Matrix
    known: _Matrix
    unknown: _Matrix
    lower: bool
    unit_diagonal: bool
    size: Dim

    def step(self, row: Symbol, place: Dim, column: Dim) -> Body:
        """The unknown in one row: what is known, less what the unknowns found before explain."""
        earlier = Symbol("earlier", self.size)
        other = as_dim(earlier) if self.lower else self.size - 1 - as_dim(earlier)
        term = binary_element(
            "multiply", self.matrix.at(place, other), self.unknown.at(other, column)
        )
        loop, explained = summed(earlier, as_dim(row), term, "explained")
        found = binary_element("subtract", self.known.at(place, column), explained)
        if not self.unit_diagonal:
            found = binary_element("divide", found, self.matrix.at(place, place))
        return (loop, *self.unknown.store(place, column, found))


def cholesky(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `cholesky`, row by row (Cholesky-Banachiewicz)."""
    single = Single(fused)
    (a,), lower = single.instruction.operands, single.instruction.attributes["lower"]
    (result,), scratch = single.whole_results()
    size, batches = a.type.shape[-1], product(a.type.shape[:-2])
    batch = Symbol("batch", batches)
    given = _of(fused.elements().buffers[a], a, as_dim(batch) if batches != 1 else 0)
    if not lower:
        given = replace(given.transposed(), conjugate=True)
    factor = replace(given, buffer=result)
    lanes = single.target.lanes(dtypes.float64)
    body: Body = (*_factor_rows(given, factor, size, lanes), *_refuse(factor, size))
    if batches != 1:
        time, work = single.target.costs.solve_step, size * size * size
        body = (divided(batch, batches, body, time, work, single.target),)
    zero = scalars.constant(a.type.dtype.real, 0)
    nothing = Complex(zero, zero) if a.type.dtype.is_complex else zero
    return single.kernel((*single.fill(a, result, nothing), *body), scratch)


def _factor_rows(given: _Matrix, factor: _Matrix, size: Dim, lanes: int) -> Body:
    row, column = Symbol("row", size), Symbol("column", size)
    i, j = as_dim(row), as_dim(column)
    k, d = Symbol("k", size), Symbol("d", size)
    other = replace(factor, conjugate=not factor.conjugate)
    term = binary_element("multiply", factor.at(i, as_dim(k)), other.at(j, as_dim(k)))
    dot, explained = summed(k, j, term, "dot", lanes)
    rest = binary_element("subtract", given.at(i, j), explained)
    element = binary_element("divide", rest, factor.at(j, j))
    left = For(column, i, (dot, *factor.store(i, j, element)))
    square = binary_element("multiply", factor.at(i, as_dim(d)), other.at(i, as_dim(d)))
    norm, length = summed(d, i, square, "norm", lanes)
    pivot = _real(binary_element("subtract", given.at(i, i), length))
    positive = scalars.compare("GT", pivot, scalars.constant(dtypes.float64, 0))
    root = scalars.select(positive, scalars.unary("sqrt", pivot), _nan())
    return (For(row, size, (left, norm, *factor.store(i, i, _like(factor, root)))),)


def _refuse(factor: _Matrix, size: Dim) -> Body:
    """NaN in the whole triangle where a pivot was not positive: such a NaN reaches the last one."""
    once, row, column = Symbol("once", 1), Symbol("bad_row", size), Symbol("bad_column", size)
    last = _real(factor.at(size - 1 - as_dim(once), size - 1 - as_dim(once)))
    spoil = factor.store(as_dim(row), as_dim(column), _like(factor, _nan()))
    rows = For(row, size, (For(column, as_dim(row) + 1, spoil),))
    failed = scalars.unary("not", scalars.compare("EQ", last, last))
    return (For(once, dims.minimum(1, size), (If(failed, (rows,)),)),)


def _of(buffer: Buffer, value: Value, batch: Dim) -> _Matrix:
    rows, columns = value.type.shape[-2:]
    return _Matrix(buffer, value.type.dtype, batch * rows * columns, (columns, 1))


def summed(
    index: Symbol, extent: Dim, term: Element, name: str, lanes: int = 1
) -> tuple[For, Element]:
    """A loop that adds up a term, in lanes where asked to; the sum is known after it."""
    held, left, right, total = (variables(term, f"{name}_{n}") for n in ("", "l", "r", "sum"))
    zero = scalars.constant(dtypes.float64, 0)
    combined = flat_elements([binary_element("add", left, right)])
    combiner = Combiner(flat(left), flat(right), combined) if lanes > 1 else None
    carried = Carried(
        flat(held),
        (zero,) * len(flat(held)),
        flat_elements([binary_element("add", held, term)]),
        flat(total),
        combiner,
    )
    kind = Kind.VECTOR if lanes > 1 else Kind.SERIAL
    return For(index, extent, (), kind, lanes, carried=carried), total


def variables(like: Element, name: str) -> Element:
    """A variable of an element's type, two for a complex one."""
    if isinstance(like, Complex):
        return Complex(Variable(like.real.dtype, name), Variable(like.imag.dtype, name + "i"))
    return Variable(like.dtype, name)


def flat(element: Element) -> tuple[Variable, ...]:
    """The variables that `variables` made."""
    parts = flat_elements([element])
    return tuple(p for p in parts if isinstance(p, Variable))


def converted(dtype: DType, x: Element) -> Element:
    """An element, or each part of a complex one, as a real type."""
    if isinstance(x, Complex):
        return Complex(scalars.convert(dtype, x.real), scalars.convert(dtype, x.imag))
    return scalars.convert(dtype, x)


def _like(matrix: _Matrix, x: Scalar) -> Element:
    """A real number as an element of the matrix."""
    return Complex(x, scalars.constant(x.dtype, 0)) if matrix.dtype.is_complex else x


def _real(x: Element) -> Scalar:
    return x.real if isinstance(x, Complex) else x


def _nan() -> Scalar:
    return scalars.constant(dtypes.float64, float("nan"))
