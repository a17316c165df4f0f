"""Sizes that were found equal have one form."""

from __future__ import annotations

from itertools import permutations

import pytest

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.tensor.equalities import Equalities

a, b, c, n, m = (dims.symbol(name) for name in "abcnm")
less = dims.maximum(m - 1, 0)


def after(*equations: tuple[Dim, Dim]) -> Equalities:
    result = Equalities()
    for left, right in equations:
        result.add(left, right)
    return result


def test_without_equations_sizes_stay() -> None:
    assert not after()
    assert after().canonical(a * b) == a * b


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_symbols_that_are_equal_in_turn(order: tuple[int, ...]) -> None:
    equations = [(a, b), (b, c + 1), (c, 3)]
    found = after(*(equations[i] for i in order))
    assert found.canonical(a * b + c) == 19


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_an_equation_says_more_when_another_is_known(order: tuple[int, ...]) -> None:
    equations = [(5 * n * less, 60), (less, 6)]
    found = after(*(equations[i] for i in order))
    assert found.canonical(n) == 2
    assert found.canonical(n * less) == 12


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_size_that_becomes_known_inside_of_an_operation(order: tuple[int, ...]) -> None:
    whole = dims.floordiv(6 * n * a * b, 75) + 3
    equations: list[tuple[Dim, Dim]] = [(whole, a), (n, 2)]
    found = after(*(equations[i] for i in order))
    assert found.canonical(whole) == found.canonical(a)
    assert found.canonical(dims.floordiv(12 * a * b, 75) + 3) == found.canonical(a)


def test_products_that_are_equal_as_a_whole() -> None:
    found = after((a * b, n * m))
    assert found.canonical(a * b) == found.canonical(n * m)
    assert found.canonical(a * b + 1) != found.canonical(a * b)


def test_what_is_equal_already_adds_nothing() -> None:
    assert not after((a * b, b * a), (less, less))


def test_operations_that_stand_for_each_other_end() -> None:
    other = dims.maximum(n - 1, 0)
    found = after((less, other + 1), (other, less - 1), (less * a, other * b))
    assert found.canonical(less) == found.canonical(other + 1)
