"""`tf.custom_ops`: ops that a program defines (see `docs/custom_ops.md`)."""
# fmt: off

from flowc.frontend.custom_ops.definitions import CustomOp, host_op, op
from flowc.frontend.custom_ops.library import include_dir, load_op_library
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import abstract

__all__ = [
    "Builder", "CustomOp", "Value", "abstract", "host_op", "include_dir", "load_op_library", "op",
    "require",
]
