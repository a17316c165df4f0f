"""`tf.manip`: moving elements."""

from flowc.frontend.functions.selection import (
    gather_nd as gather_nd,
)
from flowc.frontend.functions.selection import (
    scatter_nd as scatter_nd,
)
from flowc.frontend.functions.shaping import (
    batch_to_space_nd as batch_to_space_nd,
)
from flowc.frontend.functions.shaping import (
    reshape as reshape,
)
from flowc.frontend.functions.shaping import (
    reverse as reverse,
)
from flowc.frontend.functions.shaping import (
    roll as roll,
)
from flowc.frontend.functions.shaping import (
    space_to_batch_nd as space_to_batch_nd,
)
from flowc.frontend.functions.shaping import (
    tile as tile,
)
