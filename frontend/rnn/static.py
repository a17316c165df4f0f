"""`static_rnn` and its kin: cells unrolled over a list of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.frontend import nest
from flowc.frontend.aliases import DTypeLike, TensorLike
from flowc.frontend.conversion import convert
from flowc.frontend.functions.control import group
from flowc.frontend.functions.shaping import concat
from flowc.frontend.rnn.cell import batch_of, infer_dtype, require_cell, zeros_of
from flowc.frontend.rnn.dynamic import first_state
from flowc.frontend.rnn.steps import Lengths, checked_lengths, reversed_sequence
from flowc.frontend.scopes import control_dependencies
from flowc.frontend.variables.scope import get_variable_scope, variable_scope


def static_rnn(
    cell: Any,
    inputs: Sequence[Any],
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: TensorLike | None = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """Run a cell over a list of steps; returns the list of outputs and the last state.

    Each step is a tensor of shape `[batch, ...]` or a structure of them. Beyond the
    `sequence_length` of an element of the batch (int vector), outputs are 0 and the state stays.
    Raises TypeError for arguments that are no cell or no list, ValueError for shapes that do not
    fit.
    """
    require_cell("cell", cell)
    if not isinstance(inputs, list | tuple):
        raise TypeError("inputs must be a sequence")
    if not inputs:
        raise ValueError("inputs must not be empty")
    with variable_scope(scope or "rnn"):
        steps = [nest.map_structure(convert, step) for step in inputs]
        batch_size = _batch_size(nest.flatten(steps[0]))
        state = first_state(cell, initial_state, batch_size, dtype)
        lengths = zero_output = None
        if sequence_length is not None:
            lengths = Lengths(checked_lengths(sequence_length, batch_size))
            kind = infer_dtype(dtype, state)
            zero_output = nest.map_structure(
                lambda size: zeros_of(batch_size, size, kind), cell.output_size
            )
        outputs = []
        for time, step in enumerate(steps):
            if time > 0:
                get_variable_scope().reuse_variables()
            output, state = _step(cell, time, step, state, lengths, zero_output)
            outputs.append(output)
        return outputs, state


def _step(
    cell: Any, time: int, inputs: Any, state: Any, lengths: Lengths | None, zero_output: Any
) -> tuple[Any, Any]:
    if lengths is None:
        output, state = cell(inputs, state)
        return output, state
    return lengths.step(time, zero_output, state, lambda: cell(inputs, state), False)


def _batch_size(tensors: Sequence[Any]) -> Any:
    """The size of the first dimension. Raises ValueError where the depth is not known."""
    for tensor in tensors:
        if tensor.shape.ndims is not None and not tensor.shape[1:].is_fully_defined():
            raise ValueError(
                f"Input size (second dimension of inputs[0]) must be accessible via shape "
                f"inference, but saw {tensor.shape}."
            )
    return batch_of(tensors[0], 0)


def static_state_saving_rnn(
    cell: Any,
    inputs: Sequence[Any],
    state_saver: Any,
    state_name: Any,
    sequence_length: TensorLike | None = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`static_rnn` that begins with `state_saver.state(name)` and saves the last state there.

    Raises ValueError where there is not one name for each part of the state.
    """
    names = nest.flatten(state_name)
    sizes = nest.flatten(cell.state_size)
    if len(names) != len(sizes):
        raise ValueError(
            f"Number of elements in state_name ({len(names)}) and cell.state_size ({len(sizes)}) "
            "must be the same."
        )
    saved = [state_saver.state(name) for name in names]
    first = nest.pack_sequence_as(cell.state_size, saved)
    outputs, state = static_rnn(cell, inputs, first, None, sequence_length, scope)
    pairs = zip(names, nest.flatten(state), strict=True)
    saving = [state_saver.save_state(name, part) for name, part in pairs]
    with control_dependencies([group(*saving)]):
        outputs[-1] = nest.map_structure(_again, outputs[-1])
        state = nest.map_structure(_again, state)
    return outputs, state


def _again(tensor: Any) -> Any:
    return tensor.graph.build("Identity", tensor)


def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Sequence[Any],
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: DTypeLike | None = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any, Any]:
    """`static_rnn` over steps, and of another cell over them from their end.

    Returns the outputs of both side by side, and their last states.
    """
    require_cell("cell_fw", cell_fw)
    require_cell("cell_bw", cell_bw)
    if not isinstance(inputs, list | tuple):
        raise TypeError("inputs must be a sequence")
    if not inputs:
        raise ValueError("inputs must not be empty")
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as forward:
            output_fw, state_fw = static_rnn(
                cell_fw, inputs, initial_state_fw, dtype, sequence_length, scope=forward
            )
        with variable_scope("bw") as backward:
            steps = [nest.map_structure(convert, step) for step in inputs]
            turned, state_bw = static_rnn(
                cell_bw,
                reversed_sequence(steps, sequence_length),
                initial_state_bw,
                dtype,
                sequence_length,
                scope=backward,
            )
        output_bw = reversed_sequence(turned, sequence_length)
    outputs = [_side_by_side(a, b) for a, b in zip(output_fw, output_bw, strict=True)]
    return outputs, state_fw, state_bw


def _side_by_side(forward: Any, backward: Any) -> Any:
    pairs = zip(nest.flatten(forward), nest.flatten(backward), strict=True)
    return nest.pack_sequence_as(forward, [concat([a, b], 1) for a, b in pairs])
