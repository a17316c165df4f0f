"""Pooling layers."""

from __future__ import annotations

from typing import Any, ClassVar

from flowc.frontend.functions import convolutions
from flowc.frontend.functions.shaping import expand_dims, squeeze
from flowc.frontend.layers.convolution import per_dimension
from flowc.frontend.layers.layer import Layer


class _Pooling(Layer):
    """A window's maximum or mean."""

    rank: ClassVar[int] = 2
    pool: ClassVar[str] = "max"

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = per_dimension(pool_size, self.rank, "pool_size")
        self.strides = per_dimension(strides, self.rank, "strides")
        self.padding = padding.upper()
        self.data_format = data_format

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        first = self.data_format == "channels_first"
        function = convolutions.max_pool if self.pool == "max" else convolutions.avg_pool
        if self.rank == 3:
            three = convolutions.max_pool3d if self.pool == "max" else convolutions.avg_pool3d
            sizes = ([1, 1, *v] if first else [1, *v, 1] for v in (self.pool_size, self.strides))
            return three(inputs, *sizes, self.padding, "NCDHW" if first else "NDHWC")
        if self.rank == 2:
            return function(
                inputs, self.pool_size, self.strides, self.padding, "NCHW" if first else "NHWC"
            )
        axis = 3 if first else 2
        images = expand_dims(inputs, axis)
        pooled = function(
            images,
            [*self.pool_size, 1],
            [*self.strides, 1],
            self.padding,
            "NCHW" if first else "NHWC",
        )
        return squeeze(pooled, [axis])


class MaxPooling2D(_Pooling):
    """The greatest element of each window of an image."""


class AveragePooling2D(_Pooling):
    """The mean of each window of an image."""

    pool = "average"


class MaxPooling1D(_Pooling):
    """The greatest element of each window of a sequence."""

    rank = 1


class AveragePooling1D(_Pooling):
    """The mean of each window of a sequence."""

    rank = 1
    pool = "average"


class MaxPooling3D(_Pooling):
    """The greatest element of each window of a volume."""

    rank = 3


class AveragePooling3D(_Pooling):
    """The mean of each window of a volume."""

    rank = 3
    pool = "average"


def max_pooling3d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """`MaxPooling3D(...)(inputs)`."""
    return MaxPooling3D(pool_size, strides, padding, data_format, name)(inputs)


def average_pooling3d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """`AveragePooling3D(...)(inputs)`."""
    return AveragePooling3D(pool_size, strides, padding, data_format, name)(inputs)


def max_pooling2d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """`MaxPooling2D(...)(inputs)`."""
    return MaxPooling2D(pool_size, strides, padding, data_format, name)(inputs)


def average_pooling2d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """`AveragePooling2D(...)(inputs)`."""
    return AveragePooling2D(pool_size, strides, padding, data_format, name)(inputs)


def max_pooling1d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """`MaxPooling1D(...)(inputs)`."""
    return MaxPooling1D(pool_size, strides, padding, data_format, name)(inputs)


def average_pooling1d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """`AveragePooling1D(...)(inputs)`."""
    return AveragePooling1D(pool_size, strides, padding, data_format, name)(inputs)
