"""The textual signature of a graph op, and its parsed form.

    MatMul(a: T, b: T; T: {float16, float32}, transpose_a: bool = false) -> product: T

Before the semicolon stand the inputs, after it the attributes, after the arrow the outputs. A type
is a dtype's name, the name of a type attribute, `N*T` (a list of N tensors of type T), the name of
a `list(type)` attribute, or `ref(T)` for TensorFlow's reference edges. An input of certain rank has
brackets behind its type: `T[]` is a scalar, `T[:]` a vector, `T[:,:]` a matrix, `T[...,:,:]` a
matrix or a batch of them, `T[:?]` a vector or a scalar. Attributes have TensorFlow's
attribute types (`int`, `float`, `bool`, `string`, `type`, `shape`, `tensor`, `func` and `list(...)`
of them), `{...}` for a choice of types or strings, `>= n` for a minimum, `= value` for a default.
The named choices of types are in `TYPE_SETS`. Attributes that no default and no list of inputs
determines are required.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowc.ir import dtypes
from flowc.ir.dtypes import DType

_REAL = (
    "bfloat16",
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
)
_FLOAT = ("bfloat16", "float16", "float32", "float64")
_COMPLEX = ("complex64", "complex128")
TYPE_SETS: dict[str, tuple[str, ...]] = {
    "real": _REAL,
    "float": _FLOAT,
    "complex": _COMPLEX,
    "inexact": _FLOAT + _COMPLEX,
    "numeric": _REAL + _COMPLEX,
    "integer": _REAL[4:],
    "index": ("int32", "int64"),
}

Ranks: TypeAlias = tuple[int, int | None]  # the least and the greatest, None for no limit
ANY_RANK: Ranks = (0, None)


@dataclass(frozen=True, slots=True)
class Argument:
    """An input or output. `type_attr` names the attribute that gives its dtype, if one does."""

    name: str
    dtype: DType | None = None
    type_attr: str = ""
    number_attr: str = ""  # N of `N*T`
    is_list: bool = False  # of a `list(type)` attribute
    is_ref: bool = False
    ranks: Ranks = ANY_RANK


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: TensorFlow's type name, allowed values, minimum, default."""

    name: str
    type: str
    allowed: tuple[Any, ...] = ()  # DTypes or strings
    minimum: int | None = None
    has_default: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Signature:
    """A parsed op signature."""

    name: str
    inputs: tuple[Argument, ...]
    attributes: tuple[Attribute, ...]
    outputs: tuple[Argument, ...]

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of that name."""
        return next((a for a in self.attributes if a.name == name), None)


_INSIDE = r"(?:(?!->)%s)*"  # outputs may have brackets too, so what is inside ends at the arrow
_FORM = re.compile(
    rf"\s*(\w+)\(({_INSIDE % '[^;]'}?)(?:;({_INSIDE % '.'}))?\)\s*(?:->\s*(.*?)\s*)?$", re.DOTALL
)


def op_name(text: str) -> str:
    """The op's name, without parsing the rest."""
    return text[: text.index("(")].strip()


def parse(text: str) -> Signature:
    """Parse a signature. Raises ValueError on text that is not one."""
    match = _FORM.match(text)
    if match is None:
        raise ValueError(f"not an op signature: {text!r}")
    name, inputs, attrs, outputs = match.groups()
    attributes = tuple(_attribute(part) for part in _split(attrs or ""))
    types = {a.name: a.type for a in attributes}
    return Signature(
        name,
        tuple(_argument(part, types) for part in _split(inputs)),
        attributes,
        tuple(_argument(part, types) for part in _split(outputs or "")),
    )


def _split(text: str) -> list[str]:
    """Split at commas outside of brackets and quotes."""
    parts, depth, start, quoted = [], 0, 0, False
    for i, char in enumerate(text):
        quoted ^= char == '"'
        depth += 0 if quoted else (char in "([{") - (char in ")]}")
        if char == "," and depth == 0 and not quoted:
            parts.append(text[start:i])
            start = i + 1
    return [p.strip() for p in [*parts, text[start:]] if p.strip()]


def _argument(text: str, types: dict[str, str]) -> Argument:
    name, _, kind = (s.strip() for s in text.partition(":"))
    kind, ranks = _ranks(kind)
    is_ref = kind.startswith("ref(")
    if is_ref:
        kind = kind[4:-1]
    number, star, element = kind.partition("*")
    kind, number = (element, number) if star else (kind, "")
    if kind in types:
        return Argument(name, None, kind, number, types[kind] == "list(type)", is_ref, ranks)
    return Argument(name, dtypes.as_dtype(kind), "", number, False, is_ref, ranks)


def _ranks(kind: str) -> tuple[str, Ranks]:
    """`T[...,:]` -> `T`, (1, None)."""
    kind, bracket, inside = kind.removesuffix("]").partition("[")
    if not bracket:
        return kind, ANY_RANK
    parts = [p.strip() for p in inside.split(",") if p.strip()]
    least = parts.count(":")
    return kind, (least, None if "..." in parts else least + parts.count(":?"))


def _attribute(text: str) -> Attribute:
    name, _, rest = (s.strip() for s in text.partition(":"))
    kind, has_default, default = (s.strip() for s in _partition_default(rest))
    least = None
    if ">=" in kind:
        kind, _, number = (s.strip() for s in kind.partition(">="))
        least = int(number)
    kind, allowed = _choices(kind)
    value = _default(kind, default) if has_default else None
    return Attribute(name, kind, allowed, least, bool(has_default), value)


def _partition_default(text: str) -> tuple[str, str, str]:
    found = re.search(r"(?<![<>])=(?!=)", text)
    return (text[: found.start()], "=", text[found.end() :]) if found else (text, "", "")


def _choices(kind: str) -> tuple[str, tuple[Any, ...]]:
    """`{"a", "b"}` -> ("string", ("a", "b")); `{float32}` or `list({float32})` -> types."""
    wrapped = kind.startswith("list({")
    inner = kind[5:-1] if wrapped else kind
    if not inner.startswith("{"):
        return kind, ()
    names = [n.strip() for n in inner[1:-1].split(",")]
    if names[0].startswith('"'):
        return ("list(string)" if wrapped else "string"), tuple(n.strip('"') for n in names)
    flat = [n for name in names for n in TYPE_SETS.get(name, (name,))]
    types = tuple(dict.fromkeys(dtypes.as_dtype(n) for n in flat))
    return ("list(type)" if wrapped else "type"), types


def _default(kind: str, text: str) -> Any:
    if kind == "type":
        return dtypes.as_dtype(text)
    if kind == "list(type)":
        return tuple(dtypes.as_dtype(n.strip()) for n in text.strip("[]").split(",") if n.strip())
    if kind == "bool":
        return text == "true"
    if kind == "shape":
        return None if text == "unknown" else tuple(ast.literal_eval(text))
    value = ast.literal_eval(text)
    return tuple(value) if isinstance(value, list) else float(value) if kind == "float" else value
