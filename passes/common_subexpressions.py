"""Common subexpression elimination by value numbering."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from flowc.ir.tensor.core import Computation, Instruction, Module, Value
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.rewrite import Rebuilder
from flowc.passes.dead_code import has_effect
from flowc.passes.rebuilding import with_body

Names: TypeAlias = Mapping[Value, Hashable]

_CAPTURING = frozenset({"while", "case"})
_GENERATORS = frozenset({"constant", "iota", "size"})  # cheaper made twice than carried into a loop
COMMUTATIVE = frozenset({"add", "multiply", "and", "or", "xor"})  # max is not: -0.0 and 0.0
_SAMPLE = 64  # elements of a constant that its hash looks at


@dataclass(frozen=True)
class EliminateCommonSubexpressions:
    """Compute equal values once.

    Two instructions are equal when primitive, operands, attributes and regions are; constants are
    compared by their bits, regions by their structure, operands that commute in either order.
    Instructions with effects are kept apart.

    Requires: nothing. Ensures: no two instructions of a computation are equal. A region of `while`
    or `case` does not repeat what encloses it, generators (constants, iota) excepted.
    """

    name: str = "eliminate_common_subexpressions"

    def run(self, module: Module) -> Module:
        """The module with equal instructions merged."""
        main = _Merger().computation(module.main)
        return module if main is module.main else replace(module, main=main)


class _Merger(Rebuilder):
    """Keeps the first of equal instructions; the others' results become its results.

    A generator inside a loop stays there, but it has the name of its equal outside, so that what is
    made from the two is seen to be equal.
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: ChainMap[Hashable, Instruction] = ChainMap()
        self._names: dict[Value, Hashable] = {}

    def computation(self, old: Computation) -> Computation:
        self._found = self._found.new_child()
        kept = []
        for instruction in old.instructions:
            new = self.instruction(instruction)
            first = self._found.setdefault(self._key(new), new)
            if first is new:
                kept.append(new)
            else:
                self.values.update(zip(instruction.results, first.results, strict=True))
        self._found = self._found.parents
        return with_body(old, kept, tuple(map(self.value, old.results)))

    def instruction(self, old: Instruction) -> Instruction:
        if not old.regions:
            return super().instruction(old)
        outer = self._found
        self._found = outer if old.primitive in _CAPTURING else ChainMap()
        new = super().instruction(old)
        self._found = outer
        return new

    def _key(self, instruction: Instruction) -> Hashable:
        if has_effect(instruction):
            return instruction
        key = instruction_key(instruction, self._names)
        if not self._is_generator(instruction):
            return key
        self._names[instruction.result] = key
        return len(self._found.maps), key

    def _is_generator(self, instruction: Instruction) -> bool:
        if instruction.primitive == "broadcast_in_dim":
            return instruction.operands[0] in self._names
        return instruction.primitive in _GENERATORS


def instruction_key(instruction: Instruction, names: Names, count: int = 0) -> Hashable:
    """What makes instructions equal.

    `names` are those of generators, and inside a region of the `count` values defined before.
    """
    operands: Collection[Hashable] = [names.get(v, v) for v in instruction.operands]
    commutes = instruction.primitive in COMMUTATIVE
    return (
        instruction.primitive,
        frozenset(operands) if commutes else tuple(operands),
        attributes_key(instruction.attributes),
        tuple([computation_key(region, names, count) for region in instruction.regions]),
    )


def computation_key(computation: Computation, outer: Names, count: int = 0) -> Hashable:
    """What makes regions equal: values inside are numbered in order of definition."""
    inside: dict[Value, Hashable] = {}
    names = ChainMap(inside, outer)  # type: ignore[arg-type]  # only the first map is written to
    body = []
    inside.update((p, count + k) for k, p in enumerate(computation.parameters))
    for instruction in computation.instructions:
        body.append(instruction_key(instruction, names, count + len(inside)))
        for value in instruction.results:
            inside[value] = count + len(inside)
    return (
        tuple([p.type for p in computation.parameters]),
        tuple(body),
        tuple([names.get(v, v) for v in computation.results]),
    )


def attributes_key(attributes: Mapping[str, Any]) -> Hashable:
    """A hashable form of attributes, whose order does not matter."""
    return frozenset((name, _attribute_key(value)) for name, value in attributes.items())


def _attribute_key(value: Any) -> Hashable:
    match value:
        case np.ndarray():
            return _ArrayKey(value)
        case bool() | float():
            return type(value), repr(value)  # True is not 1, and -0.0 is not 0.0
        case _:
            return value  # type: ignore[no-any-return]


class _ArrayKey:
    """An array that equals arrays of the same type and bits; only some are hashed."""

    __slots__ = ("_hash", "array")

    def __init__(self, array: Array) -> None:
        self.array = array
        flat = array.reshape(-1) if array.flags.c_contiguous else array[:1].ravel()
        sample = flat[:: max(1, flat.size // _SAMPLE)] if array.flags.c_contiguous else flat[:0]
        self._hash = hash((array.dtype, array.shape, sample.tobytes()))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _ArrayKey) or self._hash != other._hash:
            return False
        mine, theirs = self.array, other.array
        if mine.dtype != theirs.dtype or mine.shape != theirs.shape:
            return False
        return mine is theirs or mine.tobytes() == theirs.tobytes()
