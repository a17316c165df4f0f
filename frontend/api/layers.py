"""`tf.layers`: layers."""

from flowc.frontend.layers.convolution import (
    Conv1D as Conv1D,
    Conv2D as Conv2D,
    Conv2DTranspose as Conv2DTranspose,
    Conv3D as Conv3D,
    SeparableConv2D as SeparableConv2D,
    conv1d as conv1d,
    conv2d as conv2d,
    conv2d_transpose as conv2d_transpose,
    conv3d as conv3d,
    separable_conv2d as separable_conv2d,
)
from flowc.frontend.layers.core import (
    Dense as Dense,
    Dropout as Dropout,
    Flatten as Flatten,
    dense as dense,
    dropout as dropout,
    flatten as flatten,
)
from flowc.frontend.layers.layer import Layer as Layer
from flowc.frontend.layers.normalization import (
    BatchNormalization as BatchNormalization,
    batch_normalization as batch_normalization,
)
from flowc.frontend.layers.pooling import (
    AveragePooling1D as AveragePooling1D,
    AveragePooling2D as AveragePooling2D,
    MaxPooling1D as MaxPooling1D,
    MaxPooling2D as MaxPooling2D,
    average_pooling1d as average_pooling1d,
    average_pooling2d as average_pooling2d,
    max_pooling1d as max_pooling1d,
    max_pooling2d as max_pooling2d,
)
