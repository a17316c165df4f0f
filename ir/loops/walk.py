"""Walking loop IR: operands of nodes, statements of kernels, what a statement reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol
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
    Buffer,
    Call,
    Carried,
    CaseCalls,
    CopyMatrix,
    For,
    If,
    Kernel,
    Kind,
    Let,
    Matrix,
    MultiplyMatrices,
    MultiplyTile,
    Statement,
    Step,
    Store,
    WhileCalls,
)


def operands(node: Scalar) -> tuple[Scalar, ...]:
    """The nodes that `node` is computed from, in evaluation order."""
    return _OPERANDS[type(node)](node)


def _load_operands(load: Load) -> tuple[Scalar, ...]:
    if load.mask is None and load.gather is None:
        return ()
    return tuple(x for x in (load.mask, load.gather) if x is not None)


_OPERANDS: dict[type[Scalar], Callable[[Any], tuple[Scalar, ...]]] = {
    Unary: lambda node: (node.operand,),
    Convert: lambda node: (node.operand,),
    Bitcast: lambda node: (node.operand,),
    Binary: attrgetter("left", "right"),
    Compare: attrgetter("left", "right"),
    Fma: attrgetter("a", "b", "c"),
    Select: attrgetter("predicate", "on_true", "on_false"),
    Load: _load_operands,
    Constant: lambda node: (),
    Index: lambda node: (),
    Variable: lambda node: (),
}


def nodes(roots: Iterable[Scalar], seen: set[Scalar] | None = None) -> Iterator[Scalar]:
    """Every node that `roots` are computed from, once, operands first; none that was `seen`."""
    seen = set() if seen is None else seen
    pending = [(root, False) for root in reversed(list(roots))]
    while pending:
        node, ready = pending.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            needed = operands(node)
            if not needed:
                yield node
                continue
            pending.append((node, True))
            pending.extend([(o, False) for o in reversed(needed)])


def statements(body: Iterable[Statement]) -> Iterator[Statement]:
    """Every statement, outer before inner."""
    for statement in body:
        yield statement
        if isinstance(statement, For | If):
            yield from statements(statement.body)


def title(statement: Statement) -> str:
    """What messages call a statement: `block loop i0`, `a Barrier`."""
    if isinstance(statement, For):
        return f"{statement.kind.value} loop {statement.index}"
    return f"a {type(statement).__name__}"


def roots(statement: Statement) -> tuple[Scalar, ...]:
    """The scalars that a statement itself evaluates, without those of its body."""
    match statement:
        case Store(value=value, mask=mask, scatter=scatter):
            return tuple(x for x in (value, mask, scatter) if x is not None)
        case Let(value=value):
            return (value,)
        case If(condition=condition):
            return (condition,)
        case For(carried=carried) if carried is not None:
            return carried_roots(carried)
        case MultiplyTile(accumulate=accumulate) | MultiplyMatrices(accumulate=accumulate):
            return () if isinstance(accumulate, bool) else (accumulate,)
    return ()


def carried_roots(carried: Carried) -> tuple[Scalar, ...]:
    """The scalars of a carried list: initial values, next values, combined values."""
    combined = carried.combiner.results if carried.combiner else ()
    return (*carried.initial, *carried.next, *combined)


def positions(statement: Statement) -> tuple[Dim, ...]:
    """The index expressions that a statement itself contains, without those of its scalars."""
    match statement:
        case Store(position=position):
            return (position,)
        case For(extent=extent, grain=grain):
            return extent, grain
        case Allocate(buffer=buffer):
            return (buffer.size,)
        case MultiplyTile() as tile:
            return (
                tile.c_position,
                tile.c_stride,
                tile.a_position,
                tile.b_position,
                tile.depth,
                tile.valid_columns,
                tile.a_row_stride,
                tile.a_depth_stride,
                tile.b_stride,
            )
    return tuple(
        p for m in matrices(statement) for p in (m.position, m.row_stride, m.column_stride)
    )


def matrices(statement: Statement) -> tuple[Matrix, ...]:
    """The matrices that a statement touches; the first is the one it writes."""
    match statement:
        case MultiplyMatrices(c=c, a=a, b=b):
            return c, a, b
        case CopyMatrix(target=target, source=source):
            return target, source
    return ()


def scalar_positions(node: Scalar) -> tuple[Dim, ...]:
    """The index expression of a node itself."""
    match node:
        case Load(position=position):
            return (position,)
        case Index(expression=expression):
            return (expression,)
    return ()


def written_buffers(body: Iterable[Statement]) -> frozenset[Buffer]:
    """The buffers that statements store to."""
    found = set()
    for statement in statements(body):
        if isinstance(statement, Store):
            found.add(statement.buffer)
        elif isinstance(statement, MultiplyTile):
            found.add(statement.c)
        elif isinstance(statement, MultiplyMatrices | CopyMatrix):
            found.add(matrices(statement)[0].buffer)
    return frozenset(found)


def inner_steps(step: Step) -> tuple[Step, ...]:
    """The steps inside of a loop or a choice."""
    match step:
        case WhileCalls(condition=condition, body=body):
            return (*condition, *body)
        case CaseCalls(branches=branches):
            return tuple(inner for branch in branches for inner in branch)
    return ()


@found_once
def written_parameters(kernel: Kernel) -> frozenset[Buffer]:
    """The parameters, and scratch buffers, that a kernel stores to."""
    return written_buffers(kernel.body)


def calls(steps: Iterable[Step]) -> Iterator[Call]:
    """All calls of kernels, also those inside of loops and branches."""
    for step in steps:
        if isinstance(step, Call):
            yield step
        else:
            yield from calls(inner_steps(step))


def written_by(step: Step) -> frozenset[Buffer]:
    """The program's buffers that a step writes."""
    if isinstance(step, Call):
        written = written_parameters(step.kernel)
        pairs = zip(step.kernel.parameters, step.arguments, strict=True)
        return frozenset(argument for parameter, argument in pairs if parameter in written)
    return frozenset(buffer for inner in inner_steps(step) for buffer in written_by(inner))


def free_symbols(kernel: Kernel, sizes: bool = False) -> tuple[Symbol, ...]:
    """The symbols that a kernel takes as parameters, by name.

    The sizes of parameters count only on demand: plain code does not need them.
    """
    found = _symbols_of_body(kernel)
    if sizes:
        found = found.union(*(dims.symbols(buffer.size) for buffer in kernel.parameters))
    return tuple(sorted(found))


@found_once
def _symbols_of_body(kernel: Kernel) -> frozenset[Symbol]:
    found: set[Symbol] = set()
    bound: set[Symbol] = set()
    for statement in statements(kernel.body):
        if isinstance(statement, For):
            bound.add(statement.index)
        for position in positions(statement):
            found |= dims.symbols(position)
    for position in _scalar_positions(kernel.body):
        found |= dims.symbols(position)
    return frozenset(found - bound)


def _scalar_positions(body: Iterable[Statement]) -> Iterator[Dim]:
    every = [root for statement in statements(body) for root in roots(statement)]
    for node in nodes(every):
        yield from scalar_positions(node)


def variables(kernel: Kernel) -> tuple[Variable, ...]:
    """The variables that a kernel binds, in the order of their binding."""
    found: list[Variable] = []
    for statement in statements(kernel.body):
        if isinstance(statement, Let):
            found.append(statement.variable)
        elif isinstance(statement, For) and statement.carried is not None:
            found += [*statement.carried.variables, *statement.carried.results]
    return tuple(found)


@found_once
def has_parallel_loop(kernel: Kernel) -> bool:
    """Whether a kernel asks for threads."""
    return any(isinstance(s, For) and s.kind is Kind.PARALLEL for s in statements(kernel.body))


# Grids


def has_grid(kernel: Kernel) -> bool:
    """Whether a kernel is for a GPU: made of blocks of threads."""
    return any(isinstance(s, For) and s.kind is Kind.BLOCK for s in kernel.body)


def block_loops(grid: For) -> list[For]:
    """The block loops of a grid, from the outermost inwards."""
    found = [grid]
    while len(found[-1].body) == 1 and isinstance(inner := found[-1].body[0], For):
        if inner.kind is not Kind.BLOCK:
            break
        found.append(inner)
    return found


def block_shape(grid: For) -> tuple[Dim, ...]:
    """The threads of a block in each dimension, from the outermost thread loops inwards."""
    shape: list[Dim] = []
    _grow(shape, grid.body, 0)
    return tuple(shape)


def _grow(shape: list[Dim], body: Iterable[Statement], depth: int) -> None:
    """Make `shape` large enough for the thread loops of `body`, in dimension `depth` and on."""
    for statement in body:
        match statement:
            case For(kind=Kind.THREAD, extent=extent, body=inner):
                _widen(shape, depth, extent)
                _grow(shape, inner, depth + 1)
            case For(body=inner) | If(body=inner):
                _grow(shape, inner, depth)
            case MultiplyMatrices(lanes=lanes) | CopyMatrix(lanes=lanes):
                _widen(shape, depth, lanes)


def _widen(shape: list[Dim], depth: int, extent: Dim) -> None:
    if depth == len(shape):
        shape.append(extent)
    shape[depth] = dims.maximum(shape[depth], extent)
