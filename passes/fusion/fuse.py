"""The fusion pass: groups become `fusion` instructions, in the order in which they will run."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from flowc.ir.tensor.core import Computation, Instruction, Module, Parameter, Result, Value
from flowc.passes.fusion.grouping import (
    Group,
    Grouping,
    is_inlined,
    is_splat,
    wants_memory,
    without_reshapes,
)

UNFUSED = frozenset({"while", "case", "check", "measure"})  # steps of a program rather than kernels


@dataclass(frozen=True)
class Fuse:
    """Gather instructions into `fusion` instructions, one per kernel.

    Requires: no dead code. Ensures: the main computation (and the regions of `while` and `case`)
    holds only `fusion`, `check`, `measure`, `while`, `case`, constants, and reshapes of values in
    memory; what mentions a counted size comes after its `measure`. Unless it `joins`, a fusion has
    one instruction, and what is inlined in it.
    """

    name: str = "fuse"
    joins: bool = True

    def run(self, module: Module) -> Module:
        """The module with fused computations."""
        writers = {
            module.main.results[r]: module.main.parameters[a] for r, a in module.donated.items()
        }
        return replace(module, main=fuse_computation(module.main, writers, self.joins))


def fuse_computation(
    computation: Computation, writers: Mapping[Value, Value] | None = None, joins: bool = True
) -> Computation:
    """One computation fused; `writers` maps a result to the parameter whose memory it may take."""
    grouping = Grouping(joins)
    groups = grouping.run(computation)
    ordered = order_groups(groups, grouping, writers or {})
    return _Emission(computation, grouping, ordered).run()


def order_groups(
    groups: list[Group], grouping: Grouping, writers: Mapping[Value, Value]
) -> list[Group]:
    """Topological order near the program's own, readers of a variable before its writer."""
    after: dict[int, set[int]] = {g.number: set() for g in groups}
    waits: dict[int, int] = {}
    for group in groups:
        for other in _predecessors(group, grouping):
            after[other].add(group.number)
    for reader, writer in _reader_edges(groups, grouping, writers):
        after[reader.number].add(writer.number)
    for followers in after.values():
        for number in followers:
            waits[number] = waits.get(number, 0) + 1
    place = {g.number: i for i, g in enumerate(sorted(groups, key=grouping.last_position))}
    by_number = {g.number: g for g in groups}
    ready = [(place[n], n) for n in by_number if n not in waits]
    heapq.heapify(ready)
    ordered: list[Group] = []
    while ready:
        _, number = heapq.heappop(ready)
        ordered.append(by_number[number])
        for follower in after[number]:
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, (place[follower], follower))
    assert len(ordered) == len(groups), "fusion made a cycle"
    return ordered


def _predecessors(group: Group, grouping: Grouping) -> set[int]:
    found = set()
    for member in group.members:
        for value in grouping.reads(member):
            owner = grouping.owner(value)
            if owner is not None and owner is not group:
                found.add(owner.number)
    return found


def _reader_edges(
    groups: list[Group], grouping: Grouping, writers: Mapping[Value, Value]
) -> Iterator[tuple[Group, Group]]:
    """(earlier, writer) pairs: readers of the variable, and checks, but for those that need it.

    A check must fail before anything has changed.
    """
    readers: dict[Value, list[Group]] = {}
    wanted = set(writers.values())
    for group in groups:
        for member in group.members:
            for value in grouping.reads(member):
                if value in wanted:
                    readers.setdefault(value, []).append(group)
    dependencies = grouping.dependencies
    checks = [g for g in groups if any(m.primitive == "check" for m in g.members)]
    for result, parameter in writers.items():
        writer = grouping.owner(result)
        if writer is None:
            continue
        for reader in (*readers.get(parameter, []), *checks):
            if reader is not writer and not dependencies.depends(reader.node, writer.node):
                dependencies.add(reader.node, writer.node)
                yield reader, writer


class _Emission:
    """Writes the fused computation."""

    def __init__(self, computation: Computation, grouping: Grouping, ordered: list[Group]) -> None:
        self.computation = computation
        self.grouping = grouping
        self.ordered = ordered
        self.mapped: dict[Value, Value] = {p: p for p in computation.parameters}
        self.emitted: list[Instruction] = []
        self.outside = self._used_outside()

    def run(self) -> Computation:
        """The computation of fusions."""
        for instruction in self.computation.instructions:
            if instruction.primitive == "constant" and not is_splat(instruction):
                self._keep(instruction, instruction)
        for group in self.ordered:
            self._emit(group)
        results = tuple(self._memory_value(r) for r in self.computation.results)
        return Computation(self.computation.parameters, tuple(self.emitted), results)

    def _keep(self, old: Instruction, new: Instruction) -> None:
        self.emitted.append(new)
        self.mapped.update(zip(old.results, new.results, strict=True))

    def _memory_value(self, value: Value) -> Value:
        """The new value in memory for an old one; reshapes of such are made where asked for."""
        found = self.mapped.get(value)
        if found is None:
            if isinstance(value, Parameter) or value.instruction.primitive != "reshape":
                return value  # of an enclosing computation
            source = self._memory_value(value.instruction.operands[0])
            reshape = value.instruction.reading((source,))
            self._keep(value.instruction, reshape)
            found = reshape.result
        return found

    def _used_outside(self) -> set[Value]:
        """Values that are read by another group or returned."""
        used: set[Value] = {without_reshapes(r) for r in self.computation.results}
        for group in self.ordered:
            for member in group.members:
                for value in self.grouping.reads(member):
                    if self.grouping.owner(value) is not group:
                        used.add(value)
        return used

    def _emit(self, group: Group) -> None:
        (*_, first) = reversed(list(group.members))
        if group.kind == "opaque" and first.primitive in UNFUSED:
            self._emit_step(first)
            return
        results = [v for m in group.members for v in m.results if v in self.outside]
        region = _Region(group, self)
        values = tuple(region.value(v) for v in results)
        computation = Computation(tuple(region.parameters), tuple(region.instructions), values)
        attributes = {"kind": group.kind, "space": group.space, "kept": group.kept or ()}
        fusion = Instruction(
            "fusion",
            tuple(region.arguments),
            attributes,
            tuple(v.type for v in results),
            (computation,),
            first.location,
        )
        self.emitted.append(fusion)
        self.mapped.update(zip(results, fusion.results, strict=True))

    def _emit_step(self, instruction: Instruction) -> None:
        operands = tuple(self._memory_value(o) for o in instruction.operands)
        rebased = (_rebase(region, self._memory_value) for region in instruction.regions)
        joins = self.grouping.joins
        regions = tuple(fuse_computation(region, joins=joins) for region in rebased)
        self._keep(instruction, instruction.reading(operands, regions))

    def is_member(self, value: Value, group: Group) -> bool:
        """True when the group computes `value`."""
        return isinstance(value, Result) and value.instruction in group.members


def _rebase(region: Computation, outside: Callable[[Value], Value]) -> Computation:
    """A region with the values of the enclosing computations replaced by what they are now."""
    inner: dict[Value, Value] = {p: p for p in region.parameters}
    instructions: list[Instruction] = []
    own = {v for i in region.instructions for v in i.results}

    def new(value: Value) -> Value:
        if value in inner:
            return inner[value]
        return value if value in own else outside(value)

    for instruction in region.instructions:
        regions = tuple(_rebase(r, new) for r in instruction.regions)
        rebuilt = instruction.reading(tuple(map(new, instruction.operands)), regions)
        inner.update(zip(instruction.results, rebuilt.results, strict=True))
        instructions.append(rebuilt)
    return Computation(region.parameters, tuple(instructions), tuple(map(new, region.results)))


class _Region:
    """The computation inside one fusion: members, and the inlined instructions they read."""

    def __init__(self, group: Group, emission: _Emission) -> None:
        self.group = group
        self.emission = emission
        self.parameters: list[Parameter] = []
        self.arguments: list[Value] = []
        self.instructions: list[Instruction] = []
        self._inside: dict[Value, Value] = {}

    def value(self, value: Value) -> Value:
        """The value inside the region that stands for `value` outside."""
        found = self._inside.get(value)
        if found is None:
            member = self.emission.is_member(value, self.group)
            inlined = isinstance(value, Result) and is_inlined(value.instruction)
            if member or (inlined and value not in self.emission.mapped):
                assert isinstance(value, Result)
                self._copy(value.instruction)
                return self._inside[value]
            found = self._inside[value] = self._parameter(value)
        return found

    def _copy(self, instruction: Instruction) -> None:
        operands = tuple(
            self._forced(o) if wants_memory(instruction, i) else self.value(o)
            for i, o in enumerate(instruction.operands)
        )
        copied = instruction.reading(operands)
        self.instructions.append(copied)
        self._inside.update(zip(instruction.results, copied.results, strict=True))

    def _forced(self, value: Value) -> Value:
        """The value as a parameter, since it is read at places that depend on data."""
        parameter = self._parameter(value)
        self._inside.setdefault(value, parameter)
        return parameter

    def _parameter(self, value: Value) -> Parameter:
        argument = self.emission._memory_value(value)
        if argument in self.arguments:
            return self.parameters[self.arguments.index(argument)]
        parameter = Parameter(value.type, f"p{len(self.parameters)}")
        self.parameters.append(parameter)
        self.arguments.append(argument)
        return parameter
