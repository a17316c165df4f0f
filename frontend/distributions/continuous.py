"""Distributions of real numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowc.frontend.apply import build
from flowc.frontend.conversion import constant
from flowc.frontend.distributions.distribution import (
    FULLY_REPARAMETERIZED,
    Distribution,
    derived_seed,
    floats,
)
from flowc.frontend.functions.random import random_gamma, random_normal, random_uniform
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.selection import where_v2
from flowc.frontend.functions.shaping import reshape

_LOG_2PI = math.log(2 * math.pi)


def _log(x: Any) -> Any:
    return build("Log", x)


def _lgamma(x: Any) -> Any:
    return build("Lgamma", x)


def _digamma(x: Any) -> Any:
    return build("Digamma", x)


def ndtr(x: Any) -> Any:
    """The probability of a standard normal number of at most x."""
    return 0.5 * build("Erfc", x * -math.sqrt(0.5))


def log_ndtr(x: Any) -> Any:
    """The logarithm of `ndtr`; far below 0 by its asymptotic series."""
    lower = -20.0 if x.dtype.size == 8 else -10.0
    near = _log(ndtr(build("Maximum", x, constant(lower, x.dtype))))
    far = build("Minimum", x, constant(lower, x.dtype))
    square = 1.0 / build("Square", far)
    series = 1.0 - square * (1.0 - 3.0 * square * (1.0 - 5.0 * square))
    tail = -0.5 * build("Square", far) - _log(-far) - 0.5 * _LOG_2PI + _log(series)
    return where_v2(x < lower, tail, where_v2(x > 5.0, -ndtr(-x), near))


class Normal(Distribution):
    """Normal numbers with mean `loc` and standard deviation `scale`."""

    reparameterization_type = FULLY_REPARAMETERIZED

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Normal",
    ) -> None:
        self.loc, self.scale = floats(loc, scale)
        super().__init__(
            self.loc.dtype, {"loc": loc, "scale": scale}, validate_args, allow_nan_stats, name
        )
        self._shaped = [self.loc, self.scale]

    def _sample_n(self, n: Any, seed: int | None) -> Any:
        return random_normal(self._drawn(n), 0.0, 1.0, self.dtype, seed) * self.scale + self.loc

    def _z(self, value: Any) -> Any:
        return (value - self.loc) / self.scale

    def _log_prob(self, value: Any) -> Any:
        return -0.5 * build("Square", self._z(value)) - (0.5 * _LOG_2PI + _log(self.scale))

    def _cdf(self, value: Any) -> Any:
        return ndtr(self._z(value))

    def _log_cdf(self, value: Any) -> Any:
        return log_ndtr(self._z(value))

    def log_survival_function(self, value: Any, name: str = "log_survival_function") -> Any:
        """The logarithm of the probability of more than these values."""
        return self._of(name, value, lambda v: log_ndtr(-self._z(v)))

    def survival_function(self, value: Any, name: str = "survival_function") -> Any:
        """The probability of more than these values."""
        return self._of(name, value, lambda v: ndtr(-self._z(v)))

    def _quantile(self, value: Any) -> Any:
        return build("Ndtri", value) * self.scale + self.loc

    def entropy(self, name: str = "entropy") -> Any:
        return 0.5 * (_LOG_2PI + 1) + _log(self.scale * build("OnesLike", self.loc))

    def mean(self, name: str = "mean") -> Any:
        return self.loc * build("OnesLike", self.scale)

    mode = mean

    def stddev(self, name: str = "stddev") -> Any:
        return self.scale * build("OnesLike", self.loc)

    def variance(self, name: str = "variance") -> Any:
        return build("Square", self.stddev())


class MultivariateNormalDiag(Normal):
    """Vectors of independent normal numbers: `loc` and `scale_diag` are [..., n]."""

    event_ndims = 1

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        scale_identity_multiplier: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiag",
    ) -> None:
        given = scale_diag if scale_diag is not None else build("OnesLike", floats(loc)[0])
        if scale_identity_multiplier is not None:
            given = given * scale_identity_multiplier
        mean = build("ZerosLike", floats(given)[0]) if loc is None else loc
        super().__init__(mean, given, validate_args, allow_nan_stats, name)
        self.parameters = {
            "loc": loc,
            "scale_diag": scale_diag,
            "scale_identity_multiplier": scale_identity_multiplier,
        }

    def _log_prob(self, value: Any) -> Any:
        return reduce_sum(super()._log_prob(value), -1)

    def _cdf(self, value: Any) -> Any:
        raise self._unknown("cdf")

    def entropy(self, name: str = "entropy") -> Any:
        return reduce_sum(super().entropy(), -1)


class Uniform(Distribution):
    """Numbers in [low, high), all alike."""

    reparameterization_type = FULLY_REPARAMETERIZED

    def __init__(
        self,
        low: Any = 0.0,
        high: Any = 1.0,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Uniform",
    ) -> None:
        self.low, self.high = floats(low, high)
        super().__init__(
            self.low.dtype, {"low": low, "high": high}, validate_args, allow_nan_stats, name
        )
        self._shaped = [self.low, self.high]

    def range(self, name: str = "range") -> Any:
        """high - low."""
        return self.high - self.low

    def _sample_n(self, n: Any, seed: int | None) -> Any:
        return self.low + self.range() * random_uniform(self._drawn(n), 0, None, self.dtype, seed)

    def _inside(self, value: Any) -> Any:
        return build("LogicalAnd", value >= self.low, value < self.high)

    def _log_prob(self, value: Any) -> Any:
        return _log(self.prob(value))

    def prob(self, value: Any, name: str = "prob") -> Any:
        """1 / (high - low) inside, 0 outside."""
        return self._of(
            name,
            value,
            lambda v: where_v2(
                self._inside(v), 1.0 / self.range() * build("OnesLike", v), build("ZerosLike", v)
            ),
        )

    def _cdf(self, value: Any) -> Any:
        share = (value - self.low) / self.range()
        return build(
            "Minimum", build("Maximum", share, constant(0, self.dtype)), constant(1, self.dtype)
        )

    def _quantile(self, value: Any) -> Any:
        return self.low + self.range() * value

    def entropy(self, name: str = "entropy") -> Any:
        return _log(self.range())

    def mean(self, name: str = "mean") -> Any:
        return (self.low + self.high) / 2.0

    def variance(self, name: str = "variance") -> Any:
        return build("Square", self.range()) / 12.0


class Gamma(Distribution):
    """Positive numbers with density x^(concentration - 1) exp(-rate x), normalised."""

    reparameterization_type = FULLY_REPARAMETERIZED

    def __init__(
        self,
        concentration: Any,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Gamma",
    ) -> None:
        self.concentration, self.rate = floats(concentration, rate)
        super().__init__(
            self.concentration.dtype,
            {"concentration": concentration, "rate": rate},
            validate_args,
            allow_nan_stats,
            name,
        )
        self._shaped = [self.concentration, self.rate]

    def _sample_n(self, n: Any, seed: int | None) -> Any:
        return random_gamma(reshape(n, [1]), self.concentration, self.rate, self.dtype, seed)

    def _log_prob(self, value: Any) -> Any:
        a, rate = self.concentration, self.rate
        return build("Xlogy", a - 1.0, value) - rate * value - (_lgamma(a) - a * _log(rate))

    def _cdf(self, value: Any) -> Any:
        return build(
            "Igamma", self.concentration + build("ZerosLike", self.rate * value), self.rate * value
        )

    def entropy(self, name: str = "entropy") -> Any:
        a = self.concentration
        return a - _log(self.rate) + _lgamma(a) + (1.0 - a) * _digamma(a)

    def mean(self, name: str = "mean") -> Any:
        return self.concentration / self.rate

    def variance(self, name: str = "variance") -> Any:
        return self.concentration / build("Square", self.rate)

    def mode(self, name: str = "mode") -> Any:
        """The most probable event; NaN for a concentration of at most 1."""
        mode = (self.concentration - 1.0) / self.rate
        return where_v2(self.concentration > 1.0, mode, constant(np.nan, self.dtype))


class Exponential(Gamma):
    """Positive numbers with density rate exp(-rate x)."""

    def __init__(
        self,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Exponential",
    ) -> None:
        found = floats(rate)[0]
        super().__init__(build("OnesLike", found), found, validate_args, allow_nan_stats, name)
        self.parameters = {"rate": rate}

    def _sample_n(self, n: Any, seed: int | None) -> Any:
        tiny = float(np.finfo(self.dtype.as_numpy_dtype).tiny)
        drawn = random_uniform(self._drawn(n), tiny, 1.0, self.dtype, seed)
        return -_log(drawn) / self.rate

    def _cdf(self, value: Any) -> Any:
        return -build("Expm1", -self.rate * value)

    def _quantile(self, value: Any) -> Any:
        return -build("Log1p", -value) / self.rate


class Laplace(Distribution):
    """Numbers with density exp(-|x - loc| / scale) / (2 scale)."""

    reparameterization_type = FULLY_REPARAMETERIZED

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Laplace",
    ) -> None:
        self.loc, self.scale = floats(loc, scale)
        super().__init__(
            self.loc.dtype, {"loc": loc, "scale": scale}, validate_args, allow_nan_stats, name
        )
        self._shaped = [self.loc, self.scale]

    def _sample_n(self, n: Any, seed: int | None) -> Any:
        kind = self.dtype.as_numpy_dtype
        low = float(np.nextafter(kind(-1), kind(0)))
        drawn = random_uniform(self._drawn(n), low, 1.0, self.dtype, seed)
        return self.loc - self.scale * build("Sign", drawn) * build("Log1p", -build("Abs", drawn))

    def _log_prob(self, value: Any) -> Any:
        return -build("Abs", (value - self.loc) / self.scale) - math.log(2.0) - _log(self.scale)

    def _cdf(self, value: Any) -> Any:
        z = (value - self.loc) / self.scale
        return 0.5 - 0.5 * build("Sign", z) * build("Expm1", -build("Abs", z))

    def entropy(self, name: str = "entropy") -> Any:
        return math.log(2.0) + 1.0 + _log(self.scale + build("ZerosLike", self.loc))

    def mean(self, name: str = "mean") -> Any:
        return self.loc + build("ZerosLike", self.scale)

    mode = mean

    def stddev(self, name: str = "stddev") -> Any:
        return math.sqrt(2.0) * self.scale + build("ZerosLike", self.loc)

    def variance(self, name: str = "variance") -> Any:
        return build("Square", self.stddev())


class Beta(Distribution):
    """Numbers in [0, 1] with density x^(concentration1 - 1) (1 - x)^(concentration0 - 1)."""

    reparameterization_type = FULLY_REPARAMETERIZED

    def __init__(
        self,
        concentration1: Any = None,
        concentration0: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Beta",
    ) -> None:
        self.concentration1, self.concentration0 = floats(concentration1, concentration0)
        super().__init__(
            self.concentration1.dtype,
            {"concentration1": concentration1, "concentration0": concentration0},
            validate_args,
            allow_nan_stats,
            name,
        )
        self.total_concentration = self.concentration1 + self.concentration0
        self._shaped = [self.concentration1, self.concentration0]

    def log_normalization(self) -> Any:
        """The logarithm of the beta function of the concentrations."""
        a, b = self.concentration1, self.concentration0
        return _lgamma(a) + _lgamma(b) - _lgamma(a + b)

    def _sample_n(self, n: Any, seed: int | None) -> Any:
        zero = build("ZerosLike", self.total_concentration)
        other = derived_seed(seed, "beta")
        first, second = (
            random_gamma(reshape(n, [1]), c + zero, None, self.dtype, s)
            for c, s in ((self.concentration1, seed), (self.concentration0, other))
        )
        return first / (first + second)

    def _log_prob(self, value: Any) -> Any:
        a, b = self.concentration1, self.concentration0
        return (
            build("Xlogy", a - 1.0, value)
            + (b - 1.0) * build("Log1p", -value)
            - self.log_normalization()
        )

    def _cdf(self, value: Any) -> Any:
        zero = build("ZerosLike", self.total_concentration + value)
        return build(
            "Betainc", self.concentration1 + zero, self.concentration0 + zero, value + zero
        )

    def entropy(self, name: str = "entropy") -> Any:
        a, b, total = self.concentration1, self.concentration0, self.total_concentration
        return (
            self.log_normalization()
            - (a - 1.0) * _digamma(a)
            - (b - 1.0) * _digamma(b)
            + (total - 2.0) * _digamma(total)
        )

    def mean(self, name: str = "mean") -> Any:
        return self.concentration1 / self.total_concentration

    def variance(self, name: str = "variance") -> Any:
        return self.mean() * (1.0 - self.mean()) / (1.0 + self.total_concentration)

    def mode(self, name: str = "mode") -> Any:
        """The most probable event; NaN where a concentration is at most 1."""
        mode = (self.concentration1 - 1.0) / (self.total_concentration - 2.0)
        inside = build("LogicalAnd", self.concentration1 > 1.0, self.concentration0 > 1.0)
        return where_v2(inside, mode, constant(np.nan, self.dtype))
