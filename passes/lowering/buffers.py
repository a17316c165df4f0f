"""Buffer assignment: where every value of a fused computation lives.

Arguments and results of the executable have memory of their own; everything else lives in one
arena, at offsets that are reused as soon as a value is dead. Sizes may be symbolic: offsets are
expressions that the entry function evaluates. A slot of symbolic size is reused by values of the
very same size.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from flowc.ir import dims
from flowc.ir.dims import Dim, Limits
from flowc.ir.loops.kernel import ArenaSlice, Buffer
from flowc.ir.tensor.core import Computation, Instruction, Parameter, TensorType, Value

ALIGNMENT = 64  # bytes: a cache line, and the widest vector


def buffer_for(name: str, type_: TensorType) -> Buffer:
    """A buffer that holds a tensor; a complex element is two reals."""
    size = type_.size * 2 if type_.dtype.is_complex else type_.size
    return Buffer(name, type_.dtype.real, size)


def slot_bytes(buffer: Buffer) -> Dim:
    """The buffer's size in bytes, rounded up to the alignment."""
    return dims.ceildiv(buffer.size * buffer.dtype.size, ALIGNMENT) * ALIGNMENT


@dataclass(eq=False, slots=True)
class _Slot:
    size: Dim
    offset: Dim
    number: int
    free_at: int = 0


@dataclass(slots=True)
class _Slots:
    """The slots of one size, by when they are free."""

    _order: list[tuple[int, int, _Slot]] = field(default_factory=list)

    def enter(self, slot: _Slot) -> None:
        """Enter a slot."""
        insort(self._order, (slot.free_at, slot.number, slot))

    def remove(self, slot: _Slot) -> None:
        """Take a slot out."""
        del self._order[bisect_left(self._order, (slot.free_at, slot.number))]

    def free(self, now: int) -> _Slot | None:
        """The slot that has become free last: what it holds may still be in a cache."""
        place = bisect_left(self._order, (now + 1,))
        return self._order[place - 1][2] if place else None


@dataclass
class Arena:
    """Assigns slots to buffers in the order in which they come to life."""

    slices: list[ArenaSlice] = field(default_factory=list)
    size: Dim = 0
    limits: Limits = field(default_factory=dict)  # of sizes that are not known at the start
    _slots: dict[Buffer, _Slot] = field(default_factory=dict)
    _by_size: dict[Dim, _Slots] = field(default_factory=dict)
    _known_sizes: list[int] = field(default_factory=list)  # in order
    _count: int = 0

    def place(self, buffer: Buffer, born: int, dies: int) -> None:
        """Give the buffer a slot for steps `born` to `dies`, inclusive."""
        need = dims.upper(slot_bytes(buffer), self.limits)
        slot = self._reusable(need, born)
        if slot is None:
            slot = self._new(need)
        else:
            self._by_size[slot.size].remove(slot)
        slot.free_at = dies + 1
        self._by_size[slot.size].enter(slot)
        self.slices.append(ArenaSlice(buffer, slot.offset))
        self._slots[buffer] = slot

    def keep(self, buffer: Buffer, dies: int) -> None:
        """Keep a buffer's slot to step `dies`: another value takes it over."""
        slot = self._slots[buffer]
        if dies >= slot.free_at:
            self._by_size[slot.size].remove(slot)
            slot.free_at = dies + 1
            self._by_size[slot.size].enter(slot)

    def _new(self, size: Dim) -> _Slot:
        if size not in self._by_size:
            self._by_size[size] = _Slots()
            if isinstance(size, int):
                insort(self._known_sizes, size)
        self._count += 1
        slot = _Slot(size, self.size, self._count)
        self.size = self.size + size
        return slot

    def _reusable(self, need: Dim, born: int) -> _Slot | None:
        """A free slot of that very size, or the smallest that is large enough."""
        if not isinstance(need, int):
            return self._by_size[need].free(born) if need in self._by_size else None
        for size in self._known_sizes[bisect_left(self._known_sizes, need) :]:
            slot = self._by_size[size].free(born)
            if slot is not None:
                return slot
        return None


@dataclass
class Lifetimes:
    """First and last step of every value, over the computation and its nested regions in line."""

    born: dict[Value, int] = field(default_factory=dict)
    dies: dict[Value, int] = field(default_factory=dict)
    _time: int = 0

    def visit(self, computation: Computation) -> None:
        """Number the steps; a value used inside a region lives to the region's end."""
        for instruction in computation.instructions:
            self._time += 1
            self._define(instruction)
            for operand in instruction.operands:
                self._use(operand)
            if instruction.regions and instruction.primitive != "fusion":
                self._visit_regions(instruction)
        self._time += 1  # results are read after the last step
        for result in computation.results:
            self._use(result)

    def _define(self, instruction: Instruction) -> None:
        for result in instruction.results:
            self.born.setdefault(result, self._time)
            self.dies.setdefault(result, self._time)

    def _use(self, value: Value) -> None:
        for alias in aliases(value):
            self.dies[alias] = max(self.dies.get(alias, 0), self._time)

    def _visit_regions(self, instruction: Instruction) -> None:
        start = self._time
        outer = set(self.born)
        for region in instruction.regions:
            for parameter in region.parameters:
                self.born.setdefault(parameter, start)
            self.visit(region)
            self._time += 1
        for value in (*outer, *(p for r in instruction.regions for p in r.parameters)):
            if self.dies.get(value, 0) >= start:
                self.dies[value] = max(self.dies[value], self._time)
        for operand in instruction.operands:
            self._use(operand)
        for result in instruction.results:
            self.born[result] = start
            self.dies[result] = max(self.dies.get(result, 0), self._time)


def aliases(value: Value) -> Iterator[Value]:
    """The value and those whose memory it shares: a reshape is its operand."""
    yield value
    while not isinstance(value, Parameter) and value.instruction.primitive == "reshape":
        value = value.instruction.operands[0]
        yield value


def memory_of(value: Value) -> Value:
    """The value whose memory this one is."""
    *_, last = aliases(value)
    return last
