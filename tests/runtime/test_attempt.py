"""First runs that are undone."""

from __future__ import annotations

import numpy as np

from flowc.runtime.attempt import Attempt
from flowc.runtime.store import Store


def values(store: Store) -> dict[str, float]:
    return {name: float(buffer.read()) for name, buffer in store.items()}


def stored(**numbers: float) -> Store:
    store = Store()
    for name, number in numbers.items():
        store.set(name.replace("_", "/"), np.array(number))
    return store


def test_what_the_step_uses_is_put_back() -> None:
    store = stored(a=1, b=2, x_generator=3)
    attempt = Attempt(store, ["a", "new"])
    for name in ("a", "b", "x/generator", "new", "other"):
        store.set(name, np.array(9.0))
    attempt.undo()
    assert values(store) == {"a": 1, "b": 9, "x/generator": 3, "other": 9}


def test_what_others_change_meanwhile_stays() -> None:
    store = stored(a=1, b=2, c=3)
    attempt = Attempt(store, ["a", "b", "c"])
    store.set("a", np.array(5.0))  # by the step itself
    before = attempt.current()
    store.set("b", np.array(6.0))  # by another one, while the step waits
    store.drop(["c"])
    attempt.follow(before)
    store.set("b", np.array(7.0))
    attempt.undo()
    assert values(store) == {"a": 1, "b": 6}


def test_only_what_may_change_is_copied() -> None:
    attempt = Attempt(stored(a=1, b=2), [])
    assert attempt.current() == {}
