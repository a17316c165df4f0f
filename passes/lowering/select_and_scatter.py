"""select_and_scatter: the gradient of max pooling.

For each window the selected element is found, then every position of the window gets the combined
value or what it had. Written so, all accesses are whole vectors along the features, where the
window has one element. Windows that do not overlap need no reading. Large windows are loops, and
the selected position is data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.loops.expressions import Load, Scalar, Variable
from flowc.ir.loops.kernel import Buffer, Carried, For, Kernel
from flowc.ir.tensor.core import Shape, Value
from flowc.passes.index_maps import Indices, delinearize, linearize
from flowc.passes.lowering import scalars
from flowc.passes.lowering.elements import (
    Elements,
    Mask,
    window_size,
    window_source,
    window_sources,
)
from flowc.passes.lowering.fused import Body, Fused, free_loops
from flowc.passes.lowering.single import Single, divided, serial_nest, stores
from flowc.passes.schedule.costs import element_time

TRUE, FALSE = (scalars.constant(dtypes.bool_, value) for value in (True, False))


def select_and_scatter(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `select_and_scatter`."""
    single = Single(fused)
    (result,), scratch = single.whole_results()
    return single.kernel(_Pooling(single, result).build(), scratch)


@dataclass(frozen=True, eq=False)
class _Pooling:
    """Builds the loops over the windows."""

    single: Single
    result: Buffer

    def build(self) -> Body:
        """The initial values, then all windows."""
        outer, serial, lane = self._order
        symbols = {a: Symbol(f"at{a}", self._windows[a]) for a in (*outer, *serial, *lane)}
        index = tuple(as_dim(symbols[a]) if a in symbols else 0 for a in range(self._rank))
        element = self._window(index)
        loops = [(symbols[a], self._windows[a]) for a in serial]
        lanes = [(symbols[a], self._windows[a]) for a in lane]
        body = serial_nest(loops, free_loops(lanes, element))
        if not outer:
            return (*self._fill(), *body)
        (axis,) = outer
        time = element_time(element, self.single.target)
        work = product(tuple(self._windows[a] for a in (*serial, *lane)))
        if not self._is_batch(axis):
            return (*self._fill(), self._divided(symbols[axis], body, time, work))
        body = (*self._fill_slice(as_dim(symbols[axis])), *body)
        return (self._divided(symbols[axis], body, time, work),)

    def _divided(self, symbol: Symbol, body: Body, time: float, work: Dim) -> For:
        assert symbol.extent is not None
        return divided(symbol, symbol.extent, body, time, work, self.single.target)

    @cached_property
    def _order(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """The axes of the loops: the one that threads divide, serial ones, the one of the lanes."""
        wide = [a for a in range(self._rank) if self._windows[a] != 1]
        last = self._rank - 1
        lane = tuple(a for a in wide if a == last and self._is_pointwise(a))
        outer = tuple(a for a in wide if self._is_disjoint(a) and a not in lane)[:1]
        return outer, tuple(a for a in wide if a not in (*outer, *lane)), lane

    # The instruction

    @cached_property
    def _operand(self) -> Value:
        return self.single.instruction.operands[0]

    @property
    def _shape(self) -> Shape:
        return self._operand.type.shape

    @property
    def _rank(self) -> int:
        return len(self._shape)

    @cached_property
    def _windows(self) -> Shape:
        """How many windows there are along each axis: the source's shape."""
        return self.single.instruction.operands[1].type.shape

    @cached_property
    def _sizes(self) -> tuple[Dim, ...]:
        return tuple(self.single.instruction.attributes["window_dimensions"])

    @cached_property
    def _strides(self) -> tuple[int, ...]:
        return tuple(self.single.instruction.attributes["window_strides"])

    @cached_property
    def _padding(self) -> tuple[tuple[Dim, Dim], ...]:
        return tuple(self.single.instruction.attributes["padding"])

    def _is_disjoint(self, axis: int) -> bool:
        """True when no two windows along the axis share an element."""
        return dims.is_nonnegative(self._strides[axis] - self._sizes[axis])

    def _is_pointwise(self, axis: int) -> bool:
        """True when window i is element i along the axis."""
        return (self._sizes[axis], self._strides[axis], self._padding[axis]) == (1, 1, (0, 0))

    def _is_batch(self, axis: int) -> bool:
        """True when an iteration of the axis owns one slice of the result."""
        return self._is_pointwise(axis) and all(s == 1 for s in self._shape[:axis])

    def _is_covered(self, axis: int) -> bool:
        """True when every element along the axis is in exactly one window."""
        size, (low, _) = self._sizes[axis], self._padding[axis]
        reached = self._windows[axis] * size - low - self._shape[axis]
        return self._strides[axis] == size and dims.is_nonnegative(reached)

    # Initial values

    @cached_property
    def _needs_fill(self) -> bool:
        written_out = window_size(self.single.instruction) is not None
        return not written_out or not all(map(self._is_covered, range(self._rank)))

    def _fill(self) -> Body:
        if not self._needs_fill:
            return ()
        return self.single.fill(self._operand, self.result, self._initial(self._elements))

    def _fill_slice(self, batch: Dim) -> Body:
        """Initial values for one slice, just before its windows are added: it stays in cache."""
        if not self._needs_fill:
            return ()
        size = product(self._shape[1:]) if self._rank else 1
        for axis in range(self._rank):
            if self._shape[axis] != 1:
                size = product(self._shape[axis + 1 :])
                break
        symbol = Symbol("filled", size)
        position = batch * size + as_dim(symbol)
        element = self._initial(self._elements)
        body = tuple(stores(self.result, self._operand.type.dtype, position, element))
        return free_loops([(symbol, size)], body)

    @property
    def _elements(self) -> Elements:
        return self.single.fused.elements()

    def _initial(self, elements: Elements) -> Scalar:
        return elements.real(self.single.instruction.operands[2], ())

    # One window

    def _window(self, index: Indices) -> Body:
        if window_size(self.single.instruction) is None:
            return self._large_window(index)
        return self._small_window(index)

    def _small_window(self, index: Indices) -> Body:
        """Every position in turn: selected ones take the source, others keep their value."""
        elements = self._elements
        positions = window_sources(self.single.instruction, index, self._shape)
        winner, found = self._winner(elements, positions)
        body: Body = ()
        for number, (position, inside) in enumerate(positions):
            mine = scalars.both(found, scalars.compare("EQ", winner, _number(number)))
            assert mine is not None
            body = (*body, *self._update(elements, index, position, inside, mine))
        return body

    def _winner(
        self, elements: Elements, positions: Sequence[tuple[Indices, Mask]]
    ) -> tuple[Scalar, Mask]:
        """The number of the selected position; the mask says whether there is one."""
        (first, found), *rest = positions
        best, winner = elements.real(self._operand, first, found), _number(0)
        for number, (position, inside) in enumerate(rest, 1):
            value = elements.real(self._operand, position, inside)
            takes = self._takes(elements, best, value, found, inside)
            best = scalars.select(takes, value, best)
            winner = scalars.select(takes, _number(number), winner)
            found = None if found is None or inside is None else _either(found, inside)
        return winner, found

    def _takes(
        self, elements: Elements, best: Scalar, value: Scalar, found: Mask, inside: Mask
    ) -> Scalar:
        """Whether `value` replaces `best`: it is in the operand, and `best` does not hold."""
        (keeps,) = elements.region(self.single.instruction.regions[0], [best, value])
        takes = _not(keeps)  # type: ignore[arg-type]
        if found is not None:
            takes = _either(takes, _not(found))
        both = scalars.both(takes, inside)
        assert both is not None
        return both

    def _update(
        self, elements: Elements, index: Indices, position: Indices, inside: Mask, mine: Scalar
    ) -> Body:
        place, dtype = linearize(position, self._shape), self._operand.type.dtype
        apart = all(map(self._is_disjoint, range(self._rank)))
        old = self._initial(elements) if apart else Load(self.result, place, inside)
        new = scalars.select(mine, self._combined(elements, old, index), old)
        streams = self.single.target if apart and not self._needs_fill else None
        return tuple(stores(self.result, dtype, place, new, inside, streams=streams))

    def _combined(self, elements: Elements, old: Scalar, index: Indices) -> Scalar:
        source = elements.real(self.single.instruction.operands[1], index)
        (new,) = elements.region(self.single.instruction.regions[1], [old, source])
        return new  # type: ignore[return-value]

    def _large_window(self, index: Indices) -> Body:
        """A serial loop that carries the best value, its position, and whether there is one."""
        dtype, elements = self._operand.type.dtype, self._elements
        count = product(self._sizes)
        step = Symbol("step", count)
        offsets = delinearize(as_dim(step), self._sizes)
        position, inside = window_source(self.single.instruction, index, offsets, self._shape)
        best, winner, found = _carried(dtype, "window")
        value = elements.real(self._operand, position, inside)
        takes = self._takes(elements, best, value, found, inside)
        place = scalars.index(linearize(position, self._shape))
        following = (
            scalars.select(takes, value, best),
            scalars.select(takes, place, winner),
            TRUE if inside is None else _either(found, inside),
        )
        results = _carried(dtype, "selected")
        initial = (scalars.constant(dtype, 0), scalars.constant(dtypes.int64, 0), FALSE)
        carried = Carried((best, winner, found), initial, following, results)
        _, at, exists = results
        new = self._combined(elements, Load(self.result, 0, exists, at), index)
        store = stores(self.result, dtype, 0, new, exists, at)
        return (For(step, count, (), carried=carried), *store)


def _carried(dtype: dtypes.DType, name: str) -> tuple[Variable, Variable, Variable]:
    return (
        Variable(dtype, f"{name}_best"),
        Variable(dtypes.int64, f"{name}_position"),
        Variable(dtypes.bool_, f"{name}_exists"),
    )


def _number(number: int) -> Scalar:
    return scalars.constant(dtypes.int32, number)


def _not(x: Scalar) -> Scalar:
    return scalars.unary("not", x)


def _either(x: Scalar, y: Scalar) -> Scalar:
    return scalars.binary("or", x, y)
