"""What the thread pool is made of: functions, loops, atomic words, futexes, the clock.

Written with libc alone, so that a library that has the pool inside needs nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowc.codegen.builder import Builder
from flowc.codegen.llvm.module import Module
from flowc.codegen.llvm.types import I1, I8, I32, I64, VOID, FunctionType, Type, array_type
from flowc.codegen.llvm.values import NULL, Value, integer

_FUTEX_WAIT_PRIVATE, _FUTEX_WAKE_PRIVATE = 128, 129
_FUTEX = {"x86_64": 202, "aarch64": 98}
_CLOCK_MONOTONIC = 1

Field = tuple[Type, int]
"""A word of a structure: its type and byte offset."""


class Writer:
    """Writes functions of a module that share memory with other threads."""

    def __init__(self, module: Module, architecture: str) -> None:
        self.module = module
        self.architecture = architecture

    def emit_primitives(self) -> None:
        """Define what the methods below call."""
        self._emit_pause()
        self._emit_clock()

    # Functions

    def define(
        self, name: str, result: Type, arguments: tuple[Type, ...], internal: bool = True
    ) -> tuple[Builder, list[Value]]:
        """A new function: its builder and its arguments."""
        function = self.module.declare(name, FunctionType(result, arguments))
        function.attributes.append("nounwind")
        function.internal = internal
        return Builder(function.append_basic_block("entry")), list(function.args)

    def call(self, b: Builder, name: str, result: Type, *arguments: Value) -> Value:
        """Call a function by name, of this module or of libc."""
        kind = FunctionType(result, tuple(a.type for a in arguments))
        return b.call(self.module.declare(name, kind), arguments)

    def loop(self, b: Builder, body: Callable[[Builder], Value]) -> None:
        """Repeat `body` as long as it gives true."""
        block = b.append_basic_block("loop")
        b.branch(block)
        b.position_at_end(block)
        again = body(b)
        done = b.append_basic_block("done")
        b.cbranch(again, block, done)
        b.position_at_end(done)

    def system_call(self, b: Builder, numbers: Mapping[str, int], *arguments: Value) -> Value:
        """`syscall(number, arguments...)`, of which libc makes errors -1."""
        syscall = self.module.declare("syscall", FunctionType(I64, (I64,), variadic=True))
        return b.call(syscall, [integer(numbers[self.architecture]), *arguments])

    # Words

    def load(self, b: Builder, base: Value, field: Field, ordering: str = "monotonic") -> Value:
        """Read a word."""
        return b.load_atomic(_at(b, base, field), field[0], ordering, _size(field))

    def store(
        self,
        b: Builder,
        base: Value,
        field: Field,
        value: Value | int,
        ordering: str = "monotonic",
    ) -> None:
        """Write a word."""
        if isinstance(value, int):
            value = integer(value, field[0])
        b.store_atomic(value, _at(b, base, field), ordering, _size(field))

    def add(self, b: Builder, base: Value, field: Field, amount: int) -> Value:
        """Add to a word atomically; gives the old value."""
        return b.atomic_rmw("add", _at(b, base, field), integer(amount, field[0]), "seq_cst")

    def exchange(self, b: Builder, base: Value, field: Field, value: Value) -> Value:
        """Write a word atomically; gives the old value."""
        return b.atomic_rmw("xchg", _at(b, base, field), value, "seq_cst")

    def swap(
        self, b: Builder, base: Value, field: Field, old: Value | int, new: Value | int
    ) -> Value:
        """Compare and swap; true where it succeeded."""
        before, after = (integer(v, field[0]) if isinstance(v, int) else v for v in (old, new))
        return b.compare_and_swap(_at(b, base, field), before, after, "seq_cst", "monotonic")

    # Waiting

    def wait(
        self,
        b: Builder,
        base: Value,
        field: Field,
        value: Value | int,
        limit: Value = NULL,
    ) -> None:
        """Sleep while a word has a value, until woken, or for at most the `interval` `limit`."""
        if isinstance(value, int):
            value = integer(value)
        self._futex(b, _at(b, base, field), _FUTEX_WAIT_PRIVATE, value, limit)

    def interval(self, b: Builder, nanoseconds: Value) -> Value:
        """A `timespec` in the function's frame. Not inside of a loop, where frames would grow."""
        second = integer(1_000_000_000)
        interval = b.alloca(array_type(I64, 2))
        b.store(b.sdiv(nanoseconds, second), interval)
        b.store(b.srem(nanoseconds, second), b.gep(interval, I64, integer(1)))
        return interval

    def wake(self, b: Builder, base: Value, field: Field, count: Value) -> None:
        """Wake as many that sleep on a word."""
        self._futex(b, _at(b, base, field), _FUTEX_WAKE_PRIVATE, count)

    def _futex(
        self, b: Builder, word: Value, operation: int, value: Value, limit: Value = NULL
    ) -> None:
        """`syscall(SYS_futex, word, operation, value, limit)`."""
        self.system_call(b, _FUTEX, word, integer(operation), value, limit)

    def pause(self, b: Builder, times: int = 1) -> None:
        """Tell the core that this is a spin loop."""
        for _ in range(times):
            self.call(b, "flowc_pause", VOID)

    def nanoseconds(self, b: Builder) -> Value:
        """The time since some moment."""
        return self.call(b, "flowc_nanoseconds", I64)

    def spin(
        self,
        b: Builder,
        limit: int,
        ready: Callable[[Builder], Value],
        watch: Callable[[Builder, Value, Value], None] | None = None,
    ) -> Value:
        """Look again and again until `ready`, at most `limit` nanoseconds; whether it became so.

        `watch` is told of the time now, and of that between two looks.
        """
        outcome, last = b.alloca(I1), b.alloca(I64)
        start = self.nanoseconds(b)
        b.store(start, last)

        def turn(b: Builder) -> Value:
            self.pause(b, 8)
            found, now = ready(b), self.nanoseconds(b)
            b.store(found, outcome)
            if watch is not None:
                watch(b, now, b.sub(now, b.load(last, I64)))
                b.store(now, last)
            late = b.icmp_signed(">", b.sub(now, start), integer(limit))
            return b.not_(b.or_(found, late))

        self.loop(b, turn)
        return b.load(outcome, I1)

    def _emit_pause(self) -> None:
        b, _ = self.define("flowc_pause", VOID, ())
        b.function.attributes.append("alwaysinline")
        if self.architecture == "x86_64":
            self.call(b, "llvm.x86.sse2.pause", VOID)
        else:
            self.call(b, "llvm.aarch64.hint", VOID, integer(1, I32))
        b.ret_void()

    def _emit_clock(self) -> None:
        b, _ = self.define("flowc_nanoseconds", I64, ())
        time = b.alloca(array_type(I64, 2))
        self.call(b, "clock_gettime", I32, integer(_CLOCK_MONOTONIC, I32), time)
        seconds = b.load(time, I64)
        rest = b.load(b.gep(time, I64, integer(1)), I64)
        b.ret(b.add(b.mul(seconds, integer(1_000_000_000)), rest))


def _at(b: Builder, base: Value, field: Field) -> Value:
    return b.gep(base, I8, integer(field[1]))


def _size(field: Field) -> int:
    return 4 if field[0] is I32 else 8
