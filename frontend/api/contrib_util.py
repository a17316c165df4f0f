"""`tf.contrib.util`: tensors as protocol buffers."""

from flowc.frontend.api.contrib_absent import absent
from flowc.frontend.tensor_util import (
    constant_value,
)
from flowc.ir.tensor_values import (
    make_ndarray,
    make_tensor_proto,
)

__all__ = [
    "constant_value",
    "make_ndarray",
    "make_tensor_proto",
]

__getattr__ = absent("contrib.util", __all__)
