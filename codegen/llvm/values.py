"""What instructions take: values, which have a type and a name, and constants."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache

from flowc.codegen.llvm.types import I1, I8, I64, POINTER, Type, array_type, vector_type


class Value:
    """Something of a type; `text` is how an operand refers to it. Compared by identity."""

    __slots__ = ("text", "type")

    def __init__(self, kind: Type, text: str) -> None:
        self.type = kind
        self.text = text

    @property
    def typed(self) -> str:
        """The type and the reference, as most operands are written."""
        return f"{self.type.text} {self.text}"

    def __repr__(self) -> str:
        return self.typed


class Constant(Value):
    """A value that is known now."""

    __slots__ = ()


def lanes_of(value: Value) -> int:
    """The lanes of a vector, 1 for a scalar."""
    return value.type.lanes


def literal(kind: Type, text: str, lanes: int = 1) -> Constant:
    """A constant of scalar type `kind` written as LLVM text, repeated over `lanes`."""
    if lanes == 1:
        return Constant(kind, text)
    return Constant(vector_type(kind, lanes), f"splat ({kind.text} {text})")


@lru_cache(maxsize=4096)
def integer(value: int, kind: Type = I64) -> Constant:
    """An integer constant."""
    return Constant(kind, f"{value:d}")


def vector_of(kind: Type, texts: Iterable[str]) -> Constant:
    """The vector of scalars of type `kind`, each written as LLVM text."""
    items = [f"{kind.text} {text}" for text in texts]
    return Constant(vector_type(kind, len(items)), f"<{', '.join(items)}>")


def iota(kind: Type, lanes: int, step: int = 1) -> Constant:
    """The vector `<0, step, 2*step, ...>`."""
    return vector_of(kind, (str(step * lane) for lane in range(lanes)))


def zero(kind: Type) -> Constant:
    """All bits zero, of any first-class type."""
    return Constant(kind, kind.zero)


def poison(kind: Type) -> Constant:
    """A value that nothing reads."""
    return Constant(kind, "poison")


def bytes_constant(data: bytes) -> Constant:
    """An array of bytes."""
    text = "\\" + data.hex("\\") if data else ""
    return Constant(array_type(I8, len(data)), f'c"{text}"')


def float_text(value: float) -> str:
    """LLVM's exact spelling of a float or double constant: the bits of the double."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


TRUE, FALSE = Constant(I1, "true"), Constant(I1, "false")
NULL = zero(POINTER)
