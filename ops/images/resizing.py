"""Images in other sizes: bilinear, nearest neighbour, bicubic, area, and their gradients.

Sizes are taken as known, so where to read and with which weights is computed when the code is made.
A resampling along an axis is a matrix of weights [new size, old size]; gradients use its transpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives.contraction import DotDimensionNumbers
from flowc.ops.common import Tensors, abstract, is_abstract, require_rank, show, static_size
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op

_FLOAT = np.float32


@dataclass(frozen=True)
class _Axis:
    """One axis of a resizing: sizes, and how positions in the result map to the image."""

    old: int
    new: int
    align_corners: bool
    half_pixel_centers: bool

    @property
    def scale(self) -> np.float32:
        """Image pixels per pixel of the result."""
        if self.align_corners and self.new > 1:
            return _FLOAT(_FLOAT(self.old - 1) / _FLOAT(self.new - 1))
        return _FLOAT(_FLOAT(self.old) / _FLOAT(self.new))

    def positions(self, offset: float = 0.5) -> Array:
        """Where each pixel of the result lies in the image."""
        places = np.arange(self.new).astype(_FLOAT)
        if self.half_pixel_centers:
            return (places + _FLOAT(0.5)) * self.scale - _FLOAT(offset)
        return places * self.scale


def _axes(
    old: tuple[int, int], new: tuple[int, int], align_corners: bool, half: bool
) -> tuple[_Axis, _Axis]:
    exclusive = not (align_corners and half)
    require(exclusive, "If half_pixel_centers is True, align_corners must be False.")
    return _unchecked_axes(old, new, align_corners, half)


def _unchecked_axes(
    old: tuple[int, int], new: tuple[int, int], align_corners: bool, half: bool
) -> tuple[_Axis, _Axis]:
    require(min(*new) > 0, "output dimensions must be positive")
    require(min(*old) > 0, "input image must be of non-zero size")
    return tuple(_Axis(o, n, align_corners, half) for o, n in zip(old, new, strict=True))  # type: ignore[return-value]


def _image_size(b: Builder, images: Value) -> tuple[int, int]:
    shape = require_rank(b, images, 4, "input")
    return static_size(b, shape[1]), static_size(b, shape[2])


def _wanted(b: Builder, size: Value) -> tuple[int, int]:
    require(
        b.assumptions.equal_shapes(b.shape(size), (2,)),
        f"shape_t must have two elements {show(b.shape(size))}",
    )
    height, width = (static_size(b, d) for d in b.dims(size))
    return height, width


def _resample(b: Builder, x: Value, weights: Array, axis: int) -> Value:
    """x with an axis multiplied by a matrix of weights [new, old]."""
    matrix = b.constant(weights.astype(x.type.dtype.numpy))
    numbers = DotDimensionNumbers((), (), (axis,), (1,))
    product = b.dot_general(x, matrix, numbers)
    rank = len(b.shape(x))
    order = [*range(axis), rank - 1, *range(axis, rank - 1)]
    return b.transpose(product, order)


def _by_matrices(b: Builder, x: Value, weights: tuple[Array, Array]) -> Value:
    return _resample(b, _resample(b, x, weights[1], 2), weights[0], 1)


# Weights


def _linear(axis: _Axis) -> tuple[Array, Array, Array]:
    """For each pixel of the result its two neighbours, and how far it lies past the first."""
    places = axis.positions()
    below = np.floor(places)
    lower = np.maximum(below.astype(np.int64), 0)
    upper = np.minimum(np.ceil(places).astype(np.int64), axis.old - 1)
    return lower, upper, places - below


def _linear_shares(axis: _Axis) -> list[tuple[Array, Array]]:
    """The two neighbours of each pixel, each with its float32 weights."""
    lower, upper, part = _linear(axis)
    return [(lower, 1 - part), (upper, part)]


def _matrix(shares: list[tuple[Array, Array]], size: int) -> Array:
    """The weights [new size, old size] of the pixels that `shares` names."""
    return np.asarray(sum(_one_hot(index, size) * weight[:, None] for index, weight in shares))


def _linear_weights(axis: _Axis) -> Array:
    return _matrix(_linear_shares(axis), axis.old)


def _one_hot(index: Array, size: int) -> Array:
    return np.asarray((index[:, None] == np.arange(size)).astype(np.float64))


def _nearest(axis: _Axis) -> Array:
    places = axis.positions(0.0)
    if axis.align_corners:  # halves away from zero
        index = np.floor(places + _FLOAT(0.5)).astype(np.int64)
    else:
        index = np.floor(places).astype(np.int64)
    return np.clip(index, 0, axis.old - 1)


def _area_weights(axis: _Axis) -> Array:
    """How much of each image pixel a pixel of the result covers; what lies outside is the last."""
    start = np.arange(axis.new).astype(_FLOAT) * axis.scale
    end = (np.arange(axis.new) + 1).astype(_FLOAT) * axis.scale
    low = np.arange(axis.old, dtype=np.float64)
    high = np.append(low[1:], np.inf)
    covered = np.minimum(end[:, None], high) - np.maximum(start[:, None], low)
    return np.asarray(np.maximum(covered, 0) / axis.scale)


_TABLE = 1024  # the steps to which TensorFlow rounds positions between pixels


def _cubic(x: Array, a: float, outer: bool) -> Array:
    """Keys' kernel at distance x (below 1), or at x + 1 (the outer pieces), in float32."""
    if not outer:
        return np.asarray(((a + 2) * x - (a + 3)) * x * x + 1, _FLOAT)
    x = x + 1
    return np.asarray(((a * x - 5 * a) * x + 8 * a) * x - 4 * a, _FLOAT)


def _cubic_weights(axis: _Axis) -> Array:
    """Four neighbours; with half-pixel centres those outside of the image do not count."""
    places = axis.positions()
    base = np.floor(places)
    step = np.rint((places - base) * _FLOAT(_TABLE)).astype(np.float64) / _TABLE
    a = -0.5 if axis.half_pixel_centers else -0.75
    taps = np.stack(
        [
            _cubic(step, a, True),
            _cubic(step, a, False),
            _cubic(1 - step, a, False),
            _cubic(1 - step, a, True),
        ]
    )
    index = base.astype(np.int64) + np.arange(-1, 3)[:, None]
    bounded = np.clip(index, 0, axis.old - 1)
    if axis.half_pixel_centers:
        taps = np.where(bounded == index, taps, _FLOAT(0))
        taps = taps * (_FLOAT(1) / (((taps[0] + taps[1]) + taps[2]) + taps[3]))
    return _matrix(list(zip(bounded, taps, strict=True)), axis.old)


# Ops

_TYPES = "T: {int8, uint8, int16, uint16, int32, int64, float16, float32, float64, bfloat16}"
_FLAGS = "align_corners: bool = false, half_pixel_centers: bool = false"


def _abstract(b: Builder, images: Value, size: Value, dtype: DType) -> Value:
    batch, _, _, depth = require_rank(b, images, 4, "input")
    require(b.assumptions.equal_shapes(b.shape(size), (2,)), "size must have two elements")
    return abstract(b, dtype, batch, *b.dims(size), depth)


@op(
    f"ResizeBilinear(images: T[:,:,:,:], size: int32[:]; {_TYPES}, {_FLAGS})"
    f" -> resized_images: float32"
)
def resize_bilinear(
    b: Builder, images: Value, size: Value, *, align_corners: bool, half_pixel_centers: bool
) -> Value:
    """Linear interpolation along both axes."""
    if is_abstract(b):
        return _abstract(b, images, size, dtypes.float32)
    new = _wanted(b, size)
    axes = _axes(_image_size(b, images), new, align_corners, half_pixel_centers)
    x = b.convert(images, dtypes.float32)
    for number, axis in reversed(list(enumerate(axes, 1))):
        lower, upper, part = _linear(axis)
        low, high = (b.take(x, b.constant(i.astype(np.int32)), number) for i in (lower, upper))
        weight = b.broadcast_in_dim(b.constant(part.astype(_FLOAT)), b.shape(low), (number,))
        x = b.add(low, b.multiply(b.subtract(high, low), weight))
    return x


@op(
    f"ResizeNearestNeighbor(images: T[:,:,:,:], size: int32[:]; {_TYPES}, {_FLAGS})"
    f" -> resized_images: T"
)
def resize_nearest_neighbor(
    b: Builder, images: Value, size: Value, *, align_corners: bool, half_pixel_centers: bool
) -> Value:
    """The nearest pixel."""
    if is_abstract(b):
        return _abstract(b, images, size, images.type.dtype)
    new = _wanted(b, size)
    axes = _axes(_image_size(b, images), new, align_corners, half_pixel_centers)
    for number, axis in enumerate(axes, 1):
        images = b.take(images, b.constant(_nearest(axis).astype(np.int32)), number)
    return images


def _define_by_weights(name: str, flags: str, weights: Callable[[_Axis], Array]) -> None:
    @op(f"{name}(images: T[:,:,:,:], size: int32[:]; {_TYPES}, {flags}) -> resized_images: float32")
    def lower(
        b: Builder, images: Value, size: Value, *, align_corners: bool, half_pixel_centers: bool
    ) -> Value:
        if is_abstract(b):
            return _abstract(b, images, size, dtypes.float32)
        new = _wanted(b, size)
        axes = _axes(_image_size(b, images), new, align_corners, half_pixel_centers)
        x = b.convert(images, dtypes.float32)
        return _by_matrices(b, x, (weights(axes[0]), weights(axes[1])))

    if name == "ResizeBicubic":
        lower.documented("Cubic interpolation of 4 by 4 pixels (Keys, 1981; a = -0.5 or -0.75).")
        lower.gradient(_image_gradient("ResizeBicubicGrad"))


def _image_gradient(name: str) -> Callable[[GraphBuilder, Operation, Tensor], Tensors]:
    def gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        flags = {n: op.get_attr(n) for n in ("align_corners", "half_pixel_centers")}
        image = op.inputs[0]
        if not image.dtype.is_floating:
            return None, None
        return g(name, grad, image, **flags), None

    return gradient


_define_by_weights("ResizeBicubic", _FLAGS, _cubic_weights)


@op(
    f"ResizeArea(images: T[:,:,:,:], size: int32[:]; {_TYPES}, align_corners: bool = false)"
    " -> resized_images: float32"
)
def resize_area(b: Builder, images: Value, size: Value, *, align_corners: bool) -> Value:
    """The mean over the area that a pixel of the result covers."""
    if is_abstract(b):
        return _abstract(b, images, size, dtypes.float32)
    axes = _axes(_image_size(b, images), _wanted(b, size), align_corners, False)
    x = b.convert(images, dtypes.float32)
    return _by_matrices(b, x, (_area_weights(axes[0]), _area_weights(axes[1])))


# Gradients


_GRAD = "grads: float32, original_image: T; T: {{{}}}, " + _FLAGS


def _gradient_axes(
    b: Builder, grads: Value, image: Value, align_corners: bool, half: bool
) -> tuple[_Axis, _Axis]:
    return _axes(_image_size(b, image), _image_size(b, grads), align_corners, half)


@op(f"ResizeBilinearGrad({_GRAD.format('float32, bfloat16, float16, float64')}) -> output: T")
def resize_bilinear_grad(
    b: Builder,
    grads: Value,
    original_image: Value,
    *,
    align_corners: bool,
    half_pixel_centers: bool,
) -> Value:
    """Each pixel's gradient, shared among the four that it was made of."""
    if is_abstract(b):
        return b.zeros_like(original_image)
    axes = _gradient_axes(b, grads, original_image, align_corners, half_pixel_centers)
    dtype = original_image.type.dtype
    if dtype is dtypes.float64:
        return _shared_in_float32(b, grads, axes)
    weights = _linear_weights(axes[0]).T, _linear_weights(axes[1]).T
    return b.convert(_by_matrices(b, grads, weights), dtype)


def _shared_in_float32(b: Builder, grads: Value, axes: tuple[_Axis, _Axis]) -> Value:
    """The sums of shares in float64, each of which TensorFlow rounds to float32 before."""

    def added(x: Value, number: int, then: Callable[[Value], Value]) -> Value:
        """The shares along an axis, each taken further, in their places."""
        axis, sums = axes[number - 1], []
        for index, weight in _linear_shares(axis):
            spread = b.broadcast_in_dim(b.constant(weight), b.shape(x), (number,))
            share = then(b.multiply(x, spread))
            sums.append(_resample(b, share, _one_hot(index, axis.old).T, number))
        return b.add(*sums)

    return added(grads, 1, lambda rows: added(rows, 2, lambda x: b.convert(x, dtypes.float64)))


@op(f"ResizeBicubicGrad({_GRAD.format('float32, float64')}) -> output: T")
def resize_bicubic_grad(
    b: Builder,
    grads: Value,
    original_image: Value,
    *,
    align_corners: bool,
    half_pixel_centers: bool,
) -> Value:
    """Each pixel's gradient, shared among the sixteen that it was made of."""
    if is_abstract(b):
        return b.zeros_like(original_image)
    axes = _gradient_axes(b, grads, original_image, align_corners, half_pixel_centers)
    weights = _cubic_weights(axes[0]).T, _cubic_weights(axes[1]).T
    return _by_matrices(b, b.convert(grads, original_image.type.dtype), weights)


resize_bilinear_grad.not_differentiable()
resize_bilinear.gradient(_image_gradient("ResizeBilinearGrad"))


@op(
    "ResizeNearestNeighborGrad(grads: T[:,:,:,:], size: int32[:]; T: {uint8, int8, int32,"
    " float16, float32,"
    f" float64, bfloat16}}, {_FLAGS}) -> output: T"
)
def resize_nearest_neighbor_grad(
    b: Builder, grads: Value, size: Value, *, align_corners: bool, half_pixel_centers: bool
) -> Value:
    """Each pixel's gradients summed where it was read."""
    if is_abstract(b):
        return _abstract(b, grads, size, grads.type.dtype)
    old, new = _wanted(b, size), _image_size(b, grads)
    axes = _unchecked_axes(old, new, align_corners, half_pixel_centers)
    weights = tuple(_one_hot(_nearest(axis), axis.old).T for axis in axes)
    return _by_matrices(b, grads, (weights[0], weights[1]))


@resize_nearest_neighbor.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    flags = {n: op.get_attr(n) for n in ("align_corners", "half_pixel_centers")}
    size = g("Slice", g("Shape", op.inputs[0]), g.constant([1]), g.constant([2]))
    return g("ResizeNearestNeighborGrad", grad, size, **flags), None
