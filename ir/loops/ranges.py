"""Proofs about the elements that a kernel touches, for given sizes.

Every position lies in an interval that follows from the ranges of the loops around it. Where that
is within the buffer nothing more is asked. Elsewhere the first and last iterations of those loops
are tried: one that surely runs and touches an element outside of its buffer is a fault of the
compiler, found before any code runs. What neither proves (a mask that data decides, a gather) is
left to the emitter's bounds checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TypeAlias

from flowc.ir import dims
from flowc.ir.dims import Atom, Dim, Operation, Symbol
from flowc.ir.errors import InternalError
from flowc.ir.loops.expressions import Binary, Compare, Constant, Index, Load, Scalar
from flowc.ir.loops.kernel import (
    Buffer,
    Call,
    CopyMatrix,
    For,
    If,
    Kernel,
    Matrix,
    MultiplyMatrices,
    MultiplyTile,
    Program,
    Statement,
    Store,
)
from flowc.ir.loops.walk import calls, matrices, nodes, roots

Interval: TypeAlias = tuple[int, int]  # least and greatest value
Access: TypeAlias = tuple[Buffer, Dim]

_LOOPS = 6  # of which first and last iterations are tried together


def check_ranges(program: Program, sizes: Mapping[str, int]) -> None:
    """Raises InternalError where a kernel surely touches an element outside of a buffer."""
    seen: set[Kernel] = set()
    for call in calls(program.steps):
        _check_call(call, sizes)
        if call.kernel not in seen:
            seen.add(call.kernel)
            found = outside(call.kernel, sizes)
            if found is not None:
                raise _error(call.kernel, found)


def outside(kernel: Kernel, sizes: Mapping[str, int]) -> str | None:
    """An access that surely is out of range, in words; None where none is found."""
    return _Ranges(sizes).body(kernel.body)


def _check_call(call: Call, sizes: Mapping[str, int]) -> None:
    for argument, parameter in zip(call.arguments, call.kernel.parameters, strict=True):
        if argument.size == parameter.size:
            continue
        has, wants = (dims.evaluate(b.size, sizes) for b in (argument, parameter))
        if has < wants:
            raise _error(
                call.kernel, f"'{argument.name}' has {has} elements, '{parameter.name}' {wants}"
            )


def _error(kernel: Kernel, what: str) -> InternalError:
    return InternalError(None, None, f"kernel '{kernel.name}': {what}")


class _Unknown(Exception):
    """No interval follows: a division by what may be zero or less."""


class _Ranges:
    """Walks one kernel. A loop's index has its name alone, so what is found of it stays true."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.open: dict[str, Dim] = {}  # extents of the loops around
        self.known: dict[Dim, Interval] = {}
        self.indices: dict[str, Interval] = {name: (n, n) for name, n in sizes.items()}
        self.checked: set[Access] = set()
        self.seen: set[Scalar] = set()  # nodes below which every load was looked at
        self.surely = True  # whether the statements at hand run for every index

    # Statements

    def body(self, body: Sequence[Statement]) -> str | None:
        """The first access of the statements that is out of range."""
        for statement in body:
            found = self._statement(statement)
            if found is not None:
                return found
        return None

    def _statement(self, statement: Statement) -> str | None:
        match statement:
            case For(carried=carried):
                before = None if carried is None else self._loads(carried.initial)
                return before or self._for(statement)
            case If(condition=condition, body=body):
                return self._loads((condition,)) or self._if(condition, body)
        return self._loads(roots(statement)) or self._own(statement)

    def _for(self, loop: For) -> str | None:
        try:
            most = self.interval(loop.extent)[1]
        except _Unknown:
            return None
        if most <= 0:
            return None
        name = loop.index.name
        self.open[name], self.indices[name] = loop.extent, (0, most - 1)
        found = self.body(loop.body)
        if found is None and loop.carried is not None:
            found = self._loads(loop.carried.next)
        del self.open[name]
        return found

    def _if(self, condition: Scalar, body: Sequence[Statement]) -> str | None:
        holds = self._decided(condition)
        if holds is False:
            return None
        surely, self.surely = self.surely, self.surely and holds is True
        found = self.body(body)
        self.surely = surely
        return found

    def _own(self, statement: Statement) -> str | None:
        match statement:
            case Store(buffer=buffer, position=position, mask=None, scatter=None):
                return self._access(buffer, position)
            case MultiplyTile():
                return self._first(self._panels(statement))
            case MultiplyMatrices(rows=m, columns=n, depth=k):
                places = zip(matrices(statement), ((m, n), (m, k), (k, n)), strict=True)
                return self._first([end for place in places for end in _ends(*place)])
            case CopyMatrix(rows=m, columns=n):
                return self._first([end for x in matrices(statement) for end in _ends(x, (m, n))])
        return None

    def _panels(self, tile: MultiplyTile) -> list[Access]:
        """First and last elements of the panels of a tile; of an empty sum those of c only."""
        rows = tile.rows - 1
        last_c = tile.c_position + tile.c_stride * rows + tile.valid_columns - 1
        found = [(tile.c, tile.c_position), (tile.c, last_c)]
        if self.interval(tile.depth)[0] > 0:
            steps = tile.depth - 1
            last_a = tile.a_position + tile.a_row_stride * rows + tile.a_depth_stride * steps
            last_b = tile.b_position + tile.b_stride * steps + (tile.columns - 1)
            found += [(tile.a, tile.a_position), (tile.a, last_a)]
            found += [(tile.b, tile.b_position), (tile.b, last_b)]
        return found

    def _loads(self, scalars: Sequence[Scalar]) -> str | None:
        """The first load below the scalars that is out of range."""
        if not self.surely:
            return None
        for node in nodes(scalars, self.seen):
            if isinstance(node, Load) and node.mask is None and node.gather is None:
                found = self._access(node.buffer, node.position)
                if found is not None:
                    return found
        return None

    def _first(self, accesses: Sequence[Access]) -> str | None:
        return next((f for a in accesses if (f := self._access(*a)) is not None), None)

    # One access

    def _access(self, buffer: Buffer, position: Dim) -> str | None:
        if not self.surely or (buffer, position) in self.checked:
            return None
        self.checked.add((buffer, position))
        try:
            size = self.interval(buffer.size)[0]
            least, greatest = self.interval(position)
        except _Unknown:
            return None
        if least >= 0 and greatest < size:
            return None
        for element in self._elements(position):
            if not 0 <= element < size:
                return f"element {element} of '{buffer.name}', which has {size} ({position})"
        return None

    def _elements(self, position: Dim) -> Iterator[int]:
        """Values of a position in first and last iterations of the loops that it depends on."""
        moving = self._moving(position)
        if len(moving) > _LOOPS:
            return
        for ends in product((False, True), repeat=len(moving)):
            places = self._iteration(dict(zip(moving, ends, strict=True)))
            if places is not None:
                yield dims.evaluate(position, places)

    def _moving(self, position: Dim) -> list[str]:
        """The open loops that a position, or the extent of such a loop, depends on."""
        wanted = {s.name for s in dims.symbols(position)}
        for name in reversed(self.open):
            if name in wanted:
                wanted |= {s.name for s in dims.symbols(self.open[name])}
        return [name for name in self.open if name in wanted]

    def _iteration(self, last: Mapping[str, bool]) -> dict[str, int] | None:
        """The indices of one iteration, the last one of some loops; None where there is none."""
        places = dict(self.sizes)
        for name, extent in self.open.items():
            count = dims.evaluate(extent, places)
            if count <= 0:
                return None
            places[name] = count - 1 if last.get(name) else 0
        return places

    # Intervals

    def interval(self, value: Dim) -> Interval:
        """The least and the greatest number that a value may be. Raises _Unknown."""
        if isinstance(value, int):
            return value, value
        found = self.known.get(value)
        if found is None:
            found = self.known[value] = self._sum(value)
        return found

    def _sum(self, value: dims.Expr) -> Interval:
        least = greatest = 0
        for monomial, coefficient in value.terms.items():
            low = high = coefficient
            for atom in monomial:
                low, high = _product((low, high), self._atom(atom))
            least, greatest = least + low, greatest + high
        return least, greatest

    def _atom(self, atom: Atom) -> Interval:
        if isinstance(atom, Operation):
            left, right = self.interval(atom.left), self.interval(atom.right)
            return _OPERATIONS[atom.operator](left, right)
        assert isinstance(atom, Symbol)
        return self.indices[atom.name]

    def _decided(self, condition: Scalar) -> bool | None:
        """Whether a condition on indices holds in every iteration; None where that differs."""
        match condition:
            case Binary(operator="and", left=left, right=right):
                sides = self._decided(left), self._decided(right)
                return False if False in sides else (None if None in sides else True)
            case Compare(direction=direction, left=left, right=right):
                return self._compared(direction, left, right)
        return None

    def _compared(self, direction: str, left: Scalar, right: Scalar) -> bool | None:
        try:
            (a, b), (c, d) = (self.interval(_number(side)) for side in (left, right))
        except _Unknown:
            return None
        match direction:
            case "LT":
                return True if b < c else (False if a >= d else None)
            case "GE":
                return True if a >= d else (False if b < c else None)
        return None


def _ends(matrix: Matrix, shape: tuple[int, int]) -> list[Access]:
    """The first and the last element of a matrix."""
    rows, columns = shape
    last = matrix.row_stride * (rows - 1) + matrix.column_stride * (columns - 1)
    return [(matrix.buffer, matrix.position), (matrix.buffer, matrix.position + last)]


def _number(scalar: Scalar) -> Dim:
    match scalar:
        case Index(expression=expression):
            return expression
        case Constant(value=int(value)):
            return value
    raise _Unknown


def _product(x: Interval, y: Interval) -> Interval:
    if x[0] >= 0 and y[0] >= 0:
        return x[0] * y[0], x[1] * y[1]
    corners = [a * b for a in x for b in y]
    return min(corners), max(corners)


def _floordiv(x: Interval, y: Interval) -> Interval:
    if y[0] <= 0:
        raise _Unknown
    corners = [a // b for a in x for b in y]
    return min(corners), max(corners)


def _mod(x: Interval, y: Interval) -> Interval:
    if y[0] <= 0:
        raise _Unknown
    if y[0] == y[1] and x[0] // y[0] == x[1] // y[0]:
        return x[0] % y[0], x[1] % y[0]
    return 0, y[1] - 1


def _minimum(x: Interval, y: Interval) -> Interval:
    return min(x[0], y[0]), min(x[1], y[1])


def _maximum(x: Interval, y: Interval) -> Interval:
    return max(x[0], y[0]), max(x[1], y[1])


_OPERATIONS = {"floordiv": _floordiv, "mod": _mod, "min": _minimum, "max": _maximum}
