"""Projective transforms of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowc.ir import dtypes
from flowc.ir.dims import Dim, product
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.common import Tensors, number, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op
from flowc.ops.terms import Term, where

_TYPES = "{uint8, int32, int64, float16, bfloat16, float32, float64}"
_MODES = 'interpolation: {"NEAREST", "BILINEAR"}, fill_mode: string = "CONSTANT"'


@dataclass(frozen=True)
class _Reader:
    """Reads pixels of images at whole positions, `fill` where they lie outside."""

    b: Builder
    images: Value
    fill: Term

    def __call__(self, row: Term, column: Term) -> Term:
        b, shape = self.b, self.b.shape(self.images)
        limits = [number(b, size, dtypes.float32) for size in shape[1:3]]
        inside, indices = None, []
        for place, limit in zip((row.value, column.value), limits, strict=True):
            bound = b.broadcast_to(limit, b.shape(place))
            within = b.and_(b.ge(place, 0), b.lt(place, bound))
            inside = within if inside is None else b.and_(inside, within)
            indices.append(b.convert(b.select(within, place, 0), dtypes.int32))
        assert inside is not None
        number_of = b.iota(b.shape(row.value), 0, dtypes.int32)
        for size, index in zip(shape[1:3], indices, strict=True):
            scale = b.broadcast_to(b.size(size, dtypes.int32), b.shape(index))
            number_of = b.add(b.multiply(number_of, scale), index)
        pixels = b.reshape(self.images, (product(shape[:3]), shape[3]))
        found = Term(b, b.take(pixels, number_of))
        spread = b.broadcast_in_dim(inside, b.shape(found.value), (0, 1, 2))
        return where(Term(b, spread), found, self.fill)


def _placed(place: Term, size: Dim, fill_mode: str) -> Term:
    """A position beyond the edge brought back to where the fill mode reads."""
    b = place.b
    length = Term(b, number(b, size, dtypes.float32))
    last = length - 1.0
    below, above = -place > 0.0, place > last
    if fill_mode == "CONSTANT":
        return place
    if fill_mode == "REFLECT":
        period = length * 2.0
        turned = place + period * _whole(-place / period)
        turned = where(-turned > length, turned + period, -turned - 1.0)
        passed = place - period * _whole(place / period)
        passed = where(length > passed, passed, period - passed - 1.0)
        place = where(below, turned, where(above, passed, place))
    elif fill_mode == "WRAP":
        steps = Term(b, b.maximum(last.value, 1))
        turned = place + length * (_whole(-place / steps) + 1.0)
        passed = place - length * _whole(place / steps)
        place = where(below, turned, where(above, passed, place))
    high = Term(b, b.broadcast_to(last.value, b.shape(place.value)))
    return Term(b, b.minimum(b.maximum(place.value, 0), high.value))


def _whole(x: Term) -> Term:
    """x without its fraction."""
    b = x.b
    return Term(b, b.multiply(b.sign(x.value), b.floor(b.abs(x.value))))


def _positions(b: Builder, transforms: Value, shape: Shape) -> tuple[Term, Term, Term]:
    """Per pixel of the result [batch, height, width] its row and column, and if they are finite."""
    entries = require_rank(b, transforms, 2, "Input transform")
    require(b.assumptions.equal(entries[1], 8), "Input transform should be num_images x 8")
    shared = not b.assumptions.equal(entries[0], shape[0])
    require(not shared or b.assumptions.equal(entries[0], 1), "transforms do not fit the images")

    def entry(column: int) -> Term:
        part = b.squeeze(b.slice_axis(transforms, 1, column, column + 1), 1)
        if shared:
            return Term(b, b.broadcast_to(b.reshape(part, ()), shape))
        return Term(b, b.broadcast_in_dim(part, shape, (0,)))

    x, y = (Term(b, b.iota(shape, axis, dtypes.float32)) for axis in (2, 1))
    scale = entry(6) * x + entry(7) * y + 1.0
    column = (entry(0) * x + entry(1) * y + entry(2)) / scale
    row = (entry(3) * x + entry(4) * y + entry(5)) / scale
    return row, column, Term(b, b.ne(scale.value, 0))


def _transform(
    b: Builder,
    images: Value,
    transforms: Value,
    output_shape: Value,
    fill: Term,
    interpolation: str,
    fill_mode: str,
) -> Value:
    require(
        fill_mode in ("CONSTANT", "REFLECT", "WRAP", "NEAREST"), f"Invalid fill mode {fill_mode}"
    )
    old = require_rank(b, images, 4, "Input images")
    sizes = b.dims(output_shape)
    require(len(sizes) == 2, f"output shape must be 1-dimensional with 2 elements: {show(sizes)}")
    positive = all(not isinstance(size, int) or size > 0 for size in sizes)
    require(positive, f"output dimensions must be positive: {show(sizes)}")
    row, column, finite = _positions(b, transforms, (old[0], *sizes))
    row, column = _placed(row, old[1], fill_mode), _placed(column, old[2], fill_mode)
    read = _Reader(b, images, fill)
    if interpolation == "NEAREST":
        result = read(*(Term(b, b.round_nearest_afz(place.value)) for place in (row, column)))
    else:
        result = _blend(b, read, row, column, images.type.dtype)
    spread = b.broadcast_in_dim(finite.value, b.shape(result.value), (0, 1, 2))
    return where(Term(b, spread), result, fill).value


def _blend(b: Builder, read: _Reader, row: Term, column: Term, dtype: DType) -> Term:
    """The four pixels around each position, by their distances."""
    top, left = (Term(b, b.floor(place.value)) for place in (row, column))
    wide = dtype if dtype == dtypes.float64 else dtypes.float32

    def spread(weight: Term, pixels: Term) -> Term:
        shape = b.shape(pixels.value)
        return Term(b, b.convert(b.broadcast_in_dim(weight.value, shape, (0, 1, 2)), wide))

    def between(above: Term) -> Term:
        first, second = read(above, left), read(above, left + 1.0)
        part = spread(column - left, first)
        first, second = (Term(b, b.convert(t.value, wide)) for t in (first, second))
        return (1.0 - part) * first + part * second

    upper, lower = between(top), between(top + 1.0)
    part = spread(row - top, upper)
    return Term(b, b.convert(((1.0 - part) * upper + part * lower).value, dtype))


@op(
    "ImageProjectiveTransformV2(images: dtype[:,:,:,:], transforms: float32,"
    " output_shape: int32[:];"
    f" dtype: {_TYPES}, {_MODES}) -> transformed_images: dtype"
)
def image_projective_transform(
    b: Builder,
    images: Value,
    transforms: Value,
    output_shape: Value,
    *,
    interpolation: str,
    fill_mode: str,
) -> Value:
    """Each result pixel (x, y) is the image's at the transform of (x, y, 1); 0 outside."""
    fill = Term(b, b.scalar(0, images.type.dtype))
    return _transform(b, images, transforms, output_shape, fill, interpolation, fill_mode)


@op(
    "ImageProjectiveTransformV3(images: dtype[:,:,:,:], transforms: float32,"
    " output_shape: int32[:],"
    f" fill_value: float32; dtype: {_TYPES}, {_MODES}) -> transformed_images: dtype"
)
def image_projective_transform_v3(
    b: Builder,
    images: Value,
    transforms: Value,
    output_shape: Value,
    fill_value: Value,
    *,
    interpolation: str,
    fill_mode: str,
) -> Value:
    """The same with another value for what lies outside."""
    fill = Term(b, b.convert(fill_value, images.type.dtype))
    return _transform(b, images, transforms, output_shape, fill, interpolation, fill_mode)


def _gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """The gradient under the inverse transform."""
    images, transforms, _, *fill = op.inputs
    zero, one = g.constant(0), g.constant(1)
    count = g("GatherV2", g("Shape", transforms), zero, zero)
    ones = g("Fill", g("Pack", [count, one]), g.constant(1, dtypes.float32))
    matrices = g("Reshape", g("ConcatV2", [transforms, ones], one), g.constant([-1, 3, 3]))
    flat = g("Reshape", g("MatrixInverse", matrices), g.constant([-1, 9]))
    scaled = flat / _columns(g, flat, 8, 1)
    size = g("Slice", g("Shape", images), g.constant([1]), g.constant([2]))
    names = ("interpolation", "fill_mode")
    attributes: dict[str, Any] = {name: op.get_attr(name) for name in names}
    back = g(op.type, grad, _columns(g, scaled, 0, 8), size, *fill, **attributes)
    return back, None, None, *(None for _ in fill)


def _columns(g: GraphBuilder, x: Tensor, start: int, count: int) -> Any:
    return g("Slice", x, g.constant([0, start]), g.constant([-1, count]))


image_projective_transform.gradient(_gradient)
image_projective_transform_v3.gradient(_gradient)
