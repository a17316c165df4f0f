"""Integer expressions over symbols: the sizes of tensors and the index arithmetic of loops.

A dimension is an `int` or an `Expr`; everything here returns a plain `int` when it can. An `Expr`
is kept as a canonical polynomial (a sum of products of atoms with integer coefficients), so two
expressions that are equal as polynomials are equal objects for `==` and `hash`. Atoms are symbols
and the operations that are not polynomial: floor division, modulo, minimum and maximum.

A `Symbol` is a non-negative integer: the batch size of a placeholder, or a loop index, whose
`extent` (exclusive upper bound) lets `(i*n + j) // n` simplify to `i` when `j < n`.

A divisor that is no number is positive: a size, an extent, a step. Where it is 0, since a tensor is
empty, the quotient means nothing, and nothing may depend on it.

A derived symbol is a size that has a name: the symbol knows its `definition`.

`expressions` holds the polynomials, `identities` and `bounds` the theorems that simplify them.
"""

from flowc.ir.dims.bounds import is_nonnegative, is_positive
from flowc.ir.dims.definitions import brief, expand, is_derived, weight
from flowc.ir.dims.expressions import (
    OPERATIONS,
    Atom,
    Dim,
    Expr,
    Monomial,
    Operation,
    Symbol,
    as_dim,
    as_symbol,
    product,
    symbol,
    symbols,
)
from flowc.ir.dims.identities import ceildiv, floordiv, maximum, minimum, mod
from flowc.ir.dims.limits import Limits, Unlimited, upper
from flowc.ir.dims.substitution import coefficient_of, evaluate, rename, solve, substitute
from flowc.ir.dims.text import parse, to_python

__all__ = [
    "OPERATIONS",
    "Atom",
    "Dim",
    "Expr",
    "Limits",
    "Monomial",
    "Operation",
    "Symbol",
    "Unlimited",
    "as_dim",
    "as_symbol",
    "brief",
    "ceildiv",
    "coefficient_of",
    "evaluate",
    "expand",
    "floordiv",
    "is_derived",
    "is_nonnegative",
    "is_positive",
    "maximum",
    "minimum",
    "mod",
    "parse",
    "product",
    "rename",
    "solve",
    "substitute",
    "symbol",
    "symbols",
    "to_python",
    "upper",
    "weight",
]
