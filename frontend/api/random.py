"""`tf.random`: random tensors."""

from flowc.frontend.functions.random import (
    categorical as categorical,
)
from flowc.frontend.functions.random import (
    multinomial as multinomial,
)
from flowc.frontend.functions.random import (
    random_gamma as gamma,
)
from flowc.frontend.functions.random import (
    random_normal as normal,
)
from flowc.frontend.functions.random import (
    random_poisson as poisson,
)
from flowc.frontend.functions.random import (
    random_shuffle as shuffle,
)
from flowc.frontend.functions.random import (
    random_uniform as uniform,
)
from flowc.frontend.functions.random import (
    stateless_random_normal as stateless_normal,
)
from flowc.frontend.functions.random import (
    stateless_random_uniform as stateless_uniform,
)
from flowc.frontend.functions.random import (
    stateless_truncated_normal as stateless_truncated_normal,
)
from flowc.frontend.functions.random import (
    truncated_normal as truncated_normal,
)
from flowc.frontend.seeds import (
    get_seed as get_seed,
)
from flowc.frontend.seeds import (
    set_random_seed as set_random_seed,
)
