"""Cells made of cells: stacked, with dropout, with a residual connection, on a device."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend import nest
from flowc.frontend.aliases import DTypeLike
from flowc.frontend.control_flow.tensor_array import TensorArray
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.activations import dropout
from flowc.frontend.functions.mathematics import floor
from flowc.frontend.functions.random import random_uniform
from flowc.frontend.rnn.cell import (
    LSTMStateTuple,
    RNNCell,
    as_sizes,
    concat_last,
    require_cell,
)
from flowc.frontend.scopes import device, name_scope
from flowc.frontend.variables.scope import variable_scope

_logger = logging.getLogger("flowc")


class MultiRNNCell(RNNCell):
    """Cells one upon the other: each takes the output of the one before.

    The state is the tuple of their states, or these side by side. Raises ValueError without cells,
    and where a state is a tuple but must not be; TypeError where `cells` is no list.
    """

    def __init__(self, cells: Sequence[Any], state_is_tuple: bool = True) -> None:
        super().__init__()
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not nest.is_nested(cells):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}.")
        if len({id(cell) for cell in cells}) < len(cells):
            _logger.warning("Two cells of a MultiRNNCell are one object and will share weights.")
        self._cells = cells
        self._state_is_tuple = state_is_tuple
        if not state_is_tuple and any(nest.is_nested(cell.state_size) for cell in cells):
            sizes = [cell.state_size for cell in cells]
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is "
                f"not set.  State sizes are: {sizes}"
            )

    @property
    def state_size(self) -> Any:
        """The cells' sizes as a tuple, or their sum."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """The output size of the last cell."""
        return self._cells[-1].output_size

    def zero_state(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """Zeros for every cell."""
        if not self._state_is_tuple:
            return super().zero_state(batch_size, dtype)
        with name_scope(type(self).__name__ + "ZeroState", None, [batch_size]):
            return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    @property
    def trainable_variables(self) -> list[Any]:
        """The cells' variables that training changes."""
        if not self.trainable:
            return []
        return [v for cell in self._cells for v in getattr(cell, "trainable_variables", [])]

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The cells' other variables."""
        trained = {id(v) for v in self.trainable_variables}
        every = [v for cell in self._cells for v in getattr(cell, "variables", [])]
        return [v for v in every if id(v) not in trained]

    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        if self._state_is_tuple and not nest.is_nested(state):
            raise ValueError(
                f"Expected state to be a tuple of length {len(self._cells)}, but received: {state}"
            )
        states = state if self._state_is_tuple else self._parts(state)
        following = []
        for number, (cell, old) in enumerate(zip(self._cells, states, strict=True)):
            with variable_scope(f"cell_{number}"):
                inputs, new = cell(inputs, old)
            following.append(new)
        return inputs, tuple(following) if self._state_is_tuple else concat_last(following)

    def _parts(self, state: Any) -> list[Any]:
        """The states of the cells, which stand side by side."""
        found, start = [], 0
        for cell in self._cells:
            found.append(state[:, start : start + cell.state_size])
            start += cell.state_size
        return found


class _Wrapper(RNNCell):
    """A cell around another, with that one's sizes; it adds no variable scope of its own."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        require_cell("cell", cell)
        self.cell = cell

    @property
    def wrapped_cell(self) -> Any:
        """The cell inside."""
        return self.cell

    @property
    def state_size(self) -> Any:
        """The state size of the cell inside."""
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        """The output size of the cell inside."""
        return self.cell.output_size

    @property
    def trainable_variables(self) -> list[Any]:
        """The variables of the cell inside that training changes."""
        return list(self.cell.trainable_variables)

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The other variables of the cell inside."""
        return list(self.cell.non_trainable_variables)

    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables

    def zero_state(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """The zero state of the cell inside."""
        with name_scope(type(self).__name__ + "ZeroState", None, [batch_size]):
            return self.cell.zero_state(batch_size, dtype)


class DropoutWrapper(_Wrapper):
    """Dropout of inputs, outputs and states, each with the probability of keeping an element.

    With `variational_recurrent`, one mask serves all steps: that needs `dtype`, and `input_size`
    where inputs are dropped. `dropout_state_filter_visitor(state)` tells which parts of the state
    are dropped; by default not the `c` of an LSTM, nor TensorArrays. Raises ValueError for
    probabilities that are none.
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: DTypeLike | None = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(cell)
        keep = {"input": input_keep_prob, "state": state_keep_prob, "output": output_keep_prob}
        self._keep = {what: _probability(what, p) for what, p in keep.items()}
        self._seed = seed
        self._filter = dropout_state_filter_visitor or _default_filter
        self._noise: dict[str, list[Any]] | None = None
        if variational_recurrent:
            if dtype is None:
                raise ValueError("When variational_recurrent=True, dtype must be provided")
            self._noise = self._fixed_noise(input_size, dtype)

    def _fixed_noise(self, input_size: Any, dtype: DTypeLike) -> dict[str, list[Any]]:
        sizes = {"state": self.cell.state_size, "output": self.cell.output_size}
        if _drops(self._keep["input"]):
            if input_size is None:
                raise ValueError(
                    "When variational_recurrent=True and input_keep_prob < 1.0 or is "
                    "unknown, input_size must be provided"
                )
            sizes["input"] = input_size
        return {
            what: [
                random_uniform([1, *as_sizes(size)], dtype=dtype, seed=self._seed_of(what, index))
                for index, size in enumerate(nest.flatten(structure))
            ]
            for what, structure in sizes.items()
        }

    def _seed_of(self, what: str, index: int) -> int | None:
        """TensorFlow's seed for one of several dropouts: a digest of the seed and its name."""
        if self._seed is None:
            return None
        digest = hashlib.md5(f"{self._seed}{what}_{index}".encode()).hexdigest()
        return int(digest[:8], 16) & 0x7FFFFFFF

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        inputs = self._dropped("input", inputs)
        output, new_state = self.cell(inputs, state, **({} if scope is None else {"scope": scope}))
        return self._dropped("output", output), self._dropped("state", new_state)

    def _dropped(self, what: str, values: Any) -> Any:
        keep = self._keep[what]
        if not _drops(keep):
            return values
        leaves = nest.flatten(values)
        wanted = nest.flatten(self._wanted(values)) if what == "state" else [True] * len(leaves)
        results = [
            self._dropped_leaf(what, index, leaf, keep) if drop else leaf
            for index, (leaf, drop) in enumerate(zip(leaves, wanted, strict=True))
        ]
        return nest.pack_sequence_as(values, results)

    def _wanted(self, state: Any) -> Any:
        """For every leaf of a state, whether it is to be dropped."""
        found = self._filter(state)
        if not nest.is_nested(state):
            return found
        if isinstance(found, bool):
            if not found:
                return nest.map_structure(lambda _: False, state)
            return [self._wanted(part) for part in nest.children(state)]
        pairs = zip(nest.children(found), nest.children(state), strict=True)
        return [
            self._wanted(p) if f is True else nest.map_structure(lambda _: False, p)
            for f, p in pairs
        ]

    def _dropped_leaf(self, what: str, index: int, value: Any, keep: Any) -> Any:
        if self._noise is None:
            return dropout(value, keep_prob=keep, seed=self._seed_of(what, index))
        mask = floor(convert(keep, value.dtype) + self._noise[what][index])
        result = value / keep * mask
        result.set_shape(value.shape)
        return result


def _default_filter(state: Any) -> Any:
    if isinstance(state, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not isinstance(state, TensorArray)


def _probability(what: str, value: Any) -> Any:
    """A probability of keeping, as a float where it is known. Raises ValueError."""
    tensor = convert(value, None) if not isinstance(value, int | float) else constant(float(value))
    known = tensor.constant_value()
    if known is None:
        return value
    if not 0 <= float(known) <= 1:
        raise ValueError(f"Parameter {what}_keep_prob must be between 0 and 1: {float(known)}")
    return float(known)


def _drops(keep: Any) -> bool:
    return not isinstance(keep, float) or keep < 1


class ResidualWrapper(_Wrapper):
    """Adds the inputs to the outputs, or applies `residual_fn(inputs, outputs)`."""

    def __init__(self, cell: Any, residual_fn: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(cell)
        self._residual_fn = residual_fn or _add

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        outputs, new_state = self.cell(inputs, state, **({} if scope is None else {"scope": scope}))
        result = self._residual_fn(inputs, outputs)
        nest.assert_same_structure(outputs, result)
        return result, new_state


def _add(inputs: Any, outputs: Any) -> Any:
    def add_pair(inp: Any, out: Any) -> Any:
        inp.shape.assert_is_compatible_with(out.shape)
        return inp + out

    nest.assert_same_structure(inputs, outputs)
    return nest.map_structure(add_pair, inputs, outputs)


class DeviceWrapper(_Wrapper):
    """Puts a cell's operations on a device."""

    def __init__(self, cell: Any, device: Any) -> None:
        super().__init__(cell)
        self._device = device

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        with device(self._device):
            return self.cell(inputs, state, **({} if scope is None else {"scope": scope}))

    def zero_state(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """The zero state, on the device."""
        with device(self._device):
            return super().zero_state(batch_size, dtype)
