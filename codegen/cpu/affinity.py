"""Workers that lost their core with a chunk in hand, and the callers that wait for them.

Where other processes use the cores too, the scheduler takes a worker's core away at any moment, for
milliseconds: longer than most loops run. The caller, who waits for that chunk, has a core and
nothing to do. So it *pulls* the worker: it binds it to its own core, and sleeps. The worker runs on
at once, ends its chunk, wakes the caller, and goes back to the other cores.

Each worker has a record: its thread, the slot of which it has a chunk, and whether it was pulled. A
caller binds first and marks then, so a mark always comes after the last binding, and the worker,
which looks for the mark after each chunk and each sleep, never stays bound.

Workers ask the scheduler for short slices (Linux 6.12 and later listen): who asks for little at a
time gets it soon after it wakes, and no more of it in the long run.
"""

from __future__ import annotations

from flowc.codegen.builder import Builder
from flowc.codegen.cpu.primitives import Field, Writer
from flowc.codegen.llvm.module import Global, Module
from flowc.codegen.llvm.types import I8, I32, I64, POINTER, VOID, array_type
from flowc.codegen.llvm.values import Value, integer, zero

_GETTID = {"x86_64": 186, "aarch64": 178}
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_SCHED_GETATTR = {"x86_64": 315, "aarch64": 275}
_SCHED_ATTR_BYTES = 56
_SCHED_RUNTIME = 24  # byte offset in a `sched_attr`
SLICE_NANOSECONDS = 100_000  # the shortest that can be had
_MASK_BYTES = 128  # of a `cpu_set_t`: 1,024 cores

_RECORDS = 64  # workers that can be pulled, and one record, the last, for all others
_RECORD_BYTES = 64
_THREAD: Field = (I32, 0)
_PULLED: Field = (I32, 4)
_HOLDS: Field = (I64, 8)  # the address of the slot of which it has a chunk, or 0


class Affinity(Writer):
    """Writes the functions that move workers between cores."""

    def __init__(self, module: Module, architecture: str) -> None:
        super().__init__(module, architecture)
        self._records = self.zeros("flowc_pool_records", _RECORDS * _RECORD_BYTES)
        self._enlisted = self.zeros("flowc_pool_enlisted", 64)
        self._cores = self.zeros("flowc_pool_cores", _MASK_BYTES)

    def zeros(self, name: str, size: int) -> Global:
        """Memory of the module's own."""
        return self.module.define_variable(name, zero(array_type(I8, size)), align=64)

    def emit_affinity(self) -> None:
        """Define what the methods below call."""
        self._emit_pull()
        self._emit_go_back()

    # What a worker does

    def enlist(self, b: Builder) -> Value:
        """The record of a worker that begins."""
        number = self.add(b, self._enlisted, (I32, 0), 1)
        last = integer(_RECORDS - 1, I32)
        known = b.icmp_unsigned("<", number, last)
        record = self._record(b, b.cast("zext", b.select(known, number, last), I64))
        with b.if_then(known):
            self.store(b, record, _THREAD, self._thread_number(b))
        return record

    def ask_for_short_slices(self, b: Builder) -> None:
        """Want this thread's time in small pieces."""
        this, size = integer(0), integer(_SCHED_ATTR_BYTES)
        attributes = b.alloca(array_type(I64, _SCHED_ATTR_BYTES // 8))
        self.call(b, "memset", POINTER, attributes, integer(0, I32), size)
        failed = self.system_call(b, _SCHED_GETATTR, this, attributes, size, integer(0))
        with b.if_then(b.icmp_signed("==", failed, integer(0))):
            runtime = b.gep(attributes, I8, integer(_SCHED_RUNTIME))
            b.store(integer(SLICE_NANOSECONDS), runtime)
            self.system_call(b, _SCHED_SETATTR, this, attributes, integer(0))

    def holds(self, b: Builder, record: Value, slot: Value) -> None:
        """Note that a worker has a chunk of `slot`; NULL: of none."""
        self.store(b, record, _HOLDS, b.cast("ptrtoint", slot, I64))

    def go_back(self, b: Builder, record: Value) -> None:
        """Leave the core to which a caller has pulled this worker."""
        pulled = self.load(b, record, _PULLED)
        with b.if_then(b.icmp_unsigned("!=", pulled, integer(0, I32))):
            self.call(b, "flowc_go_back", VOID, record)

    # What a caller does

    def note_cores(self, b: Builder) -> None:
        """Note where workers may run: where the thread may that starts them."""
        self._affinity(b, "sched_getaffinity", integer(0, I32), self._cores)

    def forget_workers(self, b: Builder) -> None:
        """There are none any more."""
        self.store(b, self._enlisted, (I32, 0), 0)

    def _emit_pull(self) -> None:
        """`flowc_pull(slot)`: bring the workers that have chunks of a slot to this core."""
        b, (slot,) = self.define("flowc_pull", VOID, (POINTER,))
        mask = self._new_mask(b)
        self.call(b, "memset", POINTER, mask, integer(0, I32), integer(_MASK_BYTES))
        self._flip_core(b, mask, self._core(b))
        wanted = b.cast("ptrtoint", slot, I64)
        cell = b.alloca(I64)
        b.store(integer(0), cell)

        def look(b: Builder) -> Value:
            number = b.load(cell, I64)
            record = self._record(b, number)
            with b.if_then(b.icmp_unsigned("==", self.load(b, record, _HOLDS), wanted)):
                self._affinity(b, "sched_setaffinity", self.load(b, record, _THREAD), mask)
                self.store(b, record, _PULLED, 1, "seq_cst")
            following = b.add(number, integer(1))
            b.store(following, cell)
            return b.icmp_unsigned("<", following, integer(_RECORDS - 1))

        self.loop(b, look)
        b.ret_void()

    def _emit_go_back(self) -> None:
        """`flowc_go_back(record)`: run elsewhere now, and wherever the scheduler likes later."""
        b, (record,) = self.define("flowc_go_back", VOID, (POINTER,))
        self.store(b, record, _PULLED, 0, "seq_cst")
        mask = self._new_mask(b)
        self.call(b, "memcpy", POINTER, mask, self._cores, integer(_MASK_BYTES))
        core = self._core(b)
        for _ in range(2):  # without this core, then with it
            self._flip_core(b, mask, core)
            self._affinity(b, "sched_setaffinity", integer(0, I32), mask)
        b.ret_void()

    # Pieces

    def _record(self, b: Builder, number: Value) -> Value:
        return b.gep(self._records, I8, b.mul(number, integer(_RECORD_BYTES)))

    def _thread_number(self, b: Builder) -> Value:
        return b.cast("trunc", self.system_call(b, _GETTID), I32)

    def _core(self, b: Builder) -> Value:
        """The number of the core that this runs on."""
        number = b.cast("zext", self.call(b, "sched_getcpu", I32), I64)
        return b.and_(number, integer(8 * _MASK_BYTES - 1))

    def _new_mask(self, b: Builder) -> Value:
        return b.alloca(array_type(I64, _MASK_BYTES // 8))

    def _flip_core(self, b: Builder, mask: Value, core: Value) -> None:
        """Put a core into a mask, or take it out."""
        word = b.gep(mask, I64, b.lshr(core, integer(6)))
        bit = b.shl(integer(1), b.and_(core, integer(63)))
        b.store(b.xor(b.load(word, I64), bit), word)

    def _affinity(self, b: Builder, function: str, thread: Value, mask: Value) -> None:
        self.call(b, function, I32, thread, integer(_MASK_BYTES), mask)
