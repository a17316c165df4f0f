"""Tensor IR as text: MLIR's generic form, so that other StableHLO implementations can read it.

    module @f attributes {flowc.symbols = {n = "argument 0 axis 0"}} {
      func.func public @main(%arg0: tensor<{n}x3xf32>) -> (tensor<{n}x3xf32>) {
        %0 = "stablehlo.tanh"(%arg0) : (tensor<{n}x3xf32>) -> tensor<{n}x3xf32> loc("Tanh")
        func.return %0 : tensor<{n}x3xf32>
      }
    }

What is beyond StableHLO appears only where it is used: symbolic sizes in braces, the attributes
`flowc.symbols` (where a symbol's value comes from: an argument, or an expression of symbols before
it), `flowc.guards` and `flowc.messages` of the module. `tf.aliasing_output` of an
argument is the result that takes its memory. `loc` is the graph node.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flowc.ir.tensor.attribute_printer import attributes_text
from flowc.ir.tensor.core import (
    ArgumentDim,
    Computation,
    Counted,
    Derived,
    Instruction,
    Module,
    Parameter,
    SymbolSource,
    TensorType,
    Value,
)
from flowc.ir.tensor.primitive import PRIMITIVES

INDENT = "  "


def print_module(module: Module) -> str:
    """The module's text, which `parser.parse_module` reads back."""
    return Printer().module(module)


def print_computation(computation: Computation) -> str:
    """A computation's text on its own, as a function without a module."""
    printer = Printer()
    printer.function(computation, {}, 0)
    return printer.text()


@dataclass
class Printer:
    """Lines of text, and on which line each instruction begins.

    Broken IR is printed too, for the verifier's messages: a value that is used before it is defined
    has the name `%undefined`.
    """

    lines: list[str] = field(default_factory=list)
    line_of: dict[Instruction | Computation, int] = field(default_factory=dict)
    _names: dict[Value, str] = field(default_factory=dict)
    _instructions: int = 0
    _parameters: int = 0

    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines) + "\n"

    def module(self, module: Module) -> str:
        """Print a module and return the text."""
        self.lines.append(f"module @{_symbol(module.name)}{_module_attributes(module)} {{")
        self.function(module.main, {a: r for r, a in module.donated.items()}, 1)
        self.lines.append("}")
        return self.text()

    def function(self, main: Computation, aliased: dict[int, int], depth: int) -> None:
        """Print the outermost computation."""
        parameters = []
        for number, parameter in enumerate(main.parameters):
            text = f"{self._define_parameter(parameter)}: {parameter.type}"
            attributes = []
            if parameter.name:
                attributes.append(f"flowc.name = {json.dumps(parameter.name)}")
            if number in aliased:
                attributes.append(f"tf.aliasing_output = {aliased[number]} : i32")
            parameters.append(text + (f" {{{', '.join(attributes)}}}" if attributes else ""))
        results = ", ".join(str(value.type) for value in main.results)
        head = f"func.func public @main({', '.join(parameters)}) -> ({results}) {{"
        self.lines.append(INDENT * depth + head)
        self._instructions_of(main, depth + 1)
        returned = f"func.return{self._typed(main.results)}"
        self.line_of[main] = len(self.lines)
        self.lines += [INDENT * (depth + 1) + returned, INDENT * depth + "}"]

    def _instructions_of(self, computation: Computation, depth: int) -> None:
        for instruction in computation.instructions:
            self.instruction(instruction, depth)

    def instruction(self, instruction: Instruction, depth: int) -> None:
        """Print one instruction with its regions."""
        operands = [self._names.get(v, "%undefined") for v in instruction.operands]
        self.line_of[instruction] = len(self.lines)
        primitive = PRIMITIVES[instruction.primitive]
        name = f'"{primitive.dialect}.{instruction.primitive}"'
        head = f"{self._define_results(instruction)}{name}({', '.join(operands)})"
        head += attributes_text(instruction.primitive, instruction.attributes)
        self.lines.append(INDENT * depth + head)
        for region in instruction.regions:
            self.lines[-1] += ", {" if region is not instruction.regions[0] else " ({"
            self._region(region, depth)
        self.lines[-1] += ")" if instruction.regions else ""
        self.lines[-1] += f" : {_signature(instruction)}"
        if instruction.location:
            self.lines[-1] += f" loc({json.dumps(instruction.location)})"

    def _region(self, region: Computation, depth: int) -> None:
        parameters = [f"{self._define_parameter(p)}: {p.type}" for p in region.parameters]
        if parameters:
            self.lines.append(INDENT * depth + f"^bb0({', '.join(parameters)}):")
        self._instructions_of(region, depth + 1)
        values = ", ".join(self._names.get(v, "%undefined") for v in region.results)
        types = ", ".join(str(v.type) for v in region.results)
        self.line_of[region] = len(self.lines)
        self.lines.append(INDENT * (depth + 1) + f'"stablehlo.return"({values}) : ({types}) -> ()')
        self.lines.append(INDENT * depth + "}")

    def _define_parameter(self, parameter: Parameter) -> str:
        self._names[parameter] = f"%arg{self._parameters}"
        self._parameters += 1
        return self._names[parameter]

    def _define_results(self, instruction: Instruction) -> str:
        count = len(instruction.results)
        if not count:
            return ""
        name = f"%{self._instructions}"
        self._instructions += 1
        for result in instruction.results:
            self._names[result] = name if count == 1 else f"{name}#{result.index}"
        return f"{name} = " if count == 1 else f"{name}:{count} = "

    def _typed(self, values: Sequence[Value]) -> str:
        if not values:
            return ""
        names = ", ".join(self._names.get(v, "%undefined") for v in values)
        return f" {names} : {_types(v.type for v in values)}"


def _types(types: Iterable[TensorType]) -> str:
    return ", ".join(map(str, types))


def _signature(instruction: Instruction) -> str:
    operands = _types(v.type for v in instruction.operands)
    results = _types(instruction.types)
    return f"({operands}) -> {results if len(instruction.types) == 1 else f'({results})'}"


def _module_attributes(module: Module) -> str:
    attributes = []
    if module.symbols:
        sources = [f"{s.name} = {json.dumps(_source(o))}" for s, o in module.symbols.items()]
        attributes.append(f"flowc.symbols = {{{', '.join(sources)}}}")
    if module.guards:
        guards = [json.dumps(str(guard)) for guard in module.guards]
        attributes.append(f"flowc.guards = [{', '.join(guards)}]")
    if module.messages:
        messages = [json.dumps([m.error, m.text, m.node]) for m in module.messages]
        attributes.append(f"flowc.messages = [{', '.join(messages)}]")
    return f" attributes {{{', '.join(attributes)}}}" if attributes else ""


def _source(source: SymbolSource) -> str:
    if isinstance(source, ArgumentDim):
        return f"argument {source.argument} axis {source.axis}"
    if isinstance(source, Derived):
        return str(source.definition)
    if isinstance(source, Counted):
        return f"counted to {source.limit}"
    return f"argument {source.argument} element {source.index}"


def _symbol(name: str) -> str:
    """A symbol's name, quoted where MLIR wants it."""
    return name if re.fullmatch(r"[A-Za-z_][\w.$-]*", name, re.ASCII) else json.dumps(name)
