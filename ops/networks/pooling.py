"""Max and average pooling over images and volumes, and their gradients.

Windows have the images' full rank: size and stride 1 where nothing is pooled, so the data format
matters for checks alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flowc.ir import dims, dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, accumulator, least, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.arrays.scattering import scatter_rows
from flowc.ops.checks import check_bounds
from flowc.ops.common import Tensors, is_zero, or_zeros, show
from flowc.ops.networks.windows import Padding, output_sizes, window_padding
from flowc.ops.registry import GraphBuilder, OpDefinition, Operation, Tensor, op


@dataclass(frozen=True)
class _Pool:
    """Windows, strides and padding by axis."""

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    explicit: tuple[int, ...] = ()

    def edges(self, b: Builder, image: Shape) -> Padding:
        """The padding of images of that shape."""
        if self.padding == "EXPLICIT":
            given = self.explicit
            require(len(given) == 2 * len(image), f"explicit_paddings must have {2 * len(image)}")
            return tuple(zip(given[::2], given[1::2], strict=True))
        ones = (1,) * len(image)
        return window_padding(b, image, self.sizes, self.strides, ones, self.padding)

    def outputs(self, b: Builder, image: Shape) -> Shape:
        """The result's shape."""
        ones = (1,) * len(image)
        return output_sizes(image, self.sizes, self.strides, ones, self.edges(b, image))

    def window(self, b: Builder, image: Shape) -> dict[str, Any]:
        """The attributes of `reduce_window`."""
        return {
            "window_dimensions": self.sizes,
            "window_strides": self.strides,
            "padding": self.edges(b, image),
        }


def _pool(
    b: Builder,
    image: Shape,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    explicit: Sequence[int] = (),
) -> _Pool:
    rank = len(ksize)
    require(len(image) == rank, f"tensor_in must be {rank}-dimensional: {show(image)}")
    require(len(strides) == rank, f"Sliding window stride field must specify {rank} dimensions")
    require(min(ksize) > 0, f"Sliding window ksize must be positive: {tuple(ksize)}")
    require(min(strides) > 0, f"Sliding window stride must be positive: {tuple(strides)}")
    batch = ksize[0] == 1 and strides[0] == 1
    require(batch, "Pooling is not yet supported on the batch dimension.")
    return _Pool(tuple(ksize), tuple(strides), padding, tuple(explicit))


# The four computations


def _max_pool_of_images(b: Builder, x: Value, pool: _Pool) -> Value:
    """TensorFlow's pooling of images passes over NaNs, unlike its Max, and starts from the least
    finite number: that is what a window without any greater one gives.
    """
    dtype = x.type.dtype
    if not dtype.is_floating:
        return _max_pool(b, x, pool)
    numbers = b.select(b.ne(x, x), least(dtype), x)
    return b.maximum(_max_pool(b, numbers, pool), dtype.min)


def _max_pool(b: Builder, x: Value, pool: _Pool) -> Value:
    """The greatest element of each window; NaN if there is one."""
    start = b.scalar(least(x.type.dtype), x.type.dtype)
    return b.reduce_window([x], [start], b.maximum, **pool.window(b, b.shape(x)))[0]


def _first_greatest(
    b: Builder, x: Value, carried: Sequence[Value], pool: _Pool
) -> tuple[Value, ...]:
    """The greatest of each window, its position in the images, and the carried values there."""
    shape = b.shape(x)
    positions = b.reshape(b.iota((dims.product(shape),), 0, dtypes.int64), shape)
    starts = [b.scalar(least(x.type.dtype), x.type.dtype), b.scalar(2**62, dtypes.int64)]
    starts += [b.scalar(0, value.type.dtype) for value in carried]

    def body(*values: Value) -> list[Value]:
        half = len(values) // 2
        mine, theirs = values[:half], values[half:]
        earlier = b.and_(b.eq(theirs[0], mine[0]), b.lt(theirs[1], mine[1]))
        take = b.or_(b.gt(theirs[0], mine[0]), earlier)
        return [b.select(take, new, old) for new, old in zip(theirs, mine, strict=True)]

    return b.reduce_window([x, positions, *carried], starts, body, **pool.window(b, shape))


def _max_pool_grad(b: Builder, x: Value, y: Value, dy: Value, pool: _Pool) -> Value:
    """dy added where the first greatest element of each window is."""
    image = b.shape(x)
    _as_windows(b, y, image, pool, "orig_output")
    dy = _as_windows(b, dy, image, pool, "grad")
    zero = b.scalar(0, x.type.dtype)
    return b.select_and_scatter(x, dy, zero, b.ge, b.add, **pool.window(b, image))


def _as_windows(b: Builder, values: Value, image: Shape, pool: _Pool, what: str) -> Value:
    """The values, of which the images' windows have one each. Raises InvalidArgumentError."""
    expected = pool.outputs(b, image)
    require(
        b.assumptions.equal_shapes(b.shape(values), expected),
        f"Expected {what} shape to be {show(expected)}, but got {show(b.shape(values))}",
    )
    return b.reshape(values, expected)


def _max_pool_grad_grad(b: Builder, x: Value, y: Value, grad: Value, pool: _Pool) -> Value:
    """Per window the gradient at its first greatest element."""
    _as_windows(b, y, b.shape(x), pool, "orig_output")
    same = b.assumptions.equal_shapes(b.shape(grad), b.shape(x))
    require(same, f"Expected grad shape to be {show(b.shape(x))}, but got {show(b.shape(grad))}")
    return _first_greatest(b, x, [grad], pool)[2]


def _counts(b: Builder, image: Shape, pool: _Pool, dtype: DType) -> Value:
    """How many elements of the images lie in each window."""
    if pool.padding == "VALID":
        return b.full(dims.product(pool.sizes), pool.outputs(b, image), dtype)
    ones = b.full(1, image, dtype)
    return b.reduce_window([ones], [b.scalar(0, dtype)], b.add, **pool.window(b, image))[0]


def _avg_pool(b: Builder, x: Value, pool: _Pool) -> Value:
    dtype = x.type.dtype
    wide = b.convert(x, accumulator(dtype))
    kind = wide.type.dtype
    image = b.shape(x)
    total = b.reduce_window([wide], [b.scalar(0, kind)], b.add, **pool.window(b, image))[0]
    return b.convert(b.divide(total, _counts(b, b.shape(x), pool, kind)), dtype)


def _avg_pool_grad(b: Builder, image: Shape, dy: Value, pool: _Pool) -> Value:
    """Each window's share of dy spread over its elements: windows over the spread-out dy."""
    dy = _as_windows(b, dy, image, pool, "grad")
    dtype = dy.type.dtype
    wide = b.convert(dy, accumulator(dtype))
    kind = wide.type.dtype
    shares = b.divide(wide, _counts(b, image, pool, kind))
    padding = []
    for axis, (low, _) in enumerate(pool.edges(b, image)):
        size, stride = pool.sizes[axis], pool.strides[axis]
        before = size - 1 - low
        windows = b.shape(dy)[axis]
        spread = 0 if is_zero(b, windows) else (windows - 1) * stride + 1
        padding.append((before, image[axis] + size - 1 - spread - before))
    (total,) = b.reduce_window(
        [shares],
        [b.scalar(0, kind)],
        b.add,
        window_dimensions=pool.sizes,
        base_dilations=pool.strides,
        padding=padding,
    )
    return b.convert(total, dtype)


# Ops with the window in attributes

_2D = 'ksize: list(int) >= 4, strides: list(int) >= 4, padding: {"SAME", "VALID"}'
_3D = 'ksize: list(int) >= 5, strides: list(int) >= 5, padding: {"SAME", "VALID"}'
_EXPLICIT = (
    'ksize: list(int) >= 4, strides: list(int) >= 4, padding: {"SAME", "VALID", "EXPLICIT"},'
    " explicit_paddings: list(int) = []"
)
_FORMAT_2D = 'data_format: {"NHWC", "NCHW", "NCHW_VECT_C"} = "NHWC"'
_GRAD_FORMAT = 'data_format: {"NHWC", "NCHW"} = "NHWC"'
_FORMAT_3D = 'data_format: {"NDHWC", "NCDHW"} = "NDHWC"'
_NARROW = "{float16, bfloat16, float32}"
_TRIPLE_2D = "orig_input: T[:,:,:,:], orig_output: T, grad: T"
_TRIPLE_3D = "orig_input: T[:,:,:,:,:], orig_output: T, grad: T"
_ATTRIBUTES = ("ksize", "strides", "padding", "data_format")


def _attributes(op: Operation, *more: str) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in (*_ATTRIBUTES, *more)}


_POOLED = "{float, int8, int16, int32, int64, uint8, uint16, qint8}"


@op(f"MaxPool(input: T[:,:,:,:]; T: {_POOLED} = float32, {_EXPLICIT}, {_FORMAT_2D}) -> output: T")
def max_pool(
    b: Builder,
    input: Value,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
) -> Value:
    """The greatest element of each window."""
    pool = _pool(b, b.shape(input), ksize, strides, padding, explicit_paddings)
    return _max_pool_of_images(b, input, pool)


@op(f"MaxPoolGrad({_TRIPLE_2D}; {_EXPLICIT}, {_GRAD_FORMAT}, T: {{real}} = float32) -> output: T")
def max_pool_grad(
    b: Builder,
    orig_input: Value,
    orig_output: Value,
    grad: Value,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
) -> Value:
    """The gradient of MaxPool."""
    pool = _pool(b, b.shape(orig_input), ksize, strides, padding, explicit_paddings)
    return _max_pool_grad(b, orig_input, orig_output, grad, pool)


def _define_grad_grad(name: str, operands: str, window: str, types: str) -> OpDefinition:
    @op(f"{name}({operands}; {window}, T: {types}) -> output: T")
    def lower(
        b: Builder,
        orig_input: Value,
        orig_output: Value,
        grad: Value,
        *,
        ksize: Sequence[int],
        strides: Sequence[int],
        padding: str,
    ) -> Value:
        pool = _pool(b, b.shape(orig_input), ksize, strides, padding)
        return _max_pool_grad_grad(b, orig_input, orig_output, grad, pool)

    return lower


max_pool_grad_grad = _define_grad_grad(
    "MaxPoolGradGrad", _TRIPLE_2D, f"{_2D}, {_GRAD_FORMAT}", "{real}"
)
max_pool_3d_grad_grad = _define_grad_grad(
    "MaxPool3DGradGrad", _TRIPLE_3D, f"{_3D}, {_FORMAT_3D}", "{real}"
)


@op(f"MaxPool3D(input: T[:,:,:,:,:]; {_3D}, {_FORMAT_3D}, T: {_NARROW}) -> output: T")
def max_pool_3d(
    b: Builder, input: Value, *, ksize: Sequence[int], strides: Sequence[int], padding: str
) -> Value:
    """The greatest element of each window."""
    return _max_pool(b, input, _pool(b, b.shape(input), ksize, strides, padding))


@op(
    f"MaxPool3DGrad(orig_input: TInput[:,:,:,:,:], orig_output: TInput, grad: T; {_3D},"
    f" {_FORMAT_3D},"
    f" T: {_NARROW} = float32, TInput: {_NARROW} = float32) -> output: T"
)
def max_pool_3d_grad(
    b: Builder,
    orig_input: Value,
    orig_output: Value,
    grad: Value,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
) -> Value:
    """The gradient of MaxPool3D."""
    pool = _pool(b, b.shape(orig_input), ksize, strides, padding)
    return _max_pool_grad(b, orig_input, orig_output, grad, pool)


def _define_average(name: str, operand: str, window: str) -> OpDefinition:
    def lower(
        b: Builder, value: Value, *, ksize: Sequence[int], strides: Sequence[int], padding: str
    ) -> Value:
        return _avg_pool(b, value, _pool(b, b.shape(value), ksize, strides, padding))

    return op(f"{name}({operand}; {window}, T: {{float}}) -> output: T")(lower)


def _define_average_grad(name: str, window: str) -> OpDefinition:
    def lower(
        b: Builder,
        orig_input_shape: Value,
        grad: Value,
        *,
        ksize: Sequence[int],
        strides: Sequence[int],
        padding: str,
    ) -> Value:
        image = b.dims(orig_input_shape)
        return _avg_pool_grad(b, image, grad, _pool(b, image, ksize, strides, padding))

    return op(f"{name}(orig_input_shape: int32[:], grad: T; {window}, T: {{float}}) -> output: T")(
        lower
    )


avg_pool = _define_average("AvgPool", "value: T[:,:,:,:]", f"{_2D}, {_GRAD_FORMAT}")
avg_pool_3d = _define_average("AvgPool3D", "input: T[:,:,:,:,:]", f"{_3D}, {_FORMAT_3D}")
avg_pool_3d.documented("The mean of each window; zeros that pad it do not count.")
avg_pool_grad = _define_average_grad("AvgPoolGrad", f"{_2D}, {_GRAD_FORMAT}")
avg_pool_3d_grad = _define_average_grad("AvgPool3DGrad", f"{_3D}, {_FORMAT_3D}")


@max_pool.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    attrs = _attributes(op, "explicit_paddings")
    return (g("MaxPoolGrad", op.inputs[0], op.outputs[0], grad, **attrs),)


def _triple_gradient(name: str) -> Callable[[GraphBuilder, Operation, Tensor], Tensors]:
    def gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        x, y, _ = op.inputs
        return g("ZerosLike", x), g("ZerosLike", y), g(name, x, y, grad, **_attributes(op))

    return gradient


max_pool_grad.gradient(_triple_gradient("MaxPoolGradGrad"))
max_pool_grad_grad.gradient(_triple_gradient("MaxPoolGrad"))
max_pool_3d_grad.gradient(_triple_gradient("MaxPool3DGradGrad"))
max_pool_3d_grad_grad.gradient(_triple_gradient("MaxPool3DGrad"))


@max_pool_3d.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("MaxPool3DGrad", op.inputs[0], op.outputs[0], grad, **_attributes(op)),)


@avg_pool.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("AvgPoolGrad", g("Shape", op.inputs[0]), grad, **_attributes(op)),)


@avg_pool_3d.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("AvgPool3DGrad", g("Shape", op.inputs[0]), grad, **_attributes(op)),)


@avg_pool_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return None, g("AvgPool", grad, **_attributes(op))


@avg_pool_3d_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return None, g("AvgPool3D", grad, **_attributes(op))


# Ops with the window in operands

_V2 = 'padding: {"SAME", "VALID"}'


@op(
    f"MaxPoolV2(input: T[:,:,:,:], ksize: int32[:], strides: int32[:];"
    f" T: {_POOLED} = float32, {_V2},"
    f" {_FORMAT_2D}) -> output: T"
)
def max_pool_v2(b: Builder, input: Value, ksize: Value, strides: Value, *, padding: str) -> Value:
    """The greatest element of each window."""
    sizes, steps = (b.static(value).tolist() for value in (ksize, strides))
    return _max_pool_of_images(b, input, _pool(b, b.shape(input), sizes, steps, padding))


def _define_v2(
    name: str, function: Callable[[Builder, Value, Value, Value, _Pool], Value]
) -> OpDefinition:
    @op(
        f"{name}({_TRIPLE_2D}, ksize: int32[:], strides: int32[:]; {_V2}, {_GRAD_FORMAT},"
        " T: {real} = float32) -> output: T"
    )
    def lower(
        b: Builder,
        orig_input: Value,
        orig_output: Value,
        grad: Value,
        ksize: Value,
        strides: Value,
        *,
        padding: str,
    ) -> Value:
        sizes, steps = (b.static(value).tolist() for value in (ksize, strides))
        pool = _pool(b, b.shape(orig_input), sizes, steps, padding)
        return function(b, orig_input, orig_output, grad, pool)

    return lower


max_pool_grad_v2 = _define_v2("MaxPoolGradV2", _max_pool_grad)
max_pool_grad_grad_v2 = _define_v2("MaxPoolGradGradV2", _max_pool_grad_grad)
_V2_ATTRIBUTES = ("padding", "data_format")


@max_pool_v2.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, ksize, strides = op.inputs
    attrs = {name: op.get_attr(name) for name in _V2_ATTRIBUTES}
    return g("MaxPoolGradV2", x, op.outputs[0], grad, ksize, strides, **attrs), None, None


@max_pool_grad_v2.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, y, _, ksize, strides = op.inputs
    attrs = {name: op.get_attr(name) for name in _V2_ATTRIBUTES}
    second = g("MaxPoolGradGradV2", x, y, grad, ksize, strides, **attrs)
    return g("ZerosLike", x), g("ZerosLike", y), second, None, None


# With positions

_ARGMAX = (
    'ksize: list(int) >= 4, strides: list(int) >= 4, padding: {"SAME", "VALID"},'
    " include_batch_in_index: bool = false"
)


@op(
    "MaxPoolWithArgmax(input: T[:,:,:,:]; ksize: list(int) >= 4, strides: list(int) >= 4,"
    ' Targmax: {index} = int64, padding: {"SAME", "VALID"}, include_batch_in_index: bool = false,'
    " T: {real}) -> output: T, argmax: Targmax"
)
def max_pool_with_argmax(
    b: Builder,
    input: Value,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    include_batch_in_index: bool,
    Targmax: DType,
) -> tuple[Value, Value]:
    """The greatest element of each window and its flat position, in its image or in the batch."""
    pool = _pool(b, b.shape(input), ksize, strides, padding)
    greatest, position = _first_greatest(b, input, [], pool)
    if not include_batch_in_index:
        per_image = b.size(dims.product(b.shape(input)[1:]), dtypes.int64)
        position = b.remainder(position, b.broadcast_to(per_image, b.shape(position)))
    return greatest, b.convert(position, Targmax)


@max_pool_with_argmax.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor | None, _unused: Tensor | None) -> Tensors:
    names = ("ksize", "strides", "padding", "include_batch_in_index")
    attrs = {name: op.get_attr(name) for name in names}
    dy = or_zeros(g, grad, op.outputs[0])
    return (g("MaxPoolGradWithArgmax", op.inputs[0], dy, op.outputs[1], **attrs),)


def _flat_positions(b: Builder, argmax: Value, image: Shape, includes_batch: bool) -> Value:
    """Positions in the whole batch."""
    position = b.convert(argmax, dtypes.int64)
    if includes_batch:
        return position
    per_image = b.broadcast_to(b.size(dims.product(image[1:]), dtypes.int64), b.shape(argmax))
    number = b.iota(b.shape(argmax), 0, dtypes.int64)
    return b.add(position, b.multiply(number, per_image))


@op(
    f"MaxPoolGradWithArgmax(input: T[:,:,:,:], grad: T, argmax: Targmax; {_ARGMAX},"
    f" Targmax: {{index}},"
    " T: {real}) -> output: T"
)
def max_pool_grad_with_argmax(
    b: Builder, input: Value, grad: Value, argmax: Value, *, include_batch_in_index: bool
) -> Value:
    """The gradients added at the positions that MaxPoolWithArgmax found."""
    image = b.shape(input)
    position = _flat_positions(b, argmax, image, include_batch_in_index)
    count = dims.product(b.shape(grad))
    zeros = b.full(0, (dims.product(image),), grad.type.dtype)
    flat = b.reshape(position, (count,)), b.reshape(grad, (count,))
    return b.reshape(scatter_rows(b, zeros, *flat, Builder.add), image)


@op(
    f"MaxPoolGradGradWithArgmax(input: T[:,:,:,:], grad: T, argmax: Targmax[:,:,:,:];"
    f" {_ARGMAX}, Targmax: {{index}},"
    " T: {real}) -> output: T"
)
def max_pool_grad_grad_with_argmax(
    b: Builder, input: Value, grad: Value, argmax: Value, *, include_batch_in_index: bool
) -> Value:
    """The gradients at the positions that MaxPoolWithArgmax found."""
    image, given = b.shape(input), b.shape(grad)
    require(
        b.assumptions.equal_shapes(given, image),
        f"grad must have the shape of the input, {show(image)}, not {show(given)}",
    )
    position = _flat_positions(b, argmax, image, include_batch_in_index)
    count = dims.product(image)
    check_bounds(b, position, count, "argmax")
    return b.take(b.reshape(grad, (count,)), position)
