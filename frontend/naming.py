"""Names of operations: scopes, and making each name unique as TensorFlow does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

_OP_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\\-/]*")
_SCOPE_NAME = re.compile(r"[A-Za-z0-9_.\\\-/]*")


class NameScopes:
    """The names in use in a graph, and the stack of name scopes."""

    def __init__(self) -> None:
        super().__init__()
        self._names_in_use: dict[str, int] = {}
        self._scope = ""

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """`name` inside the current scope, with `_1`, `_2` ... appended where it is taken.

        Names that differ in case alone count as equal.
        """
        if self._scope:
            name = f"{self._scope}/{name}"
        names = self._names_in_use
        base = key = name.lower()
        number = names.get(key, 0)
        if mark_as_used:
            names[key] = number + 1
        if number == 0:
            return name
        while key in names:
            key = f"{base}_{number}"
            number += 1
        if mark_as_used:
            names[key] = 1
        return f"{name}_{number - 1}"

    def get_name_scope(self) -> str:
        """The current name scope, without a slash at its end."""
        return self._scope

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Put `name/` before the names of operations made inside; gives the scope with its slash.

        A name that ends in a slash is an existing scope entered again; None or "" leaves all
        scopes. Raises ValueError for a name that cannot be one.
        """
        old = self._scope
        self._scope = self._entered(name)
        try:
            yield f"{self._scope}/" if self._scope else ""
        finally:
            self._scope = old

    def _entered(self, name: str | None) -> str:
        if not name:
            return ""
        if (_SCOPE_NAME if self._scope else _OP_NAME).fullmatch(name) is None:
            raise ValueError(f"'{name}' is not a valid scope name")
        return name[:-1] if name[-1] == "/" else self.unique_name(name)

    def node_name(self, name: str) -> str:
        """The full name for a new operation; one ending in a slash is taken as it is."""
        if name[-1:] == "/":
            return name[:-1]
        self.check_node_name(name)
        return self.unique_name(name)

    @staticmethod
    def check_node_name(name: str) -> None:
        """Raise ValueError for a name that no operation can have."""
        if _OP_NAME.fullmatch(name) is None:
            raise ValueError(f"'{name}' is not a valid node name")


def name_from_scope_name(name: str) -> str:
    """`a/b/` without its slash."""
    return name[:-1] if name.endswith("/") else name
