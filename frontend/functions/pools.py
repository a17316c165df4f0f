"""Pooling in 1 to 3 dimensions, erosion, and transposed convolutions by the rank of the input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.blocks import batch_to_space_nd, space_to_batch_nd
from flowc.frontend.functions.convolution_gradients import conv3d_transpose
from flowc.frontend.functions.convolutions import (
    avg_pool,
    avg_pool3d,
    conv2d_transpose,
    max_pool,
    max_pool3d,
    spatial_list,
)
from flowc.frontend.functions.shaping import Name, expand_dims, one_of, squeeze, stack
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes

_POOLS: dict[tuple[str, int], Callable[..., Any]] = {
    ("MAX", 2): max_pool,
    ("AVG", 2): avg_pool,
    ("MAX", 3): max_pool3d,
    ("AVG", 3): avg_pool3d,
}
_FORMATS = {1: ("NWC", "NCW"), 2: ("NHWC", "NCHW"), 3: ("NDHWC", "NCDHW")}


def pool(
    input: Any,
    window_shape: Sequence[int],
    pooling_type: str,
    padding: str,
    dilation_rate: Any = None,
    strides: Any = None,
    name: Name = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """The greatest element ("MAX") or the mean ("AVG") of windows in N dimensions, N from 1 to 3.

    `input` is [batch, N sizes, channels], or [batch, channels, N sizes] where the format begins
    with "NC"; windows, strides and dilations are N numbers. What lies outside of the input counts
    for nothing. Raises ValueError for another kind or number of dimensions, and for dilations above
    1 with strides above 1 or with "SAME" padding, as TensorFlow does.
    """
    rates = one_of("dilation_rate", dilation_rate, "dilations", dilations)
    count = len(window_shape)
    if count not in _FORMATS:
        raise ValueError(f"Input must have 1, 2 or 3 spatial dimensions but had {count}.")
    if pooling_type not in ("MAX", "AVG"):
        raise ValueError(f"pooling_type must be 'MAX' or 'AVG', not {pooling_type!r}.")
    rates = _numbers(rates, count, "dilation_rate")
    steps = _numbers(strides, count, "strides")
    if max(steps) > 1 and max(rates) > 1:
        raise ValueError("strides > 1 not supported in conjunction with dilation_rate > 1.")
    if padding == "SAME" and max(rates) > 1:
        raise ValueError("pooling with 'SAME' padding is not implemented for dilation_rate > 1.")
    with name_scope(name, f"{pooling_type.lower()}_pool", [input]):
        value = convert(input, None, "input")
        value.shape.with_rank(count + 2)
        first = (data_format or "").startswith("NC")
        if max(rates) == 1:
            return _pool(pooling_type, value, list(window_shape), steps, padding, first)
        return _dilated(pooling_type, value, list(window_shape), rates, first)


def _numbers(given: Any, count: int, name: str) -> list[int]:
    if given is None:
        return [1] * count
    found = [int(v) for v in given] if isinstance(given, Sequence) else [int(given)] * count
    if len(found) != count or min(found) < 1:
        raise ValueError(f"{name} must be {count} numbers of at least 1, not {given}.")
    return found


def _pool(
    kind: str, value: Any, window: list[int], steps: list[int], padding: str, channels_first: bool
) -> Any:
    """Windows without gaps; sequences as images of height 1."""
    if len(window) == 1:
        axis = 2 if channels_first else 1
        images = expand_dims(value, axis)
        found = _pool(kind, images, [1, *window], [1, *steps], padding, channels_first)
        return squeeze(found, [axis])
    sizes = [[1, 1, *v] if channels_first else [1, *v, 1] for v in (window, steps)]
    form = _FORMATS[len(window)][channels_first]
    function = _POOLS[kind, len(window)]
    return function(value, ksize=sizes[0], strides=sizes[1], padding=padding, data_format=form)


def _dilated(
    kind: str, value: Any, window: list[int], rates: list[int], channels_first: bool
) -> Any:
    """Windows with gaps: without them on each of the batches that take every `rate`th element."""
    count = len(window)
    if channels_first:
        value = build("Transpose", value, [0, *range(2, count + 2), 1])
    sizes = build("Shape", value)[1 : count + 1]
    extra = build("FloorMod", build("Neg", sizes), constant(rates))
    edges = stack([constant([0] * count), extra], 1)
    batches = space_to_batch_nd(value, rates, edges)
    pooled = _pool(kind, batches, window, [1] * count, "VALID", False)
    result = batch_to_space_nd(pooled, rates, edges)
    if channels_first:
        return build("Transpose", result, [0, count + 1, *range(1, count + 1)])
    return result


def max_pool1d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NWC", name: Name = None
) -> Any:
    """The greatest element of each window of sequences [batch, width, channels]."""
    return _pool1d("MAX", "MaxPool1d", input, ksize, strides, padding, data_format, name)


def avg_pool1d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NWC", name: Name = None
) -> Any:
    """The mean of each window of sequences [batch, width, channels]; padding does not count."""
    return _pool1d("AVG", "AvgPool1D", input, ksize, strides, padding, data_format, name)


def _pool1d(
    kind: str,
    default: str,
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str,
    name: Name,
) -> Any:
    with name_scope(name, default, [input]):
        first = data_format.startswith("NC")
        channel = 1 if first else 2
        window, steps = (
            [spatial_list(v, channel, n, 1)[2 if first else 1]]
            for v, n in ((ksize, "ksize"), (strides, "strides"))
        )
        return _pool(kind, convert(input, None, "input"), window, steps, padding, first)


def _any_rank(kind: str) -> Callable[..., Any]:
    def pooled(
        input: Any,
        ksize: Any,
        strides: Any,
        padding: str,
        data_format: str | None = None,
        name: Name = None,
    ) -> Any:
        with name_scope(name, f"{kind.capitalize()}Pool", [input]):
            value = convert(input, None, "input")
            rank = value.shape.ndims if data_format is None else len(data_format)
            count = (rank or 2) - 2
            if count not in _FORMATS:
                raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {count + 2}.")
            first = (data_format or "").startswith("NC")
            channel = 1 if first else count + 1
            window, steps = (
                spatial_list(v, channel, n, count)[2 if first else 1 :][:count]
                for v, n in ((ksize, "ksize"), (strides, "strides"))
            )
            return _pool(kind, value, window, steps, padding, first)

    what = "greatest element" if kind == "MAX" else "mean"
    pooled.__doc__ = f"""The {what} of each window in 1, 2 or 3 dimensions, by the input's rank.

    Windows and strides are one number, one for each spatial dimension, or one for each dimension.
    Raises ValueError for another rank, or lists of another length.
    """
    return pooled


max_pool_v2 = _any_rank("MAX")
avg_pool_v2 = _any_rank("AVG")


def erosion2d(
    value: Any, kernel: Any, strides: Any, rates: Any, padding: str, name: Name = None
) -> Any:
    """The least, over each window, of the pixel minus the number of the turned kernel there.

    `value` is [batch, height, width, channels], `kernel` [height, width, channels] of the same
    real dtype; strides and rates are 4 numbers. Raises ValueError where channels differ.
    """
    with name_scope(name, "erosion2d", [value, kernel]) as scope:
        dilated = build(
            "Dilation2D",
            build("Neg", value),
            build("ReverseV2", kernel, [0, 1]),
            strides=strides,
            rates=rates,
            padding=padding,
        )
        return build("Neg", dilated, name=scope)


# Transposed convolutions


def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    data_format: str = "NWC",
    dilations: Any = None,
    name: Name = None,
) -> Any:
    """The transpose of `conv1d`: filters [width, out, in], a result of shape `output_shape`."""
    with name_scope(name, "conv1d_transpose", [input, filters, output_shape]) as scope:
        first = data_format == "NCW"
        channel, axis = (1, 2) if first else (2, 1)
        shape = convert(output_shape, dtypes.int32, "output_shape")
        wide = build("ConcatV2", [shape[:axis], [1], shape[axis:]], 0)
        step, gap = (
            spatial_list(v, channel, n, 1)[2 if first else 1]
            for v, n in ((strides, "stride"), (dilations, "dilations"))
        )
        found = conv2d_transpose(
            expand_dims(input, axis),
            expand_dims(filters, 0),
            wide,
            [1, step],
            padding,
            "NCHW" if first else "NHWC",
            dilations=[1, gap],
        )
        return squeeze(found, [axis], name=scope)


def conv_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: Name = None,
) -> Any:
    """A transposed convolution in 1, 2 or 3 dimensions, by the number of sizes in `output_shape`.

    Raises ValueError for another number.
    """
    with name_scope(name, "conv_transpose", [input, filters, output_shape]) as scope:
        shape = convert(output_shape, None, "output_shape")
        count = shape.shape.with_rank(1).as_list()[0]
        if count == 3:
            return conv1d_transpose(
                input, filters, shape, strides, padding, data_format or "NWC", dilations, scope
            )
        if count == 4:
            return conv2d_transpose(
                input,
                filters,
                shape,
                strides,
                padding,
                data_format or "NHWC",
                dilations=dilations,
                name=scope,
            )
        if count == 5:
            return conv3d_transpose(
                input,
                filters,
                shape,
                strides,
                padding,
                data_format or "NDHWC",
                dilations=dilations,
                name=scope,
            )
        raise ValueError(f"output_shape must be of length 3, 4 or 5 but was {count}.")


def atrous_conv2d_transpose(
    value: Any, filters: Any, output_shape: Any, rate: int, padding: str, name: Name = None
) -> Any:
    """The transpose of `atrous_conv2d`: filters [height, width, out, in] with gaps of `rate`."""
    with name_scope(name, "atrous_conv2d_transpose", [value, filters, output_shape]) as scope:
        return conv2d_transpose(
            value, filters, output_shape, 1, padding, dilations=[rate, rate], name=scope
        )
