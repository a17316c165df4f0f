"""`tf.random`: random tensors."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.functions.candidates import all_candidate_sampler
from flowc.frontend.functions.random import (
    categorical, multinomial, stateless_categorical, stateless_multinomial,
    stateless_truncated_normal, truncated_normal,
)
from flowc.frontend.functions.random import random_gamma as gamma
from flowc.frontend.functions.random import random_normal as normal
from flowc.frontend.functions.random import random_poisson as poisson
from flowc.frontend.functions.random import random_shuffle as shuffle
from flowc.frontend.functions.random import random_uniform as uniform
from flowc.frontend.functions.random import stateless_random_normal as stateless_normal
from flowc.frontend.functions.random import stateless_random_uniform as stateless_uniform
from flowc.frontend.functions.sampling import (
    log_uniform_candidate_sampler, uniform_candidate_sampler,
)
from flowc.frontend.seeds import get_seed, set_random_seed

__all__ = [
    "all_candidate_sampler", "categorical", "gamma", "get_seed", "log_uniform_candidate_sampler",
    "multinomial", "normal", "poisson", "set_random_seed", "shuffle", "stateless_categorical",
    "stateless_multinomial", "stateless_normal", "stateless_truncated_normal", "stateless_uniform",
    "truncated_normal", "uniform", "uniform_candidate_sampler",
]
