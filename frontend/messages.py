"""The sentences of errors that adding an op to a graph raises."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flowc.frontend.elements import TensorBase
from flowc.ir.dtypes import DType
from flowc.ops.registry import OpDefinition
from flowc.ops.signature import Argument

_SYMBOL = re.compile(r"\bd\d+\b")  # an unknown size, as shape inference names it


def wrong_dtype(
    definition: OpDefinition,
    argument: Argument,
    tensor: TensorBase,
    wanted: DType,
    source: str | None,
) -> str:
    """An input whose dtype is not the one that the op, or an earlier input, asks for."""
    what = (
        f"Input '{argument.name}' of '{definition.name}' Op has type {tensor.dtype.name} that does"
    )
    if source is None:
        return f"{what} not match expected type of {wanted.name}."
    return f"{what} not match type {wanted.name} of argument '{source}'."


def describe(tensor: TensorBase) -> str:
    """`float32[?,784] from 'x' (train.py:12)`."""
    sizes = tensor.sizes
    shape = (
        "[...]" if sizes is None else f"[{','.join('?' if s is None else str(s) for s in sizes)}]"
    )
    name = tensor.op.name if tensor.value_index == 0 else tensor.name
    return f"{tensor.dtype.name}{shape}  from '{name}' ({tensor.op.location})"


def bad_shapes(
    definition: OpDefinition, name: str, inputs: Sequence[TensorBase], reason: str, created_at: str
) -> str:
    """Inputs that do not fit together, each with where it comes from."""
    arguments = [a.name for a in definition.signature.inputs]
    labels = (
        arguments if len(arguments) == len(inputs) else [f"input {i}" for i in range(len(inputs))]
    )
    lines = [f"{definition.name} '{name}': {_SYMBOL.sub('?', reason)}"]
    lines += [f"  {label}: {describe(t)}" for label, t in zip(labels, inputs, strict=True)]
    return "\n".join([*lines, f"  node created at {created_at}"])
