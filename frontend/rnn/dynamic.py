"""`dynamic_rnn` and its kin: cells in a loop over sequences whose length a run decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend import nest
from flowc.frontend.aliases import DTypeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.control_flow.loops import while_loop
from flowc.frontend.control_flow.tensor_array import TensorArray
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.filling import zeros
from flowc.frontend.functions.mathematics import logical_not, logical_or, maximum, minimum
from flowc.frontend.functions.reductions import reduce_all
from flowc.frontend.functions.shaping import reverse, reverse_sequence
from flowc.frontend.rnn.cell import as_sizes, batch_of, infer_dtype, require_cell, zeros_of
from flowc.frontend.rnn.steps import Lengths, checked_lengths, kept_rows, transpose_batch_time
from flowc.frontend.shapes import TensorShape
from flowc.frontend.variables.scope import variable_scope
from flowc.ir import dtypes

_PARALLEL = 32  # iterations, the default for recurrent networks


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """Run a cell over sequences; returns all outputs and the last state.

    `inputs` is a tensor of shape `[batch, time, ...]`, or `[time, batch, ...]` if `time_major`, or
    a structure of them; the outputs likewise. Beyond the `sequence_length` of an element of the
    batch (int vector), outputs are 0 and the state stays. The first state is `initial_state`, or
    zeros of `dtype`. Raises TypeError for what is no cell, ValueError for shapes that do not fit.
    """
    require_cell("cell", cell)
    with variable_scope(scope or "rnn"):
        tensors = [convert(x) for x in nest.flatten(inputs)]
        if not time_major:
            tensors = [transpose_batch_time(x) for x in tensors]
        batch_size = _batch_size(tensors)
        if sequence_length is not None:
            sequence_length = checked_lengths(sequence_length, batch_size)
        state = first_state(cell, initial_state, batch_size, dtype)
        inputs = nest.pack_sequence_as(inputs, tensors)
        run = _Run(cell, inputs, state, batch_size, sequence_length, dtype)
        outputs, final_state = run.build(parallel_iterations or _PARALLEL, swap_memory)
        if not time_major:
            outputs = nest.map_structure(transpose_batch_time, outputs)
        return outputs, final_state


def first_state(cell: Any, initial_state: Any, batch_size: Any, dtype: DTypeLike) -> Any:
    """The state to begin with. Raises ValueError where it is not given, and no dtype either."""
    if initial_state is not None:
        leaves = nest.flatten(initial_state)
        converted = [leaf if isinstance(leaf, TensorArray) else convert(leaf) for leaf in leaves]
        return nest.pack_sequence_as(initial_state, converted)
    if dtype is None:
        raise ValueError("If there is no initial_state, you must give a dtype.")
    return cell.zero_state(batch_size, dtype)


def _batch_size(tensors: Sequence[Any]) -> Any:
    for tensor in tensors:
        rank = tensor.shape.ndims
        if rank is not None and rank < 2:
            raise ValueError(
                f"Expected input tensor {tensor.name} to have rank at least 2, but "
                f"saw shape: {tensor.shape}"
            )
        if rank is not None and tensor.shape.as_list()[1] is not None:
            return tensor.shape.as_list()[1]
    return batch_of(tensors[0], 1)


class _Run:
    """The loop over time-major inputs."""

    def __init__(
        self,
        cell: Any,
        inputs: Any,
        state: Any,
        batch_size: Any,
        lengths: TensorLike,
        dtype: DTypeLike,
    ) -> None:
        self.cell, self.inputs, self.state = cell, inputs, state
        self.tensors = nest.flatten(inputs)
        self._require_equal_sizes()
        self.static_batch = batch_size if isinstance(batch_size, int) else None
        self.static_time = self.tensors[0].shape.as_list()[0]
        self.time_steps = convert(batch_of(self.tensors[0], 0))
        self.lengths = None if lengths is None else Lengths(lengths)
        self.dtype = infer_dtype(dtype, state)
        self.output_sizes = nest.flatten(cell.output_size)
        self.zero_output = None
        if lengths is not None:
            nothing = [zeros_of(batch_size, size, self.dtype) for size in self.output_sizes]
            self.zero_output = nest.pack_sequence_as(cell.output_size, nothing)

    def _require_equal_sizes(self) -> None:
        """Raise ValueError where times or batches differ, or a depth is unknown."""
        common = TensorShape([None, None])
        for tensor in self.tensors:
            if not tensor.shape[2:].is_fully_defined():
                raise ValueError(
                    "Input size (depth of inputs) must be accessible via shape inference, but saw "
                    f"value None in {tensor.shape}."
                )
            try:
                common = common.merge_with(tensor.shape[:2])
            except ValueError:
                raise ValueError(
                    "Time steps and batch size are not the same for all the elements in the input "
                    "in a batch."
                ) from None

    def build(self, parallel_iterations: int, swap_memory: bool) -> tuple[Any, Any]:
        """The outputs, stacked over time, and the last state."""
        self.arrays = [
            TensorArray(x.dtype, self.time_steps, element_shape=x.shape[1:]).unstack(x)
            for x in self.tensors
        ]
        made = tuple(
            TensorArray(
                self.dtype,
                self.time_steps,
                element_shape=TensorShape([self.static_batch, *as_sizes(size)]),
            )
            for size in self.output_sizes
        )
        longest = self.time_steps if self.lengths is None else self.lengths.longest
        limit = minimum(self.time_steps, maximum(1, longest))
        _, made, state = while_loop(
            lambda time, *_: time < limit,
            self._step,
            (constant(0, dtypes.int32, name="time"), made, self.state),
            parallel_iterations=parallel_iterations,
            maximum_iterations=self.time_steps,
            swap_memory=swap_memory,
        )
        outputs = [array.stack() for array in made]
        for output, size in zip(outputs, self.output_sizes, strict=True):
            output.set_shape([self.static_time, self.static_batch, *as_sizes(size)])
        return nest.pack_sequence_as(self.cell.output_size, outputs), state

    def _step(self, time: Any, made: Sequence[TensorArray], state: Any) -> Any:
        parts = [array.read(time) for array in self.arrays]
        for part, tensor in zip(parts, self.tensors, strict=True):
            part.set_shape(tensor.shape[1:])
        inputs = nest.pack_sequence_as(self.inputs, parts)
        if self.lengths is None:
            output, new_state = self.cell(inputs, state)
        else:
            output, new_state = self.lengths.step(
                time, self.zero_output, state, lambda: self.cell(inputs, state), True
            )
        pairs = zip(made, nest.flatten(output), strict=True)
        return time + 1, tuple(array.write(time, part) for array, part in pairs), new_state


def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: TensorLike | None = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: DTypeLike | None = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """`dynamic_rnn` over sequences, and of another cell over them from their end.

    Returns the pair of outputs, in the order of the inputs, and the pair of last states.
    """
    require_cell("cell_fw", cell_fw)
    require_cell("cell_bw", cell_bw)
    options = (dtype, parallel_iterations, swap_memory, time_major)
    time_axis, batch_axis = (0, 1) if time_major else (1, 0)

    def turned(x: TensorLike) -> Any:
        if sequence_length is None:
            return reverse(x, axis=[time_axis])
        return reverse_sequence(x, sequence_length, seq_axis=time_axis, batch_axis=batch_axis)

    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as forward:
            output_fw, state_fw = dynamic_rnn(
                cell_fw, inputs, sequence_length, initial_state_fw, *options, scope=forward
            )
        with variable_scope("bw") as backward:
            output_bw, state_bw = dynamic_rnn(
                cell_bw,
                nest.map_structure(turned, nest.map_structure(convert, inputs)),
                sequence_length,
                initial_state_bw,
                *options,
                scope=backward,
            )
        output_bw = nest.map_structure(turned, output_bw)
    return (output_fw, output_bw), (state_fw, state_bw)


def raw_rnn(
    cell: Any,
    loop_fn: Callable[..., Any],
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """Run a cell in a loop that `loop_fn` governs.

    `loop_fn(time, cell_output, cell_state, loop_state)` returns `(finished, next_input,
    next_cell_state, emit_output, next_loop_state)`; the first call has time 0 and None for the
    rest. Steps are made until all of `finished` (bool vector) is true; where it is, emits are 0 and
    the state stays. Returns a TensorArray of the emits (a structure of them), the last state, and
    the last loop state. Raises TypeError or ValueError where `loop_fn` does not return such.
    """
    require_cell("cell", cell)
    if not callable(loop_fn):
        raise TypeError("loop_fn must be a callable")
    with variable_scope(scope or "rnn"):
        return _RawRun(cell, loop_fn).build(parallel_iterations or _PARALLEL, swap_memory)


class _RawRun:
    """The loop of `raw_rnn`."""

    def __init__(self, cell: Any, loop_fn: Callable[..., Any]) -> None:
        self.cell, self.loop_fn = cell, loop_fn
        time = constant(0, dtypes.int32)
        self.finished, self.input, self.state, self.emits, loop_state = loop_fn(
            time, None, None, None
        )
        self.has_loop_state = loop_state is not None
        self.loop_state = loop_state if self.has_loop_state else constant(0, dtypes.int32)
        nest.assert_same_structure(self.state, cell.state_size)

    def build(self, parallel_iterations: int, swap_memory: bool) -> tuple[Any, Any, Any]:
        """Emits, last state, last loop state."""
        inputs = [convert(x) for x in nest.flatten(self.input)]
        self.input = nest.pack_sequence_as(self.input, inputs)
        self.state = nest.map_structure(
            lambda x: x if isinstance(x, TensorArray) else convert(x), self.state
        )
        batch_size = batch_of(inputs[0], 0)
        arrays = self._emit_arrays(batch_size)
        _, _, _, arrays, state, loop_state = while_loop(
            lambda time, finished, *_: logical_not(reduce_all(finished)),
            self._step,
            [
                constant(0, dtypes.int32),
                self.finished,
                self.input,
                arrays,
                self.state,
                self.loop_state,
            ],
            parallel_iterations=parallel_iterations,
            swap_memory=swap_memory,
        )
        emits = nest.pack_sequence_as(self.structure, arrays)
        return emits, state, loop_state if self.has_loop_state else None

    def _emit_arrays(self, batch_size: Any) -> list[TensorArray]:
        """Arrays for what is emitted, and the zeros that are emitted where all is finished."""
        if self.emits is None:
            self.structure = self.cell.output_size
            sizes = nest.flatten(self.structure)
            shapes: Sequence[Sequence[int | None]] = [as_sizes(size) for size in sizes]
            kinds = [nest.flatten(self.state)[0].dtype] * len(sizes)
            self.zeros = [zeros_of(batch_size, s, k) for s, k in zip(sizes, kinds, strict=True)]
        else:
            self.structure = self.emits
            leaves = [convert(leaf) for leaf in nest.flatten(self.emits)]
            kinds = [leaf.dtype for leaf in leaves]
            shapes = [leaf.shape.as_list() for leaf in leaves]
            self.zeros = [self._zeros_like(batch_size, leaf) for leaf in leaves]
        static = batch_size if isinstance(batch_size, int) else None
        return [
            TensorArray(kind, 0, dynamic_size=True, element_shape=[static, *shape])
            for kind, shape in zip(kinds, shapes, strict=True)
        ]

    @staticmethod
    def _zeros_like(batch_size: Any, leaf: Any) -> Any:
        if leaf.shape.is_fully_defined():
            return zeros_of(batch_size, leaf.shape, leaf.dtype)
        front = build("Reshape", convert(batch_size), [1])
        return zeros(build("ConcatV2", [front, build("Shape", leaf)], 0), leaf.dtype)

    def _step(
        self, time: Any, finished: Any, inputs: Any, arrays: Any, state: Any, loop_state: Any
    ) -> Any:
        output, new_state = self.cell(inputs, state)
        nest.assert_same_structure(state, new_state)
        later = time + 1
        given = loop_state if self.has_loop_state else None
        now_finished, inputs, new_state, emits, next_loop_state = self.loop_fn(
            later, output, new_state, given
        )
        nest.assert_same_structure(state, new_state)
        nest.assert_same_structure(self.structure, emits)
        kept = [
            kept_rows(finished, old, new)
            for old, new in zip(nest.flatten(state), nest.flatten(new_state), strict=True)
        ]
        parts = zip(arrays, self.zeros, nest.flatten(emits), strict=True)
        arrays = [ta.write(time, kept_rows(finished, zero, new)) for ta, zero, new in parts]
        return (
            later,
            logical_or(finished, now_finished),
            inputs,
            arrays,
            nest.pack_sequence_as(state, kept),
            loop_state if next_loop_state is None else next_loop_state,
        )
