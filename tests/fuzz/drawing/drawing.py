"""A program under construction: statements are tried as they are drawn, so their values are known.

Each statement is run at once in the interpreter, for the sizes of every run, with its operands fed.
One that is refused for any of them is not kept. So nobody needs to say what shapes an op gives, and
later statements know what they choose among.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.fuzz.arrays import Array, as_array, is_float, widened
from tests.fuzz.sessions import evaluated, namespace

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("int32", "int64", "uint8", "int8", "int16")
COMPLEX = ("complex64", "complex128")
NUMBERS = (*FLOATS, *INTEGERS)

_MOST_ELEMENTS = 6000
_MOST_AXES = 6
_GREATEST = 1e5  # of a value in a tame program: what is larger is mostly about to overflow
_FAULTS = frozenset(("InternalError", "PassError", "AssertionError", "KeyError", "RecursionError"))


class Unfit(Exception):
    """There is no operand that a phrase could take, or it was refused."""


class Fault(Exception):
    """What was drawn fails in a way that no program may."""


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of the program: its name, and what it is in each run."""

    name: str
    arrays: tuple[Array, ...]
    sources: frozenset[str] = frozenset()  # placeholders and variables that it follows from
    is_fed: bool = True  # by trials of what reads it

    @property
    def dtype(self) -> str:
        """The dtype's name."""
        return str(self.arrays[0].dtype)

    @property
    def rank(self) -> int:
        """The number of axes, the same in all runs."""
        return self.arrays[0].ndim

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The sizes that are the same in all runs."""
        sizes = zip(*(a.shape for a in self.arrays), strict=True)
        return tuple(s[0] if len(set(s)) == 1 else None for s in sizes)

    def known(self, axis: int) -> int:
        """The size of an axis. Raises Unfit where runs differ in it."""
        size = self.shape[axis]
        if size is None:
            raise Unfit
        return size

    def is_alike(self, other: Value) -> bool:
        """Whether dtype and shapes are the other's, in every run."""
        pairs = zip(self.arrays, other.arrays, strict=True)
        return all(a.dtype == b.dtype and a.shape == b.shape for a, b in pairs)


@dataclass
class Drawing:
    """Statements so far, the values that they give, and what the placeholders are fed with."""

    seed: int
    tf: Any
    runs: int = 1
    wild: bool = False
    lines: list[str] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)  # texts, for each run
    variables: list[str] = field(default_factory=list)
    depth: int = 0  # of bodies around the place where statements go

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.names = namespace(self.tf)
        self.graph = self.tf.Graph()
        self.session = self.tf.Session(graph=self.graph)
        self._counter = 0

    # Choosing

    def chance(self, probability: float) -> bool:
        """True that often."""
        return self.random.random() < probability

    def choose(self, *options: Any) -> Any:
        """One of them."""
        return self.random.choice(options)

    def pick(self, accept: Callable[[Value], bool]) -> Value:
        """Some value; later ones are likelier. Raises Unfit."""
        found = [v for v in self.values if accept(v)]
        if not found:
            raise Unfit
        return found[int(len(found) * (1 - self.random.random() ** 2))]

    # Statements

    def fresh(self, prefix: str = "v") -> str:
        """A new name."""
        self._counter += 1
        return f"{prefix}{self._counter}"

    def number(self) -> int:
        """Of an array of data."""
        return self.random.randrange(1000)

    def execute(self, line: str) -> None:
        """Run a statement in the drawing's own graph. Raises Unfit where it is refused."""
        with self.graph.as_default():
            try:
                exec(line, self.names)
            except Exception as error:
                raise self._refusal(line, error) from error

    def _refusal(self, line: str, error: Exception) -> Exception:
        if type(error).__name__ in _FAULTS:
            return Fault(f"{line}\n{type(error).__name__}: {error}")
        return Unfit(f"{line}: {error}")

    def add(self, text: str, line: str | None = None, name: str | None = None) -> Value:
        """Keep the statement `name = text`, or the given one. Raises Unfit where it is refused."""
        name = name or self.fresh()
        line = line or f"{name} = {text}"
        self.execute(line)
        value = self.tried(name, line)
        self.lines.append(line)
        self.values.append(value)
        return value

    def tried(self, name: str, line: str) -> Value:
        """What a statement gives in all runs, with its operands fed."""
        operands = self.operands(line)
        fed = [o for o in operands if o.is_fed]
        sources = frozenset().union(*(o.sources for o in operands))
        if len(fed) < len(operands):
            arrays = [self.evaluate(name, self.feeds(run), line) for run in range(self.runs)]
        else:
            arrays = [
                self.evaluate(name, {o.name: o.arrays[run] for o in fed}, line)
                for run in range(self.runs)
            ]
        value = Value(name, tuple(arrays), sources)
        self.require_usable(value)
        return value

    def operands(self, text: str) -> list[Value]:
        """The values that a text mentions."""
        words = set(re.findall(r"\b[a-z]+\d+\b", text))
        return [v for v in self.values if v.name in words]

    def feeds(self, run: int) -> dict[str, Array]:
        """What the placeholders are fed with."""
        return {name: evaluated(texts[run]) for name, texts in self.inputs.items()}

    def evaluate(self, name: str, feeds: dict[str, Array], line: str) -> Array:
        """A tensor's value, for feeds by name."""
        fetch = self.names[name]
        try:
            value = self.session.run(fetch, {self.names[n]: a for n, a in feeds.items()})
            return as_array(value)
        except Exception as error:
            raise self._refusal(line, error) from error

    def require_usable(self, value: Value) -> None:
        """Raises Unfit where a value is too large, or of no use for what follows."""
        if len({a.ndim for a in value.arrays}) > 1 or value.rank > _MOST_AXES:
            raise Unfit
        for array in value.arrays:
            if array.size > _MOST_ELEMENTS or (not self.wild and not is_tame(array)):
                raise Unfit


def is_tame(array: Array) -> bool:
    """Whether numbers are finite and of moderate size."""
    return not is_float(array) or bool((np.abs(widened(array)) < _GREATEST).all())
