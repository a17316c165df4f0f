"""Dense, dropout and flatten layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.frontend.aliases import ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.control_flow.conditionals import smart_cond
from flowc.frontend.functions import activations
from flowc.frontend.functions.mathematics import matmul, tensordot
from flowc.frontend.functions.shaping import reshape
from flowc.frontend.initializers import Zeros, get
from flowc.frontend.layers.layer import Layer, activation_of


class Dense(Layer):
    """activation(inputs @ kernel + bias), over the last dimension of the inputs."""

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable, name, activity_regularizer=activity_regularizer, **kwargs)
        self.units = int(units)
        self.activation = activation_of(activation)
        self.use_bias = use_bias
        self.kernel_initializer = get(kernel_initializer)
        self.bias_initializer = get(bias_initializer) or Zeros()
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self.kernel: Any = None
        self.bias: Any = None

    def build(self, input_shape: Any) -> None:
        size = input_shape[-1].value if input_shape.ndims else None
        if size is None:
            raise ValueError(
                "The last dimension of the inputs to `Dense` should be defined. Found `None`."
            )
        self.kernel = self.add_weight(
            "kernel",
            [size, self.units],
            None,
            self.kernel_initializer,
            self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                [self.units],
                None,
                self.bias_initializer,
                self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        rank = inputs.shape.ndims
        if rank is not None and rank > 2:
            outputs = tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape(inputs.shape[:-1].concatenate([self.units]))
        else:
            outputs = matmul(inputs, self.kernel)
        if self.use_bias:
            outputs = activations.bias_add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)


class Dropout(Layer):
    """In training, sets elements to 0 with probability `rate` and scales the others up."""

    def __init__(
        self,
        rate: TensorLike = 0.5,
        noise_shape: ShapeLike | None = None,
        seed: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed

    def call(self, inputs: Any, training: Any = False, **kwargs: Any) -> Any:
        def dropped() -> Any:
            return activations.dropout(
                inputs, noise_shape=self.noise_shape, seed=self.seed, rate=self.rate
            )

        return smart_cond(training, dropped, lambda: build("Identity", inputs))


class Flatten(Layer):
    """All dimensions but the first made one."""

    def __init__(self, data_format: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        if self.data_format == "channels_first" and (inputs.shape.ndims or 0) > 1:
            order = [0, *range(2, inputs.shape.ndims), 1]
            inputs = build("Transpose", inputs, order)
        sizes = inputs.sizes
        known = None if sizes is None or None in sizes[1:] else int(np.prod(sizes[1:]))
        batch = None if sizes is None else sizes[0]
        if known is not None:
            return reshape(inputs, [-1, known])
        if batch is not None:
            return reshape(inputs, [batch, -1])
        return reshape(inputs, build("Pack", [build("Shape", inputs)[0], -1]))


def dense(
    inputs: Any,
    units: int,
    activation: Any = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = None,
    kernel_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Any:
    """`Dense(...)(inputs)`."""
    return Dense(
        units,
        activation,
        use_bias,
        kernel_initializer,
        bias_initializer,
        kernel_regularizer,
        bias_regularizer,
        activity_regularizer,
        kernel_constraint,
        bias_constraint,
        trainable,
        name,
        _reuse=reuse,
    )(inputs)


def dropout(
    inputs: Any,
    rate: TensorLike = 0.5,
    noise_shape: ShapeLike | None = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Any:
    """`Dropout(...)(inputs, training)`."""
    return Dropout(rate, noise_shape, seed, name)(inputs, training=training)


def flatten(inputs: Any, name: str | None = None, data_format: Any = "channels_last") -> Any:
    """`Flatten(...)(inputs)`."""
    return Flatten(data_format, name=name)(inputs)
