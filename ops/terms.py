"""Formulas over values: arithmetic operators that build instructions and spread scalars.

The update rules of the optimizers read as in their papers: `m = m + (g - m) * (1 - beta1)`. What is
computed of scalars alone stays a scalar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flowc.ir.dims import Expr
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value


@dataclass(frozen=True, eq=False, slots=True)
class Term:
    """A value in a formula."""

    b: Builder
    value: Value

    def _with(self, other: Term | float, function: Callable[[Value, Value], Value]) -> Term:
        theirs = other.value if isinstance(other, Term) else other
        return Term(self.b, function(*self.b.broadcast(self.value, theirs)))

    def __add__(self, other: Term | float) -> Term:
        return self._with(other, self.b.add)

    __radd__ = __add__

    def __sub__(self, other: Term | float) -> Term:
        return self._with(other, self.b.subtract)

    def __rsub__(self, other: float) -> Term:
        return self._with(other, lambda x, y: self.b.subtract(y, x))

    def __mul__(self, other: Term | float) -> Term:
        return self._with(other, self.b.multiply)

    __rmul__ = __mul__

    def __truediv__(self, other: Term | float) -> Term:
        return self._with(other, self.b.divide)

    def __rtruediv__(self, other: float) -> Term:
        return self._with(other, lambda x, y: self.b.divide(y, x))

    def __pow__(self, other: Term | float) -> Term:
        return self._with(other, self.b.power)

    def __neg__(self) -> Term:
        return Term(self.b, self.b.negate(self.value))

    def __gt__(self, other: Term | float) -> Term:
        return self._with(other, self.b.gt)

    def constant(self) -> float | None:
        """The number that a scalar is, where it is known."""
        contents = self.b.symbolic(self.value)
        if contents is None or contents.ndim or isinstance(contents.item(), Expr):
            return None
        return float(contents.item())


def squared(x: Term) -> Term:
    """x * x."""
    return x * x


def sqrt(x: Term) -> Term:
    """The square root."""
    return Term(x.b, x.b.sqrt(x.value))


def rsqrt(x: Term) -> Term:
    """1 / sqrt(x)."""
    return Term(x.b, x.b.rsqrt(x.value))


def exp(x: Term) -> Term:
    """e to the x."""
    return Term(x.b, x.b.exponential(x.value))


def log1p(x: Term) -> Term:
    """The logarithm of 1 + x."""
    return Term(x.b, x.b.log_plus_one(x.value))


def sign(x: Term) -> Term:
    """-1, 0 or 1."""
    return Term(x.b, x.b.sign(x.value))


def absolute(x: Term) -> Term:
    """|x|."""
    return Term(x.b, x.b.abs(x.value))


def maximum(x: Term, y: Term | float) -> Term:
    """The greater."""
    return x._with(y, x.b.maximum)


def where(condition: Term, yes: Term, no: Term | float) -> Term:
    """`yes` where the condition holds, else `no`."""
    b = condition.b
    other = no if isinstance(no, Term) else Term(b, b.scalar(no, yes.value.type.dtype))
    return Term(b, b.select(*b.broadcast(condition.value, yes.value, other.value)))
