"""The entry function of a program: `i32 entry(ptr arguments, ptr symbols, ptr arena, ptr control)`.

It finds the address of every buffer, then runs the steps in order. It returns 0, the code of the
first `Check` that fails, `STOPPED`, or (debug mode) the negative number of an out-of-range access.

The control block (NULL where nobody will end the run) has two words: an i32 that is not 0 where the
run is to end, and at byte 8 the thread that runs the program. The entry sets the first to 0 and the
second to its thread, and that to 0 at the end. After `Commit` nobody looks any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from llvmlite import ir

from flowc.codegen.builder import Builder, declare, define_global
from flowc.codegen.cpu.floats import flush_small_values, restore_control_word
from flowc.codegen.cpu.parts import Parts
from flowc.codegen.cpu.threads import POOL_ENTER, POOL_LEAVE
from flowc.codegen.emitter import Context, emit_kernel, read_stop_word
from flowc.codegen.polling import kernel_looks
from flowc.codegen.positions import Positions
from flowc.codegen.representation import I8, I32, I64, POINTER, VOID, integer, zero
from flowc.codegen.scopes import Placed, Scopes
from flowc.ir.dims import Expr
from flowc.ir.loops.kernel import (
    Buffer,
    Call,
    CaseCalls,
    Check,
    Commit,
    Constants,
    Kernel,
    Program,
    Step,
    WhileCalls,
)
from flowc.ir.loops.printer import kernel_digest
from flowc.ir.loops.walk import free_symbols, has_parallel_loop, written_parameters

ENTRY = "entry"
TABLE = "constant_table"
STOPPED = -(1 << 31)
CONTROL_BYTES = 16
_NEVER = "never_stop"
_THREAD = 8  # where in the control block the thread is
EMBED_LIMIT = 4 << 10  # larger constants reach the code through a table of addresses


@dataclass
class EntryEmitter:
    """Writes the kernels of one program, then the entry function, which goes to the last module."""

    parts: Parts
    program: Program
    embed_limit: int = EMBED_LIMIT
    _tabled: int = 0  # constants that the table points to
    _functions: dict[tuple[str, tuple[int, ...]], str] = field(default_factory=dict)
    _buffers: dict[Buffer, Placed] = field(default_factory=dict)
    _places: dict[Buffer, object] = field(default_factory=dict)  # equal for buffers that overlap

    def emit(self) -> None:
        """Emit everything."""
        self._find_places()
        for call in calls(self.program.steps):
            self._kernel_function(call)
        self._emit_entry()

    @property
    def context(self) -> Context:
        """The module that is written to now, and what all have in common."""
        return self.parts.context

    def _emit_entry(self) -> None:
        kind = ir.FunctionType(I32, [POINTER] * 4)
        self.function = ir.Function(self.context.module, kind, ENTRY)
        self.function.attributes.add("nounwind")
        self.builder = Builder(self.function.append_basic_block("entry"))
        self.scopes = Scopes(self.builder, self.builder.block)
        self.positions = Positions(self.scopes)
        self.uses_threads = self.context.target.threads > 1 and has_parallel_loops(
            self.program.steps
        )
        self._find_buffers()
        if self.context.checks is not None:
            self.cell = self.builder.alloca(I32)
            self.builder.store(ir.Constant(I32, 0), self.cell)
        self.control_word = flush_small_values(self.builder, self.context.target.triple)
        self._thread_call(POOL_ENTER, ir.Constant(I32, self.context.target.threads))
        self._find_control()
        self._steps(self.program.steps)
        self._return(ir.Constant(I32, 0))

    def _thread_call(self, name: str, *arguments: ir.Value) -> None:
        if self.uses_threads:
            kind = ir.FunctionType(VOID, [a.type for a in arguments])
            self.scopes.here().call(declare(self.context.module, name, kind), arguments)

    # Stopping

    def _find_control(self) -> None:
        """The stop word, where the program may be long."""
        self.stop_word = self._never()
        self.control: ir.Value | None = None
        if may_be_long(self.program.steps):
            given = self.function.args[3]
            missing = self.builder.icmp_unsigned("==", given, ir.Constant(POINTER, None))
            self.control = self.builder.select(missing, self._never(), given)
            self.stop_word = self.control
            self.builder.store_atomic(ir.Constant(I32, 0), self.control, "monotonic", 4)
            thread = self.builder.call(
                declare(self.context.module, "pthread_self", ir.FunctionType(I64, [])), []
            )
            self._set_thread(thread)

    def _set_thread(self, thread: ir.Value) -> None:
        builder = self.scopes.here()
        place = builder.gep(self.control, [integer(_THREAD)], source_etype=I8)
        builder.store_atomic(thread, place, "release", 8)

    def _never(self) -> ir.GlobalVariable:
        """A control block that says to go on."""
        module = self.context.module
        if _NEVER not in module.globals:
            kind = ir.ArrayType(I64, CONTROL_BYTES // 8)
            define_global(module, _NEVER, kind, zero(kind)).linkage = "internal"
        return module.globals[_NEVER]

    def _look(self) -> None:
        """Return where the run is to end."""
        if self.stop_word is self.control:
            stopped = read_stop_word(self.scopes.here(), self.control)
            self._return_if(stopped, ir.Constant(I32, STOPPED))

    def _return(self, code: ir.Value) -> None:
        if self.control is not None:
            self._set_thread(ir.Constant(I64, 0))
        self._thread_call(POOL_LEAVE)
        restore_control_word(self.scopes.here(), self.control_word)
        self.scopes.here().ret(code)

    # Buffers

    def _find_places(self) -> None:
        program = self.program
        for number, buffer in enumerate(program.arguments):
            self._places[buffer] = ("argument", number)
        for slice_ in program.arena:
            self._places[slice_.buffer] = ("arena", slice_.offset)
        for number, constants in enumerate(program.constants):
            self._places[constants.buffer] = ("constant", number)

    def _find_buffers(self) -> None:
        arguments, symbols, arena, _ = self.function.args
        for number, symbol in enumerate(self.program.symbols):
            slot = self._slot(symbols, I64, number)
            self.scopes.bind(symbol, self.builder.load(slot, typ=I64))
        for number, buffer in enumerate(self.program.arguments):
            slot = self._slot(arguments, POINTER, number)
            self._buffers[buffer] = (self.builder.load(slot, typ=POINTER), 0)
        for slice_ in self.program.arena:
            pointer, _ = self.positions.pointer((arena, 0), I8, slice_.offset)
            self._buffers[slice_.buffer] = (pointer, 0)
        self._find_constants()

    def _find_constants(self) -> None:
        for number, constants in enumerate(self.program.constants):
            if len(constants.data) <= self.embed_limit:
                pointer: ir.Value = self._embed(constants, number)
            else:
                pointer = self._entry_of_table(self._tabled)
                self._tabled += 1
            self._buffers[constants.buffer] = (pointer, 0)

    def _slot(self, array: ir.Value, element: ir.Type, number: int) -> ir.Value:
        return self.builder.gep(array, [integer(number)], source_etype=element)

    def _embed(self, constants: Constants, number: int) -> ir.GlobalVariable:
        data = constants.data or b"\0"
        kind = ir.ArrayType(I8, len(data))
        initializer = ir.Constant(kind, bytearray(data))
        found = define_global(self.context.module, f"constant.{number}", kind, initializer)
        found.linkage, found.global_constant, found.align = "internal", True, 64
        return found

    def _table(self) -> ir.GlobalVariable:
        """The exported array of addresses, filled after loading."""
        module = self.context.module
        if TABLE not in module.globals:
            kind = ir.ArrayType(POINTER, len(self.program.constants))
            define_global(module, TABLE, kind, zero(kind))
        return module.globals[TABLE]

    def _entry_of_table(self, number: int) -> ir.Value:
        return self.builder.load(self._slot(self._table(), POINTER, number), typ=POINTER)

    # Steps

    def _steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
            match step:
                case Call():
                    self._call(step)
                case WhileCalls():
                    self._while(step)
                case CaseCalls():
                    self._case(step)
                case Commit():
                    self.stop_word = self._never()
                case Check(predicate=predicate, code=code):
                    failed = self.scopes.here().not_(self._read_bool(predicate))
                    self._return_if(failed, ir.Constant(I32, code))

    def _call(self, call: Call) -> None:
        function = self.context.refer(self._kernel_function(call))
        pointers = [self._buffers[buffer][0] for buffer in call.arguments]
        checked = self.context.checks is not None
        symbols = [
            self.positions.scalar(Expr({(symbol,): 1}))[0]
            for symbol in free_symbols(call.kernel, sizes=checked)
        ]
        builder = self.scopes.here()
        looks = kernel_looks(call.kernel)
        stop_word, cell = [self.stop_word] * looks, [self.cell] if checked else []
        builder.call(function, [*pointers, *symbols, *stop_word, *cell])
        if checked:
            code = builder.load(self.cell, typ=I32)
            self._return_if(builder.icmp_signed("!=", code, ir.Constant(I32, 0)), code)
        if looks:
            self._look()

    def _kernel_function(self, call: Call) -> str:
        """The name of a kernel's function; equal ones whose arguments overlap alike share it."""
        places = [self._places[buffer] for buffer in call.arguments]
        groups = tuple(places.index(place) for place in places)
        key = (kernel_digest(call.kernel), groups)
        if key not in self._functions:
            name = self._functions[key] = self.context.unused_name(call.kernel.name)
            emit_kernel(self.context, call.kernel, name, _overlapping(call.kernel, groups))
            self.parts.turn()
        return self._functions[key]

    def _read_bool(self, buffer: Buffer) -> ir.Value:
        builder = self.scopes.here()
        byte = builder.load(self._buffers[buffer][0], typ=I8)
        return builder.icmp_unsigned("!=", byte, ir.Constant(I8, 0))

    def _return_if(self, condition: ir.Value, code: ir.Value) -> None:
        stop, go_on = (self.function.append_basic_block(name) for name in ("stop", "continue"))
        self.scopes.here().cbranch(condition, stop, go_on)
        self.scopes.continue_in(stop)
        self._return(code)
        self.scopes.continue_in(go_on)

    def _while(self, step: WhileCalls) -> None:
        test, body, done = (self.function.append_basic_block(n) for n in ("test", "body", "done"))
        self.scopes.here().branch(test)
        self.scopes.continue_in(test)
        self._steps(step.condition)
        self.scopes.here().cbranch(self._read_bool(step.predicate), body, done)
        self.scopes.continue_in(body)
        self._steps(step.body)
        self._look()
        self.scopes.here().branch(test)
        self.scopes.continue_in(done)

    def _case(self, step: CaseCalls) -> None:
        builder = self.scopes.here()
        index = builder.load(self._buffers[step.index][0], typ=I32)
        blocks = [self.function.append_basic_block("branch") for _ in step.branches]
        done = self.function.append_basic_block("done")
        switch = builder.switch(index, blocks[-1])
        for number, block in enumerate(blocks[:-1]):
            switch.add_case(number, block)
        for block, steps in zip(blocks, step.branches, strict=True):
            self.scopes.continue_in(block)
            self._steps(steps)
            self.scopes.here().branch(done)
        self.scopes.continue_in(done)


def _overlapping(kernel: Kernel, groups: tuple[int, ...]) -> frozenset[Buffer]:
    """The parameters that share memory with another one of which either is written."""
    written = written_parameters(kernel)
    dirty = {
        g
        for g, p in zip(groups, kernel.parameters, strict=True)
        if p in written and groups.count(g) > 1
    }
    return frozenset(p for g, p in zip(groups, kernel.parameters, strict=True) if g in dirty)


def calls(steps: Sequence[Step]) -> Iterator[Call]:
    """All calls of kernels, also those inside of loops and branches."""
    for step in steps:
        match step:
            case Call():
                yield step
            case WhileCalls(condition=condition, body=body):
                yield from calls([*condition, *body])
            case CaseCalls(branches=branches):
                for branch in branches:
                    yield from calls(branch)


def may_be_long(steps: Sequence[Step]) -> bool:
    """Whether a program looks whether it is to end."""
    return any(isinstance(s, WhileCalls) for s in steps) or any(
        kernel_looks(call.kernel) for call in calls(steps)
    )


def has_parallel_loops(steps: Sequence[Step]) -> bool:
    """Whether any kernel that the steps call asks for threads."""
    return any(has_parallel_loop(call.kernel) for call in calls(steps))
