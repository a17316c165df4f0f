"""Steps over the characters of loop IR's text; an error names the line it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from flowc.ir import dtypes
from flowc.ir.dtypes import DType

_T = TypeVar("_T")
NAME = re.compile(r"[A-Za-z_][\w.]*")


class Scanner:
    """A text, and the place up to which it was read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, expected: str) -> ValueError:
        """The error at the present place."""
        number = self.text.count("\n", 0, self.at)
        line = self.text.split("\n")[number]
        return ValueError(f"line {number + 1}: expected {expected}: {line.strip()}")

    def skip(self) -> None:
        """Skip white space."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def accept(self, token: str) -> bool:
        """Step over `token` if it comes next; a word must end there."""
        self.skip()
        end = self.at + len(token)
        word = token[-1].isalnum() and self.text[end : end + 1].isalnum()
        found = self.text.startswith(token, self.at) and not word
        if found:
            self.at = end
        return found

    def expect(self, token: str) -> None:
        """Step over `token`, which must come next."""
        if not self.accept(token):
            raise self.fail(repr(token))

    def match(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        """Step over a match of `pattern`."""
        self.skip()
        found = pattern.match(self.text, self.at)
        if found is None:
            raise self.fail(what)
        self.at = found.end()
        return found

    def name(self) -> str:
        """Step over an identifier."""
        return self.match(NAME, "a name").group()

    def dtype(self) -> DType:
        """Step over the name of an element type."""
        return dtypes.as_dtype(self.name())

    def several(self, item: Callable[[], _T]) -> tuple[_T, ...]:
        """Items with commas between them."""
        found = [item()]
        while self.accept(","):
            found.append(item())
        return tuple(found)
