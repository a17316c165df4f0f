"""The data structure of tensor IR: types, values, instructions, computations, modules.

Everything is immutable. A value is a computation's parameter or an instruction's result; operands
refer to values directly, so there are no use lists to keep. Instructions of a computation stand in
an order in which each follows its operands. What an instruction means is in its `Primitive`
(`flowc.ir.tensor.primitives`).

A compilation makes instructions by the hundred thousand, and making a frozen dataclass takes three
times as long: that instructions and their results stay as they are, the type checker alone sees to
(`Final`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from flowc.ir.dims import Dim, Symbol, evaluate, product
from flowc.ir.dtypes import DType

Shape: TypeAlias = tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class TensorType:
    """Element type and shape. A dimension is an int or a symbolic expression."""

    dtype: DType
    shape: Shape

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> Dim:
        """Number of elements."""
        return product(self.shape)

    def __str__(self) -> str:
        dims = "".join(f"{d}x" if isinstance(d, int) else f"{{{d}}}x" for d in self.shape)
        return f"tensor<{dims}{self.dtype.mlir}>"


@dataclass(frozen=True, eq=False, slots=True)
class Parameter:
    """A value that a computation is given."""

    type: TensorType
    name: str = ""


@dataclass(eq=False, slots=True)
class Result:
    """Result number `index` of an instruction."""

    type: Final[TensorType]
    instruction: Final[Instruction]
    index: Final[int]

    def __repr__(self) -> str:
        return f"<result {self.index} of {self.instruction!r}>"


Value: TypeAlias = Parameter | Result


class Instruction:
    """One operation: a primitive's name, operands, attributes, regions and result types.

    `location` is the graph node that it was lowered from, for messages and dumps.
    """

    __slots__ = (
        "attributes",
        "location",
        "operands",
        "primitive",
        "regions",
        "results",
        "types",
    )

    def __init__(
        self,
        primitive: str,
        operands: tuple[Value, ...],
        attributes: Mapping[str, Any],
        types: tuple[TensorType, ...],
        regions: tuple[Computation, ...] = (),
        location: str = "",
    ) -> None:
        self.primitive: Final = primitive
        self.operands: Final = operands
        self.attributes: Final = attributes
        self.types: Final = types
        self.regions: Final = regions
        self.location: Final = location
        self.results: Final = tuple([Result(type_, self, i) for i, type_ in enumerate(types)])

    def __repr__(self) -> str:
        return f"<{self.primitive} -> {', '.join(map(str, self.types))} at '{self.location}'>"

    def reading(
        self, operands: tuple[Value, ...], regions: tuple[Computation, ...] | None = None
    ) -> Instruction:
        """The same operation on other operands, and maybe with other regions."""
        regions = self.regions if regions is None else regions
        return Instruction(
            self.primitive, operands, self.attributes, self.types, regions, self.location
        )

    @property
    def result(self) -> Result:
        """The only result."""
        (result,) = self.results
        return result


@dataclass(frozen=True, eq=False, slots=True)
class Computation:
    """A function: parameters, instructions in order, and the values it returns.

    A region (the body of a `while`, `reduce`, `fusion` ...) is a computation too. Regions of
    `while` and `case` may also refer to values of the enclosing computation; those of `reduce`,
    `reduce_window`, `scatter`, `sort` and `fusion` may not.
    """

    parameters: tuple[Parameter, ...]
    instructions: tuple[Instruction, ...]
    results: tuple[Value, ...]

    def __repr__(self) -> str:
        return f"<computation of {len(self.instructions)} instructions>"


@dataclass(frozen=True, slots=True)
class ArgumentDim:
    """A symbol's value: the size of dimension `axis` of argument number `argument`."""

    argument: int
    axis: int


@dataclass(frozen=True, slots=True)
class ArgumentElement:
    """A symbol's value: element `index` (flat) of the integer argument number `argument`."""

    argument: int
    index: int


@dataclass(frozen=True, slots=True)
class Derived:
    """A symbol's value: what it stands for, an expression of symbols before it."""

    definition: Dim

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """The value for those of earlier symbols; 0 where it means nothing, as it divides by 0."""
        try:
            return evaluate(self.definition, sizes)
        except ZeroDivisionError:
            return 0


@dataclass(frozen=True, slots=True)
class Counted:
    """A symbol's value: a number that a `measure` of the module is given, from 0 to `limit`."""

    limit: Dim


SymbolSource: TypeAlias = ArgumentDim | ArgumentElement | Derived | Counted


@dataclass(frozen=True, slots=True)
class Guard:
    """A relation between sizes that the code was specialised for: `left == right`, or `!=`."""

    left: Dim
    right: Dim
    equal: bool = True

    def __str__(self) -> str:
        return f"{self.left} {'==' if self.equal else '!='} {self.right}"


@dataclass(frozen=True, eq=False, slots=True)
class Evidence:
    """What tells the culprit of a failed `check`: values behind its predicate, and sizes.

    `tell(*arrays, *sizes)` makes a sentence of them; an empty one where it finds nothing wrong.
    """

    values: tuple[Value, ...]
    sizes: Shape
    tell: Callable[..., str]


@dataclass(frozen=True, slots=True)
class Message:
    """What a failed `check` instruction means: the error's class name, its text and the node.

    The evidence is of the module as it was built; it is neither rewritten nor printed.
    """

    error: str
    text: str
    node: str
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, eq=False, slots=True)
class Module:
    """One executable's tensor IR.

    `symbols` gives the source of each symbolic size, those of arguments before derived and counted
    ones; `guards` must hold for the arguments' sizes, or the code is compiled anew.
    `donated[i] = j` says that result i may take argument j's memory (an updated variable).
    `messages[c - 1]` belongs to the `check` with code c.
    """

    name: str
    main: Computation
    symbols: Mapping[Symbol, SymbolSource] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()
    donated: Mapping[int, int] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
