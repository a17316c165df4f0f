"""What the loops over sequences share: states, sequence lengths, one step that heeds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend import nest
from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.control_flow.conditionals import cond
from flowc.frontend.control_flow.tensor_array import TensorArray
from flowc.frontend.conversion import convert
from flowc.frontend.functions.control import assert_that
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.reductions import reduce_all, reduce_max, reduce_min
from flowc.frontend.functions.selection import where
from flowc.frontend.functions.shaping import concat, reverse_sequence, stack, transpose, unstack
from flowc.frontend.scopes import control_dependencies
from flowc.ir import dtypes


def transpose_batch_time(x: Any) -> Any:
    """The first two dimensions exchanged; a tensor with fewer stays as it is."""
    rank = x.shape.ndims
    if rank is not None and rank < 2:
        return x
    if rank is not None:
        return transpose(x, [1, 0, *range(2, rank)])
    rest = build("Range", 2, build("Rank", x), 1)
    return transpose(x, concat([[1, 0], rest], 0))


def checked_lengths(lengths: Any, batch_size: Any) -> Any:
    """Sequence lengths as an int32 vector with one for each element of the batch.

    Raises ValueError for a tensor of another rank; running it raises InvalidArgumentError for
    another number.
    """
    lengths = cast(convert(lengths, None, "sequence_length"), dtypes.int32)
    if lengths.shape.ndims not in (None, 1):
        raise ValueError(
            f"sequence_length must be a vector of length batch_size, but saw shape: {lengths.shape}"
        )
    shape = build("Shape", lengths)
    expected = stack([batch_size])
    message = [f"Expected shape for Tensor {lengths.name} is ", expected, " but saw shape: ", shape]
    check = assert_that(reduce_all(build("Equal", shape, expected)), message)
    with control_dependencies([check]):
        return build("Identity", lengths, name="CheckSeqLen")


class Lengths:
    """The lengths of a batch's sequences, with the shortest and the longest."""

    def __init__(self, lengths: TensorLike) -> None:
        self.each = lengths
        self.shortest = reduce_min(lengths)
        self.longest = reduce_max(lengths)

    def step(
        self,
        time: Any,
        zero_output: Any,
        state: Any,
        call_cell: Callable[[], Any],
        skip_conditionals: bool,
    ) -> tuple[Any, Any]:
        """Output and state of one step: 0 and the old state where a sequence has ended.

        Without `skip_conditionals`, the cell is not run when all have ended.
        """
        old = [*nest.flatten(zero_output), *nest.flatten(state)]
        ended = time >= self.each

        def run() -> list[Any]:
            output, new_state = call_cell()
            nest.assert_same_structure(zero_output, output)
            nest.assert_same_structure(state, new_state)
            return [*nest.flatten(output), *nest.flatten(new_state)]

        def merged(new: Sequence[Any]) -> list[Any]:
            return [kept_rows(ended, a, b) for a, b in zip(old, new, strict=True)]

        def run_and_merge() -> Any:
            new = run()
            return cond(time < self.shortest, lambda: new, lambda: merged(new), strict=True)

        if skip_conditionals:
            results = merged(run())
        else:
            results = cond(time >= self.longest, lambda: old, run_and_merge, strict=True)
        for result, before in zip(results, old, strict=True):
            if not isinstance(result, TensorArray):
                result.set_shape(before.shape)
        count = len(nest.flatten(zero_output))
        return (
            nest.pack_sequence_as(zero_output, results[:count]),
            nest.pack_sequence_as(state, results[count:]),
        )


def kept_rows(ended: Any, old: Any, new: Any) -> Any:
    """The old rows where a sequence has ended, else the new ones."""
    if isinstance(old, TensorArray) or old.shape.ndims == 0:
        return new
    return where(ended, old, new)


def reversed_sequence(inputs: Sequence[Any], lengths: TensorLike) -> list[Any]:
    """A list of steps in the opposite order, each sequence of the batch up to its length."""
    if lengths is None:
        return list(reversed(inputs))
    columns = zip(*(nest.flatten(step) for step in inputs), strict=True)
    turned = [_turned(column, lengths) for column in columns]
    rows = zip(*turned, strict=True)
    return [nest.pack_sequence_as(step, list(row)) for step, row in zip(inputs, rows, strict=True)]


def _turned(steps: Sequence[Any], lengths: TensorLike) -> list[Any]:
    together = reverse_sequence(stack(steps), lengths, seq_axis=0, batch_axis=1)
    return list(unstack(together, len(steps)))
