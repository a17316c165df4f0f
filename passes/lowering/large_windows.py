"""reduce_window where the windows are too large to be written out, or are cumulative.

A window as long as the dimension with one-sided padding is a running sum (or product, maximum ...):
each step combines one element with the step before. Lanes are the dimensions inside; where there
are none, several rows are interleaved, which hides the latency of the chain. Other windows are
loops, one result per lane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.loops.expressions import Variable
from flowc.ir.loops.kernel import Buffer, Carried, For, Kernel, Statement
from flowc.ir.tensor.core import Instruction, Shape, Value
from flowc.passes.index_maps import Indices, delinearize, linearize
from flowc.passes.lowering.elements import (
    Elements,
    load,
    select_element,
    window_size,
    window_source,
)
from flowc.passes.lowering.fused import Body, Fused, Loops, free_loops, free_nest
from flowc.passes.lowering.reductions import flat_elements
from flowc.passes.lowering.scalars import Complex, Element
from flowc.passes.lowering.single import Single, divided, serial_nest, stores
from flowc.passes.schedule.costs import element_time

SHORT_RUN = 8  # steps of a running sum that may be written out


@dataclass(frozen=True, slots=True)
class Running:
    """A cumulative window: result i combines the elements up to i, or before i if exclusive."""

    axis: int
    reverse: bool
    exclusive: bool


def running(instruction: Instruction) -> Running | None:
    """How a `reduce_window` is cumulative, if it is."""
    attributes, shape = instruction.attributes, instruction.operands[0].type.shape
    keys = ("window_strides", "base_dilations", "window_dilations")
    if any(n != 1 for key in keys for n in attributes[key]):
        return None
    windows, padding = attributes["window_dimensions"], attributes["padding"]
    wide = [a for a, w in enumerate(windows) if w != 1 or tuple(padding[a]) != (0, 0)]
    if len(wide) != 1 or windows[wide[0]] != shape[wide[0]]:
        return None
    (axis,), size = wide, shape[wide[0]]
    forms = {
        (size - 1, 0): (False, False),
        (0, size - 1): (True, False),
        (size, -1): (False, True),
        (-1, size): (True, True),
    }
    form = forms.get(tuple(padding[axis]))
    return None if form is None else Running(axis, *form)


def is_written_out(instruction: Instruction) -> bool:
    """Whether a `reduce_window` is an expression of one small window, which fuses with others."""
    if len(instruction.results) > 1:
        return False
    size = window_size(instruction)
    return size is not None and (size <= SHORT_RUN or running(instruction) is None)


def large_windows(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `reduce_window`."""
    single = Single(fused)
    results, scratch = single.whole_results()
    found = running(single.instruction)
    windows = _Windows(single, results)
    if found is None:
        return single.kernel(windows.build(), scratch)
    return single.kernel(_Run(windows, found).build(), scratch)


@dataclass(frozen=True, eq=False)
class _Windows:
    """The instruction's elements; builds the loops over windows that are not cumulative."""

    single: Single
    results: tuple[Buffer, ...]

    @cached_property
    def inputs(self) -> tuple[Value, ...]:
        """The tensors that windows slide over."""
        return self.single.instruction.operands[: len(self.results)]

    @property
    def shape(self) -> Shape:
        """The inputs' shape."""
        return self.inputs[0].type.shape

    def initial(self, elements: Elements) -> list[Element]:
        """The initial value of each input."""
        return [elements.at(v, ()) for v in self.single.instruction.operands[len(self.results) :]]

    def combine(
        self, elements: Elements, left: Sequence[Element], right: Sequence[Element]
    ) -> list[Element]:
        """The reduction's body."""
        return elements.region(self.single.instruction.regions[0], [*left, *right])

    def variables(self, name: str) -> list[Element]:
        """A variable for each input, a pair of them for a complex one."""
        return [
            Complex(Variable(d.real, f"{name}_{i}"), Variable(d.real, f"{name}_{i}i"))
            if (d := value.type.dtype).is_complex
            else Variable(d, f"{name}_{i}")
            for i, value in enumerate(self.inputs)
        ]

    def save(self, position: Dim, values: Sequence[Element], *, once: bool = False) -> Body:
        """Stores of one element of each result; with `once` they are not read again."""
        streams = self.single.target if once else None
        return tuple(
            store
            for buffer, value, element in zip(self.results, self.inputs, values, strict=True)
            for store in stores(buffer, value.type.dtype, position, element, streams=streams)
        )

    def build(self) -> Body:
        """One result per iteration, the innermost dimension in lanes."""
        space = self.single.instruction.types[0].shape
        return free_nest(space, lambda index: self._window(index, linearize(index, space)), "o")

    def _window(self, index: Indices, position: Dim) -> Body:
        """A serial loop over the window at `index`, and the stores of what it carries."""
        elements = self.single.fused.elements()
        sizes = tuple(self.single.instruction.attributes["window_dimensions"])
        step = Symbol("step", product(sizes))
        offsets = delinearize(as_dim(step), sizes)
        source, inside = window_source(self.single.instruction, index, offsets, self.shape)
        initial, held = self.initial(elements), self.variables("window")
        values = [elements.at(v, source, inside) for v in self.inputs]
        if inside is not None:
            values = [select_element(inside, v, i) for v, i in zip(values, initial, strict=True)]
        results = self.variables("whole")
        carried = carry(held, initial, self.combine(elements, held, values), results)
        save = self.save(position, results, once=True)
        return (For(step, product(sizes), (), carried=carried), *save)


def carry(
    held: Sequence[Element],
    initial: Sequence[Element],
    following: Sequence[Element],
    results: Sequence[Element],
) -> Carried:
    """Carried values of elements; `held` and `results` are variables."""
    return Carried(
        flat_elements(held),  # type: ignore[arg-type]
        flat_elements(initial),
        flat_elements(following),
        flat_elements(results),  # type: ignore[arg-type]
    )


@dataclass(frozen=True, eq=False)
class _Run:
    """Builds a cumulative reduction."""

    windows: _Windows
    running: Running

    def build(self) -> Body:
        """The loops, by whether there is a dimension inside for the lanes."""
        return self._rows() if self._columns == 1 else self._lanes()

    @property
    def _steps(self) -> Dim:
        return self.windows.shape[self.running.axis]

    @cached_property
    def _outer(self) -> Dim:
        return product(self.windows.shape[: self.running.axis])

    @cached_property
    def _columns(self) -> Dim:
        return product(self.windows.shape[self.running.axis + 1 :])

    def _position(self, row: Dim, step: Dim, column: Dim) -> Dim:
        if self.running.reverse:
            step = self._steps - 1 - step
        return (row * self._steps + step) * self._columns + column

    def _read(self, buffers: Sequence[Buffer], position: Dim) -> list[Element]:
        inputs = self.windows.inputs
        return [load(b, v.type.dtype, position) for b, v in zip(buffers, inputs, strict=True)]

    def _time(self) -> float:
        """Nanoseconds of one step."""
        elements = self.windows.single.fused.elements()
        following = self.windows.combine(
            elements, self._read(self.windows.results, 0), self._read(self._sources, 0)
        )
        return element_time(self.windows.save(0, following), self.windows.single.target)

    @property
    def _sources(self) -> tuple[Buffer, ...]:
        return self.windows.single.operands[: len(self.windows.results)]

    # Columns in lanes

    def _lanes(self) -> Body:
        """Blocks of columns; each step reads the results of the step before."""
        threads = self.windows.single.target.threads
        most = size = self.windows.single.target.instructions.running_columns
        if isinstance(self._columns, int):
            share = -(-self._columns // threads) if self._outer == 1 else self._columns
            size = max(16, min(most, -(-share // 16) * 16))
        blocks = dims.ceildiv(self._columns, size)
        row, block = Symbol("row", self._outer), Symbol("block", blocks)
        start = as_dim(block) * size if blocks != 1 else 0
        body = self._column_block(
            as_dim(row) if self._outer != 1 else 0, start, dims.minimum(size, self._columns - start)
        )
        loops: Loops = [(row, self._outer), (block, blocks)]
        loops = [(s, e) for s, e in loops if e != 1]
        if not loops:
            return body
        (symbol, extent), *rest = loops
        work = self._steps * (self._columns if rest else dims.minimum(size, self._columns))
        return (self._divided(symbol, extent, serial_nest(rest, body), work),)

    def _divided(self, symbol: Symbol, extent: Dim, body: Body, work: Dim) -> For:
        target = self.windows.single.target
        return divided(symbol, extent, body, self._time(), work, target)

    def _column_block(self, row: Dim, start: Dim, count: Dim) -> Body:
        elements, windows = self.windows.single.fused.elements(), self.windows
        first, step = Symbol("first", 1), Symbol("step", self._steps)
        lane, later = Symbol("lane", count), Symbol("later", count)
        column = start + as_dim(lane)
        values = windows.initial(elements)
        if not self.running.exclusive:
            new = self._read(self._sources, self._position(row, as_dim(first), column))
            values = windows.combine(elements, values, new)
        begin = windows.save(self._position(row, as_dim(first), column), values)
        column, at = start + as_dim(later), as_dim(step)
        source = at if self.running.exclusive else at + 1
        following = windows.combine(
            elements,
            self._read(windows.results, self._position(row, at, column)),
            self._read(self._sources, self._position(row, source, column)),
        )
        go_on = windows.save(self._position(row, at + 1, column), following)
        return (
            For(first, dims.minimum(1, self._steps), free_loops([(lane, count)], begin)),
            For(step, self._steps - 1, free_loops([(later, count)], go_on)),
        )

    # Rows side by side

    def _rows(self) -> Body:
        """Groups of rows, then the rows that are left."""
        if self._outer == 1:
            return self._chains([0], "only")
        at_once = self.windows.single.target.instructions.running_rows
        groups = dims.floordiv(self._outer, at_once)
        rest = self._outer - groups * at_once
        group, single = Symbol("group", groups), Symbol("single", at_once)
        body: list[Statement] = []
        if groups != 0:
            chains = self._chains([as_dim(group) * at_once + i for i in range(at_once)], "group")
            body.append(self._divided(group, groups, chains, at_once * self._steps))
        if rest != 0:
            body.append(
                For(single, rest, self._chains([groups * at_once + as_dim(single)], "rest"))
            )
        return tuple(body)

    def _chains(self, rows: Sequence[Dim], name: str) -> Body:
        """One serial loop in which each row takes a step."""
        elements, windows = self.windows.single.fused.elements(), self.windows
        step = Symbol(f"step_{name}", self._steps)
        held: list[Element] = []
        following: list[Element] = []
        body: list[Statement] = []
        for number, row in enumerate(rows):
            position = self._position(row, as_dim(step), 0)
            before = windows.variables(f"{name}{number}")
            after = windows.combine(elements, before, self._read(self._sources, position))
            body += windows.save(position, before if self.running.exclusive else after)
            held += before
            following += after
        results = [_renamed(e) for e in held]
        carried = carry(held, windows.initial(elements) * len(rows), following, results)
        return (For(step, self._steps, tuple(body), carried=carried),)


def _renamed(element: Element) -> Element:
    if isinstance(element, Complex):
        return Complex(*(_renamed(p) for p in (element.real, element.imag)))  # type: ignore[arg-type]
    assert isinstance(element, Variable)
    return Variable(element.dtype, f"{element.name}_total")
