"""`kl_divergence`: by formulas that are registered for pairs of kinds of distributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.distributions.continuous import Beta, Gamma, MultivariateNormalDiag, Normal
from flowc.frontend.distributions.discrete import Bernoulli, Categorical, Dirichlet
from flowc.frontend.distributions.distribution import Distribution
from flowc.frontend.functions.activations import log_softmax, softmax
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.scopes import name_scope

Formula = Callable[..., Any]
_formulas: dict[tuple[type, type], Formula] = {}


class RegisterKL:
    """Decorator: the function `f(a, b, name=None)` is the divergence for two kinds.

    Raises TypeError for what is no function, ValueError where the pair has one.
    """

    def __init__(self, dist_cls_a: type, dist_cls_b: type) -> None:
        self._key = dist_cls_a, dist_cls_b

    def __call__(self, kl_fn: Formula) -> Formula:
        if not callable(kl_fn):
            raise TypeError(f"kl_fn must be callable, received: {kl_fn}")
        if self._key in _formulas:
            names = " || ".join(kind.__name__ for kind in self._key)
            raise ValueError(f"KL({names}) has already been registered to: {_formulas[self._key]}")
        _formulas[self._key] = kl_fn
        return kl_fn


def kl_divergence(
    distribution_a: Distribution,
    distribution_b: Distribution,
    allow_nan_stats: bool = True,
    name: str | None = None,
) -> Any:
    """The Kullback-Leibler divergence of the first from the second: [batch shape].

    With `allow_nan_stats=False` a run whose divergence is NaN raises InvalidArgumentError. Raises
    NotImplementedError, as TensorFlow does, for kinds without a formula.
    """
    formula = _found(type(distribution_a), type(distribution_b))
    if formula is None:
        kinds = type(distribution_a).__name__, type(distribution_b).__name__
        raise NotImplementedError(
            "No KL(distribution_a || distribution_b) registered for "
            f"distribution_a type {kinds[0]} and distribution_b type "
            f"{kinds[1]}"
        )
    with name_scope(name, "KullbackLeibler"):
        found = formula(distribution_a, distribution_b)
        return found if allow_nan_stats else build("CheckNumerics", found, message="KL is NaN")


def _found(first: type, second: type) -> Formula | None:
    """The formula of the nearest kinds that these are."""
    for a in first.__mro__:
        for b in second.__mro__:
            if (a, b) in _formulas:
                return _formulas[a, b]
    return None


@RegisterKL(Normal, Normal)
def _normal(a: Normal, b: Normal, name: str | None = None) -> Any:
    ratio = build("Square", a.scale / b.scale)
    apart = build("Square", a.loc - b.loc) / (2.0 * build("Square", b.scale))
    return apart + 0.5 * (ratio - 1.0 - build("Log", ratio))


@RegisterKL(MultivariateNormalDiag, MultivariateNormalDiag)
def _normals(a: Normal, b: Normal, name: str | None = None) -> Any:
    return reduce_sum(_normal(a, b), -1)


@RegisterKL(Bernoulli, Bernoulli)
def _bernoulli(a: Bernoulli, b: Bernoulli, name: str | None = None) -> Any:
    zero = build("Softplus", -b.logits) - build("Softplus", -a.logits)
    one = build("Softplus", b.logits) - build("Softplus", a.logits)
    return a.probs * zero + (1.0 - a.probs) * one


@RegisterKL(Categorical, Categorical)
def _categorical(a: Categorical, b: Categorical, name: str | None = None) -> Any:
    return reduce_sum(softmax(a.logits) * (log_softmax(a.logits) - log_softmax(b.logits)), -1)


@RegisterKL(Gamma, Gamma)
def _gamma(a: Gamma, b: Gamma, name: str | None = None) -> Any:
    x, y = a.concentration, b.concentration
    return (
        (x - y) * build("Digamma", x)
        + build("Lgamma", y)
        - build("Lgamma", x)
        + y * (build("Log", a.rate) - build("Log", b.rate))
        + x * (b.rate / a.rate - 1.0)
    )


@RegisterKL(Beta, Beta)
def _beta(a: Beta, b: Beta, name: str | None = None) -> Any:
    total = a.total_concentration - b.total_concentration
    return (
        b.log_normalization()
        - a.log_normalization()
        + (a.concentration1 - b.concentration1) * build("Digamma", a.concentration1)
        + (a.concentration0 - b.concentration0) * build("Digamma", a.concentration0)
        - total * build("Digamma", a.total_concentration)
    )


@RegisterKL(Dirichlet, Dirichlet)
def _dirichlet(a: Dirichlet, b: Dirichlet, name: str | None = None) -> Any:
    digamma = build("Digamma", a.concentration) - build("Digamma", a.total_concentration)[..., None]
    apart = reduce_sum((a.concentration - b.concentration) * digamma, -1)
    return apart + b.log_normalization() - a.log_normalization()
