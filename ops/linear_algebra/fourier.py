"""Fourier transforms of the last one, two or three dimensions."""

from __future__ import annotations

import math
from typing import Any

from flowc.ir import dims
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.common import (
    Tensors,
    is_abstract,
    require_part,
    require_rank,
    show,
    static_size,
)
from flowc.ops.registry import Gradient, GraphBuilder, OpDefinition, Operation, Tensor, op

_SUFFIXES = {1: "", 2: "2D", 3: "3D"}
_AXES = {1: "[...,:]", 2: "[...,:,:]", 3: "[...,:,:,:]"}


def _transformed(b: Builder, x: Value, rank: int) -> Shape:
    """The sizes of the dimensions that are transformed."""
    shape = b.shape(x)
    require(len(shape) >= rank, f"Input must have rank of at least {rank} but got: {show(shape)}")
    return _known(b, shape[len(shape) - rank :])


def _known(b: Builder, lengths: Shape) -> Shape:
    """Lengths as numbers: the code of a transform is made for them."""
    return lengths if is_abstract(b) else tuple(static_size(b, length) for length in lengths)


def _count(g: GraphBuilder, x: Tensor, rank: int, dtype: DType) -> Any:
    """The number of elements that are transformed together."""
    size = g("Shape", x)
    axes = g("FloorMod", g.constant(list(range(-rank, 0))), g("Size", size))
    sizes = g("GatherV2", size, axes, g.constant(0))
    return g("Cast", g("Prod", sizes, g.constant(0)), DstT=dtype)


_SUM = "Of one dimension: output[k] = sum over j of input[j] * exp(-2 pi i j k / n)."


def _define_complex(rank: int) -> None:
    suffix, axes = _SUFFIXES[rank], _AXES[rank]

    def transform(kind: str) -> OpDefinition:
        @op(
            f"{kind}{suffix}(input: Tcomplex{axes}; Tcomplex: {{complex}} = complex64) ->"
            " output: Tcomplex"
        )
        def lower(b: Builder, input: Value) -> Value:
            lengths = _transformed(b, input, rank)
            return input if 0 in lengths else b.fft(input, kind, lengths)

        return lower

    def scale(g: GraphBuilder, grad: Tensor) -> Any:
        count = _count(g, grad, rank, grad.dtype.real)
        return g("Complex", count, g("ZerosLike", count), Tout=grad.dtype)

    forward, backward = transform("FFT"), transform("IFFT")
    over = "dimension" if rank == 1 else f"{rank} dimensions"
    forward.documented(f"The discrete Fourier transform over the last {over}.\n\n{_SUM}")
    backward.documented(f"The inverse of {forward.name}, divided by the number of elements n.")

    @forward.gradient
    def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        return (g(f"IFFT{suffix}", grad) * scale(g, grad),)

    @backward.gradient
    def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        return (g(f"FFT{suffix}", grad) / scale(g, grad),)


for _rank in _SUFFIXES:
    _define_complex(_rank)


# Real signals: half of the spectrum


def _fit(b: Builder, x: Value, lengths: Shape) -> Value:
    """The last dimensions cut to those lengths."""
    shape = b.shape(x)
    outer = shape[: len(shape) - len(lengths)]
    for axis, length in enumerate(lengths, len(outer)):
        size = b.shape(x)[axis]
        require(
            b.assumptions.at_least(size, length),
            f"Input dimension {axis} must have length of at least {length} but got: {size}",
        )
        x = x if size == length else b.slice_axis(x, axis, 0, length)
    return x


def _lengths(b: Builder, x: Value, fft_length: Value, rank: int) -> Shape:
    _transformed(b, x, rank)
    (count,) = require_rank(b, fft_length, 1, "fft_length")
    require(b.assumptions.equal(count, rank), f"fft_length must have shape [{rank}]")
    lengths = b.dims(fft_length)
    negative = any(isinstance(d, int) and d < 0 for d in lengths)
    require(not negative, f"fft_length must be non-negative: {show(lengths)}")
    return _known(b, lengths)


_TYPES = "Treal: {float32, float64} = float32, Tcomplex: {complex} = complex64"


def _define_real(rank: int) -> None:
    suffix, axes = _SUFFIXES[rank], _AXES[rank]

    @op(f"RFFT{suffix}(input: Treal{axes}, fft_length: int32[:]; {_TYPES}) -> output: Tcomplex")
    def forward(b: Builder, input: Value, fft_length: Value, *, Tcomplex: DType) -> Value:
        require_part(input.type.dtype, Tcomplex)
        lengths = _lengths(b, input, fft_length, rank)
        return b.fft(_fit(b, input, lengths), "RFFT", lengths)

    @op(f"IRFFT{suffix}(input: Tcomplex{axes}, fft_length: int32[:]; {_TYPES}) -> output: Treal")
    def backward(b: Builder, input: Value, fft_length: Value, *, Treal: DType) -> Value:
        require_part(Treal, input.type.dtype)
        lengths = _lengths(b, input, fft_length, rank)
        halved = (*lengths[:-1], dims.floordiv(lengths[-1], 2) + 1)
        return b.fft(_fit(b, input, halved), "IRFFT", lengths)

    if rank < 3:  # TensorFlow registers no gradient of RFFT3D
        forward.gradient(_real_gradient(rank))
        backward.gradient(_inverse_gradient(rank))


def _real_gradient(rank: int) -> Gradient:
    """Of the half spectrum: half of its transform back, and of the columns that have no mirror.

    Those are the first, and the last one of even lengths. Their transform along the other axis, of
    two, is a product with the matrix exp(-2 pi i j k / length).
    """

    def gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        x, length = op.inputs
        real, size = x.dtype, g("Shape", x)
        even = g(
            "Cast", g.constant(1) - g("FloorMod", _last(g, length), g.constant(2)), DstT=grad.dtype
        )
        line = g("Range", g.constant(0), _last(g, size), g.constant(1))
        signs = g("Cast", g.constant(1) - g("FloorMod", line, g.constant(2)) * 2, DstT=grad.dtype)
        first, last = grad[..., 0:1], grad[..., -1:]
        if rank == 2:
            wave = _wave(g, grad, size[-2])
            first, last = (g("BatchMatMulV2", wave, g("Conj", c)) for c in (first, last))
        extra = g("Real", first + even * last * signs, Tout=real)
        back = g(f"IRFFT{_SUFFIXES[rank]}", grad, length, Treal=real)
        whole = back * _count(g, x, rank, real)
        return (whole + extra) * g.constant(0.5, real), None

    return gradient


def _wave(g: GraphBuilder, like: Tensor, length: Tensor) -> Any:
    """The matrix exp(-2 pi i j k / length)."""
    line = g("Range", g.constant(0), length, g.constant(1))
    product = g("ExpandDims", line, g.constant(1)) * g("ExpandDims", line, g.constant(0))
    turns, whole = (g("Cast", t, DstT=like.dtype.real) for t in (product, length))
    phase = turns / whole * (-2 * math.pi)
    return g("Complex", g("Cos", phase), g("Sin", phase), Tout=like.dtype)


def _inverse_gradient(rank: int) -> Gradient:
    """The half spectrum; all but its ends stand for two elements of the whole one."""

    def gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        spectrum, length = op.inputs
        real = grad.dtype
        odd = g("FloorMod", _last(g, length), g.constant(2))
        one = g.constant(1, real)
        middle = g("Reshape", _last(g, g("Shape", spectrum)) - 2 + odd, g.constant([1]))
        end = g("Reshape", g.constant(1) - odd, g.constant([1]))
        mask = g(
            "ConcatV2",
            [g.constant([1], real), g("Fill", middle, g.constant(2, real)), g("Fill", end, one)],
            g.constant(0),
        )
        scale = mask / _count(g, grad, rank, real)
        half = g(f"RFFT{_SUFFIXES[rank]}", grad, length, Tcomplex=spectrum.dtype)
        return half * g("Complex", scale, g("ZerosLike", scale), Tout=spectrum.dtype), None

    return gradient


def _last(g: GraphBuilder, vector: Tensor) -> Any:
    return g("GatherV2", vector, g("Size", vector) - 1, g.constant(0))


for _rank in _SUFFIXES:
    _define_real(_rank)
