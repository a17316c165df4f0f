"""Batch normalisation: Ioffe and Szegedy 2015."""

from __future__ import annotations

from typing import Any

from flowc.frontend.control_flow.conditionals import cond, constant_predicate, smart_cond
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions import normalization
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.shaping import reshape
from flowc.frontend.initializers import Ones, Zeros, get
from flowc.frontend.layers.layer import Layer, channel_count
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes


class BatchNormalization(Layer):
    """Normalises by the batch's moments in training, by moving averages of them otherwise.

    The operations that update the averages are in the collection `UPDATE_OPS`. `training` may be
    a bool tensor.
    """

    def __init__(
        self,
        axis: int | list[int] = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = None,
        gamma_initializer: Any = None,
        moving_mean_initializer: Any = None,
        moving_variance_initializer: Any = None,
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable, name, **kwargs)
        if renorm or virtual_batch_size or adjustment:
            raise NotImplementedError("renorm, virtual batches and adjustment are not implemented")
        self.axis = axis[0] if isinstance(axis, list | tuple) else int(axis)
        self.momentum, self.epsilon = momentum, epsilon
        self.center, self.scale, self.fused = center, scale, fused
        self.beta_initializer = get(beta_initializer) or Zeros()
        self.gamma_initializer = get(gamma_initializer) or Ones()
        self.moving_mean_initializer = get(moving_mean_initializer) or Zeros()
        self.moving_variance_initializer = get(moving_variance_initializer) or Ones()
        self.beta_regularizer, self.gamma_regularizer = beta_regularizer, gamma_regularizer
        self.beta_constraint, self.gamma_constraint = beta_constraint, gamma_constraint
        self.gamma: Any = None
        self.beta: Any = None
        self.moving_mean: Any = None
        self.moving_variance: Any = None

    def build(self, input_shape: Any) -> None:
        if input_shape.ndims is None:
            raise ValueError(f"Input has undefined rank: {input_shape}")
        self.axis %= input_shape.ndims
        size = [channel_count(input_shape, self.axis)]
        kind = dtypes.float32 if self.dtype in (dtypes.float16, dtypes.bfloat16) else self.dtype
        if self.fused is None:
            self.fused = input_shape.ndims == 4 and self.axis in (1, 3)
        if self.scale:
            self.gamma = self.add_weight(
                "gamma",
                size,
                kind,
                self.gamma_initializer,
                self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if self.center:
            self.beta = self.add_weight(
                "beta",
                size,
                kind,
                self.beta_initializer,
                self.beta_regularizer,
                constraint=self.beta_constraint,
            )
        self.moving_mean = self.add_weight(
            "moving_mean", size, kind, self.moving_mean_initializer, trainable=False
        )
        self.moving_variance = self.add_weight(
            "moving_variance", size, kind, self.moving_variance_initializer, trainable=False
        )

    def call(self, inputs: Any, training: Any = False, **kwargs: Any) -> Any:
        normalize = self._fused if self.fused else self._unfused
        outputs, mean, variance = normalize(inputs, training)
        is_training = constant_predicate(training)
        if is_training is not False:
            share = convert(1.0 - self.momentum, None, "decay")
            if is_training is None:
                share = cond(training, lambda: share, lambda: constant(0.0, share.dtype))
            self.add_update(
                [
                    self._moved(self.moving_mean, mean, share),
                    self._moved(self.moving_variance, variance, share),
                ]
            )
        return outputs

    def _fused(self, inputs: Any, training: Any) -> tuple[Any, Any, Any]:
        """Outputs, mean and variance by the op that does all at once."""
        size = self.moving_mean.shape
        gamma = self.gamma if self.scale else constant(1.0, self.moving_mean.dtype, size)
        beta = self.beta if self.center else constant(0.0, self.moving_mean.dtype, size)

        def run(**moments: Any) -> Any:
            return normalization.fused_batch_norm(
                inputs,
                gamma,
                beta,
                epsilon=self.epsilon,
                is_training=not moments,
                data_format="NCHW" if self.axis == 1 else "NHWC",
                **moments,
            )

        moving = {"mean": self.moving_mean, "variance": self.moving_variance}
        found: tuple[Any, Any, Any] = smart_cond(training, run, lambda: run(**moving))
        return found

    def _unfused(self, inputs: Any, training: Any) -> tuple[Any, Any, Any]:
        axes = [a for a in range(inputs.shape.ndims) if a != self.axis]
        mean, variance = smart_cond(
            training,
            lambda: tuple(normalization.moments(inputs, axes)),
            lambda: (convert(self.moving_mean), convert(self.moving_variance)),
        )
        of_mean, of_variance, beta, gamma = (
            self._broadcast(part, inputs) for part in (mean, variance, self.beta, self.gamma)
        )
        outputs = normalization.batch_normalization(
            inputs, of_mean, of_variance, beta, gamma, self.epsilon
        )
        outputs.set_shape(inputs.shape)
        return outputs, mean, variance

    def _moved(self, variable: Any, value: Any, decay: Any) -> Any:
        """variable -= (variable - value) * decay."""
        with name_scope("AssignMovingAvg") as scope, get_default_graph().colocate_with(variable):
            delta = (variable - cast(value, variable.dtype)) * cast(decay, variable.dtype)
            return variable.assign_sub(delta, name=scope)

    def _broadcast(self, part: Any, inputs: Any) -> Any:
        """A vector shaped to stand along the layer's axis."""
        if part is None or self.axis == inputs.shape.ndims - 1:
            return part
        form = [1] * inputs.shape.ndims
        form[self.axis] = -1
        return reshape(part, form)


def batch_normalization(
    inputs: Any,
    axis: int = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = None,
    gamma_initializer: Any = None,
    moving_mean_initializer: Any = None,
    moving_variance_initializer: Any = None,
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
    **kwargs: Any,
) -> Any:
    """`BatchNormalization(...)(inputs, training)`."""
    layer = BatchNormalization(
        axis,
        momentum,
        epsilon,
        center,
        scale,
        beta_initializer,
        gamma_initializer,
        moving_mean_initializer,
        moving_variance_initializer,
        beta_regularizer,
        gamma_regularizer,
        beta_constraint,
        gamma_constraint,
        trainable=trainable,
        name=name,
        _reuse=reuse,
        **kwargs,
    )
    return layer(inputs, training=training)
