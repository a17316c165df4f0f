"""Kernels around reductions of the innermost dimensions: sums, softmax, layer norm.

One row at a time: each level of reductions is one pass over the row, whose results are scalars for
the next; the last pass stores the results of full shape. A value that is dear to compute and needed
by two passes is kept in a result's row, or in scratch, rather than computed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.loops.expressions import Load, Scalar, Variable
from flowc.ir.loops.kernel import (
    Allocate,
    Buffer,
    Carried,
    For,
    Kernel,
    Let,
    Role,
    Statement,
    Store,
)
from flowc.ir.loops.rewrite import Rewriter
from flowc.ir.tensor.core import Instruction, Result, Value
from flowc.passes.index_maps import Indices, linearize, loop_indices, reshape_index
from flowc.passes.lowering.fused import Body, Fused, Loops, free_loops, store
from flowc.passes.lowering.reductions import (
    Reduction,
    ReductionPlan,
    as_elements,
    bind,
    combiner,
    flat_elements,
    flat_variables,
    variables,
)
from flowc.passes.schedule.costs import TRANSCENDENTAL, roots, walk
from flowc.passes.schedule.steps import merging, renamed


def reduction_kernel(fused: Fused) -> Kernel:
    """The kernel of a row or column fusion."""
    return fused.kernel(RowPasses(fused).build())


@dataclass
class RowPasses:
    """Builds the passes over one row."""

    fused: Fused
    scratch: list[Allocate] = field(default_factory=list)
    _kept: list[tuple[Value, Load]] = field(default_factory=list)

    def build(self) -> Body:
        """The whole kernel body."""
        self.plan = ReductionPlan(self.fused)
        self.elements = self.fused.elements()
        self.index = loop_indices(self.fused.space, "i")
        self.row = tuple(self.index[a] for a in self.fused.kept)
        self.rows, self.columns = self._loops()
        body: list[Statement] = []
        for level, reductions in enumerate(self.plan.levels):
            body += self._reduce_pass(level, reductions)
            body += self._store_row_results(level + 1)
        body += self._final_pass()
        return self._over_rows((*self.scratch, *body))

    def _loops(self) -> tuple[Loops, Loops]:
        """A loop for each kept axis, and for each reduced one; none for axes of size 1."""
        rows: Loops = []
        columns: Loops = []
        for axis, size in enumerate(self.fused.space):
            if size != 1:
                part = rows if axis in self.fused.kept else columns
                part.append((Symbol(f"i{axis}", size), size))
        return rows, columns

    # One pass

    def _reduce_pass(self, level: int, reductions: list[Reduction]) -> Body:
        groups = variables(reductions, f"_{level}")
        before: list[Scalar] = []
        after: list[Scalar] = []
        for reduction, group in zip(reductions, groups, strict=True):
            initial = [self.elements.at(v, ()) for v in reduction.initial]
            values = [self.elements.at(v, self.index) for v in reduction.operands]
            before += flat_elements(initial)
            after += flat_elements(reduction.combine(self.elements, as_elements(group), values))
        results = [[_renamed(v, "_out") for v in group] for group in groups]
        stores = (*self._keep_for_later(level), *self._store_full_results(level))
        carried = Carried(
            flat_variables(groups),
            tuple(before),
            tuple(after),
            flat_variables(results),
            combiner(self.elements, reductions, f"_{level}"),
        )
        body = self._over_columns(stores, carried)
        self._read_kept()
        bind(self.elements, reductions, [as_elements(g) for g in results], self.row)
        return body

    def _over_columns(self, stores: Body, carried: Carried | None) -> Body:
        """The pass over the reduced axes."""
        columns = self.columns or [(Symbol("one", 1), 1)]
        if carried is None:
            return free_loops(columns, stores)
        return (_nested(columns, stores, carried),)

    # What is stored, and when

    def _is_row(self, value: Value) -> bool:
        """True for a value with one element per row."""
        rows = product(tuple(self.fused.space[a] for a in self.fused.kept))
        return (
            product(value.type.shape) == rows
            and self.plan.level(value) > 0
            and (rows != product(self.fused.space) or value.type.shape != self.fused.space)
        )

    def _store_row_results(self, level: int) -> Body:
        body: list[Statement] = []
        kept = tuple(self.fused.space[a] for a in self.fused.kept)
        for value, buffer in self._results():
            if self._is_row(value) and self.plan.level(value) == level:
                index = reshape_index(self.row, kept, value.type.shape)
                body += self._store(buffer, value, index)
        return tuple(body)

    def _store_full_results(self, level: int) -> Body:
        body: list[Statement] = []
        for value, buffer in self._results():
            if not self._is_row(value) and self.plan.level(value) == level:
                index = reshape_index(self.index, self.fused.space, value.type.shape)
                body += self._store(buffer, value, index)
        return tuple(body)

    def _store(self, buffer: Buffer, value: Value, index: Indices) -> Iterator[Store]:
        element = self.elements.at(value, index)
        return store(buffer, value, index, element, self.fused.target)

    def _results(self) -> list[tuple[Value, Buffer]]:
        return list(zip(self.fused.computation.results, self.fused.outputs, strict=True))

    def _final_pass(self) -> Body:
        stores = self._store_full_results(len(self.plan.levels))
        return self._over_columns(self._read_first(stores), None) if stores else ()

    def _read_first(self, stores: Body) -> Body:
        """The stores after reads of what is kept in the rows that they overwrite."""
        used = set(walk(list(roots(stores))))
        names: dict[Scalar, Scalar] = {
            load: Variable(load.dtype, f"kept{i}_value")
            for i, (_, load) in enumerate(self._kept)
            if load in used
        }
        reads = tuple(Let(v, load) for load, v in names.items() if isinstance(v, Variable))
        return (*reads, *Rewriter(known=names).statements(stores))

    # Values that two passes need

    def _keep_for_later(self, level: int) -> Body:
        """Stores of dear values of this pass that a later pass reads again."""
        later = self._needed_after(level)
        body: list[Statement] = []
        for instruction in self._needed_by(level):
            if instruction not in later or not self._is_dear(instruction):
                continue
            value = instruction.results[0]
            stored = self._stored_at(value)
            place = stored or self._free_place(value)
            if place is None:
                continue
            buffer, position = place
            if stored is None:
                body.append(Store(buffer, position, self.elements.real(value, self.index)))
            self._kept.append((value, Load(buffer, position)))
        return tuple(body)

    def _read_kept(self) -> None:
        """From now on, kept values are read from where they were stored."""
        self.elements.forget()
        for value, load in self._kept:
            self.elements.bound[value] = (self.index, load)

    def _stored_at(self, value: Value) -> tuple[Buffer, Dim] | None:
        for result, buffer in self._results():
            if result is value:
                return buffer, linearize(self.index, value.type.shape)
        return None

    def _free_place(self, value: Value) -> tuple[Buffer, Dim] | None:
        """The row of a result that only the final pass stores, or scratch for a short row."""
        last = len(self.plan.levels)
        used = {load.buffer for _, load in self._kept}
        for result, buffer in self._results():
            if buffer not in used and result.type == value.type and self.plan.level(result) == last:
                return buffer, linearize(self.index, value.type.shape)
        size = product(tuple(extent for _, extent in self.columns))
        if not isinstance(size, int):
            return None
        if size * value.type.dtype.size > self.fused.target.loops.row_bytes:
            return None
        scratch = Buffer(f"kept{len(self._kept)}", value.type.dtype, size)
        self.scratch.append(Allocate(scratch))
        place = [as_dim(symbol) for symbol, _ in self.columns]
        return scratch, linearize(place, tuple(size for _, size in self.columns))

    def _is_dear(self, instruction: Instruction) -> bool:
        return (
            instruction.primitive in TRANSCENDENTAL
            and instruction.types[0].shape == self.fused.space
            and not instruction.types[0].dtype.is_complex
        )

    def _needed_by(self, level: int) -> list[Instruction]:
        roots = [v for r in self.plan.levels[level] for v in r.operands]
        roots += [
            v for v, _ in self._results() if not self._is_row(v) and self.plan.level(v) == level
        ]
        return self._reached(roots)

    def _needed_after(self, level: int) -> set[Instruction]:
        roots: list[Value] = []
        for reductions in self.plan.levels[level + 1 :]:
            roots += [v for r in reductions for v in r.operands]
        roots += [v for v, _ in self._results() if self.plan.level(v) > level]
        return set(self._reached(roots))

    def _reached(self, roots: Sequence[Value]) -> list[Instruction]:
        """Instructions computed per element for the roots, behind reductions excluded."""
        pending, seen = list(roots), dict[Instruction, None]()
        while pending:
            value = pending.pop()
            if not isinstance(value, Result) or value.instruction in seen:
                continue
            if value in self.elements.bound or value.instruction.primitive == "reduce":
                continue
            seen[value.instruction] = None
            pending += value.instruction.operands
        return list(seen)

    def _over_rows(self, body: Body) -> Body:
        return free_loops(self.rows, body)


def _nested(columns: Loops, stores: Body, carried: Carried) -> For:
    """Reduced loops in each other; each trip's result joins what the outer loop carries."""
    *outer, (inner, extent) = columns
    results = carried.results
    if outer:
        carried = replace(carried, results=renamed(results, f"{inner}"))
    statement = For(inner, extent, stores, carried=carried, role=Role.REDUCED)
    for depth, (symbol, size) in enumerate(reversed(outer), 1):
        assert statement.carried is not None
        last = depth == len(outer)
        names = results if last else renamed(results, f"{symbol}")
        around = merging(carried, statement.carried.results, names, f"{symbol}")
        statement = For(symbol, size, (statement,), carried=around, role=Role.REDUCED)
    return statement


def _renamed(
    variable: Variable | tuple[Variable, Variable], suffix: str
) -> Variable | tuple[Variable, Variable]:
    if isinstance(variable, tuple):
        a, b = variable
        return Variable(a.dtype, a.name + suffix), Variable(b.dtype, b.name + suffix)
    return Variable(variable.dtype, variable.name + suffix)
