"""Runs kernels made of blocks and threads, and finds those whose result depends on an order.

Blocks run one by one. In a block, statements run one by one, each for all threads, or groups of
them, that it is for; a statement with a barrier in it is entered by all threads together. Any other
order of threads between barriers must give the same, so any is right. It is the caller's choice,
and an access that would make a difference is a `RaceError`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, TypeAlias

from flowc.ir.dims import Symbol
from flowc.ir.loops import scalar_semantics as semantics
from flowc.ir.loops.expressions import Scalar, Variable
from flowc.ir.loops.iterations import Array, KernelRun, constant
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
    Matrix,
    MultiplyMatrices,
    Space,
    Statement,
)
from flowc.ir.loops.races import Accesses, Place, RaceError, Thread
from flowc.ir.loops.walk import block_loops, block_shape, statements

Order: TypeAlias = Callable[[int], Sequence[int]]  # of a number of blocks, or threads
_NOTHING = Carried((), (), (), ())


def in_order(count: int) -> Sequence[int]:
    """First to last."""
    return range(count)


@dataclass(slots=True)
class Group:
    """The threads that share the indices `place`, and what all of them know."""

    place: Place
    sizes: dict[str, int]
    values: dict[Hashable, Any]
    scopes: list[list[Hashable]]

    def thread(self, index: Symbol, number: int) -> Group:
        """Its part that has one iteration of a thread loop."""
        sizes = {**self.sizes, index.name: number}
        return Group((*self.place, number), sizes, dict(self.values), [[]])


class BlockRun(KernelRun):
    """One execution of a kernel for a GPU."""

    def __init__(
        self, kernel: Kernel, arrays: Sequence[Array], sizes: Mapping[str, int], order: Order
    ) -> None:
        super().__init__(kernel, arrays, sizes)
        self.order = order
        self.block: Place = ()
        self.place: Place = ()
        self.shape: Place = ()  # of a block
        self.spaces: dict[Buffer, Space] = {}
        self.own: dict[tuple[Buffer, Place], Array] = {}  # private memory of the block's threads
        self.in_block = Accesses("a barrier")
        self.in_grid = Accesses("the end of a grid", blocks=True)
        self.with_barrier: set[Statement] = set()
        _note_barriers(kernel.body, self.with_barrier)

    # Statements

    def _statement(self, statement: Statement) -> None:
        match statement:
            case For(kind=Kind.BLOCK):
                self._grid(statement)
            case For(kind=Kind.THREAD):
                self._threads([self._group()], statement)
            case Barrier():
                self.in_block.clear()
            case Allocate(buffer=buffer, space=space):
                self.spaces[buffer] = space
                self._allocate(statement)
            case MultiplyMatrices():
                self._multiply(statement)
            case CopyMatrix(target=target, source=source, rows=rows, columns=columns):
                for at in product(range(rows), range(columns)):
                    self._matrix_element(target, at, self._matrix_element(source, at))
            case _:
                super()._statement(statement)

    def _grid(self, grid: For) -> None:
        loops = block_loops(grid)
        extents = [range(self._position(loop.extent)) for loop in loops]
        self.shape = tuple(max(1, self._position(extent)) for extent in block_shape(grid))
        blocks = list(product(*extents))
        for number in self.order(len(blocks)):
            self._block(loops, blocks[number])
        self.in_grid.clear()

    def _block(self, loops: Sequence[For], block: Place) -> None:
        self.block = block
        self.in_block.clear()
        self.own.clear()
        names = [loop.index.name for loop in loops]
        self.sizes.update(zip(names, block, strict=True))
        with self._scope():
            self._together([self._group()], loops[-1].body)
        for name in names:
            del self.sizes[name]

    # Threads side by side

    def _group(self) -> Group:
        return Group(self.place, self.sizes, self.values, self.scopes)

    def _become(self, group: Group) -> None:
        self.place, self.sizes = group.place, group.sizes
        self.values, self.scopes = group.values, group.scopes

    @contextmanager
    def _as(self, group: Group) -> Iterator[None]:
        """What follows is done by `group`."""
        before = self._group()
        self._become(group)
        yield
        self._become(before)

    def _together(self, groups: Sequence[Group], body: Sequence[Statement]) -> None:
        """Run statements, each by all groups; no group is ahead by more than one."""
        for statement in body:
            if statement in self.with_barrier:
                self._collective(groups, statement)
                continue
            for group in groups:
                with self._as(group):
                    self._statement(statement)

    def _collective(self, groups: Sequence[Group], statement: Statement) -> None:
        """A statement with a barrier in it, which all threads of the block enter."""
        match statement:
            case Barrier():
                self.in_block.clear()
            case For(kind=Kind.THREAD):
                self._threads(groups, statement)
            case For():
                self._iterations(groups, statement)
            case If(condition=condition, body=body):
                if self._agreed(groups, lambda: bool(self._value(condition))):
                    self._open_scopes(groups)
                    self._together(groups, body)
                    self._close_scopes(groups)

    def _iterations(self, groups: Sequence[Group], loop: For) -> None:
        """A serial loop that all groups run in step; each carries values of its own."""
        extent = self._agreed(groups, lambda: self._position(loop.extent))
        carried = loop.carried or _NOTHING
        carries = self._values_of(groups, carried.initial)
        for number in range(extent):
            self._open_scopes(groups)
            for group in groups:
                group.sizes[loop.index.name] = number
            self._bind(groups, carried.variables, carries)
            self._together(groups, loop.body)
            carries = self._values_of(groups, carried.next)
            self._close_scopes(groups)
        self._bind(groups, carried.results, carries)

    def _threads(self, groups: Sequence[Group], loop: For) -> None:
        """Divide the iterations of a loop between the threads of each group."""
        carried = loop.carried or _NOTHING
        extent = self._agreed(groups, lambda: self._position(loop.extent))
        initial = self._values_of(groups, carried.initial)
        parts = [[g.thread(loop.index, n) for n in self.order(extent)] for g in groups]
        for threads, values in zip(parts, initial, strict=True):
            self._bind(threads, carried.variables, [values] * len(threads))
        self._together([thread for threads in parts for thread in threads], loop.body)
        results = []
        for group, threads, values in zip(groups, parts, initial, strict=True):
            given = self._values_of(threads, carried.next)
            with self._as(group):
                results.append(self._merged(carried, values, given))
        self._bind(groups, carried.results, results)

    def _merged(
        self, carried: Carried, initial: list[Any], given: Sequence[list[Any]]
    ) -> list[Any]:
        """The values of all threads in one; the initial ones where there is no thread."""
        if carried.combiner is None or not given:
            return initial
        merged = given[0]
        for values in given[1:]:
            merged = self._combined(carried.combiner, merged, values)
        return merged

    def _combined(self, combiner: Combiner, left: list[Any], right: list[Any]) -> list[Any]:
        with self._scope():
            both = zip((*combiner.left, *combiner.right), (*left, *right), strict=True)
            for variable, value in both:
                self._remember(variable.name, value)
            return [self._value(result) for result in combiner.results]

    def _values_of(self, groups: Sequence[Group], scalars: Sequence[Scalar]) -> list[list[Any]]:
        """What some scalars are in each group."""
        found = []
        for group in groups:
            with self._as(group):
                found.append([self._value(scalar) for scalar in scalars])
        return found

    def _bind(
        self,
        groups: Sequence[Group],
        variables: Sequence[Variable],
        values: Sequence[Sequence[Any]],
    ) -> None:
        """Give each group its values of some variables."""
        for group, own in zip(groups, values, strict=True):
            with self._as(group):
                for variable, value in zip(variables, own, strict=True):
                    self._remember(variable.name, value)

    def _open_scopes(self, groups: Sequence[Group]) -> None:
        for group in groups:
            group.scopes.append([])

    def _close_scopes(self, groups: Sequence[Group]) -> None:
        for group in groups:
            for key in group.scopes.pop():
                del group.values[key]

    def _agreed(self, groups: Sequence[Group], what: Callable[[], int]) -> int:
        """What all groups find. Raises RaceError where they do not come to a barrier together."""
        found = []
        for group in groups:
            with self._as(group):
                found.append(what())
        for group, value in zip(groups, found, strict=True):
            if value != found[0]:
                first, other = (Thread(self.block, g.place) for g in (groups[0], group))
                raise RaceError(
                    f"kernel '{self.kernel.name}': {first} and {other} do not come to a barrier "
                    f"together: {found[0]} is not {value}"
                )
        return found[0] if found else 0

    # Memory

    def _members(self) -> list[Thread]:
        """The first threads of the group, two if it has so many."""
        return [Thread(self.block, place) for place in self._places(2)]

    def _allocate(self, statement: Allocate) -> None:
        super()._statement(statement)
        if statement.space in (Space.PRIVATE, Space.FRAGMENT):
            fresh = self.arrays[statement.buffer]
            for place in self._places():
                self.own[statement.buffer, place] = fresh.copy()

    def _places(self, most: int | None = None) -> list[Place]:
        """The threads of the group, or the first `most` of them."""
        inner = (range(extent) for extent in self.shape[len(self.place) :])
        return [(*self.place, *rest) for rest in islice(product(*inner), most)]

    def _element(self, buffer: Buffer, index: int, value: Any = None) -> Any:
        """An element that the group reads, or that its first thread writes."""
        if self.spaces.get(buffer) in (Space.PRIVATE, Space.FRAGMENT):
            return self._own_element(buffer, index, value)
        result = super()._element(buffer, index, value)
        members = self._members()
        self._touch(buffer, index, members if value is None else members[:1], value is not None)
        return result

    def _own_element(self, buffer: Buffer, index: int, value: Any) -> Any:
        for place in self._places(1 if value is None else None):
            self.arrays[buffer] = self.own[buffer, place]
            result = super()._element(buffer, index, value)
        return result

    def _touch(self, buffer: Buffer, index: int, who: Sequence[Thread], writes: bool) -> None:
        array = self.arrays[buffer]
        address = int(array.ctypes.data) + index * array.itemsize
        element = f"kernel '{self.kernel.name}': element {index} of '{buffer.name}'"
        self.in_block.touch(address, element, who, writes)
        if self.spaces.get(buffer) is not Space.SHARED:
            self.in_grid.touch(address, element, who, writes)

    # Matrices

    def _multiply(self, statement: MultiplyMatrices) -> None:
        c, dtype = statement.c, statement.c.buffer.dtype
        accumulate = statement.accumulate
        add = accumulate if isinstance(accumulate, bool) else self._value(accumulate)
        for row, column in product(range(statement.rows), range(statement.columns)):
            total = self._peek(c, (row, column)) if add else constant(dtype, 0)
            for k in range(statement.depth):
                a, b = (
                    semantics.convert(m.buffer.dtype, dtype, self._matrix_element(m, at))
                    for m, at in ((statement.a, (row, k)), (statement.b, (k, column)))
                )
                total = semantics.fused_multiply_add(dtype, a, b, total)
            self._matrix_element(c, (row, column), total)

    def _matrix_index(self, matrix: Matrix, at: tuple[int, int]) -> int:
        row, column = self._position(matrix.row_stride), self._position(matrix.column_stride)
        return self._position(matrix.position) + at[0] * row + at[1] * column

    def _matrix_element(self, matrix: Matrix, at: tuple[int, int], value: Any = None) -> Any:
        """An element of a matrix: which thread of the group touches it is not known."""
        index = self._matrix_index(matrix, at)
        if self.spaces.get(matrix.buffer) is Space.FRAGMENT:
            return self._own_element(matrix.buffer, index, value)
        result = super()._element(matrix.buffer, index, value)
        self._touch(matrix.buffer, index, self._members(), value is not None)
        return result

    def _peek(self, matrix: Matrix, at: tuple[int, int]) -> Any:
        """An element that the same statement writes, before."""
        index = self._matrix_index(matrix, at)
        if self.spaces.get(matrix.buffer) is Space.FRAGMENT:
            return self._own_element(matrix.buffer, index, None)
        return super()._element(matrix.buffer, index)


def _note_barriers(body: Sequence[Statement], found: set[Statement]) -> None:
    """Add the statements with a barrier in them to `found`."""
    for statement in statements(body):
        inner = statement.body if isinstance(statement, For | If) else ()
        if any(isinstance(s, Barrier) for s in (statement, *statements(inner))):
            found.add(statement)
