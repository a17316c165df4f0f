"""Colour spaces and adjustments of images whose last dimension is red, green, blue."""

from __future__ import annotations

from flowc.ir import dtypes
from flowc.ir.errors import FailedPreconditionError, InvalidArgumentError
from flowc.ir.tensor.builder import Builder, accumulator, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, is_abstract, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op
from flowc.ops.terms import Term, maximum, where

Color = tuple[Term, Term, Term]


def _converted_channels(b: Builder, images: Value) -> Color:
    """The channels of an op that converts; it has an error class of its own where it runs."""
    require(len(b.shape(images)) >= 1, "input must be at least 1D")
    try:
        return _channels(b, images)
    except InvalidArgumentError as error:
        if is_abstract(b):
            raise
        raise FailedPreconditionError(None, None, error.message) from None


def _adjusted_channels(b: Builder, images: Value) -> Color:
    """The channels, in float32, of an op that adjusts."""
    require(len(b.shape(images)) >= 3, "input must be at least 3-D")
    return _channels(b, b.convert(images, dtypes.float32))


def _channels(b: Builder, images: Value) -> Color:
    shape = b.shape(images)
    require(
        b.assumptions.equal(shape[-1], 3),
        f"input must have 3 channels but instead has {shape[-1]} channels.",
    )
    last = len(shape) - 1
    parts = (b.squeeze(b.slice_axis(images, last, i, i + 1), last) for i in range(3))
    first, second, third = (Term(b, part) for part in parts)
    return first, second, third


def _joined(b: Builder, color: Color) -> Value:
    last = len(b.shape(color[0].value))
    return b.concatenate([b.expand_dims(part.value, last) for part in color], last)


def _to_hsv(color: Color) -> Color:
    """Hue (of one turn), saturation and value; grey has hue 0, black saturation 0."""
    red, green, blue = color
    b = red.b
    value = maximum(maximum(red, green), blue)
    low = Term(b, b.minimum(b.minimum(red.value, green.value), blue.value))
    spread = value - low
    zero = value * 0.0
    saturation = where(value > 0.0, spread / value, 0.0)
    norm = 1.0 / (spread * 6.0)
    is_red = Term(b, b.eq(red.value, value.value))
    is_green = Term(b, b.eq(green.value, value.value))
    hue = where(
        is_red,
        (green - blue) * norm,
        where(is_green, (blue - red) * norm + 2.0 / 6.0, (red - green) * norm + 4.0 / 6.0),
    )
    hue = where(spread > 0.0, hue, 0.0)
    hue = where(zero > hue, hue + 1.0, hue)
    return hue, saturation, value


def _to_rgb(color: Color) -> Color:
    """Red, green and blue of hue, saturation and value."""
    hue, saturation, value = color
    b = hue.b
    chroma = saturation * value
    low = value - chroma
    turned = hue * 6.0

    def clipped(x: Term) -> Term:
        return Term(b, b.clamp(0, x.value, 1))

    def distance(x: Term) -> Term:
        return Term(b, b.abs(x.value))

    ramps = (
        clipped(distance(turned - 3.0) - 1.0),
        clipped(2.0 - distance(turned - 2.0)),
        clipped(2.0 - distance(turned - 4.0)),
    )
    red, green, blue = (ramp * chroma + low for ramp in ramps)
    return red, green, blue


@op("RGBToHSV(images: T[...,:]; T: {float} = float32) -> output: T")
def rgb_to_hsv(b: Builder, images: Value) -> Value:
    """Red, green, blue to hue, saturation, value."""
    return _joined(b, _to_hsv(_converted_channels(b, images)))


@op("HSVToRGB(images: T[...,:]; T: {float} = float32) -> output: T")
def hsv_to_rgb(b: Builder, images: Value) -> Value:
    """Hue, saturation, value to red, green, blue."""
    return _joined(b, _to_rgb(_converted_channels(b, images)))


hsv_to_rgb.not_differentiable()


@rgb_to_hsv.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """Piecewise by which channel is the greatest and which the least."""
    x, y = op.inputs[0], op.outputs[0]
    dtype = x.dtype

    def channel(t: Tensor, i: int) -> Tensor:
        part: Tensor = g("GatherV2", t, g.constant(i), g.constant(-1))
        return part

    def mask(condition: Tensor) -> Tensor:
        found: Tensor = g("Cast", condition, DstT=dtype)
        return found

    red, green, blue = (channel(x, i) for i in range(3))
    saturation, value = channel(y, 1), channel(y, 2)
    dh, ds, dv = (channel(grad, i) for i in range(3))

    def both(p: Tensor, q: Tensor, r: Tensor, s: Tensor) -> Tensor:
        return mask(g("LogicalAnd", g("GreaterEqual", p, q), g("GreaterEqual", r, s)))

    def strict(p: Tensor, q: Tensor, r: Tensor, s: Tensor) -> Tensor:
        return mask(g("LogicalAnd", g("Greater", p, q), g("Greater", r, s)))

    # Which channel is the greatest, and which the least, ties to the earlier ones.
    red_high, blue_high = both(red, blue, red, green), strict(blue, red, blue, green)
    green_high = mask(g("LogicalAnd", g("Greater", green, red), g("GreaterEqual", green, blue)))
    red_low, blue_low = strict(blue, red, green, red), both(red, blue, green, blue)
    green_low = mask(g("LogicalAnd", g("GreaterEqual", red, green), g("Greater", blue, green)))
    one, zero = g.constant(1, dtype), g.constant(0, dtype)

    spread = saturation * value
    inverse = g("DivNoNan", one, spread)
    per_value = g("DivNoNan", one, value)
    low = value - spread
    by_high, by_low = low * per_value * per_value, -per_value
    lit = mask(g("Greater", value, zero))
    parts = []
    highs, lows = (red_high, green_high, blue_high), (red_low, green_low, blue_low)
    hues = _hue_slopes(red, green, blue, highs, lows, inverse)
    for high, least, hue in zip(highs, lows, hues, strict=True):
        slope = dv * high + ds * lit * (high * by_high + least * by_low) + dh * hue
        parts.append(slope)
    return (g("Pack", parts, axis=-1),)


def _hue_slopes(
    red: Tensor,
    green: Tensor,
    blue: Tensor,
    highs: tuple[Tensor, Tensor, Tensor],
    lows: tuple[Tensor, Tensor, Tensor],
    inverse: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """The derivatives of hue = sixths + (p - q) / (6 * spread) by each channel."""
    difference = (
        highs[0] * (green - blue) + highs[1] * (blue - red) + highs[2] * (red - green)
    )  # the numerator of the case that holds
    shrink = difference * inverse * inverse
    numerators = (highs[2] - highs[1], highs[0] - highs[2], highs[1] - highs[0])
    red_, green_, blue_ = (
        (n * inverse - shrink * (high - low)) * (1 / 6)
        for n, high, low in zip(numerators, highs, lows, strict=True)
    )
    return red_, green_, blue_


# Adjustments


@op(
    "AdjustContrastv2(images: T[...,:,:,:], contrast_factor: float32[]; T: {float16,"
    " float32} = float32)"
    " -> output: T"
)
def adjust_contrast(b: Builder, images: Value, contrast_factor: Value) -> Value:
    """Each channel's distance from its mean, scaled."""
    shape = b.shape(images)
    require(len(shape) >= 3, f"input must be at least 3-D, got shape {show(shape)}")
    require_rank(b, contrast_factor, 0, "contrast_factor")
    wide = b.convert(images, accumulator(images.type.dtype))
    axes = [len(shape) - 3, len(shape) - 2]
    count = b.multiply(b.size(shape[-3], dtypes.int64), b.size(shape[-2], dtypes.int64))
    total = b.reduce_sum(wide, axes, keepdims=True)
    mean = b.divide(total, b.broadcast_to(b.convert(count, total.type.dtype), b.shape(total)))
    mean = b.broadcast_to(mean, shape)
    scaled = b.multiply(b.subtract(wide, mean), b.broadcast_to(contrast_factor, shape))
    return b.convert(b.add(scaled, mean), images.type.dtype)


def _hue_shifted(color: Color, delta: Term) -> Color:
    hue, saturation, value = _to_hsv(color)
    b = hue.b
    turned = hue + delta
    return _to_rgb((turned - Term(b, b.floor(turned.value)), saturation, value))


@op("AdjustHue(images: T[...,:,:,:], delta: float32; T: {float16, float32} = float32) -> output: T")
def adjust_hue(b: Builder, images: Value, delta: Value) -> Value:
    """The hue turned by a part of the circle."""
    require_rank(b, delta, 0, "delta")
    shifted = _hue_shifted(_adjusted_channels(b, images), Term(b, delta))
    return b.convert(_joined(b, shifted), images.type.dtype)


@op(
    "AdjustSaturation(images: T[...,:,:,:], scale: float32; T: {float16,"
    " float32} = float32) -> output: T"
)
def adjust_saturation(b: Builder, images: Value, scale: Value) -> Value:
    """The saturation scaled, up to 1."""
    require_rank(b, scale, 0, "scale")
    hue, saturation, value = _to_hsv(_adjusted_channels(b, images))
    scaled = saturation * Term(b, scale)
    limited = Term(b, b.clamp(0, scaled.value, 1))
    return b.convert(_joined(b, _to_rgb((hue, limited, value))), images.type.dtype)
