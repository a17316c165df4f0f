"""Reductions of rows that belong to one segment; ids sorted or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.ir import dtypes
from flowc.ir.dims import Dim, product
from flowc.ir.tensor.builder import Builder, greatest, least, require
from flowc.ir.tensor.core import Evidence, Value
from flowc.ops.arrays.scattering import Combine, scatter_rows
from flowc.ops.checks import Array, Place, at, check_all, culprit
from flowc.ops.common import Tensors, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


def _segments(
    b: Builder, data: Value, ids: Value, count: Dim, initial: Any, combine: Combine
) -> Value:
    """Rows of data combined by segment; rows with a negative id are left out."""
    depth = len(b.shape(ids))
    outer, inner = b.shape(data)[:depth], b.shape(data)[depth:]
    require(
        b.assumptions.equal_shapes(b.shape(ids), outer),
        f"data.shape = {show(b.shape(data))} does not start with segment_ids.shape = "
        f"{show(b.shape(ids))}",
    )
    rows = product(b.shape(ids))
    flat = b.reshape(data, (rows, *inner))
    start = b.full(initial, (count, *inner), data.type.dtype)
    return scatter_rows(b, start, b.reshape(ids, (rows,)), flat, combine)


_EMPTY: dict[str, tuple[Combine, Callable[[Any], Any]]] = {
    "Sum": (Builder.add, lambda _: 0),
    "Prod": (Builder.multiply, lambda _: 1),
    "Max": (Builder.maximum, lambda dtype: least(dtype) if dtype.is_integer else dtype.min),
    "Min": (Builder.minimum, lambda dtype: greatest(dtype) if dtype.is_integer else dtype.max),
}


_OF_ROWS = {"Sum": "sum", "Prod": "product", "Max": "greatest", "Min": "least", "Mean": "mean"}
_WITHOUT_ROWS = {"Sum": "0", "Prod": "1", "Max": "the least number", "Min": "the greatest number"}
_SORTED = """output[i] is the {} of the rows of data, or of their elements, whose segment id is i.

The ids must not decrease. There are as many segments as the last id says; one that no row belongs
to is {}."""
_UNSORTED = """output[i] is the {} of the parts of data whose segment id is i.

The shape of `data` begins with that of `segment_ids`, whose place `num_segments` takes in the
result. Ids may come in any order; what has a negative one is left out. A segment that nothing
belongs to is {}."""


def _define_unsorted(kind: str, types: str) -> None:
    @op(
        f"UnsortedSegment{kind}(data: T, segment_ids: Tindices, num_segments: Tnumsegments[];"
        f" T: {types}, Tindices: {{int16, int32, int64}}, Tnumsegments: {{index}} = int32)"
        " -> output: T"
    )
    def lower(b: Builder, data: Value, segment_ids: Value, num_segments: Value) -> Value:
        (count,) = b.dims(num_segments)
        require(not isinstance(count, int) or count >= 0, f"num_segments is negative: {count}")
        below = b.broadcast_to(b.size(count, segment_ids.type.dtype), b.shape(segment_ids))
        check_all(
            b,
            b.lt(segment_ids, below),
            f"segment_ids must be < {count}",
            _too_great(segment_ids, count),
        )
        combine, initial = _EMPTY[kind]
        return _segments(b, data, segment_ids, count, initial(data.type.dtype), combine)

    lower.documented(_UNSORTED.format(_OF_ROWS[kind], _WITHOUT_ROWS[kind]))
    lower.gradient(_UNSORTED_GRADIENTS[kind])


def _gather_dropping(g: GraphBuilder, params: Tensor, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of params for each id, zeros for negative ids; the clipped ids; the mask, aligned."""
    clipped = g("Maximum", ids, g("ZerosLike", ids))
    gathered = g("GatherV2", params, clipped, g.constant(0))
    positive = g("GreaterEqual", ids, g.constant(0, ids.dtype))
    extra = g("Rank", gathered) - g("Rank", positive)
    ones = g("Fill", g("ExpandDims", extra, g.constant(0)), g.constant(1))
    column = g("ConcatV2", [g("Shape", positive), ones], g.constant(0))
    mask = g(
        "LogicalAnd",
        g("Reshape", positive, column),
        g("Cast", g("OnesLike", gathered), DstT=dtypes.bool_),
    )
    return g("SelectV2", mask, gathered, g("ZerosLike", gathered)), clipped, mask


def _unsorted_sum_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return _gather_dropping(g, grad, op.inputs[1])[0], None, None


def _unsorted_extreme_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    data, ids, count = op.inputs
    found, _, positive = _gather_dropping(g, op.outputs[0], ids)
    selected = g("LogicalAnd", g("Equal", data, found), positive)
    hits = g("UnsortedSegmentSum", g("Cast", selected, DstT=grad.dtype), ids, count)
    gathered, _, _ = _gather_dropping(g, grad / hits, ids)
    return g("SelectV2", selected, gathered, g("ZerosLike", gathered)), None, None


def _unsorted_prod_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """Products of the others: division by the element, with zeros counted apart."""
    data, ids, count = op.inputs
    zero = g("Equal", data, g.constant(0, data.dtype))
    zeros = g("UnsortedSegmentSum", g("Cast", zero, DstT=dtypes.int32), ids, count)
    grad = g("SelectV2", g("Greater", zeros, g.constant(1)), g("ZerosLike", grad), grad)
    nonzero = g("SelectV2", zero, g("OnesLike", data), data)
    product = g("UnsortedSegmentProd", nonzero, ids, count)
    clipped = g("Maximum", ids, g("ZerosLike", ids))
    axis = g.constant(0)
    all_product = g("GatherV2", op.outputs[0], clipped, axis)
    without_zeros = g("GatherV2", product, clipped, axis)
    others = g("SelectV2", zero, without_zeros, all_product / data)
    gathered, _, _ = _gather_dropping(g, grad, ids)
    return gathered * others, None, None


_UNSORTED_GRADIENTS: dict[str, Any] = {
    "Sum": _unsorted_sum_gradient,
    "Prod": _unsorted_prod_gradient,
    "Max": _unsorted_extreme_gradient,
    "Min": _unsorted_extreme_gradient,
}
for _kind in _UNSORTED_GRADIENTS:
    _define_unsorted(_kind, "{numeric}" if _kind in ("Sum", "Prod") else "{real}")


def check_increasing(b: Builder, ids: Value) -> None:
    """Fail the step unless each segment id of a vector is at least the one before it."""
    (size,) = b.shape(ids)
    before, after = b.slice_axis(ids, 0, 0, size - 1), b.slice_axis(ids, 0, 1, size)
    evidence = culprit(
        (before, after),
        lambda earlier, later: earlier > later,
        lambda place, earlier, later: (
            "segment ids are not increasing: "
            f"segment_ids[{place[0] + 1}] = {later[place]} follows {earlier[place]}"
        ),
    )
    check_all(b, b.le(before, after), "segment ids are not increasing", evidence)


def bad_segment(place: str, number: int, count: int) -> str:
    """Says which segment does not exist."""
    return (
        f"Segment id {number} out of range [0, {count}), possibly because 'segment_ids' input "
        f"is not sorted: segment_ids{place}"
    )


def _negative(place: Place, ids: Array) -> str:
    return bad_segment(at(place), ids[place], int(ids[-1]) + 1)


def _too_great(ids: Value, count: Dim) -> Evidence:
    return culprit(
        (ids,),
        lambda array, size: array >= size,
        lambda place, array, size: (
            f"segment_ids{at(place)} = {array[place]} is out of range [0, {size})"
        ),
        (count,),
    )


def segment_count(b: Builder, segment_ids: Value) -> Dim:
    """One more than the last (greatest) id, which must be known. Raises DataDependent."""
    (size,) = require_rank(b, segment_ids, 1, "segment_ids")
    if size == 0:
        return 0
    check_increasing(b, segment_ids)
    check_all(
        b,
        b.ge(segment_ids, 0),
        "segment ids must be >= 0",
        culprit((segment_ids,), lambda ids: ids < 0, _negative),
    )
    return b.dims(segment_ids)[-1] + 1


def _define_sorted(kind: str, types: str) -> None:
    @op(
        f"Segment{kind}(data: T[...,:], segment_ids: Tindices[:]; T: {types}, Tindices: {{index}})"
        " -> output: T"
    )
    def lower(b: Builder, data: Value, segment_ids: Value) -> Value:
        count = segment_count(b, segment_ids)
        rows, ids = b.shape(data), b.shape(segment_ids)
        require(
            len(rows) >= 1 and b.assumptions.equal(rows[0], ids[0]),
            "segment_ids should be the same size as dimension 0 of input.",
        )
        return _sorted_segments(b, kind, data, segment_ids, count)

    lower.documented(_SORTED.format(_OF_ROWS[kind], "1" if kind == "Prod" else "0"))
    lower.gradient(_SORTED_GRADIENTS[kind])


def _sorted_segments(b: Builder, kind: str, data: Value, ids: Value, count: Dim) -> Value:
    """Segments that no row belongs to are 0, of a product 1."""
    dtype = data.type.dtype
    if kind == "Mean":
        total = _segments(b, data, ids, count, 0, Builder.add)
        ones = b.full(1, b.shape(ids), dtype.real)
        number = b.convert(b.maximum(_segments(b, ones, ids, count, 0, Builder.add), 1), dtype)
        return b.divide(total, b.broadcast_in_dim(number, b.shape(total), (0,)))
    combine, initial = _EMPTY[kind]
    result = _segments(b, data, ids, count, initial(dtype), combine)
    if kind in ("Sum", "Prod"):
        return result
    ones = b.full(1, b.shape(ids), dtypes.int32)
    present = b.gt(_segments(b, ones, ids, count, 0, Builder.add), 0)
    kept = b.broadcast_in_dim(present, b.shape(result), (0,))
    return b.select(kept, result, b.zeros_like(result))


def _sorted_sum_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("GatherV2", grad, op.inputs[1], g.constant(0)), None


def _sorted_mean_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    data, ids = op.inputs
    rank, zero, one = g("Rank", data), g.constant(0), g.constant(1)
    ones_shape = g(
        "ConcatV2", [g("Shape", ids), g("Fill", g("ExpandDims", rank - 1, zero), one)], zero
    )
    ones = g("Fill", ones_shape, g.constant(1, grad.dtype))
    scaled = grad / g("SegmentSum", ones, ids)
    return g("GatherV2", scaled, ids, zero), None


def _sorted_extreme_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    data, ids = op.inputs
    zero = g.constant(0)
    selected = g("Equal", data, g("GatherV2", op.outputs[0], ids, zero))
    hits = g("SegmentSum", g("Cast", selected, DstT=grad.dtype), ids)
    gathered = g("GatherV2", grad / hits, ids, zero)
    return g("SelectV2", selected, gathered, g("ZerosLike", gathered)), None


def _sorted_prod_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    data, ids = op.inputs
    axis = g.constant(0)
    zero = g("Equal", data, g.constant(0, data.dtype))
    zeros = g("SegmentSum", g("Cast", zero, DstT=dtypes.int32), ids)
    grad = g("SelectV2", g("Greater", zeros, g.constant(1)), g("ZerosLike", grad), grad)
    nonzero = g("SelectV2", zero, g("OnesLike", data), data)
    product = g("SegmentProd", nonzero, ids)
    others = g(
        "SelectV2",
        zero,
        g("GatherV2", product, ids, axis),
        g("GatherV2", op.outputs[0], ids, axis) / data,
    )
    return g("GatherV2", grad, ids, axis) * others, None


_SORTED_GRADIENTS: dict[str, Any] = {
    "Sum": _sorted_sum_gradient,
    "Mean": _sorted_mean_gradient,
    "Prod": _sorted_prod_gradient,
    "Max": _sorted_extreme_gradient,
    "Min": _sorted_extreme_gradient,
}
for _kind in _SORTED_GRADIENTS:
    _define_sorted(_kind, "{real}" if _kind in ("Max", "Min") else "{numeric}")
