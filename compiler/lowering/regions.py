"""What branches and loops have in common: the state that changes in a region, and its tensors.

A *slot* is something that a region may replace: a value that a loop carries, a variable, the
contents of an array or stack. What is in a slot is a value, or a `Composite` of several; its
tensors are the *parts*. Only parts that really change pass through a region's results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from flowc.compiler.structure import Subgraph
from flowc.compiler.structure.effects import (
    Effects,
    Generator,
    Given,
    Gradients,
    Place,
    Variable,
)
from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.errors import OpError
from flowc.ir.tensor.builder import Builder, Handle, LocalHandle, NotCompilable, State
from flowc.ir.tensor.core import Computation, Instruction, Parameter, Value
from flowc.ops.lists.compiled_lists import CompiledLists
from flowc.ops.random.streams import generator

Object: TypeAlias = Any  # a value, a composite, or a handle
Name: TypeAlias = "tuple[str, int] | Place"
Slot: TypeAlias = "tuple[str, int] | str | LocalHandle"  # carried value, variable, array or stack


class NeedsValue(Exception):
    """A loop's length follows from a value that an earlier part of the step must compute."""


@dataclass(frozen=True)
class Learned:
    """What lowering a loop has told of it, for when it is lowered again.

    Slots are named as every lowering of the loop names them: by the number of a carried value, or
    by the place that holds the state.
    """

    parts: Mapping[tuple[Name, int], None] = field(default_factory=dict)  # that it carries
    growth: Mapping[Name, tuple[Dim, Dim]] = field(default_factory=dict)  # of lists; see `_Loop`


@dataclass(frozen=True)
class Attempt:
    """A loop as one attempt has lowered it."""

    carried: tuple[tuple[Slot, int], ...]
    parameters: tuple[tuple[Parameter, ...], tuple[Parameter, ...]]  # of condition and body
    initial: tuple[Value, ...]
    condition: Computation
    body: tuple[Instruction, ...]
    inside: Mapping[Slot, Object]  # what the body finds
    after: Mapping[Slot, Object]  # what it leaves


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

    def held(self, b: Builder, handle: Handle) -> Value | None:
        """A variable's current value; None where it has none."""
        raise NotImplementedError


class Lowerer(Protocol):
    """The lowering of nodes, as branches and loops use it."""

    builder: Builder
    depth: int  # regions around the place where instructions go now
    learned: dict[Subgraph, Learned]  # of loops, by their bodies

    @property
    def state(self) -> RegionState:
        """The state at the place where instructions go now."""

    def lower_subgraph(self, subgraph: Subgraph, arguments: Sequence[Object]) -> list[Object]:
        """The results of a branch or body for these arguments."""


def handle_of(place: Place, arguments: Sequence[Object], lists: CompiledLists) -> Object:
    """The handle of state that a region with these arguments uses; None for what is no state."""
    match place:
        case Variable(name, dtype):
            return Handle(name, dtype, None)
        case Generator(node, seed, seed2):
            return generator(node, seed, seed2)
        case Given(number):
            return arguments[number]
        case Gradients(of, source):
            origin = handle_of(of, arguments, lists)
            known = isinstance(origin, LocalHandle)
            return lists.gradient_handle(origin, source) if known else None


def contents_of(handle: Object, lowerer: Lowerer) -> Object:
    """What is held by the state that a handle stands for; None where there is none."""
    match handle:
        case Handle():
            return lowerer.state.held(lowerer.builder, handle)
        case LocalHandle():
            return lowerer.state.local.get(handle)
    return None


def begin_gradients(effects: Effects, arguments: Sequence[Object], lists: CompiledLists) -> None:
    """Have the arrays of gradients that a region uses begin outside of it."""
    local = lists.b.state.local
    for place in effects.gradients:
        handle = handle_of(place, arguments, lists)
        if isinstance(handle, LocalHandle) and (handle in local or handle.origin in local):
            lists.contents(handle)


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
