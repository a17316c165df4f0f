"""Learning rates that change with the global step, as tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.random import random_normal
from flowc.frontend.scopes import name_scope
from flowc.ir.dtypes import DType

Name = str | None


def _require_step(global_step: TensorLike, name: str) -> None:
    if global_step is None:
        raise ValueError(f"global_step is required for {name}.")


def exponential_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    decay_rate: TensorLike,
    staircase: bool = False,
    name: Name = None,
) -> Any:
    """learning_rate * decay_rate ^ (global_step / decay_steps)."""
    _require_step(global_step, "exponential_decay")
    with name_scope(
        name, "ExponentialDecay", [learning_rate, global_step, decay_steps, decay_rate]
    ) as scope:
        rate = convert(learning_rate, None, "learning_rate")
        progress = _progress(global_step, decay_steps, rate.dtype, staircase)
        return build("Mul", rate, build("Pow", cast(decay_rate, rate.dtype), progress), name=scope)


def _progress(
    global_step: TensorLike, decay_steps: TensorLike, dtype: DType, staircase: bool = False
) -> Any:
    progress = cast(global_step, dtype) / cast(decay_steps, dtype)
    return build("Floor", progress) if staircase else progress


def natural_exp_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    decay_rate: TensorLike,
    staircase: bool = False,
    name: Name = None,
) -> Any:
    """learning_rate * exp(-decay_rate * global_step / decay_steps)."""
    _require_step(global_step, "natural_exp_decay")
    rate = (
        math.exp(-decay_rate)
        if isinstance(decay_rate, int | float)
        else build("Exp", build("Neg", decay_rate))
    )
    return exponential_decay(
        learning_rate, global_step, decay_steps, rate, staircase, name or "NaturalExpDecay"
    )


def inverse_time_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    decay_rate: TensorLike,
    staircase: bool = False,
    name: Name = None,
) -> Any:
    """learning_rate / (1 + decay_rate * global_step / decay_steps)."""
    _require_step(global_step, "inverse_time_decay")
    with name_scope(name, "InverseTimeDecay", [learning_rate, global_step, decay_rate]) as scope:
        rate = convert(learning_rate, None, "learning_rate")
        progress = _progress(global_step, decay_steps, rate.dtype, staircase)
        scaled = build("Mul", cast(decay_rate, rate.dtype), progress)
        denominator = build("Add", cast(constant(1), rate.dtype), scaled)
        return build("RealDiv", rate, denominator, name=scope)


def piecewise_constant(
    x: TensorLike, boundaries: Sequence[Any], values: Sequence[Any], name: Name = None
) -> Any:
    """values[i] where x is in (boundaries[i-1], boundaries[i]].

    Raises ValueError where there is not one value more than boundaries, or dtypes differ.
    """
    if len(boundaries) != len(values) - 1:
        raise ValueError("The length of boundaries should be 1 less than the length of values")
    with name_scope(name, "PiecewiseConstant", [x, boundaries, values]) as scope:
        position = convert(x)
        limits = [_boundary(b, position.dtype) for b in boundaries]
        tensors = [convert(v) for v in values]
        for tensor in tensors[1:]:
            if tensor.dtype is not tensors[0].dtype:
                raise ValueError(
                    "Values must have elements all with the same dtype "
                    f"({tensors[0].dtype.name} vs {tensor.dtype.name})."
                )
        result = tensors[-1]
        for limit, value in reversed(list(zip(limits, tensors, strict=False))):
            result = build("Select", build("LessEqual", position, limit), value, result)
        return build("Identity", result, name=scope)


def _boundary(value: Any, dtype: DType) -> Any:
    tensor = convert(value)
    return tensor if tensor.dtype is dtype else cast(tensor, dtype)


def polynomial_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: Name = None,
) -> Any:
    """From learning_rate to end_learning_rate as (1 - global_step / decay_steps) ^ power."""
    _require_step(global_step, "polynomial_decay")
    with name_scope(
        name, "PolynomialDecay", [learning_rate, global_step, decay_steps, end_learning_rate, power]
    ) as scope:
        rate = convert(learning_rate, None, "learning_rate")
        end, power = cast(end_learning_rate, rate.dtype), cast(power, rate.dtype)
        step, steps = cast(global_step, rate.dtype), cast(decay_steps, rate.dtype)
        if cycle:
            multiple = build("Ceil", step / steps)
            started = build("Equal", step, cast(0, rate.dtype))
            steps = build("Mul", steps, build("Select", started, cast(1, rate.dtype), multiple))
        else:
            step = build("Minimum", step, steps)
        left = build("Sub", cast(1, rate.dtype), build("RealDiv", step, steps))
        return build("Add", build("Mul", rate - end, build("Pow", left, power)), end, name=scope)


def _cosine(fraction: Any, dtype: DType) -> Any:
    """(1 + cos(pi * fraction)) / 2."""
    return cast(0.5, dtype) * (cast(1.0, dtype) + build("Cos", cast(math.pi, dtype) * fraction))


def _fraction(global_step: TensorLike, decay_steps: TensorLike, dtype: DType) -> Any:
    steps = cast(decay_steps, dtype)
    return build("Minimum", cast(global_step, dtype), steps) / steps


def cosine_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    alpha: Any = 0.0,
    name: Name = None,
) -> Any:
    """Half a cosine from learning_rate to alpha * learning_rate: Loshchilov and Hutter 2016."""
    _require_step(global_step, "cosine_decay")
    with name_scope(name, "CosineDecay", [learning_rate, global_step]):
        rate = convert(learning_rate, None, "learning_rate")
        decayed = _cosine(_fraction(global_step, decay_steps, rate.dtype), rate.dtype)
        return build("Mul", rate, (1 - alpha) * decayed + alpha)


def cosine_decay_restarts(
    learning_rate: TensorLike,
    global_step: TensorLike,
    first_decay_steps: Any,
    t_mul: Any = 2.0,
    m_mul: Any = 1.0,
    alpha: TensorLike = 0.0,
    name: Name = None,
) -> Any:
    """`cosine_decay` that begins anew; periods grow by `t_mul`, rates shrink by `m_mul`.

    Loshchilov and Hutter 2016.
    """
    _require_step(global_step, "cosine decay restarts")
    with name_scope(name, "SGDRDecay", [learning_rate, global_step]) as scope:
        rate = convert(learning_rate, None, "learning_rate")
        kind = rate.dtype
        alpha = cast(alpha, kind)
        period, factor = cast(t_mul, kind), cast(m_mul, kind)
        done = cast(global_step, kind) / cast(first_decay_steps, kind)
        geometric = build("NotEqual", period, cast(1.0, kind))
        # the logarithm is taken where it is defined; for equal periods the other branch is chosen
        base = build("Select", geometric, period, cast(2.0, kind))
        one = cast(1.0, kind)
        restart = build("Floor", build("Log", one - done * (one - base)) / build("Log", base))
        started = (one - build("Pow", base, restart)) / (one - base)
        fraction = (done - started) / build("Pow", base, restart)
        whole = build("Floor", done)
        restart = build("Select", geometric, restart, whole)
        fraction = build("Select", geometric, fraction, done - whole)
        decayed = build("Pow", factor, restart) * _cosine(fraction, kind)
        return build("Mul", rate, (one - alpha) * decayed + alpha, name=scope)


def linear_cosine_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    num_periods: Any = 0.5,
    alpha: TensorLike = 0.0,
    beta: TensorLike = 0.001,
    name: Name = None,
) -> Any:
    """A line to zero times cosines: Bello et al. 2017."""
    _require_step(global_step, "linear cosine decay")
    with name_scope(name, "LinearCosineDecay", [learning_rate, global_step]) as scope:
        rate = convert(learning_rate, None, "learning_rate")
        kind = rate.dtype
        fraction = _fraction(global_step, decay_steps, kind)
        cosine = _cosine(cast(2.0 * num_periods, kind) * fraction, kind)
        line = cast(1.0, kind) - fraction
        return build("Mul", rate, (alpha + line) * cosine + beta, name=scope)


def noisy_linear_cosine_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    initial_variance: Any = 1.0,
    variance_decay: Any = 0.55,
    num_periods: Any = 0.5,
    alpha: TensorLike = 0.0,
    beta: TensorLike = 0.001,
    name: Name = None,
) -> Any:
    """`linear_cosine_decay` with normal noise on the line."""
    _require_step(global_step, "noisy linear cosine decay")
    with name_scope(name, "NoisyLinearCosineDecay", [learning_rate, global_step]) as scope:
        rate = convert(learning_rate, None, "learning_rate")
        kind = rate.dtype
        step = build("Minimum", cast(global_step, kind), cast(decay_steps, kind))
        variance = cast(initial_variance, kind) / build(
            "Pow", 1.0 + step, cast(variance_decay, kind)
        )
        fraction = step / cast(decay_steps, kind)
        line = (cast(1.0, kind) - fraction) + random_normal(
            build("Shape", fraction), stddev=build("Sqrt", variance), dtype=kind
        )
        cosine = _cosine(cast(2.0 * num_periods, kind) * fraction, kind)
        return build("Mul", rate, (alpha + line) * cosine + beta, name=scope)
