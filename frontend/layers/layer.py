"""`Layer`: variables made at the first call, under a variable scope of the layer's name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flowc.frontend.aliases import DTypeLike, ShapeLike, TensorLike
from flowc.frontend.collections import GraphKeys
from flowc.frontend.conversion import convert
from flowc.frontend.shapes import as_shape
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import VariableScope, get_variable, variable_scope
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype


class Layer:
    """Base of all layers: a subclass defines `build(input_shape)` and `call(inputs)`.

    A layer without a name is named after its class: `dense`, `dense_1`.
    """

    def __init__(
        self,
        trainable: bool = True,
        name: str | None = None,
        dtype: DTypeLike | None = None,
        _reuse: Any = None,
        _scope: Any = None,
        activity_regularizer: Any = None,
    ) -> None:
        self.trainable = trainable
        self.built = False
        self.dtype = None if dtype is None else as_dtype(dtype)
        self.activity_regularizer = activity_regularizer
        self._given_name = name
        self._scope_name: Any = name if _scope is None else _scope
        self._reuse = _reuse
        self._scope: VariableScope | None = None
        self._variables: list[Any] = []
        self._trainable_variables: list[Any] = []
        self._losses: list[Any] = []
        self._updates: list[Any] = []

    @property
    def name(self) -> str:
        """The layer's name."""
        if self._scope is not None:
            return self._scope.name.split("/")[-1]
        return self._given_name or self._default_name()

    @property
    def scope_name(self) -> str:
        """The name of the layer's variable scope. Raises ValueError before the first call."""
        if self._scope is None:
            raise ValueError(
                'No name available for layer scope because the layer "'
                f'{self.name}" has not been used yet.'
            )
        return self._scope.name

    def _default_name(self) -> str:
        words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", type(self).__name__)
        return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()

    @property
    def variables(self) -> list[Any]:
        """All variables, the trainable ones first."""
        return self.trainable_variables + self.non_trainable_variables

    weights = variables

    @property
    def trainable_variables(self) -> list[Any]:
        """The variables that training changes; none where the layer is not trainable."""
        return list(self._trainable_variables) if self.trainable else []

    trainable_weights = trainable_variables

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The other variables."""
        trained = set(self.trainable_variables)
        return [v for v in self._variables if v not in trained]

    non_trainable_weights = non_trainable_variables

    @property
    def losses(self) -> list[Any]:
        """The losses of regularizers."""
        return list(self._losses)

    @property
    def updates(self) -> list[Any]:
        """The operations that a training step must run beside the optimizer's."""
        return list(self._updates)

    def get_weights(self) -> list[Any]:
        """The variables' values in the default session."""
        return [v.eval() for v in self.variables]

    def add_weight(
        self,
        name: str,
        shape: ShapeLike,
        dtype: DTypeLike | None = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool = True,
        constraint: Any = None,
    ) -> Any:
        """A variable of the layer, made or shared as the variable scope says."""
        graph = get_default_graph()
        before = len(graph.get_collection(GraphKeys.REGULARIZATION_LOSSES))
        variable = get_variable(
            name,
            shape=shape,
            dtype=dtype or self.dtype or dtypes.float32,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable and self.trainable,
            constraint=constraint,
        )
        self._losses += graph.get_collection(GraphKeys.REGULARIZATION_LOSSES)[before:]
        self._variables.append(variable)
        if trainable:
            self._trainable_variables.append(variable)
        return variable

    add_variable = add_weight

    def add_update(self, updates: TensorLike, inputs: Any = None) -> None:
        """Collect operations for training steps to run."""
        graph = get_default_graph()
        for update in updates if isinstance(updates, list | tuple) else [updates]:
            self._updates.append(update)
            graph.add_to_collection(GraphKeys.UPDATE_OPS, update)

    def add_loss(self, losses: TensorLike, inputs: Any = None) -> None:
        """Collect losses of regularizers."""
        graph = get_default_graph()
        for loss in losses if isinstance(losses, list | tuple) else [losses]:
            self._losses.append(loss)
            graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)

    def build(self, input_shape: ShapeLike) -> None:
        """Make the variables for inputs of this shape."""
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The layer's output."""
        raise NotImplementedError

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(inputs, list | tuple):
            inputs = convert(inputs)
        self._open_scope(kwargs.pop("scope", None))
        assert self._scope is not None
        reuse = True if self.built else self._reuse
        with (
            variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as scope,
            get_default_graph().name_scope(scope.original_name_scope),
        ):
            if not self.built:
                self._build(inputs)
            outputs = self.call(inputs, *args, **kwargs)
            if self.activity_regularizer is not None:
                self.add_loss(self.activity_regularizer(outputs))
            return outputs

    apply = __call__

    def _open_scope(self, given: Any) -> None:
        if self._scope is not None:
            return
        self._scope_name = self._scope_name if given is None else given
        if self._reuse:
            name = self._scope_name or self._default_name()
            with variable_scope(name) as scope:
                self._scope = scope
            return
        with variable_scope(self._scope_name, default_name=self._default_name()) as scope:
            self._scope = scope

    def _build(self, inputs: Any) -> None:
        first = inputs[0] if isinstance(inputs, list | tuple) else inputs
        if self.dtype is None:
            self.dtype = first.dtype
        self.build(first.shape)
        self.built = True


def channel_count(shape: ShapeLike, axis: int) -> int:
    """The size of the channels. Raises ValueError where it is not known."""
    size = as_shape(shape)[axis].value
    if size is None:
        raise ValueError("The channel dimension of the inputs should be defined. Found `None`.")
    return size


def activation_of(activation: Any) -> Callable[[Any], Any] | None:
    """An activation function, or one of `tf.nn` by its name."""
    if isinstance(activation, str):
        from flowc.frontend.api import nn

        found: Callable[[Any], Any] | None = None
        if activation != "linear":
            found = getattr(nn, activation)
        return found
    chosen: Callable[[Any], Any] | None = activation
    return chosen
