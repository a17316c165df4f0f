"""Convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.frontend.aliases import DTypeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.shaping import Name, expand_dims, one_of, squeeze
from flowc.frontend.scopes import name_scope


def spatial_list(value: Any, channel_index: int, name: str, count: int = 2) -> list[int]:
    """A stride, dilation or window, as one number per dimension, batch and channels included.

    Raises ValueError for a list of another length than 1, the number of spatial dimensions, or
    that of all.
    """
    if value is None:
        return [1] * (count + 2)
    sizes = [int(v) for v in value] if isinstance(value, Sequence) else [int(value)]
    if len(sizes) == count + 2:
        return sizes
    if len(sizes) == 1:
        sizes *= count
    if len(sizes) != count:
        raise ValueError(
            f"{name} should be of length 1, {count} or {count + 2} but was {len(sizes)}"
        )
    return [1, 1, *sizes] if channel_index == 1 else [1, *sizes, 1]


def _padding(padding: Any, data_format: str) -> tuple[str, list[int]]:
    """The padding attributes: "SAME", "VALID", or explicit pairs for each dimension."""
    if isinstance(padding, str):
        return padding.upper(), []
    if len(padding) != 4 or any(len(pair) != 2 for pair in padding):
        raise ValueError("padding must be 'SAME', 'VALID' or a list of four pairs of numbers")
    batch, channels = padding[0], padding[1 if data_format == "NCHW" else 3]
    if list(batch) != [0, 0] or list(channels) != [0, 0]:
        raise ValueError("padding of the batch and channel dimensions must be (0, 0)")
    return "EXPLICIT", [int(v) for pair in padding for v in pair]


def conv_attributes(strides: Any, padding: Any, data_format: str, dilations: Any) -> dict[str, Any]:
    """The attributes of a convolution of images. Raises ValueError for lists of wrong length."""
    channel = 1 if data_format.startswith("NC") else 3
    kind, explicit = _padding(padding, data_format)
    return {
        "strides": spatial_list(strides, channel, "strides"),
        "padding": kind,
        "explicit_paddings": explicit,
        "data_format": data_format,
        "dilations": spatial_list(dilations, channel, "dilations"),
    }


def conv2d(
    input: TensorLike,
    filter: TensorLike | None = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str | None = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: Name = None,
    filters: TensorLike | None = None,
) -> Any:
    """The 2-D convolution of images with filters of shape [height, width, in, out]."""
    filter = one_of("filter", filter, "filters", filters)
    attributes = conv_attributes(strides, padding, data_format or "NHWC", dilations)
    return build(
        "Conv2D", input, filter, use_cudnn_on_gpu=use_cudnn_on_gpu, name=name, **attributes
    )


def conv2d_backprop_input(
    input_sizes: Any,
    filter: TensorLike | None = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: Name = None,
    filters: TensorLike | None = None,
) -> Any:
    """The gradient of `conv2d` with respect to its input."""
    filter = one_of("filter", filter, "filters", filters)
    attributes = conv_attributes(strides, padding, data_format, dilations)
    return build(
        "Conv2DBackpropInput",
        input_sizes,
        filter,
        out_backprop,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        name=name,
        **attributes,
    )


def conv2d_backprop_filter(
    input: TensorLike,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: Name = None,
) -> Any:
    """The gradient of `conv2d` with respect to its filter."""
    attributes = conv_attributes(strides, padding, data_format, dilations)
    return build(
        "Conv2DBackpropFilter",
        input,
        filter_sizes,
        out_backprop,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        name=name,
        **attributes,
    )


def conv2d_transpose(
    value: TensorLike | None = None,
    filter: TensorLike | None = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    name: Name = None,
    input: TensorLike | None = None,
    filters: TensorLike | None = None,
    dilations: Any = None,
) -> Any:
    """The transpose of `conv2d`: filters of shape [height, width, out, in]."""
    value = one_of("value", value, "input", input)
    filter = one_of("filter", filter, "filters", filters)
    with name_scope(name, "conv2d_transpose", [value, filter, output_shape]) as scope:
        value, filter = convert(value, None, "value"), convert(filter, None, "filter")
        return conv2d_backprop_input(
            convert(output_shape, None, "output_shape"),
            filter,
            value,
            strides,
            padding,
            data_format=data_format,
            dilations=dilations,
            name=scope,
        )


def conv1d(
    value: TensorLike | None = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str | None = None,
    name: Name = None,
    input: TensorLike | None = None,
    dilations: Any = None,
) -> Any:
    """The 1-D convolution of sequences, computed as a 2-D one of height 1."""
    value = one_of("value", value, "input", input)
    with name_scope(name, "conv1d", [value, filters]) as scope:
        channels_first = data_format in ("NCW", "NCHW")
        axis = 2 if channels_first else 1
        window = [stride] if not isinstance(stride, Sequence) else list(stride)
        dilation = (
            [1 if dilations is None else dilations]
            if not isinstance(dilations, Sequence)
            else list(dilations)
        )
        images = expand_dims(value, axis)
        kernel = expand_dims(filters, 0)
        result = conv2d(
            images,
            kernel,
            strides=[1, window[-1]] if len(window) == 1 else window,
            padding=padding,
            data_format="NCHW" if channels_first else "NHWC",
            dilations=[1, dilation[-1]] if len(dilation) == 1 else dilation,
        )
        return squeeze(result, [axis], name=scope)


def conv3d(
    input: TensorLike,
    filter: TensorLike | None = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NDHWC",
    dilations: Any = (1, 1, 1, 1, 1),
    name: Name = None,
    filters: TensorLike | None = None,
) -> Any:
    """The 3-D convolution of volumes."""
    filter = one_of("filter", filter, "filters", filters)
    channel = 1 if data_format == "NCDHW" else 4
    return build(
        "Conv3D",
        input,
        filter,
        strides=spatial_list(strides, channel, "strides", 3),
        padding=padding,
        data_format=data_format,
        dilations=spatial_list(dilations, channel, "dilations", 3),
        name=name,
    )


def depthwise_conv2d(
    input: TensorLike,
    filter: TensorLike,
    strides: Any,
    padding: Any,
    rate: TensorLike | None = None,
    name: Name = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """A convolution of each channel by itself with `multiplier` filters."""
    rate = one_of("rate", rate, "dilations", dilations)
    with name_scope(name, "depthwise", [input, filter]) as scope:
        format_ = data_format or "NHWC"
        attributes = conv_attributes(strides, padding, format_, rate)
        return build(
            "DepthwiseConv2dNative",
            convert(input, None, "tensor_in"),
            convert(filter, None, "filter_in"),
            name=scope,
            **attributes,
        )


def separable_conv2d(
    input: TensorLike,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    rate: TensorLike | None = None,
    name: Name = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """A depthwise convolution followed by one with filters of size 1."""
    with name_scope(name, "separable_conv2d", [input, depthwise_filter, pointwise_filter]) as scope:
        depthwise = depthwise_conv2d(
            input, depthwise_filter, strides, padding, rate, "depthwise", data_format, dilations
        )
        return conv2d(
            depthwise,
            pointwise_filter,
            [1, 1, 1, 1],
            "VALID",
            data_format=data_format or "NHWC",
            name=scope,
        )


def convolution(
    input: TensorLike,
    filter: TensorLike,
    padding: str,
    strides: Any = None,
    dilation_rate: Any = None,
    name: Name = None,
    data_format: str | None = None,
    filters: TensorLike | None = None,
    dilations: Any = None,
) -> Any:
    """A convolution in 1, 2 or 3 dimensions, by the rank of the input."""
    filter = one_of("filter", filter, "filters", filters)
    dilation = one_of("dilation_rate", dilation_rate, "dilations", dilations)
    with name_scope(name, "convolution", [input, filter]) as scope:
        input, filter = convert(input, None, "input"), convert(filter, None, "filter")
        rank = filter.shape.ndims
        if rank == 3:
            return conv1d(
                input,
                filter,
                strides or 1,
                padding,
                data_format=data_format,
                dilations=dilation,
                name=scope,
            )
        if rank == 4:
            return conv2d(
                input,
                filter,
                strides or 1,
                padding,
                data_format=data_format or "NHWC",
                dilations=dilation,
                name=scope,
            )
        if rank == 5:
            return conv3d(
                input, filter, strides or 1, padding, data_format or "NDHWC", dilation, scope
            )
        raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {rank}.")


def atrous_conv2d(
    value: TensorLike, filters: TensorLike, rate: int, padding: str, name: Name = None
) -> Any:
    """A convolution whose filter has gaps."""
    return convolution(value, filters, padding, dilation_rate=[rate, rate], name=name)


def _pool(
    op_type: str,
    default: str,
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str,
    name: Name,
) -> Any:
    with name_scope(name, default, [value]) as scope:
        channel = 1 if data_format.startswith("NC") else 3
        attributes: dict[str, Any] = {}
        kind = padding
        if not isinstance(padding, str):
            kind, explicit = _padding(padding, data_format)
            attributes["explicit_paddings"] = explicit
        return build(
            op_type,
            convert(value, None, "input"),
            ksize=spatial_list(ksize, channel, "ksize"),
            strides=spatial_list(strides, channel, "strides"),
            padding=kind,
            data_format=data_format,
            name=scope,
            **attributes,
        )


def max_pool(
    value: TensorLike | None = None,
    ksize: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NHWC",
    name: Name = None,
    input: TensorLike | None = None,
) -> Any:
    """The greatest element of each window."""
    value = one_of("value", value, "input", input)
    return _pool("MaxPool", "MaxPool", value, ksize, strides, padding, data_format, name)


def max_pool2d(
    input: TensorLike,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    name: Name = None,
) -> Any:
    """The greatest element of each window."""
    return _pool("MaxPool", "MaxPool2d", input, ksize, strides, padding, data_format, name)


def avg_pool(
    value: TensorLike | None = None,
    ksize: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NHWC",
    name: Name = None,
    input: TensorLike | None = None,
) -> Any:
    """The mean of each window; padding does not count."""
    value = one_of("value", value, "input", input)
    return _pool("AvgPool", "AvgPool", value, ksize, strides, padding, data_format, name)


def max_pool_with_argmax(
    input: TensorLike,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    Targmax: Any = None,
    name: Name = None,
    output_dtype: DTypeLike | None = None,
    include_batch_in_index: bool = False,
) -> Any:
    """The greatest element of each window, and where in the image it is."""
    return build(
        "MaxPoolWithArgmax",
        input,
        ksize=ksize,
        strides=strides,
        padding=padding,
        Targmax=Targmax or output_dtype,
        include_batch_in_index=include_batch_in_index,
        name=name,
    )


max_pool3d = derive("MaxPool3D", "max_pool3d")
avg_pool3d = derive("AvgPool3D", "avg_pool3d")
lrn = derive("LRN", "lrn")
depthwise_conv2d_native = derive("DepthwiseConv2dNative", "depthwise_conv2d_native")


def dilation2d(
    input: TensorLike,
    filter: TensorLike | None = None,
    strides: Any = None,
    rates: Any = None,
    padding: str | None = None,
    name: Name = None,
    filters: TensorLike | None = None,
    dilations: Any = None,
) -> Any:
    """The greatest, over each window, of the pixel plus the filter's number there.

    `input` is [batch, height, width, channels] of a real type, `filter` [height, width, channels];
    strides and rates (or `dilations`), the distance between a window's pixels, are four numbers.
    """
    weights = one_of("filter", filter, "filters", filters)
    gaps = one_of("rates", rates, "dilations", dilations)
    return build(
        "Dilation2D", input, weights, strides=strides, rates=gaps, padding=padding, name=name
    )


def avg_pool2d(
    value: TensorLike | None = None,
    ksize: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NHWC",
    name: Name = None,
    input: TensorLike | None = None,
) -> Any:
    """The mean of each window; padding does not count."""
    value = one_of("value", value, "input", input)
    return _pool("AvgPool", "AvgPool2D", value, ksize, strides, padding, data_format, name)
