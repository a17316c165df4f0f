"""Running an op's host kernel on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowc.ir.dtypes import as_dtype
from flowc.ir.tensor.builder import SYMBOLIC_LIMIT, require
from flowc.ir.tensor.primitive import Array
from flowc.ops.calling import all_outputs, argument_dtypes, group_inputs, refusing_misfits
from flowc.ops.inference import Inference, abstract, static_sizes
from flowc.ops.program_functions import checked_arrays, program_errors
from flowc.ops.ranks import require_ranks
from flowc.ops.registry import OpDefinition
from flowc.ops.resource_kinds import require_kinds


def call_kernel(
    definition: OpDefinition, inputs: Sequence[Any], attrs: Mapping[str, Any], context: Any
) -> tuple[Any, ...]:
    """The op's outputs on the host, from arrays; `context` is the session's, for who asks.

    Raises the kernel's errors. The kernel of an op that a program defines must return what the
    signature and the shape function say, or else InvalidArgumentError is raised.
    """
    assert definition.host is not None, f"{definition.name} has no kernel"
    arguments = group_inputs(definition, inputs, attrs)
    require_ranks(definition, arguments)
    require_kinds(definition, definition.host, arguments)
    keywords = {
        name: context if name == "context" else attrs[name] for name in definition.host_attributes
    }
    if not definition.is_custom:
        with refusing_misfits(definition):
            return all_outputs(definition.host(*arguments, **keywords))
    with program_errors():
        outputs = all_outputs(definition.host(*arguments, **keywords))
    return _checked(definition, inputs, attrs, outputs)


def _checked(
    definition: OpDefinition,
    inputs: Sequence[Array],
    attrs: Mapping[str, Any],
    outputs: Sequence[Any],
) -> tuple[Array, ...]:
    types = argument_dtypes(definition.signature.outputs, attrs)
    arrays = checked_arrays(outputs, types, f"the kernel of {definition.name}")
    is_promised = definition.abstract is not None or definition.lower is not None
    if is_promised and not definition.allocates:
        _check_shapes(definition, inputs, attrs, arrays)
    return tuple(arrays)


def _check_shapes(
    definition: OpDefinition,
    inputs: Sequence[Array],
    attrs: Mapping[str, Any],
    outputs: Sequence[Array],
) -> None:
    """Others rely on what was inferred when the graph was built."""
    operands = [abstract(as_dtype(array.dtype), array.shape) for array in inputs]
    found = Inference().infer(definition, operands, attrs, lambda i: _contents(inputs[i]))
    for number, (array, value) in enumerate(zip(outputs, found, strict=True)):
        sizes = static_sizes(value)
        fits = sizes is None or (
            len(sizes) == array.ndim
            and all(a is None or a == b for a, b in zip(sizes, array.shape, strict=True))
        )
        require(
            fits,
            f"output {number} of the kernel of {definition.name} has shape {list(array.shape)}, "
            f"but its shape function says {list(sizes or ())}",
        )


def _contents(array: Array) -> Array | None:
    small = array.dtype.kind in "iu" and array.size <= SYMBOLIC_LIMIT
    return np.asarray(array, object) if small else None
