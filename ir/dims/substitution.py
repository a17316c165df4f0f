"""Expressions of other symbols: substituting, renaming, evaluating, solving."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowc.ir.dims.expressions import (
    OPERATIONS,
    Atom,
    Dim,
    Expr,
    Monomial,
    Operation,
    Symbol,
    in_order,
    make,
    remove,
    symbols,
    symbols_of,
    terms_of,
)


def substitute(value: Dim, replace: Callable[[Symbol], Dim | None]) -> Dim:
    """`value` with each symbol replaced by `replace(symbol)`, kept where that is None."""
    if not isinstance(value, Expr):
        return value
    moved = frozenset(s for s in value.symbols if replace(s) is not None)
    if not moved:
        return value
    result: dict[Monomial, int] = {}
    for monomial, coefficient in value.terms.items():
        kept = tuple(a for a in monomial if moved.isdisjoint(symbols_of(a)))
        term: Dim = Expr({kept: coefficient}) if kept else coefficient
        if len(kept) < len(monomial):
            for atom in monomial:
                if atom not in kept:
                    term = _substitute_atom(atom, replace) * term
        for new, factor in terms_of(term):
            result[new] = result.get(new, 0) + factor
    return make(result)


def _substitute_atom(atom: Atom, replace: Callable[[Symbol], Dim | None]) -> Dim:
    if isinstance(atom, Operation):
        left, right = substitute(atom.left, replace), substitute(atom.right, replace)
        return OPERATIONS[atom.operator](left, right)
    assert isinstance(atom, Symbol)
    new = replace(atom)
    return Expr({(atom,): 1}) if new is None else new


def rename(value: Dim, names: Mapping[Symbol, Symbol]) -> Dim:
    """`value` with other symbols, which have the same extents, so that nothing simplifies."""
    if not isinstance(value, Expr) or value.symbols.isdisjoint(names):
        return value
    terms = value.terms.items()
    return Expr({tuple(sorted(_rename_atom(a, names) for a in m)): c for m, c in terms})


def _rename_atom(atom: Atom, names: Mapping[Symbol, Symbol]) -> Atom:
    if isinstance(atom, Operation):
        left, right = rename(atom.left, names), rename(atom.right, names)
        return Operation(atom.operator, *in_order(atom.operator, left, right))
    assert isinstance(atom, Symbol)
    return names.get(atom, atom)


def evaluate(value: Dim, sizes: Mapping[str, int]) -> int:
    """The number that `value` is when symbol `s` is `sizes[s]`. Raises KeyError for others."""
    if not isinstance(value, Expr):
        return value
    total = 0
    for monomial, number in value.terms.items():
        for atom in monomial:
            number *= _evaluate_atom(atom, sizes)
        total += number
    return total


def _evaluate_atom(atom: Atom, sizes: Mapping[str, int]) -> int:
    if not isinstance(atom, Operation):
        return sizes[atom]
    return _NUMBERS[atom.operator](evaluate(atom.left, sizes), evaluate(atom.right, sizes))


_NUMBERS: dict[str, Callable[[int, int], int]] = {
    "floordiv": lambda left, right: left // right,
    "mod": lambda left, right: left % right,
    "min": min,
    "max": max,
}


def solve(value: Dim) -> tuple[Symbol, Dim] | None:
    """A symbol, and what it is where `value == 0`; None where no symbol is linear in it."""
    for monomial, factor in terms_of(value):
        if len(monomial) != 1 or not isinstance(monomial[0], Symbol):
            continue
        name, rest = monomial[0], value - make({monomial: factor})
        if name in symbols(rest):
            continue
        if factor in (1, -1):
            return name, rest * -factor
        if isinstance(rest, int) and rest % factor == 0:
            return name, -rest // factor
    return None


def coefficient_of(value: Dim, name: Symbol) -> Dim | None:
    """c where `value == c*name + rest`, with `name` in neither c nor rest; None if not linear."""
    if not isinstance(value, Expr) or name not in value.symbols:
        return 0
    result: dict[Monomial, int] = {}
    for monomial, factor in value.terms.items():
        rest = remove(monomial, (name,))
        others = monomial if rest is None else rest
        if any(name in symbols_of(atom) for atom in others):
            return None
        if rest is not None:
            result[rest] = factor
    return make(result)
