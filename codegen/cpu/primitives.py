"""What the thread pool is made of: functions, loops, atomic words, futexes, the clock.

Written with libc alone, so that a library that has the pool inside needs nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from flowc.codegen.builder import Builder, declare
from flowc.codegen.representation import I1, I8, I32, I64, POINTER, VOID, integer

_FUTEX_WAIT_PRIVATE, _FUTEX_WAKE_PRIVATE = 128, 129
_FUTEX_NUMBER = {"x86_64": 202, "aarch64": 98}
_CLOCK_MONOTONIC = 1
EVERYBODY = 1 << 30

Field = tuple[ir.Type, int]
"""A word of a structure: its type and byte offset."""


class Writer:
    """Writes functions of a module that share memory with other threads."""

    def __init__(self, module: ir.Module, architecture: str) -> None:
        self.module = module
        self.architecture = architecture

    def emit_primitives(self) -> None:
        """Define what the methods below call."""
        self._emit_pause()
        self._emit_clock()

    # Functions

    def define(
        self, name: str, result: ir.Type, arguments: list[ir.Type], internal: bool = True
    ) -> tuple[Builder, list[ir.Value]]:
        """A new function: its builder and its arguments."""
        function = ir.Function(self.module, ir.FunctionType(result, arguments), name)
        function.attributes.add("nounwind")
        if internal:
            function.linkage = "internal"
        return Builder(function.append_basic_block("entry")), list(function.args)

    def call(self, b: Builder, name: str, result: ir.Type, *arguments: ir.Value) -> ir.Value:
        """Call a function by name, of this module or of libc."""
        kind = ir.FunctionType(result, [a.type for a in arguments])
        return b.call(declare(self.module, name, kind), arguments)

    def loop(self, b: Builder, body: Callable[[Builder], ir.Value]) -> None:
        """Repeat `body` as long as it gives true."""
        block = b.append_basic_block("loop")
        b.branch(block)
        b.position_at_end(block)
        again = body(b)
        done = b.append_basic_block("done")
        b.cbranch(again, block, done)
        b.position_at_end(done)

    # Words

    def load(
        self, b: Builder, base: ir.Value, field: Field, ordering: str = "monotonic"
    ) -> ir.Value:
        """Read a word."""
        return b.load_atomic(_at(b, base, field), ordering, _size(field), typ=field[0])

    def store(
        self, b: Builder, base: ir.Value, field: Field, value: ir.Value | int,
        ordering: str = "monotonic",
    ) -> None:  # fmt: skip
        """Write a word."""
        if isinstance(value, int):
            value = ir.Constant(field[0], value)
        b.store_atomic(value, _at(b, base, field), ordering, _size(field))

    def add(self, b: Builder, base: ir.Value, field: Field, amount: int) -> ir.Value:
        """Add to a word atomically; gives the old value."""
        amount = ir.Constant(field[0], amount)
        return b.atomic_rmw("add", _at(b, base, field), amount, "seq_cst")

    def exchange(self, b: Builder, base: ir.Value, field: Field, value: ir.Value) -> ir.Value:
        """Write a word atomically; gives the old value."""
        return b.atomic_rmw("xchg", _at(b, base, field), value, "seq_cst")

    def swap(
        self, b: Builder, base: ir.Value, field: Field, old: ir.Value | int, new: ir.Value | int
    ) -> ir.Value:
        """Compare and swap; true where it succeeded."""
        values = [ir.Constant(field[0], v) if isinstance(v, int) else v for v in (old, new)]
        pair = b.cmpxchg(_at(b, base, field), *values, "seq_cst", "monotonic")
        return b.extract_value(pair, 1)

    # Waiting

    def wait(self, b: Builder, base: ir.Value, field: Field, value: ir.Value | int) -> None:
        """Sleep while a word has a value, until woken."""
        if isinstance(value, int):
            value = integer(value)
        self._futex(b, _at(b, base, field), _FUTEX_WAIT_PRIVATE, value)

    def wake(self, b: Builder, base: ir.Value, field: Field, count: ir.Value) -> None:
        """Wake as many that sleep on a word."""
        self._futex(b, _at(b, base, field), _FUTEX_WAKE_PRIVATE, count)

    def _futex(self, b: Builder, word: ir.Value, operation: int, value: ir.Value) -> None:
        """`syscall(SYS_futex, word, operation, value, NULL)`."""
        kind = ir.FunctionType(I64, [I64], var_arg=True)
        syscall = declare(self.module, "syscall", kind)
        number = integer(_FUTEX_NUMBER[self.architecture])
        nothing = ir.Constant(POINTER, None)
        b.call(syscall, [number, word, integer(operation), value, nothing])

    def pause(self, b: Builder, times: int = 1) -> None:
        """Tell the core that this is a spin loop."""
        for _ in range(times):
            self.call(b, "flowc_pause", VOID)

    def nanoseconds(self, b: Builder) -> ir.Value:
        """The time since some moment."""
        return self.call(b, "flowc_nanoseconds", I64)

    def spin(
        self,
        b: Builder,
        limit: int,
        ready: Callable[[Builder], ir.Value],
        watch: Callable[[Builder, ir.Value, ir.Value], None] | None = None,
    ) -> ir.Value:
        """Look again and again until `ready`, at most `limit` nanoseconds; whether it became so.

        `watch` is told of the time now, and of that between two looks.
        """
        outcome, last = b.alloca(I1), b.alloca(I64)
        start = self.nanoseconds(b)
        b.store(start, last)

        def turn(b: Builder) -> ir.Value:
            self.pause(b, 8)
            found, now = ready(b), self.nanoseconds(b)
            b.store(found, outcome)
            if watch is not None:
                watch(b, now, b.sub(now, b.load(last, typ=I64)))
                b.store(now, last)
            late = b.icmp_signed(">", b.sub(now, start), integer(limit))
            return b.not_(b.or_(found, late))

        self.loop(b, turn)
        return b.load(outcome, typ=I1)

    def _emit_pause(self) -> None:
        b, _ = self.define("flowc_pause", VOID, [])
        b.function.attributes.add("alwaysinline")
        if self.architecture == "x86_64":
            self.call(b, "llvm.x86.sse2.pause", VOID)
        else:
            self.call(b, "llvm.aarch64.hint", VOID, ir.Constant(I32, 1))
        b.ret_void()

    def _emit_clock(self) -> None:
        b, _ = self.define("flowc_nanoseconds", I64, [])
        time = b.alloca(ir.ArrayType(I64, 2))
        self.call(b, "clock_gettime", I32, ir.Constant(I32, _CLOCK_MONOTONIC), time)
        seconds = b.load(time, typ=I64)
        rest = b.load(b.gep(time, [integer(1)], source_etype=I64), typ=I64)
        b.ret(b.add(b.mul(seconds, integer(1_000_000_000)), rest))


def _at(b: Builder, base: ir.Value, field: Field) -> ir.Value:
    return b.gep(base, [integer(field[1])], source_etype=I8)


def _size(field: Field) -> int:
    return 4 if field[0] == I32 else 8


class Callee:
    """A pointer to a function, in the form in which llvmlite calls it."""

    def __init__(self, pointer: ir.Value, kind: ir.FunctionType) -> None:
        self.pointer = pointer
        self.function_type = kind
        self.type = POINTER

    def get_reference(self) -> Any:
        """How the pointer is written."""
        return str(self.pointer.get_reference())
