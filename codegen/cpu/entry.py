"""The entry function of a program: `i32 entry(ptr arguments, ptr symbols, ptr arena, ptr control)`.

It prepares the thread, runs the steps (`steps`) and restores the thread.

The control block (NULL where nobody will end the run) has two words: an i32 that is not 0 where the
run is to end, and at byte 8 the thread that runs the program. The entry sets the first to 0 and the
second to its thread, and that to 0 at the end. After `Commit` nobody looks any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowc.codegen.cpu.floats import flush_small_values, restore_control_word
from flowc.codegen.cpu.steps import STEPS, TABLE, Shared, StepsEmitter, never
from flowc.codegen.cpu.threads import POOL_ENTER, POOL_LEAVE
from flowc.codegen.llvm.types import I8, I32, I64, POINTER, VOID, FunctionType, array_type
from flowc.codegen.llvm.values import NULL, Value, integer, zero
from flowc.codegen.polling import kernel_looks
from flowc.ir.loops.kernel import Program, Step, WhileCalls
from flowc.ir.loops.walk import calls, has_parallel_loop
from flowc.passes.target import CpuTarget

ENTRY = "entry"
EMBED_LIMIT = 4 << 10  # larger constants reach the code through a table of addresses
_THREAD = 8  # where in the control block the thread is


class EntryEmitter(StepsEmitter):
    """Writes a program's entry function, and the table of its large constants."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared, shared.context.define(ENTRY, STEPS))
        self.function.internal = False
        self.program = shared.places.program
        assert isinstance(self.context.target, CpuTarget)
        self.threads = self.context.target.threads
        self.uses_threads = uses_threads(self.program, self.threads)
        self.control: Value | None = None

    def emit(self) -> None:
        """Emit everything."""
        if self.shared.places.tabled:
            table = zero(array_type(POINTER, len(self.shared.places.tabled)))
            self.context.module.define_variable(TABLE, table, internal=False)
        triple = self.context.target.triple
        self.control_word = flush_small_values(self.builder, triple)
        self._thread_call(POOL_ENTER, integer(self.threads, I32))
        self._find_control()
        self.steps(self.program.steps)
        self.leave(integer(0, I32))

    def _thread_call(self, name: str, *arguments: Value) -> None:
        if self.uses_threads:
            kind = FunctionType(VOID, tuple(a.type for a in arguments))
            self.scopes.here().call(self.context.module.declare(name, kind), arguments)

    # Stopping

    def _find_control(self) -> None:
        """The stop word, where the program may be long."""
        self.word: Value = never(self.context.module)
        if may_be_long(self.program.steps):
            given = self.function.args[3]
            missing = self.builder.icmp_unsigned("==", given, NULL)
            self.control = self.word = self.builder.select(missing, self.word, given)
            self.builder.store_atomic(integer(0, I32), self.control, "monotonic", 4)
            thread = self.builder.call(
                self.context.module.declare("pthread_self", FunctionType(I64)), []
            )
            self._set_thread(thread)

    def given_stop_word(self) -> Value:
        return self.word

    def look(self) -> None:
        if self.control is not None:
            super().look()

    def _set_thread(self, thread: Value) -> None:
        assert self.control is not None
        builder = self.scopes.here()
        place = builder.gep(self.control, I8, integer(_THREAD))
        builder.store_atomic(thread, place, "release", 8)

    def leave(self, code: Value) -> None:
        if self.control is not None:
            self._set_thread(integer(0, I64))
        self._thread_call(POOL_LEAVE)
        restore_control_word(self.scopes.here(), self.control_word)
        self.scopes.here().ret(code)


def may_be_long(steps: Sequence[Step]) -> bool:
    """Whether a program looks whether it is to end."""
    return any(isinstance(s, WhileCalls) for s in steps) or any(
        kernel_looks(call.kernel) for call in calls(steps)
    )


def uses_threads(program: Program, threads: int) -> bool:
    """Whether any kernel that the steps call asks for threads, and there are some."""
    return threads > 1 and any(has_parallel_loop(call.kernel) for call in calls(program.steps))
