"""All attributes, and regions, that an instruction on given operands may have, within bounds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor.core import Computation, Instruction, Parameter, Shape, TensorType, Value
from flowc.ir.tensor.primitive import PRIMITIVES
from flowc.ir.tensor.primitives.common import known_negative
from flowc.ir.tensor.primitives.contraction import ConvDimensionNumbers, DotDimensionNumbers
from flowc.ir.tensor.primitives.indexing import GatherDimensionNumbers

Attributes: TypeAlias = Mapping[str, Any]
Found: TypeAlias = Iterable[tuple[Attributes, tuple[Computation, ...]]]
Enumeration: TypeAlias = "Callable[[Sequence[Value], Bounds], Iterator[Attributes]]"


@dataclass(frozen=True)
class Bounds:
    """How far the enumeration goes."""

    shapes: Sequence[Shape] = ()  # that broadcasts, reshapes and iota make; none: as operands have
    strides: Sequence[int] = (1, 2)
    edges: Sequence[int] = (-1, 0, 1)  # of padding
    interior: Sequence[int] = (0, 1)
    windows: Sequence[int] = (1, 2)
    dilations: Sequence[int] = (1, 2)
    combiners: Sequence[str] = ("add", "maximum")
    dtypes: Sequence[DType] = ()  # that conversions make; none: the program's
    directions: Sequence[str] = ("EQ", "LT")


def of(name: str, operands: Sequence[Value], bounds: Bounds) -> Found:
    """The attributes and regions of `name` on the operands, some of which may not fit."""
    regions = _REGIONS.get(name, _no_regions)
    enumerate_ = _ENUMERATIONS.get(name, _nothing)
    return itertools.product(enumerate_(operands, bounds), regions(operands, bounds))


def _nothing(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    yield {}


def _subsets(axes: Iterable[int]) -> Iterator[tuple[int, ...]]:
    every = tuple(axes)
    for count in range(len(every) + 1):
        yield from itertools.combinations(every, count)


def _same_size(left: Shape, right: Shape) -> bool:
    return dims.product(left) == dims.product(right)


def _broadcast(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    old = operands[0].type.shape
    for shape in bounds.shapes:
        for axes in itertools.permutations(range(len(shape)), len(old)):
            if all(size in (1, shape[a]) for size, a in zip(old, axes, strict=True)):
                yield {"shape": shape, "broadcast_dimensions": axes}


def _reshape(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    for shape in bounds.shapes:
        if _same_size(shape, operands[0].type.shape):
            yield {"shape": shape}


def _transpose(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    for order in itertools.permutations(range(operands[0].type.rank)):
        yield {"permutation": order}


def _reverse(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    for axes in _subsets(range(operands[0].type.rank)):
        yield {"dimensions": axes}


def _iota(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    for shape in bounds.shapes:
        for axis in range(len(shape)):
            yield {"shape": shape, "iota_dimension": axis, "dtype": bounds.dtypes[0]}


def _cuts(size: Dim, bounds: Bounds) -> list[tuple[Dim, Dim, int]]:
    """Start, limit and stride along an axis."""
    ends: list[Dim] = [*range(size + 1)] if isinstance(size, int) else [0, 1, size - 1, size]
    pairs = [(a, c) for a, c in itertools.product(ends, repeat=2) if not known_negative(c - a)]
    return [(a, c, step) for a, c in pairs for step in bounds.strides]


def _slice(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    for cut in itertools.product(*(_cuts(size, bounds) for size in operands[0].type.shape)):
        starts, limits, strides = zip(*cut, strict=True) if cut else ((), (), ())
        yield {"start_indices": starts, "limit_indices": limits, "strides": strides}


def _concatenate(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    for axis in range(operands[0].type.rank):
        yield {"dimension": axis}


def _pad(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    choices = itertools.product(bounds.edges, bounds.edges, bounds.interior)
    for edges in itertools.product(list(choices), repeat=operands[0].type.rank):
        low, high, interior = zip(*edges, strict=True) if edges else ((), (), ())
        yield {"edge_padding_low": low, "edge_padding_high": high, "interior_padding": interior}


def _reduce(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    for axes in _subsets(range(operands[0].type.rank)):
        yield {"dimensions": axes}


def _dot(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    left, right = (range(v.type.rank) for v in operands)
    for batch, contracted in itertools.product(range(2), range(3)):
        taken = batch + contracted
        for a in itertools.permutations(left, taken):
            for c in itertools.permutations(right, taken):
                numbers = DotDimensionNumbers(a[:batch], c[:batch], a[batch:], c[batch:])
                yield {"dot_dimension_numbers": numbers}


def _convolution(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    """Of one spatial axis, in two layouts."""
    layouts = (
        ConvDimensionNumbers(0, 2, (1,), 1, 2, (0,), 0, 2, (1,)),
        ConvDimensionNumbers(0, 1, (2,), 1, 0, (2,), 0, 1, (2,)),
    )
    edges = [(e,) for e in itertools.product(bounds.edges, repeat=2)]
    choices = (layouts, bounds.strides, bounds.dilations, bounds.dilations, edges)
    for numbers, stride, lhs, rhs, padding in itertools.product(*choices):
        yield {
            "dimension_numbers": numbers,
            "window_strides": (stride,),
            "lhs_dilation": (lhs,),
            "rhs_dilation": (rhs,),
            "padding": padding,
            "feature_group_count": 1,
            "batch_group_count": 1,
        }


def _dynamic_slice(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    sizes = [
        [*range(size + 1)] if isinstance(size, int) else [0, size - 1, size]
        for size in operands[0].type.shape
    ]
    for chosen in itertools.product(*sizes):
        yield {"slice_sizes": chosen}


def _gather(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    """All that take whole slices but along one axis, and some that do not."""
    x, indices = operands
    rank, depth = x.type.rank, indices.type.rank
    for axis, vector in itertools.product(range(rank), range(depth + 1)):
        batch = depth - (vector < depth)
        for collapsed in ((axis,), ()):
            window = rank - len(collapsed)
            for offsets in itertools.combinations(range(batch + window), window):
                numbers = GatherDimensionNumbers(offsets, collapsed, (), (), (axis,), vector)
                for size in (1, 2):
                    sizes: list[Dim] = [*x.type.shape]
                    sizes[axis] = size
                    yield {
                        "dimension_numbers": numbers,
                        "slice_sizes": tuple(sizes),
                        "indices_are_sorted": False,
                    }


def _window_axes(
    operands: Sequence[Value], bounds: Bounds, keys: Sequence[str]
) -> Iterator[Attributes]:
    choices = {
        "window_dimensions": bounds.windows,
        "window_strides": bounds.strides,
        "base_dilations": bounds.dilations,
        "window_dilations": bounds.dilations,
        "padding": [*itertools.product(bounds.edges, repeat=2)],
    }
    each = [*itertools.product(*(choices[key] for key in keys))]
    for axes in itertools.product(each, repeat=operands[0].type.rank):
        columns = zip(*axes, strict=True) if axes else [()] * len(keys)
        yield dict(zip(keys, map(tuple, columns), strict=True))


def _reduce_window(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    keys = ("window_dimensions", "window_strides", "base_dilations", "window_dilations", "padding")
    return _window_axes(operands, bounds, keys)


def _select_and_scatter(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    return _window_axes(operands, bounds, ("window_dimensions", "window_strides", "padding"))


def _convert(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    for dtype in bounds.dtypes:
        yield {"dtype": dtype}


def _compare(operands: Sequence[Value], bounds: Bounds) -> Iterator[Attributes]:
    for direction in bounds.directions:
        yield {"comparison_direction": direction}


_ENUMERATIONS: dict[str, Enumeration] = {
    "broadcast_in_dim": _broadcast,
    "reshape": _reshape,
    "transpose": _transpose,
    "reverse": _reverse,
    "iota": _iota,
    "slice": _slice,
    "concatenate": _concatenate,
    "pad": _pad,
    "reduce": _reduce,
    "dot_general": _dot,
    "convolution": _convolution,
    "dynamic_slice": _dynamic_slice,
    "gather": _gather,
    "reduce_window": _reduce_window,
    "select_and_scatter": _select_and_scatter,
    "convert": _convert,
    "bitcast_convert": _convert,
    "compare": _compare,
}


def _no_regions(operands: Sequence[Value], bounds: Bounds) -> Iterator[tuple[Computation, ...]]:
    yield ()


def region(name: str, dtype: DType, **given: Any) -> Computation:
    """`(a, b) -> name(a, b)` on scalars."""
    pair = tuple(Parameter(TensorType(dtype, ()), side) for side in "ab")
    types = PRIMITIVES[name].infer([p.type for p in pair], given, ())
    instruction = Instruction(name, pair, given, types)
    return Computation(pair, (instruction,), instruction.results)


def _combiners(operands: Sequence[Value], bounds: Bounds) -> Iterator[tuple[Computation, ...]]:
    if len(operands) == 4:
        yield (_two_at_once(operands[0].type.dtype),)
        return
    for body in _bodies(operands[0].type.dtype, bounds):
        yield (body,)


def _bodies(dtype: DType, bounds: Bounds) -> Iterator[Computation]:
    """The combiners that there are for the type."""
    for name in bounds.combiners:
        with suppress(InvalidArgumentError):
            yield region(name, dtype)


def _two_at_once(dtype: DType) -> Computation:
    """`(a, i, b, j) -> (max(a, b), i - j)`: neither commutes with the order of elements."""
    a, i, b, j = (Parameter(TensorType(dtype, ()), side) for side in "aibj")
    made = [
        Instruction(name, pair, {}, (TensorType(dtype, ()),))
        for name, pair in (("maximum", (a, b)), ("subtract", (i, j)))
    ]
    return Computation((a, i, b, j), tuple(made), tuple(m.result for m in made))


def _selection(operands: Sequence[Value], bounds: Bounds) -> Iterator[tuple[Computation, ...]]:
    dtype = operands[0].type.dtype
    select = region("compare", dtype, comparison_direction="GE")
    for body in _bodies(dtype, bounds):
        yield select, body


_REGIONS: dict[str, Callable[[Sequence[Value], Bounds], Iterator[tuple[Computation, ...]]]] = {
    "reduce": _combiners,
    "reduce_window": _combiners,
    "select_and_scatter": _selection,
}
