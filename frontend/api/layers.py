"""`tf.layers`: layers."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.layers.convolution import (
    Conv1D, Conv2D, Conv2DTranspose, Conv3D, SeparableConv2D, conv1d, conv2d, conv2d_transpose,
    conv3d, separable_conv2d,
)
from flowc.frontend.layers.core import Dense, Dropout, Flatten, dense, dropout, flatten
from flowc.frontend.layers.layer import Layer
from flowc.frontend.layers.normalization import BatchNormalization, batch_normalization
from flowc.frontend.layers.pooling import (
    AveragePooling1D, AveragePooling2D, AveragePooling3D, MaxPooling1D, MaxPooling2D,
    MaxPooling3D, average_pooling1d, average_pooling2d, average_pooling3d, max_pooling1d,
    max_pooling2d, max_pooling3d,
)

__all__ = [
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "BatchNormalization", "Conv1D",
    "Conv2D", "Conv2DTranspose", "Conv3D", "Dense", "Dropout", "Flatten", "Layer", "MaxPooling1D",
    "MaxPooling2D", "MaxPooling3D", "SeparableConv2D", "average_pooling1d", "average_pooling2d",
    "average_pooling3d", "batch_normalization", "conv1d", "conv2d", "conv2d_transpose", "conv3d",
    "dense", "dropout", "flatten", "max_pooling1d", "max_pooling2d", "max_pooling3d",
    "separable_conv2d",
]
