"""`If` and `Case` nodes become `case` instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from flowc.compiler.graph import Node
from flowc.compiler.lowering.regions import (
    Lowerer,
    Object,
    Slot,
    begin_gradients,
    changed,
    fail_when_run,
    truth,
)
from flowc.compiler.structure.effects import effects_of
from flowc.compiler.structure.subgraph import branches_of
from flowc.ir.errors import InvalidArgumentError, OpError
from flowc.ir.tensor.builder import Builder, NotCompilable, parts_of, with_parts
from flowc.ir.tensor.core import Computation, Instruction, TensorType, Value
from flowc.ops.lists.compiled_lists import CompiledList, CompiledLists, Pushed
from flowc.ops.lists.optionals import NONE, CompiledOptional

_ABSENT = "Retval does not have value: it belongs to the branch that was not taken"


@dataclass
class _Branch:
    """A lowered branch: what it does, returns, and leaves behind."""

    instructions: list[Instruction]
    results: list[Object]  # None for one that is absent
    slots: dict[Slot, Object]
    returned: list[Value] = field(default_factory=list)


def lower_if(lowerer: Lowerer, node: Node, inputs: Sequence[Object]) -> list[Object]:
    """The outputs of an `If`."""
    b = lowerer.builder
    condition, *given = inputs
    index = b.select(truth(b, condition), b.constant(np.int32(0)), b.constant(np.int32(1)))
    return _Conditional(lowerer, node, given).lower(index)


def lower_case(lowerer: Lowerer, node: Node, inputs: Sequence[Object]) -> list[Object]:
    """The outputs of a `Case`: the last branch for an index out of range."""
    index, *given = inputs
    return _Conditional(lowerer, node, given).lower(index)


class _Conditional:
    def __init__(self, lowerer: Lowerer, node: Node, inputs: Sequence[Object]) -> None:
        self.lowerer = lowerer
        self.b: Builder = lowerer.builder
        self.node = node
        self.branches = branches = branches_of(node)
        self.inputs = inputs
        count = len(node.attributes["Tout"])
        self.absent = node.attributes.get("absent") or [(False,) * count] * len(branches)
        self.fetched = node.attributes.get("fetched", ())

    def lower(self, index: Value) -> list[Object]:
        """The results of the branch that `index` says."""
        known = self.b.symbolic(index)
        number = None if known is None else known.item()
        if isinstance(number, int):
            return self._only(number if 0 <= number < len(self.branches) else -1)
        for branch in self.branches:
            begin_gradients(effects_of(branch), self.inputs, CompiledLists(self.b))
        before = self.lowerer.state.slots()
        lowered = [self._branch(i, before) for i in range(len(self.branches))]
        return self._joined(index, lowered, before)

    def _only(self, number: int) -> list[Object]:
        """The branch that is known to be taken, in line."""
        results = self._complete(
            number, self.lowerer.lower_subgraph(self.branches[number], self.inputs)
        )
        if any(results[i] is None for i in self.fetched):
            raise InvalidArgumentError(None, self.node.name, _ABSENT)
        return results

    def _complete(self, number: int, results: Sequence[Object]) -> list[Object]:
        """The results of a branch, None for those that it lacks."""
        given = iter(results)
        return [None if absent else next(given) for absent in self.absent[number]]

    def _branch(self, number: int, before: dict[Slot, Object]) -> _Branch:
        state, place = self.lowerer.state, self.b.location
        self.lowerer.depth += 1
        with self.b.nested() as instructions:
            try:
                results = self._complete(
                    number, self.lowerer.lower_subgraph(self.branches[number], self.inputs)
                )
                if any(results[i] is None for i in self.fetched):
                    raise InvalidArgumentError(None, self.node.name, _ABSENT)
            except OpError as error:
                fail_when_run(self.b, error)
                results = [None] * len(self.node.attributes["Tout"])
                state.enter(before)
        self.lowerer.depth -= 1
        self.b.location = place
        after = state.slots()
        state.enter(before)
        return _Branch(instructions, results, after)

    def _joined(
        self, index: Value, branches: list[_Branch], before: dict[Slot, Object]
    ) -> list[Object]:
        """The `case` instruction; each branch returns what any of them changes or computes."""
        count = len(self.node.attributes["Tout"])
        columns = [_Column(self, branches, [x.results[i] for x in branches]) for i in range(count)]
        slots = self._changed(branches, before)
        columns += [_Column(self, branches, [x.slots[s] for x in branches]) for s in slots]
        for column in columns:
            column.enter()
        if not any(branch.instructions or branch.returned for branch in branches):
            return [column.result(()) for column in columns[:count]]
        regions = [Computation((), tuple(x.instructions), tuple(x.returned)) for x in branches]
        values = iter(self.b.emit_all("case", [index], regions=regions))
        objects = [column.result([next(values) for _ in column.places]) for column in columns]
        for slot, value in zip(slots, objects[count:], strict=True):
            self.lowerer.state.update(slot, value)
        return objects[:count]

    def _changed(self, branches: list[_Branch], before: dict[Slot, Object]) -> list[Slot]:
        """The slots that any branch changes, but for those that are its own."""
        known = self.lowerer.state.slots()
        slots = dict.fromkeys(s for x in branches for s in changed(known, x.slots))
        found = [s for s in slots if s in known or isinstance(s, str)]
        for branch in branches:
            for slot in found:
                if slot not in branch.slots and slot not in known:
                    raise NotCompilable(f"only one branch gives '{slot}' its first value")
                branch.slots.setdefault(slot, known.get(slot))
        return found


class _Column:
    """One result over all branches; tensors that are the same in all of them do not pass."""

    def __init__(
        self, conditional: _Conditional, branches: list[_Branch], values: list[Object]
    ) -> None:
        self.b = conditional.b
        self.branches = branches
        if any(v is not NONE for v in values):  # where an optional is none, its value is absent
            values = [None if v is NONE else v for v in values]
        self.values = values
        self.places: list[int] = []  # of the parts that pass
        present = [v for v in values if v is not None]
        self.model = present[0] if present else None

    def enter(self) -> None:
        """Add the parts to what the branches return."""
        if self.model is None:
            return
        if not parts_of(self.model):
            if any(v is not None and v is not self.model for v in self.values):
                raise NotCompilable("branches return different resources")
            return
        self._make_alike()
        parts = [parts_of(v) if v is not None else None for v in self.values]
        for place in range(len(parts_of(self.model))):
            column = [p[place] if p is not None else None for p in parts]
            present = [v for v in column if v is not None]
            if not present or (len(present) == len(column) and len(set(column)) == 1):
                continue
            self.places.append(place)
            self._return(column, self._type(present))

    def _make_alike(self) -> None:
        """Give lists that have become of unlike length the same room."""
        lists = [v for v in self.values if isinstance(v, CompiledList)]
        capacities = [v.capacity for v in lists]
        if not lists or all(c == capacities[0] for c in capacities):
            return
        if not all(isinstance(c, int) for c in capacities):
            raise NotCompilable("a list has another length in another branch")
        most = max(c for c in capacities if isinstance(c, int))
        for i, (branch, value) in enumerate(zip(self.branches, self.values, strict=True)):
            if isinstance(value, CompiledList) and value.capacity != most:
                with self.b.nested(branch.instructions):
                    self.values[i] = value.grown(CompiledLists(self.b), most - value.capacity)
        self.model = next(v for v in self.values if v is not None)

    def _type(self, present: Sequence[Value]) -> TensorType:
        """The type that the part has in all branches. Raises NotCompilable."""
        first = self.b.type_of(present[0])
        for value in present[1:]:
            found = self.b.type_of(value)
            same = self.b.assumptions.equal_shapes(first.shape, found.shape)
            if found.dtype is not first.dtype or not same:
                raise NotCompilable(f"a result is {first} in one branch, {found} in another")
        return self.b.type_of(present[0])

    def _return(self, column: Sequence[Value | None], kind: TensorType) -> None:
        for branch, value in zip(self.branches, column, strict=True):
            if value is None:
                with self.b.nested(branch.instructions):
                    value = self.b.full(0, kind.shape, kind.dtype)
            branch.returned.append(value)

    def result(self, values: Sequence[Value]) -> Object:
        """What the column holds after the conditional."""
        if self.model is None:
            return None
        parts = list(parts_of(self.model))
        for place, value in zip(self.places, values, strict=True):
            parts[place] = value
        found = with_parts(self.model, parts)
        if isinstance(found, CompiledOptional) and None in self.values:
            return replace(found, is_certain=False)
        if not isinstance(found, CompiledList):
            return found
        known = [v.pushed for v in self.values if isinstance(v, CompiledList)]
        return replace(found, room=0, pushed=reduce(Pushed.joined, known))
