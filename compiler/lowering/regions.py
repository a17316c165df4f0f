"""What branches and loops have in common: the state that changes in a region, and its tensors.

A *slot* is something that a region may replace: a value that a loop carries, a variable, the
contents of an array or stack. What is in a slot is a value, or a `Composite` of several; its
tensors are the *parts*. Only parts that really change pass through a region's results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from flowc.compiler.structure import Subgraph
from flowc.ir import dtypes
from flowc.ir.errors import OpError
from flowc.ir.tensor.builder import Builder, LocalHandle, NotCompilable, State
from flowc.ir.tensor.core import Value

Object: TypeAlias = Any  # a value, a composite, or a handle
Slot: TypeAlias = "tuple[str, int] | str | LocalHandle"  # carried value, variable, array or stack


class NeedsValue(Exception):
    """A loop's length follows from a value that an earlier part of the step must compute."""


class RegionState(State):
    """State that can be told, changed and put back."""

    def slots(self) -> dict[Slot, Object]:
        """What variables, arrays and stacks hold now."""
        raise NotImplementedError

    def enter(self, slots: Mapping[Slot, Object]) -> None:
        """Make this the state."""
        raise NotImplementedError

    def update(self, slot: Slot, value: Object) -> None:
        """A region has changed a slot."""
        raise NotImplementedError


class Lowerer(Protocol):
    """The lowering of nodes, as branches and loops use it."""

    builder: Builder
    depth: int  # regions around the place where instructions go now

    @property
    def state(self) -> RegionState:
        """The state at the place where instructions go now."""

    def lower_subgraph(self, subgraph: Subgraph, arguments: Sequence[Object]) -> list[Object]:
        """The results of a branch or body for these arguments."""


def changed(before: Mapping[Slot, Object], after: Mapping[Slot, Object]) -> list[Slot]:
    """The slots whose contents differ, those that are new among them."""
    return [slot for slot, value in after.items() if before.get(slot) is not value]


def truth(b: Builder, value: Value) -> Value:
    """Whether a condition holds: a bool, a number that is not 0, a tensor that is not empty."""
    if b.shape(value):
        size = b.size(value.type.size, dtypes.int64)
        return b.ne(size, 0)
    if value.type.dtype is dtypes.bool_:
        return value
    if value.type.dtype is dtypes.string:
        raise NotCompilable("a string decides about a branch or loop")
    return b.ne(value, 0)


def fail_when_run(b: Builder, error: OpError) -> None:
    """The region fails with an error that would have come at once outside of it."""
    place = b.location
    if isinstance(error.op, str):
        b.location = error.op
    b.check(b.constant(False), error.message, type(error).__name__)
    b.location = place
