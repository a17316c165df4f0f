"""Rebuilding computations: what passes are made of.

IR is immutable, so a pass builds new instructions for those that change and keeps the others. A
`Rebuilder` maps old values to new ones and clones an instruction only where an operand, a type or
something in a region did change; so what a pass leaves alone stays the same object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from flowc.ir.dims import Dim, Expr
from flowc.ir.tensor.attributes import map_attribute_dims, map_dims
from flowc.ir.tensor.core import Computation, Instruction, Parameter, Result, TensorType, Value

DimFunction: TypeAlias = Callable[[Expr], Dim]


@dataclass
class Rebuilder:
    """Old values to new values, and optionally old dimensions to new ones.

    `sizes` is for dimensions that are sizes of tensors, `dims` for all others.
    """

    values: dict[Value, Value] = field(default_factory=dict)
    dims: DimFunction | None = None
    sizes: DimFunction | None = None

    def value(self, old: Value) -> Value:
        """What stands for `old` now."""
        return self.values.get(old, old)

    def replace(self, old: Value, new: Value) -> None:
        """From now on `new` stands for `old`."""
        self.values[old] = new

    def type(self, old: TensorType) -> TensorType:
        """The type with its dimensions replaced."""
        if self.sizes is None:
            return old
        shape = map_dims(old.shape, self.sizes)
        return old if shape is old.shape else TensorType(old.dtype, shape)

    def parameter(self, old: Parameter) -> Parameter:
        """A parameter of the new type, which stands for `old`."""
        type_ = self.type(old.type)
        if type_ is old.type:
            return old
        new = Parameter(type_, old.name)
        self.values[old] = new
        return new

    def instruction(self, old: Instruction) -> Instruction:
        """`old` on the new values; its results stand for the old ones."""
        if not old.regions and self.dims is None and self.values.keys().isdisjoint(old.operands):
            return old
        get = self.values.get
        operands = tuple([get(o, o) for o in old.operands])
        if not old.regions and self.sizes is None:
            return self._stand_for(old, old.reading(operands))
        types = tuple(map(self.type, old.types))
        regions = tuple(map(self.computation, old.regions))
        attributes = old.attributes
        if self.dims is not None and self.sizes is not None:
            attributes = map_attribute_dims(attributes, self.dims, self.sizes)
        same = (
            attributes is old.attributes
            and _identical(operands, old.operands)
            and _identical(types, old.types)
            and _identical(regions, old.regions)
        )
        if same:
            return old
        new = Instruction(old.primitive, operands, attributes, types, regions, old.location)
        return self._stand_for(old, new)

    def _stand_for(self, old: Instruction, new: Instruction) -> Instruction:
        for before, result in zip(old.results, new.results, strict=True):
            self.values[before] = result
        return new

    def computation(self, old: Computation) -> Computation:
        """`old` rebuilt; the same object if nothing in it changed."""
        parameters = tuple(map(self.parameter, old.parameters))
        instructions = tuple(map(self.instruction, old.instructions))
        results = tuple(map(self.value, old.results))
        same = (
            _identical(parameters, old.parameters)
            and _identical(instructions, old.instructions)
            and _identical(results, old.results)
        )
        return old if same else Computation(parameters, instructions, results)


def _identical(new: Sequence[object], old: Sequence[object]) -> bool:
    return all(a is b for a, b in zip(new, old, strict=True))


def substitute_dims(
    computation: Computation, function: DimFunction, sizes: DimFunction | None = None
) -> Computation:
    """The computation with `function` of every symbolic dimension, in types and attributes.

    Sizes of tensors have a function of their own where there is one.
    """
    return Rebuilder(dims=function, sizes=sizes or function).computation(computation)


def all_instructions(computation: Computation) -> Iterator[Instruction]:
    """The instructions of the computation, each followed by those of its regions."""
    for instruction in computation.instructions:
        yield instruction
        for region in instruction.regions:
            yield from all_instructions(region)


def captures(computation: Computation) -> list[Value]:
    """The values of enclosing computations that this one uses, in order of first use."""
    inside: set[Value] = set()
    found: dict[Value, None] = {}
    for value in _uses(computation, inside):
        if value not in inside:
            found[value] = None
    return list(found)


def _uses(computation: Computation, inside: set[Value]) -> Iterator[Value]:
    """Every use in the computation and its regions; definitions are added to `inside` in step."""
    inside.update(computation.parameters)
    for instruction in computation.instructions:
        yield from instruction.operands
        for region in instruction.regions:
            yield from _uses(region, inside)
        inside.update(instruction.results)
    yield from computation.results


def operands_and_captures(instruction: Instruction) -> list[Value]:
    """All values that an instruction reads: its operands, then what its regions capture."""
    return [*instruction.operands, *(v for r in instruction.regions for v in captures(r))]


def users(computation: Computation) -> dict[Value, list[Instruction]]:
    """The instructions that read each value, in order; one that captures it in a region counts.

    A value that only the computation returns has an empty list or is absent.
    """
    found: dict[Value, list[Instruction]] = {}
    for instruction in computation.instructions:
        for value in dict.fromkeys(operands_and_captures(instruction)):
            found.setdefault(value, []).append(instruction)
    return found


def use_counts(computation: Computation) -> Counter[Value]:
    """How often each value is read: by operands, captures and the computation's results."""
    reads = list(computation.results)
    for instruction in computation.instructions:
        reads += instruction.operands
        for region in instruction.regions:
            reads += captures(region)
    return Counter(reads)


def post_order(results: Iterable[Value], stop: Iterable[Value] = ()) -> list[Instruction]:
    """The instructions that `results` depend on, each after its operands and captures.

    The search goes no further up at the values in `stop`. What encloses a region does not appear.
    """
    done: set[object] = set(stop)
    order: list[Instruction] = []
    stack: list[tuple[Value | Instruction, bool]] = [(v, False) for v in reversed([*results])]
    while stack:
        item, expanded = stack.pop()
        if isinstance(item, Instruction):
            if expanded:
                order.append(item)
            continue
        if item in done or not isinstance(item, Result) or item.instruction in done:
            continue
        done.add(item.instruction)
        stack.append((item.instruction, True))
        stack.extend((v, False) for v in reversed(operands_and_captures(item.instruction)))
    return order


def with_instructions(computation: Computation, instructions: Iterable[Instruction]) -> Computation:
    """The computation with other instructions between its parameters and its results."""
    return Computation(computation.parameters, tuple(instructions), computation.results)


def clone(
    computation: Computation, arguments: Mapping[Value, Value]
) -> tuple[list[Instruction], list[Value]]:
    """The body on other arguments: fresh instructions and the values that are its results.

    This is how a region is inlined; every instruction is new, so it can be inlined many times.
    """
    rebuilder = _Cloner(dict(arguments))
    instructions = [rebuilder.instruction(i) for i in computation.instructions]
    return instructions, [rebuilder.value(v) for v in computation.results]


class _Cloner(Rebuilder):
    """Makes new instructions even where nothing changes."""

    def instruction(self, old: Instruction) -> Instruction:
        new = Instruction(
            old.primitive,
            tuple(map(self.value, old.operands)),
            old.attributes,
            old.types,
            tuple(map(self.computation, old.regions)),
            old.location,
        )
        self.values.update(zip(old.results, new.results, strict=True))
        return new

    def parameter(self, old: Parameter) -> Parameter:
        new = Parameter(old.type, old.name)
        self.values[old] = new
        return new
