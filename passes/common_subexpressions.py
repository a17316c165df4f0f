"""Common subexpression elimination by value numbering."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Hashable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from flowc.ir.tensor.core import Computation, Instruction, Module, Value
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.rewrite import Rebuilder
from flowc.passes.dead_code import has_effect
from flowc.passes.rebuilding import with_body

Numbers: TypeAlias = MutableMapping[Value, int]

_CAPTURING = frozenset({"while", "case"})
_GENERATORS = frozenset({"constant", "iota", "size"})  # cheaper made twice than carried into a loop
_SAMPLE = 64  # elements of a constant that its hash looks at


@dataclass(frozen=True)
class EliminateCommonSubexpressions:
    """Compute equal values once.

    Two instructions are equal when primitive, operands, attributes and regions are; constants are
    compared by their bits, regions by their structure. Instructions with effects are kept apart.

    Requires: nothing. Ensures: no two instructions of a computation are equal. A region of `while`
    or `case` does not repeat what encloses it, generators (constants, iota) excepted.
    """

    name: str = "eliminate_common_subexpressions"

    def run(self, module: Module) -> Module:
        """The module with equal instructions merged."""
        main = _Merger().computation(module.main)
        return module if main is module.main else replace(module, main=main)


class _Merger(Rebuilder):
    """Keeps the first of equal instructions; the others' results become its results."""

    def __init__(self) -> None:
        super().__init__()
        self._found: ChainMap[Hashable, Instruction] = ChainMap()

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
        scope = len(self._found.maps) if instruction.primitive in _GENERATORS else 0
        return scope, instruction_key(instruction, {})


def instruction_key(instruction: Instruction, numbers: Numbers) -> Hashable:
    """What makes instructions equal. `numbers` names the values inside a region."""
    return (
        instruction.primitive,
        tuple(numbers.get(v, v) for v in instruction.operands),
        attributes_key(instruction.attributes),
        tuple(computation_key(region, numbers) for region in instruction.regions),
    )


def computation_key(computation: Computation, outer: Numbers) -> Hashable:
    """What makes regions equal: values inside are numbered in order of definition."""
    numbers: Numbers = dict(outer)
    _number(computation.parameters, numbers)
    body = []
    for instruction in computation.instructions:
        body.append(instruction_key(instruction, numbers))
        _number(instruction.results, numbers)
    return (
        tuple(p.type for p in computation.parameters),
        tuple(body),
        tuple(numbers.get(v, v) for v in computation.results),
    )


def _number(values: Iterable[Value], numbers: Numbers) -> None:
    for value in values:
        numbers[value] = len(numbers)


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
