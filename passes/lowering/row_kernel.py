"""Kernels around reductions of the innermost dimensions: sums, softmax, layer norm.

One row at a time: each level of reductions is one pass over the row, whose results are scalars for
the next; the last pass stores the results of full shape. A value that is dear to compute and needed
by two passes is kept in a result's row, or in scratch, rather than computed twice. Where there is
only one long row, it is cut into chunks that threads share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.loops.expressions import Load, Scalar, Variable
from flowc.ir.loops.kernel import (
    Allocate,
    Buffer,
    Carried,
    For,
    Kernel,
    Kind,
    Let,
    Statement,
    Store,
)
from flowc.ir.loops.rewrite import Rewriter
from flowc.ir.tensor.core import Instruction, Result, Value
from flowc.passes.index_maps import Indices, linearize, reshape_index
from flowc.passes.lowering.fused import (
    TRANSCENDENTAL,
    Body,
    Fused,
    element_time,
    is_strided,
    lanes_of,
    roots,
    store,
    walk,
)
from flowc.passes.lowering.loop_nests import (
    parallel,
    parallel_grain,
    run_loops,
    unroll_of,
)
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

Loops = list[tuple[Symbol, Dim]]
SCRATCH_BYTES = 64 << 10  # of a row kept between passes
LONG_ROW = 1 << 15  # elements of a single row that are worth several threads
CHUNKS = 64  # at most, of a long row


def row_kernel(fused: Fused) -> Kernel:
    """The kernel of a row fusion."""
    for rows, columns, index in _loop_choices(fused):
        pass_ = RowPasses(fused, rows, columns, *fused.own_index(fused.space, index))
        body = pass_.build()
        symbols = [s for s, _ in (*rows, *columns)]
        if is_strided(_straight_line(body), symbols):
            break
    return fused.kernel(body)


def _loop_choices(fused: Fused) -> list[tuple[Loops, Loops, Indices]]:
    """Loops over kept and over reduced axes, and the index into the space that they make.

    First with neighbouring axes of one kind merged, then with one loop per axis.
    """
    wide = [a for a, s in enumerate(fused.space) if s != 1]
    merged: list[tuple[int, ...]] = []
    for axis in wide:
        if merged and (axis in fused.kept) == (merged[-1][-1] in fused.kept):
            merged[-1] = (*merged[-1], axis)
        else:
            merged.append((axis,))
    single: list[tuple[int, ...]] = [(a,) for a in wide]
    choices = []
    for runs in (merged, single):
        loops, index = run_loops(fused.space, runs)
        rows = [loop for loop, run in zip(loops, runs, strict=True) if run[0] in fused.kept]
        columns = [loop for loop, run in zip(loops, runs, strict=True) if run[0] not in fused.kept]
        choices.append((rows, columns, index))
    return choices


def _straight_line(body: Body) -> Body:
    """All stores and loads of a nest as one flat body, for inspection."""
    found: list[Statement] = []
    for statement in body:
        if isinstance(statement, For):
            found += _straight_line(statement.body)
            if statement.carried is not None:
                buffer = Buffer("inspected", dtypes.float32, 1)
                found += [Store(buffer, 0, value) for value in statement.carried.next]
        elif isinstance(statement, Store):
            found.append(statement)
    return tuple(found)


@dataclass
class RowPasses:
    """Builds the passes over one row."""

    fused: Fused
    rows: Loops
    columns: Loops
    index: Indices  # what everything is built on
    place: Rewriter  # from there to the loops' symbols
    scratch: list[Allocate] = field(default_factory=list)
    _kept: list[tuple[Value, Load]] = field(default_factory=list)

    def build(self) -> Body:
        """The whole kernel body."""
        self.plan = ReductionPlan(self.fused)
        self.elements = self.fused.elements()
        self.row = tuple(self.index[a] for a in self.fused.kept)
        if self._is_one_long_row():
            return self._chunked()
        body: list[Statement] = []
        for level, reductions in enumerate(self.plan.levels):
            body += self._reduce_pass(level, reductions)
            body += self._store_row_results(level + 1)
        body += self._final_pass()
        return self._over_rows((*self.scratch, *body))

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
        body = self.place.statements(self._over_columns(stores, carried))
        self._read_kept()
        bind(self.elements, reductions, [as_elements(g) for g in results], self.row)
        return body

    def _over_columns(self, stores: Body, carried: Carried | None) -> Body:
        """The pass as a vector loop, inside serial ones where the reduced axes are apart."""
        inspected = (*stores, *_as_stores(carried))
        lanes = lanes_of(inspected, self.fused.target)
        if not self.columns:
            return (For(Symbol("one", 1), 1, stores, Kind.SERIAL, carried=carried),)
        *outer, (inner, extent) = self.columns
        unroll = unroll_of(inspected, extent, lanes, 2 if carried is None else 4)
        if not outer or carried is None:
            loop = For(inner, extent, stores, Kind.VECTOR, lanes, unroll, carried=carried)
            for symbol, size in reversed(outer):
                loop = For(symbol, size, (loop,))
            return (loop,)
        return (_nested(outer, inner, extent, stores, carried, lanes, unroll),)

    # What is stored, and when

    def _is_full(self, value: Value) -> bool:
        return product(value.type.shape) == product(self.fused.space) and not self._is_row(value)

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
                body += store(buffer, value, index, self.elements.at(value, index))
        return self.place.statements(tuple(body))

    def _store_full_results(self, level: int) -> Body:
        body: list[Statement] = []
        for value, buffer in self._results():
            if not self._is_row(value) and self.plan.level(value) == level:
                index = reshape_index(self.index, self.fused.space, value.type.shape)
                body += store(buffer, value, index, self.elements.at(value, index))
        return tuple(body)

    def _results(self) -> list[tuple[Value, Buffer]]:
        return list(zip(self.fused.computation.results, self.fused.outputs, strict=True))

    def _final_pass(self) -> Body:
        stores = self._store_full_results(len(self.plan.levels))
        loops = self._over_columns(self._read_first(stores), None) if stores else ()
        return self.place.statements(loops)

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
        if len(self.columns) != 1 or not isinstance(size, int):
            return None
        if size * value.type.dtype.size > SCRATCH_BYTES:
            return None
        scratch = Buffer(f"kept{len(self._kept)}", value.type.dtype, size)
        self.scratch.append(Allocate(scratch))
        return scratch, as_dim(self.columns[0][0])

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

    # Rows

    def _over_rows(self, body: Body) -> Body:
        if not self.rows:
            return body
        time = element_time(_straight_line(body), self.fused.target)
        row_size = product(tuple(size for _, size in self.columns))
        loops = list(reversed(self.rows))
        for symbol, extent in loops[:-1]:
            body = (For(symbol, extent, body),)
        inner = product(tuple(size for _, size in self.rows[1:])) * row_size
        symbol, extent = self.rows[0]
        return (parallel(symbol, extent, body, parallel_grain(time, inner)),)

    # One long row

    def _is_one_long_row(self) -> bool:
        if self.rows or len(self.columns) != 1 or len(self.plan.levels) != 1:
            return False
        if any(not self._is_row(v) and self.plan.level(v) > 0 for v, _ in self._results()):
            return False
        extent = self.columns[0][1]
        return not isinstance(extent, int) or extent >= LONG_ROW

    def _chunked(self) -> Body:
        """Partial results of chunks, in parallel; then their combination and what follows."""
        (reductions,) = self.plan.levels
        (whole,) = self._reduce_pass(0, reductions)
        assert isinstance(whole, For) and whole.carried is not None
        chunk, length, loop = _cut(whole)
        partial = [
            Buffer(f"partial{i}", v.dtype, CHUNKS) for i, v in enumerate(whole.carried.variables)
        ]
        saves = tuple(
            Store(b, as_dim(chunk), v)
            for b, v in zip(partial, loop.carried.results, strict=True)  # type: ignore[union-attr]
        )
        time = element_time(_straight_line((whole,)), self.fused.target)
        count = dims.minimum(CHUNKS, dims.ceildiv(whole.extent, LONG_ROW // 4))
        least = parallel_grain(time, length)
        return (
            *(Allocate(b) for b in partial),
            parallel(chunk, count, (loop, *saves), least),
            _combine_partials(whole.carried, partial, count),
            *self._store_row_results(1),
        )


def _cut(whole: For) -> tuple[Symbol, Dim, For]:
    """One chunk of a loop: its number, its greatest length, and the loop over it."""
    count = dims.minimum(CHUNKS, dims.ceildiv(whole.extent, LONG_ROW // 4))
    chunk = Symbol("chunk", count)
    length = dims.ceildiv(whole.extent, count)
    start = as_dim(chunk) * length
    inner = Symbol("within", length)
    assert whole.carried is not None
    replaced = Rewriter(symbols={whole.index: start + as_dim(inner)})
    results = tuple(Variable(v.dtype, v.name + "_chunk") for v in whole.carried.results)
    carried = replaced.carried(whole.carried)
    loop = For(
        inner,
        dims.maximum(0, dims.minimum(length, whole.extent - start)),
        replaced.statements(whole.body),
        whole.kind,
        whole.width,
        whole.unroll,
        carried=Carried(
            carried.variables, carried.initial, carried.next, results, carried.combiner
        ),
    )
    return chunk, length, loop


def _combine_partials(carried: Carried, partial: list[Buffer], count: Dim) -> For:
    """The serial loop that merges the chunks' results into the loop's own."""
    number = Symbol("merged", count)
    assert carried.combiner is not None
    left = tuple(Variable(v.dtype, v.name + "_merge") for v in carried.variables)
    nodes: dict[Scalar, Scalar] = dict(zip(carried.combiner.left, left, strict=True))
    for variable, buffer in zip(carried.combiner.right, partial, strict=True):
        nodes[variable] = Load(buffer, as_dim(number))
    merged = Rewriter(known=nodes)
    following = tuple(merged.scalar(r) for r in carried.combiner.results)
    return For(
        number, count, (), carried=Carried(left, carried.initial, following, carried.results)
    )


def _nested(
    outer: Loops,
    inner: Symbol,
    extent: Dim,
    stores: Body,
    carried: Carried,
    lanes: int,
    unroll: int,
) -> For:
    """Serial loops around a vector loop; each trip's result joins what the outer loop carries."""
    assert carried.combiner is not None
    results = tuple(Variable(v.dtype, v.name + "_trip") for v in carried.results)
    trip = Carried(carried.variables, carried.initial, carried.next, results, carried.combiner)
    statement = For(inner, extent, stores, Kind.VECTOR, lanes, unroll, carried=trip)
    for depth, (symbol, size) in enumerate(reversed(outer)):
        last = depth == len(outer) - 1
        held = tuple(Variable(v.dtype, f"{v.name}_outer{depth}") for v in carried.variables)
        assert statement.carried is not None
        nodes: dict[Scalar, Scalar] = dict(zip(carried.combiner.left, held, strict=True))
        nodes.update(zip(carried.combiner.right, statement.carried.results, strict=True))
        merged = Rewriter(known=nodes)
        following = tuple(merged.scalar(r) for r in carried.combiner.results)
        names = (
            carried.results
            if last
            else tuple(Variable(v.dtype, f"{v.name}_result{depth}") for v in carried.results)
        )
        statement = For(
            symbol, size, (statement,), carried=Carried(held, carried.initial, following, names)
        )
    return statement


def _as_stores(carried: Carried | None) -> Body:
    """Carried values in the form of stores, for cost estimates."""
    if carried is None:
        return ()
    return tuple(Store(Buffer("carried", v.dtype, 1), 0, v) for v in carried.next)


def _renamed(
    variable: Variable | tuple[Variable, Variable], suffix: str
) -> Variable | tuple[Variable, Variable]:
    if isinstance(variable, tuple):
        a, b = variable
        return Variable(a.dtype, a.name + suffix), Variable(b.dtype, b.name + suffix)
    return Variable(variable.dtype, variable.name + suffix)
