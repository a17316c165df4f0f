"""LLVM's types. There is one object for each type, so types compare by identity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


class Type:
    """A first-class type and how it is written.

    `suffix` stands for it in the names of overloaded intrinsics, `zero` is its value of all bits 0.
    A vector has `lanes` of its `element`; any other type has one lane of itself.
    """

    __slots__ = ("bits", "element", "lanes", "suffix", "text", "zero")

    def __init__(
        self,
        text: str,
        suffix: str,
        zero: str,
        bits: int = 0,
        element: Type | None = None,
        lanes: int = 1,
    ) -> None:
        self.text = text
        self.suffix = suffix
        self.zero = zero
        self.bits = bits  # of an integer
        self.element = element or self
        self.lanes = lanes

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class FunctionType:
    """What a function takes and gives."""

    result: Type
    arguments: tuple[Type, ...] = ()
    variadic: bool = False

    @property
    def text(self) -> str:
        """How the type is written."""
        arguments = [kind.text for kind in self.arguments] + ["..."] * self.variadic
        return f"{self.result.text} ({', '.join(arguments)})"


@cache
def integer_type(bits: int) -> Type:
    """The integers of a width."""
    return Type(f"i{bits}", f"i{bits}", "false" if bits == 1 else "0", bits)


@cache
def vector_type(element: Type, lanes: int) -> Type:
    """`lanes` elements in a register."""
    text = f"<{lanes} x {element.text}>"
    return Type(text, f"v{lanes}{element.suffix}", "zeroinitializer", 0, element, lanes)


def widen(element: Type, lanes: int) -> Type:
    """`element` itself for one lane, else the vector type."""
    return element if lanes == 1 else vector_type(element, lanes)


@cache
def array_type(element: Type, count: int) -> Type:
    """`count` elements in memory."""
    return Type(f"[{count} x {element.text}]", "", "zeroinitializer")


@cache
def struct_type(*fields: Type) -> Type:
    """Values of several types in memory, or as one result."""
    return Type(f"{{ {', '.join(field.text for field in fields)} }}", "", "zeroinitializer")


I1, I8, I16, I32, I64 = map(integer_type, (1, 8, 16, 32, 64))
HALF, FLOAT, DOUBLE = (
    Type("half", "f16", "0.0"),
    Type("float", "f32", "0.0"),
    Type("double", "f64", "0.0"),
)
POINTER = Type("ptr", "p0", "null")
VOID = Type("void", "isVoid", "")
