"""The algebra of sizes and indices: its identities proved, the code that uses them tried.

A docstring of `ir/dims/` states a theorem, and z3 proves it of all integers. That the code keeps
to the theorems is shown on expressions: every pair of a pool, and what hypothesis draws, means the
same number as plain integer arithmetic, sizes 0 included.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, bounds, division, expressions, identities
from tests.passes.programs import relaxed
from tests.proofs.equations import theorems
from tests.proofs.integers import counterexample

Sizes: TypeAlias = Mapping[str, int]

PARTS = (
    expressions.in_order,
    expressions._join_remainder,
    expressions._join_quotient,
    bounds._is_nonnegative,
    bounds._all_nonnegative,
    bounds._negative_term,
    bounds._positive_term,
    division._divide_polynomial,
)
FUNCTIONS = tuple(
    dict.fromkeys(
        (
            *itertools.chain(*identities.IDENTITIES.values()),
            *bounds.NONNEGATIVE.values(),
            *bounds.GREATEST.values(),
            *bounds.LEAST.values(),
            *PARTS,
        )
    )
)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__.strip("_"))
def test_proof(function: Callable[..., object]) -> None:
    for theorem in theorems(function):
        assert counterexample(theorem) is None, theorem.text


def test_a_wrong_theorem_has_a_counterexample() -> None:
    def wrong() -> None:
        """`x // y >= 0` where `x >= 0`"""

    (theorem,) = theorems(wrong)
    assert "sat" in str(counterexample(theorem))


PLAIN: dict[str, Callable[[int, int], int]] = {
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "min": min,
    "max": max,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
}
ALGEBRA: dict[str, Callable[[Dim, Dim], Dim]] = {
    **dims.OPERATIONS,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
}

N, M = dims.symbol("n"), dims.symbol("m")
K, J = dims.symbol("i", N), dims.symbol("j", M)
P = dims.as_dim(Symbol("p", definition=N + 1))
Q = dims.as_dim(Symbol("q", definition=dims.floordiv(P + M, 2)))
NAMES = ("n", "m", "i", "j")


def sizes(limit: int) -> Iterable[Sizes]:
    """All small sizes, and the indices within them; an index of nothing does not exist."""
    for n, m in itertools.product(range(limit), repeat=2):
        for i, j in itertools.product(range(n), range(m)):
            yield {"n": n, "m": m, "i": i, "j": j}
        yield {"n": n, "m": m}


class Undefined(Exception):
    """A divisor that is not positive: the expression means nothing."""


def plain(value: Dim, given: Sizes) -> int:
    """The value by plain integer arithmetic, as `dims.evaluate`, which simplifies, does not."""
    if isinstance(value, int):
        return value
    return sum(c * product(plain_atom(a, given) for a in m) for m, c in value.terms.items())


def product(factors: Iterable[int]) -> int:
    result = 1
    for factor in factors:
        result *= factor
    return result


def plain_atom(atom: dims.Atom, given: Sizes) -> int:
    if isinstance(atom, Symbol):
        return given[atom.name] if atom.definition is None else plain(atom.definition, given)
    assert isinstance(atom, dims.Operation)
    return apply(atom.operator, plain(atom.left, given), plain(atom.right, given))


def apply(name: str, x: int, y: int) -> int:
    if name in ("floordiv", "mod") and y <= 0:
        raise Undefined
    return PLAIN[name](x, y)


POOL: tuple[Dim, ...] = (
    0,
    1,
    2,
    3,
    N,
    M,
    K,
    J,
    -N,
    N - 1,
    N - K,
    N - 1 - K,
    N * M,
    K * M + J,
    K * M,
    2 * K + 1,
    N - 3,
    K * 6 + J,
    N * 2,
    K - J,
    dims.floordiv(N, 2),
    dims.mod(N, 3),
    dims.mod(K, M),
    dims.floordiv(K, M),
    dims.floordiv(-1 * N - 1, 4),
    dims.minimum(N, M),
    dims.maximum(N - 2, 0),
    dims.mod(K, M) + M * dims.floordiv(K, M),
    (N - 1 - K) * dims.floordiv(-1 * N - 1, 4),
    dims.floordiv(N * 8, M * 2),
    dims.minimum(K, 2),
    -1 * dims.mod(J, 4),
    P,
    Q,
    K * P + J,
    P - K,
    dims.mod(P, 4),
    4 * dims.floordiv(N + 3, 4) - P,
)


@pytest.mark.parametrize("name", ALGEBRA)
def test_pairs(name: str) -> None:
    for x, y in itertools.product(POOL, (*POOL, -1, -2, -3)):
        if y == 0 and name in ("floordiv", "mod"):
            continue
        result = ALGEBRA[name](x, y)
        computed = PLAIN[name] if isinstance(y, int) else partial(apply, name)
        for case in sizes(4):
            try:
                expected = computed(plain(x, case), plain(y, case))
            except (Undefined, KeyError):
                continue
            assert plain(result, case) == expected, f"{name}({x}, {y}) = {result} at {case}"


@pytest.mark.parametrize("x", POOL, ids=str)
def test_bounds(x: Dim) -> None:
    for y in POOL:
        for value in (x - y, x * y, x * (y - 1)):
            if not dims.is_nonnegative(value):
                continue
            for case in sizes(4):
                try:
                    assert plain(value, case) >= 0, f"{value} at {case}"
                except (Undefined, KeyError):
                    continue


def test_definitions() -> None:
    assert dims.expand(Q) == dims.floordiv(N + M + 1, 2)
    assert dims.expand(P * dims.mod(P, 3)) == N * dims.mod(N + 1, 3) + dims.mod(N + 1, 3)
    assert dims.brief(P - N) == 1
    assert dims.brief(M * P) == M * P
    assert dims.is_positive(P - N) and dims.is_positive(P - K)
    assert (dims.weight(P), dims.weight(dims.expand(P)), dims.weight(Q * 2 + 1)) == (1, 2, 2)
    assert dims.parse("2*p - n", {"p": Symbol("p", definition=N + 1)}) == 2 * P - N


def test_what_a_division_leaves_joins_again() -> None:
    assert N - dims.mod(N, 8) == 8 * dims.floordiv(N, 8)
    assert N - M * dims.floordiv(N, M) == dims.mod(N, M)
    assert N + dims.mod(-N, 8) == 8 * dims.floordiv(N + 7, 8)
    assert dims.mod(8 - dims.mod(N, 8), 8) == dims.mod(-N, 8) == 7 - dims.mod(N + 7, 8)
    assert dims.floordiv(dims.floordiv(N + 1, 2) + 1, 2) == dims.floordiv(N + 3, 4)
    assert dims.floordiv(N - 2, 2) + 1 == dims.floordiv(N, 2)


def test_divisors_of_several_terms() -> None:
    size = M + 1
    inner = dims.symbol("k", size)
    assert dims.floordiv(3 * size, size) == 3
    assert dims.mod(N * size, size) == 0
    assert (dims.floordiv(N * size + inner, size), dims.mod(N * size + inner, size)) == (N, inner)
    assert dims.floordiv(N * M + N + M + 1, size) == N + 1
    assert str(dims.floordiv(M, size)) == "0"


def test_bounds_of_a_minimum_are_both_operands() -> None:
    small = dims.minimum(N, M)
    assert dims.minimum(small, N) == dims.minimum(small, M) == small
    assert dims.maximum(dims.minimum(N, 4), N) == N


def test_common_factors_are_left_out() -> None:
    assert dims.floordiv(8 * N, 6 * M) == dims.floordiv(4 * N, 3 * M)
    assert dims.floordiv(N * M, M * M) == dims.floordiv(N, M)
    assert dims.mod(6 * N, 4) == 2 * dims.mod(3 * N, 2)
    assert 4 * dims.floordiv(6 * N, 4) + dims.mod(6 * N, 4) == 6 * N
    negative = dims.floordiv(-1 * N - 1, 4)  # as a factor of a divisor it may not be positive
    assert dims.floordiv(N * negative, M * negative) != dims.floordiv(N, M)


def test_nested_extremes() -> None:
    large = dims.maximum(N, 3)
    assert dims.maximum(large, 1) == dims.maximum(large, N) == large
    assert dims.minimum(large, 3) == 3


@st.composite
def written_expressions(draw: st.DrawFn) -> tuple[Dim, Callable[[Sizes], int]]:
    """An expression, and its meaning as it was written."""
    leaves: list[tuple[Dim, Callable[[Sizes], int]]] = [
        (dims.symbol(name, extent), operator.itemgetter(name))
        for name, extent in zip(NAMES, (None, None, N, M), strict=True)
    ]
    number = draw(st.integers(-4, 9))
    values = [*leaves, (number, lambda _: number)]
    for _ in range(draw(st.integers(1, 7))):
        name = draw(st.sampled_from([*ALGEBRA]))
        x, y = draw(st.sampled_from(values)), draw(st.sampled_from(values))
        if y[0] == 0 and name in ("floordiv", "mod"):
            continue
        values.append((ALGEBRA[name](x[0], y[0]), meaning(name, x[1], y[1])))
    return values[-1]


def meaning(
    name: str, x: Callable[[Sizes], int], y: Callable[[Sizes], int]
) -> Callable[[Sizes], int]:
    return lambda case: apply(name, x(case), y(case))


CASES = [case for case in sizes(5) if "i" in case] + [
    {"n": n, "m": m, "i": i, "j": j} for n, m, i, j in ((17, 5, 16, 2), (6, 31, 0, 30))
]


@relaxed
@given(written_expressions())
def test_random_expressions(drawn: tuple[Dim, Callable[[Sizes], int]]) -> None:
    value, written = drawn
    text = dims.to_python(value)
    for case in CASES:
        try:
            expected = written(case)
        except Undefined:
            continue
        assert plain(value, case) == expected, f"{value} at {case}"
        assert dims.evaluate(value, case) == expected
        assert eval(text, {}, dict(case)) == expected
        assert expected >= 0 or not dims.is_nonnegative(value), f"{value} at {case}"


@relaxed
@given(written_expressions(), written_expressions(), st.sampled_from(NAMES))
def test_substitution(
    drawn: tuple[Dim, Callable[[Sizes], int]], new: tuple[Dim, Callable[[Sizes], int]], name: str
) -> None:
    value, written = drawn
    try:
        result = dims.substitute(value, lambda s: new[0] if s.name == name else None)
    except ZeroDivisionError:  # by a number, so for all sizes
        return
    for case in CASES:
        try:
            number = new[1](case)
            expected = written({**case, name: number})
        except Undefined:
            continue
        if is_in_range(name, number, case):
            assert plain(result, case) == expected, f"{result} at {case}"


def is_in_range(name: str, number: int, case: Sizes) -> bool:
    """Whether the number may stand for the symbol; sizes must leave room for their indices."""
    if name in ("n", "m"):
        return number > case["i" if name == "n" else "j"]
    return 0 <= number < case["n" if name == "i" else "m"]


@relaxed
@given(written_expressions(), st.sampled_from(NAMES))
def test_parts(drawn: tuple[Dim, Callable[[Sizes], int]], name: str) -> None:
    """Printing and parsing, renaming and solving agree with the value."""
    value, _ = drawn
    if dims.symbols(value).isdisjoint((Symbol("i"), Symbol("j"))):  # whose extents are not printed
        assert dims.parse(str(value)) == value
    swapped = {Symbol("n"): Symbol("m"), Symbol("m"): Symbol("n")}
    assert dims.rename(dims.rename(value, swapped), swapped) == value
    coefficient = dims.coefficient_of(value, Symbol(name))
    if coefficient is not None:
        rest = value - coefficient * dims.symbol(name)
        assert Symbol(name) not in dims.symbols(rest) | dims.symbols(coefficient)
    solved = dims.solve(value)
    if solved is not None:
        assert dims.substitute(value, lambda s: solved[1] if s == solved[0] else None) == 0


def test_a_question_with_a_million_ways_is_given_up() -> None:
    total: Dim = -dims.symbol("z")
    for number in range(40):
        a, b = (dims.symbol(f"{name}{number}") for name in "ab")
        total = total + dims.maximum(a - 2, b - 3)
    assert not dims.is_nonnegative(total)
    assert dims.is_nonnegative(dims.maximum(total, dims.symbol("a")))
