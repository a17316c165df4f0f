"""`Distribution`: what all distributions offer, from what each defines.

A distribution has parameters of a *batch shape*, and numbers of an *event shape*: a batch of
Normals has events without dimensions. Functions of a value take [..., batch shape, event shape] and
broadcast. A subclass defines `_sample_n`, `_log_prob` and such of the moments as it has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.shaping import broadcast_static_shape, concat, reshape
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes
from flowc.ir.dtypes import DType


class ReparameterizationType:
    """Whether samples have gradients with respect to the parameters."""

    def __init__(self, rep_type: str) -> None:
        self._name = rep_type

    def __repr__(self) -> str:
        return f"<Reparameterization Type: {self._name}>"


FULLY_REPARAMETERIZED = ReparameterizationType("FULLY_REPARAMETERIZED")
NOT_REPARAMETERIZED = ReparameterizationType("NOT_REPARAMETERIZED")


def floats(*values: Any) -> list[Any]:
    """Parameters as tensors of one float dtype: that of the first that is a tensor or array."""
    found = [v.dtype for v in values if hasattr(v, "dtype")]
    dtype = found[0] if found else dtypes.float32
    return [convert(v, dtype) for v in values]


def derived_seed(seed: int | None, salt: str) -> int | None:
    """The seed of a further random number; TensorFlow's for the same salt."""
    if seed is None:
        return None
    digest = hashlib.md5(f"{seed}{salt}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) & 0x7FFFFFFF


class Distribution:
    """Base of all distributions; see the module."""

    reparameterization_type = NOT_REPARAMETERIZED
    event_ndims = 0

    def __init__(
        self,
        dtype: DType,
        parameters: dict[str, Any],
        validate_args: bool,
        allow_nan_stats: bool,
        name: str,
    ) -> None:
        self.dtype = dtype
        self.parameters = parameters
        self.validate_args = validate_args
        self.allow_nan_stats = allow_nan_stats
        with name_scope(name) as scope:
            self.name = scope
        self._shaped: list[Any] = []

    # Shapes

    @property
    def batch_shape(self) -> TensorShape:
        """The static shape of a batch."""
        shape = TensorShape([])
        for parameter in self._shaped:
            shape = broadcast_static_shape(shape, self._lead(parameter.shape))
        return shape

    def _lead(self, shape: Any) -> Any:
        return shape[: shape.ndims - self.event_ndims] if self.event_ndims else shape

    @property
    def event_shape(self) -> TensorShape:
        """The static shape of an event."""
        if not self.event_ndims:
            return TensorShape([])
        shape: TensorShape = self._shaped[0].shape[-self.event_ndims :]
        return shape

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Any:
        """The shape of a batch: an int32 vector."""
        static = self.batch_shape
        if static.is_fully_defined():
            return constant(static.as_list(), dtypes.int32)
        shape: Any = constant([], dtypes.int32)
        for parameter in self._shaped:
            own = build("Shape", parameter)
            own = own[: -self.event_ndims] if self.event_ndims else own
            shape = build("BroadcastArgs", shape, own)
        return shape

    def event_shape_tensor(self, name: str = "event_shape_tensor") -> Any:
        """The shape of an event: an int32 vector."""
        if not self.event_ndims:
            return constant([], dtypes.int32)
        return build("Shape", self._shaped[0])[-self.event_ndims :]

    def is_scalar_event(self, name: str = "is_scalar_event") -> bool:
        """True where an event is one number."""
        return self.event_ndims == 0

    def is_scalar_batch(self, name: str = "is_scalar_batch") -> Any:
        """True where a batch is one distribution."""
        return self.batch_shape.ndims == 0

    # Samples

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: str = "sample") -> Any:
        """Random events: [sample shape, batch shape, event shape]."""
        with name_scope(f"{self.name}{name}/"):
            given = convert(sample_shape, dtypes.int32)
            shape = reshape(given, [-1])
            found = self._sample_n(build("Prod", shape, [0]), seed)
            sizes = build("Shape", found)[1:]
            result = reshape(found, concat([shape, sizes], 0))
            lead = shape.contents()
            if lead is not None and self.batch_shape.ndims is not None:
                tail = [*self.batch_shape.as_list(), *self.event_shape.as_list()]
                result.set_shape(
                    [*(s if isinstance(s, int) else None for s in lead.tolist()), *tail]
                )
            return result

    def _drawn(self, n: Any) -> Any:
        """The shape of n samples."""
        return concat([reshape(n, [1]), self.batch_shape_tensor(), self.event_shape_tensor()], 0)

    def _sample_n(self, n: Any, seed: int | None) -> Any:
        raise self._unknown("sample_n")

    def _unknown(self, what: str) -> NotImplementedError:
        return NotImplementedError(f"{what} is not implemented: {type(self).__name__}")

    # Densities

    def _of(self, name: str, value: Any, function: Callable[[Any], Any]) -> Any:
        with name_scope(f"{self.name}{name}/", None, [value]):
            return function(convert(value, None if hasattr(value, "dtype") else self.dtype))

    def log_prob(self, value: Any, name: str = "log_prob") -> Any:
        """The logarithm of the probability, or density, of values."""
        return self._of(name, value, self._log_prob)

    def prob(self, value: Any, name: str = "prob") -> Any:
        """The probability, or density, of values."""
        return self._of(name, value, lambda v: build("Exp", self._log_prob(v)))

    def cdf(self, value: Any, name: str = "cdf") -> Any:
        """The probability of at most these values."""
        return self._of(name, value, self._cdf)

    def log_cdf(self, value: Any, name: str = "log_cdf") -> Any:
        """The logarithm of `cdf`."""
        return self._of(name, value, self._log_cdf)

    def survival_function(self, value: Any, name: str = "survival_function") -> Any:
        """The probability of more than these values."""
        return self._of(name, value, lambda v: 1.0 - self._cdf(v))

    def log_survival_function(self, value: Any, name: str = "log_survival_function") -> Any:
        """The logarithm of `survival_function`."""
        return self._of(name, value, lambda v: build("Log1p", -self._cdf(v)))

    def quantile(self, value: Any, name: str = "quantile") -> Any:
        """The values below which a random event is with these probabilities."""
        return self._of(name, value, self._quantile)

    def _log_prob(self, value: Any) -> Any:
        raise self._unknown("log_prob")

    def _cdf(self, value: Any) -> Any:
        raise self._unknown("cdf")

    def _log_cdf(self, value: Any) -> Any:
        return build("Log", self._cdf(value))

    def _quantile(self, value: Any) -> Any:
        raise self._unknown("quantile")

    # Moments

    def entropy(self, name: str = "entropy") -> Any:
        """Shannon's entropy in nats: [batch shape]."""
        raise self._unknown("entropy")

    def mean(self, name: str = "mean") -> Any:
        """The mean: [batch shape, event shape]."""
        raise self._unknown("mean")

    def mode(self, name: str = "mode") -> Any:
        """The most probable event: [batch shape, event shape]."""
        raise self._unknown("mode")

    def variance(self, name: str = "variance") -> Any:
        """The variance: [batch shape, event shape]."""
        raise self._unknown("variance")

    def stddev(self, name: str = "stddev") -> Any:
        """The standard deviation: [batch shape, event shape]."""
        return build("Sqrt", self.variance())

    def kl_divergence(self, other: Distribution, name: str = "kl_divergence") -> Any:
        """The Kullback-Leibler divergence of this from the other: [batch shape]."""
        from flowc.frontend.distributions.divergence import kl_divergence

        return kl_divergence(self, other, name=name)

    def cross_entropy(self, other: Distribution, name: str = "cross_entropy") -> Any:
        """The entropy plus the divergence of this from the other: [batch shape]."""
        return self.entropy() + self.kl_divergence(other)

    def copy(self, **override_parameters_kwargs: Any) -> Distribution:
        """A distribution of the same kind with some other parameters."""
        made: Distribution = type(self)(**{**self.parameters, **override_parameters_kwargs})
        return made

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} '{self.name}' batch_shape={self.batch_shape} "
            f"event_shape={self.event_shape} dtype={self.dtype.name}>"
        )


def as_kind(value: Any, like: Any) -> Any:
    """A value in the dtype of a parameter."""
    return cast(value, like.dtype)
