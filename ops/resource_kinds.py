"""Which kind of resource an op takes: what its lowering or kernel says of the argument.

To the graph every handle is a resource, be it that of a variable, a queue or a table; which it is
can only be seen when the op runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from flowc.ir.dtypes import resource
from flowc.ir.tensor.builder import Handle, require
from flowc.ops.registry import OpDefinition

Function = Callable[..., Any]


def require_kinds(definition: OpDefinition, function: Function, grouped: Sequence[Any]) -> None:
    """Raise InvalidArgumentError for a resource that is none of the kind that the op takes.

    `function` is the lowering or kernel, `grouped` holds the operands by argument.
    """
    for number, name, kind in _kinds(definition, function):
        operand = grouped[number]
        require(
            isinstance(operand, kind),
            f"{name} is a {type(operand).__name__}, but {definition.name} takes a {kind.__name__}",
        )


@cache
def _kinds(definition: OpDefinition, function: Function) -> tuple[tuple[int, str, type], ...]:
    """Of each argument that is a resource or reference: its number, name, and class if told."""
    inputs = definition.signature.inputs
    held = [i for i, a in enumerate(inputs) if a.is_ref or a.dtype is resource]
    kinds = {i: _kind(function, i, len(inputs)) for i in held}
    return tuple((i, inputs[i].name, kind) for i, kind in kinds.items() if kind is not None)


def _kind(function: Function, number: int, count: int) -> type | None:
    """The class of a function's operand; None where it takes any."""
    parameters = [
        p for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY
    ]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return Handle  # the update rules of optimizers
    annotation = parameters[len(parameters) - count + number].annotation
    found = inspect.unwrap(function).__globals__.get(annotation)
    return found if isinstance(found, type) and found is not Any else None
