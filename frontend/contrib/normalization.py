"""`contrib.layers`: batch and layer normalisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.contrib.arg_scope import add_arg_scope
from flowc.frontend.contrib.layers import (
    Collections,
    VariableCollections,
    finish,
    keep_variable,
    layer_scope,
)
from flowc.frontend.contrib.variables import model_variable
from flowc.frontend.control_flow.conditionals import smart_cond
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.normalization import batch_normalization, moments, weighted_moments
from flowc.frontend.functions.shaping import reshape
from flowc.frontend.initializers import Ones, Zeros
from flowc.frontend.layers.normalization import BatchNormalization
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.training.moving_averages import assign_moving_average
from flowc.frontend.variables.scope import variable_scope
from flowc.ir import dtypes

_PARAMETERS = ("beta", "gamma", "moving_mean", "moving_variance")


@add_arg_scope
def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Callable[..., Any] | None = None,
    param_initializers: Mapping[str, Any] | None = None,
    param_regularizers: Mapping[str, Any] | None = None,
    updates_collections: Any = GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: Any = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    batch_weights: Any = None,
    fused: bool | None = None,
    data_format: str = "NHWC",
    zero_debias_moving_mean: bool = False,
    scope: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_decay: float = 0.99,
    adjustment: Any = None,
) -> Any:
    """Batch normalisation: Ioffe and Szegedy 2015. There is no `gamma` unless `scale` is given.

    In training (`is_training`, a bool or a bool tensor) by the batch's moments, else by moving
    averages of them, which operations in the `updates_collections` update; where that is None,
    the outputs wait for the update. `batch_weights` weigh the examples of a batch. Raises
    ValueError for an unknown rank or an unknown number of channels.
    """
    if data_format not in ("NHWC", "NCHW"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    axis = 1 if data_format == "NCHW" else -1
    initial = {
        "beta": Zeros(),
        "gamma": Ones(),
        "moving_mean": Zeros(),
        "moving_variance": Ones(),
        **(param_initializers or {}),
    }
    regular = dict(param_regularizers or {})
    plain = updates_collections == GraphKeys.UPDATE_OPS and batch_weights is None
    plain = plain and not zero_debias_moving_mean
    with layer_scope(scope, "BatchNorm", inputs, reuse) as opened:
        inputs = convert(inputs)
        rank = inputs.shape.ndims
        correct = fused is not False and batch_weights is None and rank in (2, 4)
        if not plain or (correct and rank == 2):
            outputs = _by_hand(
                inputs,
                axis,
                decay,
                epsilon,
                center,
                scale,
                initial,
                regular,
                updates_collections,
                is_training,
                batch_weights,
                trainable,
                zero_debias_moving_mean,
                variables_collections,
                correct,
            )
            return finish(outputs, None, None, activation_fn, outputs_collections)
        layer = BatchNormalization(
            axis,
            decay,
            epsilon,
            center,
            scale,
            fused=fused,
            trainable=trainable,
            renorm=renorm,
            renorm_clipping=renorm_clipping,
            renorm_momentum=renorm_decay,
            adjustment=adjustment,
            name=opened.name,
            _scope=opened,
            _reuse=reuse,
            beta_regularizer=regular.get("beta"),
            gamma_regularizer=regular.get("gamma"),
            **{f"{name}_initializer": initial[name] for name in _PARAMETERS},
        )
        outputs = layer(inputs, training=is_training)
        for name in _PARAMETERS:
            keep_variable(getattr(layer, name), variables_collections, name)
        return finish(outputs, None, None, activation_fn, outputs_collections)


def _by_hand(
    inputs: Any,
    axis: int,
    decay: float,
    epsilon: float,
    center: bool,
    scale: bool,
    initial: Mapping[str, Any],
    regular: Mapping[str, Any],
    updates: Any,
    is_training: Any,
    weights: Any,
    trainable: bool,
    debias: bool,
    collections: VariableCollections,
    fused: bool,
) -> Any:
    """With updates before the outputs or in other collections, or with weighted examples."""
    rank, size = inputs.shape.ndims, inputs.shape[axis].value
    if size is None:
        raise ValueError(f"Inputs {inputs.name} has undefined channels dimension.")
    axes = [a for a in range(rank) if a != axis % rank]

    def parameter(name: str, wanted: bool, trained: bool) -> Any:
        if not wanted:
            return None
        made = model_variable(
            name, [size], inputs.dtype.base_dtype, initial[name], regular.get(name), trained
        )
        keep_variable(made, collections, name)
        return made

    beta, gamma = parameter("beta", center, trainable), parameter("gamma", scale, trainable)
    moving = [parameter(name, True, False) for name in ("moving_mean", "moving_variance")]
    if weights is None:
        found = moments(inputs, axes)
    else:
        share = reshape(convert(weights), [-1] + [1] * (rank - 1))
        found = weighted_moments(inputs, axes, share)

    kept = [found[0], _unbiased(found[1], inputs, axes) if fused else found[1]]

    def moved() -> Any:
        pairs = enumerate(zip(moving, kept, strict=True))
        return tuple(
            assign_moving_average(variable, value, decay, zero_debias=debias and not i)
            for i, (variable, value) in pairs
        )

    def moved_before() -> Any:
        with get_default_graph().control_dependencies(list(moved())):
            return tuple(build("Identity", value) for value in found)

    def of_past() -> Any:
        return tuple(map(convert, moving))

    if updates is None:
        mean, variance = smart_cond(is_training, moved_before, of_past)
    else:
        for update in () if is_training is False else smart_cond(is_training, moved, of_past):
            get_default_graph().add_to_collections(updates, update)
        mean, variance = smart_cond(is_training, lambda: tuple(found), of_past)
    form = [1] * rank
    form[axis] = -1
    mean, variance, beta, gamma = (
        part if part is None or axis != 1 else reshape(part, form)
        for part in (mean, variance, beta, gamma)
    )
    outputs = batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
    outputs.set_shape(inputs.shape)
    return outputs


def _unbiased(variance: Any, inputs: Any, axes: list[int]) -> Any:
    """The variance with Bessel's correction, which the fused op averages."""
    sizes = build("GatherV2", build("Shape", inputs), axes, 0)
    count = cast(build("Prod", sizes, [0]), variance.dtype)
    return variance * (count / build("Maximum", count - 1, constant(1, count.dtype)))


@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Callable[..., Any] | None = None,
    reuse: Any = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> Any:
    """Layer normalisation: Ba, Kiros and Hinton 2016.

    Moments are those of the dimensions from `begin_norm_axis` on; `beta` and `gamma` have the
    shape from `begin_params_axis` on. Raises ValueError for axes out of range and where that shape
    is not known.
    """
    with variable_scope(scope, "LayerNorm", [inputs], reuse=reuse):
        inputs = convert(inputs)
        rank = inputs.shape.ndims
        if rank is None:
            raise ValueError(f"Inputs {inputs.name} has undefined rank.")
        first = begin_norm_axis % rank if begin_norm_axis < 0 else begin_norm_axis
        if begin_params_axis >= rank or first >= rank:
            raise ValueError(
                f"begin_params_axis ({begin_params_axis}) and begin_norm_axis "
                f"({first}) must be < rank(inputs) ({rank})"
            )
        shape = inputs.shape[begin_params_axis:]
        if not shape.is_fully_defined():
            raise ValueError(
                f"Inputs {inputs.name}: shape(inputs)[{begin_params_axis}:] is not "
                f"fully defined: {inputs.shape}"
            )
        beta, gamma = (
            model_variable(name, shape, inputs.dtype.base_dtype, initializer, trainable=trainable)
            if wanted
            else None
            for name, wanted, initializer in (("beta", center, Zeros()), ("gamma", scale, Ones()))
        )
        keep_variable(beta, variables_collections, "beta")
        keep_variable(gamma, variables_collections, "gamma")
        epsilon = 1e-3 if inputs.dtype is dtypes.float16 else 1e-12
        mean, variance = moments(inputs, list(range(first, rank)), keep_dims=True)
        outputs = batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        outputs.set_shape(inputs.shape)
        return finish(outputs, None, None, activation_fn, outputs_collections)
