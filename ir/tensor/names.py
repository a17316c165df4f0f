"""Names for sizes: what is more than a product of symbols becomes a derived symbol.

The padded length `16*floordiv(s0_1 + 15, 16) + 1` is `nb` where `nb == 16*na + 1` and
`na == floordiv(s0_1 + 15, 16)`; both are computed once when a step begins. Sizes that are equal as
polynomials of the arguments' sizes have one name, since names are given to the expanded form. A
size whose expansion is large keeps its short form, and nothing is known of its name.

A name tells what it stands for (it is a digest), so kernels of several programs that are equal as
texts are equal.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import TypeAlias

from flowc.ir import dims
from flowc.ir.dims import Atom, Dim, Expr, Operation, Symbol
from flowc.ir.dims.division import without_common_factor
from flowc.ir.tensor.core import Derived, Module

Define: TypeAlias = Callable[[Expr], Symbol | None]
MOST_TERMS = 24  # of a form that is expanded


class Names:
    """The derived symbols of one module, in the order of their definitions."""

    def __init__(self, definitions: Mapping[Symbol, Dim] = MappingProxyType({})) -> None:
        self.definitions = dict(definitions)
        self._names = {dims.expand(size): symbol for symbol, size in definitions.items()}

    def named(self, size: Dim, define: Define) -> Dim:
        """`size` in names; `define` makes a new one, or refuses."""
        if not isinstance(size, Expr) or _is_product(size):
            return size
        expanded = dims.expand(size)
        if dims.weight(expanded) > MOST_TERMS:
            expanded = size
        if not isinstance(expanded, Expr) or _is_product(expanded):
            return expanded
        found = self._product(expanded, define)
        return size if found is None else found

    def _product(self, size: Expr, define: Define) -> Dim | None:
        """Common factors times the name of what is left of the sum."""
        shared, rest, _ = without_common_factor(size, size) or (1, size, size)
        factors: list[Dim | None] = [rest]
        if isinstance(rest, Expr) and not _is_product(rest):
            factors = [self._name(rest, define)]
        for monomial, coefficient in _only_term(shared):
            factors.append(coefficient)
            factors += [self._atom(atom, define) for atom in monomial]
        if any(factor is None for factor in factors):
            return None
        return dims.product([f for f in factors if f is not None])

    def _atom(self, atom: Atom, define: Define) -> Dim | None:
        if isinstance(atom, Operation):
            return self._name(Expr({(atom,): 1}), define)
        assert isinstance(atom, Symbol)
        return dims.as_dim(atom)

    def _name(self, size: Expr, define: Define) -> Dim | None:
        """The symbol for an expression; None where there is none and none may be made."""
        for atom in [a for monomial in size.terms for a in monomial]:
            inner = Expr({(atom,): 1})
            if len(size.terms) > 1 and isinstance(atom, Operation) and dims.is_nonnegative(inner):
                self._name(inner, define)
        found = self._names.get(size) or define(size)
        return None if found is None else dims.as_dim(found)

    def define(self, size: Expr) -> Symbol:
        """A new name."""
        definition = self._in_names(size)
        known = definition if dims.weight(size) <= MOST_TERMS else None
        symbol = Symbol(name_of(size), definition=known)
        self._names[size], self.definitions[symbol] = symbol, definition
        return symbol

    def _in_names(self, size: Expr) -> Dim:
        """A sum with names for those of its operations that have one."""
        if len(size.terms) == 1:
            return size
        result: Dim = 0
        for monomial, coefficient in size.terms.items():
            atoms = [Expr({(atom,): 1}) for atom in monomial]
            names = [self._names.get(atom) for atom in atoms]
            factors = [
                atom if name is None else dims.as_dim(name)
                for atom, name in zip(atoms, names, strict=True)
            ]
            result = result + dims.product(factors) * coefficient
        return result


def name_of(size: Dim) -> str:
    """The name for a size: `n` and 48 bits of what it is."""
    digest = blake2b(str(size).encode(), digest_size=6).digest()
    return "n" + b32encode(digest).decode().rstrip("=").lower()


def names_of(module: Module) -> Names:
    """The names that a module has."""
    sources = module.symbols.items()
    return Names({s: o.definition for s, o in sources if isinstance(o, Derived)})


def _is_product(size: Expr) -> bool:
    """Whether `size` is a number times symbols."""
    return len(size.terms) == 1 and not any(isinstance(a, Operation) for m in size.terms for a in m)


def _only_term(product: Dim) -> Iterable[tuple[tuple[Atom, ...], int]]:
    return product.terms.items() if isinstance(product, Expr) else [((), product)]
