"""lu: Gaussian elimination with partial pivoting, in double precision, by blocks of columns.

A panel of `BLOCK` columns is factored; then each row of what is right of it is its old value less
what the panel explains, a sum over the panel that reads and writes the row once. Threads divide the
matrices of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Scalar, Variable
from flowc.ir.loops.kernel import Allocate, Buffer, Carried, For, Kernel, Kind, Let, Store
from flowc.passes.lowering import scalars
from flowc.passes.lowering.elements import binary_element, load
from flowc.passes.lowering.fused import Body, Fused
from flowc.passes.lowering.linear_algebra import converted, flat, summed, variables
from flowc.passes.lowering.reductions import flat_elements
from flowc.passes.lowering.scalars import Complex, Element, binary, compare, constant, select
from flowc.passes.lowering.single import Single, divided, stores

BLOCK = 32  # columns of a panel


def lu(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `lu`."""
    single = Single(fused)
    (a,) = single.instruction.operands
    (factors, order, swaps), unread = single.whole_results()
    size, batches = a.type.shape[-1], product(a.type.shape[:-2])
    batch = Symbol("batch", batches)
    number = as_dim(batch) if batches != 1 else 0
    given = _Matrix(fused.elements().buffers[a], a.type.dtype, size, number * size * size)
    lanes = single.target.lanes(dtypes.float64)
    factored = _Factored(given, order, number * size, lanes)
    body: Body = (
        *factored.body(),
        *factored.copy(factored.work, _Matrix(factors, a.type.dtype, size, given.base), "out"),
        Store(swaps, number, factored.swaps),
    )
    if batches != 1:
        work, time = size * size * size, single.target.costs.solve_step
        body = (divided(batch, batches, body, time, work, single.target),)
    return single.kernel(body, unread)


@dataclass(frozen=True, eq=False)
class _Matrix:
    """A square matrix in a buffer, from `base` on; elements are double."""

    buffer: Buffer
    dtype: DType
    size: Dim
    base: Dim = 0

    def at(self, row: Dim, column: Dim, further: Scalar | None = None) -> Element:
        """One element; `further` elements on, where data decides that."""
        position = self.base + row * self.size + column
        return converted(dtypes.float64, load(self.buffer, self.dtype, position, gather=further))

    def store(self, row: Dim, column: Dim, element: Element, further: Scalar | None = None) -> Body:
        """Stores of one element."""
        position = self.base + row * self.size + column
        narrow = converted(self.dtype.real, element)
        return tuple(stores(self.buffer, self.dtype, position, narrow, scatter=further))


class _Factored:
    """One matrix, factored in double precision in `work`; `swaps` counts exchanges of rows."""

    def __init__(self, given: _Matrix, order: Buffer, first: Dim, lanes: int) -> None:
        dtype = dtypes.complex128 if given.dtype.is_complex else dtypes.float64
        count = given.size * given.size * (2 if dtype.is_complex else 1)
        self.given = given
        self.work = _Matrix(Buffer("work", dtypes.float64, count), dtype, given.size)
        self.order, self.first = order, first  # where the matrix's rows came from
        self.size, self.lanes = given.size, lanes
        self.swaps = Variable(dtypes.int32, "all_swaps")

    def body(self) -> Body:
        """The whole factorisation."""
        row, block = Symbol("row", self.size), Symbol("block", dims.ceildiv(self.size, BLOCK))
        place = Store(
            self.order, self.first + as_dim(row), scalars.index(as_dim(row), dtypes.int32)
        )
        start = as_dim(block) * BLOCK
        width = dims.minimum(BLOCK, self.size - start)
        before, within = (Variable(dtypes.int32, n) for n in ("swaps", "swaps_here"))
        panel = self._panel(start, width, before, within)
        carried = Carried((before,), (constant(dtypes.int32, 0),), (within,), (self.swaps,))
        blocks = For(block, block.extent or 0, (panel, self._rest(start, width)), carried=carried)
        return (
            Allocate(self.work.buffer),
            *self.copy(self.given, self.work, "in"),
            For(row, self.size, (place,)),
            blocks,
        )

    def copy(self, source: _Matrix, target: _Matrix, name: str) -> Body:
        """One matrix to another."""
        row, column = (Symbol(f"{name}_{n}", self.size) for n in ("row", "column"))
        i, j = as_dim(row), as_dim(column)
        vector = For(
            column, self.size, target.store(i, j, source.at(i, j)), Kind.VECTOR, self.lanes
        )
        return (For(row, self.size, (vector,)),)

    def _panel(self, start: Dim, width: Dim, before: Variable, within: Variable) -> For:
        """Columns one by one: the greatest element of each becomes the pivot."""
        step = Symbol("step", BLOCK)
        k = start + as_dim(step)
        search, pivot = self._search(k)
        held = Variable(dtypes.int32, "swapped")
        moved = compare("NE", pivot, scalars.index(k))
        following = binary("add", held, scalars.convert(dtypes.int32, moved))
        carried = Carried((held,), (before,), (following,), (within,))
        body = (search, *self._exchange(k, pivot), *self._eliminate(k, start + width))
        return For(step, width, body, carried=carried)

    def _search(self, k: Dim) -> tuple[For, Scalar]:
        """The row from k on whose element in column k is the greatest."""
        below = Symbol("below", self.size)
        row = k + as_dim(below)
        best, found = Variable(dtypes.float64, "best"), Variable(dtypes.int64, "found")
        magnitude = _magnitude(self.work.at(row, k))
        greater = compare("GT", magnitude, best)
        carried = Carried(
            (best, found),
            (constant(dtypes.float64, -1), scalars.index(k)),
            (select(greater, magnitude, best), select(greater, scalars.index(row), found)),
            (Variable(dtypes.float64, "greatest"), Variable(dtypes.int64, "pivot")),
        )
        return For(below, self.size - k, (), carried=carried), carried.results[1]

    def _exchange(self, k: Dim, pivot: Scalar) -> Body:
        """Rows k and `pivot` change places."""
        column = Symbol("moved", self.size)
        j = as_dim(column)
        further = binary("multiply", pivot, scalars.index(self.size))
        lets, old = _named(self.work.at(k, j), "old")
        body = (
            *lets,
            *self.work.store(k, j, self.work.at(0, j, further)),
            *self.work.store(0, j, old, further),
        )
        numbers, number = _named(load(self.order, dtypes.int32, self.first + k), "number")
        assert not isinstance(number, Complex)
        other = load(self.order, dtypes.int32, self.first, gather=pivot)
        assert not isinstance(other, Complex)
        return (
            For(column, self.size, body),
            *numbers,
            Store(self.order, self.first + k, other),
            Store(self.order, self.first, number, scatter=pivot),
        )

    def _eliminate(self, k: Dim, end: Dim) -> Body:
        """The multiples of row k that rows below are freed of, and the rest of the panel."""
        below, right = Symbol("freed", self.size), Symbol("right", BLOCK)
        row, column = k + 1 + as_dim(below), k + 1 + as_dim(right)
        lets, pivot = _named(self.work.at(k, k), "divisor")
        factor = _quotient(self.work.at(row, k), pivot)
        factors, multiple = _named(factor, "factor")
        explained = binary_element("multiply", multiple, self.work.at(k, column))
        rest = binary_element("subtract", self.work.at(row, column), explained)
        inner = For(right, end - k - 1, self.work.store(row, column, rest), Kind.VECTOR, self.lanes)
        body = (*factors, *self.work.store(row, k, multiple), inner)
        return (*lets, For(below, self.size - k - 1, body))

    def _rest(self, start: Dim, width: Dim) -> For:
        """What is right of the panel: rows of the panel become those of the upper factor."""
        below, right = Symbol("under", self.size), Symbol("beside", self.size)
        row, column = start + 1 + as_dim(below), start + width + as_dim(right)
        inner = Symbol("term", BLOCK)
        t = start + as_dim(inner)
        product_ = binary_element("multiply", self.work.at(row, t), self.work.at(t, column))
        terms = dims.minimum(as_dim(below) + 1, width)
        loop, explained = summed(inner, terms, product_, "explained")
        rest = binary_element("subtract", self.work.at(row, column), explained)
        body = (loop, *self.work.store(row, column, rest))
        vector = For(right, self.size - start - width, body, Kind.VECTOR, self.lanes, unroll=2)
        return For(below, self.size - start - 1, (vector,))


def _magnitude(x: Element) -> Scalar:
    """What is greater where the absolute value is."""
    if isinstance(x, Complex):
        squares = (binary("multiply", part, part) for part in (x.real, x.imag))
        return binary("add", *squares)
    return scalars.unary("abs", x)


def _quotient(x: Element, divisor: Element) -> Element:
    """x / divisor; 0 where that is 0, since then x is too: it was the greatest of its column."""
    none = compare("EQ", _magnitude(divisor), constant(dtypes.float64, 0))
    found = binary_element("divide", x, divisor)
    zero = constant(dtypes.float64, 0)
    if isinstance(found, Complex):
        return Complex(select(none, zero, found.real), select(none, zero, found.imag))
    return select(none, zero, found)


def _named(x: Element, name: str) -> tuple[Body, Element]:
    """The element as it is now."""
    held = variables(x, name)
    pairs = zip(flat(held), flat_elements([x]), strict=True)
    return tuple(Let(variable, value) for variable, value in pairs), held
