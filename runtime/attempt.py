"""The first run of a step, which may have to be undone and begun anew.

What the step may change is kept as it was: its variables, and the states of random generators. What
other steps change while it waits for them stays changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flowc.codegen.backend import Array
from flowc.ops.random.streams import GENERATOR
from flowc.runtime.store import Store


class Attempt:
    """The values of a step's variables before it began."""

    def __init__(self, store: Store, variables: Collection[str]) -> None:
        self._store = store
        self._variables = frozenset(variables)
        self._kept = self.current()

    def _names(self) -> list[str]:
        return [n for n in self._store if n in self._variables or n.endswith(GENERATOR)]

    def current(self) -> dict[str, Array]:
        """Copies of the values now."""
        return {name: self._store[name].read() for name in self._names()}

    def undo(self) -> None:
        """Give the variables the values that they had, and drop those that did not exist."""
        self._store.drop(name for name in self._names() if name not in self._kept)
        for name, value in self._kept.items():
            self._store.set(name, value)

    def follow(self, before: Mapping[str, Array]) -> None:
        """Take over what others have changed since the values were `before`."""
        now = self.current()
        for name, value in now.items():
            old = before.get(name)
            if old is None or old.shape != value.shape or old.tobytes() != value.tobytes():
                self._kept[name] = value
        for name in before.keys() - now.keys():
            self._kept.pop(name, None)
