"""`tf.contrib.distributions`: those of `tf.distributions`, and vectors of normal numbers."""

from flowc.frontend.api.contrib_absent import absent
from flowc.frontend.distributions.continuous import (
    Beta,
    Exponential,
    Gamma,
    Laplace,
    MultivariateNormalDiag,
    Normal,
    Uniform,
)
from flowc.frontend.distributions.discrete import Bernoulli, Categorical, Dirichlet
from flowc.frontend.distributions.distribution import (
    FULLY_REPARAMETERIZED,
    NOT_REPARAMETERIZED,
    Distribution,
    ReparameterizationType,
)
from flowc.frontend.distributions.divergence import RegisterKL, kl_divergence

__all__ = [
    "FULLY_REPARAMETERIZED",
    "NOT_REPARAMETERIZED",
    "Bernoulli",
    "Beta",
    "Categorical",
    "Dirichlet",
    "Distribution",
    "Exponential",
    "Gamma",
    "Laplace",
    "MultivariateNormalDiag",
    "Normal",
    "RegisterKL",
    "ReparameterizationType",
    "Uniform",
    "kl_divergence",
]

__getattr__ = absent("contrib.distributions", __all__)
