"""Convolutions in two and three dimensions, depthwise ones, and their gradients.

Filters are [spatial..., input features of a group, output features]. A depthwise filter
[height, width, features, multiplier] is the filter of as many groups as there are features. Both
gradients are convolutions again (Dumoulin and Visin, "A guide to convolution arithmetic", 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ir.tensor.primitives.contraction import ConvDimensionNumbers
from flowc.ops.common import Tensors, show, static_size
from flowc.ops.networks.windows import Layout, Padding, layout, output_sizes, window_padding
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


@dataclass(frozen=True)
class _Window:
    """The attributes of a convolution by spatial axis."""

    where: Layout
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: str
    explicit: tuple[int, ...] = ()

    def edges(self, b: Builder, image: Shape, filter: Shape) -> Padding:
        """The padding for images and filters of those shapes."""
        sizes = tuple(image[axis] for axis in self.where.spatial)
        windows = filter[: len(sizes)]
        return window_padding(
            b, sizes, windows, self.strides, self.dilations, self.padding, self.explicit, self.where
        )


def _window(
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilations: Sequence[int] = (),
    explicit: Sequence[int] = (),
) -> _Window:
    where = layout(data_format)
    spread = where.pick(dilations, "dilations") if dilations else (1,) * len(where.spatial)
    return _Window(where, where.pick(strides, "strides"), spread, padding, tuple(explicit))


def _numbers(where: Layout, kernel: tuple[int, int], output: Layout) -> ConvDimensionNumbers:
    """Dimension numbers; `kernel` says where the filter's input and output features are."""
    count = len(where.spatial)
    return ConvDimensionNumbers(
        where.batch,
        where.feature,
        where.spatial,
        kernel[0],
        kernel[1],
        tuple(range(count)),
        output.batch,
        output.feature,
        output.spatial,
    )


def _groups(b: Builder, image: Shape, filter: Shape, window: _Window) -> int:
    """The number of feature groups. Raises InvalidArgumentError where shapes do not fit."""
    rank = window.where.rank
    require(len(image) == rank, f"input must be {rank}-dimensional: {show(image)}")
    require(len(filter) == rank, f"filter must be {rank}-dimensional: {show(filter)}")
    features, taken = image[window.where.feature], filter[-2]
    if features == taken:
        return 1
    total, part = static_size(b, features), static_size(b, taken)
    require(
        part > 0 and total % part == 0,
        f"input depth must be evenly divisible by filter depth: {total} vs {part}",
    )
    groups = total // part
    require(
        static_size(b, filter[-1]) % groups == 0 if groups > 1 else True,
        f"output depth must be evenly divisible by number of groups: {filter[-1]} vs {groups}",
    )
    return groups


def _forward(b: Builder, x: Value, filter: Value, window: _Window) -> Value:
    groups = _groups(b, b.shape(x), b.shape(filter), window)
    where, rank = window.where, window.where.rank
    return b.convolution(
        x,
        filter,
        _numbers(where, (rank - 2, rank - 1), where),
        window_strides=window.strides,
        padding=window.edges(b, b.shape(x), b.shape(filter)),
        rhs_dilation=window.dilations,
        feature_group_count=groups,
    )


def _require_output(
    b: Builder, image: Shape, filter: Shape, out: Shape, window: _Window, edges: Padding
) -> None:
    """Raise InvalidArgumentError unless `out` is the shape that the convolution has."""
    where = window.where
    sizes = tuple(image[axis] for axis in where.spatial)
    counts = output_sizes(sizes, filter[: len(sizes)], window.strides, window.dilations, edges)
    require(len(out) == where.rank, f"out_backprop must be {where.rank}-dimensional: {show(out)}")
    expected = list(out)
    for axis, count in zip(where.spatial, counts, strict=True):
        expected[axis] = count
    expected[where.feature], expected[where.batch] = filter[-1], image[where.batch]
    require(
        b.assumptions.equal_shapes(tuple(expected), out),
        f"Size of out_backprop doesn't match computed: actual = {show(out)}, computed = "
        f"{show(tuple(expected))}",
    )


def _input_gradient(b: Builder, image: Shape, filter: Value, dy: Value, window: _Window) -> Value:
    """The gradient by the images: dy spread out by the strides, with the filter backwards."""
    where = window.where
    groups = _groups(b, image, b.shape(filter), window)
    edges = window.edges(b, image, b.shape(filter))
    _require_output(b, image, b.shape(filter), b.shape(dy), window, edges)
    kernel = b.shape(filter)
    if groups == 1 and _spans_last(image, kernel, edges, window):
        *rest, width, depth, features = kernel
        folded = b.reshape(filter, (*rest, 1, width * depth, features))
        narrow = (*image[:-2], 1, width * depth)
        return b.reshape(_input_gradient(b, narrow, folded, dy, window), image)
    padding = []
    for i, axis in enumerate(where.spatial):
        extent = (kernel[i] - 1) * window.dilations[i] + 1
        low = extent - 1 - edges[i][0]
        spread = (b.shape(dy)[axis] - 1) * window.strides[i] + 1
        padding.append((low, image[axis] + extent - 1 - spread - low))
    spatial = tuple(range(len(where.spatial)))
    return b.convolution(
        dy,
        b.reverse(_swap_features(b, filter, groups), spatial),
        _numbers(where, (where.rank - 1, where.rank - 2), where),
        padding=padding,
        lhs_dilation=window.strides,
        rhs_dilation=window.dilations,
        feature_group_count=groups,
    )


def _spans_last(
    image: Shape, kernel: Shape, edges: Sequence[tuple[Dim, Dim]], window: _Window
) -> bool:
    """Whether the filter covers the last spatial dimension, which then is a part of the channels.

    As in convolutions over time, whose filter is as wide as the embedding. Taken as it is, the
    gradient would be a convolution of mostly zeros.
    """
    where, size = window.where, kernel[-3]
    beside_channels = where.spatial[-1] == len(image) - 2
    covers = isinstance(size, int) and size > 1 and image[where.spatial[-1]] == size
    return beside_channels and covers and edges[-1] == (0, 0) and window.dilations[-1] == 1


def _swap_features(b: Builder, filter: Value, groups: int) -> Value:
    """A filter [..., in/g, g * out/g] as [..., g * in/g, out/g]."""
    if groups == 1:
        return filter
    *spatial, inner, outer = b.shape(filter)
    split = b.reshape(filter, [*spatial, inner, groups, outer // groups])
    count = len(spatial)
    moved = b.transpose(split, [*range(count), count + 1, count, count + 2])
    return b.reshape(moved, [*spatial, inner * groups, outer // groups])


def _filter_gradient(b: Builder, x: Value, kernel: Shape, dy: Value, window: _Window) -> Value:
    """The gradient by the filter: images against dy, with batch and features exchanged."""
    where, image = window.where, b.shape(x)
    groups = _groups(b, image, kernel, window)
    edges = window.edges(b, image, kernel)
    _require_output(b, image, kernel, b.shape(dy), window, edges)
    padding: list[tuple[Dim, Dim]] = []
    for i, axis in enumerate(where.spatial):
        spread = (b.shape(dy)[axis] - 1) * window.strides[i] + 1
        low = edges[i][0]
        covered = spread + (kernel[i] - 1) * window.dilations[i]
        padding.append((low, covered - image[axis] - low))
    rank = where.rank
    numbers = ConvDimensionNumbers(
        where.feature,
        where.batch,
        where.spatial,
        where.batch,
        where.feature,
        where.spatial,
        rank - 2,
        rank - 1,
        tuple(range(rank - 2)),
    )
    return b.convolution(
        x,
        dy,
        numbers,
        window_strides=window.dilations,
        padding=padding,
        rhs_dilation=window.strides,
        batch_group_count=groups,
    )


# Conv2D

_PADDINGS = 'padding: {"SAME", "VALID", "EXPLICIT"}, explicit_paddings: list(int) = []'
_FORMAT_2D = 'data_format: {"NHWC", "NCHW"} = "NHWC", dilations: list(int) = [1, 1, 1, 1]'
_CONV_2D = (
    "T: {float, int32}, strides: list(int), use_cudnn_on_gpu: bool = true, "
    f"{_PADDINGS}, {_FORMAT_2D}"
)
_NAMES_2D = ("strides", "padding", "explicit_paddings", "data_format", "dilations")


def _attributes(op: Operation, names: Sequence[str]) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in names}


@op(f"Conv2D(input: T[:,:,:,:], filter: T[:,:,:,:]; {_CONV_2D}) -> output: T")
def conv2d(
    b: Builder,
    input: Value,
    filter: Value,
    *,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> Value:
    """Cross-correlation of images with a filter."""
    window = _window(strides, padding, data_format, dilations, explicit_paddings)
    return _forward(b, input, filter, window)


@op(
    f"Conv2DBackpropInput(input_sizes: int32[:], filter: T[:,:,:,:],"
    f" out_backprop: T[:,:,:,:]; {_CONV_2D}) -> output: T"
)
def conv2d_backprop_input(
    b: Builder,
    input_sizes: Value,
    filter: Value,
    out_backprop: Value,
    *,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> Value:
    """The gradient of Conv2D by its images; also the transposed convolution."""
    window = _window(strides, padding, data_format, dilations, explicit_paddings)
    sizes = _image_sizes(b, input_sizes, out_backprop, filter, window)
    return _input_gradient(b, sizes, filter, out_backprop, window)


def _image_sizes(b: Builder, sizes: Value, dy: Value, filter: Value, window: _Window) -> Shape:
    """The images' shape; `sizes` may give only the spatial part."""
    listed = b.dims(sizes)
    where = window.where
    if len(listed) == where.rank:
        return listed
    require(
        len(listed) == where.rank - 2,
        f"input_sizes must have {where.rank - 2} or {where.rank} values, but got {len(listed)}",
    )
    full: list[Dim] = [0] * where.rank
    full[where.batch] = b.shape(dy)[where.batch]
    full[where.feature] = b.shape(filter)[-2]
    for axis, size in zip(where.spatial, listed, strict=True):
        full[axis] = size
    return tuple(full)


@op(
    f"Conv2DBackpropFilter(input: T, filter_sizes: int32[:], out_backprop: T; {_CONV_2D})"
    f" -> output: T"
)
def conv2d_backprop_filter(
    b: Builder,
    input: Value,
    filter_sizes: Value,
    out_backprop: Value,
    *,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> Value:
    """The gradient of Conv2D by its filter."""
    window = _window(strides, padding, data_format, dilations, explicit_paddings)
    return _filter_gradient(b, input, b.dims(filter_sizes), out_backprop, window)


@conv2d.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, filter = op.inputs
    attrs = _attributes(op, _NAMES_2D)
    sizes = g("ShapeN", [x, filter])
    return (
        g("Conv2DBackpropInput", sizes[0], filter, grad, **attrs),
        g("Conv2DBackpropFilter", x, sizes[1], grad, **attrs),
    )


@conv2d_backprop_input.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    _, filter, dy = op.inputs
    attrs = _attributes(op, _NAMES_2D)
    size = g("Shape", filter)
    return (
        None,
        g("Conv2DBackpropFilter", grad, size, dy, **attrs),
        g("Conv2D", grad, filter, **attrs),
    )


@conv2d_backprop_filter.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, _, dy = op.inputs
    attrs = _attributes(op, _NAMES_2D)
    size = g("Shape", x)
    return g("Conv2DBackpropInput", size, grad, dy, **attrs), None, g("Conv2D", x, grad, **attrs)


# Depthwise

_DEPTHWISE = f"T: {{float}}, strides: list(int), {_PADDINGS}, {_FORMAT_2D}"


def _as_groups(b: Builder, filter: Value) -> Value:
    """A depthwise filter [h, w, c, m] as one of groups: [h, w, 1, c * m]."""
    shape = b.shape(filter)
    return b.reshape(filter, _group_shape(shape))


def _group_shape(shape: Shape) -> Shape:
    return (*shape[:2], 1, shape[2] * shape[3])


def _require_depth(b: Builder, image: Shape, kernel: Shape, window: _Window) -> None:
    same = len(image) == 4 and b.assumptions.equal(image[window.where.feature], kernel[2])
    require(same, f"input and filter must have the same depth: {show(image)} vs {show(kernel)}")
    for size in kernel[2:]:  # the number of groups must be known
        static_size(b, size)


@op(f"DepthwiseConv2dNative(input: T[:,:,:,:], filter: T[:,:,:,:]; {_DEPTHWISE}) -> output: T")
def depthwise_conv2d(
    b: Builder,
    input: Value,
    filter: Value,
    *,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> Value:
    """Each feature convolved with its own filters."""
    window = _window(strides, padding, data_format, dilations, explicit_paddings)
    require(len(b.shape(filter)) == 4, f"filter must be 4-dimensional: {show(b.shape(filter))}")
    _require_depth(b, b.shape(input), b.shape(filter), window)
    return _forward(b, input, _as_groups(b, filter), window)


@op(
    "DepthwiseConv2dNativeBackpropInput(input_sizes: int32[:], filter: T, out_backprop: T;"
    f" {_DEPTHWISE}) -> output: T"
)
def depthwise_backprop_input(
    b: Builder,
    input_sizes: Value,
    filter: Value,
    out_backprop: Value,
    *,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> Value:
    """The gradient of the depthwise convolution by its images."""
    window = _window(strides, padding, data_format, dilations, explicit_paddings)
    image = b.dims(input_sizes)
    _require_depth(b, image, b.shape(filter), window)
    return _input_gradient(b, image, _as_groups(b, filter), out_backprop, window)


@op(
    "DepthwiseConv2dNativeBackpropFilter(input: T, filter_sizes: int32[:], out_backprop: T;"
    f" {_DEPTHWISE}) -> output: T"
)
def depthwise_backprop_filter(
    b: Builder,
    input: Value,
    filter_sizes: Value,
    out_backprop: Value,
    *,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> Value:
    """The gradient of the depthwise convolution by its filter."""
    window = _window(strides, padding, data_format, dilations, explicit_paddings)
    kernel = b.dims(filter_sizes)
    _require_depth(b, b.shape(input), kernel, window)
    grouped = _filter_gradient(b, input, _group_shape(kernel), out_backprop, window)
    return b.reshape(grouped, kernel)


@depthwise_conv2d.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, filter = op.inputs
    attrs = _attributes(op, _NAMES_2D)
    return (
        g("DepthwiseConv2dNativeBackpropInput", g("Shape", x), filter, grad, **attrs),
        g("DepthwiseConv2dNativeBackpropFilter", x, g("Shape", filter), grad, **attrs),
    )


@depthwise_backprop_input.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    _, filter, dy = op.inputs
    attrs = _attributes(op, _NAMES_2D)
    return (
        None,
        g("DepthwiseConv2dNativeBackpropFilter", grad, g("Shape", filter), dy, **attrs),
        g("DepthwiseConv2dNative", grad, filter, **attrs),
    )


@depthwise_backprop_filter.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, _, dy = op.inputs
    attrs = _attributes(op, _NAMES_2D)
    return (
        g("DepthwiseConv2dNativeBackpropInput", g("Shape", x), grad, dy, **attrs),
        None,
        g("DepthwiseConv2dNative", x, grad, **attrs),
    )


# Conv3D

_CONV_3D = (
    'T: {float}, strides: list(int), padding: {"SAME", "VALID"},'
    ' data_format: {"NDHWC", "NCDHW"} = "NDHWC", dilations: list(int) = [1, 1, 1, 1, 1]'
)
_NAMES_3D = ("strides", "padding", "data_format", "dilations")


@op(f"Conv3D(input: T[:,:,:,:,:], filter: T[:,:,:,:,:]; {_CONV_3D}) -> output: T")
def conv3d(
    b: Builder,
    input: Value,
    filter: Value,
    *,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilations: Sequence[int],
) -> Value:
    """Cross-correlation of volumes with a filter."""
    return _forward(b, input, filter, _window(strides, padding, data_format, dilations))


@op(
    "Conv3DBackpropInputV2(input_sizes: Tshape[:], filter: T[:,:,:,:,:],"
    " out_backprop: T[:,:,:,:,:];"
    f" {_CONV_3D}, Tshape: {{index}} = int32) -> output: T"
)
def conv3d_backprop_input(
    b: Builder,
    input_sizes: Value,
    filter: Value,
    out_backprop: Value,
    *,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilations: Sequence[int],
) -> Value:
    """The gradient of Conv3D by its volumes."""
    window = _window(strides, padding, data_format, dilations)
    return _input_gradient(b, b.dims(input_sizes), filter, out_backprop, window)


@op(
    f"Conv3DBackpropFilterV2(input: T[:,:,:,:,:], filter_sizes: int32[:],"
    f" out_backprop: T[:,:,:,:,:]; {_CONV_3D})"
    " -> output: T"
)
def conv3d_backprop_filter(
    b: Builder,
    input: Value,
    filter_sizes: Value,
    out_backprop: Value,
    *,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilations: Sequence[int],
) -> Value:
    """The gradient of Conv3D by its filter."""
    window = _window(strides, padding, data_format, dilations)
    return _filter_gradient(b, input, b.dims(filter_sizes), out_backprop, window)


@conv3d.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, filter = op.inputs
    attrs = _attributes(op, _NAMES_3D)
    sizes = g("ShapeN", [x, filter])
    return (
        g("Conv3DBackpropInputV2", sizes[0], filter, grad, **attrs),
        g("Conv3DBackpropFilterV2", x, sizes[1], grad, **attrs),
    )


@conv3d_backprop_input.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    _, filter, dy = op.inputs
    attrs = _attributes(op, _NAMES_3D)
    size = g("Shape", filter)
    return (
        None,
        g("Conv3DBackpropFilterV2", grad, size, dy, **attrs),
        g("Conv3D", grad, filter, **attrs),
    )


@conv3d_backprop_filter.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, _, dy = op.inputs
    attrs = _attributes(op, _NAMES_3D)
    size = g("Shape", x)
    return (
        g("Conv3DBackpropInputV2", size, grad, dy, **attrs),
        None,
        g("Conv3D", x, grad, **attrs),
    )
