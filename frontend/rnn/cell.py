"""`RNNCell`: what computes one step of a recurrent network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flowc.frontend import nest
from flowc.frontend.aliases import DTypeLike, TensorLike
from flowc.frontend.conversion import constant, convert, is_tensor
from flowc.frontend.functions.filling import zeros
from flowc.frontend.functions.shaping import concat
from flowc.frontend.layers.layer import Layer
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import Dimension, TensorShape, as_shape
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import get_variable_scope, variable_scope


class LSTMStateTuple(NamedTuple):
    """The state of an LSTM: the cell `c` and the output `h`, both `[batch, units]`."""

    c: Any
    h: Any

    @property
    def dtype(self) -> Any:
        """The common dtype. Raises TypeError where there is none."""
        if self.c.dtype is not self.h.dtype:
            raise TypeError(f"Inconsistent internal state: {self.c.dtype} vs {self.h.dtype}")
        return self.c.dtype


class RNNCell(Layer):
    """A layer `output, next_state = cell(inputs, state)`.

    A subclass defines `state_size` and `output_size` (ints, shapes, or structures of them: sizes
    per element of the batch) and `call(inputs, state)`, and may make its variables in `build` or
    with `tf.get_variable` in `call`.
    """

    @property
    def state_size(self) -> Any:
        """The sizes of the state."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """The sizes of the output."""
        raise NotImplementedError("Abstract method")

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        with variable_scope(get_variable_scope(), custom_getter=self._tracking):
            return super().__call__(inputs, state, scope=scope)

    def _tracking(self, getter: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep the variables that `call` makes by `tf.get_variable`."""
        variable = getter(*args, **kwargs)
        is_known = any(variable is known for known in self._variables)
        if not is_known and self.built:  # before that, `add_weight` does
            self._variables.append(variable)
            if kwargs.get("trainable") is not False:
                self._trainable_variables.append(variable)
        return variable

    def zero_state(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """Zeros in the structure of `state_size`, of shape `[batch_size, ...]`."""
        with name_scope(type(self).__name__ + "ZeroState", None, [batch_size]):
            return nest.map_structure(
                lambda size: zeros_of(batch_size, size, dtype), self.state_size
            )

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: DTypeLike | None = None
    ) -> Any:
        """`zero_state` for the batch and the dtype of `inputs`, or those given.

        Raises ValueError where neither is.
        """
        if inputs is not None:
            inputs = convert(inputs)
            batch_size, dtype = batch_of(inputs, 0), inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError("batch_size and dtype must be specified to create the initial state")
        return self.zero_state(batch_size, dtype)


def batch_of(tensor: Any, axis: int) -> Any:
    """The size of an axis: an int where it is known, else an int32 scalar."""
    if tensor.shape.ndims is not None and tensor.shape.as_list()[axis] is not None:
        return tensor.shape.as_list()[axis]
    return get_default_graph().build("Shape", tensor)[axis]


def zeros_of(batch_size: Any, size: TensorLike, dtype: DTypeLike) -> Any:
    """Zeros of shape `[batch_size, *size]` for an int, a shape or a tensor `size`."""
    inner = as_sizes(size)
    if not is_tensor(batch_size):
        return zeros([int(batch_size), *inner], dtype)
    front = convert(batch_size)
    if front.shape.ndims == 0:
        front = get_default_graph().build("ExpandDims", front, 0)
    result = zeros(concat([front, constant(inner, front.dtype)], 0), dtype)
    static = front.constant_value()
    result.set_shape([None if static is None else int(static[0]), *inner])
    return result


def as_sizes(size: Any) -> list[int]:
    """An int or a fully known shape as a list of sizes. Raises ValueError for unknown ones."""
    if isinstance(size, TensorShape | list | tuple):
        sizes = as_shape(size).as_list()
    else:
        sizes = [size.value if isinstance(size, Dimension) else int(size)]
    known = [n for n in sizes if n is not None]
    if len(known) < len(sizes):
        raise ValueError(f"The sizes of states and outputs must be known, not {size}.")
    return known


def require_cell(name: str, cell: Any) -> None:
    """Raise TypeError for what cannot be called as a cell."""
    lacks = [
        f"'{attribute}' property is missing"
        for attribute in ("output_size", "state_size")
        if not hasattr(type(cell), attribute) and not hasattr(cell, attribute)
    ]
    if not hasattr(cell, "zero_state") and not hasattr(cell, "get_initial_state"):
        lacks.append("either 'zero_state' or 'get_initial_state' method is required")
    if not callable(cell):
        lacks.append("is not callable")
    if lacks:
        raise TypeError(f"The argument {name!r} ({cell}) is not an RNNCell: {', '.join(lacks)}.")


def infer_dtype(dtype: DTypeLike, state: Any) -> Any:
    """The dtype of the outputs: the given one, else that of the state. Raises ValueError."""
    if dtype is not None:
        return dtype
    found = [leaf.dtype for leaf in nest.flatten(state)]
    if not found:
        raise ValueError("Unable to infer dtype from empty state.")
    if any(kind is not found[0] for kind in found):
        raise ValueError(
            "State has tensors of different inferred_dtypes. Unable to infer a single "
            "representative dtype."
        )
    return found[0]


def concat_last(tensors: Sequence[Any]) -> Any:
    """Matrices side by side."""
    return concat(list(tensors), 1)
