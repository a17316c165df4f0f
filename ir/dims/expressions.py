"""What a dimension is: polynomials over atoms, and their addition and multiplication.

The operations that are not polynomial are entered in `OPERATIONS` by `identities`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias, Union

Dim: TypeAlias = Union[int, "Expr"]
Monomial: TypeAlias = tuple["Atom", ...]

OPERATIONS: dict[str, Callable[[Dim, Dim], Dim]] = {}  # floordiv, mod, min, max


class Atom(str):
    """An indivisible factor of a product: its printed form, which is what it compares by."""

    __slots__ = ()
    is_division = False

    def __repr__(self) -> str:
        return str(self)


class Symbol(Atom):
    """A named non-negative integer; `extent` is its exclusive upper bound where one is known.

    A derived symbol stands for its `definition`, an expression of other symbols.
    """

    __slots__ = ("definition", "extent")
    extent: Dim | None
    definition: Dim | None

    def __new__(cls, name: str, extent: Dim | None = None, definition: Dim | None = None) -> Symbol:
        self = super().__new__(cls, name)
        self.extent = extent
        self.definition = definition
        return self

    @property
    def name(self) -> str:
        """The symbol's name, also its printed form."""
        return str(self)

    def __reduce__(self) -> tuple[type[Symbol], tuple[str, Dim | None, Dim | None]]:
        return Symbol, (str(self), self.extent, self.definition)


class Operation(Atom):
    """A non-polynomial operation: `floordiv`, `mod`, `min` or `max` of two expressions."""

    __slots__ = ("_partner", "is_division", "left", "operator", "right", "symbols")
    _partner: Dim | None
    operator: str
    left: Dim
    right: Dim
    symbols: frozenset[Symbol]

    def __new__(cls, operator: str, left: Dim, right: Dim) -> Operation:
        self = super().__new__(cls, f"{operator}({left}, {right})")
        self.operator = operator
        self.left = left
        self.right = right
        self.symbols = symbols(left) | symbols(right)
        self.is_division = operator in ("floordiv", "mod")
        self._partner = None
        return self

    def __reduce__(self) -> tuple[type[Operation], tuple[str, Dim, Dim]]:
        return Operation, (self.operator, self.left, self.right)

    @property
    def partner(self) -> Dim:
        """The quotient of a remainder, the remainder of a quotient."""
        if self._partner is None:
            other = "floordiv" if self.operator == "mod" else "mod"
            self._partner = OPERATIONS[other](self.left, self.right)
        return self._partner


class Expr:
    """An integer polynomial over atoms; built with operators, `symbol`, `minimum`, `maximum`."""

    __slots__ = ("_hash", "_symbols", "expanded", "nonnegative", "terms")

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        ordered = sorted(terms.items()) if len(terms) > 1 else terms
        self.terms: dict[Monomial, int] = dict(ordered)
        self._hash: int | None = None  # known when first asked for, like what follows
        self._symbols: frozenset[Symbol] | None = None
        self.nonnegative: bool | None = None  # the answer of `bounds.is_nonnegative`
        self.expanded: Dim | None = None  # the answer of `definitions.expand`

    def __reduce__(self) -> tuple[type[Expr], tuple[dict[Monomial, int]]]:
        return Expr, (self.terms,)  # hashes of strings are a process's own

    def __add__(self, other: Dim) -> Dim:
        if other == 0:
            return self
        terms = dict(self.terms)
        for monomial, coefficient in terms_of(other):
            terms[monomial] = terms.get(monomial, 0) + coefficient
        return make(terms)

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return self * -1

    def __sub__(self, other: Dim) -> Dim:
        if other == 0:
            return self
        terms = dict(self.terms)
        for monomial, coefficient in terms_of(other):
            terms[monomial] = terms.get(monomial, 0) - coefficient
        return make(terms)

    def __rsub__(self, other: Dim) -> Dim:
        return self * -1 + other

    def __mul__(self, other: Dim) -> Dim:
        if not isinstance(other, Expr):
            return self._times(other)
        terms: dict[Monomial, int] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                monomial = tuple(sorted(left + right)) if left and right else left or right
                terms[monomial] = terms.get(monomial, 0) + a * b
        return make(terms)

    def _times(self, factor: int) -> Dim:
        if factor in (0, 1):
            return self if factor else 0
        return Expr({monomial: int(c * factor) for monomial, c in self.terms.items()})

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return OPERATIONS["floordiv"](self, other)

    def __rfloordiv__(self, other: int) -> Dim:
        return OPERATIONS["floordiv"](other, self)

    def __mod__(self, other: Dim) -> Dim:
        return OPERATIONS["mod"](self, other)

    def __rmod__(self, other: int) -> Dim:
        return OPERATIONS["mod"](other, self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expr):
            return False
        return self is other or self.terms == other.terms

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self.terms.items()))
        return self._hash

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The symbols of the expression, those inside of operations too."""
        if self._symbols is None:
            atoms = [atom for monomial in self.terms for atom in monomial]
            inner = [symbols_of(atom) for atom in atoms]
            self._symbols = inner[0] if len(inner) == 1 else frozenset().union(*inner)
        return self._symbols

    def __repr__(self) -> str:
        text = " + ".join(_print_term(m, c) for m, c in self.terms.items())
        return text.replace("+ -", "- ")


def symbol(name: str, extent: Dim | None = None) -> Expr:
    """The expression that is one symbol."""
    return as_dim(Symbol(name, extent))


def as_dim(symbol: Symbol) -> Expr:
    """The expression that is this symbol."""
    return Expr({(symbol,): 1})


def as_symbol(value: Dim) -> Symbol | None:
    """The symbol that `value` is, if it is nothing else."""
    if isinstance(value, Expr) and len(value.terms) == 1:
        ((monomial, coefficient),) = value.terms.items()
        if coefficient == 1 and len(monomial) == 1 and isinstance(monomial[0], Symbol):
            return monomial[0]
    return None


def symbols(value: Dim) -> frozenset[Symbol]:
    """The symbols that `value` mentions, inside operations too."""
    return value.symbols if isinstance(value, Expr) else frozenset()


def symbols_of(atom: Atom) -> frozenset[Symbol]:
    """The symbols that an atom mentions."""
    if isinstance(atom, Operation):
        return atom.symbols
    assert isinstance(atom, Symbol)
    return frozenset((atom,))


def product(dims: Sequence[Dim]) -> Dim:
    """The product; 1 for no dimensions."""
    result: Dim = 1
    for dim in dims:
        result = result * dim
    return result


def atomic(operator: str, left: Dim, right: Dim) -> Expr:
    """The operation as it is, not simplified."""
    return Expr({(Operation(operator, *in_order(operator, left, right)),): 1})


def in_order(operator: str, left: Dim, right: Dim) -> tuple[Dim, Dim]:
    """`min(x, y) -> min(y, x)`, `max(x, y) -> max(y, x)`: the operands sorted by their print."""
    swap = operator in ("min", "max") and str(right) < str(left)
    return (right, left) if swap else (left, right)


def terms_of(value: Dim) -> Iterable[tuple[Monomial, int]]:
    """The terms of the sum that a dimension is; none for 0."""
    if isinstance(value, Expr):
        return value.terms.items()
    return (((), int(value)),) if value else ()


def make(terms: Mapping[Monomial, int]) -> Dim:
    """The sum of the terms, an int where it can be, an index put together where it was apart."""
    kept = {m: c for m, c in terms.items() if c}
    if len(kept) < 2:
        return Expr(kept) if kept and () not in kept else kept.get((), 0)
    for monomial in kept:
        for atom in monomial:
            if atom.is_division:
                assert isinstance(atom, Operation)
                joined = _JOIN[atom.operator](kept, monomial, atom)
                if joined is not None:
                    return joined
    return Expr(kept)


def _join_remainder(terms: dict[Monomial, int], monomial: Monomial, atom: Operation) -> Dim | None:
    """`c*(x % y) + c*y*(x // y) -> c*x`: an index taken apart and put together again.

    And `c*(x % y) - c*x -> -c*y*(x // y)`: what a remainder leaves is a multiple.
    """
    rest = remove(monomial, (atom,))
    assert rest is not None
    factor = make({rest: terms[monomial]})
    others = {m: c for m, c in terms.items() if m != monomial}
    if any(a.is_division for m in others for a in m):
        left = _without(others, factor * atom.right * atom.partner)
        if left is not None:
            return left + factor * atom.left
    left = _without_varying(others, factor * atom.left)
    if left is None:
        return None
    return left - factor * atom.right * atom.partner


def _join_quotient(terms: dict[Monomial, int], monomial: Monomial, atom: Operation) -> Dim | None:
    """`c*y*(x // y) - c*x -> -c*(x % y)`: what is left of a number without its multiples."""
    divisor = [*terms_of(atom.right)]
    if len(divisor) != 1 or terms[monomial] % divisor[0][1]:
        return None
    rest = remove(monomial, (atom, *divisor[0][0]))
    if rest is None:
        return None
    factor = make({rest: terms[monomial] // divisor[0][1]})
    others = {m: c for m, c in terms.items() if m != monomial}
    left = _without_varying(others, factor * atom.left)
    return None if left is None else left - factor * atom.partner


_JOIN = {"mod": _join_remainder, "floordiv": _join_quotient}


def _without(terms: dict[Monomial, int], part: Dim) -> Dim | None:
    """The sum without one term, or None where it is not there."""
    found = list(terms_of(part))
    if len(found) != 1 or terms.get(found[0][0]) != found[0][1]:
        return None
    return make({m: c for m, c in terms.items() if m != found[0][0]})


def _without_varying(terms: dict[Monomial, int], part: Dim) -> Dim | None:
    """`terms + part` where that takes all terms of `part` away but a number, else None."""
    found = list(terms_of(part))
    if all(not m or terms.get(m) == -c for m, c in found) and any(m for m, _ in found):
        return make(terms) + part
    return None


def _print_term(monomial: Monomial, coefficient: int) -> str:
    factors: list[str] = list(monomial)
    if coefficient == -1 and factors:
        return "-" + "*".join(factors)
    if coefficient != 1 or not factors:
        factors.insert(0, str(coefficient))
    return "*".join(factors)


def remove(term: Monomial, factors: Monomial) -> Monomial | None:
    """`term` without `factors`, or None where a factor is absent."""
    remaining = list(term)
    for factor in factors:
        if factor not in remaining:
            return None
        remaining.remove(factor)
    return tuple(remaining)
