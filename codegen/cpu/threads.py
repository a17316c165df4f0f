"""The thread pool: emitted as LLVM IR, so that a library needs nothing but libc.

`flowc_parallel_for(body, context, extent, grain)` splits `range(extent)` into chunks and runs
`body(context, begin, end)` on each. The calling thread takes chunks from the low end, the workers
from the high end, so the same thread tends to meet the same data in the next loop; a worker that is
late finds no chunk left, and nobody waits for it.

All of the job's state that must change together is one 64-bit word, the ticket: a generation
number, the next low chunk and the end of the high chunks (exclusive). A thread owns a chunk when
its compare-and-swap of the ticket succeeds. A chunk that is owned keeps its job alive, because the
caller waits until all chunks are done, so the job's other fields may be read before the swap and
are right if it succeeds.

Workers spin while a program that has parallel loops runs (`flowc_pool_enter`, `..._leave`) and for
50 microseconds after, then sleep in a futex. One program at a time uses the workers: another Python
thread's loops run serially meanwhile. After `fork` the child starts with no workers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from flowc.codegen.builder import Builder, declare, define_global
from flowc.codegen.representation import I8, I32, I64, POINTER, VOID, integer

PARALLEL_FOR = "flowc_parallel_for"
POOL_ENTER = "flowc_pool_enter"
POOL_LEAVE = "flowc_pool_leave"
SET_THREADS = "flowc_set_threads"
EXPORTS = (PARALLEL_FOR, POOL_ENTER, POOL_LEAVE, SET_THREADS)

SPIN_NANOSECONDS = 50_000
CHUNKS_PER_THREAD = 4
MOST_CHUNKS = 1 << 15  # a half of the ticket has 16 bits

_BODY = ir.FunctionType(VOID, [POINTER, I64, I64])
_FUTEX_WAIT_PRIVATE, _FUTEX_WAKE_PRIVATE = 128, 129
_FUTEX_NUMBER = {"x86_64": 202, "aarch64": 98}
_CLOCK_MONOTONIC = 1
_SIG_BLOCK = 0

# Fields of the pool, each group on a cache line of its own: (name, type, byte offset).
_FIELDS: dict[str, tuple[ir.Type, int]] = {
    "ticket": (I64, 0),
    "body": (POINTER, 64), "context": (POINTER, 72), "extent": (I64, 80), "chunks": (I64, 88),
    "done": (I64, 128),
    "busy": (I32, 192),
    "active": (I32, 256),
    "sleepers": (I32, 320), "epoch": (I32, 324),
    "threads": (I32, 384), "workers": (I32, 388), "process": (I32, 392),
}  # fmt: skip
_POOL_BYTES = 448


def emit_pool(
    module: ir.Module, architecture: str, threads: int = 1, *, exported: bool = True
) -> None:
    """Define the pool's functions and state in `module`, to run with `threads` threads."""
    _Pool(module, architecture, threads).emit()
    if not exported:
        for name in EXPORTS:
            module.globals[name].linkage = "internal"


class _Pool:
    """Writes the functions of the pool."""

    def __init__(self, module: ir.Module, architecture: str, threads: int) -> None:
        self.module = module
        self.architecture = architecture
        kind = ir.ArrayType(I8, _POOL_BYTES)
        initial = bytearray(_POOL_BYTES)
        start = _FIELDS["threads"][1]
        initial[start : start + 4] = threads.to_bytes(4, "little")
        self.state = define_global(module, "flowc_pool", kind, ir.Constant(kind, initial))
        self.state.linkage, self.state.align = "internal", 64

    def emit(self) -> None:
        """Emit all functions, callees first."""
        self._emit_pause()
        self._emit_run_chunks()
        self._emit_clock()
        self._emit_worker()
        self._emit_enter()
        self._emit_leave()
        self._emit_parallel_for()
        self._emit_set_threads()

    # Pieces

    def _define(
        self, name: str, result: ir.Type, arguments: list[ir.Type], internal: bool = True
    ) -> tuple[Builder, list[ir.Value]]:
        function = ir.Function(self.module, ir.FunctionType(result, arguments), name)
        function.attributes.add("nounwind")
        if internal:
            function.linkage = "internal"
        return Builder(function.append_basic_block("entry")), list(function.args)

    def _call(self, b: Builder, name: str, result: ir.Type, *arguments: ir.Value) -> ir.Value:
        kind = ir.FunctionType(result, [a.type for a in arguments])
        return b.call(declare(self.module, name, kind), arguments)

    def _field(self, b: Builder, name: str) -> ir.Value:
        return b.gep(self.state, [integer(_FIELDS[name][1])], source_etype=I8)

    def _load(self, b: Builder, name: str, ordering: str = "monotonic") -> ir.Value:
        kind = _FIELDS[name][0]
        size = 4 if kind == I32 else 8
        return b.load_atomic(self._field(b, name), ordering, size, typ=kind)

    def _store(self, b: Builder, name: str, value: ir.Value, ordering: str = "monotonic") -> None:
        size = 4 if _FIELDS[name][0] == I32 else 8
        b.store_atomic(value, self._field(b, name), ordering, size)

    def _add(self, b: Builder, name: str, amount: int) -> ir.Value:
        """Add atomically; gives the old value."""
        kind = _FIELDS[name][0]
        return b.atomic_rmw("add", self._field(b, name), ir.Constant(kind, amount), "seq_cst")

    def _swap(self, b: Builder, name: str, old: ir.Value, new: ir.Value) -> ir.Value:
        """Compare and swap; true where it succeeded."""
        pair = b.cmpxchg(self._field(b, name), old, new, "seq_cst", "monotonic")
        return b.extract_value(pair, 1)

    def _loop(self, b: Builder, body: Callable[[Builder], ir.Value]) -> None:
        """Repeat `body` as long as it gives true."""
        block = b.append_basic_block("loop")
        b.branch(block)
        b.position_at_end(block)
        again = body(b)
        done = b.append_basic_block("done")
        b.cbranch(again, block, done)
        b.position_at_end(done)

    def _emit_pause(self) -> None:
        """Tell the core that this is a spin loop."""
        b, _ = self._define("flowc_pause", VOID, [])
        b.function.attributes.add("alwaysinline")
        if self.architecture == "x86_64":
            self._call(b, "llvm.x86.sse2.pause", VOID)
        else:
            self._call(b, "llvm.aarch64.hint", VOID, ir.Constant(I32, 1))
        b.ret_void()

    def _pause(self, b: Builder) -> None:
        self._call(b, "flowc_pause", VOID)

    def _futex(self, b: Builder, operation: int, value: ir.Value) -> None:
        """`syscall(SYS_futex, &epoch, operation, value, NULL)`."""
        kind = ir.FunctionType(I64, [I64], var_arg=True)
        syscall = declare(self.module, "syscall", kind)
        word = self._field(b, "epoch")
        number = integer(_FUTEX_NUMBER[self.architecture])
        nothing = ir.Constant(POINTER, None)
        b.call(syscall, [number, word, integer(operation), value, nothing])

    def _wake(self, b: Builder) -> None:
        """Wake all sleeping workers; only called where there are some."""
        self._add(b, "epoch", 1)
        self._futex(b, _FUTEX_WAKE_PRIVATE, integer(1 << 30))

    def _wake_sleepers(self, b: Builder) -> None:
        sleepers = self._load(b, "sleepers", "seq_cst")
        with b.if_then(b.icmp_signed(">", sleepers, ir.Constant(I32, 0))):
            self._wake(b)

    # Chunks

    def _emit_run_chunks(self) -> None:
        """Run chunks of the present job until none is left; `low` says from which end."""
        b, (low,) = self._define("flowc_run_chunks", VOID, [ir.IntType(1)])

        def step(b: Builder) -> ir.Value:
            ticket = self._load(b, "ticket", "acquire")
            first, end = _unpack(b, ticket)
            found = b.icmp_unsigned("<", first, end)
            with b.if_then(found):
                self._claim(b, low, ticket, first, end)
            return found

        self._loop(b, step)
        b.ret_void()

    def _claim(
        self, b: Builder, low: ir.Value, ticket: ir.Value, first: ir.Value, end: ir.Value
    ) -> None:
        """Try to own one chunk, and run it."""
        body, context = self._load(b, "body"), self._load(b, "context")
        extent, chunks = self._load(b, "extent"), self._load(b, "chunks")
        chunk = b.select(low, first, b.sub(end, integer(1)))
        change = b.select(low, integer(1 << 16), integer(-1))
        with b.if_then(self._swap(b, "ticket", ticket, b.add(ticket, change))):
            begin = b.udiv(b.mul(chunk, extent), chunks)
            stop = b.udiv(b.mul(b.add(chunk, integer(1)), extent), chunks)
            b.call(_function(body), [context, begin, stop])
            b.atomic_rmw("add", self._field(b, "done"), integer(1), "release")

    # Workers

    def _emit_clock(self) -> None:
        b, _ = self._define("flowc_nanoseconds", I64, [])
        time = b.alloca(ir.ArrayType(I64, 2))
        self._call(b, "clock_gettime", I32, ir.Constant(I32, _CLOCK_MONOTONIC), time)
        seconds = b.load(time, typ=I64)
        rest = b.load(b.gep(time, [integer(1)], source_etype=I64), typ=I64)
        b.ret(b.add(b.mul(seconds, integer(1_000_000_000)), rest))

    def _emit_worker(self) -> None:
        """A worker's whole life: run chunks, spin, sleep."""
        b, _ = self._define("flowc_worker", POINTER, [POINTER])
        signals = b.alloca(ir.ArrayType(I64, 16))
        outcome = b.alloca(I32)  # space must be had before the loop, or it grows with each trip
        self._call(b, "sigfillset", I32, signals)
        nothing = ir.Constant(POINTER, None)
        self._call(b, "pthread_sigmask", I32, ir.Constant(I32, _SIG_BLOCK), signals, nothing)

        def live(b: Builder) -> ir.Value:
            self._call(b, "flowc_run_chunks", VOID, ir.Constant(ir.IntType(1), 0))
            self._spin_or_sleep(b, outcome)
            return ir.Constant(ir.IntType(1), 1)

        self._loop(b, live)
        b.ret(nothing)

    def _spin_or_sleep(self, b: Builder, outcome: ir.Value) -> None:
        """Return when there may be work: at once when it comes within 50 us or a program runs."""
        start = self._call(b, "flowc_nanoseconds", I64)

        def spin(b: Builder) -> ir.Value:
            for _ in range(16):
                self._pause(b)
            work = self._has_chunks(b)
            passed = b.sub(self._call(b, "flowc_nanoseconds", I64), start)
            idle = b.icmp_signed("==", self._load(b, "active"), ir.Constant(I32, 0))
            late = b.icmp_signed(">", passed, integer(SPIN_NANOSECONDS))
            tired = b.and_(idle, late)
            b.store(b.zext(b.and_(tired, b.not_(work)), I32), outcome)
            return b.not_(b.or_(work, tired))

        self._loop(b, spin)
        sleepy = b.icmp_unsigned("!=", b.load(outcome, typ=I32), ir.Constant(I32, 0))
        with b.if_then(sleepy):
            self._sleep(b)

    def _has_chunks(self, b: Builder) -> ir.Value:
        first, end = _unpack(b, self._load(b, "ticket"))
        return b.icmp_unsigned("<", first, end)

    def _sleep(self, b: Builder) -> None:
        """Wait for a wake-up. Announced first, then looked once more, so none is lost."""
        epoch = self._load(b, "epoch", "seq_cst")
        self._add(b, "sleepers", 1)
        b.fence("seq_cst")
        active = b.icmp_signed("!=", self._load(b, "active", "seq_cst"), ir.Constant(I32, 0))
        with b.if_then(b.not_(b.or_(active, self._has_chunks(b)))):
            self._futex(b, _FUTEX_WAIT_PRIVATE, b.zext(epoch, I64))
        self._add(b, "sleepers", -1)

    # Programs

    def _emit_enter(self) -> None:
        """At a program's start: wake the workers, so that they are there at the first loop."""
        b, _ = self._define(POOL_ENTER, VOID, [], internal=False)
        self._reset_after_fork(b)
        self._start_workers(b)
        self._add(b, "active", 1)
        self._wake_sleepers(b)
        b.ret_void()

    def _reset_after_fork(self, b: Builder) -> None:
        process = self._call(b, "getpid", I32)
        with b.if_then(b.icmp_signed("!=", process, self._load(b, "process"))):
            zero = ir.Constant(I32, 0)
            for name in ("busy", "active", "sleepers", "workers"):
                self._store(b, name, zero)
            self._store(b, "ticket", integer(0))
            self._store(b, "process", process, "seq_cst")

    def _start_workers(self, b: Builder) -> None:
        """Create the workers that are missing. A thread that cannot be had is done without."""
        thread = b.alloca(I64)
        missing = b.icmp_signed("<", self._load(b, "workers"), self._wanted(b))
        with b.if_then(missing), b.if_then(self._lock(b)):

            def start(b: Builder) -> ir.Value:
                more = b.icmp_signed("<", self._load(b, "workers"), self._wanted(b))
                with b.if_then(more):
                    self._create_worker(b, thread)
                return more

            self._loop(b, start)
            self._unlock(b)

    def _wanted(self, b: Builder) -> ir.Value:
        return b.sub(self._load(b, "threads"), ir.Constant(I32, 1))

    def _create_worker(self, b: Builder, thread: ir.Value) -> None:
        nothing = ir.Constant(POINTER, None)
        worker = self.module.globals["flowc_worker"]
        failed = self._call(b, "pthread_create", I32, thread, nothing, worker, nothing)
        self._add(b, "workers", 1)
        with b.if_then(b.icmp_signed("==", failed, ir.Constant(I32, 0))):
            self._call(b, "pthread_detach", I32, b.load(thread, typ=I64))

    def _emit_leave(self) -> None:
        b, _ = self._define(POOL_LEAVE, VOID, [], internal=False)
        self._add(b, "active", -1)
        b.ret_void()

    def _lock(self, b: Builder) -> ir.Value:
        return self._swap(b, "busy", ir.Constant(I32, 0), ir.Constant(I32, 1))

    def _unlock(self, b: Builder) -> None:
        self._store(b, "busy", ir.Constant(I32, 0), "release")

    # Parallel loops

    def _emit_parallel_for(self) -> None:
        kinds = [POINTER, POINTER, I64, I64]
        b, (body, context, extent, grain) = self._define(PARALLEL_FOR, VOID, kinds, internal=False)
        chunks = self._chunks(b, extent, grain)
        alone = b.append_basic_block("alone")
        several = b.append_basic_block("several")
        b.cbranch(b.icmp_unsigned(">", chunks, integer(1)), several, alone)
        b.position_at_end(several)
        together = b.append_basic_block("together")
        b.cbranch(self._lock(b), together, alone)
        b.position_at_end(together)
        self._run_job(b, body, context, extent, chunks)
        self._unlock(b)
        b.ret_void()
        b.position_at_end(alone)
        with b.if_then(b.icmp_signed(">", extent, integer(0))):
            b.call(_function(body), [context, integer(0), extent])
        b.ret_void()

    def _chunks(self, b: Builder, extent: ir.Value, grain: ir.Value) -> ir.Value:
        """The number of chunks: at least `grain` iterations each, at most four for a thread."""
        threads = b.zext(self._load(b, "threads"), I64)
        most = b.mul(threads, integer(CHUNKS_PER_THREAD))
        most = b.select(b.icmp_unsigned(">", threads, integer(1)), most, integer(1))
        for limit in (integer(MOST_CHUNKS), b.sdiv(extent, _at_least_one(b, grain))):
            most = b.select(b.icmp_signed("<", limit, most), limit, most)
        return _at_least_one(b, most)

    def _run_job(
        self, b: Builder, body: ir.Value, context: ir.Value, extent: ir.Value, chunks: ir.Value
    ) -> None:
        """Publish the job, take part in it, wait until all of its chunks are done."""
        self._store(b, "done", integer(0))
        for name, value in zip(
            ("body", "context", "extent", "chunks"), (body, context, extent, chunks), strict=True
        ):
            self._store(b, name, value)
        generation = b.and_(self._load(b, "ticket"), integer(-(1 << 32)))
        ticket = b.or_(b.add(generation, integer(1 << 32)), chunks)
        b.atomic_rmw("xchg", self._field(b, "ticket"), ticket, "seq_cst")
        self._wake_sleepers(b)
        self._call(b, "flowc_run_chunks", VOID, ir.Constant(ir.IntType(1), 1))

        def unfinished(b: Builder) -> ir.Value:
            self._pause(b)
            return b.icmp_signed("!=", self._load(b, "done", "acquire"), chunks)

        self._loop(b, unfinished)

    def _emit_set_threads(self) -> None:
        b, (threads,) = self._define(SET_THREADS, VOID, [I32], internal=False)
        self._store(b, "threads", threads, "seq_cst")
        b.ret_void()


def _unpack(b: Builder, ticket: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The next low chunk and the end of the high chunks."""
    low = b.and_(b.lshr(ticket, integer(16)), integer(0xFFFF))
    return low, b.and_(ticket, integer(0xFFFF))


def _at_least_one(b: Builder, value: ir.Value) -> ir.Value:
    return b.select(b.icmp_signed("<", value, integer(1)), integer(1), value)


def _function(pointer: ir.Value) -> Any:
    """A pointer in the form in which llvmlite calls it."""
    return _Callee(pointer)


class _Callee:
    """A pointer to a loop body, with the type that a call instruction asks for."""

    def __init__(self, pointer: ir.Value) -> None:
        self.pointer = pointer
        self.function_type = _BODY
        self.type = POINTER

    def get_reference(self) -> str:
        return str(self.pointer.get_reference())
