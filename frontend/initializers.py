"""What variables begin with: functions of a shape and dtype, as objects with their parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flowc.frontend.aliases import DTypeLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant
from flowc.frontend.functions import filling, random
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype


class Initializer:
    """`initializer(shape, dtype)` is a tensor of that shape."""

    dtype: DType | None = None

    def __call__(self, shape: ShapeLike, dtype: Any = None, partition_info: Any = None) -> Any:
        """The initial value for a variable of `shape`; `dtype` defaults to the initializer's."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The parameters, from which `from_config` makes an equal initializer."""
        config = {key.lstrip("_"): value for key, value in vars(self).items()}
        if isinstance(config.get("dtype"), DType):
            config["dtype"] = config["dtype"].name
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """The initializer with these parameters."""
        return cls(**config)

    def _dtype(self, dtype: DTypeLike) -> DType:
        chosen = self.dtype if dtype is None else as_dtype(dtype)
        return dtypes.float32 if chosen is None else chosen


class Zeros(Initializer):
    """Zeros."""

    def __init__(self, dtype: DTypeLike = dtypes.float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: ShapeLike, dtype: Any = None, partition_info: Any = None) -> Any:
        return filling.zeros(shape, self._dtype(dtype))


class Ones(Initializer):
    """Ones."""

    def __init__(self, dtype: DTypeLike = dtypes.float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: ShapeLike, dtype: Any = None, partition_info: Any = None) -> Any:
        return filling.ones(shape, self._dtype(dtype))


class Constant(Initializer):
    """A given value, repeated to fill the shape. Raises TypeError for a value that is none."""

    def __init__(
        self, value: Any = 0, dtype: DTypeLike = dtypes.float32, verify_shape: bool = False
    ) -> None:
        import numpy as np

        if not (np.isscalar(value) or isinstance(value, list | tuple | np.ndarray)):
            raise TypeError(
                f"Invalid type for initial value: {value} (expected Python scalar, "
                "list or tuple of values, or numpy.ndarray)."
            )
        self.value = value
        self.dtype = as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(
        self,
        shape: ShapeLike,
        dtype: Any = None,
        partition_info: Any = None,
        verify_shape: bool | None = None,
    ) -> Any:
        verify = self._verify_shape if verify_shape is None else verify_shape
        return constant(self.value, self._dtype(dtype), shape, verify_shape=verify)


class RandomUniform(Initializer):
    """Uniform numbers in [minval, maxval)."""

    def __init__(
        self,
        minval: Any = 0,
        maxval: Any = None,
        seed: int | None = None,
        dtype: DTypeLike = dtypes.float32,
    ) -> None:
        self.minval, self.maxval, self.seed, self.dtype = minval, maxval, seed, as_dtype(dtype)

    def __call__(self, shape: ShapeLike, dtype: Any = None, partition_info: Any = None) -> Any:
        return random.random_uniform(shape, self.minval, self.maxval, self._dtype(dtype), self.seed)


class RandomNormal(Initializer):
    """Normal numbers."""

    def __init__(
        self,
        mean: TensorLike = 0.0,
        stddev: TensorLike = 1.0,
        seed: int | None = None,
        dtype: DTypeLike = dtypes.float32,
    ) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: ShapeLike, dtype: Any = None, partition_info: Any = None) -> Any:
        return random.random_normal(shape, self.mean, self.stddev, self._dtype(dtype), self.seed)


class TruncatedNormal(Initializer):
    """Normal numbers without those farther than two standard deviations from the mean."""

    def __init__(
        self,
        mean: TensorLike = 0.0,
        stddev: TensorLike = 1.0,
        seed: int | None = None,
        dtype: DTypeLike = dtypes.float32,
    ) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: ShapeLike, dtype: Any = None, partition_info: Any = None) -> Any:
        return random.truncated_normal(shape, self.mean, self.stddev, self._dtype(dtype), self.seed)


class UniformUnitScaling(Initializer):
    """Uniform numbers scaled to keep the variance: Sussillo, "Random Walks", 2014."""

    def __init__(
        self, factor: float = 1.0, seed: int | None = None, dtype: DTypeLike = dtypes.float32
    ) -> None:
        self.factor, self.seed, self.dtype = factor, seed, _floating(dtype)

    def __call__(self, shape: ShapeLike, dtype: Any = None, partition_info: Any = None) -> Any:
        fan = 1.0
        for size in _sizes(shape)[:-1]:
            fan *= float(size)
        bound = math.sqrt(3 / max(fan, 1.0)) * self.factor
        return random.random_uniform(shape, -bound, bound, self._dtype(dtype), self.seed)


class VarianceScaling(Initializer):
    """Numbers with variance `scale / n`, n being the number of inputs, outputs, or their mean.

    `mode` is "fan_in", "fan_out" or "fan_avg"; `distribution` "uniform", "normal" (truncated),
    "truncated_normal" or "untruncated_normal". Raises ValueError for others.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: DTypeLike = dtypes.float32,
    ) -> None:
        if scale <= 0.0:
            raise ValueError("`scale` must be positive float.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode}")
        distribution = distribution.lower()
        if distribution not in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(f"Invalid `distribution` argument: {distribution}")
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: ShapeLike, dtype: Any = None, partition_info: Any = None) -> Any:
        whole = shape if partition_info is None else partition_info.full_shape
        fan_in, fan_out = compute_fans(_sizes(whole))
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        scale = self.scale / max(1.0, fan)
        wanted = self._dtype(dtype)
        if self.distribution in ("normal", "truncated_normal"):
            # the deviation of a unit normal cut off at two deviations
            stddev = math.sqrt(scale) / 0.87962566103423978
            return random.truncated_normal(shape, 0.0, stddev, wanted, self.seed)
        if self.distribution == "untruncated_normal":
            return random.random_normal(shape, 0.0, math.sqrt(scale), wanted, self.seed)
        limit = math.sqrt(3.0 * scale)
        return random.random_uniform(shape, -limit, limit, wanted, self.seed)


class _Fixed(VarianceScaling):
    """A variance scaling of which only the seed is free."""

    parameters: tuple[float, str, str]

    def __init__(self, seed: int | None = None, dtype: DTypeLike = dtypes.float32) -> None:
        super().__init__(*self.parameters, seed=seed, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name if self.dtype else None}


class GlorotUniform(_Fixed):
    """Glorot and Bengio 2010, uniform: the default for variables of floats."""

    parameters = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Fixed):
    """Glorot and Bengio 2010, truncated normal."""

    parameters = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Fixed):
    """He et al. 2015, uniform."""

    parameters = (2.0, "fan_in", "uniform")


class HeNormal(_Fixed):
    """He et al. 2015, truncated normal."""

    parameters = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Fixed):
    """LeCun et al. 1998, uniform."""

    parameters = (1.0, "fan_in", "uniform")


class LecunNormal(_Fixed):
    """LeCun et al. 1998, truncated normal."""

    parameters = (1.0, "fan_in", "truncated_normal")


class Orthogonal(Initializer):
    """A random orthogonal matrix: Q of the QR decomposition of a normal one."""

    def __init__(
        self, gain: float = 1.0, seed: int | None = None, dtype: DTypeLike = dtypes.float32
    ) -> None:
        self.gain, self.seed, self.dtype = gain, seed, _floating(dtype)

    def __call__(self, shape: ShapeLike, dtype: Any = None, partition_info: Any = None) -> Any:
        sizes = _sizes(shape)
        if len(sizes) < 2:
            raise ValueError("The tensor to initialize must be at least two-dimensional")
        rows = math.prod(sizes[:-1])
        columns = sizes[-1]
        flat = (max(rows, columns), min(rows, columns))
        normal = random.random_normal(flat, dtype=self._dtype(dtype), seed=self.seed)
        q, r = build("Qr", normal, full_matrices=False)
        q = q * build("Sign", build("MatrixDiagPart", r))  # makes the distribution uniform
        if rows < columns:
            q = build("Transpose", q, [1, 0], name="matrix_transpose/transpose")
        return self.gain * build("Reshape", q, list(sizes))


class Identity(Initializer):
    """The identity matrix, times `gain`. Raises ValueError for other ranks than 2."""

    def __init__(self, gain: float = 1.0, dtype: DTypeLike = dtypes.float32) -> None:
        self.gain, self.dtype = gain, _floating(dtype)

    def __call__(self, shape: ShapeLike, dtype: Any = None, partition_info: Any = None) -> Any:
        sizes = _sizes(shape)
        if len(sizes) != 2:
            raise ValueError("Identity matrix initializer can only be used for 2D matrices.")
        matrix = filling.eye(sizes[0], sizes[1], dtype=self._dtype(dtype))
        return matrix if self.gain == 1.0 else self.gain * matrix


def _floating(dtype: DTypeLike) -> DType:
    found = as_dtype(dtype)
    if not (found.is_floating or found.is_complex):
        raise ValueError(f"Expected floating point type, got {found}.")
    return found


def _sizes(shape: ShapeLike) -> list[int]:
    return [int(size) for size in TensorShape(shape).as_list() if size is not None]


def compute_fans(sizes: Sequence[int]) -> tuple[float, float]:
    """The numbers of inputs and outputs of a kernel: its last dimensions, times its window."""
    if len(sizes) < 2:
        size = float(sizes[0]) if sizes else 1.0
        return size, size
    window = math.prod(sizes[:-2])
    return float(sizes[-2] * window), float(sizes[-1] * window)


def default_initializer(dtype: DType) -> Initializer:
    """What variables begin with when nothing is said: Glorot's uniform for floats, else zeros.

    Raises ValueError for dtypes without zero.
    """
    if dtype.is_floating:
        return GlorotUniform()
    if dtype.is_integer or dtype.is_bool or dtype is dtypes.string:
        return Zeros()
    raise ValueError(f"An initializer for variable of {dtype!r} is required")


def get(identifier: Any) -> Any:
    """An initializer by name, class or configuration; None stays None."""
    if isinstance(identifier, str):
        return _BY_NAME[identifier]()
    if isinstance(identifier, dict):
        return _BY_NAME[identifier["class_name"]].from_config(identifier["config"])
    return identifier() if isinstance(identifier, type) else identifier


_BY_NAME: dict[str, Any] = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "random_uniform": RandomUniform,
    "random_normal": RandomNormal,
    "truncated_normal": TruncatedNormal,
    "variance_scaling": VarianceScaling,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "orthogonal": Orthogonal,
    "identity": Identity,
}
_BY_NAME |= {found.__name__: found for found in list(_BY_NAME.values())}
