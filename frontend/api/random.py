"""`tf.random`: random tensors."""

from flowc.frontend.functions.random import (
    categorical as categorical,
    multinomial as multinomial,
    random_gamma as gamma,
    random_normal as normal,
    random_poisson as poisson,
    random_shuffle as shuffle,
    random_uniform as uniform,
    stateless_random_normal as stateless_normal,
    stateless_random_uniform as stateless_uniform,
    stateless_truncated_normal as stateless_truncated_normal,
    truncated_normal as truncated_normal,
)
from flowc.frontend.seeds import (
    get_seed as get_seed,
    set_random_seed as set_random_seed,
)
