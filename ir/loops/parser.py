"""Reads the text of `printer` back: `print_kernel(parse_kernel(text)) == text`.

For tests and for looking at one kernel of a dump. Names are those of the text.
"""

from __future__ import annotations

import re

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Expr
from flowc.ir.dtypes import DType, bool_
from flowc.ir.loops.expressions import (
    DIRECTIONS,
    UNARY,
    Binary,
    Bitcast,
    Compare,
    Constant,
    Convert,
    Fma,
    Index,
    Load,
    Scalar,
    Select,
    Unary,
    Variable,
)
from flowc.ir.loops.kernel import (
    Allocate,
    Barrier,
    Buffer,
    Carried,
    Combiner,
    CopyMatrix,
    For,
    If,
    Kernel,
    Kind,
    Let,
    Matrix,
    MultiplyMatrices,
    MultiplyTile,
    Role,
    Space,
    Statement,
    Store,
)
from flowc.ir.loops.scanner import NAME, Scanner

_LITERAL = re.compile(r"(true|false|-?inf|nan|-?\d[\w.+\-]*):(\w+)")
_KINDS = {kind.value: (kind, Role.ORDERED) for kind in Kind}
_KINDS |= {role.value: (Kind.SERIAL, role) for role in Role if role is not Role.ORDERED}
_SPACES = {space.value: space for space in Space if space is not Space.PRIVATE}


def parse_kernel(text: str) -> Kernel:
    """The kernel that `text` prints. Raises ValueError, with the line, for other text."""
    return _Parser(text).kernel()


class _Parser(Scanner):
    """Recursive descent over the characters of one kernel."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.buffers: dict[str, Buffer] = {}
        self.indices: dict[str, Expr] = {}
        self.variables: dict[str, Variable] = {}
        self.named: dict[str, Scalar] = {}

    # Index expressions

    def dim(self, stops: str) -> Dim:
        """The index expression up to one of the characters `stops` outside of parentheses."""
        start, depth = self.at, 0
        while self.at < len(self.text):
            character = self.text[self.at]
            if depth == 0 and character in stops:
                break
            depth += {"(": 1, ")": -1}.get(character, 0)
            self.at += 1
        value = dims.parse(self.text[start : self.at].strip())
        return dims.substitute(value, lambda symbol: self.indices.get(symbol.name))

    def bracketed(self) -> Dim:
        """`[expression]`."""
        self.expect("[")
        value = self.dim("]")
        self.expect("]")
        return value

    # Declarations

    def kernel(self) -> Kernel:
        """`kernel name(buffers) { statements }`."""
        self.expect("kernel")
        name = self.name()
        self.expect("(")
        parameters = () if self.accept(")") else self.several(self.declaration)
        if parameters:
            self.expect(")")
        kernel = Kernel(name, parameters, self.block())
        self.skip()
        if self.at != len(self.text):
            raise self.fail("the end")
        return kernel

    def declaration(self) -> Buffer:
        """`b0: float32[size]`."""
        name = self.name()
        self.expect(":")
        self.buffers[name] = Buffer(name, self.dtype(), self.bracketed())
        return self.buffers[name]

    def variable(self) -> Variable:
        """`v0: float32`, which binds the name."""
        name = self.name()
        self.expect(":")
        self.variables[name] = Variable(self.dtype(), name)
        return self.variables[name]

    # Statements

    def block(self) -> tuple[Statement, ...]:
        """`{ statements }`."""
        self.expect("{")
        outside = dict(self.named)
        body = self.statements()
        self.expect("}")
        self.named = outside
        return body

    def statements(self) -> tuple[Statement, ...]:
        """Statements up to `}` or `next`; lines that name nodes are read on the way."""
        found: list[Statement] = []
        while True:
            self.skip()
            start, word = self.at, NAME.match(self.text, self.at)
            if word is None or word.group() == "next":
                return tuple(found)
            statement = self.statement(self.name())
            if statement is not None:
                found.append(statement)
            elif self.at == start + len(word.group()):
                raise self.fail("a statement")

    def statement(self, word: str) -> Statement | None:
        """The statement that begins with `word`; None where the line names a node."""
        if word in _KINDS:
            return self.loop(*_KINDS[word])
        match word:
            case "store":
                return self.store()
            case "let":
                variable = self.variable()
                self.expect("=")
                return Let(variable, self.scalar())
            case "if":
                return If(self.scalar(), self.block())
            case "allocate":
                return self.allocate()
            case "multiply_tile":
                return self.tile()
            case "barrier":
                return Barrier()
            case "multiply_matrices":
                return self.multiply()
            case "copy_matrix":
                return self.copy()
        if self.accept("="):
            self.named[word] = self.scalar()
        return None

    def loop(self, kind: Kind, role: Role) -> For:
        """The rest of a loop, after the word for its kind or role."""
        options: dict[str, Dim] = {"width": 1, "unroll": 1, "grain": 1}
        if self.accept("("):
            options |= dict(self.several(self.option))
            self.expect(")")
        name = self.name()
        self.expect("<")
        extent = self.dim("{")
        self.expect("{")
        self.indices[name] = dims.symbol(name, extent)
        (index,) = dims.symbols(self.indices[name])
        outside = dict(self.named)
        carry = self.carry() if self.accept("carry") else None
        body = self.statements()
        carried = self.results(carry, outside)
        width, unroll = int(str(options["width"])), int(str(options["unroll"]))
        return For(index, extent, body, kind, width, unroll, options["grain"], carried, role)

    def option(self) -> tuple[str, Dim]:
        """`name=value`."""
        name = self.name()
        self.expect("=")
        return name, self.dim(",)")

    def carry(self) -> list[tuple[Variable, Scalar]]:
        """`v0: float32 = initial, ...`."""
        return list(self.several(self.binding))

    def binding(self) -> tuple[Variable, Scalar]:
        """`v0: float32 = initial`."""
        variable = self.variable()
        self.expect("=")
        return variable, self.scalar()

    def results(
        self, carry: list[tuple[Variable, Scalar]] | None, outside: dict[str, Scalar]
    ) -> Carried | None:
        """The end of a loop's body, and what follows it where the loop carries values."""
        if carry is None:
            self.expect("}")
            self.named = outside
            return None
        self.expect("next")
        following = self.several(self.scalar)
        self.named = outside
        self.expect("}")
        combiner = self.combiner() if self.accept("combine") else None
        self.expect("results")
        results = self.several(self.variable)
        variables, initial = (tuple(side) for side in zip(*carry, strict=True))
        return Carried(variables, initial, following, results, combiner)

    def combiner(self) -> Combiner:
        """`{ left ... right ... next ... }`."""
        outside = dict(self.named)
        self.expect("{")
        self.expect("left")
        left = self.several(self.variable)
        self.expect("right")
        right = self.several(self.variable)
        self.statements()
        self.expect("next")
        combiner = Combiner(left, right, self.several(self.scalar))
        self.expect("}")
        self.named = outside
        return combiner

    def allocate(self) -> Allocate:
        """The rest of an allocation."""
        found = next((space for word, space in _SPACES.items() if self.accept(word)), Space.PRIVATE)
        return Allocate(self.declaration(), found)

    def store(self) -> Store:
        """The rest of a store."""
        streaming = self.accept("streaming")
        buffer, position, scatter = self.place()
        self.expect("=")
        value = self.scalar()
        mask = self.scalar() if self.accept("if") else None
        return Store(buffer, position, value, mask, scatter, streaming)

    def tile(self) -> MultiplyTile:
        """The rest of a multiply_tile."""
        options = self.numbers()
        c, c_position, (c_stride,) = self.panel()
        self.expect("+=")
        a, a_position, (a_depth, a_row) = self.panel()
        self.expect("*")
        b, b_position, (b_depth,) = self.panel()
        self.expect("depth")
        depth = self.bracketed()
        self.expect("valid")
        valid = self.bracketed()
        self.expect("accumulate")
        rows, columns = options["rows"], options["columns"]
        return MultiplyTile(
            c,
            c_position,
            c_stride,
            a,
            a_position,
            b,
            b_position,
            rows,
            columns,
            depth,
            valid,
            self.accumulate(),
            a_row,
            a_depth,
            b_depth,
        )

    def numbers(self) -> dict[str, int]:
        """`(name=number, ...)`."""
        self.expect("(")
        options = self.several(self.option)
        self.expect(")")
        return {name: int(str(value)) for name, value in options}

    def multiply(self) -> MultiplyMatrices:
        """The rest of a multiply_matrices."""
        options = self.numbers()
        c = self.matrix()
        self.expect("+=")
        a = self.matrix()
        self.expect("*")
        b = self.matrix()
        self.expect("accumulate")
        return MultiplyMatrices(c, a, b, accumulate=self.accumulate(), **options)

    def copy(self) -> CopyMatrix:
        """The rest of a copy_matrix."""
        options = self.numbers()
        target = self.matrix()
        self.expect("=")
        return CopyMatrix(target, self.matrix(), **options)

    def matrix(self) -> Matrix:
        """`b0[position; row stride, column stride]`."""
        buffer, position, (row, column) = self.panel()
        return Matrix(buffer, position, row, column)

    def panel(self) -> tuple[Buffer, Dim, tuple[Dim, ...]]:
        """`b0[position; stride, ...]`."""
        buffer = self.buffers[self.name()]
        self.expect("[")
        position = self.dim(";")
        self.expect(";")
        strides = self.several(lambda: self.dim(",]"))
        self.expect("]")
        return buffer, position, strides

    def accumulate(self) -> Scalar | bool:
        """A literal is a Python bool."""
        value = self.scalar()
        return bool(value.value) if isinstance(value, Constant) else value

    # Scalars

    def place(self) -> tuple[Buffer, Dim, Scalar | None]:
        """`b0[position]` or `b0[position; offset]`."""
        buffer = self.buffers[self.name()]
        self.expect("[")
        position = self.dim(";]")
        offset = self.scalar() if self.accept(";") else None
        self.expect("]")
        return buffer, position, offset

    def scalar(self) -> Scalar:
        """A scalar expression."""
        self.skip()
        literal = _LITERAL.match(self.text, self.at)
        if literal is not None:
            self.at = literal.end()
            return _constant(*literal.groups())
        word = self.name()
        if word in self.named:
            return self.named[word]
        if word in self.variables:
            return self.variables[word]
        match word:
            case "load":
                buffer, position, gather = self.place()
                mask = self.scalar() if self.accept("where") else None
                return Load(buffer, position, mask, gather)
            case "index":
                return Index(self.type_argument(), self.bracketed())
            case "convert":
                return Convert(self.type_argument(), *self.operands())
            case "bitcast":
                return Bitcast(self.type_argument(), *self.operands())
        return self.operation(word)

    def type_argument(self) -> DType:
        """`<float32>`."""
        self.expect("<")
        dtype = self.dtype()
        self.expect(">")
        return dtype

    def operands(self) -> tuple[Scalar, ...]:
        """`(scalar, ...)`."""
        self.expect("(")
        found = self.several(self.scalar)
        self.expect(")")
        return found

    def operation(self, word: str) -> Scalar:
        """An operator applied to its operands, whose type is that of the first."""
        direction = word.removeprefix("compare_")
        values = self.operands()
        dtype = values[0].dtype
        if direction in DIRECTIONS and direction != word:
            return Compare(bool_, direction, *values)
        match word:
            case "fma":
                return Fma(dtype, *values)
            case "select":
                return Select(values[1].dtype, *values)
        if word in UNARY:
            return Unary(bool_ if word == "is_finite" else dtype, word, *values)
        return Binary(dtype, word, *values)


def _constant(value: str, name: str) -> Constant:
    dtype = dtypes.as_dtype(name)
    if dtype.is_bool:
        return Constant(dtype, value == "true")
    return Constant(dtype, float(value) if dtype.is_floating else int(value))
