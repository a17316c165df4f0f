"""What instructions are written into: blocks of functions of a module.

Functions and global variables are found by name. A function without blocks is a declaration.
"""

from __future__ import annotations

from itertools import count

from flowc.codegen.llvm.types import POINTER, FunctionType, Type
from flowc.codegen.llvm.values import Constant, Value, literal


class Block:
    """A basic block: lines of text, of which the last one leaves it."""

    __slots__ = ("function", "is_terminated", "label", "lines")

    def __init__(self, function: Function, label: str) -> None:
        self.function = function
        self.label = label
        self.lines: list[str] = []
        self.is_terminated = False


class Argument(Value):
    """An argument of a function, with attributes such as `noalias`."""

    __slots__ = ("attributes",)

    def __init__(self, kind: Type, text: str) -> None:
        super().__init__(kind, text)
        self.attributes: list[str] = []


class Function(Value):
    """A function of a module; as a value, its address."""

    __slots__ = (
        "args",
        "attributes",
        "blocks",
        "convention",
        "internal",
        "kind",
        "module",
        "name",
    )

    def __init__(self, module: Module, name: str, kind: FunctionType) -> None:
        super().__init__(POINTER, _reference(name))
        self.module = module
        self.name = name
        self.kind = kind
        self.args = [Argument(t, f"%a{number}") for number, t in enumerate(kind.arguments)]
        self.blocks: list[Block] = []
        self.attributes: list[str] = []
        self.internal = False
        self.convention = ""  # of calls, where it is not C's

    def append_basic_block(self, label: str) -> Block:
        """A new block at the end; its label gets a number."""
        block = Block(self, f"{label}.{len(self.blocks)}")
        self.blocks.append(block)
        return block

    def __str__(self) -> str:
        arguments = [" ".join([a.type.text, *a.attributes, a.text]) for a in self.args]
        arguments += ["..."] * self.kind.variadic
        start = "declare" if not self.blocks else "define internal" if self.internal else "define"
        how = f"{start} {self.convention}".rstrip()
        head = f"{how} {self.kind.result.text} {self.text}({', '.join(arguments)})"
        lines = [" ".join([head, *self.attributes])]
        if self.blocks:
            lines[0] += " {"
            for block in self.blocks:
                lines.append("\n  ".join([f"{block.label}:", *block.lines]))
            lines.append("}")
        return "\n".join(lines)


class Global(Value):
    """A global variable; as a value, its address."""

    __slots__ = ("definition",)

    def __init__(self, name: str, definition: str) -> None:
        super().__init__(POINTER, _reference(name))
        self.definition = f"{self.text} = {definition}"


class Module:
    """Functions and variables that are compiled together."""

    def __init__(self, name: str, triple: str) -> None:
        self.name = name
        self.triple = triple
        self.functions: dict[str, Function] = {}
        self.variables: dict[str, Global] = {}
        self.instructions = 0  # of all functions; the latest one's number is in its name
        self.has_streaming_stores = False

    def declare(self, name: str, kind: FunctionType) -> Function:
        """The function of a name, declared at first use."""
        found = self.functions.get(name)
        if found is None:
            found = self.functions[name] = Function(self, name, kind)
        return found

    def declare_variable(self, name: str, kind: Type) -> Global:
        """A new variable that another module defines."""
        return self._add_variable(name, f"external global {kind.text}")

    def define_variable(
        self,
        name: str,
        initial: Constant,
        *,
        internal: bool = True,
        constant: bool = False,
        align: int | None = None,
    ) -> Global:
        """A new variable with its initial value."""
        words = ["internal"] * internal + ["constant" if constant else "global", initial.typed]
        aligned = "" if align is None else f", align {align}"
        return self._add_variable(name, " ".join(words) + aligned)

    def define_shared(self, name: str, kind: Type, align: int) -> Constant:
        """A new variable in the memory of a GPU's block; its address as an ordinary pointer."""
        definition = f"internal addrspace(3) global {kind.text} undef, align {align}"
        text = self._add_variable(name, definition).text
        return literal(POINTER, f"addrspacecast (ptr addrspace(3) {text} to ptr)")

    def _add_variable(self, name: str, definition: str) -> Global:
        found = self.variables[name] = Global(name, definition)
        return found

    def unused_name(self, name: str) -> str:
        """`name`, with a number if another function has it."""
        if name not in self.functions:
            return name
        return next(n for k in count(1) if (n := f"{name}.{k}") not in self.functions)

    def __str__(self) -> str:
        lines = [f"; {_escape(self.name)}", f'target triple = "{self.triple}"']
        lines += [variable.definition for variable in self.variables.values()]
        lines += map(str, self.functions.values())
        if self.has_streaming_stores:
            lines.append("!0 = !{i32 1}")
        return "\n".join([*lines, ""])


def _reference(name: str) -> str:
    return f'@"{_escape(name)}"'


def _escape(name: str) -> str:
    """A name between quotes: anything but printable ASCII by its bytes in hexadecimal."""
    if name.isascii() and name.isprintable() and '"' not in name and "\\" not in name:
        return name
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:02x}"
        for byte in name.encode()
    )
