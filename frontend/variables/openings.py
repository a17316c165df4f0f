"""How often each variable scope of a graph was opened, which makes default names unique.

The counts form a tree by the parts of a scope's name, so leaving a scope, which forgets all inside
of it, costs the same however many scopes there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class _Scope:
    count: int = 0
    numbered: int = 0  # so many scopes of this name with a number at the end were opened
    inside: dict[str, _Scope] = field(default_factory=dict)


class Openings:
    """The counts of a graph; scopes are full names, `a/b`."""

    def __init__(self) -> None:
        self._outermost = _Scope()
        self._restorers = 0
        self._old: list[tuple[_Scope, str, object]] = []  # for those who restore

    def open(self, name: str) -> None:
        """Count an entering of a scope."""
        scope = self._scope(name)
        self._set(scope, "count", scope.count + 1)

    def unique(self, name: str) -> str:
        """The name, with a number behind it where it was opened since the scope around it was."""
        scope = self._scope(name)
        if not scope.count:
            return name
        number = scope.numbered + 1
        while self._scope(f"{name}_{number}").count:
            number += 1
        self._set(scope, "numbered", number - 1)
        return f"{name}_{number}"

    def close_below(self, name: str) -> None:
        """Forget how often the scopes inside were opened: a new entering begins anew."""
        self._set(self._scope(name), "inside", {})

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Afterwards all counts are what they were before the block."""
        start = len(self._old)
        self._restorers += 1
        try:
            yield
        finally:
            self._restorers -= 1
            while len(self._old) > start:
                setattr(*self._old.pop())

    def _scope(self, name: str) -> _Scope:
        found = self._outermost
        for part in name.split("/") if name else ():
            inside = found.inside
            found = inside[part] if part in inside else inside.setdefault(part, _Scope())
        return found

    def _set(self, scope: _Scope, field: str, value: object) -> None:
        if self._restorers:
            self._old.append((scope, field, getattr(scope, field)))
        setattr(scope, field, value)
