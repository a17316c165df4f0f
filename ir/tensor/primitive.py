"""What a primitive of tensor IR is, and the table of all of them (filled by `primitives/`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from flowc.ir.tensor.core import Computation, TensorType

Attributes: TypeAlias = Mapping[str, Any]
Array: TypeAlias = np.ndarray[Any, Any]
Region: TypeAlias = Callable[..., tuple[Array, ...]]  # a region as a function of arrays

Infer: TypeAlias = Callable[
    [Sequence[TensorType], Attributes, Sequence[Computation]], tuple[TensorType, ...]
]
Evaluate: TypeAlias = Callable[[Sequence[Array], Attributes, Sequence[Region]], tuple[Array, ...]]


@dataclass(frozen=True, slots=True)
class Primitive:
    """One operation of tensor IR.

    `infer(types, attributes, regions)` gives the result types or raises InvalidArgumentError;
    `evaluate(arrays, attributes, regions)` the results, for attributes free of symbols. `symbolic`
    says that `evaluate` also works on object arrays of dimensions (pure data movement, integer
    arithmetic): so shape computations are carried out at compile time. `dialect` is the prefix of
    the printed name: "stablehlo", "chlo" or "flowc".
    """

    name: str
    infer: Infer
    evaluate: Evaluate
    dialect: str = "stablehlo"
    symbolic: bool = False
    elementwise: bool = False  # each element of the result depends on that element of the operands
    effect: bool = False  # must be kept though its results are unused


PRIMITIVES: dict[str, Primitive] = {}


def define(primitive: Primitive) -> Primitive:
    """Enter a primitive into the table."""
    assert primitive.name not in PRIMITIVES, primitive.name
    PRIMITIVES[primitive.name] = primitive
    return primitive
