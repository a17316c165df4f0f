"""The thread pool: emitted as LLVM IR, so that a library needs nothing but libc.

`flowc_parallel_for(body, context, extent, grain, threads)` splits `range(extent)` into chunks and
runs `body(context, begin, end)` on each. The calling thread takes chunks from the low end, workers
from the high end, so the same thread tends to meet the same data in the next loop. Chunks are
taken, not given: a worker that is late finds none left, and nobody waits for one that has not
begun.

Several programs may run at a time, each on a Python thread of its own; they share the workers. A
loop that runs has a *slot*. All of its state that must change together is one 64-bit word, the
ticket: a generation number, the next low chunk and the end of the high chunks (exclusive). A thread
owns a chunk when its compare-and-swap of the ticket succeeds. A chunk that is owned keeps its loop
alive, because the caller waits until all chunks are done, so the slot's other fields may be read
before the swap and are right if it succeeds.

`active` counts the threads that compute: those inside of programs (`flowc_pool_enter`,
`..._leave`), and workers with a chunk. A worker takes no chunk where that would make more than the
loop's threads; so two programs on two cores have a core each, and one alone has both.

Who has nothing to do spins for 30 microseconds and then sleeps in a futex, also while programs
run: a core that others want is theirs, and a worker that lost its core gets that of a caller that
waits for it. A worker that finds, spinning, that it was off its core has others beside it: for a
while workers sleep at once, so that what the scheduler gives them goes to chunks. A caller that
waits longer than any chunk should take pulls the worker that has it to its own core (`affinity`).
After `fork` the child starts with no workers (`flowc_pool_reset`).
"""

from __future__ import annotations

from collections.abc import Callable

from flowc.codegen.builder import Builder
from flowc.codegen.cpu.affinity import Affinity
from flowc.codegen.cpu.floats import flush_small_values
from flowc.codegen.cpu.primitives import Field
from flowc.codegen.llvm.module import Module
from flowc.codegen.llvm.types import I8, I32, I64, POINTER, VOID, FunctionType, array_type
from flowc.codegen.llvm.values import NULL, TRUE, Value, integer

PARALLEL_FOR = "flowc_parallel_for"
POOL_ENTER = "flowc_pool_enter"
POOL_LEAVE = "flowc_pool_leave"
POOL_RESET = "flowc_pool_reset"
EXPORTS = (PARALLEL_FOR, POOL_ENTER, POOL_LEAVE, POOL_RESET)

SPIN_NANOSECONDS = 30_000
LOST_NANOSECONDS = 200_000  # a gap in spinning that tells of another process on the core
CROWDED_NANOSECONDS = 50_000_000
PATIENCE_NANOSECONDS = 30_000  # and a 16th of what the loop took until then: some two chunks
CHUNKS_PER_THREAD = 16  # small ones: who loses the core loses it with little in hand
MOST_CHUNKS = 1 << 15  # a half of the ticket has 16 bits

BODY = FunctionType(VOID, (POINTER, I64, I64))
_SIG_BLOCK = 0

# Each group is on a cache line of its own.
_SLOTS = 8  # loops that may share the workers at a time; others run on their own thread
_SLOT_BYTES = 256
_TICKET: Field = (I64, 0)
_BODY: Field = (POINTER, 64)
_CONTEXT: Field = (POINTER, 72)
_EXTENT: Field = (I64, 80)
_CHUNKS: Field = (I64, 88)
_THREADS: Field = (I32, 96)
_DONE: Field = (I64, 128)
_WAITING: Field = (I32, 136)
_TAKEN: Field = (I32, 192)
_BEGUN: Field = (I64, 200)  # nanoseconds

_ACTIVE: Field = (I32, 0)
_SLEEPERS: Field = (I32, 64)
_EPOCH: Field = (I32, 68)
_WORKERS: Field = (I32, 128)
_STARTING: Field = (I32, 132)
_SPINNING: Field = (I32, 192)
_CROWDED: Field = (I64, 200)  # until when nobody spins for work
_POOL_BYTES = 256


def emit_pool(module: Module, architecture: str, *, exported: bool = True) -> None:
    """Define the pool's functions and state in `module`."""
    _Pool(module, architecture).emit()
    if not exported:
        for name in EXPORTS:
            module.functions[name].internal = True


class _Pool(Affinity):
    """Writes the functions of the pool."""

    def __init__(self, module: Module, architecture: str) -> None:
        super().__init__(module, architecture)
        self.state = self.zeros("flowc_pool", _POOL_BYTES)
        self.slots = self.zeros("flowc_pool_slots", _SLOTS * _SLOT_BYTES)

    def emit(self) -> None:
        """Emit all functions, callees first."""
        self.emit_primitives()
        self.emit_affinity()
        self._emit_find()
        self._emit_claim()
        self._emit_run_chunks()
        self._emit_wake()
        self._emit_worker()
        self._emit_enter()
        self._emit_leave()
        self._emit_parallel_for()
        self._emit_reset()

    # Slots

    def _slot(self, b: Builder, number: Value) -> Value:
        offset = b.mul(number, integer(_SLOT_BYTES))
        return b.gep(self.slots, I8, offset)

    def _search(self, name: str, fits: Callable[[Builder, Value], Value]) -> None:
        """Define a function that gives the first slot that fits, or NULL."""
        b, _ = self.define(name, POINTER, ())
        cell = b.alloca(I64)
        b.store(integer(0), cell)

        def look(b: Builder) -> Value:
            number = b.load(cell, I64)
            slot = self._slot(b, number)
            with b.if_then(fits(b, slot)):
                b.ret(slot)
                b.position_at_end(b.append_basic_block("unreached"))
            following = b.add(number, integer(1))
            b.store(following, cell)
            return b.icmp_unsigned("<", following, integer(_SLOTS))

        self.loop(b, look)
        b.ret(NULL)

    def _emit_find(self) -> None:
        """`flowc_find_work`: a slot with chunks that one more thread may take."""

        def fits(b: Builder, slot: Value) -> Value:
            first, end = _unpack(b, self.load(b, slot, _TICKET))
            room = b.icmp_signed("<", self.load(b, self.state, _ACTIVE), self._threads(b, slot))
            return b.and_(b.icmp_unsigned("<", first, end), room)

        self._search("flowc_find_work", fits)

    def _emit_claim(self) -> None:
        """`flowc_claim_slot`: a slot for a loop that begins."""

        def fits(b: Builder, slot: Value) -> Value:
            return self.swap(b, slot, _TAKEN, 0, 1)

        self._search("flowc_claim_slot", fits)

    def _threads(self, b: Builder, slot: Value) -> Value:
        return self.load(b, slot, _THREADS)

    def _find_work(self, b: Builder) -> tuple[Value, Value]:
        """A slot with work, and whether there is one."""
        slot = self.call(b, "flowc_find_work", POINTER)
        return slot, b.icmp_unsigned("!=", slot, NULL)

    # Chunks

    def _emit_run_chunks(self) -> None:
        """Run chunks until none is left: the caller (no record) low ones, a worker high ones.

        A worker stops where more threads compute than the loop may have.
        """
        b, (slot, record) = self.define("flowc_run_chunks", VOID, (POINTER, POINTER))
        low = b.icmp_unsigned("==", record, NULL)

        def step(b: Builder) -> Value:
            ticket = self.load(b, slot, _TICKET, "acquire")
            first, end = _unpack(b, ticket)
            found = b.icmp_unsigned("<", first, end)
            with b.if_then(found):
                self._claim(b, slot, record, ticket, first, end)
            active = self.load(b, self.state, _ACTIVE)
            welcome = b.icmp_signed("<=", active, self._threads(b, slot))
            return b.and_(found, b.or_(low, welcome))

        self.loop(b, step)
        b.ret_void()

    def _claim(
        self, b: Builder, slot: Value, record: Value, ticket: Value, first: Value, end: Value
    ) -> None:
        """Try to own one chunk, and run it."""
        low = b.icmp_unsigned("==", record, NULL)
        worker = b.not_(low)
        body, context = self.load(b, slot, _BODY), self.load(b, slot, _CONTEXT)
        extent, chunks = self.load(b, slot, _EXTENT), self.load(b, slot, _CHUNKS)
        chunk = b.select(low, first, b.sub(end, integer(1)))
        change = b.select(low, integer(1 << 16), integer(-1))
        with b.if_then(self.swap(b, slot, _TICKET, ticket, b.add(ticket, change))):
            begin = b.udiv(b.mul(chunk, extent), chunks)
            stop = b.udiv(b.mul(b.add(chunk, integer(1)), extent), chunks)
            with b.if_then(worker):
                self.holds(b, record, slot)
            b.call_pointer(body, BODY, [context, begin, stop])
            with b.if_then(worker):
                self.holds(b, record, NULL)
            finished = b.add(self.add(b, slot, _DONE, 1), integer(1))
            with b.if_then(b.icmp_unsigned("==", finished, chunks)):
                self._wake_caller(b, slot)
            with b.if_then(worker):
                self.go_back(b, record)

    def _wake_caller(self, b: Builder, slot: Value) -> None:
        """The last chunk is done. By now the slot may be another loop's: its caller looks again."""
        zero = integer(0, I32)
        waits = self.load(b, slot, _WAITING, "seq_cst")
        with b.if_then(b.icmp_unsigned("!=", waits, zero)):
            self.store(b, slot, _WAITING, 0, "seq_cst")
            self.wake(b, slot, _WAITING, integer(1))

    # Workers

    def _emit_worker(self) -> None:
        """A worker's whole life: take chunks, spin, sleep."""
        b, _ = self.define("flowc_worker", POINTER, (POINTER,))
        signals = b.alloca(array_type(I64, 16))
        self.call(b, "sigfillset", I32, signals)
        nothing = NULL
        self.call(b, "pthread_sigmask", I32, integer(_SIG_BLOCK, I32), signals, nothing)
        flush_small_values(b, self.architecture)
        self._emit_rest()
        self.ask_for_short_slices(b)
        record = self.enlist(b)

        def live(b: Builder) -> Value:
            self.go_back(b, record)
            slot, found = self._find_work(b)
            with b.if_else(found) as (work, rest):
                with work:
                    self._work(b, slot, record)
                with rest:
                    self.call(b, "flowc_rest", VOID)
            return TRUE

        self.loop(b, live)
        b.ret(nothing)

    def _work(self, b: Builder, slot: Value, record: Value) -> None:
        before = self.add(b, self.state, _ACTIVE, 1)
        with b.if_then(b.icmp_signed("<", before, self._threads(b, slot))):
            self.call(b, "flowc_run_chunks", VOID, slot, record)
        self.add(b, self.state, _ACTIVE, -1)

    def _emit_rest(self) -> None:
        """`flowc_rest`: return when there may be work."""
        b, _ = self.define("flowc_rest", VOID, ())
        crowded = self.load(b, self.state, _CROWDED)
        with b.if_then(b.icmp_signed(">", self.nanoseconds(b), crowded)):
            self.add(b, self.state, _SPINNING, 1)
            soon = self.spin(b, SPIN_NANOSECONDS, lambda b: self._find_work(b)[1], self._note_gap)
            self.add(b, self.state, _SPINNING, -1)
            with b.if_then(soon):
                b.ret_void()
                b.position_at_end(b.append_basic_block("unreached"))
        self._sleep(b)
        b.ret_void()

    def _note_gap(self, b: Builder, now: Value, gap: Value) -> None:
        """Take a long time between two looks for a sign that the core has other guests."""
        with b.if_then(b.icmp_signed(">", gap, integer(LOST_NANOSECONDS))):
            self.store(b, self.state, _CROWDED, b.add(now, integer(CROWDED_NANOSECONDS)))

    def _sleep(self, b: Builder) -> None:
        """Wait for a wake-up. Announced first, then looked once more, so none is lost."""
        epoch = self.load(b, self.state, _EPOCH, "seq_cst")
        self.add(b, self.state, _SLEEPERS, 1)
        b.fence("seq_cst")
        with b.if_then(b.not_(self._find_work(b)[1])):
            self.wait(b, self.state, _EPOCH, b.cast("zext", epoch, I64))
        self.add(b, self.state, _SLEEPERS, -1)

    def _emit_wake(self) -> None:
        """`flowc_wake(i32 count)`: wake workers, but for as many as spin already."""
        b, (wanted,) = self.define("flowc_wake", VOID, (I32,))
        zero = integer(0, I32)
        count = b.sub(wanted, self.load(b, self.state, _SPINNING, "seq_cst"))
        asleep = self.load(b, self.state, _SLEEPERS, "seq_cst")
        some = b.and_(b.icmp_signed(">", asleep, zero), b.icmp_signed(">", count, zero))
        with b.if_then(some):
            self.add(b, self.state, _EPOCH, 1)
            self.wake(b, self.state, _EPOCH, b.cast("zext", count, I64))
        b.ret_void()

    # Programs

    def _emit_enter(self) -> None:
        """`flowc_pool_enter(i32 threads)`, at a program's start."""
        b, (threads,) = self.define(POOL_ENTER, VOID, (I32,), internal=False)
        wanted = b.sub(threads, integer(1, I32))
        self.add(b, self.state, _ACTIVE, 1)
        thread = b.alloca(I64)
        with b.if_then(self._is_missing(b, wanted)), b.if_then(self._may_start(b)):
            self.note_cores(b)

            def start(b: Builder) -> Value:
                more = self._is_missing(b, wanted)
                with b.if_then(more):
                    self._start_worker(b, thread)
                return more

            self.loop(b, start)
            self.store(b, self.state, _STARTING, 0, "release")
        b.ret_void()

    def _is_missing(self, b: Builder, wanted: Value) -> Value:
        return b.icmp_signed("<", self.load(b, self.state, _WORKERS), wanted)

    def _may_start(self, b: Builder) -> Value:
        return self.swap(b, self.state, _STARTING, 0, 1)

    def _start_worker(self, b: Builder, thread: Value) -> None:
        """A thread that cannot be had is done without."""
        nothing = NULL
        worker = self.module.functions["flowc_worker"]
        failed = self.call(b, "pthread_create", I32, thread, nothing, worker, nothing)
        self.add(b, self.state, _WORKERS, 1)
        with b.if_then(b.icmp_signed("==", failed, integer(0, I32))):
            self.call(b, "pthread_detach", I32, b.load(thread, I64))

    def _emit_leave(self) -> None:
        """`flowc_pool_leave()`: the core is free for the loops of others."""
        b, _ = self.define(POOL_LEAVE, VOID, (), internal=False)
        self.add(b, self.state, _ACTIVE, -1)
        with b.if_then(self._find_work(b)[1]):
            self.call(b, "flowc_wake", VOID, integer(1, I32))
        b.ret_void()

    def _emit_reset(self) -> None:
        """`flowc_pool_reset()`, after a fork: the child has one thread."""
        b, _ = self.define(POOL_RESET, VOID, (), internal=False)
        for field in (_ACTIVE, _SLEEPERS, _WORKERS, _STARTING, _SPINNING):
            self.store(b, self.state, field, 0)
        self.forget_workers(b)
        for number in range(_SLOTS):
            slot = self._slot(b, integer(number))
            self.store(b, slot, _TICKET, 0)
            self.store(b, slot, _TAKEN, 0)
        b.ret_void()

    # Parallel loops

    def _emit_parallel_for(self) -> None:
        kinds = (POINTER, POINTER, I64, I64, I32)
        b, (body, context, extent, grain, threads) = self.define(
            PARALLEL_FOR, VOID, kinds, internal=False
        )
        chunks = _chunks(b, extent, grain, threads)
        alone = b.append_basic_block("alone")
        several = b.append_basic_block("several")
        b.cbranch(b.icmp_unsigned(">", chunks, integer(1)), several, alone)
        b.position_at_end(several)
        slot = self.call(b, "flowc_claim_slot", POINTER)
        together = b.append_basic_block("together")
        b.cbranch(b.icmp_unsigned("!=", slot, NULL), together, alone)
        b.position_at_end(together)
        self._publish(b, slot, body, context, extent, chunks, threads)
        self.call(b, "flowc_run_chunks", VOID, slot, NULL)
        self._wait_for_others(b, slot, chunks)
        self.store(b, slot, _TAKEN, 0, "release")
        b.ret_void()
        b.position_at_end(alone)
        with b.if_then(b.icmp_signed(">", extent, integer(0))):
            b.call_pointer(body, BODY, [context, integer(0), extent])
        b.ret_void()

    def _publish(
        self,
        b: Builder,
        slot: Value,
        body: Value,
        context: Value,
        extent: Value,
        chunks: Value,
        threads: Value,
    ) -> None:
        """Fill the slot, and wake workers for the cores on which nobody computes."""
        self.store(b, slot, _DONE, 0)
        self.store(b, slot, _BEGUN, self.nanoseconds(b))
        for field, value in (
            (_BODY, body),
            (_CONTEXT, context),
            (_EXTENT, extent),
            (_CHUNKS, chunks),
            (_THREADS, threads),
        ):
            self.store(b, slot, field, value)
        generation = b.and_(self.load(b, slot, _TICKET), integer(-(1 << 32)))
        self.exchange(b, slot, _TICKET, b.or_(b.add(generation, integer(1 << 32)), chunks))
        free = b.sub(threads, self.load(b, self.state, _ACTIVE, "seq_cst"))
        useful = b.cast("trunc", b.sub(chunks, integer(1)), I32)
        count = b.select(b.icmp_signed("<", free, useful), free, useful)
        self.call(b, "flowc_wake", VOID, count)

    def _wait_for_others(self, b: Builder, slot: Value, chunks: Value) -> None:
        """Until the chunks that workers have begun are done."""

        def done(b: Builder) -> Value:
            return b.icmp_unsigned("==", self.load(b, slot, _DONE, "acquire"), chunks)

        with b.if_then(b.not_(done(b))):
            soon = self.spin(b, SPIN_NANOSECONDS, done)
            with b.if_then(b.not_(soon)):
                elapsed = b.sub(self.nanoseconds(b), self.load(b, slot, _BEGUN))
                patience = b.add(b.ashr(elapsed, integer(4)), integer(PATIENCE_NANOSECONDS))
                limit = self.interval(b, patience)

                def sleep(b: Builder) -> Value:
                    self.store(b, slot, _WAITING, 1, "seq_cst")
                    b.fence("seq_cst")
                    with b.if_then(b.not_(done(b))):
                        self.wait(b, slot, _WAITING, 1, limit)
                    with b.if_then(b.not_(done(b))):
                        self.call(b, "flowc_pull", VOID, slot)
                    return b.not_(done(b))

                self.loop(b, sleep)
                self.store(b, slot, _WAITING, 0)


def _chunks(b: Builder, extent: Value, grain: Value, threads: Value) -> Value:
    """The number of chunks: at least `grain` iterations each, and some for each thread."""
    wide = b.cast("zext", threads, I64)
    most = b.mul(wide, integer(CHUNKS_PER_THREAD))
    most = b.select(b.icmp_unsigned(">", wide, integer(1)), most, integer(1))
    for limit in (integer(MOST_CHUNKS), b.sdiv(extent, _at_least_one(b, grain))):
        most = b.select(b.icmp_signed("<", limit, most), limit, most)
    return _at_least_one(b, most)


def _unpack(b: Builder, ticket: Value) -> tuple[Value, Value]:
    """The next low chunk and the end of the high chunks."""
    low = b.and_(b.lshr(ticket, integer(16)), integer(0xFFFF))
    return low, b.and_(ticket, integer(0xFFFF))


def _at_least_one(b: Builder, value: Value) -> Value:
    return b.select(b.icmp_signed("<", value, integer(1)), integer(1), value)
