"""The entry function of a program: `i32 entry(ptr arguments, ptr symbols, ptr arena, ptr control)`.

It prepares the thread, runs the steps (`steps`) and restores the thread.

The control block (NULL where nobody will end the run) has two words: an i32 that is not 0 where the
run is to end, and at byte 8 the thread that runs the program. The entry sets the first to 0 and the
second to its thread, and that to 0 at the end. After `Commit` nobody looks any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from llvmlite import ir

from flowc.codegen.builder import declare
from flowc.codegen.cpu.floats import flush_small_values, restore_control_word
from flowc.codegen.cpu.steps import STEPS, Shared, StepsEmitter, define_table, never
from flowc.codegen.cpu.threads import POOL_ENTER, POOL_LEAVE
from flowc.codegen.polling import kernel_looks
from flowc.codegen.representation import I8, I32, I64, POINTER, VOID, integer
from flowc.ir.loops.kernel import Call, CaseCalls, Program, Step, WhileCalls
from flowc.ir.loops.walk import has_parallel_loop

ENTRY = "entry"
EMBED_LIMIT = 4 << 10  # larger constants reach the code through a table of addresses
_THREAD = 8  # where in the control block the thread is


class EntryEmitter(StepsEmitter):
    """Writes a program's entry function, and the table of its large constants."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared, shared.context.define(ENTRY, STEPS))
        self.function.linkage = "external"
        self.program = shared.places.program
        self.uses_threads = uses_threads(self.program, self.context.target.threads)
        self.control: ir.Value | None = None

    def emit(self) -> None:
        """Emit everything."""
        if self.shared.places.tabled:
            define_table(self.context.module, self.shared.places)
        triple = self.context.target.triple
        self.control_word = flush_small_values(self.builder, triple)
        self._thread_call(POOL_ENTER, ir.Constant(I32, self.context.target.threads))
        self._find_control()
        self.steps(self.program.steps)
        self.leave(ir.Constant(I32, 0))

    def _thread_call(self, name: str, *arguments: ir.Value) -> None:
        if self.uses_threads:
            kind = ir.FunctionType(VOID, [a.type for a in arguments])
            self.scopes.here().call(declare(self.context.module, name, kind), arguments)

    # Stopping

    def _find_control(self) -> None:
        """The stop word, where the program may be long."""
        self.word: ir.Value = never(self.context.module)
        if may_be_long(self.program.steps):
            given = self.function.args[3]
            missing = self.builder.icmp_unsigned("==", given, ir.Constant(POINTER, None))
            self.control = self.word = self.builder.select(missing, self.word, given)
            self.builder.store_atomic(ir.Constant(I32, 0), self.control, "monotonic", 4)
            thread = self.builder.call(
                declare(self.context.module, "pthread_self", ir.FunctionType(I64, [])), []
            )
            self._set_thread(thread)

    def given_stop_word(self) -> ir.Value:
        return self.word

    def look(self) -> None:
        if self.control is not None:
            super().look()

    def _set_thread(self, thread: ir.Value) -> None:
        builder = self.scopes.here()
        place = builder.gep(self.control, [integer(_THREAD)], source_etype=I8)
        builder.store_atomic(thread, place, "release", 8)

    def leave(self, code: ir.Value) -> None:
        if self.control is not None:
            self._set_thread(ir.Constant(I64, 0))
        self._thread_call(POOL_LEAVE)
        restore_control_word(self.scopes.here(), self.control_word)
        self.scopes.here().ret(code)


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


def uses_threads(program: Program, threads: int) -> bool:
    """Whether any kernel that the steps call asks for threads, and there are some."""
    return threads > 1 and any(has_parallel_loop(call.kernel) for call in calls(program.steps))
