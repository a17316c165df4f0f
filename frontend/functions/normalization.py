"""Moments and batch normalisation."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import AxisLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.reductions import reduce_mean, reduce_prod, reduce_sum
from flowc.frontend.functions.selection import gather
from flowc.frontend.functions.shaping import Name, one_of, squeeze
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes


def moments(
    x: TensorLike,
    axes: AxisLike,
    shift: Any = None,
    name: Name = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> Any:
    """The mean and the variance over `axes`; float16 is computed in float32."""
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims) or False
    with name_scope(name, "moments", [x, axes]):
        x = convert(x)
        narrow = x.dtype is dtypes.float16
        y = cast(x, dtypes.float32) if narrow else x
        mean = reduce_mean(y, axes, keepdims=True, name="mean")
        deviation = build("SquaredDifference", y, build("StopGradient", mean))
        variance = reduce_mean(deviation, axes, keepdims=True, name="variance")
        if not keep:
            mean, variance = squeeze(mean, axes), squeeze(variance, axes)
        if narrow:
            return cast(mean, dtypes.float16), cast(variance, dtypes.float16)
        return mean, variance


def weighted_moments(
    x: TensorLike,
    axes: AxisLike,
    frequency_weights: Any,
    name: Name = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> Any:
    """The weighted mean and variance over `axes`."""
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims) or False
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        x = convert(x, None, "x")
        weights = cast(convert(frequency_weights), x.dtype)
        total = reduce_sum(weights + build("ZerosLike", x), axes, keepdims=True)
        mean = reduce_sum(weights * x, axes, keepdims=True) / total
        squares = build("SquaredDifference", x, mean)
        variance = reduce_sum(weights * squares, axes, keepdims=True) / total
        return (mean, variance) if keep else (squeeze(mean, axes), squeeze(variance, axes))


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: Any,
    name: Name = None,
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset."""
    with name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        inverse = build("Rsqrt", variance + variance_epsilon)
        if scale is not None:
            inverse = inverse * scale
        x = convert(x)
        shift = offset - mean * inverse if offset is not None else -mean * inverse
        return x * cast(inverse, x.dtype) + cast(shift, x.dtype)


def sufficient_statistics(
    x: TensorLike,
    axes: AxisLike,
    shift: Any = None,
    keep_dims: bool | None = None,
    name: Name = None,
    keepdims: bool | None = None,
) -> tuple[Any, Any, Any, Any]:
    """The number of elements over `axes`, their sum, the sum of their squares, and the shift.

    Sums are of `x - shift` where one is given.
    """
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims) or False
    with name_scope(name, "sufficient_statistics", [x, shift]):
        x = convert(x, None, "x")
        sizes = gather(build("Shape", x), axes)
        count = cast(reduce_prod(sizes), x.dtype)
        values = x if shift is None else x - shift
        return (
            count,
            reduce_sum(values, axes, keepdims=keep),
            reduce_sum(build("Square", values), axes, keepdims=keep),
            shift,
        )


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: Name = None
) -> tuple[Any, Any]:
    """The mean and the variance, from `sufficient_statistics`."""
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = build("Reciprocal", convert(counts))
        shifted = mean_ss * divisor
        mean = shifted if shift is None else shifted + shift
        return mean, variance_ss * divisor - build("Square", shifted)


def fused_batch_norm(
    x: TensorLike,
    scale: TensorLike,
    offset: TensorLike,
    mean: TensorLike | None = None,
    variance: TensorLike | None = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: Name = None,
    exponential_avg_factor: float = 1.0,
) -> tuple[Any, Any, Any]:
    """Batch normalisation of images, and the batch's mean and variance.

    Raises ValueError where `mean` or `variance` is missing in inference, or given in training.
    """
    if is_training and exponential_avg_factor == 1.0 and (mean is not None or variance is not None):
        raise ValueError(
            "Both 'mean' and 'variance' must be None if is_training is True and "
            "exponential_avg_factor == 1.0."
        )
    if not is_training and (mean is None or variance is None):
        raise ValueError("Both 'mean' and 'variance' must be given in inference.")
    x = convert(x, None, "input")
    scale, offset = convert(scale, None, "scale"), convert(offset, None, "offset")
    mean = constant([]) if mean is None else mean
    variance = constant([]) if variance is None else variance
    attributes: dict[str, Any] = {}
    if exponential_avg_factor != 1.0:
        attributes["exponential_avg_factor"] = exponential_avg_factor
    found = build(
        "FusedBatchNormV3",
        x,
        scale,
        offset,
        mean,
        variance,
        epsilon=max(epsilon, 1.001e-5),
        data_format=data_format,
        is_training=is_training,
        name=name,
        **attributes,
    )
    return found[0], found[1], found[2]


def batch_norm_with_global_normalization(
    t: TensorLike | None = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: float = 0.0,
    scale_after_normalization: bool = False,
    name: Name = None,
    input: TensorLike | None = None,
    mean: Any = None,
    variance: Any = None,
) -> Any:
    """Batch normalisation with given moments."""
    t, m = one_of("t", t, "input", input), one_of("m", m, "mean", mean)
    v = one_of("v", v, "variance", variance)
    return batch_normalization(
        t, m, v, beta, gamma if scale_after_normalization else None, variance_epsilon, name
    )
