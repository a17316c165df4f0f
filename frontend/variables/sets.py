"""Sets of variables: those of a graph, and the operations that initialise or check them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.conversion import constant
from flowc.frontend.functions.control import group
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes


def _variables(key: str, scope: str | None) -> list[Any]:
    return get_default_graph().get_collection(key, scope)


def global_variables(scope: str | None = None) -> list[Any]:
    """The variables that checkpoints hold."""
    return _variables(GraphKeys.GLOBAL_VARIABLES, scope)


def all_variables() -> list[Any]:
    """The old name of `global_variables`."""
    return global_variables()


def local_variables(scope: str | None = None) -> list[Any]:
    """The variables of this process alone."""
    return _variables(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Any]:
    """The variables that inference needs, where a program collects them."""
    return _variables(GraphKeys.MODEL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Any]:
    """The variables that optimizers train."""
    return _variables(GraphKeys.TRAINABLE_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Any]:
    """The variables of which moving averages are kept."""
    return _variables(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def variables_initializer(var_list: Sequence[Any], name: str = "init") -> Any:
    """An operation that gives the variables their initial values."""
    if var_list:
        return group(*[v.initializer for v in var_list], name=name)
    return group(name=name)


def global_variables_initializer() -> Any:
    """An operation that initialises all global variables."""
    return variables_initializer(global_variables())


def local_variables_initializer() -> Any:
    """An operation that initialises all local variables."""
    return variables_initializer(local_variables())


def initialize_all_variables() -> Any:
    """The old name of `global_variables_initializer`."""
    return global_variables_initializer()


def initialize_local_variables() -> Any:
    """The old name of `local_variables_initializer`."""
    return local_variables_initializer()


def initialize_variables(var_list: Sequence[Any], name: str = "init") -> Any:
    """The old name of `variables_initializer`."""
    return variables_initializer(var_list, name)


def tables_initializer(name: str = "init_all_tables") -> Any:
    """An operation that initialises all lookup tables."""
    return group(*get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS), name=name)


def is_variable_initialized(variable: Any) -> Any:
    """A bool tensor: whether the variable has a value."""
    return variable.is_initialized()


def report_uninitialized_variables(
    var_list: Sequence[Any] | None = None, name: str = "report_uninitialized_variables"
) -> Any:
    """A string vector: the names of the variables that have no value."""
    variables = global_variables() + local_variables() if var_list is None else list(var_list)
    with name_scope(name):
        if not variables:
            return constant([], dtypes.string)
        names = np.array([v.op.name.encode() for v in variables], object)
        missing = build("LogicalNot", build("Pack", [v.is_initialized() for v in variables]))
        from flowc.frontend.slicing import boolean_mask

        return boolean_mask(constant(names, dtypes.string), missing)


def assert_variables_initialized(var_list: Sequence[Any] | None = None) -> Any:
    """A tensor that can be computed only where the variables have values."""
    variables = global_variables() + local_variables() if var_list is None else list(var_list)
    if not variables:
        return None
    if len(variables) == 1:
        return build("Identity", variables[0])
    return build("Pack", [build("Rank", v.read_value()) for v in variables])


# Assignment as functions


def assign(
    ref: Any,
    value: TensorLike,
    validate_shape: bool | None = None,
    use_locking: bool | None = None,
    name: str | None = None,
) -> Any:
    """Give `ref` a new value; the result is its value afterwards.

    The value must have the variable's shape unless `validate_shape` is False. Then the variable
    takes the value's shape, though what reads it is still known by the declared one.
    """
    if hasattr(ref, "handle"):
        return ref.update("", value, None, name, read=True, validate=validate_shape is not False)
    return build(
        "Assign", ref, value, validate_shape=validate_shape, use_locking=use_locking, name=name
    )


def assign_add(
    ref: Any, value: TensorLike, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Add `value` to `ref`; the result is its value afterwards."""
    if hasattr(ref, "handle"):
        return ref.assign_add(value, name=name)
    return build("AssignAdd", ref, value, use_locking=use_locking, name=name)


def assign_sub(
    ref: Any, value: TensorLike, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Subtract `value` from `ref`; the result is its value afterwards."""
    if hasattr(ref, "handle"):
        return ref.assign_sub(value, name=name)
    return build("AssignSub", ref, value, use_locking=use_locking, name=name)


def _scatter(op: str) -> Any:
    def scatter(
        ref: Any,
        indices: TensorLike,
        updates: Any,
        use_locking: bool | None = None,
        name: str | None = None,
    ) -> Any:
        if hasattr(ref, "handle"):
            return ref.scatter(op, indices, updates, name)
        return build(f"Scatter{op}", ref, indices, updates, use_locking=use_locking, name=name)

    scatter.__doc__ = (
        f"Scatter{op}: update the slices of `ref` at `indices`; equal indices combine."
    )
    return scatter


scatter_update, scatter_add, scatter_sub, scatter_mul, scatter_div, scatter_min, scatter_max = map(
    _scatter, ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max")
)
scatter_nd_update, scatter_nd_add, scatter_nd_sub = map(_scatter, ("NdUpdate", "NdAdd", "NdSub"))


def count_up_to(ref: Any, limit: int, name: str | None = None) -> Any:
    """Count `ref` up by one until `limit`, then raise OutOfRangeError."""
    handle = getattr(ref, "stored", None)
    if handle is not None and handle.dtype is dtypes.resource:
        return build("ResourceCountUpTo", handle, limit=limit, T=ref.dtype.base_dtype, name=name)
    return build("CountUpTo", ref, limit=limit, name=name)
