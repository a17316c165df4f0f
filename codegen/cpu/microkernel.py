"""The micro-kernel of `MultiplyTile`: a register-blocked multiplication of packed panels.

Accumulators of the whole tile stay in registers, `rows` times `columns / lanes` vectors. Each step
of k loads one row of the b panel as vectors, broadcasts each element of the a panel's row, and
does one fused multiply-add per accumulator. The accumulators start from c (or 0), so that a sum
over k that is split between several calls rounds like one that is not.
There is one function per (rows, columns, dtype) in a program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

from flowc.codegen import arithmetic
from flowc.codegen.builder import Builder
from flowc.codegen.emitter import KernelEmitter
from flowc.codegen.llvm.module import Function
from flowc.codegen.llvm.types import (
    I1,
    I8,
    I32,
    I64,
    POINTER,
    VOID,
    FunctionType,
    Type,
    array_type,
    widen,
)
from flowc.codegen.llvm.values import FALSE, TRUE, Value, integer, iota, zero
from flowc.codegen.loops import counted
from flowc.codegen.representation import memory_type
from flowc.codegen.scopes import Scopes
from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.loops.kernel import Buffer, MultiplyTile
from flowc.passes.target import CpuTarget

TRIP_VECTORS = 16  # multiply-adds that hide the cost of a trip of the k loop


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
        emitter.positions.scalar(tile.a_row_stride)[0],
        emitter.positions.scalar(tile.a_depth_stride)[0],
        emitter.positions.scalar(tile.b_stride)[0],
    ]
    units = (tile.a_row_stride == 1, tile.a_depth_stride == 1)
    function = micro_kernel(emitter, tile.rows, tile.columns, tile.c.dtype, units)

    def call() -> None:
        emitter.scopes.here().call(function, arguments)

    if emitter.context.checks is None:
        call()
    else:
        emitter.when(_in_bounds(emitter, tile), call)


def _accumulate(emitter: KernelEmitter, tile: MultiplyTile) -> Value:
    if isinstance(tile.accumulate, bool):
        return TRUE if tile.accumulate else FALSE
    return emitter.expressions.value(tile.accumulate)[0]


def _pointer(emitter: KernelEmitter, buffer: Buffer, position: Dim) -> Value:
    base = emitter.memory.pointers[buffer]
    element = memory_type(buffer.dtype)
    return emitter.positions.pointer(base, element, position)[0]


def _in_bounds(emitter: KernelEmitter, tile: MultiplyTile) -> Value:
    """Whether the three panels lie inside their buffers; errors are reported."""
    last_row, last_column = tile.a_row_stride * (tile.rows - 1), tile.columns - 1
    last_c = tile.c_position + tile.c_stride * (tile.rows - 1) + tile.valid_columns
    ends = [
        (tile.c, tile.c_position, last_c),
        (tile.a, tile.a_position, _end(tile.a_position, tile.depth, tile.a_depth_stride, last_row)),
        (tile.b, tile.b_position, _end(tile.b_position, tile.depth, tile.b_stride, last_column)),
    ]
    inside: Value = TRUE
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


def _end(position: Dim, depth: Dim, step: Dim, last: Dim) -> Dim:
    """One past the last element of a panel; its begin where the depth is 0."""
    some = dims.minimum(depth, 1)
    return position + (depth - some) * step + some * (last + 1)


def micro_kernel(
    emitter: KernelEmitter, rows: int, columns: int, dtype: DType, units: tuple[bool, bool]
) -> Function:
    """The program's micro-kernel for a tile of `rows` x `columns`, emitted at first use.

    `units` says whether a's strides, along rows and along k, are known to be 1.
    """
    context = emitter.context
    name = f"tile.{dtype.name}.{rows}x{columns}" + "".join(".unit" if u else ".any" for u in units)
    kind = FunctionType(VOID, (POINTER, I64, POINTER, POINTER, I64, I64, I1, I64, I64, I64))
    if not context.needs(name, kind):
        return context.refer(name)
    function = context.define(name, kind)
    function.attributes.append("noinline")
    for number in (0, 2, 3):
        function.args[number].attributes.append("noalias")
    assert isinstance(context.target, CpuTarget)
    lanes = min(columns, context.target.lanes(dtype))
    _MicroKernel(function, rows, columns, lanes, dtype, emitter.has_masks, *units).emit()
    return function


@dataclass(slots=True)
class _MicroKernel:
    function: Function
    rows: int
    columns: int
    lanes: int
    dtype: DType
    has_masks: bool
    unit_row_stride: bool
    unit_depth_stride: bool

    def emit(self) -> None:
        _, _, a, b, depth, *_ = self.function.args
        builder = Builder(self.function.append_basic_block("entry"))
        scopes = Scopes(builder, builder.block)
        tile = _MaskedTile(self, scopes) if self.has_masks else _StagedTile(self, scopes)
        totals = tile.load()
        whole = scopes.here().and_(depth, integer(-self.unroll))
        totals = self._steps(scopes, a, b, integer(0), whole, self.unroll, totals)
        if self.unroll > 1:
            totals = self._steps(scopes, a, b, whole, depth, 1, totals)
        tile.store(totals)
        scopes.here().ret_void()

    @property
    def unroll(self) -> int:
        """Steps of k in one trip: a power of two, 1 for tiles that fill the registers."""
        steps = max(1, TRIP_VECTORS // (self.rows * self.vectors))
        return 1 << (steps.bit_length() - 1)

    @property
    def element(self) -> Type:
        return memory_type(self.dtype)

    @property
    def vector(self) -> Type:
        return widen(self.element, self.lanes)

    @property
    def vectors(self) -> int:
        """Vectors in one row of the tile."""
        return self.columns // self.lanes

    def _steps(
        self,
        scopes: Scopes,
        a: Value,
        b: Value,
        begin: Value,
        end: Value,
        step: int,
        totals: list[Value],
    ) -> list[Value]:
        """Add the products for k in [begin, end), `step` of them in each trip."""
        a_step, b_step = self.function.args[8:]
        multiples = self._odd_multiples(scopes.here())

        def trip(k: Value, carried: list[Value]) -> list[Value]:
            builder = scopes.here()
            k_a = k if self.unit_depth_stride else builder.mul(k, a_step)
            a_row = builder.gep(a, self.element, k_a)
            b_row = builder.gep(b, self.element, builder.mul(k, b_step))
            for number in range(step):
                if number:
                    a_row = builder.gep(a_row, self.element, a_step)
                    b_row = builder.gep(b_row, self.element, b_step)
                carried = self._outer_product(builder, a_row, b_row, multiples, carried)
            return carried

        return counted(scopes, begin, end, step, totals, trip)

    def _odd_multiples(self, builder: Builder) -> dict[int, Value]:
        """1, 3, 5, ... times a's row stride in bytes.

        An address takes one of them times 1, 2, 4 or 8 for free, so half of the rows' offsets need
        no register.
        """
        if self.unit_row_stride:
            return {}
        stride = builder.mul(self.function.args[7], integer(self.dtype.size))
        return {m: builder.mul(stride, integer(m)) for m in range(1, self.rows, 2)}

    def _row(self, builder: Builder, a: Value, row: int, odd: dict[int, Value]) -> Value:
        """The address of a's element in a row."""
        if not odd or row == 0:
            return self.at(builder, a, row)
        shift = min(3, (row & -row).bit_length() - 1)
        offset = odd.get(row >> shift)
        if offset is None:  # a multiple of 16
            return builder.gep(a, self.element, builder.mul(self.function.args[7], integer(row)))
        return builder.gep(a, I8, builder.shl(offset, integer(shift)))

    def _outer_product(
        self,
        builder: Builder,
        a: Value,
        b: Value,
        multiples: dict[int, Value],
        totals: list[Value],
    ) -> list[Value]:
        """`totals + a[k, :] * b[k, :]` where `a` and `b` point to the k."""
        vectors = [
            self.load(builder, b, number * self.lanes, self.vector)
            for number in range(self.vectors)
        ]
        results = []
        for row in range(self.rows):
            scalar = self.load(builder, self._row(builder, a, row, multiples), 0, self.element)
            factor = builder.splat(scalar, self.lanes)
            for number, vector in enumerate(vectors):
                total = totals[row * self.vectors + number]
                results.append(
                    arithmetic.fused_multiply_add(builder, self.dtype, factor, vector, total)
                )
        return results

    def load(self, builder: Builder, base: Value, index: int, kind: Type) -> Value:
        """Load from a constant position."""
        return builder.load(self.at(builder, base, index), kind, self.dtype.size)

    def at(self, builder: Builder, pointer: Value, index: int) -> Value:
        """The address of a constant position."""
        return builder.gep(pointer, self.element, integer(index)) if index else pointer

    def places(self, builder: Builder, c: Value, stride: Value) -> Iterator[Value]:
        """The address of each vector of the tile, row by row."""
        for row in range(self.rows):
            if row:
                c = builder.gep(c, self.element, stride)
            for number in range(self.vectors):
                yield self.at(builder, c, number * self.lanes)


class _MaskedTile:
    """Access to c where the machine has masks: one for each vector of columns."""

    def __init__(self, kernel: _MicroKernel, scopes: Scopes) -> None:
        self.kernel = kernel
        self.scopes = scopes

    def load(self) -> list[Value]:
        """The tile's old values where they are valid and wanted, else 0."""
        builder, kernel = self.scopes.here(), self.kernel
        self.masks = [self._mask(builder, number) for number in range(kernel.vectors)]
        wanted = builder.splat(kernel.function.args[6], kernel.lanes)
        masks = [builder.and_(mask, wanted) for mask in self.masks]
        size = kernel.dtype.size
        places = kernel.places(builder, *kernel.function.args[:2])
        return [
            builder.masked_load(place, kernel.vector, mask, size)
            for place, mask in zip(places, cycle(masks), strict=False)
        ]

    def store(self, totals: list[Value]) -> None:
        """Write the valid columns."""
        builder, kernel = self.scopes.here(), self.kernel
        places = kernel.places(builder, *kernel.function.args[:2])
        for total, place, mask in zip(totals, places, cycle(self.masks), strict=False):
            builder.masked_store(total, place, mask, kernel.dtype.size)

    def _mask(self, builder: Builder, number: int) -> Value:
        """The lanes of column vector `number` that are below `valid_columns`."""
        lanes = self.kernel.lanes
        valid = builder.cast("trunc", self.kernel.function.args[5], I32)
        rest = builder.sub(valid, integer(number * lanes, I32))
        return builder.icmp_signed("<", iota(I32, lanes), builder.splat(rest, lanes))


class _StagedTile:
    """Access to c without masks: a partial tile is staged in a whole one in the frame."""

    def __init__(self, kernel: _MicroKernel, scopes: Scopes) -> None:
        self.kernel = kernel
        self.scopes = scopes

    def load(self) -> list[Value]:
        """The tile's old values where they are wanted, else 0."""
        kernel, builder = self.kernel, self.scopes.here()
        c, c_stride, _, _, _, valid, accumulate, *_ = kernel.function.args
        columns = integer(kernel.columns)
        size = kernel.rows * kernel.columns
        self.stage = builder.alloca(array_type(kernel.element, size))
        self.partial = builder.icmp_signed("<", valid, columns)
        self.place = builder.select(self.partial, self.stage, c)
        self.stride = builder.select(self.partial, columns, c_stride)
        self._copy(builder.and_(self.partial, accumulate), (c, c_stride), (self.stage, columns))
        return self._old_values(accumulate)

    def _old_values(self, accumulate: Value) -> list[Value]:
        kernel, builder = self.kernel, self.scopes.here()
        before = builder.block
        with builder.if_then(accumulate):
            places = kernel.places(builder, self.place, self.stride)
            size = kernel.dtype.size
            loaded = [builder.load(p, kernel.vector, size) for p in places]
            after = builder.block
        self.scopes.continue_in(builder.block)
        nothing = zero(kernel.vector)
        return [builder.phi(v.type, (v, after), (nothing, before)) for v in loaded]

    def store(self, totals: list[Value]) -> None:
        """Write the tile, and the valid columns of a staged one to c."""
        kernel, builder = self.kernel, self.scopes.here()
        for total, place in zip(
            totals, kernel.places(builder, self.place, self.stride), strict=True
        ):
            builder.store(total, place, align=kernel.dtype.size)
        stage = (self.stage, integer(kernel.columns))
        self._copy(self.partial, stage, kernel.function.args[:2])

    def _copy(self, condition: Value, source: Sequence[Value], target: Sequence[Value]) -> None:
        """Copy the valid columns of every row where `condition` holds: (pointer, stride) pairs."""
        kernel = self.kernel
        rows = self.scopes.here().select(condition, integer(kernel.rows), integer(0))

        def row(number: Value, _: list[Value]) -> list[Value]:
            builder = self.scopes.here()
            rows = [
                builder.gep(pointer, kernel.element, builder.mul(number, stride))
                for pointer, stride in (source, target)
            ]

            def column(index: Value, _: list[Value]) -> list[Value]:
                builder = self.scopes.here()
                old, new = (builder.gep(p, kernel.element, index) for p in rows)
                size = kernel.dtype.size
                builder.store(builder.load(old, kernel.element, size), new, align=size)
                return []

            return counted(self.scopes, integer(0), kernel.function.args[5], 1, [], column)

        counted(self.scopes, integer(0), rows, 1, [], row)
