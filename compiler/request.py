"""A request as data: the nodes to run, what is known of feeds and variables, and what is fetched.

No array has to exist for a request to be compiled. Where a value or a size may tell something, it
is given as an example: code is made for what holds of the example, and its interface says what it
took from there, so that whoever calls it can tell whether it serves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np

from flowc.codegen.backend import Array
from flowc.compiler.graph import Node
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.tensor.builder import SYMBOLIC_LIMIT

Sizes: TypeAlias = tuple[int | None, ...]  # None for a size that is not known
StaticType: TypeAlias = tuple[DType, Sizes | None]  # None for a rank that is not known

GUESS = 720  # an unknown size, or number, where nothing tells one; many numbers divide it


class Stored(Protocol):
    """What is known of a variable that has a value: an array, or just its type."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type in memory."""


Store: TypeAlias = Mapping[str, Stored]  # the variables that have a value


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """A variable that has a value, of this type."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def specs(variables: Store) -> dict[str, VariableSpec]:
    """What a request says of variables that are there."""
    return {name: VariableSpec(found.dtype, found.shape) for name, found in variables.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """A fed tensor.

    `shape` is what holds of every value. `sizes` are typical ones that agree with it, None where
    one is to be guessed. `contents` are typical elements of a small tensor, since numbers may
    decide about shapes; None where nothing is known of them. What is only data is not used as a
    shape, though it be a few integers.
    """

    name: str
    dtype: DType
    shape: Sizes
    sizes: Sizes
    contents: Array | None = None
    is_data: bool = False

    @property
    def example(self) -> Array:
        """An array such as may be fed, which takes no memory where it is large."""
        if self.contents is not None:
            return self.contents
        sizes = tuple(GUESS if size is None else size for size in self.sizes)
        return np.broadcast_to(np.array(self.guess, self.dtype.numpy), sizes)

    @property
    def guess(self) -> int:
        """An element of which nothing is known, as a size."""
        return min(GUESS, np.iinfo(self.dtype.numpy).max) if self.dtype.is_integer else 0

    @property
    def count(self) -> int:
        """How many elements it has at least."""
        return math.prod(1 if size is None else size for size in self.sizes)

    @property
    def may_tell(self) -> bool:
        """Whether its elements may be sizes, as those of a few integers may."""
        return self.dtype.is_integer and not self.is_data and self.count <= SYMBOLIC_LIMIT


def feed_like(name: str, array: Array, static: StaticType | None = None) -> Feed:
    """What an array tells of a feed, beside what is known of its type in all runs."""
    dtype, shape = static or (as_dtype(array.dtype), None)
    if shape is None or not agree(shape, array.shape):
        shape = (None,) * array.ndim
    return Feed(name, dtype, shape, array.shape, small(array))


def small(array: Array) -> Array | None:
    """A copy of an array whose contents may tell something; None for a large one."""
    return array.copy() if array.size <= SYMBOLIC_LIMIT else None


def agree(one: Sequence[object], other: Sequence[object]) -> bool:
    """Whether two shapes may be the same: sizes that both know, which are ints, are equal."""
    return len(one) == len(other) and all(
        a == b or not isinstance(a, int) or not isinstance(b, int)
        for a, b in zip(one, other, strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What to compile: pruned nodes in a running order, feeds, and the tensors to return.

    `variables` are those that have a value. `is_ahead` where no run is at hand that tells values:
    then unknown numbers are guessed, and the interface holds the guesses as guards.
    """

    name: str
    nodes: Sequence[Node]
    feeds: Sequence[Feed]
    fetches: Sequence[str]
    variables: Store = field(default_factory=dict)
    is_ahead: bool = False
    device: str = ""  # of the machine that it is compiled for; empty for the session's first
