"""The variables during one lowering, and what was read of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flowc.compiler.graph import Node
from flowc.compiler.lowering.regions import Object, RegionState, Slot
from flowc.compiler.request import Store
from flowc.ir.dims import Dim
from flowc.ir.errors import FailedPreconditionError, uninitialized
from flowc.ir.tensor.assumptions import SizeDependsOnData
from flowc.ir.tensor.builder import Builder, Handle, Initial, LocalHandle
from flowc.ir.tensor.core import Parameter, Shape, TensorType, Value


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """What `Identity` or `Reshape` give of a reference: TensorFlow's kernels pass its buffer on.

    So whoever uses it sees what was written in the meantime, unless an `Assign` of another size has
    given the variable another buffer.
    """

    handle: Handle
    stored: Value  # what the variable held when it was read
    value: Value  # the same as it is seen here
    buffer: int
    view: tuple[tuple[Node, tuple[Any, ...]], ...]  # the nodes that passed it on, other inputs


class VariableStore(RegionState):
    """The variables during one lowering: current values by name."""

    def __init__(self, stored: Store) -> None:
        self.stored = stored
        self.current: dict[str, Value] = {}
        self.parameters: dict[str, Parameter] = {}
        self.written: dict[str, None] = {}
        self.buffers: dict[str, int] = {}  # how often each got another size
        self.existence: dict[str, bool] = {}  # of variables, where the code depends on it
        self.replaced: dict[str, Shape] = {}  # shapes of variables that are assigned unread
        self.initial: dict[str, Initial] = {}

    def read(self, b: Builder, handle: Handle) -> Value:
        """The variable's current value; a parameter of the module at first."""
        if handle.name not in self.current:
            self.current[handle.name] = self._parameter(handle)
        return self.current[handle.name]

    def _parameter(self, handle: Handle) -> Value:
        found = self.stored.get(handle.name)
        if found is None and handle.initial is not None:
            self.initial[handle.name] = handle.initial
            found = handle.initial()
        if found is None:
            self.existence[handle.name] = False
            raise uninitialized(handle.name)
        parameter = Parameter(TensorType(handle.dtype, found.shape), handle.name)
        self.parameters[handle.name] = parameter
        return parameter

    def held(self, b: Builder, handle: Handle) -> Value | None:
        try:
            return self.read(b, handle)
        except FailedPreconditionError:
            return None

    def assign(self, b: Builder, handle: Handle, value: Value) -> None:
        """Replace the variable's value. Raises SizeDependsOnData where its size is not known."""
        if b.assumptions.is_counted(*b.shape(value)):
            raise SizeDependsOnData
        size = self._size(handle)
        if size is not None and size != b.type_of(value).size:
            self.buffers[handle.name] = self.buffers.get(handle.name, 0) + 1
        self.update(handle.name, value)

    def replaced_shape(self, b: Builder, handle: Handle) -> Shape | None:
        """The shape of what an assignment replaces, or the declared one."""
        if handle.name in self.current:
            return b.shape(self.current[handle.name])
        stored = self.stored.get(handle.name)
        shape: Shape | None = handle.shape if stored is None else stored.shape
        if shape is None:
            self.existence[handle.name] = False
        else:
            self.replaced[handle.name] = shape
        return shape

    def _size(self, handle: Handle) -> Dim | None:
        """How many elements the variable has now; None where it has no value."""
        if handle.name in self.current:
            return self.current[handle.name].type.size
        stored = self.stored.get(handle.name)
        return None if stored is None else math.prod(stored.shape)

    def is_initialized(self, b: Builder, handle: Handle) -> bool:
        """Whether the variable has a value at this point of the step."""
        if handle.name in self.current:
            return True
        self.existence[handle.name] = handle.name in self.stored
        return self.existence[handle.name]

    # Regions

    def slots(self) -> dict[Slot, Object]:
        found: dict[Slot, Object] = {}
        for contents in (self.current, self.local):
            for slot, value in contents.items():
                found[slot] = value
        return found

    def enter(self, slots: Mapping[Slot, Object]) -> None:
        """Make this the state; variables that have been read since keep their first values."""
        known = {slot: value for slot, value in slots.items() if isinstance(slot, str)}
        self.current = {**self.parameters, **known}
        self.local.clear()
        self.local.update({s: v for s, v in slots.items() if isinstance(s, LocalHandle)})

    def update(self, slot: Slot, value: Object) -> None:
        if isinstance(slot, LocalHandle):
            self.local[slot] = value
        else:
            assert isinstance(slot, str)
            self.current[slot] = value
            self.written[slot] = None
