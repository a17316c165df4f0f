"""Derived symbols: which sizes get names, that equal ones get one, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Expr, Symbol
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import (
    ArgumentDim,
    Derived,
    Guard,
    Module,
    Parameter,
    SymbolSource,
    TensorType,
)
from flowc.ir.tensor.equalities import guarded
from flowc.ir.tensor.interpreter import bind_symbols, run
from flowc.ir.tensor.names import MOST_TERMS, Names, name_of, names_of
from flowc.ir.tensor.parser import parse_module
from flowc.ir.tensor.printer import print_module
from flowc.ir.tensor.verifier import VerificationError, verify
from tests.passes.programs import relaxed

N, M = dims.symbol("n"), dims.symbol("m")


def specialising(**hints: int) -> Specialising:
    """Assumptions that give names."""
    return Specialising(hints, Names())


def test_products_need_no_name() -> None:
    sizes = specialising(n=3, m=4)
    for size in (7, N, 6 * N, N * M):
        assert sizes.size(size) == size


def test_equal_sizes_have_one_name() -> None:
    sizes = specialising(n=3)
    once = sizes.size(N + 1)
    assert str(once) == name_of(N + 1)
    assert sizes.size(once) == once
    assert sizes.size(once + 3) == sizes.size(N + 4)
    assert sizes.size(once - 1) == N
    assert sizes.size(dims.floordiv(once + 6, 8)) == sizes.size(dims.floordiv(N + 7, 8))


def test_common_factors_stay_outside_of_the_name() -> None:
    sizes = specialising(n=3, m=4)
    one_more = sizes.size(N + 1)
    assert sizes.size(6 * M * N + 6 * M) == 6 * M * one_more
    assert sizes.size(16 * dims.floordiv(N + 15, 16)) == 16 * sizes.size(dims.floordiv(N + 15, 16))


def test_the_order_of_definitions_is_that_of_use() -> None:
    names = Names()
    sizes = Specialising({"n": 20}, names)
    sizes.size(dims.floordiv(N + 15, 16) + 1)
    blocks, one_more = map(name_of, (dims.floordiv(N + 15, 16), dims.floordiv(N + 15, 16) + 1))
    assert {s.name: str(d) for s, d in names.definitions.items()} == {
        blocks: "floordiv(15 + n, 16)",
        one_more: f"1 + {blocks}",
    }
    assert (sizes.hints[blocks], sizes.hints[one_more]) == (2, 3)


def test_a_name_is_never_negative() -> None:
    sizes = specialising(n=3)
    assert str(sizes.size(N - 2)) == name_of(N - 2)
    assert [str(guard) for guard in sizes.guards] == ["max(-2 + n, 0) == -2 + n"]
    assert sizes.size(dims.maximum(N - 2, 0)) == sizes.size(N - 2)
    assert sizes.size(N - 5) == N - 5  # negative in this run: for no size that is computed


def test_names_follow_what_is_found_equal() -> None:
    sizes = specialising(n=3, m=3)
    more = sizes.size(N + 1)
    assert sizes.equal(N, M)
    assert sizes.size(more) == sizes.size(M + 1)
    assert sizes.equal(more, 4)
    assert (sizes.size(more), sizes.size(N)) == (4, 3)


def test_differences_and_bounds_look_at_definitions() -> None:
    sizes = specialising(n=3)
    more, most = sizes.size(N + 1), sizes.size(N + 4)
    assert dims.brief(most - more) == 3
    assert dims.is_positive(most - more)
    assert sizes.at_least(most, more)
    assert not sizes.equal(most, more)
    assert not sizes.guards
    index = dims.symbol("i", N)
    assert dims.floordiv(M * more + index, more) == M
    assert dims.mod(M * more + index + 1, more) == index + 1


def test_large_sizes_are_known_by_name_alone() -> None:
    names = Names()
    parts = [dims.symbol(f"a{i}") for i in range(MOST_TERMS + 1)]
    sizes = Specialising({str(part): 2 for part in parts}, names)
    total: Dim = sum(parts[1:], parts[0])
    name = sizes.size(total)
    (symbol,) = names.definitions
    assert (str(name), symbol.definition) == (name_of(total), None)
    assert sizes.size(total) == name
    assert names.definitions[symbol] == total
    assert sizes.hints[symbol.name] == 2 * len(parts)


def test_guards_tell_equalities() -> None:
    known = guarded([Guard(N, M), Guard(dims.maximum(N, 2), N), Guard(N, 5, equal=False)])
    assert known.canonical(N) == known.canonical(M)
    assert known.canonical(dims.maximum(M - 2, 0)) == known.canonical(N - 2)
    assert not known.is_nonnegative(N - 3)


def padded() -> Module:
    """A vector with one more element, taken apart into rows of eight."""
    names = Names()
    b = Builder(Specialising({"n": 10}, names))
    x = Parameter(TensorType(dtypes.float32, (N,)), "x")
    longer = b.pad(x, 0.0, [0], [dims.mod(-N, 8)])
    (size,) = b.shape(longer)
    rows = b.reshape(longer, (dims.floordiv(size, 8), 8))
    wider = b.pad(rows, 1.0, [1, 0], [0, 0])
    results = [wider, b.size(b.shape(wider)[0])]
    main = b.computation([x], results)
    symbols: dict[Symbol, SymbolSource] = {Symbol("n"): ArgumentDim(0, 0)}
    symbols.update((s, Derived(d)) for s, d in names.definitions.items())
    return Module("padded", main, symbols)


ROWS = dims.floordiv(N + 7, 8)
FEW, MORE = name_of(ROWS), name_of(ROWS + 1)


def test_modules_compute_print_and_parse_derived_symbols() -> None:
    module = padded()
    text = print_module(module)
    assert f'{FEW} = "floordiv(7 + n, 8)", {MORE} = "1 + {FEW}"' in text
    assert f"tensor<{{{MORE}}}x8xf32>" in text
    parsed = parse_module(text)
    assert print_module(parsed) == text
    verify(module)
    verify(parsed)
    arguments = [np.ones(10, np.float32)]
    assert bind_symbols(parsed, arguments) == {"n": 10, FEW: 2, MORE: 3}
    for version in (module, parsed):
        rows, count = run(version, arguments)
        assert (rows.shape, int(count), float(rows.sum())) == ((3, 8), 3, 18.0)


def test_the_verifier_knows_definitions() -> None:
    text = print_module(padded())
    verify(parse_module(text))
    with pytest.raises(VerificationError, match="inferred is"):
        verify(parse_module(text.replace(f'"1 + {FEW}"', f'"2 + {FEW}"')))
    with pytest.raises(VerificationError, match=f"symbol {FEW} has no source"):
        verify(parse_module(text.replace(f'{FEW} = "floordiv(7 + n, 8)", ', "")))


def test_what_divides_by_nothing_is_zero() -> None:
    assert Derived(dims.floordiv(N, M)).evaluate({"n": 3, "m": 0}) == 0


def test_names_of_a_module_are_those_that_it_has() -> None:
    names = names_of(padded())
    assert names.named(ROWS + 1, lambda _: None) == dims.symbol(MORE)
    assert names.named(N + 1, lambda _: None) == N + 1


SYMBOLS = ("n", "m")


@st.composite
def sizes_of_sizes(draw: st.DrawFn) -> tuple[Specialising, list[tuple[Dim, int]]]:
    """Sizes made of earlier ones, in names, with their numbers in the first run."""
    hints = {name: draw(st.integers(0, 20)) for name in SYMBOLS}
    assumptions = Specialising(hints, Names())
    found: list[tuple[Dim, int]] = [(dims.symbol(name), hints[name]) for name in SYMBOLS]
    for _ in range(draw(st.integers(1, 8))):
        (x, a), (y, b) = draw(st.sampled_from(found)), draw(st.sampled_from(found))
        by = draw(st.integers(1, 9))
        size, number = draw(
            st.sampled_from(
                [
                    (x + by, a + by),
                    (x + y, a + b),
                    (x * y, a * b),
                    (x - by, a - by),
                    (dims.floordiv(x + by, by), (a + by) // by),
                    (x + dims.mod(-x, by), a + -a % by),
                    (dims.maximum(x - y, 0), max(a - b, 0)),
                    (dims.minimum(x, y), min(a, b)),
                ]
            )
        )
        if 0 <= number < 10**6:
            found.append((assumptions.size(size), number))
    return assumptions, found


def values(assumptions: Specialising, arguments: Mapping[str, int]) -> dict[str, int]:
    """The symbols' values for other arguments."""
    known = dict(arguments)
    assert assumptions.names is not None
    for symbol, definition in assumptions.names.definitions.items():
        known[symbol.name] = Derived(definition).evaluate(known)
    return known


@relaxed
@given(sizes_of_sizes(), st.tuples(*[st.integers(0, 30)] * len(SYMBOLS)))
def test_names_mean_what_they_stand_for(
    drawn: tuple[Specialising, list[tuple[Dim, int]]], others: tuple[int, ...]
) -> None:
    assumptions, found = drawn
    for size, number in found:
        assert assumptions.hint(size) == number
        assert dims.evaluate(dims.expand(size), assumptions.hints) == number
        if isinstance(size, Expr):
            assert dims.is_nonnegative(size) or not dims.symbols(size)
    known = values(assumptions, dict(zip(SYMBOLS, others, strict=True)))
    for guard in assumptions.guards:
        if (dims.evaluate(guard.left, known) == dims.evaluate(guard.right, known)) != guard.equal:
            return
    for size, _ in found:
        assert dims.evaluate(size, known) == dims.evaluate(dims.expand(size), known) >= 0
        for other, _ in found:
            if dims.is_nonnegative(size - other):
                assert dims.evaluate(size, known) >= dims.evaluate(other, known)
