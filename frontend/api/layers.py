"""`tf.layers`: layers."""

from flowc.frontend.layers.convolution import (
    Conv1D as Conv1D,
)
from flowc.frontend.layers.convolution import (
    Conv2D as Conv2D,
)
from flowc.frontend.layers.convolution import (
    Conv2DTranspose as Conv2DTranspose,
)
from flowc.frontend.layers.convolution import (
    Conv3D as Conv3D,
)
from flowc.frontend.layers.convolution import (
    SeparableConv2D as SeparableConv2D,
)
from flowc.frontend.layers.convolution import (
    conv1d as conv1d,
)
from flowc.frontend.layers.convolution import (
    conv2d as conv2d,
)
from flowc.frontend.layers.convolution import (
    conv2d_transpose as conv2d_transpose,
)
from flowc.frontend.layers.convolution import (
    conv3d as conv3d,
)
from flowc.frontend.layers.convolution import (
    separable_conv2d as separable_conv2d,
)
from flowc.frontend.layers.core import (
    Dense as Dense,
)
from flowc.frontend.layers.core import (
    Dropout as Dropout,
)
from flowc.frontend.layers.core import (
    Flatten as Flatten,
)
from flowc.frontend.layers.core import (
    dense as dense,
)
from flowc.frontend.layers.core import (
    dropout as dropout,
)
from flowc.frontend.layers.core import (
    flatten as flatten,
)
from flowc.frontend.layers.layer import Layer as Layer
from flowc.frontend.layers.normalization import (
    BatchNormalization as BatchNormalization,
)
from flowc.frontend.layers.normalization import (
    batch_normalization as batch_normalization,
)
from flowc.frontend.layers.pooling import (
    AveragePooling1D as AveragePooling1D,
)
from flowc.frontend.layers.pooling import (
    AveragePooling2D as AveragePooling2D,
)
from flowc.frontend.layers.pooling import (
    MaxPooling1D as MaxPooling1D,
)
from flowc.frontend.layers.pooling import (
    MaxPooling2D as MaxPooling2D,
)
from flowc.frontend.layers.pooling import (
    average_pooling1d as average_pooling1d,
)
from flowc.frontend.layers.pooling import (
    average_pooling2d as average_pooling2d,
)
from flowc.frontend.layers.pooling import (
    max_pooling1d as max_pooling1d,
)
from flowc.frontend.layers.pooling import (
    max_pooling2d as max_pooling2d,
)
