"""`contrib.layers.optimize_loss`: a training step, with clipped gradients and summaries."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from flowc.frontend.collections import GraphKeys
from flowc.frontend.composites import IndexedSlices
from flowc.frontend.conversion import convert, is_tensor
from flowc.frontend.functions.clipping import clip_by_global_norm, global_norm
from flowc.frontend.functions.control import with_dependencies
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.more_checks import assert_scalar
from flowc.frontend.functions.random import truncated_normal
from flowc.frontend.initializers import Constant
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.summaries.functions import histogram, scalar
from flowc.frontend.training.global_step import assert_global_step, get_global_step
from flowc.frontend.training.optimizer import Optimizer
from flowc.frontend.training.optimizers import (
    AdagradOptimizer,
    AdamOptimizer,
    FtrlOptimizer,
    GradientDescentOptimizer,
    MomentumOptimizer,
    RMSPropOptimizer,
)
from flowc.frontend.variables.scope import get_variable, variable_scope
from flowc.frontend.variables.sets import trainable_variables

OPTIMIZER_CLS_NAMES: dict[str, Callable[..., Optimizer]] = {
    "Adagrad": AdagradOptimizer,
    "Adam": AdamOptimizer,
    "Ftrl": FtrlOptimizer,
    "Momentum": lambda learning_rate: MomentumOptimizer(learning_rate, momentum=0.9),
    "RMSProp": RMSPropOptimizer,
    "SGD": GradientDescentOptimizer,
}
OPTIMIZER_SUMMARIES = [
    "learning_rate",
    "loss",
    "gradients",
    "gradient_norm",
    "global_gradient_norm",
]

Pairs = list[tuple[Any, Any]]


def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: Mapping[Any, Any] | None = None,
    clip_gradients: float | Callable[[Pairs], Pairs] | None = None,
    learning_rate_decay_fn: Callable[[Any, Any], Any] | None = None,
    update_ops: Sequence[Any] | None = None,
    variables: Sequence[Any] | None = None,
    name: str | None = None,
    summaries: Sequence[str] | None = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Any:
    """The loss, which when it is computed has been lowered by a step of an optimizer.

    `optimizer` is a name ("SGD", "Adam", "Momentum", "Adagrad", "Ftrl", "RMSProp"), a class, an
    optimizer, or a function of the learning rate. `clip_gradients` bounds the global norm, or is
    a function of (gradient, variable) pairs. The operations of UPDATE_OPS run before. Raises
    ValueError for another optimizer, learning rate, or summary.
    """
    loss = assert_scalar(convert(loss))
    if global_step is None:
        global_step = get_global_step()
    else:
        assert_global_step(global_step)
    with variable_scope(name, "OptimizeLoss", [loss, global_step]):
        graph = get_default_graph()
        updates = graph.get_collection(GraphKeys.UPDATE_OPS) if update_ops is None else update_ops
        if updates:
            loss = with_dependencies(list(dict.fromkeys(updates)), loss)
        wanted = _wanted(summaries)
        rate = _rate(learning_rate, learning_rate_decay_fn, global_step, wanted)
        chosen = _optimizer(optimizer, rate)
        pairs = chosen.compute_gradients(
            loss,
            trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        pairs = _changed(pairs, gradient_noise_scale, gradient_multipliers)
        pairs = _clipped(pairs, clip_gradients, wanted)
        if "loss" in wanted:
            scalar("loss", loss)
        _describe(pairs, wanted)
        step = chosen.apply_gradients(
            pairs, global_step if increment_global_step else None, "train"
        )
        return with_dependencies([step], loss)


def _wanted(summaries: Sequence[str] | None) -> Sequence[str]:
    if summaries is None:
        return ["loss", "learning_rate", "global_gradient_norm"]
    for summary in summaries:
        if summary not in OPTIMIZER_SUMMARIES:
            raise ValueError(
                f"Summaries should be one of [{', '.join(OPTIMIZER_SUMMARIES)}], you "
                f"provided {summary}."
            )
    return summaries


def _rate(
    given: Any, decay: Callable[[Any, Any], Any] | None, global_step: Any, wanted: Sequence[str]
) -> Any:
    """The learning rate as a tensor or variable, or None."""
    rate = given
    if given is not None and not is_tensor(given):
        if not isinstance(given, float) or given < 0:
            raise ValueError(
                "Learning rate should be 0d Tensor or float of at least 0. Got "
                f"{given} of type {type(given)}"
            )
        rate = get_variable("learning_rate", [], trainable=False, initializer=Constant(given))
    if given is not None and decay is not None:
        if global_step is None:
            raise ValueError("global_step is required for learning_rate_decay_fn.")
        rate = decay(rate, global_step)
        if "learning_rate" in wanted:
            scalar("learning_rate", rate)
    return rate


def _optimizer(given: Any, rate: Any) -> Optimizer:
    if isinstance(given, Optimizer):
        return given
    if isinstance(given, str):
        if given not in OPTIMIZER_CLS_NAMES:
            raise ValueError(
                f"Optimizer name should be one of [{', '.join(OPTIMIZER_CLS_NAMES)}], "
                f"you provided {given}."
            )
        given = OPTIMIZER_CLS_NAMES[given]
    elif not callable(given):
        raise ValueError(
            "Unrecognized optimizer: should be string, subclass of Optimizer, "
            "instance of subclass of Optimizer or function with one argument. Got "
            f"{given}."
        )
    elif not isinstance(given, type) and rate is None:
        return _checked(given())
    if rate is None:
        raise ValueError(f"Learning rate is None, but should be specified for {given}.")
    return _checked(given(rate))


def _checked(found: Any) -> Optimizer:
    if not isinstance(found, Optimizer):
        raise ValueError(
            f"Unrecognized optimizer: function should return subclass of Optimizer. Got {found}."
        )
    return found


def _mapped(gradient: Any, function: Callable[[Any], Any]) -> Any:
    if isinstance(gradient, IndexedSlices):
        return IndexedSlices(function(gradient.values), gradient.indices, gradient.dense_shape)
    return function(gradient)


def _changed(pairs: Pairs, noise: float | None, multipliers: Mapping[Any, Any] | None) -> Pairs:
    """Gradients with noise, and times a number for each variable or name of one."""
    if noise is not None:
        pairs = [(g if g is None else g + truncated_normal(g.shape) * noise, v) for g, v in pairs]
    if multipliers is None:
        return pairs
    changed = []
    for gradient, variable in pairs:
        found = next(
            (m for k, m in multipliers.items() if k is variable or k == variable.name), None
        )
        if gradient is not None and found is not None:
            factor = cast(found, gradient.dtype)
            gradient = _mapped(gradient, partial(operator.mul, factor))
        changed.append((gradient, variable))
    return changed


def _clipped(pairs: Pairs, clip: Any, wanted: Sequence[str]) -> Pairs:
    with_norm = "global_gradient_norm" in wanted or "gradient_norm" in wanted
    if with_norm:
        scalar("global_norm/gradient_norm", global_norm([g for g, _ in pairs]))
    if clip is None:
        return pairs
    if isinstance(clip, float):
        gradients, variables = zip(*pairs, strict=True)
        pairs = list(zip(clip_by_global_norm(gradients, clip)[0], variables, strict=True))
    elif callable(clip):
        pairs = clip(pairs)
    else:
        raise ValueError(f"Unknown type {type(clip)} for clip_gradients")
    if with_norm:
        scalar("global_norm/clipped_gradient_norm", global_norm([g for g, _ in pairs]))
    return pairs


def _describe(pairs: Pairs, wanted: Sequence[str]) -> None:
    for gradient, variable in pairs:
        if gradient is None:
            continue
        values = gradient.values if isinstance(gradient, IndexedSlices) else gradient
        label = variable.name.replace(":", "_")
        if "gradients" in wanted:
            histogram(f"gradients/{label}", values)
        if "gradient_norm" in wanted:
            scalar(f"gradient_norm/{label}", global_norm([values]))
