"""Convolution layers: kernels of shape [window..., channels in, channels out]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flowc.frontend.aliases import ShapeLike
from flowc.frontend.apply import build
from flowc.frontend.functions import convolutions
from flowc.frontend.functions.activations import bias_add
from flowc.frontend.initializers import Zeros, get
from flowc.frontend.layers.layer import Layer, activation_of, channel_count


def per_dimension(value: Any, count: int, name: str) -> tuple[int, ...]:
    """A number, or one for each dimension, as a tuple. Raises ValueError."""
    if isinstance(value, Sequence):
        found = tuple(int(v) for v in value)
        if len(found) != count:
            raise ValueError(
                f"The `{name}` argument must be a tuple of {count} integers. Received: {value}"
            )
        return found
    return (int(value),) * count


class _Conv(Layer):
    """What all convolution layers share."""

    rank: ClassVar[int]

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable, name, activity_regularizer=activity_regularizer, **kwargs)
        self.filters = int(filters)
        self.kernel_size = per_dimension(kernel_size, self.rank, "kernel_size")
        self.strides = per_dimension(strides, self.rank, "strides")
        self.padding = padding.upper()
        self.data_format = data_format
        self.dilation_rate = per_dimension(dilation_rate, self.rank, "dilation_rate")
        self.activation = activation_of(activation)
        self.use_bias = use_bias
        self.kernel_initializer = get(kernel_initializer)
        self.bias_initializer = get(bias_initializer) or Zeros()
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self.kernel: Any = None
        self.bias: Any = None

    @property
    def _first(self) -> bool:
        return self.data_format == "channels_first"

    @property
    def _format(self) -> str:
        letters = {1: "W", 2: "HW", 3: "DHW"}[self.rank]
        return f"NC{letters}" if self._first else f"N{letters}C"

    def _channels(self, input_shape: ShapeLike) -> int:
        return channel_count(input_shape, 1 if self._first else -1)

    def _kernel_shape(self, channels: int) -> list[int]:
        return [*self.kernel_size, channels, self.filters]

    def build(self, input_shape: ShapeLike) -> None:
        self.kernel = self.add_weight(
            "kernel",
            self._kernel_shape(self._channels(input_shape)),
            None,
            self.kernel_initializer,
            self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias()

    def _add_bias(self) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                [self.filters],
                None,
                self.bias_initializer,
                self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        return self._finished(self._convolved(inputs))

    def _convolved(self, inputs: Any) -> Any:
        raise NotImplementedError

    def _finished(self, outputs: Any) -> Any:
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, "NCHW" if self._first else "NHWC")
        return outputs if self.activation is None else self.activation(outputs)


class Conv1D(_Conv):
    """A convolution of sequences."""

    rank = 1

    def _convolved(self, inputs: Any) -> Any:
        return convolutions.conv1d(
            inputs,
            self.kernel,
            self.strides[0],
            self.padding,
            data_format=self._format,
            dilations=self.dilation_rate[0],
            name="conv1d",
        )


class Conv2D(_Conv):
    """A convolution of images."""

    rank = 2

    def _convolved(self, inputs: Any) -> Any:
        return convolutions.conv2d(
            inputs,
            self.kernel,
            self.strides,
            self.padding,
            data_format=self._format,
            dilations=self.dilation_rate,
        )


class Conv3D(_Conv):
    """A convolution of volumes."""

    rank = 3

    def _convolved(self, inputs: Any) -> Any:
        return convolutions.conv3d(
            inputs, self.kernel, self.strides, self.padding, self._format, self.dilation_rate
        )


class Conv2DTranspose(Conv2D):
    """The transpose of a convolution: it makes images larger by its strides."""

    def _kernel_shape(self, channels: int) -> list[int]:
        return [*self.kernel_size, self.filters, channels]

    def _convolved(self, inputs: Any) -> Any:
        sizes = inputs.sizes
        axes = (2, 3) if self._first else (1, 2)
        dynamic = build("Shape", inputs)
        spatial = [self._length(sizes[axis], dynamic[axis], i) for i, axis in enumerate(axes)]
        batch = dynamic[0] if sizes[0] is None else sizes[0]
        shape = [batch, self.filters, *spatial] if self._first else [batch, *spatial, self.filters]
        operand = build("Pack", shape) if any(not isinstance(s, int) for s in shape) else shape
        return convolutions.conv2d_transpose(
            inputs, self.kernel, operand, self.strides, self.padding, self._format
        )

    def _length(self, static: int | None, dynamic: Any, index: int) -> Any:
        size = dynamic if static is None else static
        longer = max(self.kernel_size[index] - self.strides[index], 0)
        return size * self.strides[index] + (longer if self.padding == "VALID" else 0)


class SeparableConv2D(Conv2D):
    """A convolution of each channel by itself, then one over channels."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, **kwargs
        )
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = get(depthwise_initializer)
        self.pointwise_initializer = get(pointwise_initializer)
        self.depthwise_regularizer = depthwise_regularizer
        self.pointwise_regularizer = pointwise_regularizer
        self.depthwise_kernel: Any = None
        self.pointwise_kernel: Any = None

    def build(self, input_shape: ShapeLike) -> None:
        channels = self._channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel",
            [*self.kernel_size, channels, self.depth_multiplier],
            None,
            self.depthwise_initializer,
            self.depthwise_regularizer,
        )
        self.pointwise_kernel = self.add_weight(
            "pointwise_kernel",
            [1, 1, channels * self.depth_multiplier, self.filters],
            None,
            self.pointwise_initializer,
            self.pointwise_regularizer,
        )
        self._add_bias()

    def _convolved(self, inputs: Any) -> Any:
        return convolutions.separable_conv2d(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            self.strides,
            self.padding,
            self.dilation_rate,
            data_format=self._format,
        )


def _function(layer: Any, doc: str) -> Any:
    def function(inputs: Any, *args: Any, reuse: Any = None, **kwargs: Any) -> Any:
        return layer(*args, _reuse=reuse, **kwargs)(inputs)

    function.__doc__ = doc
    return function


conv1d = _function(Conv1D, "`Conv1D(...)(inputs)`.")
conv2d = _function(Conv2D, "`Conv2D(...)(inputs)`.")
conv3d = _function(Conv3D, "`Conv3D(...)(inputs)`.")
conv2d_transpose = _function(Conv2DTranspose, "`Conv2DTranspose(...)(inputs)`.")
separable_conv2d = _function(SeparableConv2D, "`SeparableConv2D(...)(inputs)`.")
