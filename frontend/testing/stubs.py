"""`tf.test.StubOutForTesting`: attributes that are replaced for the time of a test."""

from __future__ import annotations

from types import TracebackType
from typing import Any


class StubOutForTesting:
    """Replaces attributes, and puts back what was there; also a context manager."""

    def __init__(self) -> None:
        self._kept: list[tuple[Any, str, Any]] = []
        self._smart: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> StubOutForTesting:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.CleanUp()

    def CleanUp(self) -> None:
        """Put everything back."""
        self.SmartUnsetAll()
        self.UnsetAll()

    def Set(self, parent: Any, child_name: str, new_child: Any) -> None:
        """Replace an attribute."""
        self._replace(self._kept, parent, child_name, new_child)

    def UnsetAll(self) -> None:
        """Put back what `Set` replaced."""
        self._put_back(self._kept)

    def SmartSet(self, obj: Any, attr_name: str, new_attr: Any) -> None:
        """Replace an attribute that is there. Raises AttributeError for another one."""
        if not hasattr(obj, attr_name):
            raise AttributeError("Attribute not found.")
        self._replace(self._smart, obj, attr_name, new_attr)

    def SmartUnsetAll(self) -> None:
        """Put back what `SmartSet` replaced."""
        self._put_back(self._smart)

    @staticmethod
    def _replace(kept: list[tuple[Any, str, Any]], parent: Any, name: str, new: Any) -> None:
        old = (
            vars(parent).get(name, getattr(parent, name))
            if hasattr(parent, "__dict__")
            else (getattr(parent, name))
        )
        kept.append((parent, name, old))
        setattr(parent, name, new)

    @staticmethod
    def _put_back(kept: list[tuple[Any, str, Any]]) -> None:
        while kept:
            parent, name, old = kept.pop()
            setattr(parent, name, old)
