"""Counting how often variable scopes were opened."""

from flowc.frontend.variables.openings import Openings


def opened(*names: str) -> Openings:
    found = Openings()
    for name in names:
        found.open(name)
    return found


def test_a_name_that_is_open_gets_the_next_number() -> None:
    assert opened().unique("a/b") == "a/b"
    assert opened("a/b").unique("a/b") == "a/b_1"
    assert opened("a/b", "a/b_1", "a/b_3").unique("a/b") == "a/b_2"
    assert opened("a/b").unique("b") == "b"


def test_a_number_is_looked_for_once() -> None:
    scopes = opened("a")
    for number in range(1, 4):
        assert scopes.unique("a") == f"a_{number}"
        scopes.open(f"a_{number}")


def test_closing_forgets_what_is_inside() -> None:
    scopes = opened("a", "a/b", "a/b/c", "ab")
    scopes.unique("a/b")
    scopes.close_below("a")
    assert scopes.unique("a/b") == "a/b"
    assert scopes.unique("a/b/c") == "a/b/c"
    assert scopes.unique("a") == "a_1"
    assert scopes.unique("ab") == "ab_1"
    scopes.close_below("")
    assert scopes.unique("a") == "a"


def test_restoring_undoes_openings_closings_and_numbers() -> None:
    scopes = opened("a", "a/b")
    with scopes.restored():
        scopes.open("a/b_1")
        assert scopes.unique("a/b") == "a/b_2"
        with scopes.restored():
            scopes.close_below("a")
            assert scopes.unique("a/b") == "a/b"
        assert scopes.unique("a/b") == "a/b_2"
        scopes.close_below("")
    assert scopes.unique("a/b") == "a/b_1"
    assert scopes.unique("a") == "a_1"
