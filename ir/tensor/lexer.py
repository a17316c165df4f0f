"""The tokens of printed tensor IR, and the errors that reading it raises."""

from __future__ import annotations

import json
import re
from typing import Any

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol
from flowc.ir.tensor.core import TensorType

_TOKEN = re.compile(
    r"""\s*(?://[^\n]*\s*)*(?P<token>
      "(?:[^"\\]|\\.)*"                         # string
    | %[\w]+(?:\#\d+)?                          # value
    | \^\w+ | @[\w.$-]+ | @"(?:[^"\\]|\\.)*" | \#[\w.]+   # block, symbol, attribute name
    | 0x[0-9A-Fa-f]+
    | -?\d+(?:\.\d*(?:[eE][-+]?\d+)?)?          # number
    | [A-Za-z_][\w.$]*                          # word
    | ->|::|<\{|\}>|[-+*/=:,(){}\[\]<>!?]
    )""",
    re.VERBOSE,
)
_DIMENSION = re.compile(r"(?:(?P<number>\d+)|\{(?P<expression>[^}]*)\})x")
_ELEMENT = re.compile(r"complex<f(?:32|64)>|[a-z]+\d+")
_MLIR_TYPES = {dtype.mlir: dtype for dtype in dtypes.ALL if dtype.is_numeric}


class ParseError(ValueError):
    """Text that is not printed tensor IR; says the line and what stands there."""


class Lexer:
    """A cursor over the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.symbols: dict[str, Symbol] = {}  # those that the text has defined

    def error(self, message: str) -> ParseError:
        """An error at the cursor."""
        place = len(self.text) - len(self.text[self.position :].lstrip())
        line = self.text.count("\n", 0, place) + 1
        rest = self.text[place : place + 40].split("\n")[0]
        return ParseError(f"line {line}: {message} at {rest!r}")

    def peek(self) -> str:
        """The next token; empty at the end."""
        found = _TOKEN.match(self.text, self.position)
        return found["token"] if found else ""

    def next(self) -> str:
        """Take the next token. Raises ParseError at the end."""
        found = _TOKEN.match(self.text, self.position)
        if found is None:
            raise self.error("unexpected text")
        self.position = found.end()
        return found["token"]

    def accept(self, token: str) -> bool:
        """Take the next token if it is this one."""
        if self.peek() != token:
            return False
        self.next()
        return True

    def expect(self, token: str) -> None:
        """Take this token. Raises ParseError."""
        if self.peek() != token:
            raise self.error(f"expected {token!r}")
        self.next()

    def symbol_name(self) -> str:
        """Take the name of a symbol, `@f` or `@"a/b:0"`."""
        token = self.next()
        if not token.startswith("@"):
            raise self.error("expected the name of a symbol")
        return str(json.loads(token[1:])) if token[1] == '"' else token[1:]

    def string(self) -> str:
        """Take a quoted string."""
        token = self.next()
        if not token.startswith('"'):
            raise self.error("expected a string before this")
        value: Any = json.loads(token)
        return str(value)

    def integer(self) -> int:
        """Take an integer."""
        token = self.next()
        try:
            return int(token)
        except ValueError:
            raise self.error(f"expected an integer, not {token!r},") from None

    def dim(self) -> Dim:
        """Take an integer or an expression in braces."""
        if not self.accept("{"):
            return self.integer()
        end = self.text.find("}", self.position)
        if end < 0:
            raise self.error("a brace is not closed")
        expression, self.position = self.text[self.position : end], end + 1
        return self._expression(expression)

    def _expression(self, text: str) -> Dim:
        try:
            return dims.parse(text.strip(), self.symbols)
        except ValueError as error:
            raise self.error(str(error)) from None

    def type(self) -> TensorType:
        """Take a tensor type."""
        self.expect("tensor")
        if not self.text.startswith("<", self.position):
            raise self.error("expected '<'")
        self.position += 1  # not a token: a symbolic dimension makes it `<{`
        shape: list[Dim] = []
        while found := _DIMENSION.match(self.text, self.position):
            self.position = found.end()
            number = found["number"]
            shape.append(int(number) if number else self._expression(found["expression"]))
        element = _ELEMENT.match(self.text, self.position)
        if element is None or element[0] not in _MLIR_TYPES:
            raise self.error("expected an element type")
        self.position = element.end()
        self.expect(">")
        return TensorType(_MLIR_TYPES[element[0]], tuple(shape))

    def types(self) -> list[TensorType]:
        """Take types in parentheses, or one type without."""
        if self.peek() != "(":
            return [self.type()]
        self.expect("(")
        found: list[TensorType] = []
        while not self.accept(")"):
            if found:
                self.expect(",")
            found.append(self.type())
        return found
