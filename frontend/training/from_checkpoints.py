"""`tf.train.init_from_checkpoint`: variables whose first values are those of a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.saving.checkpoints import latest_checkpoint, load_checkpoint
from flowc.frontend.scopes import name_scope
from flowc.frontend.variables.sets import global_variables, local_variables
from flowc.frontend.variables.variable import Variable
from flowc.ir import dtypes
from flowc.ir.errors import AbortedError


def init_from_checkpoint(
    ckpt_dir_or_file: str | os.PathLike[str], assignment_map: Mapping[str, Any]
) -> None:
    """Let variables begin with tensors of a checkpoint when they are initialised.

    `assignment_map` has names of tensors with variables, or their names, or lists of the parts of a
    variable; or scopes of the checkpoint with scopes of the graph, both with a slash at their end.
    Raises ValueError where a tensor, a variable or a fitting shape is missing.
    """
    path = os.fspath(ckpt_dir_or_file)
    reader = load_checkpoint(path)
    shapes = reader.get_variable_to_shape_map()
    file = latest_checkpoint(path) if os.path.isdir(path) else path
    variables = {v.op.name: v for v in [*global_variables(), *local_variables()]}
    for source, target in assignment_map.items():
        for name, variable in _pairs(source, target, variables, shapes, path):
            _check_shape(variable, name, shapes, path)
            _begin_with(variable, str(file), name)


def _pairs(
    source: str,
    target: Any,
    variables: Mapping[str, Variable],
    shapes: Mapping[str, Any],
    path: str,
) -> list[tuple[str, Variable]]:
    """The tensors and the variables that an entry stands for."""
    if isinstance(target, list | tuple):
        return [(source, part) for part in target]
    if not isinstance(target, str):
        return [(source, target)]
    if not source.endswith("/"):
        if target not in variables:
            raise ValueError(
                f"Assignment map with name only {source} should map to single tf.Variable. Got: "
                f"{target}"
            )
        return [(source, variables[target])]
    if not target.endswith("/"):
        raise ValueError(
            f"Assignment map with scope only name {target} should map to scope only "
            f"{source}. Should be 'scope/': 'other_scope/'."
        )
    return _of_scopes(source, target, variables, shapes, path)


def _of_scopes(
    source: str,
    target: str,
    variables: Mapping[str, Variable],
    shapes: Mapping[str, Any],
    path: str,
) -> list[tuple[str, Variable]]:
    found = []
    inside, outside = target.removeprefix("/"), source.removeprefix("/")
    for name, variable in variables.items():
        if not name.startswith(inside):
            continue
        full = outside + name[len(inside) :]
        if full not in shapes:
            raise ValueError(
                f"Tensor {full} ({name} in {target}) is not found in {path} checkpoint"
            )
        found.append((full, variable))
    return found


def _check_shape(variable: Variable, name: str, shapes: Mapping[str, Any], path: str) -> None:
    if name not in shapes:
        raise ValueError(f"Tensor {name} is not found in {path} checkpoint {sorted(shapes)}")
    part = variable._get_save_slice_info()
    expected = variable.shape if part is None else part.full_shape
    if not variable.shape.is_compatible_with(shapes[name]) and part is None:
        raise ValueError(
            f"Shape of variable {variable.name} ({expected}) doesn't match with shape of tensor "
            f"{name} ({shapes[name]}) from checkpoint reader."
        )


def _begin_with(variable: Variable, file: str, name: str) -> None:
    """Replace the initializer by one that reads the file."""
    part = variable._get_save_slice_info()
    spec = "" if part is None else part.spec
    with variable.graph.as_default(), name_scope(None, "checkpoint_initializer"):
        (value,) = build("RestoreV2", file, [name], [spec], dtypes=[variable.dtype.base_dtype])
        value.set_shape(variable.shape)
        if variable.stored.dtype is dtypes.resource:
            op = build("AssignVariableOp", variable.stored, value, validate_shape=True)
        else:
            op = build("Assign", variable.stored, value).op
    variable._initializer_op = op
    variable._initial_value = value


def basic_train_loop(
    supervisor: Any,
    train_step_fn: Callable[..., Any],
    args: Any = None,
    kwargs: Any = None,
    master: str = "",
) -> None:
    """Call `train_step_fn(session, ...)` until the supervisor stops; again after AbortedError."""
    while True:
        try:
            with supervisor.managed_session(master) as session:
                while not supervisor.should_stop():
                    train_step_fn(session, *(args or ()), **(kwargs or {}))
            return
        except AbortedError:
            continue
