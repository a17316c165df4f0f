"""Builder methods for results whose size data decides."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property

from flowc.ir.dims import Dim
from flowc.ir.tensor.builder_core import NotCompilable
from flowc.ir.tensor.builder_movement import Movement
from flowc.ir.tensor.core import Result, Value
from flowc.ir.tensor.structure import attributes_key

_LEVELS = 4  # of instructions that are looked at for likeness


class Counting(Movement):
    """Counts that are sizes."""

    @cached_property
    def _places(self) -> dict[Hashable, Value]:
        return {}

    def true_positions(self, mask: Value) -> tuple[Value, Value]:
        """Where a vector of bools is true, and in how many places (int64).

        The positions are as many as there are bools; those beyond the count mean nothing.
        """
        positions, count = self.emit_all("true_positions", [mask])
        return positions, count

    def measure(self, count: Value, limit: Dim) -> Dim:
        """An int64 scalar, at most `limit`, as a size from here on.

        Raises NotCompilable in a region: what a loop counts would be many sizes.
        """
        if self._regions:
            raise NotCompilable("data decides a size in a loop or branch")
        size = self.assumptions.counted(limit)
        self.emit("measure", count, size=size)
        return size

    def places(self, mask: Value) -> Value:
        """The positions of what is true in a flattened mask (int64), as many as there are.

        Masks that are computed alike have one size: what is chosen by them fits together.
        """
        source = mask
        while isinstance(source, Result) and source.instruction.primitive == "reshape":
            source = source.instruction.operands[0]
        key = _likeness(source, _LEVELS)
        if key not in self._places:
            length = self.type_of(mask).size
            positions, count = self.true_positions(self.reshape(mask, (length,)))
            size = self.measure(count, length)
            self._places[key] = self.slice_axis(positions, 0, 0, size)
        return self._places[key]


def _likeness(value: Value, levels: int) -> Hashable:
    """Equal for values that some levels of instructions compute alike from the same ones."""
    if not levels or not isinstance(value, Result) or value.instruction.regions:
        return value
    i = value.instruction
    inputs = tuple(_likeness(operand, levels - 1) for operand in i.operands)
    return i.primitive, value.index, i.types, attributes_key(i.attributes), inputs
