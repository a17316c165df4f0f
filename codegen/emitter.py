"""The emitter: a loop IR kernel to LLVM functions. It makes no decision; the loop kinds say it all.

`KernelEmitter` writes one LLVM function. What differs between machines (how a parallel loop gets
its threads, how scratch memory is had, the micro-kernel of a tile) is behind `Machine`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Protocol, TypeAlias

from flowc.codegen.builder import Builder
from flowc.codegen.expressions import Expressions
from flowc.codegen.llvm.module import Function, Module
from flowc.codegen.llvm.types import I32, I64, POINTER, VOID, FunctionType, Type
from flowc.codegen.llvm.values import Value, integer
from flowc.codegen.loops import LoopEmitter
from flowc.codegen.memory import BoundsChecks, Memory, index_offset
from flowc.codegen.polling import kernel_looks
from flowc.codegen.positions import Positions
from flowc.codegen.scopes import Placed, Scopes
from flowc.ir.loops.kernel import (
    Allocate,
    Barrier,
    Buffer,
    CopyMatrix,
    For,
    If,
    Kernel,
    Kind,
    Let,
    MultiplyMatrices,
    MultiplyTile,
    Statement,
    Store,
)
from flowc.ir.loops.walk import free_symbols, written_buffers
from flowc.passes.target import Target

Together: TypeAlias = For | Barrier | MultiplyMatrices | CopyMatrix


class Machine(Protocol):
    """What a kind of machine does in its own way."""

    has_masks: bool  # masked vector loads and stores are single instructions
    streaming_alignment: int  # bytes, of a store that goes past the caches; 0 where there is none

    def parallel(self, emitter: KernelEmitter, loop: For) -> None:
        """Run the iterations of `loop` on many threads."""

    def allocate(self, emitter: KernelEmitter, statement: Allocate) -> None:
        """Bind the statement's buffer to scratch memory in the innermost scope."""

    def release(self, emitter: KernelEmitter, statement: Allocate) -> None:
        """Give back what `allocate` got."""

    def may_fail(self, kernel: Kernel) -> bool:
        """Whether a kernel allocates what may not be there.

        Its function has an error cell then, where `allocate` leaves a code.
        """

    def multiply_tile(self, emitter: KernelEmitter, tile: MultiplyTile) -> None:
        """Call the micro-kernel."""

    def writer(self, emitter: KernelEmitter, buffer: Buffer) -> Placed | None:
        """Whether this thread is the one of several alike that stores; None where there is one."""

    def together(self, emitter: KernelEmitter, statement: Together) -> None:
        """Emit what blocks of threads do: their loops, barriers, and matrices."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the functions of one program share, and the module that they are written to now.

    A program may be spread over several modules. Functions that others may call are then known to
    all of them, and `signatures` has those that have been written.
    """

    module: Module
    target: Target
    machine: Machine
    checks: BoundsChecks | None = None
    alone: bool = True  # the program has one module
    signatures: dict[str, FunctionType] = field(default_factory=dict)
    is_loaded: Callable[[str], bool] = lambda name: False  # whether there is code of a function

    def needs(self, name: str, kind: FunctionType) -> bool:
        """Whether a function whose name tells what it does is still to be written."""
        if name in self.signatures:
            return False
        if not self.is_loaded(name):
            return True
        self.signatures[name] = kind
        return False

    def has_error_cell(self, kernel: Kernel) -> bool:
        """Whether a kernel's function takes a cell for the code of what went wrong in it."""
        return self.checks is not None or self.machine.may_fail(kernel)

    def define(self, name: str, kind: FunctionType) -> Function:
        """A new function that the program's other functions may call, in whatever module."""
        function = self.module.declare(name, kind)
        function.internal = self.alone
        function.attributes.append("nounwind")
        self.signatures[name] = kind
        return function

    def refer(self, name: str) -> Function:
        """The function of the program that was defined under `name`, for a call."""
        return self.module.declare(name, self.signatures[name])

    def unused_name(self, name: str) -> str:
        """`name`, with a number if another function has it."""
        names = chain([name], (f"{name}.{number}" for number in count(1)))
        return next(n for n in names if n not in self.signatures)


def read_stop_word(builder: Builder, word: Value) -> Value:
    """Whether the run is to end."""
    value = builder.load_atomic(word, I32, "monotonic", 4)
    return builder.icmp_unsigned("!=", value, integer(0, I32))


class KernelEmitter:
    """Writes one LLVM function, from its entry block to its return."""

    def __init__(self, context: Context, function: Function, written: frozenset[Buffer]) -> None:
        self.context = context
        self.function = function
        self.allocations = function.append_basic_block("allocations")
        entry = function.append_basic_block("entry")
        self.builder = Builder(entry)
        self.scopes = Scopes(self.builder, entry)
        self.positions = Positions(self.scopes)
        machine = context.machine
        self.memory = Memory(
            self.scopes,
            self.positions,
            context.module,
            written,
            machine.streaming_alignment,
            context.checks,
        )
        self.expressions = Expressions(self.scopes, self.positions, self.memory)
        self.has_masks = machine.has_masks
        self.streaming: frozenset[Store] = frozenset()
        self.stop_word: Placed | None = None  # not 0 where the run is to end
        self.looking: frozenset[For] = frozenset()  # the loops around that look at it
        self.on_stop: list[Callable[[Builder], None]] = []  # what a return in between must do
        self.loops = LoopEmitter(self)

    def finish(self) -> None:
        """Return from the function; nothing may be added afterwards."""
        self.scopes.at(0).ret_void()
        self.builder.position_at_end(self.allocations)
        self.builder.branch(self.function.blocks[1])

    def look(self) -> None:
        """Return from the function where the run is to end."""
        if self.stop_word is not None:
            self.return_if(read_stop_word(self.scopes.here(), self.stop_word[0]))

    def return_if(self, condition: Value, code: int | None = None) -> None:
        """Return from the function where the condition holds; leave `code` in the error cell."""
        stop, go_on = (self.function.append_basic_block(name) for name in ("stop", "go_on"))
        builder = self.scopes.here()
        builder.cbranch(condition, stop, go_on)
        builder.position_at_end(stop)
        if code is not None:
            assert self.memory.error_cell is not None
            builder.store_atomic(integer(code, I32), self.memory.error_cell[0], "monotonic", 4)
        for clean_up in reversed(self.on_stop):
            clean_up(builder)
        builder.ret_void()
        self.scopes.continue_in(go_on)

    def look_for_failure(self) -> None:
        """Return from the function where the error cell has a code."""
        assert self.memory.error_cell is not None
        builder = self.scopes.here()
        code = builder.load_atomic(self.memory.error_cell[0], I32, "monotonic", 4)
        self.return_if(builder.icmp_signed("!=", code, integer(0, I32)))

    def stack_space(self, kind: Type, align: int) -> Value:
        """Space of type `kind` in the function's frame."""
        here = self.builder.block
        self.builder.position_at_end(self.allocations)
        space = self.builder.alloca(kind, align)
        self.builder.position_at_end(here)
        return space

    def statements(self, body: Sequence[Statement]) -> None:
        """Emit statements in order, and release their scratch buffers."""
        for statement in body:
            self.statement(statement)
        for statement in reversed(body):
            if isinstance(statement, Allocate):
                self.context.machine.release(self, statement)

    def statement(self, statement: Statement) -> None:
        """Emit one statement in the innermost scope."""
        match statement:
            case For(kind=Kind.PARALLEL):
                self.context.machine.parallel(self, statement)
            case For(kind=Kind.BLOCK | Kind.THREAD):
                self.context.machine.together(self, statement)
            case For():
                self.loops.emit(statement)
            case Store():
                self._store(statement)
            case Let():
                self._let(statement)
            case If():
                self._if(statement)
            case Allocate():
                self.context.machine.allocate(self, statement)
            case MultiplyTile():
                self.context.machine.multiply_tile(self, statement)
            case Barrier() | MultiplyMatrices() | CopyMatrix():
                self.context.machine.together(self, statement)

    def _let(self, statement: Let) -> None:
        placed = self.expressions.value(statement.value)
        self.scopes.remember(("variable", statement.variable.name), placed)

    def _store(self, store: Store) -> None:
        value = self.expressions.value(store.value)
        mask = None if store.mask is None else self.expressions.value(store.mask)
        writer = self.context.machine.writer(self, store.buffer)
        if writer is not None:
            mask = writer if mask is None else self.scopes.emit(Builder.and_, mask, writer)
        scatter = None
        if store.scatter is not None:
            unsigned = store.scatter.dtype.is_unsigned
            scatter = index_offset(self.scopes, self.expressions.value(store.scatter), unsigned)
        self.memory.store(
            store.buffer, store.position, value, scatter, mask, store in self.streaming
        )

    def _if(self, statement: If) -> None:
        condition, _ = self.expressions.value(statement.condition)
        self.when(condition, lambda: self.statements(statement.body))

    def when(self, condition: Value, emit_body: Callable[[], None]) -> None:
        """Emit code that runs where the scalar `condition` is true."""
        inside = self.function.append_basic_block("then")
        with self.scopes.open(inside, guarded=True):
            emit_body()
            after = self.function.append_basic_block("endif")
            self.scopes.here().branch(after)
        self.scopes.here().cbranch(condition, inside, after)
        self.scopes.continue_in(after)


def emit_kernel(
    context: Context, kernel: Kernel, name: str, overlapping: frozenset[Buffer] = frozenset()
) -> None:
    """Define a kernel's function, unless there is one of that name.

    Its parameters are pointers for the kernel's, the free symbols, the word that tells to stop
    where the kernel may be long, the error cell where something may go wrong.

    `overlapping` are the parameters that share memory with one that the kernel writes.
    """
    symbols = free_symbols(kernel, sizes=context.checks is not None)
    count = len(kernel.parameters)
    looks = kernel_looks(kernel)
    kinds = [POINTER] * count + [I64] * len(symbols) + [POINTER] * looks
    if context.checks is not None:
        context.checks.kernel = kernel.name
    has_cell = context.has_error_cell(kernel)
    kinds += [POINTER] * has_cell
    kind = FunctionType(VOID, tuple(kinds))
    if not context.needs(name, kind):
        return
    function = context.define(name, kind)
    emitter = KernelEmitter(context, function, written_buffers(kernel.body) | overlapping)
    for buffer, argument in zip(kernel.parameters, function.args, strict=False):
        if buffer not in overlapping:
            argument.attributes.append("noalias")
        emitter.memory.pointers[buffer] = (argument, 0)
    for symbol, argument in zip(symbols, function.args[count:], strict=False):
        emitter.scopes.bind(symbol, argument)
    if looks:
        emitter.stop_word = (function.args[count + len(symbols)], 0)
    if has_cell:
        emitter.memory.error_cell = (function.args[-1], 0)
    emitter.statements(kernel.body)
    emitter.finish()
