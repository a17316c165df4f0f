"""`contrib.framework`: variables of models: made, listed by scope and suffix, given values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.contrib.arg_scope import add_arg_scope
from flowc.frontend.functions.control import group
from flowc.frontend.saving.checkpoints import load_checkpoint
from flowc.frontend.saving.saver import Saver
from flowc.frontend.scopes import device as on_device
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import VariableScope, get_variable
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype

# Making


@add_arg_scope
def variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Sequence[str] | None = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: bool | None = None,
    **options: Any,
) -> Any:
    """The variable `name` of the current scope: `tf.get_variable` with collections and a device."""
    names = list(dict.fromkeys(collections or [GraphKeys.GLOBAL_VARIABLES]))
    with on_device(device or ""):
        return get_variable(
            name,
            shape=shape,
            dtype=dtypes.float32 if dtype is None else as_dtype(dtype),
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
            collections=names,
            caching_device=caching_device,
            partitioner=partitioner,
            custom_getter=custom_getter,
            use_resource=use_resource,
            **options,
        )


@add_arg_scope
def model_variable(
    name: str,
    shape: Any = None,
    dtype: Any = dtypes.float32,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Sequence[str] | None = None,
    **options: Any,
) -> Any:
    """`variable` in the collections of global and of model variables."""
    both = [*(collections or []), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]
    return variable(name, shape, dtype, initializer, regularizer, trainable, both, **options)


def local_variable(
    initial_value: Any,
    validate_shape: bool = True,
    name: str | None = None,
    use_resource: bool | None = None,
) -> Any:
    """A variable in the collection of local variables, with this value to begin with."""
    from flowc.frontend.variables.variable import Variable

    return Variable(
        initial_value,
        trainable=False,
        collections=[GraphKeys.LOCAL_VARIABLES],
        validate_shape=validate_shape,
        name=name,
        use_resource=use_resource,
    )


def add_model_variable(var: Any) -> None:
    """Put a variable into the collection of model variables, once."""
    found = get_default_graph().get_collection_ref(GraphKeys.MODEL_VARIABLES)
    if not any(var is other for other in found):
        found.append(var)


# Listing


def get_variables(
    scope: str | VariableScope | None = None,
    suffix: str | None = None,
    collection: str = GraphKeys.GLOBAL_VARIABLES,
) -> list[Any]:
    """The variables of a collection whose names begin with a scope and end with a suffix."""
    prefix = scope.name if isinstance(scope, VariableScope) else scope
    if suffix is not None:
        name = suffix if ":" in suffix else f"{suffix}:"
        prefix = f"{prefix or ''}.*{re.escape(name)}"
    return get_default_graph().get_collection(collection, prefix)


def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The model variables of a scope."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The local variables of a scope."""
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The trainable variables of a scope."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """The global variables whose names end with a suffix."""
    return get_variables(scope, suffix)


def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """The global variables whose last part of the name is this."""
    suffix = f"/{given_name}:|^{given_name}:"
    return [v for v in get_variables(scope) if re.search(suffix, v.name)]


def get_unique_variable(var_op_name: str) -> Any:
    """The one variable of this name. Raises ValueError where there is none, or are several."""
    found = [v for v in get_variables(var_op_name) if v.op.name == var_op_name]
    if len(found) != 1:
        raise ValueError(
            f"{'No variable' if not found else 'Variables'} {var_op_name} found, "
            "where one is wanted."
        )
    return found[0]


def get_variables_to_restore(
    include: Sequence[str] | None = None, exclude: Sequence[str] | None = None
) -> list[Any]:
    """The variables of some scopes (all by default) without those of others."""
    kept = [v for scope in include or [""] for v in get_variables(scope or None)]
    left = {id(v) for scope in exclude or [] for v in get_variables(scope)}
    return [v for v in dict.fromkeys(kept) if id(v) not in left]


def filter_variables(
    var_list: Sequence[Any],
    include_patterns: Sequence[str] | None = None,
    exclude_patterns: Sequence[str] | None = None,
    reg_search: bool = True,
) -> list[Any]:
    """The variables whose names fit a pattern of the first list and none of the second."""
    fits = re.search if reg_search else re.match
    kept = list(var_list)
    if include_patterns is not None:
        kept = [v for v in kept if any(fits(p, v.op.name) for p in include_patterns)]
    return [v for v in kept if not any(fits(p, v.op.name) for p in exclude_patterns or ())]


# Giving values


def assign_from_values(var_names_to_values: Mapping[str, Any]) -> tuple[Any, dict[Any, Any]]:
    """An operation and what it is to be fed, which give variables these values.

    Raises ValueError for a name that no variable has.
    """
    feeds: dict[Any, Any] = {}
    assignments = []
    for name, value in var_names_to_values.items():
        found = get_unique_variable(name)
        array = np.asarray(value)
        given = build("Placeholder", dtype=found.dtype.base_dtype, shape=array.shape)
        assignments.append(found.assign(given))
        feeds[given] = array
    return group(*assignments), feeds


def assign_from_values_fn(var_names_to_values: Mapping[str, Any]) -> Callable[[Any], None]:
    """A function of a session that gives variables these values."""
    operation, feeds = assign_from_values(var_names_to_values)
    return lambda session: session.run(operation, feeds)


def assign_from_checkpoint(
    model_path: str, var_list: Any, ignore_missing_vars: bool = False
) -> tuple[Any, dict[Any, Any]]:
    """An operation and what it is to be fed, which give variables their values of a checkpoint.

    `var_list` is a list of variables, or a dict of them by their names there. Raises ValueError
    where the checkpoint lacks one (unless that is ignored) or has it in another shape.
    """
    reader = load_checkpoint(model_path)
    feeds: dict[Any, Any] = {}
    assignments = []
    for name, var in _by_name(var_list).items():
        if not reader.has_tensor(name):
            if ignore_missing_vars:
                continue
            raise ValueError(f"Checkpoint is missing variable [{name}]")
        value = reader.get_tensor(name)
        if not var.shape.is_compatible_with(value.shape):
            raise ValueError(
                f"Total size of new array must be unchanged for {name} lh_shape: "
                f"[{value.shape}], rh_shape: [{var.shape}]"
            )
        given = build("Placeholder", dtype=var.dtype.base_dtype, shape=value.shape)
        assignments.append(var.assign(given))
        feeds[given] = value
    return group(*assignments), feeds


def assign_from_checkpoint_fn(
    model_path: str,
    var_list: Any,
    ignore_missing_vars: bool = False,
    reshape_variables: bool = False,
) -> Callable[[Any], None] | None:
    """A function of a session that restores variables; None where there is nothing to restore.

    Raises ValueError for an empty list.
    """
    wanted = _by_name(var_list)
    if not wanted:
        raise ValueError("var_list cannot be empty")
    if ignore_missing_vars:
        known = load_checkpoint(model_path).get_variable_to_shape_map()
        wanted = {name: var for name, var in wanted.items() if name in known}
    if not wanted:
        return None
    saver = Saver(wanted, reshape=reshape_variables)
    return lambda session: saver.restore(session, model_path)


def _by_name(var_list: Any) -> dict[str, Any]:
    if isinstance(var_list, Mapping):
        return {name: v[0] if isinstance(v, list) else v for name, v in var_list.items()}
    return {v.op.name: v for v in var_list}
