"""Reads back what `printer` prints. Types are taken as they stand; the verifier judges them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowc.ir import dims
from flowc.ir.dims import Symbol
from flowc.ir.tensor.attribute_parser import carried, parse_attributes
from flowc.ir.tensor.core import (
    ArgumentDim,
    ArgumentElement,
    Computation,
    Counted,
    Derived,
    Guard,
    Instruction,
    Message,
    Module,
    Parameter,
    SymbolSource,
    TensorType,
    Value,
)
from flowc.ir.tensor.lexer import Lexer, ParseError
from flowc.ir.tensor.primitive import PRIMITIVES

__all__ = ["ParseError", "parse_computation", "parse_module"]


def parse_module(text: str) -> Module:
    """The module that the text prints. Raises ParseError."""
    lexer = Lexer(text)
    lexer.expect("module")
    name = lexer.symbol_name()
    attributes: dict[str, Any] = {}
    if lexer.accept("attributes"):
        attributes = _dictionary(lexer)
    symbols = _symbols(lexer, attributes.get("flowc.symbols", {}))
    lexer.expect("{")
    main, donated = _Parser(lexer).function()
    lexer.expect("}")
    guards = tuple(_guard(text, lexer.symbols) for text in attributes.get("flowc.guards", []))
    messages = tuple(Message(*m) for m in attributes.get("flowc.messages", []))
    return Module(name, main, symbols, guards, donated, messages)


def parse_computation(text: str) -> Computation:
    """The function that the text prints. Raises ParseError."""
    return _Parser(Lexer(text)).function()[0]


def _dictionary(lexer: Lexer) -> dict[str, Any]:
    """`{name = value, ...}` of strings, numbers, lists and dictionaries."""
    entries: dict[str, Any] = {}
    lexer.expect("{")
    while not lexer.accept("}"):
        if entries:
            lexer.expect(",")
        name = lexer.next()
        lexer.expect("=")
        entries[name] = _plain(lexer)
    return entries


def _plain(lexer: Lexer) -> Any:
    token = lexer.peek()
    if token == "{":
        return _dictionary(lexer)
    if token == "[":
        return _sequence(lexer, "[", "]", lambda: _plain(lexer))
    if token.startswith('"'):
        return lexer.string()
    value = lexer.integer()
    if lexer.accept(":"):
        lexer.next()
    return value


def _sequence(lexer: Lexer, opening: str, closing: str, item: Callable[[], Any]) -> list[Any]:
    lexer.expect(opening)
    items: list[Any] = []
    while not lexer.accept(closing):
        if items:
            lexer.expect(",")
        items.append(item())
    return items


def _symbols(lexer: Lexer, sources: Mapping[str, str]) -> dict[Symbol, SymbolSource]:
    """The symbols of a module, which the lexer knows from now on."""
    symbols: dict[Symbol, SymbolSource] = {}
    for name, text in sources.items():
        source = _source(text, lexer.symbols)
        symbol = Symbol(name)
        if isinstance(source, Derived):
            symbol = Symbol(name, definition=source.definition)
        if isinstance(source, Counted):
            symbol = Symbol(name, source.limit + 1)
        symbols[symbol] = source
        lexer.symbols[name] = symbol
    return symbols


def _source(text: str, symbols: Mapping[str, Symbol]) -> SymbolSource:
    if text.startswith("counted to "):
        return Counted(dims.parse(text.removeprefix("counted to "), symbols))
    if not text.startswith("argument "):
        return Derived(dims.parse(text, symbols))
    _, argument, kind, number = text.split()
    class_ = ArgumentDim if kind == "axis" else ArgumentElement
    return class_(int(argument), int(number))


def _guard(text: str, symbols: Mapping[str, Symbol]) -> Guard:
    operator = "==" if "==" in text else "!="
    left, right = (dims.parse(side.strip(), symbols) for side in text.split(operator))
    return Guard(left, right, operator == "==")


class _Parser:
    """Functions, regions and instructions, with the values that are in scope by name."""

    def __init__(self, lexer: Lexer) -> None:
        self.lexer = lexer
        self.values: dict[str, Value] = {}

    def function(self) -> tuple[Computation, dict[int, int]]:
        """A function and its donated arguments."""
        lexer = self.lexer
        for token in ("func.func", "public", "@main"):
            lexer.expect(token)
        parameters: list[Parameter] = []
        donated: dict[int, int] = {}

        def parameter() -> None:
            name, type_ = self._parameter_head()
            attributes = _dictionary(lexer) if lexer.peek() == "{" else {}
            if "tf.aliasing_output" in attributes:
                donated[attributes["tf.aliasing_output"]] = len(parameters)
            parameters.append(Parameter(type_, attributes.get("flowc.name", "")))
            self.values[name] = parameters[-1]

        _sequence(lexer, "(", ")", parameter)
        lexer.expect("->")
        lexer.types()
        lexer.expect("{")
        instructions = self._instructions("func.return")
        results: list[Value] = []
        while lexer.peek().startswith("%") or (results and lexer.accept(",")):
            results.append(self._value())
        if results:
            lexer.expect(":")
            for number in range(len(results)):
                if number:
                    lexer.expect(",")
                lexer.type()
        lexer.expect("}")
        return Computation(tuple(parameters), instructions, tuple(results)), donated

    def _parameter_head(self) -> tuple[str, TensorType]:
        name = self.lexer.next()
        self.lexer.expect(":")
        return name, self.lexer.type()

    def _value(self) -> Value:
        name = self.lexer.next()
        if name not in self.values:
            raise self.lexer.error(f"{name} is not defined before this,")
        return self.values[name]

    def _instructions(self, terminator: str) -> tuple[Instruction, ...]:
        """Instructions up to and with the terminator's name."""
        instructions = []
        while not self.lexer.accept(terminator):
            instructions.append(self._instruction())
        return tuple(instructions)

    def _instruction(self) -> Instruction:
        lexer = self.lexer
        name, count = self._results_head()
        dialect, _, primitive = lexer.string().partition(".")
        known = PRIMITIVES.get(primitive)
        if known is None or known.dialect != dialect:
            raise lexer.error(f"there is no primitive {dialect}.{primitive} before this,")
        operands = tuple(_sequence(lexer, "(", ")", self._value))
        attributes = parse_attributes(lexer)
        regions: list[Computation] = []
        if lexer.peek() == "(":
            regions = _sequence(lexer, "(", ")", self._region)
        lexer.expect(":")
        lexer.types()
        lexer.expect("->")
        types = tuple(lexer.types())
        attributes |= carried(primitive, types)
        instruction = Instruction(
            primitive, operands, attributes, types, tuple(regions), self._location()
        )
        self._define(name, count, instruction)
        return instruction

    def _results_head(self) -> tuple[str, int]:
        """`%3 =`, `%3:2 =` or nothing."""
        if not self.lexer.peek().startswith("%"):
            return "", 0
        name = self.lexer.next()
        count = self.lexer.integer() if self.lexer.accept(":") else 1
        self.lexer.expect("=")
        return name, count

    def _location(self) -> str:
        if not self.lexer.accept("loc"):
            return ""
        self.lexer.expect("(")
        location = self.lexer.string()
        self.lexer.expect(")")
        return location

    def _define(self, name: str, count: int, instruction: Instruction) -> None:
        if count != len(instruction.results):
            raise self.lexer.error(
                f"{instruction.primitive} has {len(instruction.results)} results, not {count},"
            )
        for result in instruction.results:
            self.values[name if count == 1 else f"{name}#{result.index}"] = result

    def _region(self) -> Computation:
        lexer = self.lexer
        lexer.expect("{")
        parameters: list[Parameter] = []

        def parameter() -> None:
            name, type_ = self._parameter_head()
            parameters.append(Parameter(type_))
            self.values[name] = parameters[-1]

        if lexer.peek() == "^bb0":
            lexer.next()
            _sequence(lexer, "(", ")", parameter)
            lexer.expect(":")
        instructions = self._instructions('"stablehlo.return"')
        results = _sequence(lexer, "(", ")", self._value)
        lexer.expect(":")
        lexer.types()
        lexer.expect("->")
        lexer.types()
        lexer.expect("}")
        return Computation(tuple(parameters), instructions, tuple(results))
