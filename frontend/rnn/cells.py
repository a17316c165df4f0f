"""The cells: basic, gated, and long short-term memory.

Sources: Elman (1990); Cho et al. (2014), arXiv:1406.1078; Hochreiter and Schmidhuber (1997) with
the forget gate of Gers et al. (1999) and the peepholes and projection of Sak et al. (2014),
arXiv:1402.1128.
"""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.functions.activations import bias_add
from flowc.frontend.functions.mathematics import matmul, sigmoid, tanh
from flowc.frontend.functions.selection import clip_by_value
from flowc.frontend.functions.shaping import split
from flowc.frontend.initializers import Constant, Zeros
from flowc.frontend.layers.layer import activation_of
from flowc.frontend.rnn.cell import LSTMStateTuple, RNNCell, concat_last

_WEIGHTS, _BIAS = "kernel", "bias"


class LayerRNNCell(RNNCell):
    """A cell that makes its variables in `build`."""

    def __init__(
        self,
        num_units: int,
        activation: Any,
        reuse: bool | None,
        name: str | None,
        dtype: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, _reuse=reuse, **kwargs)
        self._num_units = num_units
        self._activation: Any = activation_of(activation) or tanh

    @property
    def state_size(self) -> Any:
        """The number of units."""
        return self._num_units

    @property
    def output_size(self) -> int:
        """The number of units."""
        return self._num_units

    def _depth(self, inputs_shape: Any) -> int:
        depth = inputs_shape[-1].value if inputs_shape.ndims else None
        if depth is None:
            raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {inputs_shape}")
        return int(depth)


def _affine(inputs: Any, state: Any, kernel: Any, bias: Any) -> Any:
    """`[inputs, state] @ kernel + bias`, of shape `[batch, units]`."""
    return bias_add(matmul(concat_last([inputs, state]), kernel), bias)


class BasicRNNCell(LayerRNNCell):
    """`output = next_state = activation([inputs, state] @ kernel + bias)`."""

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._kernel: Any = None
        self._bias: Any = None

    def build(self, inputs_shape: Any) -> None:
        rows = self._depth(inputs_shape) + self._num_units
        self._kernel = self.add_weight(_WEIGHTS, [rows, self._num_units])
        self._bias = self.add_weight(_BIAS, [self._num_units], initializer=Zeros())

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output = self._activation(_affine(inputs, state, self._kernel, self._bias))
        return output, output


class GRUCell(LayerRNNCell):
    """A gated recurrent unit: a reset gate, an update gate and a candidate state."""

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: bool | None = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._kernel_initializer, self._bias_initializer = kernel_initializer, bias_initializer
        self._gates: tuple[Any, Any] = (None, None)
        self._candidate: tuple[Any, Any] = (None, None)

    def build(self, inputs_shape: Any) -> None:
        rows, units = self._depth(inputs_shape) + self._num_units, self._num_units
        self._gates = self._weights("gates", rows, 2 * units, Constant(1.0))
        self._candidate = self._weights("candidate", rows, units, Zeros())

    def _weights(self, name: str, rows: int, columns: int, bias: Any) -> tuple[Any, Any]:
        return (
            self.add_weight(f"{name}/{_WEIGHTS}", [rows, columns], None, self._kernel_initializer),
            self.add_weight(f"{name}/{_BIAS}", [columns], None, self._bias_initializer or bias),
        )

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        gates = sigmoid(_affine(inputs, state, *self._gates))
        reset, update = split(gates, num_or_size_splits=2, axis=1)
        candidate = self._activation(_affine(inputs, reset * state, *self._candidate))
        output = update * state + (1 - update) * candidate
        return output, output


class BasicLSTMCell(LayerRNNCell):
    """Long short-term memory with a bias on the forget gate."""

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._kernel: Any = None
        self._bias: Any = None

    @property
    def state_size(self) -> Any:
        """The sizes of c and h, or their sum where the state is no tuple."""
        units = self._num_units
        return LSTMStateTuple(units, units) if self._state_is_tuple else 2 * units

    def build(self, inputs_shape: Any) -> None:
        rows = self._depth(inputs_shape) + self._num_units
        self._kernel = self.add_weight(_WEIGHTS, [rows, 4 * self._num_units])
        self._bias = self.add_weight(_BIAS, [4 * self._num_units], initializer=Zeros())

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state if self._state_is_tuple else split(state, num_or_size_splits=2, axis=1)
        gates = _affine(inputs, h, self._kernel, self._bias)
        i, j, f, o = split(gates, num_or_size_splits=4, axis=1)
        new_c = c * sigmoid(f + self._forget_bias) + sigmoid(i) * self._activation(j)
        new_h = self._activation(new_c) * sigmoid(o)
        new_state = (
            LSTMStateTuple(new_c, new_h) if self._state_is_tuple else (concat_last([new_c, new_h]))
        )
        return new_h, new_state


class LSTMCell(LayerRNNCell):
    """Long short-term memory with peepholes, clipping and a projection, each if asked for."""

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._use_peepholes = use_peepholes
        self._cell_clip, self._proj_clip = cell_clip, proj_clip
        self._initializer = initializer
        self._num_proj = num_proj
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._kernel: Any = None
        self._bias: Any = None
        self._peepholes: list[Any] = [None] * 3
        self._projection: Any = None

    @property
    def state_size(self) -> Any:
        """The sizes of c and h, or their sum where the state is no tuple."""
        c, h = self._num_units, self.output_size
        return LSTMStateTuple(c, h) if self._state_is_tuple else c + h

    @property
    def output_size(self) -> int:
        """The number of units after projection."""
        return self._num_proj or self._num_units

    def build(self, inputs_shape: Any) -> None:
        units, first = self._num_units, self._initializer
        rows = self._depth(inputs_shape) + self.output_size
        self._kernel = self.add_weight(_WEIGHTS, [rows, 4 * units], None, first)
        self._bias = self.add_weight(_BIAS, [4 * units], initializer=Zeros())
        if self._use_peepholes:
            self._peepholes = [
                self.add_weight(f"w_{gate}_diag", [units], None, first) for gate in "fio"
            ]
        if self._num_proj is not None:
            shape = [units, self._num_proj]
            self._projection = self.add_weight(f"projection/{_WEIGHTS}", shape, None, first)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        units = self._num_units
        c, h = state if self._state_is_tuple else (state[:, :units], state[:, units:])
        gates = _affine(inputs, h, self._kernel, self._bias)
        i, j, f, o = split(gates, num_or_size_splits=4, axis=1)
        of_f, of_i, of_o = self._peepholes
        forget = sigmoid(_peeped(f + self._forget_bias, of_f, c))
        new_c = forget * c + sigmoid(_peeped(i, of_i, c)) * self._activation(j)
        new_c = _clipped(new_c, self._cell_clip)
        new_h = sigmoid(_peeped(o, of_o, new_c)) * self._activation(new_c)
        if self._projection is not None:
            new_h = _clipped(matmul(new_h, self._projection), self._proj_clip)
        new_state = (
            LSTMStateTuple(new_c, new_h) if self._state_is_tuple else (concat_last([new_c, new_h]))
        )
        return new_h, new_state


def _peeped(gate: Any, weights: TensorLike, c: Any) -> Any:
    return gate if weights is None else gate + weights * c


def _clipped(value: Any, limit: float | None) -> Any:
    return value if limit is None else clip_by_value(value, -limit, limit)
