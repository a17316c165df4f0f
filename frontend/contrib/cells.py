"""`contrib.rnn`: cells around cells, and a normalised LSTM."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flowc.frontend import nest
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant
from flowc.frontend.functions import activations
from flowc.frontend.functions.embedding import embedding_lookup
from flowc.frontend.functions.mathematics import matmul, sigmoid, tanh
from flowc.frontend.functions.normalization import moments
from flowc.frontend.functions.shaping import concat, reshape, split
from flowc.frontend.initializers import Constant, RandomUniform
from flowc.frontend.rnn.cell import LSTMStateTuple, RNNCell
from flowc.frontend.variables.scope import get_variable, get_variable_scope, variable_scope


def linear(
    args: Any,
    output_size: int,
    bias: bool = True,
    bias_initializer: Any = None,
    kernel_initializer: Any = None,
) -> Any:
    """The product of matrices side by side with `kernel`, plus `bias`, of the current scope.

    `args` is a matrix [batch, n] or a list of them, of known widths; the result is [batch,
    output_size]. Raises ValueError for other ranks and unknown widths.
    """
    parts = list(nest.flatten(args))
    if not parts:
        raise ValueError("`args` must be specified")
    for part in parts:
        if part.shape.ndims != 2 or part.shape[1].value is None:
            raise ValueError(f"linear is expecting matrices of known width, not {part.shape}")
    width, dtype = sum(part.shape[1].value for part in parts), parts[0].dtype.base_dtype
    kernel = get_variable("kernel", [width, output_size], dtype, kernel_initializer)
    product = matmul(parts[0] if len(parts) == 1 else concat(parts, 1), kernel)
    if not bias:
        return product
    initializer = bias_initializer or Constant(0.0, dtype)
    return activations.bias_add(product, get_variable("bias", [output_size], dtype, initializer))


class _Wrapper(RNNCell):
    """A cell that does something before or behind another."""

    def __init__(self, cell: RNNCell, reuse: bool | None) -> None:
        super().__init__(_reuse=reuse)
        self._cell = cell

    @property
    def state_size(self) -> Any:
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        return self._cell.zero_state(batch_size, dtype)


class EmbeddingWrapper(_Wrapper):
    """A cell whose inputs are numbers of rows of a trained table."""

    def __init__(
        self,
        cell: RNNCell,
        embedding_classes: int,
        embedding_size: int,
        initializer: Any = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(cell, reuse)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                "Both embedding_classes and embedding_size must be > 0: "
                f"{embedding_classes}, {embedding_size}."
            )
        self._shape = [embedding_classes, embedding_size]
        self._initializer = initializer

    def call(self, inputs: Any, state: Any) -> Any:
        """The cell's output and state for the rows of the table at `inputs`, ints [batch]."""
        limit = math.sqrt(3)  # a uniform number in [-limit, limit) has variance 1
        initializer = self._initializer or get_variable_scope().initializer
        table = get_variable(
            "embedding",
            self._shape,
            nest.flatten(state)[0].dtype.base_dtype,
            initializer or RandomUniform(-limit, limit),
        )
        return self._cell(embedding_lookup(table, reshape(inputs, [-1])), state)


class InputProjectionWrapper(_Wrapper):
    """A cell whose inputs go through a matrix of weights first."""

    def __init__(
        self,
        cell: RNNCell,
        num_proj: int,
        activation: Any = None,
        input_size: Any = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(cell, reuse)
        self._count, self._activation = num_proj, activation

    def call(self, inputs: Any, state: Any) -> Any:
        """The cell's output and state for the projected inputs."""
        projected = linear(inputs, self._count)
        return self._cell(self._activation(projected) if self._activation else projected, state)


class OutputProjectionWrapper(_Wrapper):
    """A cell whose outputs go through a matrix of weights. Raises ValueError for no outputs."""

    def __init__(
        self, cell: RNNCell, output_size: int, activation: Any = None, reuse: bool | None = None
    ) -> None:
        super().__init__(cell, reuse)
        if output_size < 1:
            raise ValueError(f"Parameter output_size must be > 0: {output_size}.")
        self._count, self._activation = output_size, activation

    @property
    def output_size(self) -> Any:
        return self._count

    def call(self, inputs: Any, state: Any) -> Any:
        """The projected output and the cell's state."""
        output, state = self._cell(inputs, state)
        projected = linear(output, self._count)
        return self._activation(projected) if self._activation else projected, state


class LayerNormBasicLSTMCell(RNNCell):
    """An LSTM with layer normalisation (Ba et al. 2016) and dropout of what is new (Semeniuta)."""

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Any = tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._units, self._activation, self._forget = num_units, activation, forget_bias
        self._layer_norm, self._gain, self._shift = layer_norm, norm_gain, norm_shift
        self._keep, self._seed = dropout_keep_prob, dropout_prob_seed

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._units, self._units)

    @property
    def output_size(self) -> Any:
        return self._units

    def _norm(self, inputs: Any, scope: str, dtype: Any) -> Any:
        width = inputs.shape[-1:]
        with variable_scope(scope):
            gamma = get_variable("gamma", width, dtype, Constant(self._gain))
            beta = get_variable("beta", width, dtype, Constant(self._shift))
        mean, variance = moments(inputs, [1], keep_dims=True)
        scaled = (inputs - mean) * build("Rsqrt", variance + constant(1e-12, dtype))
        return scaled * gamma + beta

    def call(self, inputs: Any, state: Any) -> Any:
        """The output [batch, units] and the next state, a pair of such."""
        cell, hidden = state
        dtype = inputs.dtype.base_dtype
        all_ = concat([inputs, hidden], 1)
        kernel = get_variable("kernel", [all_.shape[-1].value, 4 * self._units], dtype)
        summed = matmul(all_, kernel)
        if not self._layer_norm:
            bias = get_variable("bias", [4 * self._units], dtype, Constant(0.0))
            summed = activations.bias_add(summed, bias)
        gates = split(summed, 4, 1)
        if self._layer_norm:
            names = ("input", "transform", "forget", "output")
            gates = [self._norm(g, name, dtype) for g, name in zip(gates, names, strict=True)]
        i, j, f, o = gates
        new = self._activation(j)
        if not isinstance(self._keep, float) or self._keep < 1:
            new = activations.dropout(new, self._keep, seed=self._seed)
        cell = cell * sigmoid(f + self._forget) + sigmoid(i) * new
        if self._layer_norm:
            cell = self._norm(cell, "state", dtype)
        output = self._activation(cell) * sigmoid(o)
        return output, LSTMStateTuple(cell, output)


def stacked(cells_fw: Sequence[RNNCell], cells_bw: Sequence[RNNCell]) -> None:
    """Raise ValueError unless there are as many cells in each direction, and some."""
    if not isinstance(cells_fw, list) or not isinstance(cells_bw, list):
        raise ValueError("cells_fw and cells_bw must be lists of RNNCells (one per layer).")
    if not cells_fw or len(cells_fw) != len(cells_bw):
        raise ValueError("Forward and Backward cells must have the same depth, at least one.")
