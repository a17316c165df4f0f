"""`tf.manip`: moving elements."""

from flowc.frontend.functions.selection import (
    gather_nd as gather_nd,
    scatter_nd as scatter_nd,
)
from flowc.frontend.functions.shaping import (
    batch_to_space_nd as batch_to_space_nd,
    reshape as reshape,
    reverse as reverse,
    roll as roll,
    space_to_batch_nd as space_to_batch_nd,
    tile as tile,
)
