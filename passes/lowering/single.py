"""What the lowerings of single instructions share: their buffers, loops and stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Scalar
from flowc.ir.loops.kernel import Buffer, For, Kernel, Statement, Store
from flowc.ir.tensor.core import Instruction, Shape, Value
from flowc.passes.index_maps import Indices, linearize
from flowc.passes.lowering import scalars
from flowc.passes.lowering.buffers import buffer_for
from flowc.passes.lowering.fused import Body, Fused, Loops, free_nest, is_streamed
from flowc.passes.lowering.loop_nests import parallel, partitions, run_loops
from flowc.passes.lowering.scalars import Complex, Element
from flowc.passes.schedule.costs import parallel_grain
from flowc.passes.target import CpuTarget


@dataclass(frozen=True, eq=False)
class Single:
    """A fusion of one instruction, and the literals and index maps that its results start from."""

    fused: Fused

    @property
    def target(self) -> CpuTarget:
        """The machine."""
        return self.fused.target

    @cached_property
    def instruction(self) -> Instruction:
        """The instruction that is not inlined: the last."""
        *_, instruction = self.fused.computation.instructions
        return instruction

    @cached_property
    def operands(self) -> tuple[Buffer, ...]:
        """The buffer of each operand that is in memory, in order; equal operands have one."""
        held: dict[Value, Buffer] = dict(
            zip(self.fused.computation.parameters, self.fused.inputs, strict=True)
        )
        return tuple(held[o] for o in self.instruction.operands if o in held)

    @cached_property
    def results(self) -> tuple[Buffer | None, ...]:
        """The buffer of each result; None for one that nothing reads."""
        held = dict(zip(self.fused.computation.results, self.fused.outputs, strict=True))
        return tuple(held.get(r) for r in self.instruction.results)

    def whole_results(self) -> tuple[tuple[Buffer, ...], tuple[Buffer, ...]]:
        """A buffer for each result, and those of them that are scratch since nothing reads them."""
        scratch: list[Buffer] = []
        found: list[Buffer] = []
        for number, (value, buffer) in enumerate(
            zip(self.instruction.results, self.results, strict=True)
        ):
            if buffer is None:
                buffer = buffer_for(f"unread{number}", value.type)
                scratch.append(buffer)
            found.append(buffer)
        return tuple(found), tuple(scratch)

    def kernel(
        self, body: Iterable[Statement], scratch: tuple[Buffer, ...] = ()
    ) -> tuple[Kernel, tuple[Buffer, ...]]:
        """The finished kernel, its scratch buffers after the other parameters."""
        kernel = self.fused.kernel(tuple(body))
        return replace(kernel, parameters=(*kernel.parameters, *scratch)), scratch

    def copy(self, value: Value, to: Buffer) -> Body:
        """Loops that store a value in a buffer; nothing where it is that memory."""
        elements = self.fused.elements()
        if elements.buffers.get(value) is to:
            return ()

        def body(index: Indices) -> Body:
            position, element = linearize(index, value.type.shape), elements.at(value, index)
            return tuple(stores(to, value.type.dtype, position, element))

        return free_nest(value.type.shape, body, "copied")

    def fill(self, value: Value, buffer: Buffer, element: Element) -> Body:
        """Loops that store one element everywhere in the buffer of a tensor."""
        dtype, size = value.type.dtype, value.type.size
        return self.flat(size, lambda i: tuple(stores(buffer, dtype, i, element)), "filled")

    def flat(self, size: Dim, body: Callable[[Dim], Body], name: str) -> Body:
        """A flat loop."""
        return free_nest((size,), lambda index: body(index[0]), name)


def stores(
    buffer: Buffer,
    dtype: DType,
    position: Dim,
    element: Element,
    mask: Scalar | None = None,
    scatter: Scalar | None = None,
    *,
    streams: CpuTarget | None = None,
) -> Iterator[Store]:
    """Store element number `position + scatter` of a tensor; a complex one is two reals.

    With `streams` the kernel stores it only here, so on that machine a large result need not pass
    through the cache.
    """
    if not isinstance(element, Complex):
        streaming = streams is not None and mask is None and is_streamed(buffer, streams)
        yield Store(buffer, position, element, mask, scatter, streaming)
        return
    assert dtype.is_complex
    if scatter is not None:
        scatter = scalars.binary("add", scatter, scatter)
    yield Store(buffer, position * 2, element.real, mask, scatter)
    yield Store(buffer, position * 2 + 1, element.imag, mask, scatter)


def strided_loops(
    space: Shape, positions: Callable[[Indices], Iterable[Dim]], prefix: str
) -> tuple[Loops, Indices]:
    """The fewest loops over `space` in which the positions are strided, and the index they make."""
    for runs in partitions(space):
        loops, index = run_loops(space, runs, prefix)
        found = list(positions(index))
        if all(dims.coefficient_of(p, s) is not None for p in found for s, _ in loops):
            break
    return loops, index


def serial_nest(loops: Sequence[tuple[Symbol, Dim]], body: Body) -> Body:
    """`body` inside serial loops."""
    for symbol, extent in reversed(loops):
        body = (For(symbol, extent, body),)
    return body


def divided(
    symbol: Symbol, extent: Dim, body: Body, time: float, work: Dim, target: CpuTarget
) -> For:
    """A loop that threads divide where an iteration's `work` elements of `time` ns each suggest."""
    return parallel(symbol, extent, body, parallel_grain(time, work, target))
