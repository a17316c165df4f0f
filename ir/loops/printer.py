"""Loop IR as text, in a canonical form: kernels that are equal but for names print equal.

Loop indices become `i0, i1, ...`, buffers `b0, ...`, variables `v0, ...`, all in the order of their
appearance; symbols (sizes) keep their names. A scalar node that is used more than once is named
`t0, ...` on a line of its own before its first use, in the scope of that use:

    kernel scale(b0: float32[n], b1: float32[n]) {
      vector(width=16, unroll=2) i0 < n {
        t0 = load b0[i0]
        store b1[i0] = multiply(t0, t0)
      }
    }

A serial loop begins with its role where that is not `ordered`: `free i0 < n {`.

`parser` reads this text back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol
from flowc.ir.dtypes import DType, bool_
from flowc.ir.loops.expressions import (
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
from flowc.ir.loops.facts import found_once
from flowc.ir.loops.kernel import (
    Allocate,
    Barrier,
    Buffer,
    Call,
    Carried,
    CaseCalls,
    Check,
    Combiner,
    Commit,
    CopyMatrix,
    For,
    If,
    Kernel,
    Let,
    Matrix,
    Measure,
    MultiplyMatrices,
    MultiplyTile,
    Program,
    Role,
    Space,
    Statement,
    Step,
    Store,
    WhileCalls,
)
from flowc.ir.loops.walk import operands, roots, statements

_INDENT = "  "
_NESTING = 12  # deeper nodes get a name of their own, for readers and for Python's stack


def print_kernel(kernel: Kernel, name: str | None = None, *, own_indices: bool = False) -> str:
    """The canonical text of a kernel, under its own name or another.

    With `own_indices` loop indices keep their names, which steps of a schedule refer to.
    """
    return "\n".join(_KernelPrinter(kernel, own_indices).lines(name or kernel.name)) + "\n"


@found_once
def kernel_digest(kernel: Kernel) -> str:
    """A hash that is equal for kernels that compute the same thing the same way."""
    return sha256(print_kernel(kernel, "kernel").encode()).hexdigest()


def print_constant(dtype: DType, value: bool | int | float) -> str:
    """A literal: `1.5:float32`, `true:bool`, `-inf:float64`."""
    if dtype.is_bool:
        return f"{str(bool(value)).lower()}:bool"
    return f"{float(value)!r}:{dtype.name}" if dtype.is_floating else f"{int(value)}:{dtype.name}"


class _KernelPrinter:
    """Prints one kernel."""

    def __init__(self, kernel: Kernel, own_indices: bool = False) -> None:
        self.kernel = kernel
        self.own_indices = own_indices
        self.buffers: dict[Buffer, str] = {}
        self.indices: dict[Symbol, Symbol] = {}
        self.variables: dict[str, str] = {}
        self.named: dict[Scalar, str] = {}
        self.nesting: dict[Scalar, int] = {}
        self.names = 0
        self.uses = _count_uses(kernel)

    def lines(self, name: str) -> Iterator[str]:
        parameters = ", ".join(map(self._declare, self.kernel.parameters))
        yield f"kernel {name}({parameters}) {{"
        yield from self._body(self.kernel.body)
        yield "}"

    # Names

    def _declare(self, buffer: Buffer) -> str:
        self.buffers[buffer] = f"b{len(self.buffers)}"
        return f"{self.buffers[buffer]}: {buffer.dtype.name}[{self._dim(buffer.size)}]"

    def _bind(self, variable: Variable) -> str:
        self.variables[variable.name] = f"v{len(self.variables)}"
        return f"{self.variables[variable.name]}: {variable.dtype.name}"

    def _dim(self, value: Dim) -> str:
        return str(dims.rename(value, self.indices))

    # Statements

    def _body(self, body: Sequence[Statement]) -> Iterator[str]:
        """The lines of a body; nodes named inside are forgotten afterwards."""
        outside = dict(self.named)
        for statement in body:
            for line in self._statement(statement):
                yield _INDENT + line
        self.named = outside

    def _statement(self, statement: Statement) -> Iterator[str]:
        match statement:
            case For():
                yield from self._for(statement)
            case Store():
                yield from self._store(statement)
            case Let(variable=variable, value=value):
                yield from self._shared([value])
                text = self._scalar(value)
                yield f"let {self._bind(variable)} = {text}"
            case If(condition=condition):
                yield from self._shared([condition])
                yield f"if {self._scalar(condition)} {{"
                yield from self._body(statement.body)
                yield "}"
            case Allocate(buffer=buffer, space=space):
                place = "" if space is Space.PRIVATE else f"{space.value} "
                yield f"allocate {place}{self._declare(buffer)}"
            case MultiplyTile():
                yield from self._tile(statement)
            case Barrier():
                yield "barrier"
            case MultiplyMatrices():
                yield from self._multiply(statement)
            case CopyMatrix(rows=rows, columns=columns, lanes=lanes):
                target, source = self._matrix(statement.target), self._matrix(statement.source)
                size = f"rows={rows}, columns={columns}, lanes={lanes}"
                yield f"copy_matrix({size}) {target} = {source}"

    def _for(self, loop: For) -> Iterator[str]:
        if loop.carried is not None:
            yield from self._shared(loop.carried.initial)
        extent = self._dim(loop.extent)
        name = loop.index.name if self.own_indices else f"i{len(self.indices)}"
        index = Symbol(name, dims.rename(loop.extent, self.indices))
        self.indices[loop.index] = index
        word = (loop.kind if loop.role is Role.ORDERED else loop.role).value
        yield f"{word}{self._options(loop)} {index} < {extent} {{"
        outside = dict(self.named)
        if loop.carried is not None:
            yield _INDENT + self._carry(loop.carried)
        for statement in loop.body:
            yield from (_INDENT + line for line in self._statement(statement))
        if loop.carried is not None:
            yield from (_INDENT + line for line in self._next(loop.carried))
        self.named = outside
        if loop.carried is None:
            yield "}"
            return
        yield from self._after(loop.carried)

    def _options(self, loop: For) -> str:
        options = [("width", loop.width), ("unroll", loop.unroll), ("grain", loop.grain)]
        chosen = ", ".join(f"{name}={self._dim(value)}" for name, value in options if value != 1)
        return f"({chosen})" if chosen else ""

    def _carry(self, carried: Carried) -> str:
        bound = [
            f"{name} = {self._scalar(initial)}"
            for name, initial in zip(
                map(self._bind, carried.variables), carried.initial, strict=True
            )
        ]
        return "carry " + ", ".join(bound)

    def _next(self, carried: Carried) -> Iterator[str]:
        yield from self._shared(carried.next)
        yield "next " + ", ".join(map(self._scalar, carried.next))

    def _after(self, carried: Carried) -> Iterator[str]:
        """The end of a loop that carries values: the combiner, and the names of the results."""
        if carried.combiner is not None:
            yield "} combine {"
            yield from (_INDENT + line for line in self._combiner(carried.combiner))
        yield "} results " + ", ".join(map(self._bind, carried.results))

    def _combiner(self, combiner: Combiner) -> Iterator[str]:
        outside = dict(self.named)
        yield "left " + ", ".join(map(self._bind, combiner.left))
        yield "right " + ", ".join(map(self._bind, combiner.right))
        yield from self._shared(combiner.results)
        yield "next " + ", ".join(map(self._scalar, combiner.results))
        self.named = outside

    def _store(self, store: Store) -> Iterator[str]:
        yield from self._shared(roots(store))
        streaming = " streaming" if store.streaming else ""
        place = self._place(store.buffer, store.position, store.scatter)
        mask = "" if store.mask is None else f" if {self._scalar(store.mask)}"
        yield f"store{streaming} {place} = {self._scalar(store.value)}{mask}"

    def _tile(self, tile: MultiplyTile) -> Iterator[str]:
        yield from self._shared(roots(tile))
        c = f"{self.buffers[tile.c]}[{self._dim(tile.c_position)}; {self._dim(tile.c_stride)}]"
        a_strides = f"{self._dim(tile.a_depth_stride)}, {self._dim(tile.a_row_stride)}"
        a = f"{self.buffers[tile.a]}[{self._dim(tile.a_position)}; {a_strides}]"
        b = f"{self.buffers[tile.b]}[{self._dim(tile.b_position)}; {self._dim(tile.b_stride)}]"
        yield (
            f"multiply_tile(rows={tile.rows}, columns={tile.columns}) {c} += {a} * {b} "
            f"depth[{self._dim(tile.depth)}] valid[{self._dim(tile.valid_columns)}] "
            f"accumulate {self._condition(tile.accumulate)}"
        )

    def _multiply(self, statement: MultiplyMatrices) -> Iterator[str]:
        yield from self._shared(roots(statement))
        options = ", ".join(
            f"{name}={getattr(statement, name)}" for name in ("rows", "columns", "depth", "lanes")
        )
        c, a, b = map(self._matrix, (statement.c, statement.a, statement.b))
        condition = self._condition(statement.accumulate)
        yield f"multiply_matrices({options}) {c} += {a} * {b} accumulate {condition}"

    def _matrix(self, matrix: Matrix) -> str:
        strides = f"{self._dim(matrix.row_stride)}, {self._dim(matrix.column_stride)}"
        return f"{self.buffers[matrix.buffer]}[{self._dim(matrix.position)}; {strides}]"

    def _condition(self, condition: Scalar | bool) -> str:
        if isinstance(condition, bool):
            return print_constant(bool_, condition)
        return self._scalar(condition)

    # Scalars

    def _shared(self, values: Sequence[Scalar]) -> Iterator[str]:
        """A line for each node in `values` that is used more than once and has no name yet."""
        pending = [(value, False) for value in reversed(values)]
        while pending:
            node, ready = pending.pop()
            if node in self.named or isinstance(node, Variable | Constant):
                continue
            if not ready:
                pending.append((node, True))
                pending.extend((o, False) for o in reversed(operands(node)))
            elif self.uses[node] > 1 or self._nesting(node) > _NESTING:
                text = self._scalar(node)
                self.named[node] = f"t{self.names}"
                self.names += 1
                yield f"{self.named[node]} = {text}"

    def _nesting(self, node: Scalar) -> int:
        """How deep the text of `node` nests; its operands were measured before."""
        inner = [self.nesting.get(o, 0) for o in operands(node) if o not in self.named]
        self.nesting[node] = 1 + max(inner, default=0)
        return self.nesting[node]

    def _scalar(self, node: Scalar) -> str:
        if node in self.named:
            return self.named[node]
        match node:
            case Constant(dtype=dtype, value=value):
                return print_constant(dtype, value)
            case Variable(name=name):
                return self.variables[name]
            case Index(dtype=dtype, expression=expression):
                return f"index<{dtype.name}>[{self._dim(expression)}]"
            case Load(buffer=buffer, position=position, mask=mask, gather=gather):
                condition = "" if mask is None else f" where {self._scalar(mask)}"
                return f"load {self._place(buffer, position, gather)}{condition}"
        return f"{_operator(node)}({', '.join(map(self._scalar, operands(node)))})"

    def _place(self, buffer: Buffer, position: Dim, offset: Scalar | None) -> str:
        added = "" if offset is None else f"; {self._scalar(offset)}"
        return f"{self.buffers[buffer]}[{self._dim(position)}{added}]"


def _operator(node: Scalar) -> str:
    match node:
        case Unary(operator=operator) | Binary(operator=operator):
            return operator
        case Fma():
            return "fma"
        case Compare(direction=direction):
            return f"compare_{direction}"
        case Select():
            return "select"
        case Convert(dtype=dtype):
            return f"convert<{dtype.name}>"
        case Bitcast(dtype=dtype):
            return f"bitcast<{dtype.name}>"
    raise AssertionError(node)


def _count_uses(kernel: Kernel) -> Counter[Scalar]:
    """How often each node is an operand or the root of a statement."""
    uses: Counter[Scalar] = Counter()
    seen: set[Scalar] = set()
    for statement in statements(kernel.body):
        pending = list(roots(statement))
        uses.update(pending)
        while pending:
            node = pending.pop()
            if node not in seen:
                seen.add(node)
                uses.update(operands(node))
                pending += operands(node)
    return uses


# Programs


def print_program(program: Program) -> str:
    """The canonical text of a program; constants by their checksum."""
    printer = _ProgramPrinter(program)
    rest = list(printer.lines())
    kernels = [print_kernel(kernel, name)[:-1] for name, kernel in printer.kernels()]
    return "\n".join([*kernels, *rest]) + "\n"


def program_digest(program: Program, limit: int | None = None) -> str:
    """A hash that is equal for programs that do the same thing the same way.

    Constants of more than `limit` bytes count by their size alone: they are not in the code.
    """
    printer = _ProgramPrinter(program, limit)
    rest = list(printer.lines())
    kernels = [kernel_digest(kernel) for _, kernel in printer.kernels()]
    return sha256("\n".join([*kernels, *rest]).encode()).hexdigest()


def _symbol(symbol: Symbol) -> str:
    """A symbol's name, and what it stands for: code is made with that in mind."""
    return symbol.name if symbol.definition is None else f"{symbol.name} = {symbol.definition}"


class _ProgramPrinter:
    """Prints a program's buffers and steps, and gives names to its kernels."""

    def __init__(self, program: Program, limit: int | None = None) -> None:
        self.program = program
        self.limit = limit
        self.buffers: dict[Buffer, str] = {}
        self.names: dict[str, str] = {}  # of kernels, by their digests
        self.found: dict[str, Kernel] = {}

    def lines(self) -> Iterator[str]:
        program = self.program
        symbols = ", ".join(map(_symbol, program.symbols))
        steps = list(self._declarations())
        steps += self._steps(program.steps)
        arguments = ", ".join(self._buffer(b) for b in program.arguments)
        yield f"program({arguments}) symbols({symbols}) arena {program.arena_size} {{"
        yield from (_INDENT + line for line in steps)
        yield "}"

    def _name(self, buffer: Buffer) -> str:
        return self.buffers.setdefault(buffer, f"p{len(self.buffers)}")

    def _buffer(self, buffer: Buffer) -> str:
        return f"{self._name(buffer)}: {buffer.dtype.name}[{buffer.size}]"

    def _declarations(self) -> Iterator[str]:
        for buffer in self.program.arguments:
            self._name(buffer)
        for constants in self.program.constants:
            known = self.limit is None or len(constants.data) <= self.limit
            value = f"sha256 {sha256(constants.data).hexdigest()}" if known else "anything"
            yield f"constant {self._buffer(constants.buffer)} = {value}"
        for slice_ in self.program.arena:
            yield f"slice {self._buffer(slice_.buffer)} at {slice_.offset}"

    def kernels(self) -> Iterator[tuple[str, Kernel]]:
        """The kernels that the lines call, once each, with their names."""
        return zip(self.names.values(), self.found.values(), strict=True)

    def _kernel(self, kernel: Kernel) -> str:
        digest = kernel_digest(kernel)
        self.found.setdefault(digest, kernel)
        return self.names.setdefault(digest, f"k{len(self.names)}")

    def _steps(self, steps: Sequence[Step]) -> Iterator[str]:
        for step in steps:
            match step:
                case Call(kernel=kernel, arguments=arguments):
                    yield f"{self._kernel(kernel)}({', '.join(map(self._name, arguments))})"
                case Commit():
                    yield "commit"
                case Measure(symbol=symbol, count=count):
                    yield f"measure {symbol} from {self._name(count)}"
                case Check(predicate=predicate, code=code):
                    yield f"check {self._name(predicate)} code {code}"
                case WhileCalls(condition=condition, predicate=predicate, body=body):
                    yield "while {"
                    yield from (_INDENT + line for line in self._steps(condition))
                    yield f"}} test {self._name(predicate)} {{"
                    yield from (_INDENT + line for line in self._steps(body))
                    yield "}"
                case CaseCalls(index=index, branches=branches):
                    yield f"case {self._name(index)} {{"
                    for branch in branches:
                        yield _INDENT + "branch {"
                        yield from (2 * _INDENT + line for line in self._steps(branch))
                        yield _INDENT + "}"
                    yield "}"
