"""The gradients of 3-D and depthwise convolutions, and the transposed 3-D convolution."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.convolutions import conv_attributes, spatial_list
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.shaping import Name, one_of
from flowc.frontend.scopes import name_scope

conv3d_backprop_filter = derive("Conv3DBackpropFilterV2", "conv3d_backprop_filter")


def conv3d_transpose(
    value: TensorLike | None = None,
    filter: TensorLike | None = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: str = "SAME",
    data_format: str | None = "NDHWC",
    name: Name = None,
    input: TensorLike | None = None,
    filters: TensorLike | None = None,
    dilations: Any = None,
) -> Any:
    """The transpose of `conv3d`: what its gradient does to `value`, a float tensor of rank 5.

    `filter` is [depth, height, width, out, in], and `output_shape`, a vector of 5 numbers, the
    shape of the result. Raises ValueError or InvalidArgumentError where they do not fit.
    """
    value = one_of("value", value, "input", input)
    filter = one_of("filter", filter, "filters", filters)
    with name_scope(name, "conv3d_transpose", [value, filter, output_shape]) as scope:
        value, filter = convert(value, None, "value"), convert(filter, None, "filter")
        where = data_format or "NDHWC"
        channel = 1 if where == "NCDHW" else 4
        return build(
            "Conv3DBackpropInputV2",
            convert(output_shape, None, "output_shape"),
            filter,
            value,
            strides=spatial_list(strides, channel, "strides", 3),
            padding=padding,
            data_format=where,
            dilations=spatial_list(dilations, channel, "dilations", 3),
            name=scope,
        )


def depthwise_conv2d_native_backprop_input(
    input_sizes: Any,
    filter: TensorLike,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: Name = None,
) -> Any:
    """The gradient of `depthwise_conv2d_native` by its images, whose shape is `input_sizes`.

    `filter` is [height, width, channels, multiplier], `out_backprop` the gradient by the result, of
    rank 4. Raises ValueError or InvalidArgumentError where shapes do not fit.
    """
    attributes = conv_attributes(strides, padding, data_format, dilations)
    return build(
        "DepthwiseConv2dNativeBackpropInput",
        input_sizes,
        filter,
        out_backprop,
        name=name,
        **attributes,
    )


def depthwise_conv2d_native_backprop_filter(
    input: TensorLike,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: Name = None,
) -> Any:
    """The gradient of `depthwise_conv2d_native` by its filter, whose shape is `filter_sizes`.

    `input` are the images, `out_backprop` the gradient by the result, both of rank 4. Raises
    ValueError or InvalidArgumentError where shapes do not fit.
    """
    attributes = conv_attributes(strides, padding, data_format, dilations)
    return build(
        "DepthwiseConv2dNativeBackpropFilter",
        input,
        filter_sizes,
        out_backprop,
        name=name,
        **attributes,
    )
