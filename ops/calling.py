"""Running an op's lowering: grouping its inputs, passing its attributes, flattening its outputs.

The compiler calls it with real values, the frontend's shape inference with abstract ones.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from flowc.ir.dtypes import DType, resource
from flowc.ir.errors import (
    DataLossError,
    InternalError,
    InvalidArgumentError,
    ResourceExhaustedError,
)
from flowc.ir.system_errors import of_system
from flowc.ir.tensor.builder import BuilderCore, Handle, UnknownValue, require
from flowc.ir.tensor.core import Parameter, Result
from flowc.ops.program_functions import program_errors
from flowc.ops.ranks import require_ranks
from flowc.ops.registry import OpDefinition
from flowc.ops.resource_kinds import require_kinds
from flowc.ops.signature import Argument

_MISFITS = (IndexError, ValueError, OverflowError, ZeroDivisionError)
_BAD_DATA = (zlib.error, struct.error, EOFError)
_FAULTS = (LookupError, TypeError, AttributeError, AssertionError, ArithmeticError)


def call_lowering(
    b: BuilderCore, definition: OpDefinition, inputs: Sequence[Any], attrs: Mapping[str, Any]
) -> tuple[Any, ...]:
    """The op's outputs (values or handles), one per output tensor of the node.

    `inputs` holds a value or handle per input tensor; `attrs` Python values of all attributes,
    defaults filled in: DType, tuple of dimensions (None where unknown) or None for a shape, str,
    int, float, bool, ndarray for a tensor, str for a function's name, tuples for lists.
    """
    arguments = group_inputs(definition, inputs, attrs)
    if definition.lower is not None:
        require_kinds(definition, definition.lower, arguments)
    return _call(b, definition, definition.lower, definition.wanted_attributes, arguments, attrs)


def call_inference(
    b: BuilderCore, definition: OpDefinition, inputs: Sequence[Any], attrs: Mapping[str, Any]
) -> tuple[Any, ...]:
    """What is known of the op's outputs, from abstract inputs; else as `call_lowering`."""
    infer = definition.abstract or definition.lower
    arguments = group_inputs(definition, inputs, attrs)
    return _call(b, definition, infer, definition.inferred_attributes, arguments, attrs)


def _call(
    b: BuilderCore,
    definition: OpDefinition,
    function: Callable[..., Any] | None,
    wanted: Sequence[str],
    arguments: Sequence[Any],
    attrs: Mapping[str, Any],
) -> tuple[Any, ...]:
    assert function is not None, f"{definition.name} has no lowering"
    require_ranks(definition, arguments)
    keywords = {name: attrs[name] for name in wanted}
    if not definition.is_custom:
        try:  # no context manager: thousands of nodes come by here
            return all_outputs(function(b, *arguments, **keywords))
        except Exception as error:
            with refusing_misfits(definition):
                raise error
    with program_errors():
        outputs = all_outputs(function(b, *arguments, **keywords))
    _check_values(definition, attrs, outputs)
    return outputs


def _check_values(
    definition: OpDefinition, attrs: Mapping[str, Any], outputs: Sequence[Any]
) -> None:
    """Raise InvalidArgumentError unless a program's lowering gave what its signature says."""
    types = argument_dtypes(definition.signature.outputs, attrs)
    require(
        len(outputs) == len(types),
        f"the lowering returns {len(outputs)} values, the signature has {len(types)} outputs",
    )
    for value, dtype, number in zip(outputs, types, range(len(types)), strict=True):
        known = isinstance(value, Parameter | Result | UnknownValue)
        require(known, f"output {number} of the lowering is no value of the builder: {value!r}")
        found = value.type.dtype
        require(
            found is dtype,
            f"output {number} of the lowering is {found.name}, the signature says {dtype.name}",
        )


@contextmanager
def refusing_misfits(definition: OpDefinition) -> Iterator[None]:
    """An error for whatever a lowering or kernel trips over, with Python's error as its cause.

    Most ops name what they refuse. For the rest, the first access beyond a rank or range tells:
    InvalidArgumentError. What no operand may bring about is a fault of flowc's: InternalError.
    """
    try:
        yield
    except MemoryError as error:
        raise ResourceExhaustedError(None, None, f"out of memory: {error}") from error
    except OSError as error:
        raise of_system(error) from error
    except _BAD_DATA as error:
        raise DataLossError(None, None, f"{definition.name}: {error}") from error
    except RecursionError as error:
        message = f"the operands of {definition.name} are nested too deeply"
        raise InvalidArgumentError(None, None, message) from error
    except _MISFITS as error:
        message = f"the operands do not fit {definition.name}: {error}"
        raise InvalidArgumentError(None, None, message) from error
    except _FAULTS as error:
        message = f"{definition.name} failed with {type(error).__name__}: {error}"
        raise InternalError(None, None, message) from error


def group_inputs(
    definition: OpDefinition, inputs: Sequence[Any], attrs: Mapping[str, Any]
) -> list[Any]:
    """`inputs` by signature argument: a list for each `N*T` or `list(type)` argument."""
    remaining: Iterator[Any] = iter(inputs)
    grouped: list[Any] = []
    for argument in definition.signature.inputs:
        count = argument_length(argument, attrs)
        grouped.append(next(remaining) if count is None else list(islice(remaining, count)))
    return grouped


def dereferenced(
    definition: OpDefinition,
    inputs: Sequence[Any],
    attrs: Mapping[str, Any],
    read: Callable[[Handle], Any],
) -> list[Any]:
    """`inputs` with `read(handle)` for each reference to a variable that the op only reads."""
    if not any(isinstance(value, Handle) for value in inputs):
        return list(inputs)
    found: list[Any] = []
    remaining = iter(inputs)
    for argument in definition.signature.inputs:
        for position in range(argument_length(argument, attrs) or 1):
            value = next(remaining)
            dtype = argument_dtype(argument, attrs, position)
            keep = argument.is_ref or dtype is resource or not isinstance(value, Handle)
            found.append(value if keep else read(value))
    return found


def argument_dtype(argument: Argument, attrs: Mapping[str, Any], position: int = 0) -> DType:
    """The element type of an argument; of its tensor `position` for one of a `list(type)`."""
    if argument.dtype is not None:
        return argument.dtype
    found = attrs[argument.type_attr]
    dtype: DType = found[position] if argument.is_list else found
    return dtype


def argument_dtypes(arguments: Sequence[Argument], attrs: Mapping[str, Any]) -> list[DType]:
    """The dtype of each tensor of these inputs or outputs."""
    found: list[DType] = []
    for argument in arguments:
        length = argument_length(argument, attrs)
        kind: Any = attrs[argument.type_attr] if argument.dtype is None else argument.dtype
        if argument.is_list:
            found.extend(kind)
        else:
            found.extend([kind] * (1 if length is None else length))
    return found


def argument_length(argument: Argument, attrs: Mapping[str, Any]) -> int | None:
    """How many tensors a list argument has; None for a single tensor."""
    if argument.number_attr:
        return int(attrs[argument.number_attr])
    return len(attrs[argument.type_attr]) if argument.is_list else None


def all_outputs(outputs: Any) -> tuple[Any, ...]:
    """What a function returned, one after the other, lists among them taken apart."""
    if not isinstance(outputs, tuple | list):
        return () if outputs is None else (outputs,)
    flat: list[Any] = []
    for output in outputs:
        flat.extend(output) if isinstance(output, list | tuple) else flat.append(output)
    return tuple(flat)
