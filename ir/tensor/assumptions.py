"""What may be assumed of symbolic sizes while a graph is lowered.

Questions such as "are n and m equal?" come up when an op broadcasts or multiplies. Where the
expressions alone do not answer, a `Specialising` lowering looks at the sizes of the first run
(`hints`), assumes what holds there, and records the assumption as a guard of the executable; other
sizes that break a guard are compiled for anew. An `Optimistic` one, used for static shape
inference, assumes that the program is right and answers what TensorFlow's shape functions would.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from flowc.ir import dims
from flowc.ir.dims import Dim, Expr
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor.core import Guard, Shape
from flowc.ir.tensor.equalities import Equalities


class Assumptions(ABC):
    """Answers questions on sizes; after a positive answer, equal sizes become one expression."""

    knows_sizes = False  # whether every size has a value in the run that asks for the code

    def __init__(self) -> None:
        self._equalities = Equalities()
        self._fresh = 0

    @property
    def any_equal(self) -> bool:
        """Whether sizes have been found equal that were written otherwise."""
        return bool(self._equalities)

    def canonical(self, dim: Dim) -> Dim:
        """`dim` with every size that was found equal to another replaced by that other."""
        return self._equalities.canonical(dim)

    def canonical_shape(self, shape: Shape) -> Shape:
        """`canonical` of every dimension."""
        return tuple(map(self.canonical, shape)) if self.any_equal else shape

    def equal(self, left: Dim, right: Dim) -> bool:
        """True when the two sizes are, or are now assumed to be, equal."""
        one, other = self.canonical(left), self.canonical(right)
        if one == other:
            return True
        if isinstance(one, int) and isinstance(other, int):
            return False
        if isinstance(difference := one - other, int):
            return difference == 0
        if not self._assume_equal(one, other):
            return False
        self._equalities.add(left, right)
        return True

    def equal_shapes(self, left: Shape, right: Shape) -> bool:
        """True when ranks agree and every pair of dimensions is `equal`."""
        return len(left) == len(right) and all(map(self.equal, left, right))

    def fresh(self, hint: int | None = None) -> Expr:
        """A new symbol for an unknown size."""
        self._fresh += 1
        return dims.symbol(f"u{self._fresh}")

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

    def __init__(self, hints: Mapping[str, int]) -> None:
        super().__init__()
        self.hints = dict(hints)
        self.guards: list[Guard] = []

    def hint(self, dim: Dim) -> int:
        """The number that `dim` is in the first run."""
        return dims.evaluate(dim, self.hints)

    def _assume_equal(self, left: Dim, right: Dim) -> bool:
        holds = self.hint(left) == self.hint(right)
        self.guards.append(Guard(left, right, equal=holds))
        return holds

    def broadcast(self, left: Dim, right: Dim) -> Dim:
        left, right = self.canonical(left), self.canonical(right)
        if left == 1 or left == right:
            return right
        if right == 1:
            return left
        a, b = self.hint(left), self.hint(right)
        if a == b:
            self.equal(left, right)
            return self.canonical(left)
        if 1 not in (a, b):
            raise _incompatible(a, b)
        small, large = (left, right) if a == 1 else (right, left)
        self.equal(small, 1)
        return large

    def at_least(self, left: Dim, right: Dim) -> bool:
        left, right = self.canonical(left), self.canonical(right)
        if isinstance(left, int) and isinstance(right, int):
            return left >= right
        if dims.is_nonnegative(left - right):
            return True
        holds = self.hint(left) >= self.hint(right)
        self.guards.append(Guard(dims.maximum(left, right), left, equal=holds))
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
        left, right = self.canonical(left), self.canonical(right)
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
