"""Distributions of whole numbers, and of shares."""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.distributions.distribution import Distribution, as_kind, floats
from flowc.frontend.functions.activations import log_softmax, softmax
from flowc.frontend.functions.entropy import (
    sigmoid_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits,
)
from flowc.frontend.functions.mathematics import cast, sigmoid
from flowc.frontend.functions.random import multinomial, random_gamma, random_uniform
from flowc.frontend.functions.reductions import argmax, reduce_sum
from flowc.frontend.functions.shaping import concat, reshape, sequence_mask
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype


def _one(logits: Any, probs: Any) -> None:
    if (logits is None) == (probs is None):
        raise ValueError("Must pass probs or logits, but not both.")


class Bernoulli(Distribution):
    """0 and 1; 1 with probability `probs`, or the sigmoid of `logits`."""

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Bernoulli",
    ) -> None:
        _one(logits, probs)
        if logits is None:
            (self.probs,) = floats(probs)
            self.logits = build("Log", self.probs) - build("Log1p", -self.probs)
        else:
            (self.logits,) = floats(logits)
            self.probs = sigmoid(self.logits)
        super().__init__(
            as_dtype(dtype),
            {"logits": logits, "probs": probs, "dtype": dtype},
            validate_args,
            allow_nan_stats,
            name,
        )
        self._shaped = [self.logits]

    def _sample_n(self, n: Any, seed: int | None) -> Any:
        drawn = random_uniform(self._drawn(n), 0, None, self.probs.dtype, seed)
        return cast(build("Less", drawn, self.probs), self.dtype)

    def _log_prob(self, value: Any) -> Any:
        event = as_kind(value, self.logits)
        logits = self.logits + build("ZerosLike", event)
        labels = event + build("ZerosLike", self.logits)
        return -sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)

    def entropy(self, name: str = "entropy") -> Any:
        return -self.logits * (sigmoid(self.logits) - 1.0) + build("Softplus", -self.logits)

    def mean(self, name: str = "mean") -> Any:
        return build("Identity", self.probs)

    def variance(self, name: str = "variance") -> Any:
        return self.probs * (1.0 - self.probs)

    def mode(self, name: str = "mode") -> Any:
        return cast(self.probs > 0.5, self.dtype)


class Categorical(Distribution):
    """Numbers of classes, with `probs` [..., classes], or the softmax of `logits`."""

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Categorical",
    ) -> None:
        _one(logits, probs)
        if logits is None:
            (self.probs,) = floats(probs)
            self.logits = build("Log", self.probs)
        else:
            (self.logits,) = floats(logits)
            self.probs = softmax(self.logits)
        super().__init__(
            as_dtype(dtype),
            {"logits": logits, "probs": probs, "dtype": dtype},
            validate_args,
            allow_nan_stats,
            name,
        )

    @property
    def event_size(self) -> Any:
        """The number of classes."""
        known = self.logits.shape[-1].value
        return build("Shape", self.logits)[-1] if known is None else convert(known)

    @property
    def batch_shape(self) -> TensorShape:
        shape: TensorShape = self.logits.shape[:-1]
        return shape

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Any:
        return build("Shape", self.logits)[:-1]

    def _sample_n(self, n: Any, seed: int | None) -> Any:
        rows = reshape(self.logits, [-1, self.event_size])
        drawn = build("Transpose", multinomial(rows, n, seed), [1, 0])
        return cast(reshape(drawn, self._drawn(n)), self.dtype)

    def _log_prob(self, value: Any) -> Any:
        places = cast(value, dtypes.int32)
        spread = build("BroadcastArgs", build("Shape", places), self.batch_shape_tensor())
        shape = concat([spread, reshape(self.event_size, [1])], 0)
        logits = build("BroadcastTo", self.logits, shape)
        labels = build("BroadcastTo", places, spread)
        return -sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)

    def _cdf(self, value: Any) -> Any:
        """The probability of a smaller class, as TensorFlow has it: without the class itself."""
        below = sequence_mask(cast(value, dtypes.int32), self.event_size, self.probs.dtype)
        return reduce_sum(self.probs * below, -1)

    def entropy(self, name: str = "entropy") -> Any:
        return -reduce_sum(log_softmax(self.logits) * softmax(self.logits), -1)

    def mode(self, name: str = "mode") -> Any:
        return cast(argmax(self.logits, -1), self.dtype)


class Dirichlet(Distribution):
    """Shares that add up to 1: `concentration` is [..., parts]."""

    event_ndims = 1

    def __init__(
        self,
        concentration: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Dirichlet",
    ) -> None:
        (self.concentration,) = floats(concentration)
        super().__init__(
            self.concentration.dtype,
            {"concentration": concentration},
            validate_args,
            allow_nan_stats,
            name,
        )
        self.total_concentration = reduce_sum(self.concentration, -1)
        self._shaped = [self.concentration]

    def _sample_n(self, n: Any, seed: int | None) -> Any:
        drawn = random_gamma(reshape(n, [1]), self.concentration, None, self.dtype, seed)
        return drawn / reduce_sum(drawn, -1, keepdims=True)

    def log_normalization(self) -> Any:
        """The logarithm of the multivariate beta function of the concentrations."""
        each = reduce_sum(build("Lgamma", self.concentration), -1)
        return each - build("Lgamma", self.total_concentration)

    def _log_prob(self, value: Any) -> Any:
        terms = build("Xlogy", self.concentration - 1.0, value)
        return reduce_sum(terms, -1) - self.log_normalization()

    def entropy(self, name: str = "entropy") -> Any:
        parts = cast(build("Shape", self.concentration)[-1], self.dtype)
        return (
            self.log_normalization()
            + (self.total_concentration - parts) * build("Digamma", self.total_concentration)
            - reduce_sum((self.concentration - 1.0) * build("Digamma", self.concentration), -1)
        )

    def mean(self, name: str = "mean") -> Any:
        return self.concentration / self.total_concentration[..., None]

    def variance(self, name: str = "variance") -> Any:
        mean = self.mean()
        return mean * (1.0 - mean) / (1.0 + self.total_concentration[..., None])
