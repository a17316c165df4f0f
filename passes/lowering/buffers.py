"""Buffer assignment: where every value of a fused computation lives.

Arguments and results of the executable have memory of their own; everything else lives in one
arena, at offsets that are reused as soon as a value is dead. Sizes may be symbolic: offsets are
expressions that the entry function evaluates. A slot of symbolic size is reused by values of the
very same size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flowc.ir import dims
from flowc.ir.dims import Dim
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


@dataclass
class _Slot:
    size: Dim
    offset: Dim
    free_at: int = 0


@dataclass
class Arena:
    """Assigns slots to buffers in the order in which they come to life."""

    slots: list[_Slot] = field(default_factory=list)
    slices: list[ArenaSlice] = field(default_factory=list)
    size: Dim = 0
    _slots: dict[Buffer, _Slot] = field(default_factory=dict)

    def place(self, buffer: Buffer, born: int, dies: int) -> None:
        """Give the buffer a slot for steps `born` to `dies`, inclusive."""
        need = slot_bytes(buffer)
        slot = self._reusable(need, born)
        if slot is None:
            slot = _Slot(need, self.size)
            self.size = self.size + need
            self.slots.append(slot)
        slot.free_at = dies + 1
        self.slices.append(ArenaSlice(buffer, slot.offset))
        self._slots[buffer] = slot

    def keep(self, buffer: Buffer, dies: int) -> None:
        """Keep a buffer's slot to step `dies`: another value takes it over."""
        slot = self._slots[buffer]
        slot.free_at = max(slot.free_at, dies + 1)

    def _reusable(self, need: Dim, born: int) -> _Slot | None:
        free = [s for s in self.slots if s.free_at <= born]
        if not isinstance(need, int):
            return next((s for s in free if s.size == need), None)
        fitting = [(s.size, i) for i, s in enumerate(free) if isinstance(s.size, int)]
        best = min((f for f in fitting if f[0] >= need), default=None)
        return None if best is None else free[best[1]]


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
