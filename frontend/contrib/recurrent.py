"""`contrib.rnn`: several layers of recurrent networks that run in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.frontend.contrib.cells import stacked
from flowc.frontend.functions.shaping import concat
from flowc.frontend.rnn.cell import RNNCell
from flowc.frontend.rnn.dynamic import bidirectional_dynamic_rnn
from flowc.frontend.rnn.static import static_bidirectional_rnn
from flowc.frontend.variables.scope import variable_scope

States = tuple[Any, ...]


def _initial(states: Sequence[Any] | None, index: int) -> Any:
    return None if states is None else states[index]


def stack_bidirectional_rnn(
    cells_fw: Sequence[RNNCell],
    cells_bw: Sequence[RNNCell],
    inputs: Sequence[Any],
    initial_states_fw: Sequence[Any] | None = None,
    initial_states_bw: Sequence[Any] | None = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[Any, States, States]:
    """Layers of `static_bidirectional_rnn`, each fed with both directions of the one before.

    Returns the outputs of the last layer and the final states of all, forward and backward.
    Raises ValueError unless both directions have as many cells.
    """
    stacked(cells_fw, cells_bw)
    layer: Any = inputs
    forward, backward = [], []
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (fw, bw) in enumerate(zip(cells_fw, cells_bw, strict=True)):
            with variable_scope(f"cell_{i}") as opened:
                layer, state_fw, state_bw = static_bidirectional_rnn(
                    fw,
                    bw,
                    layer,
                    _initial(initial_states_fw, i),
                    _initial(initial_states_bw, i),
                    dtype,
                    sequence_length,
                    opened,
                )
            forward.append(state_fw)
            backward.append(state_bw)
    return layer, tuple(forward), tuple(backward)


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[RNNCell],
    cells_bw: Sequence[RNNCell],
    inputs: Any,
    initial_states_fw: Sequence[Any] | None = None,
    initial_states_bw: Sequence[Any] | None = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Any, States, States]:
    """Layers of `bidirectional_dynamic_rnn`, each fed with both directions of the one before.

    Returns the outputs of the last layer, [batch, time, both widths], and the final states of
    all, forward and backward. Raises ValueError unless both directions have as many cells.
    """
    stacked(cells_fw, cells_bw)
    layer = inputs
    forward, backward = [], []
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (fw, bw) in enumerate(zip(cells_fw, cells_bw, strict=True)):
            with variable_scope(f"cell_{i}"):
                outputs, (state_fw, state_bw) = bidirectional_dynamic_rnn(
                    fw,
                    bw,
                    layer,
                    sequence_length=sequence_length,
                    initial_state_fw=_initial(initial_states_fw, i),
                    initial_state_bw=_initial(initial_states_bw, i),
                    dtype=dtype,
                    parallel_iterations=parallel_iterations,
                    swap_memory=swap_memory,
                    time_major=time_major,
                )
                layer = concat(outputs, 2)
            forward.append(state_fw)
            backward.append(state_bw)
    return layer, tuple(forward), tuple(backward)
