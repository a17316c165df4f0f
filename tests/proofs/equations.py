"""Reading theorems: the equations that stand in docstrings, in backticks.

    `x // y -> 0` where `0 <= x < y`

is one equation with a condition; `x % y >= 0` states a relation. Several equations of a docstring
share the condition that follows them. The terms are Python's, so Python's parser reads them, but
for a few signs: `||x||` is abs(abs(x)), `x[a:b:s]` is a slice, `x**k` a power.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_CODE = re.compile(r"(where\s+)?`([^`]+)`")


@dataclass(frozen=True)
class Equation:
    """`before` means what `after` means, where `condition` holds."""

    text: str
    before: ast.expr
    after: ast.expr
    condition: ast.expr | None = None


@dataclass(frozen=True)
class Relation:
    """`claim`, a comparison, holds where `condition` holds."""

    text: str
    claim: ast.expr
    condition: ast.expr | None = None


def term(text: str) -> ast.expr:
    """A term as Python's syntax tree. Raises SyntaxError with the text."""
    text = re.sub(r"\|\|([^|]+)\|\|", r"abs(abs(\1))", text.strip())
    text = re.sub(r"^\|([^|]+)\|$", r"abs(\1)", text)
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise SyntaxError(f"no term: {text!r}") from error


def theorems(function: Callable[..., Any]) -> list[Equation | Relation]:
    """The equations and relations of the function's docstring, in order."""
    found: list[Equation | Relation] = []
    waiting: list[str] = []
    condition = None
    for where, code in _CODE.findall(" ".join((function.__doc__ or "").split())):
        if where:
            condition = term(code)
        else:
            waiting.append(code)
    for code in waiting:
        before, arrow, after = code.partition("->")
        if arrow:
            found.append(Equation(code, term(before), term(after), condition))
        elif isinstance(claim := term(code), ast.Compare):
            found.append(Relation(code, claim, condition))
    assert found, f"{function.__name__} states no theorem"
    return found
