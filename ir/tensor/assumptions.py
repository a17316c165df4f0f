"""What may be assumed of symbolic sizes while a graph is lowered.

Questions such as "are n and m equal?" come up when an op broadcasts or multiplies. Where the
expressions alone do not answer, a `Specialising` lowering looks at the sizes of the first run
(`hints`), assumes what holds there, and records the assumption as a guard of the executable; other
sizes that break a guard are compiled for anew. An `Optimistic` one, used for static shape
inference, assumes that the program is right and answers what TensorFlow's shape functions would.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from flowc.ir import dims
from flowc.ir.dims import Dim, Expr, Symbol
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor.core import Guard, Shape
from flowc.ir.tensor.equalities import Equalities
from flowc.ir.tensor.names import Names, name_of


class SizeDependsOnData(Exception):
    """A question on a size has no answer before the code runs, since the code counts it."""


class Assumptions(ABC):
    """Answers questions on sizes; after a positive answer, equal sizes become one expression."""

    knows_sizes = False  # whether every size has a value in the run that asks for the code

    def __init__(self, names: Names | None = None, equalities: Equalities | None = None) -> None:
        self.names = names
        self._equalities = equalities or Equalities()
        self._sizes: dict[Dim, Dim] = {}
        self._fresh = 0

    @property
    def any_equal(self) -> bool:
        """Whether sizes have been found equal that were written otherwise."""
        return bool(self._equalities)

    def canonical(self, dim: Dim) -> Dim:
        """`dim` with every size that was found equal to another replaced by that other."""
        return dims.brief(self._equalities.canonical(dim))

    def canonical_shape(self, shape: Shape) -> Shape:
        """`canonical` of every dimension."""
        return tuple(map(self.canonical, shape))

    def size(self, dim: Dim) -> Dim:
        """A tensor's size in names: `canonical`, and what is no product of symbols is one."""
        if isinstance(dim, int):
            return dim
        found = self._sizes.get(dim)
        if found is None:
            found = self.canonical(dim)
            if self.names is not None:
                found = self.names.named(found, self._name)
            self._sizes[dim] = found
        return found

    def sizes(self, shape: Iterable[Dim]) -> Shape:
        """`size` of every dimension."""
        return tuple(map(self.size, shape))

    def _name(self, dim: Expr) -> Symbol | None:
        """A symbol that stands for `dim`; None where it may not, since no symbol is negative."""
        return None

    def _learn(self, left: Dim, right: Dim) -> None:
        """From now on the two are equal."""
        self._equalities.add(left, right)
        self._sizes.clear()

    def equal(self, left: Dim, right: Dim) -> bool:
        """True when the two sizes are, or are now assumed to be, equal."""
        one, other = self.canonical(left), self.canonical(right)
        if one == other:
            return True
        if isinstance(one, int) and isinstance(other, int):
            return False
        if isinstance(difference := dims.expand(one - other), int):
            return difference == 0
        if not self._assume_equal(one, other):
            return False
        self._learn(left, right)
        return True

    def equal_shapes(self, left: Shape, right: Shape) -> bool:
        """True when ranks agree and every pair of dimensions is `equal`."""
        return len(left) == len(right) and all(map(self.equal, left, right))

    def fresh(self, hint: int | None = None) -> Expr:
        """A new symbol for an unknown size."""
        self._fresh += 1
        return dims.symbol(f"u{self._fresh}")

    def counted(self, limit: Dim) -> Expr:
        """A symbol for a size, at most `limit`, that the code will count."""
        return self.fresh()

    def is_counted(self, *sizes: Dim) -> bool:
        """Whether the code counts one of these sizes."""
        return False

    @abstractmethod
    def _assume_equal(self, left: Dim, right: Dim) -> bool:
        """Decide an undecidable equality."""

    @abstractmethod
    def broadcast(self, left: Dim, right: Dim) -> Dim:
        """The size of two dimensions broadcast together. Raises InvalidArgumentError."""

    @abstractmethod
    def at_least(self, left: Dim, right: Dim) -> bool:
        """True when `left >= right` holds, or may be assumed to."""


def _incompatible(left: Dim, right: Dim) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, f"Incompatible shapes: {left} and {right}")


class Specialising(Assumptions):
    """Decides by the sizes of the run that asks for the code, and records guards."""

    knows_sizes = True

    def __init__(self, hints: Mapping[str, int], names: Names | None = None) -> None:
        super().__init__(names)
        self.hints = dict(hints)
        self.guards: list[Guard] = []
        self.limits: dict[Symbol, Dim] = {}  # of sizes that the code counts

    def counted(self, limit: Dim) -> Expr:
        limit = dims.upper(self.size(limit), self.limits)
        name = f"count{len(self.limits)}_{name_of(limit)}"  # equal names have equal limits
        symbol = Symbol(name, limit + 1)
        self.limits[symbol] = limit
        self.hints[symbol.name] = self.hint(limit)
        return dims.as_dim(symbol)

    def is_counted(self, *sizes: Dim) -> bool:
        return any(not dims.symbols(size).isdisjoint(self.limits) for size in sizes)

    def _expect_known(self, *sizes: Dim) -> None:
        """Raise SizeDependsOnData where a decision would be on what the code counts."""
        if self.limits and self.is_counted(*sizes):
            raise SizeDependsOnData

    def _name(self, dim: Expr) -> Symbol | None:
        """Where it is not negative in the first run, which is guarded unless it is so always."""
        if self.is_counted(dim):
            return None  # the code computes no other sizes of what it counts
        try:
            number = self.hint(dim)
        except (KeyError, ZeroDivisionError):
            return None
        if self.names is None or number < 0 or not self.at_least(dim, 0):
            return None
        symbol = self.names.define(dim)
        self.hints[symbol.name] = number
        return symbol

    def hint(self, dim: Dim) -> int:
        """The number that `dim` is in the first run."""
        return dims.evaluate(dim, self.hints)

    def _assume_equal(self, left: Dim, right: Dim) -> bool:
        self._expect_known(left, right)
        holds = self.hint(left) == self.hint(right)
        self.guards.append(Guard(left, right, equal=holds))
        return holds

    def broadcast(self, left: Dim, right: Dim) -> Dim:
        left, right = self.size(left), self.size(right)
        if left == 1 or left == right:
            return right
        if right == 1:
            return left
        self._expect_known(left, right)
        a, b = self.hint(left), self.hint(right)
        if a == b:
            self.equal(left, right)
            return self.size(left)
        if 1 not in (a, b):
            self.guards.append(Guard(left, right, equal=False))
            raise _incompatible(a, b)
        small, large = (left, right) if a == 1 else (right, left)
        self.equal(small, 1)
        return large

    def at_least(self, left: Dim, right: Dim) -> bool:
        left, right = self.canonical(left), self.canonical(right)
        if isinstance(left, int) and isinstance(right, int):
            return left >= right
        difference = left - right
        if self._equalities.is_nonnegative(difference):
            return True
        self._expect_known(left, right)
        holds = self.hint(left) >= self.hint(right)
        self.guards.append(Guard(dims.maximum(left, right), left, equal=holds))
        if holds:
            self._equalities.add_nonnegative(difference)
            self._sizes.clear()
        return holds

    def fresh(self, hint: int | None = None) -> Expr:
        new = super().fresh(hint)
        if hint is not None:
            self.hints[str(new)] = hint
        return new


class Optimistic(Assumptions):
    """Assumes that the program is right: for static shapes at graph construction."""

    def _assume_equal(self, left: Dim, right: Dim) -> bool:
        return True

    def broadcast(self, left: Dim, right: Dim) -> Dim:
        left, right = self.size(left), self.size(right)
        if left == 1 or left == right:
            return right
        if right == 1:
            return left
        if isinstance(left, int):
            if isinstance(right, int):
                raise _incompatible(left, right)
            return left
        return right if isinstance(right, int) else self.fresh()

    def at_least(self, left: Dim, right: Dim) -> bool:
        return dims.is_nonnegative(left - right) or not isinstance(left - right, int)
