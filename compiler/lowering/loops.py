"""`While` nodes become `while` instructions.

A loop carries its values that change, and the state that its body changes, which `effects_of` tells
before anything is lowered. So a list, a variable or an array that the body only reads stays
outside, and its sizes stay known. Of lists only the body itself tells more: the shape of elements
that are written first, what is known of all elements, how many an iteration pushes. For that the
body is lowered once more, with what the attempt has told. A list that grows is given room for the
loop's greatest number of iterations, which the condition tells (`i < n` and its like). The body of
a loop inside is lowered anew with each attempt of those around it, but with what was learned of it
the first time (`Lowerer.learned`), so nested loops do not multiply attempts. What cannot be
expressed, such as a value whose shape changes from one iteration to the next, is `NotCompilable`;
then the host runs the loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flowc.compiler.graph import Node
from flowc.compiler.lowering.regions import (
    Attempt,
    Learned,
    Lowerer,
    Name,
    Object,
    Slot,
    begin_gradients,
    changed,
    contents_of,
    fail_when_run,
    handle_of,
    truth,
)
from flowc.compiler.lowering.trip_counts import most_iterations
from flowc.compiler.structure import Subgraph
from flowc.compiler.structure.effects import effects_of
from flowc.compiler.structure.subgraph import stays
from flowc.ir.dims import Dim
from flowc.ir.errors import OpError
from flowc.ir.tensor.builder import (
    Builder,
    Handle,
    NotCompilable,
    parts_of,
    with_parts,
)
from flowc.ir.tensor.core import Computation, Parameter, Value
from flowc.ops.lists.compiled_lists import CompiledList, CompiledLists
from flowc.ops.registry import Effect

_MOST_ATTEMPTS = 12
_PARTS = (Effect.ELEMENTS, Effect.LENGTH)  # of lists; a variable has the first alone
_Part = tuple[Slot, int]


def lower_while(lowerer: Lowerer, node: Node, inputs: Sequence[Object]) -> list[Object]:
    """The values that a loop carries, after its end."""
    return _Loop(lowerer, node, inputs).lower()


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
        self.carried: dict[_Part, None] = {
            (slot, 0): None for slot, value in self.slots.items() if isinstance(value, Value)
        }
        self.names: dict[Slot, Name] = {
            slot: slot for slot in self.slots if isinstance(slot, tuple)
        }
        self.growth: dict[Slot, tuple[Dim, Dim]] = {}  # rows an iteration adds, rows given for all
        self.recalled: dict[Slot, Object] = {}  # lists that were given room by an earlier attempt
        self._take_in_state()
        self._recall()

    def _take_in_state(self) -> None:
        """Carry the state that the body changes and that is there before the loop."""
        for subgraph in (self.condition, self.body):
            begin_gradients(effects_of(subgraph), self.inputs, self.lists)
        for place, effect in effects_of(self.body).changed.items():
            handle = handle_of(place, self.inputs, self.lists)
            found = contents_of(handle, self.lowerer)
            if found is None:
                continue
            slot: Slot = handle.name if isinstance(handle, Handle) else handle
            self.slots[slot], self.names[slot] = found, place
            for number, part in enumerate(_PARTS[: len(parts_of(found))]):
                if part in effect:
                    self.carried[slot, number] = None

    def lower(self) -> list[Object]:
        """The loop, after as many attempts as it takes."""
        for _ in range(_MOST_ATTEMPTS):
            messages = len(self.b.messages)
            attempt = self._attempt()
            if not self._learn(attempt):
                self._remember(attempt)
                return self._emit(attempt)
            del self.b.messages[messages:]
        raise NotCompilable("what the loop changes does not settle")

    # What was learned when the loop was lowered before

    def _recall(self) -> None:
        learned = self.lowerer.learned.get(self.body, Learned())
        slots = {name: slot for slot, name in self.names.items()}
        for name, number in learned.parts:
            if name in slots:
                self.carried[slots[name], number] = None
        for name, (growth, rows) in learned.growth.items():
            slot = slots.get(name)
            if slot is not None and isinstance(self.slots[slot], CompiledList):
                self.recalled[slot] = self.slots[slot]
                self._grow(slot, growth, rows)

    def _remember(self, attempt: Attempt) -> None:
        self.lowerer.learned[self.body] = Learned(
            {(self.names[slot], number): None for slot, number in attempt.carried},
            {self.names[slot]: growth for slot, growth in self.growth.items()},
        )

    def _mistaken(self, attempt: Attempt) -> bool:
        """Give up room that was recalled where this attempt tells of other needs."""
        wrong = []
        for slot in self.recalled:
            growth, rows = self.growth[slot]
            if most_iterations(self.lowerer, attempt) * growth != rows:
                wrong.append(slot)
        for slot in wrong:
            self._forget(slot)
        return bool(wrong)

    def _forget(self, slot: Slot) -> None:
        self.slots[slot] = self.recalled.pop(slot)
        del self.growth[slot]

    # One attempt

    def _attempt(self) -> Attempt:
        state, place = self.lowerer.state, self.b.location
        before = state.slots()
        parts = {part: self._part(*part) for part in self.carried}
        carried = tuple(part for part, value in parts.items() if value is not None)
        initial = tuple(value for value in parts.values() if value is not None)
        types = [self.b.type_of(value) for value in initial]
        tests = tuple(Parameter(t, f"arg{i}") for i, t in enumerate(types))
        steps = tuple(Parameter(t, f"arg{i}") for i, t in enumerate(types))
        self.lowerer.depth += 1
        condition = self._lower_condition(carried, tests, before)
        self.b.location = place
        inside = self._inside(carried, steps)
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
            carried, (tests, steps), initial, condition, tuple(instructions), inside, after
        )

    def _part(self, slot: Slot, number: int) -> Value | None:
        """A tensor before the loop; None for the elements of a list whose shape nothing tells."""
        return parts_of(self.slots[slot])[number]

    def _inside(
        self, carried: Sequence[_Part], parameters: Sequence[Parameter]
    ) -> dict[Slot, Object]:
        """What the slots hold in a region with these parameters."""
        parts = {slot: list(parts_of(value)) for slot, value in self.slots.items()}
        for (slot, number), parameter in zip(carried, parameters, strict=True):
            parts[slot][number] = parameter
        found = {slot: with_parts(self.slots[slot], parts[slot]) for slot in self.slots}
        for slot, value in found.items():
            if isinstance(value, CompiledList):
                found[slot] = replace(value, room=self.growth.get(slot, (0, 0))[0])
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
        self,
        carried: Sequence[_Part],
        parameters: tuple[Parameter, ...],
        before: Mapping[Slot, Object],
    ) -> Computation:
        inside = self._inside(carried, parameters)
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
            if slot in self.slots:
                learned |= self._compare(slot, attempt)
            else:
                self._require_inner(slot, attempt)
        return learned or self._mistaken(attempt)

    def _require_inner(self, slot: Slot, attempt: Attempt) -> None:
        """Raise NotCompilable for state that the loop changes, unless it is the body's own."""
        outside = self.lowerer.state.slots()
        if slot in outside and outside[slot] is not attempt.after[slot]:
            raise NotCompilable(f"a node in the loop changes '{slot}' without saying so")
        if slot not in outside and isinstance(slot, str):
            raise NotCompilable(f"the loop gives '{slot}' its first value")

    def _compare(self, slot: Slot, attempt: Attempt) -> bool:
        """Take in what an iteration does to a value or to state; False if it was known."""
        old, new = attempt.inside[slot], attempt.after[slot]
        before, after = parts_of(old), parts_of(new)
        if len(before) != len(after) or not before:
            raise NotCompilable("a resource changes from one iteration to the next")
        learned = False
        if isinstance(old, CompiledList) and isinstance(new, CompiledList):
            learned = self._compare_lists(slot, old, new, attempt)
        for number, (was, is_) in enumerate(zip(before, after, strict=True)):
            if was is not is_ and (slot, number) not in attempt.carried:
                self.carried[slot, number] = None
                learned = True
            elif was is not is_ and not learned:
                self._require_type(was, is_)
        return learned

    def _compare_lists(
        self, slot: Slot, old: CompiledList, new: CompiledList, attempt: Attempt
    ) -> bool:
        learned = False
        if old.elements is None and new.elements is not None:
            shape = self.b.shape(new.elements)[1:]
            self.slots[slot] = self.slots[slot].shaped(self.lists, shape)
            learned = True
        joined = old.pushed.joined(new.pushed)
        if joined != old.pushed:
            self.slots[slot] = replace(self.slots[slot], pushed=joined)
            learned = True
        if new.capacity != old.capacity:
            self._give_room(slot, new.capacity - old.capacity, attempt)
            learned = True
        return learned

    def _give_room(self, slot: Slot, growth: Dim, attempt: Attempt) -> None:
        """A list gets longer in each iteration: let it have all the rows that it will need."""
        if slot in self.recalled:
            self._forget(slot)
        elif slot in self.growth:
            raise NotCompilable("a list grows by more from one iteration to the next")
        else:
            self._grow(slot, growth, most_iterations(self.lowerer, attempt) * growth)

    def _grow(self, slot: Slot, growth: Dim, rows: Dim) -> None:
        self.growth[slot] = growth, rows
        self.slots[slot] = self.slots[slot].grown(self.lists, rows)
        self.carried.update({(slot, 0): None, (slot, 1): None})

    def _require_type(self, was: Value | None, is_: Value | None) -> None:
        assert was is not None and is_ is not None
        old, new = self.b.type_of(was), self.b.type_of(is_)
        if old.dtype is not new.dtype or not self.b.assumptions.equal_shapes(old.shape, new.shape):
            raise NotCompilable(f"a value is {old} before an iteration, {new} after it")

    # The instruction

    def _emit(self, attempt: Attempt) -> list[Object]:
        if not attempt.carried:
            raise NotCompilable("the loop carries nothing")
        parts = {
            slot: parts_of(attempt.after.get(slot, attempt.inside[slot])) for slot in self.slots
        }
        results: list[Any] = [parts[slot][number] for slot, number in attempt.carried]
        body = Computation(attempt.parameters[1], attempt.body, tuple(results))
        values = self.b.emit_all("while", attempt.initial, regions=[attempt.condition, body])
        final = {slot: list(parts_of(value)) for slot, value in self.slots.items()}
        for (slot, number), value in zip(attempt.carried, values, strict=True):
            final[slot][number] = value
        for slot, found in final.items():
            ended = with_parts(self.slots[slot], found)
            if isinstance(ended, CompiledList):
                ended = replace(ended, room=0)
            self.slots[slot] = ended
            if not isinstance(slot, tuple):
                self.lowerer.state.update(slot, ended)
        return [self.slots.get(("carried", i), self.inputs[i]) for i in range(self.count)]
