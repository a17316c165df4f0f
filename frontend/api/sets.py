"""`tf.sets`: sets along the last dimension."""

from flowc.frontend.functions.sets import set_difference, set_intersection, set_size, set_union
from flowc.frontend.functions.sets import set_difference as difference
from flowc.frontend.functions.sets import set_intersection as intersection
from flowc.frontend.functions.sets import set_size as size
from flowc.frontend.functions.sets import set_union as union

__all__ = [
    "difference",
    "intersection",
    "set_difference",
    "set_intersection",
    "set_size",
    "set_union",
    "size",
    "union",
]
