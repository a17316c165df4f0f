"""`contrib.layers`: layers as functions, with normalizer, activation and argument scopes.

Each opens a variable scope and uses the layer of `tf.layers`, naming its variables `weights` and
`biases` and putting them among the model variables. `scope` names the scope, `reuse` shares
variables; `variables_collections` (a list, or a dict of lists by "weights", "biases", ...) and
`outputs_collections` say where else variables and outputs are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.contrib.arg_scope import add_arg_scope
from flowc.frontend.contrib.initializers import xavier_initializer
from flowc.frontend.contrib.variables import add_model_variable, model_variable
from flowc.frontend.conversion import convert
from flowc.frontend.functions import activations
from flowc.frontend.functions.convolutions import depthwise_conv2d
from flowc.frontend.functions.embedding import embedding_lookup
from flowc.frontend.functions.filling import one_hot
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.shaping import reshape
from flowc.frontend.initializers import Zeros
from flowc.frontend.layers.convolution import (
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    SeparableConv2D,
)
from flowc.frontend.layers.core import Dense, Dropout
from flowc.frontend.layers.core import flatten as flattened
from flowc.frontend.layers.pooling import average_pooling2d, max_pooling2d
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import VariableScope, variable_scope
from flowc.ir import dtypes

Collections = Sequence[str] | str | None
VariableCollections = Sequence[str] | Mapping[str, Sequence[str]] | None
Function = Callable[..., Any]

_XAVIER, _ZEROS = xavier_initializer(), Zeros()
_RENAMED = {
    "bias": "biases",
    "kernel": "weights",
    "depthwise_kernel": "depthwise_weights",
    "pointwise_kernel": "pointwise_weights",
}

# What all layers do


def _getter(getter: Function, name: str, *args: Any, **kwargs: Any) -> Any:
    """Variables by the names of contrib, in the collection of model variables."""
    scope, slash, last = name.rpartition("/")
    found = getter(f"{scope}{slash}{_RENAMED.get(last, last)}", *args, **kwargs)
    add_model_variable(found)
    return found


def layer_scope(scope: Any, default: str, inputs: Any, reuse: Any) -> Any:
    """The variable scope of a layer."""
    return variable_scope(scope, default, [inputs], reuse=reuse, custom_getter=_getter)


def keep_variable(variable: Any, collections: VariableCollections, kind: str) -> None:
    """Put a layer's variable into further collections."""
    if variable is None or not collections:
        return
    names = collections.get(kind) if isinstance(collections, Mapping) else collections
    for name in names or ():
        get_default_graph().add_to_collection(name, variable)


def keep_outputs(outputs: Any, collections: Collections) -> Any:
    """The outputs, put into collections."""
    if collections:
        get_default_graph().add_to_collections(collections, outputs)
    return outputs


def finish(
    outputs: Any,
    normalizer_fn: Function | None,
    normalizer_params: Any,
    activation_fn: Function | None,
    collections: Collections,
) -> Any:
    """Outputs normalised, activated and collected."""
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    if activation_fn is not None:
        outputs = activation_fn(outputs)
    return keep_outputs(outputs, collections)


def _common(
    scope: VariableScope,
    inputs: Any,
    normalizer_fn: Any,
    weights_regularizer: Any,
    biases_initializer: Any,
    biases_regularizer: Any,
    trainable: bool,
    reuse: Any,
) -> dict[str, Any]:
    """The keywords that layers share."""
    return {
        "use_bias": normalizer_fn is None and biases_initializer is not None,
        "bias_initializer": biases_initializer,
        "bias_regularizer": biases_regularizer,
        "trainable": trainable,
        "name": scope.name,
        "dtype": inputs.dtype.base_dtype,
        "_scope": scope,
        "_reuse": reuse,
    }


def _data_format(data_format: str | None) -> str:
    if data_format not in (None, "NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW"):
        raise ValueError(f"Invalid data_format: {data_format!r}")
    return "channels_first" if data_format and data_format.startswith("NC") else "channels_last"


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[-1]))


# Products and convolutions


@add_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Function | None = activations.relu,
    normalizer_fn: Function | None = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: Any = _XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = _ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """activation(inputs weights + biases): [..., n] becomes [..., num_outputs].

    There are no biases where there is a normalizer. Raises ValueError where the last dimension of
    `inputs` is unknown, or `num_outputs` is no int.
    """
    if not isinstance(num_outputs, int):
        raise ValueError(f"num_outputs should be an int, got {num_outputs!r}.")
    with layer_scope(scope, "fully_connected", inputs, reuse) as opened:
        inputs = convert(inputs)
        layer = Dense(
            num_outputs,
            kernel_initializer=weights_initializer,
            kernel_regularizer=weights_regularizer,
            **_common(
                opened,
                inputs,
                normalizer_fn,
                weights_regularizer,
                biases_initializer,
                biases_regularizer,
                trainable,
                reuse,
            ),
        )
        outputs = layer(inputs)
        keep_variable(layer.kernel, variables_collections, "weights")
        keep_variable(layer.bias, variables_collections, "biases")
        return finish(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


_CONVOLUTIONS: dict[int | None, Any] = {3: Conv1D, 4: Conv2D, 5: Conv3D}


@add_arg_scope
def convolution(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Any = 1,
    activation_fn: Function | None = activations.relu,
    normalizer_fn: Function | None = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: Any = _XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = _ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Any = None,
    conv_dims: int | None = None,
) -> Any:
    """A convolution in 1, 2 or 3 dimensions by the rank of `inputs`, which is 3, 4 or 5.

    There are no biases where there is a normalizer. Raises ValueError for another rank.
    """
    form = _data_format(data_format)
    with layer_scope(scope, "Conv", inputs, reuse) as opened:
        inputs = convert(inputs)
        rank = inputs.shape.ndims
        if rank not in _CONVOLUTIONS or conv_dims not in (None, rank - 2):
            wanted = "3, 4 or 5" if conv_dims is None else conv_dims + 2
            raise ValueError(f"Convolution expects input with rank {wanted}, got {rank}")
        layer = _CONVOLUTIONS[rank](
            num_outputs,
            kernel_size,
            strides=stride,
            padding=padding,
            data_format=form,
            dilation_rate=rate,
            kernel_initializer=weights_initializer,
            kernel_regularizer=weights_regularizer,
            **_common(
                opened,
                inputs,
                normalizer_fn,
                weights_regularizer,
                biases_initializer,
                biases_regularizer,
                trainable,
                reuse,
            ),
        )
        outputs = layer(inputs)
        keep_variable(layer.kernel, variables_collections, "weights")
        keep_variable(layer.bias, variables_collections, "biases")
        return finish(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


def _of_dimensions(count: int) -> Function:
    def convolved(
        inputs: Any,
        num_outputs: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: str = "SAME",
        data_format: str | None = None,
        rate: Any = 1,
        activation_fn: Function | None = activations.relu,
        **options: Any,
    ) -> Any:
        return convolution(
            inputs,
            num_outputs,
            kernel_size,
            stride,
            padding,
            data_format,
            rate,
            activation_fn,
            conv_dims=count,
            **options,
        )

    convolved.__name__ = convolved.__qualname__ = f"convolution{count}d"
    convolved.__doc__ = f"""`convolution` of inputs of rank {count + 2}, with its further keywords.

    Raises ValueError for another rank.
    """
    return add_arg_scope(convolved)


convolution1d, convolution2d, convolution3d = map(_of_dimensions, (1, 2, 3))


@add_arg_scope
def convolution2d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    activation_fn: Function | None = activations.relu,
    normalizer_fn: Function | None = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: Any = _XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = _ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """The transposed convolution of images; weights are [height, width, out, in]."""
    form = _data_format(data_format)
    with layer_scope(scope, "Conv2d_transpose", inputs, reuse) as opened:
        inputs = convert(inputs)
        layer = Conv2DTranspose(
            num_outputs,
            kernel_size,
            strides=stride,
            padding=padding,
            data_format=form,
            kernel_initializer=weights_initializer,
            kernel_regularizer=weights_regularizer,
            **_common(
                opened,
                inputs,
                normalizer_fn,
                weights_regularizer,
                biases_initializer,
                biases_regularizer,
                trainable,
                reuse,
            ),
        )
        outputs = layer(inputs)
        keep_variable(layer.kernel, variables_collections, "weights")
        keep_variable(layer.bias, variables_collections, "biases")
        return finish(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


@add_arg_scope
def separable_convolution2d(
    inputs: Any,
    num_outputs: int | None,
    kernel_size: Any,
    depth_multiplier: int = 1,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    rate: Any = 1,
    activation_fn: Function | None = activations.relu,
    normalizer_fn: Function | None = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: Any = _XAVIER,
    pointwise_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = _ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """A convolution of each channel by itself, then one of size 1 to `num_outputs` channels.

    Where that is None there is no second one.
    """
    form = _data_format(data_format)
    with layer_scope(scope, "SeparableConv2d", inputs, reuse) as opened:
        inputs = convert(inputs)
        if num_outputs is None:
            outputs = _depthwise(
                inputs,
                kernel_size,
                depth_multiplier,
                stride,
                padding,
                data_format,
                rate,
                weights_initializer,
                weights_regularizer,
                biases_initializer if normalizer_fn is None else None,
                biases_regularizer,
                variables_collections,
                trainable,
            )
        else:
            layer = SeparableConv2D(
                num_outputs,
                kernel_size,
                strides=stride,
                padding=padding,
                data_format=form,
                dilation_rate=_pair(rate),
                depth_multiplier=depth_multiplier,
                depthwise_initializer=weights_initializer,
                pointwise_initializer=pointwise_initializer or weights_initializer,
                depthwise_regularizer=weights_regularizer,
                pointwise_regularizer=weights_regularizer,
                **_common(
                    opened,
                    inputs,
                    normalizer_fn,
                    weights_regularizer,
                    biases_initializer,
                    biases_regularizer,
                    trainable,
                    reuse,
                ),
            )
            outputs = layer(inputs)
            keep_variable(layer.depthwise_kernel, variables_collections, "weights")
            keep_variable(layer.pointwise_kernel, variables_collections, "weights")
            keep_variable(layer.bias, variables_collections, "biases")
        return finish(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


def _depthwise(
    inputs: Any,
    kernel_size: Any,
    multiplier: int,
    stride: Any,
    padding: str,
    data_format: str,
    rate: Any,
    initializer: Any,
    regularizer: Any,
    biases_initializer: Any,
    biases_regularizer: Any,
    collections: VariableCollections,
    trainable: bool,
) -> Any:
    channels = inputs.shape[1 if data_format == "NCHW" else -1].value
    shape = [*_pair(kernel_size), channels, multiplier]
    weights = model_variable(
        "depthwise_weights", shape, inputs.dtype.base_dtype, initializer, regularizer, trainable
    )
    keep_variable(weights, collections, "weights")
    steps = _pair(stride)
    strides = [1, 1, *steps] if data_format == "NCHW" else [1, *steps, 1]
    outputs = depthwise_conv2d(
        inputs, weights, strides, padding, _pair(rate), data_format=data_format
    )
    if biases_initializer is None:
        return outputs
    biases = model_variable(
        "biases",
        [channels * multiplier],
        inputs.dtype.base_dtype,
        biases_initializer,
        biases_regularizer,
        trainable,
    )
    keep_variable(biases, collections, "biases")
    return activations.bias_add(outputs, biases, data_format)


@add_arg_scope
def bias_add(
    inputs: Any,
    activation_fn: Function | None = None,
    initializer: Any = _ZEROS,
    regularizer: Any = None,
    reuse: Any = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Any = None,
) -> Any:
    """Inputs plus a vector of biases, one for each channel."""
    with variable_scope(scope, "BiasAdd", [inputs], reuse=reuse):
        inputs = convert(inputs)
        channels = inputs.shape[1 if data_format == "NCHW" else -1].value
        if channels is None:
            raise ValueError("`C` dimension must be known but is None")
        biases = model_variable(
            "biases", [channels], inputs.dtype.base_dtype, initializer, regularizer, trainable
        )
        keep_variable(biases, variables_collections, "biases")
        outputs = activations.bias_add(inputs, biases, data_format)
        return finish(outputs, None, None, activation_fn, outputs_collections)


# Pools, shapes, noise


def _pool(function: Function, default: str, what: str) -> Function:
    def pooled(
        inputs: Any,
        kernel_size: Any,
        stride: Any = 2,
        padding: str = "VALID",
        data_format: str = "NHWC",
        outputs_collections: Collections = None,
        scope: Any = None,
    ) -> Any:
        with name_scope(scope, default, [inputs]):
            outputs = function(
                convert(inputs), kernel_size, stride, padding, _data_format(data_format)
            )
            return keep_outputs(outputs, outputs_collections)

    pooled.__name__ = pooled.__qualname__ = f"{what.split()[-1]}_pool2d"
    pooled.__doc__ = f"The {what.split()[0]} of each window of images; windows move by 2 pixels."
    return add_arg_scope(pooled)


max_pool2d = _pool(max_pooling2d, "MaxPool2D", "greatest max")
avg_pool2d = _pool(average_pooling2d, "AvgPool2D", "mean avg")


@add_arg_scope
def flatten(inputs: Any, outputs_collections: Collections = None, scope: Any = None) -> Any:
    """[batch, ...] becomes [batch, n]."""
    with name_scope(scope, "Flatten", [inputs]):
        return keep_outputs(flattened(convert(inputs)), outputs_collections)


@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Collections = None,
    scope: Any = None,
    seed: int | None = None,
) -> Any:
    """Each element with probability `keep_prob`, divided by it, else 0; in training only."""
    with variable_scope(scope, "Dropout", [inputs]) as opened:
        inputs = convert(inputs)
        layer = Dropout(1 - keep_prob, noise_shape, seed, opened.name, _scope=opened)
        return keep_outputs(layer(inputs, training=is_training), outputs_collections)


@add_arg_scope
def one_hot_encoding(
    labels: Any,
    num_classes: int,
    on_value: Any = 1.0,
    off_value: Any = 0.0,
    outputs_collections: Collections = None,
    scope: Any = None,
) -> Any:
    """Classes as rows in which one element is `on_value` and the others are `off_value`."""
    with name_scope(scope, "OneHotEncoding", [labels]):
        labels = convert(labels)
        labels = cast(labels, dtypes.int64) if labels.dtype is dtypes.int32 else labels
        outputs = one_hot(labels, num_classes, on_value, off_value)
        return keep_outputs(outputs, outputs_collections)


@add_arg_scope
def softmax(logits: Any, scope: Any = None) -> Any:
    """Softmax over the last dimension."""
    with name_scope(scope, "softmax", [logits]):
        return activations.softmax(convert(logits))


@add_arg_scope
def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: Any = None) -> Any:
    """Inputs divided by their length along `dim`. Raises ValueError for an axis out of range."""
    with name_scope(scope, "UnitNorm", [inputs]):
        inputs = convert(inputs)
        rank = inputs.shape.ndims
        if rank is None or not 0 <= dim < rank:
            raise ValueError(f"dim must be in [0, {rank}), not {dim}.")
        squares = reduce_sum(build("Square", inputs), dim, keepdims=True)
        return inputs / build("Sqrt", squares + epsilon)


def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> Any:
    """Rows of a trained table [vocab_size, embed_dim] for numbers [...]: [..., embed_dim].

    Raises ValueError where sizes are missing and nothing is reused.
    """
    if not reuse and (vocab_size is None or embed_dim is None):
        raise ValueError(
            "Must specify vocab size and embedding dimension when not reusing. Got "
            f"vocab_size={vocab_size} and embed_dim={embed_dim}"
        )
    with variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = None if vocab_size is None else [vocab_size, embed_dim]
        table = model_variable(
            "embeddings",
            shape,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        ids = convert(ids)
        if not unique:
            return embedding_lookup(table, ids)
        found, places = build("Unique", reshape(ids, [-1]))
        rows = build("GatherV2", embedding_lookup(table, found), places, 0)
        width = table.shape[-1].value
        return reshape(rows, build("ConcatV2", [build("Shape", ids), [width]], 0))


# Several layers


def repeat(inputs: Any, repetitions: int, layer: Function, *args: Any, **kwargs: Any) -> Any:
    """A layer applied again and again, in the scopes `name_1`, `name_2` ..."""
    scope = kwargs.pop("scope", None)
    with variable_scope(scope, "Repeat", [inputs]):
        name = (
            scope
            or getattr(layer, "__name__", None)
            or getattr(getattr(layer, "func", None), "__name__", "repeat")
        )
        outputs = convert(inputs)
        for i in range(repetitions):
            outputs = layer(outputs, *args, scope=f"{name}_{i + 1}", **kwargs)
        return outputs


def stack(inputs: Any, layer: Function, stack_args: Sequence[Any], **kwargs: Any) -> Any:
    """A layer applied with one argument after the other, in the scopes `name_1`, `name_2` ..."""
    scope = kwargs.pop("scope", None)
    with variable_scope(scope, "Stack", [inputs]):
        name = scope or getattr(layer, "__name__", "stack")
        outputs = convert(inputs)
        for i, given in enumerate(stack_args):
            arguments = given if isinstance(given, list | tuple) else [given]
            outputs = layer(outputs, *arguments, scope=f"{name}_{i + 1}", **kwargs)
        return outputs


def linear(inputs: Any, num_outputs: int, **options: Any) -> Any:
    """`fully_connected` without an activation."""
    return fully_connected(inputs, num_outputs, activation_fn=None, **options)


def relu(inputs: Any, num_outputs: int, **options: Any) -> Any:
    """`fully_connected` with relu."""
    return fully_connected(inputs, num_outputs, activation_fn=activations.relu, **options)


def relu6(inputs: Any, num_outputs: int, **options: Any) -> Any:
    """`fully_connected` with relu6."""
    return fully_connected(inputs, num_outputs, activation_fn=activations.relu6, **options)


conv1d, conv2d, conv3d = convolution1d, convolution2d, convolution3d
conv2d_transpose = convolution2d_transpose
separable_conv2d = separable_convolution2d
