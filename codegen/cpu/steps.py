"""Steps of a program as a function: `i32 steps(ptr arguments, ptr symbols, ptr arena, ptr stop)`.

It returns 0, or at once the code of the first `Check` that fails, `STOPPED`, `EXHAUSTED`, or in
debug mode the negative number of an out-of-range access. A long sequence is cut into functions of
its own, since LLVM's time grows faster than a function's length. Addresses are found where they are
used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flowc.codegen.builder import Builder
from flowc.codegen.cpu.parts import Parts
from flowc.codegen.cpu.variants import Variant
from flowc.codegen.emitter import Context, read_stop_word
from flowc.codegen.llvm.module import Function, Global, Module
from flowc.codegen.llvm.types import I8, I32, I64, POINTER, FunctionType, Type, array_type
from flowc.codegen.llvm.values import Value, bytes_constant, integer, zero
from flowc.codegen.polling import kernel_looks
from flowc.codegen.positions import Positions
from flowc.codegen.scopes import Placed, Scopes
from flowc.ir.dims import Dim, Expr
from flowc.ir.loops.kernel import (
    Buffer,
    Call,
    CaseCalls,
    Check,
    Commit,
    Measure,
    Program,
    Step,
    WhileCalls,
)
from flowc.ir.loops.walk import free_symbols

TABLE = "constant_table"
STOPPED = -(1 << 31)
CONTROL_BYTES = 16
_NEVER = "never_stop"
MOST_STEPS = 48  # of one function

STEPS = FunctionType(I32, (POINTER,) * 4)


@dataclass
class Places:
    """Where a program's buffers are: pointer arguments, slices of the arena, constants."""

    program: Program
    embed_limit: int
    arguments: dict[Buffer, int] = field(default_factory=dict)
    slices: dict[Buffer, Dim] = field(default_factory=dict)
    constants: dict[Buffer, int] = field(default_factory=dict)
    tabled: dict[Buffer, int] = field(default_factory=dict)  # of constants: place in the table

    def __post_init__(self) -> None:
        self.arguments = {b: n for n, b in enumerate(self.program.arguments)}
        self.slices = {s.buffer: s.offset for s in self.program.arena}
        self.constants = {c.buffer: n for n, c in enumerate(self.program.constants)}
        large = [c.buffer for c in self.program.constants if len(c.data) > self.embed_limit]
        self.tabled = {buffer: n for n, buffer in enumerate(large)}

    def of(self, buffer: Buffer) -> object:
        """Equal for buffers that overlap."""
        if buffer in self.arguments:
            return "argument", self.arguments[buffer]
        if buffer in self.slices:
            return "arena", self.slices[buffer]
        return "constant", self.constants[buffer]


@dataclass
class Shared:
    """What the functions of one program have in common."""

    parts: Parts
    places: Places
    outlined: dict[tuple[Step, ...], list[str]] = field(default_factory=dict)
    """The functions of the pieces of long sequences."""

    @property
    def context(self) -> Context:
        """The module that is written to now, and what all modules share."""
        return self.parts.context

    def variant(self, call: Call) -> Variant:
        """What a call calls: the kernel, as arguments that overlap make it."""
        places = [self.places.of(buffer) for buffer in call.arguments]
        return Variant(call.kernel, tuple(places.index(place) for place in places))


class StepsEmitter:
    """Writes one function of steps."""

    def __init__(self, shared: Shared, function: Function) -> None:
        self.shared = shared
        self.context = shared.context  # in which the function stays
        self.function = function
        self.builder = Builder(function.append_basic_block("entry"))
        self.scopes = Scopes(self.builder, self.builder.block)
        self.positions = Positions(self.scopes)
        self.committed = False
        self.cell = self.builder.alloca(I32)
        self.builder.store(integer(0, I32), self.cell)
        for number, symbol in enumerate(shared.places.program.symbols):
            slot = _slot(self.builder, function.args[1], I64, number)
            self.scopes.bind(symbol, self.builder.load(slot, I64))

    def steps(self, steps: Sequence[Step]) -> None:
        """Emit steps; a long sequence as calls of functions of their own."""
        names = self.shared.outlined.get(tuple(steps))
        if names is None:
            for step in steps:
                self._step(step)
            return
        for name, piece in zip(names, cut(steps), strict=True):
            self._outlined(name)
            self.committed = self.committed or _commits(piece)

    def _outlined(self, name: str) -> None:
        arguments = [*self.function.args[:3], self.stop_word]
        code = self.scopes.here().call(self.context.refer(name), arguments)
        failed = self.scopes.here().icmp_signed("!=", code, integer(0, I32))
        self.return_if(failed, code)

    def _step(self, step: Step) -> None:
        match step:
            case Call():
                self._call(step)
            case WhileCalls():
                self._while(step)
            case CaseCalls():
                self._case(step)
            case Commit():
                self.committed = True
            case Measure():
                self._measure(step)
            case Check(predicate=predicate, code=code):
                failed = self.scopes.here().not_(self._read_bool(predicate))
                self.return_if(failed, integer(code, I32))

    # Stopping

    @property
    def stop_word(self) -> Value:
        """The word that tells to stop, or one that never does."""
        return never(self.context.module) if self.committed else self.given_stop_word()

    def given_stop_word(self) -> Value:
        """The word that the function was given."""
        return self.function.args[3]

    def leave(self, code: Value) -> None:
        """Return from the function."""
        self.scopes.here().ret(code)

    def look(self) -> None:
        """Return where the run is to end."""
        if not self.committed:
            stopped = read_stop_word(self.scopes.here(), self.given_stop_word())
            self.return_if(stopped, integer(STOPPED, I32))

    def return_if(self, condition: Value, code: Value) -> None:
        """Return `code` where the condition holds."""
        stop, go_on = (self.function.append_basic_block(name) for name in ("stop", "continue"))
        self.scopes.here().cbranch(condition, stop, go_on)
        with self.scopes.open(stop):
            self.leave(code)
        self.scopes.continue_in(go_on)

    # Buffers

    def _pointer(self, buffer: Buffer) -> Value:
        found = self.scopes.find(buffer)
        if found is None:
            found = self.scopes.remember(buffer, self._address(buffer))
        return found[0]

    def _address(self, buffer: Buffer) -> Placed:
        places, arguments = self.shared.places, self.function.args
        if buffer in places.arguments:
            return self._entry_of(arguments[0], places.arguments[buffer])
        if buffer in places.slices:
            return self.positions.pointer((arguments[2], 0), I8, places.slices[buffer])
        if buffer in places.tabled:
            return self._entry_of(self._table(), places.tabled[buffer])
        return self._embedded(places.constants[buffer]), 0

    def _entry_of(self, array: Value, number: int) -> Placed:
        def read(b: Builder, pointer: Value) -> Value:
            return b.load(_slot(b, pointer, POINTER, number), POINTER)

        return self.scopes.emit(read, (array, 0))

    def _embedded(self, number: int) -> Value:
        module, name = self.context.module, f"constant.{number}"
        found = module.variables.get(name)
        if found is None:
            data = bytes(self.shared.places.program.constants[number].data) or b"\0"
            initial = bytes_constant(data)
            found = module.define_variable(name, initial, constant=True, align=64)
        return found

    def _table(self) -> Value:
        """The array of addresses, which is in the entry's module."""
        module = self.context.module
        return module.variables.get(TABLE) or module.declare_variable(TABLE, I8)

    # Steps

    def _call(self, call: Call) -> None:
        function = self.context.refer(self.shared.variant(call).name)
        pointers = [self._pointer(buffer) for buffer in call.arguments]
        checked = self.context.checks is not None
        symbols = [
            self.positions.scalar(Expr({(symbol,): 1}))[0]
            for symbol in free_symbols(call.kernel, sizes=checked)
        ]
        looks = kernel_looks(call.kernel)
        may_fail = self.context.has_error_cell(call.kernel)
        stop_word, cell = [self.stop_word] * looks, [self.cell] * may_fail
        self.scopes.here().call(function, [*pointers, *symbols, *stop_word, *cell])
        if may_fail:
            code = self.scopes.here().load(self.cell, I32)
            failed = self.scopes.here().icmp_signed("!=", code, integer(0, I32))
            self.return_if(failed, code)
        if looks:
            self.look()

    def _measure(self, step: Measure) -> None:
        builder = self.scopes.here()
        value = builder.load(self._pointer(step.count), I64)
        number = self.shared.places.program.symbols.index(step.symbol)
        builder.store(value, _slot(builder, self.function.args[1], I64, number))
        self.scopes.bind(step.symbol, value)

    def _read_bool(self, buffer: Buffer) -> Value:
        pointer = self._pointer(buffer)
        byte = self.scopes.here().load(pointer, I8)
        return self.scopes.here().icmp_unsigned("!=", byte, integer(0, I8))

    def _while(self, step: WhileCalls) -> None:
        test, body, done = (self.function.append_basic_block(n) for n in ("test", "body", "done"))
        self.scopes.here().branch(test)
        self.scopes.continue_in(test)
        self.steps(step.condition)
        going = self._read_bool(step.predicate)
        with self.scopes.open(body):
            self.steps(step.body)
            self.look()
            self.scopes.here().branch(test)
        self.scopes.here().cbranch(going, body, done)
        self.scopes.continue_in(done)

    def _case(self, step: CaseCalls) -> None:
        index = self.scopes.here().load(self._pointer(step.index), I32)
        blocks = [self.function.append_basic_block("branch") for _ in step.branches]
        done = self.function.append_basic_block("done")
        for block, steps in zip(blocks, step.branches, strict=True):
            with self.scopes.open(block):
                self.steps(steps)
                self.scopes.here().branch(done)
        self.scopes.here().switch(index, blocks[:-1], blocks[-1])
        self.scopes.continue_in(done)


def outline_long(shared: Shared, steps: Sequence[Step], committed: bool = False) -> None:
    """Write the functions of the pieces of long sequences, the innermost first."""
    for step in steps:
        match step:
            case WhileCalls(condition=condition, body=body):
                outline_long(shared, condition, committed)
                outline_long(shared, body, committed)
            case CaseCalls(branches=branches):
                for branch in branches:
                    outline_long(shared, branch, committed)
    if len(steps) <= MOST_STEPS:
        return
    names = shared.outlined[tuple(steps)] = []
    for piece in cut(steps):
        names.append(_outline(shared, piece, committed))
        committed = committed or _commits(piece)


def _outline(shared: Shared, steps: Sequence[Step], committed: bool) -> str:
    name = shared.context.unused_name("steps")
    emitter = StepsEmitter(shared, shared.context.define(name, STEPS))
    emitter.committed = committed
    emitter.steps(steps)
    emitter.leave(integer(0, I32))
    shared.parts.turn()
    return name


def cut(steps: Sequence[Step]) -> list[Sequence[Step]]:
    """A long sequence in pieces that are short enough for a function each."""
    return [steps[start : start + MOST_STEPS] for start in range(0, len(steps), MOST_STEPS)]


def _commits(steps: Sequence[Step]) -> bool:
    return any(isinstance(step, Commit) for step in steps)


def never(module: Module) -> Global:
    """A control block that says to go on."""
    nothing = zero(array_type(I64, CONTROL_BYTES // 8))
    return module.variables.get(_NEVER) or module.define_variable(_NEVER, nothing)


def _slot(builder: Builder, array: Value, element: Type, number: int) -> Value:
    return builder.gep(array, element, integer(number))
