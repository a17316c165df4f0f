"""What a contraction is, and how its operands lie in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Compare, Index, Load, Scalar
from flowc.ir.loops.kernel import Buffer, Store
from flowc.ir.loops.walk import nodes

Indices: TypeAlias = tuple[Dim, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Contraction:
    """`accumulated[b, m, n] = sum over k of lhs[b, m, k] * rhs[b, k, n]`, then an epilogue.

    Each of the four groups is a tuple of extents. `lhs`, `rhs` and `epilogue` give the elements at
    indices of theirs; the epilogue also gets the accumulated value. All sums are of type `dtype`.
    """

    name: str
    dtype: DType
    batch: Indices
    rows: Indices
    columns: Indices
    depth: Indices
    lhs: Callable[[Indices, Indices, Indices], Scalar]  # batch, rows, depth
    rhs: Callable[[Indices, Indices, Indices], Scalar]  # batch, depth, columns
    epilogue: Callable[[Indices, Indices, Indices, Scalar], tuple[Store, ...]]
    parameters: tuple[Buffer, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The indices of one kind: their extents, and whether one flat index may stand for all.

    Where every position is linear in the flat index, the last index alone may run over the whole
    group, beyond its own extent: no division is needed to find the others.
    """

    extents: Indices
    flat: bool

    @property
    def size(self) -> Dim:
        """The number of index tuples."""
        return dims.product(self.extents)

    def at(self, index: Dim) -> Indices:
        """The index tuple of a flat index."""
        if self.flat:
            wide = [i for i, extent in enumerate(self.extents) if extent != 1]
            last = wide[-1] if wide else len(self.extents) - 1
            return tuple(index if i == last else 0 for i in range(len(self.extents)))
        found: list[Dim] = []
        for extent in reversed(self.extents[1:]):
            found.append(index % extent)
            index = index // extent
        return (index, *reversed(found))


def symbols_of(letter: str, extents: Indices) -> tuple[tuple[Symbol, ...], Indices]:
    """A symbol for each extent, and the symbols as expressions."""
    symbols = tuple(Symbol(f"{letter}{i}", extent) for i, extent in enumerate(extents))
    return symbols, tuple(as_dim(s) for s in symbols)


def positions(stores: Iterable[Store], scalars: Iterable[Scalar]) -> list[Dim]:
    """Every index expression that stores and scalars contain."""
    found: list[Dim] = []
    roots = list(scalars)
    for store in stores:
        found.append(store.position)
        roots += [s for s in (store.value, store.mask, store.scatter) if s is not None]
    for node in nodes(roots):
        match node:
            case Load(position=position) | Index(expression=position):
                found.append(position)
    return found


def flat_stride(position: Dim, symbols: Sequence[Symbol], extents: Indices) -> Dim | None:
    """How `position` grows with the flat index of a group; None where it is not linear in it."""
    stride: Dim = 0
    span: Dim = 0  # what one step of the next index must be
    for symbol, extent in zip(reversed(symbols), reversed(extents), strict=True):
        if extent == 1:
            continue
        coefficient = dims.coefficient_of(position, symbol)
        if coefficient is None:
            return None
        if span == 0 and stride == 0 and symbol is _last_real(symbols, extents):
            stride, span = coefficient, coefficient * extent
        elif coefficient != span:
            return None
        else:
            span = span * extent
    return stride


def _last_real(symbols: Sequence[Symbol], extents: Indices) -> Symbol | None:
    real = [s for s, e in zip(symbols, extents, strict=True) if e != 1]
    return real[-1] if real else None


@dataclass(frozen=True, slots=True)
class Operand:
    """How one operand is read: elements at (batch, outer, depth) indices of one of the sides."""

    element: Callable[[Indices, Indices, Indices], Scalar]  # batch, side, depth
    side: Group
    linear: Linear | None  # where the micro-kernel can read it as it lies
    side_stride: Dim | None  # of the innermost side index, None where it differs or is unknown
    depth_stride: Dim | None


@dataclass(frozen=True, slots=True)
class Linear:
    """An operand that is plain memory: its flat side and depth indices have one stride each."""

    buffer: Buffer
    side_stride: Dim
    depth_stride: Dim
    first: Dim  # the position of the first element, in the symbols of the batch
    batch: tuple[Symbol, ...]

    def start(self, batch: Indices) -> Dim:
        """The position of the first element of a batch."""
        places = dict(zip(self.batch, batch, strict=True))
        return dims.substitute(self.first, places.get)


def analyse(
    element: Callable[[Indices, Indices, Indices], Scalar],
    dtype: DType,
    batch: Indices,
    side: Indices,
    depth: Indices,
) -> Operand:
    """How the operand with these elements and extents lies in memory."""
    batch_symbols, b = symbols_of("b", batch)
    side_symbols, s = symbols_of("s", side)
    depth_symbols, k = symbols_of("k", depth)
    inner = {*side_symbols, *depth_symbols}
    scalar = element(b, s, k)
    every = positions((), (scalar,))
    flat = all(flat_stride(p, side_symbols, side) is not None for p in every)
    if flat:
        whole = as_dim(Symbol("flat", dims.product(side)))
        flat = _tests(element(b, Group(side, True).at(whole), k)) <= _tests(scalar)
    linear = None
    if isinstance(scalar, Load) and scalar.mask is None and scalar.gather is None and flat:
        along = flat_stride(scalar.position, side_symbols, side)
        down = flat_stride(scalar.position, depth_symbols, depth)
        if along is not None and down is not None and scalar.dtype is dtype:
            first = dims.substitute(scalar.position, lambda x: 0 if x in inner else None)
            linear = Linear(scalar.buffer, along, down, first, batch_symbols)
    loads = [n.position for n in nodes((scalar,)) if isinstance(n, Load)]
    return Operand(
        element,
        Group(side, flat),
        linear,
        _innermost_stride(loads, side_symbols, side),
        _innermost_stride(loads, depth_symbols, depth),
    )


def _tests(scalar: Scalar) -> int:
    """Comparisons in an element: an index that runs beyond its extent must not need more."""
    return sum(isinstance(node, Compare) for node in nodes((scalar,)))


def _innermost_stride(
    loads: Sequence[Dim], symbols: Sequence[Symbol], extents: Indices
) -> Dim | None:
    """The stride of all loads along the last index of a group that is not trivial."""
    symbol = _last_real(symbols, extents)
    if symbol is None:
        return 1
    strides = {dims.coefficient_of(p, symbol) for p in loads}
    strides.discard(0)
    return strides.pop() if len(strides) == 1 else None
