"""How CPUs run what the emitter leaves open: parallel loops, scratch memory, micro-kernels."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from flowc.codegen.builder import Builder
from flowc.codegen.cpu.microkernel import call_micro_kernel
from flowc.codegen.cpu.threads import PARALLEL_FOR
from flowc.codegen.emitter import KernelEmitter, Together
from flowc.codegen.llvm.module import Function
from flowc.codegen.llvm.types import (
    I8,
    I32,
    I64,
    POINTER,
    VOID,
    FunctionType,
    Type,
    array_type,
    struct_type,
)
from flowc.codegen.llvm.values import NULL, Value, integer
from flowc.codegen.loops import counted
from flowc.codegen.polling import looks
from flowc.codegen.scopes import Placed
from flowc.ir.dims import Symbol
from flowc.ir.errors import InternalError
from flowc.ir.loops.facts import found_once
from flowc.ir.loops.kernel import (
    Allocate,
    Buffer,
    For,
    Kernel,
    Kind,
    MultiplyTile,
    Space,
    Statement,
)
from flowc.ir.loops.walk import statements, title
from flowc.passes.target import CpuTarget

STACK_LIMIT = 16 << 10  # scratch buffers up to this many bytes live in the stack frame
ALIGNMENT = 64
EXHAUSTED = 1 - (1 << 31)  # the code of a run for which the heap had no memory


class CpuMachine:
    """The `Machine` of x86-64 and AArch64."""

    streaming_alignment = 64

    def __init__(self, target: CpuTarget) -> None:
        self.has_masks = "+avx512vl" in target.features.split(",")
        self.threads = target.threads

    # Parallel loops

    def parallel(self, emitter: KernelEmitter, loop: For) -> None:
        """Outline the body to `(context, begin, end)` and hand it to the thread pool."""
        if self.threads == 1:
            emitter.loops.emit(replace(loop, kind=Kind.SERIAL))
            return
        captured = _captured(emitter)
        body = self._outline(emitter, loop, captured)
        extent, grain = emitter.positions.scalar(loop.extent), emitter.positions.scalar(loop.grain)
        context = _fill_context(emitter, captured)
        kind = FunctionType(VOID, (POINTER, POINTER, I64, I64, I32))
        parallel_for = emitter.context.module.declare(PARALLEL_FOR, kind)
        threads = integer(self.threads, I32)
        emitter.scopes.here().call(parallel_for, [body, context, extent[0], grain[0], threads])
        emitter.look()  # what has been stopped is not finished
        if _takes_from_heap(loop.body):
            emitter.look_for_failure()

    def _outline(
        self, emitter: KernelEmitter, loop: For, captured: dict[Hashable, Placed]
    ) -> Function:
        """The function `(context, begin, end)` that runs some of the iterations."""
        module = emitter.context.module
        name = module.unused_name(f"{emitter.function.name}.{loop.index.name}")
        function = module.declare(name, FunctionType(VOID, (POINTER, I64, I64)))
        function.internal = True
        function.attributes.append("nounwind")
        inner = KernelEmitter(emitter.context, function, emitter.memory.written)
        _read_context(inner, function.args[0], captured)
        for buffer, (value, _) in emitter.memory.pointers.items():
            inner.memory.pointers[buffer] = inner.scopes.find(("buffer", value)) or (value, 0)
        inner.memory.error_cell = inner.scopes.find("error cell")
        inner.stop_word = inner.scopes.find("stop word")
        if looks(loop, not emitter.looking):
            inner.looking = emitter.looking | {loop}
        inner.positions.known.update(emitter.positions.known)
        inner.positions.known_since.update(dict.fromkeys(emitter.positions.known, 0))

        def trip(index: Value, carried: list[Value]) -> list[Value]:
            inner.scopes.bind(loop.index, index)
            if inner.looking:
                inner.look()
            inner.statements(loop.body)
            return []

        begin, end = function.args[1:]
        counted(inner.scopes, begin, end, 1, [], trip, surely=True)
        inner.finish()
        return function

    # Scratch memory

    def allocate(self, emitter: KernelEmitter, statement: Allocate) -> None:
        """In the frame where the size is small and constant, else from the heap.

        Where the heap has nothing left, the function returns with `EXHAUSTED` in the error cell.
        """
        buffer = statement.buffer
        if statement.space is not Space.PRIVATE:
            raise _not_here(emitter, f"{statement.space.value} memory '{buffer.name}'")
        if _in_frame(buffer):
            assert isinstance(buffer.size, int)
            kind = array_type(I8, max(1, buffer.size * buffer.dtype.size))
            emitter.memory.pointers[buffer] = (emitter.stack_space(kind, ALIGNMENT), 0)
            return
        size, _ = emitter.positions.scalar(buffer.size * buffer.dtype.size + ALIGNMENT)
        builder = emitter.scopes.here()
        rounded = builder.and_(size, integer(-ALIGNMENT))
        allocate = builder.module.declare("aligned_alloc", FunctionType(POINTER, (I64, I64)))
        memory = builder.call(allocate, [integer(ALIGNMENT), rounded])
        emitter.return_if(builder.icmp_unsigned("==", memory, NULL), EXHAUSTED)
        emitter.memory.pointers[buffer] = (memory, emitter.scopes.depth)
        emitter.on_stop.append(lambda builder: _free(builder, memory))

    def release(self, emitter: KernelEmitter, statement: Allocate) -> None:
        """Free what came from the heap."""
        memory, _ = emitter.memory.pointers.pop(statement.buffer)
        if not _in_frame(statement.buffer):
            _free(emitter.scopes.here(), memory)
            emitter.on_stop.pop()

    def may_fail(self, kernel: Kernel) -> bool:
        """Whether anything is allocated from the heap."""
        return _kernel_takes_from_heap(kernel)

    def multiply_tile(self, emitter: KernelEmitter, tile: MultiplyTile) -> None:
        """Call the program's micro-kernel of this size and type."""
        call_micro_kernel(emitter, tile)

    # What a CPU does not have

    def writer(self, emitter: KernelEmitter, buffer: Buffer) -> Placed | None:
        """None: every thread has work of its own."""
        return None

    def together(self, emitter: KernelEmitter, statement: Together) -> None:
        """Raises InternalError: threads of a CPU are not in blocks."""
        raise _not_here(emitter, title(statement))


def _not_here(emitter: KernelEmitter, what: str) -> InternalError:
    where = emitter.function.name
    return InternalError(None, None, f"'{where}' is no kernel for a CPU: {what} is a GPU's")


def _free(builder: Builder, memory: Value) -> None:
    free = builder.module.declare("free", FunctionType(VOID, (POINTER,)))
    builder.call(free, [memory])


def _takes_from_heap(body: Sequence[Statement]) -> bool:
    return any(isinstance(s, Allocate) and not _in_frame(s.buffer) for s in statements(body))


@found_once
def _kernel_takes_from_heap(kernel: Kernel) -> bool:
    return _takes_from_heap(kernel.body)


def _in_frame(buffer: Buffer) -> bool:
    return isinstance(buffer.size, int) and buffer.size * buffer.dtype.size <= STACK_LIMIT


def _captured(emitter: KernelEmitter) -> dict[Hashable, Placed]:
    """The symbols, variables and buffers that are known where a parallel loop stands."""
    found: dict[Hashable, Placed] = {}
    for key, placed in emitter.scopes.bound().items():
        named = isinstance(key, tuple) and key[0] == "variable"
        if isinstance(key, Symbol) or named:
            found[key] = placed
    for placed in emitter.memory.pointers.values():
        found[("buffer", placed[0])] = placed
    if emitter.memory.error_cell is not None:
        found["error cell"] = emitter.memory.error_cell
    if emitter.stop_word is not None:
        found["stop word"] = emitter.stop_word
    return found


def _context_type(captured: dict[Hashable, Placed]) -> Type:
    return struct_type(*(value.type for value, _ in captured.values()))


def _fill_context(emitter: KernelEmitter, captured: dict[Hashable, Placed]) -> Value:
    """A struct in the frame that holds the captured values."""
    kind = _context_type(captured)
    space = emitter.stack_space(kind, ALIGNMENT)
    builder = emitter.scopes.here()
    for number, (value, _) in enumerate(captured.values()):
        builder.store(value, _field(builder, space, kind, number))
    return space


def _read_context(inner: KernelEmitter, context: Value, captured: dict[Hashable, Placed]) -> None:
    """Bind in `inner` everything that the context holds."""
    kind = _context_type(captured)
    builder = inner.scopes.here()
    for number, (key, (value, _)) in enumerate(captured.items()):
        loaded = builder.load(_field(builder, context, kind, number), value.type)
        inner.scopes.bind(key, loaded)


def _field(builder: Builder, space: Value, kind: Type, number: int) -> Value:
    return builder.gep(space, kind, integer(0, I32), integer(number, I32))
