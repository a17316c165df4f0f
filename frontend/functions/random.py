"""Random tensors, with TensorFlow's names and seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.frontend.aliases import DTypeLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.shaping import Name
from flowc.frontend.scopes import name_scope
from flowc.frontend.seeds import get_seed
from flowc.frontend.shapes import Dimension, TensorShape
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype


def _shape_tensor(shape: Any) -> Any:
    """A shape given by a user as an int vector named `shape`."""
    if isinstance(shape, TensorShape):
        shape = shape.as_list()
    if isinstance(shape, list | tuple):
        shape = [s.value if isinstance(s, Dimension) else s for s in shape]
        if all(isinstance(s, int | np.integer) for s in shape):
            return convert(shape, dtypes.int32, "shape")
    return convert(shape, None, "shape")


def _seeds(seed: int | None) -> dict[str, Any]:
    first, second = get_seed(seed)
    return {"seed": first or 0, "seed2": second or 0}


def random_uniform(
    shape: ShapeLike,
    minval: Any = 0,
    maxval: Any = None,
    dtype: DTypeLike = dtypes.float32,
    seed: int | None = None,
    name: Name = None,
) -> Any:
    """Uniform numbers in [minval, maxval); `maxval` is 1 for floats, required for integers."""
    kind = as_dtype(dtype)
    if maxval is None:
        if kind.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {kind!r}")
        maxval = 1
    with name_scope(name, "random_uniform", [shape, minval, maxval]) as scope:
        sizes = _shape_tensor(shape)
        low, high = convert(minval, kind, "min"), convert(maxval, kind, "max")
        seeds = _seeds(seed)
        if kind.is_integer:
            return build("RandomUniformInt", sizes, low, high, name=scope, **seeds)
        uniform = build("RandomUniform", sizes, dtype=kind, **seeds)
        return build("Add", uniform * (high - low), low, name=scope)


def random_normal(
    shape: ShapeLike,
    mean: TensorLike = 0.0,
    stddev: TensorLike = 1.0,
    dtype: DTypeLike = dtypes.float32,
    seed: int | None = None,
    name: Name = None,
) -> Any:
    """Normally distributed numbers."""
    return _normal("RandomStandardNormal", "random_normal", shape, mean, stddev, dtype, seed, name)


def truncated_normal(
    shape: ShapeLike,
    mean: TensorLike = 0.0,
    stddev: TensorLike = 1.0,
    dtype: DTypeLike = dtypes.float32,
    seed: int | None = None,
    name: Name = None,
) -> Any:
    """Normally distributed numbers, none farther than two standard deviations from the mean."""
    return _normal("TruncatedNormal", "truncated_normal", shape, mean, stddev, dtype, seed, name)


def _normal(
    op_type: str,
    default_name: str,
    shape: ShapeLike,
    mean: TensorLike,
    stddev: TensorLike,
    dtype: DTypeLike,
    seed: int | None,
    name: Name,
) -> Any:
    kind = as_dtype(dtype)
    with name_scope(name, default_name, [shape, mean, stddev]) as scope:
        sizes = _shape_tensor(shape)
        mean = convert(mean, kind, "mean")
        stddev = convert(stddev, kind, "stddev")
        normal = build(op_type, sizes, dtype=kind, **_seeds(seed))
        return build("Add", normal * stddev, mean, name=scope)


def random_shuffle(value: TensorLike, seed: int | None = None, name: Name = None) -> Any:
    """`value` with its slices along the first dimension in a random order."""
    return build("RandomShuffle", value, name=name, **_seeds(seed))


def random_crop(
    value: TensorLike, size: TensorLike, seed: int | None = None, name: Name = None
) -> Any:
    """A part of `value` of shape `size`, at a random place."""
    with name_scope(name, "random_crop", [value, size]) as scope:
        value = convert(value, None, "value")
        size = convert(size, dtypes.int32, "size")
        shape = build("Shape", value)
        limit = shape - size + 1
        offset = build(
            "FloorMod",
            random_uniform(
                build("Shape", shape), dtype=size.dtype, maxval=size.dtype.max, seed=seed
            ),
            limit,
        )
        return build("Slice", value, offset, size, name=scope)


def multinomial(
    logits: TensorLike,
    num_samples: TensorLike,
    seed: int | None = None,
    name: Name = None,
    output_dtype: DTypeLike | None = None,
) -> Any:
    """Samples of classes from unnormalised log probabilities."""
    with name_scope(name, "multinomial", [logits]):
        kind = dtypes.int64 if output_dtype is None else as_dtype(output_dtype)
        return build("Multinomial", logits, num_samples, output_dtype=kind, **_seeds(seed))


def categorical(
    logits: TensorLike,
    num_samples: TensorLike,
    dtype: DTypeLike | None = None,
    seed: int | None = None,
    name: Name = None,
) -> Any:
    """Samples of classes from unnormalised log probabilities."""
    with name_scope(name, "categorical", [logits]):
        return multinomial(logits, num_samples, seed, output_dtype=dtype)


def random_gamma(
    shape: Any,
    alpha: TensorLike,
    beta: TensorLike | None = None,
    dtype: DTypeLike = dtypes.float32,
    seed: int | None = None,
    name: Name = None,
) -> Any:
    """Gamma distributed numbers for each `alpha`."""
    kind = as_dtype(dtype)
    with name_scope(name, "random_gamma", [shape, alpha, beta]):
        sizes = convert(shape, dtypes.int32, "shape")
        alpha = convert(alpha, kind, "alpha")
        rate = convert(1 if beta is None else beta, kind, "beta")
        shape_of_both = build("BroadcastArgs", build("Shape", alpha), build("Shape", rate))
        alpha = build("BroadcastTo", alpha, shape_of_both)
        least = np.finfo(kind.numpy).tiny
        drawn = build("RandomGamma", sizes, alpha, **_seeds(seed))
        return build("Maximum", least, drawn / rate)


def random_poisson(
    lam: TensorLike,
    shape: Any,
    dtype: DTypeLike = dtypes.float32,
    seed: int | None = None,
    name: Name = None,
) -> Any:
    """Poisson distributed numbers for each rate in `lam`."""
    with name_scope(name, "random_poisson", [lam, shape]):
        sizes = convert(shape, dtypes.int32, "shape")
        return build("RandomPoissonV2", sizes, lam, dtype=as_dtype(dtype), **_seeds(seed))


def _stateless(op_type: str, shape: ShapeLike, seed: Any, dtype: DTypeLike, name: Name) -> Any:
    return build(op_type, _shape_tensor(shape), seed, dtype=as_dtype(dtype), name=name)


def stateless_random_uniform(
    shape: ShapeLike,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: DTypeLike = dtypes.float32,
    name: Name = None,
) -> Any:
    """Uniform numbers that the two-element `seed` determines."""
    kind = as_dtype(dtype)
    with name_scope(name, "stateless_random_uniform", [shape, seed, minval, maxval]) as scope:
        sizes = _shape_tensor(shape)
        low = convert(minval, kind, "min")
        high = convert(1 if maxval is None else maxval, kind, "max")
        if kind.is_integer:
            return build("StatelessRandomUniformInt", sizes, seed, low, high, name=scope)
        uniform = build("StatelessRandomUniform", sizes, seed, dtype=kind)
        return build("Add", uniform * (high - low), low, name=scope)


def stateless_random_normal(
    shape: ShapeLike,
    seed: Any,
    mean: TensorLike = 0.0,
    stddev: TensorLike = 1.0,
    dtype: DTypeLike = dtypes.float32,
    name: Name = None,
) -> Any:
    """Normal numbers that the two-element `seed` determines."""
    with name_scope(name, "stateless_random_normal", [shape, seed, mean, stddev]) as scope:
        kind = as_dtype(dtype)
        normal = _stateless("StatelessRandomNormal", shape, seed, kind, None)
        return build("Add", normal * convert(stddev, kind), convert(mean, kind), name=scope)


def stateless_truncated_normal(
    shape: ShapeLike,
    seed: Any,
    mean: TensorLike = 0.0,
    stddev: TensorLike = 1.0,
    dtype: DTypeLike = dtypes.float32,
    name: Name = None,
) -> Any:
    """Truncated normal numbers that the two-element `seed` determines."""
    with name_scope(name, "stateless_truncated_normal", [shape, seed, mean, stddev]) as scope:
        kind = as_dtype(dtype)
        normal = _stateless("StatelessTruncatedNormal", shape, seed, kind, None)
        return build("Add", normal * convert(stddev, kind), convert(mean, kind), name=scope)


def stateless_multinomial(
    logits: TensorLike,
    num_samples: TensorLike,
    seed: Any,
    output_dtype: DTypeLike = dtypes.int64,
    name: Name = None,
) -> Any:
    """`num_samples` classes for each row of `logits`, which the two-element `seed` determines.

    `logits` is [batch, classes], unnormalised log probabilities; the result [batch, num_samples] of
    int32 or int64. Raises ValueError or InvalidArgumentError for other shapes or no classes.
    """
    with name_scope(name, "stateless_multinomial", [logits, seed]):
        return _stateless_classes(logits, num_samples, seed, output_dtype)


def stateless_categorical(
    logits: TensorLike,
    num_samples: TensorLike,
    seed: Any,
    dtype: DTypeLike = dtypes.int64,
    name: Name = None,
) -> Any:
    """The same as `stateless_multinomial`."""
    with name_scope(name, "stateless_categorical", [logits, seed]):
        return _stateless_classes(logits, num_samples, seed, dtype)


def _stateless_classes(
    logits: TensorLike, num_samples: TensorLike, seed: Any, dtype: DTypeLike
) -> Any:
    logits = convert(logits, None, "logits")
    kind = as_dtype(dtype)
    return build("StatelessMultinomial", logits, num_samples, seed, output_dtype=kind)
