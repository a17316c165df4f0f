"""How NVIDIA's GPUs run what the emitter leaves open: blocks, threads, barriers, combined values.

Blocks and threads are numbered in one dimension, and their indices follow by division; what LLVM
knows of a block's shape makes shifts of that. Values are combined by shuffles inside of a warp, and
through shared memory beyond it. A sketch: fragments, dynamic shared memory, and combining in
groups that are neither within a warp nor the whole block are refused.
"""

from __future__ import annotations

from functools import reduce
from math import prod

from flowc.codegen.builder import Builder
from flowc.codegen.emitter import KernelEmitter, Together
from flowc.codegen.llvm.types import (
    DOUBLE,
    FLOAT,
    I8,
    I32,
    I64,
    VOID,
    FunctionType,
    Type,
    array_type,
)
from flowc.codegen.llvm.values import Value, integer
from flowc.codegen.loops import Values, counted
from flowc.codegen.scopes import Placed
from flowc.ir.dims import Dim
from flowc.ir.errors import InternalError
from flowc.ir.loops.kernel import (
    Allocate,
    Barrier,
    Buffer,
    Carried,
    For,
    Kernel,
    Kind,
    MultiplyTile,
    Space,
)
from flowc.ir.loops.walk import block_loops, block_shape, title

WARP = 32
ALIGNMENT = 64


class GpuMachine:
    """The `Machine` of one grid."""

    has_masks = False
    streaming_alignment = 0

    def __init__(self, grid: For) -> None:
        extents = block_shape(grid)
        self.shape = tuple(max(1, _known(extent, "threads of a block")) for extent in extents)
        self.around: list[For] = []  # the thread loops that are open
        self.private: set[Buffer] = set()
        self.thread: Value = integer(0)  # its number in the block
        self.places: list[Value] = []  # its index in each dimension

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return prod(self.shape)

    # What only CPUs have

    def parallel(self, emitter: KernelEmitter, loop: For) -> None:
        """Raises InternalError: a GPU has no pool of threads."""
        raise _not_here(emitter, title(loop))

    def multiply_tile(self, emitter: KernelEmitter, tile: MultiplyTile) -> None:
        """Raises InternalError: the micro-kernel is a CPU's."""
        raise _not_here(emitter, title(tile))

    def may_fail(self, kernel: Kernel) -> bool:
        """Never: all memory is there when a kernel starts."""
        return False

    # Blocks and threads

    def together(self, emitter: KernelEmitter, statement: Together) -> None:
        """Emit loops of blocks and threads, and barriers."""
        match statement:
            case For(kind=Kind.BLOCK):
                self._blocks(emitter, statement)
            case For():
                self._threads(emitter, statement)
            case Barrier():
                _barrier(emitter)
            case _:
                raise _not_here(emitter, title(statement))

    def _blocks(self, emitter: KernelEmitter, grid: For) -> None:
        loops = block_loops(grid)
        number = _register(emitter, "ctaid.x")
        extents = [emitter.positions.scalar(loop.extent)[0] for loop in loops]
        for loop, place in zip(loops, _taken_apart(emitter, number, extents), strict=True):
            emitter.scopes.bind(loop.index, place)
        self.thread = _register(emitter, "tid.x")
        self.places = _taken_apart(emitter, self.thread, [integer(n) for n in self.shape])
        emitter.statements(loops[-1].body)

    def _threads(self, emitter: KernelEmitter, loop: For) -> None:
        """The thread's own iteration, if there is one; then what all have, combined."""
        depth, carried = len(self.around), loop.carried
        extent = _known(loop.extent, title(loop))

        def trip(index: Value, values: Values) -> Values:
            emitter.scopes.bind(loop.index, index)
            self.around.append(loop)
            following = emitter.loops.body(loop, values)
            self.around.pop()
            return following

        all_have_one = extent == self.shape[depth]
        results = counted(
            emitter.scopes,
            self.places[depth],
            integer(extent),
            1,
            emitter.loops.initial(carried),
            trip,
            surely=all_have_one,
            once=True,
        )
        if carried is not None:
            combined = self._combined(emitter, carried, results, depth)
            for variable, value in zip(carried.results, combined, strict=True):
                emitter.expressions.bind(variable, value)

    def writer(self, emitter: KernelEmitter, buffer: Buffer) -> Placed | None:
        """Whether the thread is the first of its group, which stores for all."""
        if buffer in self.private or len(self.around) == len(self.shape):
            return None
        builder = emitter.scopes.here()
        others = [
            builder.icmp_signed("==", place, integer(0))
            for place in self.places[len(self.around) :]
        ]
        return reduce(builder.and_, others), emitter.scopes.depth

    # Combining

    def _combined(
        self, emitter: KernelEmitter, carried: Carried, values: Values, depth: int
    ) -> Values:
        """The values of the threads along one dimension in one; each of them has it."""
        count, apart = self.shape[depth], prod(self.shape[depth + 1 :])
        whole = count & (count - 1) == 0 and apart & (apart - 1) == 0
        if whole and count * apart <= WARP:
            return self._shuffled(emitter, carried, values, count * apart, apart)
        if depth > 0:
            raise _not_here(emitter, f"what {count} threads in a dimension inside combine")
        if apart == 1 and count % WARP == 0:
            values = self._shuffled(emitter, carried, values, WARP, 1)
            count, apart = count // WARP, WARP
        return self._exchanged(emitter, carried, values, count, apart)

    def _shuffled(
        self, emitter: KernelEmitter, carried: Carried, values: Values, size: int, apart: int
    ) -> Values:
        """Combine by exchanging with threads of the warp that are twice as far each time.

        `size` threads side by side do it together; others of the warp may be elsewhere.
        """
        assert carried.combiner is not None
        members = self._members(emitter, size)
        distance = apart
        while distance < size:
            builder = emitter.scopes.here()
            other = [_exchange(builder, value, members, distance) for value in values]
            values = emitter.loops.combine(carried.combiner, values, other)
            distance *= 2
        return values

    def _members(self, emitter: KernelEmitter, size: int) -> Value:
        """The threads of the warp that stand with this one in a group of `size`, as bits."""
        if size == WARP:
            return integer(-1, I32)
        builder = emitter.scopes.here()
        number = builder.cast("trunc", self.thread, I32)
        first = builder.and_(number, integer(WARP - size, I32))
        return builder.shl(integer((1 << size) - 1, I32), first)

    def _exchanged(
        self, emitter: KernelEmitter, carried: Carried, values: Values, count: int, apart: int
    ) -> Values:
        """Combine the values of `count` threads, each `apart` from the next, in shared memory."""
        assert carried.combiner is not None
        builder, boards = emitter.scopes.here(), []
        for value in values:
            word = _as_word(builder, value)
            boards.append((self._board(emitter, word.type), word.type))
            builder.store(word, builder.gep(*boards[-1], self.thread))
        _barrier(emitter)
        first = builder.urem(self.thread, integer(apart))
        total: Values = []
        for number in range(count):
            builder = emitter.scopes.here()
            place = builder.add(first, integer(number * apart))
            words = [builder.load(builder.gep(board, kind, place), kind) for board, kind in boards]
            other = [_from_word(builder, w, v.type) for w, v in zip(words, values, strict=True)]
            total = emitter.loops.combine(carried.combiner, total, other) if total else other
        _barrier(emitter)
        return total

    def _board(self, emitter: KernelEmitter, word: Type) -> Value:
        """Shared memory with a place for each thread."""
        module, kind = emitter.context.module, array_type(word, self.threads)
        name = f"{emitter.function.name}.combined{len(module.variables)}"
        return module.define_shared(name, kind, ALIGNMENT)

    # Scratch memory

    def allocate(self, emitter: KernelEmitter, statement: Allocate) -> None:
        """A variable of the block in shared memory, or one of the thread in its frame."""
        buffer, module = statement.buffer, emitter.context.module
        size = _known(buffer.size, f"elements of '{buffer.name}'") * buffer.dtype.size
        kind = array_type(I8, max(1, size))
        match statement.space:
            case Space.SHARED:
                name = f"{emitter.function.name}.{buffer.name}"
                pointer: Value = module.define_shared(name, kind, ALIGNMENT)
            case Space.PRIVATE:
                self.private.add(buffer)
                pointer = emitter.stack_space(kind, ALIGNMENT)
            case _:
                raise _not_here(emitter, f"{statement.space.value} memory '{buffer.name}'")
        emitter.memory.pointers[buffer] = (pointer, 0)

    def release(self, emitter: KernelEmitter, statement: Allocate) -> None:
        """Nothing: memory is the block's or the frame's."""
        del emitter.memory.pointers[statement.buffer]


def _not_here(emitter: KernelEmitter, what: str) -> InternalError:
    where = emitter.function.name
    return InternalError(None, None, f"'{where}' cannot run on a GPU yet: {what}")


def _known(size: Dim, what: str) -> int:
    if not isinstance(size, int):
        raise InternalError(None, None, f"no code for a GPU yet: the {what} are not known: {size}")
    return size


def _register(emitter: KernelEmitter, name: str) -> Value:
    """A register that tells which block or thread this is, as i64."""
    value = _intrinsic(emitter.scopes.here(), f"read.ptx.sreg.{name}", I32)
    return emitter.scopes.here().cast("zext", value, I64)


def _intrinsic(builder: Builder, name: str, result: Type, *arguments: Value) -> Value:
    kind = FunctionType(result, tuple(a.type for a in arguments))
    return builder.call(builder.module.declare(f"llvm.nvvm.{name}", kind), arguments)


def _barrier(emitter: KernelEmitter) -> None:
    _intrinsic(emitter.scopes.here(), "barrier.cta.sync.aligned.all", VOID, integer(0, I32))


def _taken_apart(emitter: KernelEmitter, number: Value, extents: list[Value]) -> list[Value]:
    """A number's indices in dimensions of these extents; the first one is what is left over."""
    builder, places = emitter.scopes.here(), []
    for extent in reversed(extents[1:]):
        places.append(builder.urem(number, extent))
        number = builder.udiv(number, extent)
    return [number, *reversed(places)][: len(extents)]


def _exchange(builder: Builder, value: Value, members: Value, distance: int) -> Value:
    """The value of the thread whose number in the warp differs in one bit."""
    word = _as_word(builder, value)
    if word.type is I32:
        return _from_word(builder, _exchange_word(builder, word, members, distance), value.type)
    halves = (builder.cast("trunc", w, I32) for w in (word, builder.lshr(word, integer(32))))
    low, high = (
        builder.cast("zext", _exchange_word(builder, half, members, distance), I64)
        for half in halves
    )
    return _from_word(builder, builder.or_(low, builder.shl(high, integer(32))), value.type)


def _exchange_word(builder: Builder, word: Value, members: Value, distance: int) -> Value:
    arguments = (members, word, integer(distance, I32), integer(WARP - 1, I32))
    return _intrinsic(builder, "shfl.sync.bfly.i32", I32, *arguments)


def _as_word(builder: Builder, value: Value) -> Value:
    """The bits of a value as an i32, or an i64 where it is so long."""
    if value.type is DOUBLE:
        return builder.cast("bitcast", value, I64)
    if value.type is FLOAT:
        return builder.cast("bitcast", value, I32)
    return value if value.type is I64 else builder.resize(value, I32, False)


def _from_word(builder: Builder, word: Value, kind: Type) -> Value:
    """The value whose bits `_as_word` gave."""
    if kind in (FLOAT, DOUBLE):
        return builder.cast("bitcast", word, kind)
    return builder.resize(word, kind, False)
