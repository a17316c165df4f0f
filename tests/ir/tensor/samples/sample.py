"""The form of a sample, and the module that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Counted, Module, Parameter, Result, TensorType, Value

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Sample:
    """`build(b, *arguments)` must give `expected`, to `ulps` units in the last place."""

    primitive: str
    build: Callable[..., Value | Sequence[Value]]
    arguments: tuple[Array, ...]
    expected: tuple[Array, ...]
    ulps: int = 0

    def __str__(self) -> str:
        types = "_".join(f"{a.dtype}{list(a.shape)}".replace(" ", "") for a in self.arguments)
        return f"{self.primitive}-{types}"

    def module(self) -> Module:
        """The sample as a module of shapes that are known, or counted."""
        assumptions = Specialising({})
        b = Builder(assumptions)
        parameters = [
            Parameter(TensorType(dtypes.as_dtype(a.dtype), a.shape)) for a in self.arguments
        ]
        results = self.build(b, *parameters)
        values = [results] if isinstance(results, Parameter | Result) else list(results)
        symbols = {s: Counted(limit) for s, limit in assumptions.limits.items()}
        main = b.computation(parameters, values)
        return Module("sample", main, symbols, messages=tuple(b.messages))


def sample(
    primitive: str,
    build: Callable[..., Value | Sequence[Value]],
    arguments: Sequence[Any],
    *expected: Any,
    ulps: int = 0,
) -> Sample:
    """A sample whose expected results are arrays, or lists in the type of the first argument."""
    given = tuple(np.asarray(a) for a in arguments)
    answers = tuple(
        e if isinstance(e, np.ndarray) else np.asarray(e, given[0].dtype) for e in expected
    )
    return Sample(primitive, build, given, answers, ulps)


def f32(*values: float) -> Array:
    return np.array(values, np.float32)


def i32(*values: int) -> Array:
    return np.array(values, np.int32)


def bools(*values: bool) -> Array:
    return np.array(values, bool)


def grid(*shape: int, dtype: Any = np.float32) -> Array:
    """Distinct small numbers of both signs in a fixed disorder."""
    size = int(np.prod(shape))
    return ((np.arange(size) * 7 % 11) - 4).astype(dtype).reshape(shape)
