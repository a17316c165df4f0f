"""What a lowering assumes of sizes: sizes that were found equal are written alike."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.tensor.assumptions import Optimistic, Specialising

NAMES = ("a", "b", "c", "d", "e")
COMBINE: dict[str, Callable[[Dim, Dim], Dim]] = {
    "+": lambda x, y: x + y,
    "*": lambda x, y: x * y,
    "//": lambda x, y: dims.floordiv(x, y + 1),
    "min": dims.minimum,
    "max": dims.maximum,
}


@st.composite
def sizes(draw: st.DrawFn) -> Dim:
    """A symbol, a number, or a few of them combined."""
    atoms: list[Dim] = [*map(dims.symbol, NAMES), 1, 2, 8]
    found = draw(st.sampled_from(atoms))
    for operator in draw(st.lists(st.sampled_from(sorted(COMBINE)), max_size=2)):
        found = COMBINE[operator](found, draw(st.sampled_from(atoms)))
    return found


@given(st.lists(st.tuples(sizes(), sizes()), max_size=8), st.lists(st.integers(1, 2), min_size=5))
def test_what_was_found_equal_is_written_alike(
    questions: list[tuple[Dim, Dim]], values: list[int]
) -> None:
    hints = dict(zip(NAMES, values, strict=False))
    assumptions = Specialising(hints)
    for left, right in questions:
        assert assumptions.equal(left, right) == (assumptions.hint(left) == assumptions.hint(right))
        if assumptions.hint(left) == assumptions.hint(right):
            assert assumptions.canonical(left) == assumptions.canonical(right)
    for left, _ in questions:
        assert assumptions.hint(assumptions.canonical(left)) == assumptions.hint(left)
    for guard in assumptions.guards:
        assert (assumptions.hint(guard.left) == assumptions.hint(guard.right)) == guard.equal


def test_a_whole_is_replaced_by_the_shorter_side_also_when_it_is_taken_up_again() -> None:
    a, b, c = map(dims.symbol, "abc")
    assumptions = Optimistic()
    questions = [(a, dims.maximum(a, c)), (a, a * a), (a * b, c + dims.maximum(a, c))]
    for left, right in questions:
        assert assumptions.equal(left, right)
        assert assumptions.canonical(left) == assumptions.canonical(right)


def test_a_later_equality_changes_what_an_earlier_one_spoke_of() -> None:
    a, b, c, d = map(dims.symbol, "abcd")
    assumptions = Optimistic()
    assert assumptions.equal(dims.minimum(a, 8), dims.minimum(b * c, 7))
    assert assumptions.equal(c, d)
    assert assumptions.canonical(dims.minimum(b * c, 7)) == assumptions.canonical(
        dims.minimum(a, 8)
    )
