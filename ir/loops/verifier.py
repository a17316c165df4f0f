"""Checks the invariants of loop IR that `kernel.py` lists, and the types of all nodes.

An error names the kernel, the statement and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol
from flowc.ir.dtypes import DType
from flowc.ir.errors import InternalError
from flowc.ir.loops.expressions import (
    BINARY,
    DIRECTIONS,
    UNARY,
    Binary,
    Bitcast,
    Compare,
    Constant,
    Fma,
    Index,
    Load,
    Scalar,
    Select,
    Unary,
    Variable,
)
from flowc.ir.loops.grid_rules import check_grids
from flowc.ir.loops.kernel import (
    Allocate,
    Buffer,
    Call,
    Carried,
    CaseCalls,
    Check,
    CopyMatrix,
    For,
    If,
    Kernel,
    Kind,
    Let,
    Measure,
    MultiplyMatrices,
    MultiplyTile,
    Program,
    Role,
    Statement,
    Step,
    Store,
    WhileCalls,
)
from flowc.ir.loops.walk import matrices, nodes, positions, roots, scalar_positions

_INTEGER_ONLY = frozenset(
    {
        "and",
        "or",
        "xor",
        "not",
        "popcnt",
        "count_leading_zeros",
        "shift_left",
        "shift_right_arithmetic",
        "shift_right_logical",
        "multiply_high",
    }
)


def verify_kernel(kernel: Kernel) -> None:
    """Raises InternalError where a kernel breaks an invariant."""
    _Verifier(kernel).run()


def verify_program(program: Program) -> None:
    """Raises InternalError where a program or one of its kernels breaks an invariant."""
    buffers = set(program.arguments)
    buffers.update(piece.buffer for piece in program.arena)
    buffers.update(constants.buffer for constants in program.constants)
    _verify_steps(program, program.steps, buffers, set())


def _verify_steps(
    program: Program, steps: Sequence[Step], buffers: set[Buffer], seen: set[Kernel]
) -> None:
    for step in steps:
        match step:
            case Call(kernel=kernel):
                _verify_call(program, step, buffers)
                if kernel not in seen:
                    seen.add(kernel)
                    verify_kernel(kernel)
            case WhileCalls(condition=condition, predicate=predicate, body=body):
                _known(program, predicate, buffers)
                _verify_steps(program, (*condition, *body), buffers, seen)
            case CaseCalls(index=index, branches=branches):
                _known(program, index, buffers)
                for branch in branches:
                    _verify_steps(program, branch, buffers, seen)
            case Measure(symbol=symbol, count=count):
                _known(program, count, buffers)
                if symbol not in program.symbols:
                    raise _error(program.name, f"measure: there is no symbol {symbol}")
            case Check(predicate=predicate, code=code):
                _known(program, predicate, buffers)
                if code <= 0:
                    raise _error(program.name, f"the code of a check is {code}, not positive")


def _verify_call(program: Program, call: Call, buffers: set[Buffer]) -> None:
    parameters = call.kernel.parameters
    if len(call.arguments) != len(parameters):
        raise _error(
            program.name,
            f"call of '{call.kernel.name}' passes {len(call.arguments)} buffers "
            f"for {len(parameters)} parameters",
        )
    for argument, parameter in zip(call.arguments, parameters, strict=True):
        _known(program, argument, buffers)
        if argument.dtype is not parameter.dtype:
            raise _error(
                program.name,
                f"call of '{call.kernel.name}' passes {argument.name}: {argument.dtype.name} "
                f"for {parameter.name}: {parameter.dtype.name}",
            )


def _known(program: Program, buffer: Buffer, buffers: set[Buffer]) -> None:
    if buffer not in buffers:
        raise _error(program.name, f"buffer '{buffer.name}' is not declared by the program")


def _error(where: str, what: str) -> InternalError:
    return InternalError(None, None, f"Invalid loop IR in '{where}': {what}")


class _Verifier:
    """Walks one kernel and keeps what is in scope."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.buffers = set(kernel.parameters)
        self.indices: set[Symbol] = set()  # of all loops so far
        self.open: dict[Symbol, For] = {}  # of the loops around
        self.variables: dict[str, DType] = {}  # in scope
        self.bound: set[str] = set()  # of all bindings so far
        self.checked: set[Scalar] = set()  # nodes whose types were checked

    def run(self) -> None:
        """Check everything."""
        self._body(self.kernel.body)
        check_grids(self.kernel, self.expect)

    def fail(self, what: str) -> InternalError:
        """The error that says `what` of this kernel."""
        return _error(self.kernel.name, what)

    def expect(self, condition: bool, what: str) -> None:
        """Raise unless `condition`."""
        if not condition:
            raise self.fail(what)

    @contextmanager
    def _scope(self) -> Iterator[None]:
        variables, buffers = dict(self.variables), set(self.buffers)
        yield
        self.variables, self.buffers = variables, buffers

    # Statements

    def _body(self, body: Sequence[Statement]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, statement: Statement) -> None:
        if not isinstance(statement, For):
            self._scalars(roots(statement))
        match statement:
            case For():
                self._for(statement)
            case Store():
                self._store(statement)
            case Let(variable=variable, value=value):
                self._bind(variable, value.dtype)
            case If(condition=condition, body=body):
                self.expect(condition.dtype.is_bool, "the condition of an If is not a bool")
                self.expect(self._vector() is None, "an If is inside a vector loop")
                with self._scope():
                    self._body(body)
            case Allocate(buffer=buffer):
                self.expect(self._vector() is None, "an Allocate is inside a vector loop")
                self._dim(buffer.size)
                self.buffers.add(buffer)
            case MultiplyTile():
                self._tile(statement)
            case MultiplyMatrices() | CopyMatrix():
                self._matrices(statement)

    def _store(self, store: Store) -> None:
        name = store.buffer.name
        self._buffer(store.buffer)
        self._dim(store.position)
        self.expect(
            store.value.dtype is store.buffer.dtype,
            f"a {store.value.dtype.name} is stored in {name}: {store.buffer.dtype.name}",
        )
        self._offset_and_mask(name, store.mask, store.scatter)

    def _offset_and_mask(self, name: str, mask: Scalar | None, offset: Scalar | None) -> None:
        self.expect(mask is None or mask.dtype.is_bool, f"the mask of '{name}' is not a bool")
        integer = offset is None or offset.dtype.is_integer
        self.expect(integer, f"the data-dependent position in '{name}' is not an integer")

    def _tile(self, tile: MultiplyTile) -> None:
        self.expect(self._vector() is None, "a MultiplyTile is inside a vector loop")
        for buffer in (tile.a, tile.b, tile.c):
            self._buffer(buffer)
            same = buffer.dtype is tile.c.dtype
            self.expect(same, "the buffers of a MultiplyTile differ in type")
        for value in positions(tile):
            self._dim(value)
        self._accumulate(tile)

    def _accumulate(self, statement: MultiplyTile | MultiplyMatrices) -> None:
        accumulate, name = statement.accumulate, type(statement).__name__
        boolean = isinstance(accumulate, bool) or accumulate.dtype.is_bool
        self.expect(boolean, f"'accumulate' of a {name} is not a bool")

    def _matrices(self, statement: MultiplyMatrices | CopyMatrix) -> None:
        for matrix in matrices(statement):
            self._buffer(matrix.buffer)
        for value in positions(statement):
            self._dim(value)
        if isinstance(statement, MultiplyMatrices):
            a, b = statement.a.buffer.dtype, statement.b.buffer.dtype
            self._accumulate(statement)
        else:
            a, b = statement.target.buffer.dtype, statement.source.buffer.dtype
        name = type(statement).__name__
        self.expect(a is b, f"the matrices of a {name} differ in type: {a.name} and {b.name}")

    # Loops

    def _for(self, loop: For) -> None:
        self._dim(loop.extent)
        self._dim(loop.grain)
        self.expect(loop.index not in self.indices, f"loop index {loop.index} is not unique")
        self._kind(loop)
        carried = loop.carried
        if carried is not None:
            self._lengths(loop, carried)
            self._scalars(carried.initial)
        self.indices.add(loop.index)
        self.open[loop.index] = loop
        with self._scope():
            for variable, value in self._pairs(carried):
                self._bind(variable, value.dtype)
            self._body(loop.body)
            if carried is not None:
                self._next(carried)
        del self.open[loop.index]
        if carried is not None:
            for result, value in zip(carried.results, carried.initial, strict=True):
                self._bind(result, value.dtype)

    def _kind(self, loop: For) -> None:
        around = {outer.kind for outer in self.open.values()}
        name = f"{loop.kind.value} loop {loop.index}"
        match loop.kind:
            case Kind.PARALLEL:
                self.expect(around <= {Kind.SERIAL}, f"{name} is not inside serial loops only")
                self.expect(loop.carried is None, f"{name} carries values")
            case Kind.VECTOR:
                self.expect(Kind.VECTOR not in around, f"{name} is inside a vector loop")
                width = loop.width
                self.expect(width & (width - 1) == 0, f"{name}: width {width} is no power of 2")
                combined = loop.carried is None or loop.carried.combiner is not None
                self.expect(combined, f"{name} carries values without a combiner")
            case Kind.UNROLLED:
                constant = isinstance(loop.extent, int)
                self.expect(constant, f"{name} has no constant extent: {loop.extent}")
        self._role(loop)
        vector = self._vector()
        uniform = vector is None or vector.index not in dims.symbols(loop.extent)
        self.expect(uniform, f"the extent of {name} differs between the lanes around it")
        self.expect(loop.width > 0 and loop.unroll > 0, f"{name}: width or unroll is not positive")

    def _role(self, loop: For) -> None:
        name, carried = f"{loop.role.value} loop {loop.index}", loop.carried
        serial = loop.role is Role.ORDERED or loop.kind is Kind.SERIAL
        self.expect(serial, f"{name} runs as a {loop.kind.value} one already")
        match loop.role:
            case Role.FREE:
                self.expect(carried is None, f"{name} carries values")
            case Role.REDUCED:
                combined = carried is not None and carried.combiner is not None
                self.expect(combined, f"{name} carries no values that have a combiner")

    def _vector(self) -> For | None:
        return next((f for f in self.open.values() if f.kind is Kind.VECTOR), None)

    def _lengths(self, loop: For, carried: Carried) -> None:
        lengths = {len(carried.variables), len(carried.initial)}
        lengths |= {len(carried.next), len(carried.results)}
        self.expect(len(lengths) == 1, f"the carried lists of loop {loop.index} differ in length")

    def _pairs(self, carried: Carried | None) -> list[tuple[Variable, Scalar]]:
        if carried is None:
            return []
        return list(zip(carried.variables, carried.initial, strict=True))

    def _next(self, carried: Carried) -> None:
        self._scalars(carried.next)
        self._same_types(carried, carried.next)
        if carried.combiner is None:
            return
        with self._scope():
            for side in (carried.combiner.left, carried.combiner.right):
                for variable, value in zip(side, carried.initial, strict=True):
                    self._bind(variable, value.dtype)
            self._scalars(carried.combiner.results)
            self._same_types(carried, carried.combiner.results)

    def _same_types(self, carried: Carried, values: Sequence[Scalar]) -> None:
        for variable, value in zip(carried.variables, values, strict=True):
            self.expect(
                variable.dtype is value.dtype,
                f"carried {variable.name}: {variable.dtype.name} becomes a {value.dtype.name}",
            )

    # Names

    def _bind(self, variable: Variable, dtype: DType) -> None:
        name = variable.name
        self.expect(name not in self.bound, f"variable {name} is bound twice")
        self.expect(
            variable.dtype is dtype,
            f"variable {name}: {variable.dtype.name} is bound to a {dtype.name}",
        )
        self.bound.add(name)
        self.variables[name] = dtype

    def _buffer(self, buffer: Buffer) -> None:
        self.expect(buffer in self.buffers, f"buffer '{buffer.name}' is not in scope")

    def _dim(self, value: Dim) -> None:
        for symbol in dims.symbols(value):
            stray = symbol in self.indices and symbol not in self.open
            self.expect(not stray, f"loop index {symbol} is used outside of its loop: {value}")

    # Scalars

    def _scalars(self, values: Sequence[Scalar]) -> None:
        for node in nodes(values):
            self._in_scope(node)
            if node not in self.checked:
                self.checked.add(node)
                self._types(node)

    def _in_scope(self, node: Scalar) -> None:
        for position in scalar_positions(node):
            self._dim(position)
        match node:
            case Variable(name=name):
                self.expect(name in self.variables, f"variable {name} is not in scope")
            case Load(buffer=buffer):
                self._buffer(buffer)

    def _types(self, node: Scalar) -> None:
        name = type(node).__name__.lower()
        match node:
            case Constant() | Index() | Variable():
                pass
            case Load(buffer=buffer, mask=mask, gather=gather):
                self._offset_and_mask(buffer.name, mask, gather)
            case Unary(operator=operator, operand=operand):
                self._operator(operator, UNARY, operand.dtype)
                if operator == "is_finite":
                    self.expect(node.dtype.is_bool, "is_finite gives no bool")
                else:
                    self._equal(operator, node.dtype, operand)
            case Binary(operator=operator, left=left, right=right):
                self._operator(operator, BINARY, left.dtype)
                self._equal(operator, node.dtype, left, right)
            case Fma(a=a, b=b, c=c):
                self._equal(name, node.dtype, a, b, c)
            case Compare(direction=direction, left=left, right=right):
                self.expect(direction in DIRECTIONS, f"unknown direction {direction}")
                self.expect(node.dtype.is_bool, "a comparison gives no bool")
                self._equal(name, left.dtype, right)
            case Select(predicate=predicate, on_true=on_true, on_false=on_false):
                self.expect(predicate.dtype.is_bool, "the predicate of a select is not a bool")
                self._equal(name, node.dtype, on_true, on_false)
            case Bitcast(operand=operand):
                same = node.dtype.size == operand.dtype.size
                self.expect(same, f"bitcast of {operand.dtype.name} to {node.dtype.name}")
        self.expect(
            node.dtype.is_numeric and not node.dtype.is_complex,
            f"a {name} has type {node.dtype.name}",
        )

    def _operator(self, operator: str, known: frozenset[str], dtype: DType) -> None:
        self.expect(operator in known, f"unknown operator '{operator}'")
        wrong = operator in _INTEGER_ONLY and dtype.is_floating
        self.expect(not wrong, f"'{operator}' of {dtype.name}")

    def _equal(self, name: str, dtype: DType, *operands: Scalar) -> None:
        for operand in operands:
            self.expect(
                operand.dtype is dtype,
                f"'{name}' of {dtype.name} has an operand of type {operand.dtype.name}",
            )
