"""`tf.manip`: moving elements."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.functions.selection import gather_nd, scatter_nd
from flowc.frontend.functions.blocks import batch_to_space_nd, space_to_batch_nd
from flowc.frontend.functions.shaping import (
    reshape, reverse, roll, tile,
)

__all__ = [
    "batch_to_space_nd", "gather_nd", "reshape", "reverse", "roll", "scatter_nd",
    "space_to_batch_nd", "tile",
]
