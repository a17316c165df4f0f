"""`While` nodes become `while` instructions.

Which parts a loop carries is found by trying: the body is lowered, and whatever it leaves other
than it found it must be carried, which the next attempt does. So a list, a variable or an array
that the body only reads stays outside, and its sizes stay known. A list that grows is given room
for the loop's greatest number of iterations, which the condition tells (`i < n` and its like).
What cannot be expressed, such as a value whose shape changes from one iteration to the next, is
`NotCompilable`; then the host runs the loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flowc.compiler.graph import Node
from flowc.compiler.lowering.regions import (
    Lowerer,
    Object,
    Slot,
    changed,
    fail_when_run,
    truth,
)
from flowc.compiler.lowering.trip_counts import most_iterations
from flowc.compiler.structure import Subgraph
from flowc.compiler.structure.subgraph import stays
from flowc.ir.dims import Dim
from flowc.ir.errors import OpError
from flowc.ir.tensor.builder import Builder, LocalHandle, NotCompilable, parts_of, with_parts
from flowc.ir.tensor.core import Computation, Instruction, Parameter, Value
from flowc.ops.lists.compiled_lists import CompiledList, CompiledLists

_MOST_ATTEMPTS = 12
_Place = tuple[Slot, int]


def lower_while(lowerer: Lowerer, node: Node, inputs: Sequence[Object]) -> list[Object]:
    """The values that a loop carries, after its end."""
    return _Loop(lowerer, node, inputs).lower()


@dataclass(frozen=True)
class Attempt:
    """A loop as one attempt has lowered it."""

    parameters: tuple[tuple[Parameter, ...], tuple[Parameter, ...]]  # of condition and body
    initial: tuple[Value, ...]
    condition: Computation
    body: tuple[Instruction, ...]
    inside: Mapping[Slot, Object]  # what the body finds
    after: Mapping[Slot, Object]  # what it leaves


class _Loop:
    def __init__(self, lowerer: Lowerer, node: Node, inputs: Sequence[Object]) -> None:
        self.lowerer = lowerer
        self.b: Builder = lowerer.builder
        self.lists = CompiledLists(self.b)
        self.condition: Subgraph = node.attributes["cond"]
        self.body: Subgraph = node.attributes["body"]
        self.count = len(self.body.results)
        self.inputs = list(inputs)
        self.slots: dict[Slot, Object] = {
            ("carried", i): inputs[i] for i in range(self.count) if not stays(self.body, i)
        }
        self.carried: dict[_Place, None] = {
            (slot, i): None for slot, value in self.slots.items() if isinstance(value, Value)
            for i in range(1)
        }  # fmt: skip
        self.growth: dict[Slot, Dim] = {}

    def lower(self) -> list[Object]:
        """The loop, after as many attempts as it takes."""
        for _ in range(_MOST_ATTEMPTS):
            messages = len(self.b.messages)
            attempt = self._attempt()
            if not self._learn(attempt):
                return self._emit(attempt)
            del self.b.messages[messages:]
        raise NotCompilable("what the loop changes does not settle")

    # One attempt

    def _attempt(self) -> Attempt:
        state, place = self.lowerer.state, self.b.location
        before = state.slots()
        initial = tuple(self._part(*p) for p in self.carried)
        types = [self.b.type_of(value) for value in initial]
        tests = tuple(Parameter(t, f"arg{i}") for i, t in enumerate(types))
        steps = tuple(Parameter(t, f"arg{i}") for i, t in enumerate(types))
        self.lowerer.depth += 1
        condition = self._lower_condition(tests, before)
        self.b.location = place
        inside = self._inside(steps)
        self._enter(before, inside)
        with self.b.nested() as instructions:
            results = self._run(self.body, inside)
        self.lowerer.depth -= 1
        self.b.location = place
        after = state.slots()
        state.enter(before)
        for number in range(self.count):
            if results is not None and ("carried", number) in self.slots:
                after["carried", number] = results[number]
        if results is None:  # it fails when it is run, whatever it leaves
            after = dict(inside)
        return Attempt(
            (tests, steps), initial, condition, tuple(instructions), inside, after
        )  # fmt: skip

    def _part(self, slot: Slot, number: int) -> Value:
        part = parts_of(self.slots[slot])[number]
        assert part is not None
        return part

    def _inside(self, parameters: Sequence[Parameter]) -> dict[Slot, Object]:
        """What the slots hold in a region with these parameters."""
        parts = {slot: list(parts_of(value)) for slot, value in self.slots.items()}
        for (slot, number), parameter in zip(self.carried, parameters, strict=True):
            parts[slot][number] = parameter
        found = {slot: with_parts(self.slots[slot], parts[slot]) for slot in self.slots}
        for slot, value in found.items():
            if isinstance(value, CompiledList):
                found[slot] = replace(value, room=self.growth.get(slot, 0))
        return found

    def _enter(self, before: Mapping[Slot, Object], inside: Mapping[Slot, Object]) -> None:
        entered = dict(before)
        entered.update({s: v for s, v in inside.items() if not isinstance(s, tuple)})
        self.lowerer.state.enter(entered)

    def _run(self, subgraph: Subgraph, inside: Mapping[Slot, Object]) -> list[Object] | None:
        """The results of condition or body; None for one that fails whenever it is run."""
        arguments = [inside.get(("carried", i), value) for i, value in enumerate(self.inputs)]
        try:
            return self.lowerer.lower_subgraph(subgraph, arguments)
        except OpError as error:
            fail_when_run(self.b, error)
            return None

    def _lower_condition(
        self, parameters: tuple[Parameter, ...], before: Mapping[Slot, Object]
    ) -> Computation:
        inside = self._inside(parameters)
        self._enter(before, inside)
        entered = self.lowerer.state.slots()
        with self.b.nested() as instructions:
            results = self._run(self.condition, inside)
            holds = self.b.constant(False) if results is None else truth(self.b, results[0])
        if any(slot in entered for slot in changed(entered, self.lowerer.state.slots())):
            raise NotCompilable("the loop's condition changes state")
        return Computation(parameters, tuple(instructions), (holds,))

    # What an attempt tells

    def _learn(self, attempt: Attempt) -> bool:
        """Take in what the attempt did not know; False if it knew everything."""
        learned = False
        for slot in changed(attempt.inside, attempt.after):
            if slot not in self.slots:
                learned |= self._take_in(slot, attempt)
            else:
                learned |= self._compare(slot, attempt)
        return learned

    def _take_in(self, slot: Slot, attempt: Attempt) -> bool:
        """A variable, array or stack that the body changes, if it is not the body's own."""
        outside = self.lowerer.state.slots()
        if slot in outside:
            if outside[slot] is attempt.after[slot]:
                return False
            self.slots[slot] = outside[slot]
            return True
        if isinstance(slot, LocalHandle) and slot.origin in outside:
            self.slots[slot] = self.lists.contents(slot)
            return True
        if isinstance(slot, str):
            raise NotCompilable(f"the loop gives '{slot}' its first value")
        return False

    def _compare(self, slot: Slot, attempt: Attempt) -> bool:
        old, new = attempt.inside[slot], attempt.after[slot]
        before, after = parts_of(old), parts_of(new)
        if len(before) != len(after) or not before:
            raise NotCompilable("a resource changes from one iteration to the next")
        if isinstance(old, CompiledList) and isinstance(new, CompiledList):
            if old.elements is None and new.elements is not None:
                shape = self.b.shape(new.elements)[1:]
                self.slots[slot] = self.slots[slot].shaped(self.lists, shape)
                return True
            if new.pushed != old.pushed:
                joined = old.pushed.joined(new.pushed)
                if joined != old.pushed:
                    self.slots[slot] = replace(self.slots[slot], pushed=joined)
                    return True
            if new.capacity != old.capacity:
                return self._give_room(slot, new.capacity - old.capacity, attempt)
        learned = False
        for number, (was, is_) in enumerate(zip(before, after, strict=True)):
            if was is not is_ and (slot, number) not in self.carried:
                self.carried[slot, number] = None
                learned = True
            elif was is not is_:
                self._require_type(was, is_)
        return learned

    def _give_room(self, slot: Slot, growth: Dim, attempt: Attempt) -> bool:
        """A list gets longer in each iteration: let it have all the rows that it will need."""
        if slot in self.growth:
            raise NotCompilable("a list grows by more from one iteration to the next")
        most = most_iterations(self.lowerer, attempt, list(self.carried))
        self.growth[slot] = growth
        self.slots[slot] = self.slots[slot].grown(self.lists, most * growth)
        self.carried.update({(slot, 0): None, (slot, 1): None})
        return True

    def _require_type(self, was: Value | None, is_: Value | None) -> None:
        assert was is not None and is_ is not None
        old, new = self.b.type_of(was), self.b.type_of(is_)
        if old.dtype is not new.dtype or not self.b.assumptions.equal_shapes(old.shape, new.shape):
            raise NotCompilable(f"a value is {old} before an iteration, {new} after it")

    # The instruction

    def _emit(self, attempt: Attempt) -> list[Object]:
        if not self.carried:
            raise NotCompilable("the loop carries nothing")
        parts = {slot: parts_of(attempt.after.get(slot, attempt.inside[slot]))
                 for slot in self.slots}  # fmt: skip
        results: list[Any] = [parts[slot][number] for slot, number in self.carried]
        body = Computation(attempt.parameters[1], attempt.body, tuple(results))
        values = self.b.emit_all("while", attempt.initial, regions=[attempt.condition, body])
        final = {slot: list(parts_of(value)) for slot, value in self.slots.items()}
        for (slot, number), value in zip(self.carried, values, strict=True):
            final[slot][number] = value
        for slot, found in final.items():
            ended = with_parts(self.slots[slot], found)
            if isinstance(ended, CompiledList):
                ended = replace(ended, room=0)
            self.slots[slot] = ended
            if not isinstance(slot, tuple):
                self.lowerer.state.update(slot, ended)
        return [self.slots.get(("carried", i), self.inputs[i]) for i in range(self.count)]
