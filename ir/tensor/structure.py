"""What makes instructions and computations equal: keys of their structure.

Values are numbered in the order of their definition, so names and identities do not matter;
constants are compared by their bits.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Hashable, Mapping
from typing import Any, TypeAlias

import numpy as np

from flowc.ir.tensor.core import Computation, Instruction, Value
from flowc.ir.tensor.primitive import Array

Names: TypeAlias = Mapping[Value, Hashable]

COMMUTATIVE = frozenset({"add", "multiply", "and", "or", "xor"})  # max is not: -0.0 and 0.0
_SAMPLE = 64  # elements of a constant that its hash looks at


def instruction_key(instruction: Instruction, names: Names, count: int = 0) -> Hashable:
    """What makes instructions equal.

    `names` are those of generators, and inside a region of the `count` values defined before.
    """
    primitive, regions, attributes = (
        instruction.primitive,
        instruction.regions,
        instruction.attributes,
    )
    operands: Collection[Hashable] = [names.get(v, v) for v in instruction.operands]
    operands = frozenset(operands) if primitive in COMMUTATIVE else tuple(operands)
    if not regions and not attributes:
        return primitive, operands
    inner = tuple([computation_key(region, names, count) for region in regions])
    return primitive, operands, attributes_key(attributes), inner


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
    return frozenset([(name, _attribute_key(value)) for name, value in attributes.items()])


def _attribute_key(value: Any) -> Hashable:
    if isinstance(value, np.ndarray):
        return _ArrayKey(value)
    if isinstance(value, bool | float):
        return type(value), repr(value)  # True is not 1, and -0.0 is not 0.0
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
