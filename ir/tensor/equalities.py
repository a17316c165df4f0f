"""Sizes that were found equal: each has one form, so that equal sizes are equal expressions.

An equation is turned into a replacement: of a symbol where one can be solved for, else of an
operation (`max(n - 1, 0) == 6`), else of one side as a whole (`a*b == c*d`). A later equation may
change what an earlier one says (`5*n*max(m - 1, 0) == 60` gives n once the maximum is known), so
those that are not solved are worked out anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowc.ir import dims
from flowc.ir.dims import OPERATIONS, Atom, Dim, Expr, Operation, Symbol
from flowc.ir.tensor.core import Guard

_MOST_ROUNDS = 8  # of replacements that make room for further ones


class Equalities:
    """Equations between sizes, as replacements."""

    def __init__(self) -> None:
        self._symbols: dict[Symbol, Dim] = {}
        self._operations: dict[Operation, Dim] = {}
        self._wholes: dict[Dim, Dim] = {}
        self._nonnegative: list[Dim] = []
        self._known: dict[Dim, Dim] = {}  # canonical forms so far

    def __bool__(self) -> bool:
        return bool(self._symbols or self._operations or self._wholes or self._nonnegative)

    def canonical(self, dim: Dim) -> Dim:
        """The form that `dim` has in common with all that is equal to it."""
        if isinstance(dim, int) or not self:
            return dim
        found = self._known.get(dim)
        if found is None:
            found = self._known[dim] = self._canonical(dim)
        return found

    def _canonical(self, dim: Dim) -> Dim:
        for _ in range(_MOST_ROUNDS):
            new = self._replaced(dim)
            new = self._wholes.get(dims.expand(new), new) if self._wholes else new
            if new == dim:
                break
            dim = new
        return dim

    def _replaced(self, dim: Dim) -> Dim:
        if not isinstance(dim, Expr):
            return dim
        result: Dim = 0
        for monomial, coefficient in dim.terms.items():
            result = result + dims.product([coefficient, *map(self._replaced_atom, monomial)])
        return result

    def _replaced_atom(self, atom: Atom) -> Dim:
        new: Dim | None
        match atom:
            case Operation(operator=operator, left=left, right=right):
                expanded = _expanded(atom) if self._operations else None
                new = None if expanded is None else self._operations.get(expanded)
                if new is None:
                    left, right = self._replaced(left), self._replaced(right)
                    if operator == "max" and right == 0 and self.is_nonnegative(left):
                        return left
                    if operator == "max" and left == 0 and self.is_nonnegative(right):
                        return right
                    return OPERATIONS[operator](left, right)
                return new
            case _:
                assert isinstance(atom, Symbol)
                new = self._symbols.get(atom)
                if new is None and atom.definition is not None:
                    canonical = self.canonical(atom.definition)
                    return dims.as_dim(atom) if canonical == atom.definition else canonical
                return dims.as_dim(atom) if new is None else self._replaced(new)

    def is_nonnegative(self, dim: Dim) -> bool:
        """Whether `dim >= 0` follows from what is known."""
        if dims.is_nonnegative(dim) or dims.is_nonnegative(dims.expand(dim)):
            return True
        match dims.expand(dim):
            case Expr(terms=terms) if len(terms) == 1:
                (((atom, *others), factor),) = terms.items()
                if isinstance(atom, Operation) and not others and factor > 0:
                    return atom.operator == "floordiv" and self.is_nonnegative(atom.left)
        return any(dims.is_nonnegative(dims.expand(dim) - known) for known in self._nonnegative)

    def add_nonnegative(self, dim: Dim) -> None:
        """Take it that `dim >= 0`."""
        self._known.clear()
        self._nonnegative.append(dims.expand(dim))

    def are_equal(self, left: Sequence[Dim], right: Sequence[Dim]) -> bool:
        """Whether two shapes are equal by what is known."""
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(a == b or self._is_zero(a - b) for a, b in pairs)

    def _is_zero(self, difference: Dim) -> bool:
        return dims.expand(self.canonical(dims.expand(difference))) == 0

    def add(self, left: Dim, right: Dim) -> None:
        """Take it that `left == right`."""
        for _ in range(_MOST_ROUNDS):
            self._add(left, right)
            if dims.expand(self.canonical(left)) == dims.expand(self.canonical(right)):
                break  # else a replacement has changed what another one speaks of

    def _add(self, left: Dim, right: Dim) -> None:
        equations = [(left, right)]
        while equations:
            left, right = (dims.expand(self.canonical(side)) for side in equations.pop())
            if isinstance(left - right, int):  # also where it says nothing new
                continue
            self._known.clear()
            if (symbol := _solved_for_symbol(left, right)) is not None:
                self._symbols[symbol[0]] = symbol[1]
                equations += _taken(self._operations, self._wholes)
            elif (operation := _solved_for_operation(left - right)) is not None:
                self._operations[operation[0]] = operation[1]
                equations += _taken(self._wholes)
            else:
                new, old = sorted((left, right), key=_length)
                self._wholes[old] = new


def _length(side: Dim) -> tuple[int, str]:
    """What a side as a whole is replaced by: the shorter one, whichever way it is asked."""
    return (0, "") if isinstance(side, int) else (len(str(side)), str(side))


def guarded(guards: Iterable[Guard]) -> Equalities:
    """What guards say that hold: `left == right`, and `x >= y` by `max(x, y) == x`."""
    found = Equalities()
    for guard in guards:
        if guard.equal and isinstance(left := guard.left, Expr):
            match [*left.terms]:
                case [(Operation(operator="max", left=x, right=y),)] if guard.right in (x, y):
                    found.add_nonnegative(2 * guard.right - x - y)
                    continue
        if guard.equal:
            found.add(guard.left, guard.right)
    return found


def _expanded(atom: Operation) -> Operation | None:
    """The operation on what its derived symbols stand for, where it still is one."""
    if not any(symbol.definition is not None for symbol in atom.symbols):
        return atom
    match dims.expand(Expr({(atom,): 1})):
        case Expr(terms=terms) if len(terms) == 1:
            ((monomial, factor),) = terms.items()
            if factor == 1 and len(monomial) == 1 and isinstance(monomial[0], Operation):
                return monomial[0]
    return None


def _taken(*held: dict[Operation, Dim] | dict[Dim, Dim]) -> list[tuple[Dim, Dim]]:
    """The equations that were held, which a further one may change."""
    found: list[tuple[Dim, Dim]] = []
    for replacements in held:
        for old, new in replacements.items():
            found.append((Expr({(old,): 1}) if isinstance(old, Operation) else old, new))
        replacements.clear()
    return found


def _solved_for_symbol(left: Dim, right: Dim) -> tuple[Symbol, Dim] | None:
    """A symbol and what it equals: one that is a side, else one that is linear."""
    for old, new in ((right, left), (left, right)):
        symbol = dims.as_symbol(old)
        if symbol is not None and symbol not in dims.symbols(new):
            return symbol, new
    return dims.solve(left - right)


def _solved_for_operation(difference: Dim) -> tuple[Operation, Dim] | None:
    """An operation and what it equals where the difference is 0; None where none is linear."""
    assert isinstance(difference, Expr)
    for monomial, factor in difference.terms.items():
        if len(monomial) != 1 or not isinstance(monomial[0], Operation):
            continue
        atom, rest = monomial[0], difference - Expr({monomial: factor})
        if atom in str(rest):
            continue
        if factor in (1, -1):
            return atom, rest * -factor
        if isinstance(rest, int) and rest % factor == 0:
            return atom, -rest // factor
    return None
