"""Convolutions with what stands before them: padding and resizing, merged to save memory.

TensorFlow's tool for inference graphs makes these nodes. Here they are what they were made of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ops.arrays.joining import mirror_pad
from flowc.ops.images.resizing import resize_bilinear
from flowc.ops.networks.convolutions import conv2d
from flowc.ops.registry import OpDefinition, op

_CONV = (
    'mode: {"REFLECT", "SYMMETRIC"}, strides: list(int), padding: {"SAME", "VALID"}) -> output: T'
)


def _lowered(definition: OpDefinition) -> Callable[..., Value]:
    assert definition.lower is not None
    return definition.lower


def _padded_convolution(
    b: Builder, x: Value, paddings: Value, filter: Value, mode: str, **attributes: Any
) -> Value:
    padded = _lowered(mirror_pad)(b, x, paddings, mode=mode)
    return _lowered(conv2d)(
        b,
        padded,
        filter,
        explicit_paddings=(),
        data_format="NHWC",
        dilations=(1, 1, 1, 1),
        **attributes,
    )


@op(
    "FusedPadConv2D(input: T[:,:,:,:], paddings: int32[:,:], filter: T[:,:,:,:]; T: {float},"
    f" {_CONV}"
)
def fused_pad_conv2d(
    b: Builder,
    input: Value,
    paddings: Value,
    filter: Value,
    *,
    mode: str,
    strides: Sequence[int],
    padding: str,
) -> Value:
    """A convolution of an image with mirrored borders."""
    return _padded_convolution(b, input, paddings, filter, mode, strides=strides, padding=padding)


@op(
    "FusedResizeAndPadConv2D(input: T[:,:,:,:], size: int32[:], paddings: int32[:,:],"
    " filter: T[:,:,:,:]; T: {float16, float32, float64}, resize_align_corners: bool = false,"
    f" {_CONV}"
)
def fused_resize_and_pad_conv2d(
    b: Builder,
    input: Value,
    size: Value,
    paddings: Value,
    filter: Value,
    *,
    resize_align_corners: bool,
    mode: str,
    strides: Sequence[int],
    padding: str,
) -> Value:
    """The same of an image that is resized first."""
    resized = _lowered(resize_bilinear)(
        b, input, size, align_corners=resize_align_corners, half_pixel_centers=False
    )
    resized = b.convert(resized, input.type.dtype)
    return _padded_convolution(b, resized, paddings, filter, mode, strides=strides, padding=padding)
