"""The micro-kernel of `MultiplyTile`: a register-blocked multiplication of packed panels.

Accumulators of the whole tile stay in registers, `rows` times `columns / lanes` vectors. Each step
of k loads one row of the b panel as vectors, broadcasts each element of the a panel's row, and
does one fused multiply-add per accumulator. One internal function per (rows, columns, dtype).
"""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import ir

from flowc.codegen import arithmetic
from flowc.codegen.builder import Builder, declare
from flowc.codegen.emitter import KernelEmitter
from flowc.codegen.loops import counted
from flowc.codegen.representation import (
    I1,
    I32,
    I64,
    POINTER,
    VOID,
    integer,
    iota,
    memory_type,
    zero,
)
from flowc.codegen.scopes import Scopes
from flowc.ir.dtypes import DType
from flowc.ir.loops.kernel import Buffer, MultiplyTile

UNROLL = 4  # steps of k in one trip of the main loop


def call_micro_kernel(emitter: KernelEmitter, tile: MultiplyTile) -> None:
    """Emit the call for one tile in the innermost scope."""
    accumulate = _accumulate(emitter, tile)
    arguments = [
        _pointer(emitter, tile.c, tile.c_position),
        emitter.positions.scalar(tile.c_stride)[0],
        _pointer(emitter, tile.a, tile.a_position),
        _pointer(emitter, tile.b, tile.b_position),
        emitter.positions.scalar(tile.depth)[0],
        emitter.positions.scalar(tile.valid_columns)[0],
        accumulate,
    ]
    function = micro_kernel(emitter, tile.rows, tile.columns, tile.c.dtype)

    def call() -> None:
        emitter.scopes.here().call(function, arguments)

    if emitter.context.checks is None:
        call()
    else:
        emitter.when(_in_bounds(emitter, tile), call)


def _accumulate(emitter: KernelEmitter, tile: MultiplyTile) -> ir.Value:
    if isinstance(tile.accumulate, bool):
        return ir.Constant(I1, tile.accumulate)
    return emitter.expressions.value(tile.accumulate)[0]


def _pointer(emitter: KernelEmitter, buffer: Buffer, position: object) -> ir.Value:
    base = emitter.memory.pointers[buffer]
    element = memory_type(buffer.dtype)
    return emitter.positions.pointer(base, element, position)[0]  # type: ignore[arg-type]


def _in_bounds(emitter: KernelEmitter, tile: MultiplyTile) -> ir.Value:
    """Whether the three panels lie inside their buffers; errors are reported."""
    last_c = tile.c_position + tile.c_stride * (tile.rows - 1) + tile.valid_columns
    ends = [
        (tile.c, tile.c_position, last_c),
        (tile.a, tile.a_position, tile.a_position + tile.depth * tile.rows),
        (tile.b, tile.b_position, tile.b_position + tile.depth * tile.columns),
    ]
    inside: ir.Value = ir.Constant(I1, True)
    for buffer, begin, end in ends:
        placed = emitter.scopes.emit(
            lambda b, first, last, size: b.and_(
                b.icmp_signed("<=", integer(0), first), b.icmp_signed("<=", last, size)
            ),
            *map(emitter.positions.scalar, (begin, end, buffer.size)),
        )
        emitter.memory.report(buffer, placed, None)
        inside = emitter.scopes.here().and_(inside, placed[0])
    return inside


def micro_kernel(emitter: KernelEmitter, rows: int, columns: int, dtype: DType) -> ir.Function:
    """The module's micro-kernel for a tile of `rows` x `columns`, emitted at first use."""
    module = emitter.context.module
    name = f"tile.{dtype.name}.{rows}x{columns}"
    if name in module.globals:
        return module.globals[name]
    kinds = [POINTER, I64, POINTER, POINTER, I64, I64, I1]
    function = declare(module, name, ir.FunctionType(VOID, kinds))
    function.linkage = "internal"
    function.attributes.add("nounwind")
    function.attributes.add("noinline")
    for number in (0, 2, 3):
        function.args[number].add_attribute("noalias")
    lanes = min(columns, emitter.context.target.lanes(dtype))
    _MicroKernel(function, rows, columns, lanes, dtype, emitter.has_masks).emit()
    return function


@dataclass(slots=True)
class _MicroKernel:
    function: ir.Function
    rows: int
    columns: int
    lanes: int
    dtype: DType
    has_masks: bool

    def emit(self) -> None:
        _, _, a, b, depth, _, _ = self.function.args
        builder = Builder(self.function.append_basic_block("entry"))
        scopes = Scopes(builder, builder.block)
        zeros = [zero(self.vector)] * (self.rows * self.vectors)
        whole = scopes.here().and_(depth, integer(-UNROLL))
        totals = self._steps(scopes, a, b, integer(0), whole, UNROLL, zeros)
        totals = self._steps(scopes, a, b, whole, depth, 1, totals)
        self._finish(scopes, totals)
        scopes.here().ret_void()

    @property
    def element(self) -> ir.Type:
        return memory_type(self.dtype)

    @property
    def vector(self) -> ir.VectorType:
        return ir.VectorType(self.element, self.lanes)

    @property
    def vectors(self) -> int:
        """Vectors in one row of the tile."""
        return self.columns // self.lanes

    def _steps(
        self,
        scopes: Scopes,
        a: ir.Value,
        b: ir.Value,
        begin: ir.Value,
        end: ir.Value,
        step: int,
        totals: list[ir.Value],
    ) -> list[ir.Value]:
        """Add the products for k in [begin, end), `step` of them in each trip."""

        def trip(k: ir.Value, carried: list[ir.Value]) -> list[ir.Value]:
            builder = scopes.here()
            a_row = builder.offset(a, self.element, builder.mul(k, integer(self.rows)))
            b_row = builder.offset(b, self.element, builder.mul(k, integer(self.columns)))
            for number in range(step):
                carried = self._outer_product(builder, a_row, b_row, number, carried)
            return carried

        return counted(scopes, begin, end, step, totals, trip)

    def _outer_product(
        self, builder: Builder, a: ir.Value, b: ir.Value, k: int, totals: list[ir.Value]
    ) -> list[ir.Value]:
        """`totals + a[k, :] * b[k, :]`."""
        size = self.dtype.size
        b_vectors = [
            builder.load_elements(self._at(builder, b, k * self.columns + v * self.lanes),
                                  self.vector, size)
            for v in range(self.vectors)
        ]  # fmt: skip
        results = []
        for row in range(self.rows):
            scalar = builder.load_elements(
                self._at(builder, a, k * self.rows + row), self.element, size
            )
            factor = builder.splat(scalar, self.lanes)
            results += [
                arithmetic.fused_multiply_add(
                    builder, self.dtype, factor, vector, totals[row * self.vectors + number]
                )
                for number, vector in enumerate(b_vectors)
            ]
        return results

    def _at(self, builder: Builder, pointer: ir.Value, index: int) -> ir.Value:
        return builder.offset(pointer, self.element, integer(index)) if index else pointer

    def _finish(self, scopes: Scopes, totals: list[ir.Value]) -> None:
        """Write the tile to c: whole vectors where all columns are valid, else with masks."""
        builder = scopes.here()
        valid, accumulate = self.function.args[5:]
        blocks = {
            (full, add): self.function.append_basic_block("store")
            for full in (True, False)
            for add in (True, False)
        }
        full, partial = (self.function.append_basic_block(n) for n in ("full", "partial"))
        builder.cbranch(builder.icmp_signed(">=", valid, integer(self.columns)), full, partial)
        done = self.function.append_basic_block("done")
        for block, whole in ((full, True), (partial, False)):
            builder.position_at_end(block)
            builder.cbranch(accumulate, blocks[whole, True], blocks[whole, False])
        for (whole, add), block in blocks.items():
            builder.position_at_end(block)
            self._write(builder, totals, whole, add)
            builder.branch(done)
        scopes.continue_in(done)

    def _write(self, builder: Builder, totals: list[ir.Value], whole: bool, add: bool) -> None:
        c, stride, *_ = self.function.args
        masks: list[ir.Value | None] = [
            None if whole else self._mask(builder, number) for number in range(self.vectors)
        ]
        for row in range(self.rows):
            for number, mask in enumerate(masks):
                pointer = self._at(builder, c, number * self.lanes)
                self._write_vector(builder, pointer, totals[row * self.vectors + number], mask, add)
            c = builder.offset(c, self.element, stride)

    def _write_vector(
        self, builder: Builder, pointer: ir.Value, total: ir.Value, mask: ir.Value | None, add: bool
    ) -> None:
        size = self.dtype.size
        if add and mask is not None:
            old = builder.masked_load(pointer, self.vector, mask, size)
        elif add:
            old = builder.load_elements(pointer, self.vector, size)
        if add:
            total = arithmetic.binary(builder, "add", self.dtype, old, total)
        if mask is None:
            builder.store(total, pointer, align=size)
        else:
            builder.masked_store(total, pointer, mask, size)

    def _mask(self, builder: Builder, number: int) -> ir.Value:
        """The lanes of column vector `number` that are below `valid_columns`."""
        valid = builder.trunc(self.function.args[5], I32)
        rest = builder.sub(valid, ir.Constant(I32, number * self.lanes))
        return builder.icmp_signed("<", iota(I32, self.lanes), builder.splat(rest, self.lanes))
