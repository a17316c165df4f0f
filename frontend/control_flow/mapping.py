"""`map_fn`, `scan`, `foldl`, `foldr`: loops over the first axis of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend import nest
from flowc.frontend.aliases import DTypeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor
from flowc.frontend.control_flow.loops import while_loop
from flowc.frontend.control_flow.tensor_array import TensorArray
from flowc.frontend.conversion import constant, convert
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import TensorShape
from flowc.ir.dtypes import as_dtype

Name = str | None
Function = Callable[..., Any]


class _Elements:
    """The rows of tensors that all have as many."""

    def __init__(self, elems: TensorLike) -> None:
        if isinstance(elems, SparseTensor):
            raise TypeError(
                "To perform a map over the values of a sparse tensor use either "
                "`SparseTensor(input.indices, fn(input.values), input.dense_shape)` or "
                "`SparseTensor(input.indices, tf.map_fn(fn, input.values), input.dense_shape)`"
            )
        self.structure = elems
        self.tensors = [convert(elem, None, "elem") for elem in nest.flatten(elems)]
        for tensor in self.tensors:
            if tensor.shape.ndims == 0:
                raise ValueError("elements in elems must be 1+ dimensional Tensors, not scalars")
        self.static_count = self._common_count()
        known = self.static_count
        self.count: Any = build("Shape", self.tensors[0])[0] if known is None else constant(known)
        self.arrays = [
            TensorArray(tensor.dtype, self.count, dynamic_size=False, infer_shape=True).unstack(
                tensor
            )
            for tensor in self.tensors
        ]

    def _common_count(self) -> int | None:
        """How many rows the tensors have, where that is known. Raises ValueError."""
        first = TensorShape([None])
        for tensor in self.tensors:
            if tensor.shape.ndims is not None:
                first = first.merge_with(tensor.shape[:1])
        count: int | None = first.as_list()[0]
        return count

    def at(self, index: Any) -> Any:
        """Row `index` of each tensor, in their structure."""
        return nest.pack_sequence_as(self.structure, [ta.read(index) for ta in self.arrays])

    def stacked(self, arrays: Sequence[TensorArray]) -> list[Any]:
        """Tensors of as many rows as there are elements."""
        results = [array.stack() for array in arrays]
        for result in results:
            if result.shape.ndims is not None:
                result.set_shape([self.static_count, *result.shape.as_list()[1:]])
        return results


def _check_callable(fn: Any) -> None:
    if not callable(fn):
        raise TypeError("fn must be callable.")


def map_fn(
    fn: Function,
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: Name = None,
) -> Any:
    """What `fn` makes of each row of `elems`, stacked.

    `elems` is a tensor or a structure of tensors with equally many rows; `dtype` has the structure
    and the dtypes of what `fn` returns, where those are not `elems`'. Raises TypeError or
    ValueError for other arguments.
    """
    _check_callable(fn)
    with name_scope(name, "map", [] if isinstance(elems, SparseTensor) else nest.flatten(elems)):
        rows = _Elements(elems)
        structure = elems if dtype is None else dtype
        kinds = [t.dtype for t in rows.tensors] if dtype is None else nest.flatten(dtype)
        results = [_result_array(kind, rows, infer_shape) for kind in kinds]

        def step(i: Any, arrays: Sequence[TensorArray]) -> Any:
            values = fn(rows.at(i))
            nest.assert_same_structure(structure, values)
            pairs = zip(arrays, nest.flatten(values), strict=True)
            return i + 1, [array.write(i, value) for array, value in pairs]

        _, arrays = while_loop(
            lambda i, _: i < rows.count,
            step,
            (constant(0), results),
            parallel_iterations=parallel_iterations or 10,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=rows.count,
        )
        return nest.pack_sequence_as(structure, rows.stacked(arrays))


def _result_array(dtype: DTypeLike, rows: _Elements, infer_shape: bool) -> TensorArray:
    return TensorArray(as_dtype(dtype), rows.count, dynamic_size=False, infer_shape=infer_shape)


def foldl(
    fn: Function,
    elems: TensorLike,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: Name = None,
) -> Any:
    """`fn(... fn(fn(initializer, row 0), row 1) ..., last row)`.

    Without an initializer, row 0 is it.
    """
    return _fold(
        "foldl", fn, elems, initializer, name, False, parallel_iterations, back_prop, swap_memory
    )


def foldr(
    fn: Function,
    elems: TensorLike,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: Name = None,
) -> Any:
    """The same from the last row to the first, which is the initializer where none is given."""
    return _fold(
        "foldr", fn, elems, initializer, name, True, parallel_iterations, back_prop, swap_memory
    )


def _fold(
    default_name: str,
    fn: Function,
    elems: TensorLike,
    initializer: Any,
    name: Name,
    reverse: bool,
    parallel_iterations: int,
    back_prop: bool,
    swap_memory: bool,
) -> Any:
    _check_callable(fn)
    with name_scope(name, default_name, nest.flatten(elems)):
        rows = _Elements(elems)
        steps = _Steps(rows, initializer, reverse)
        _, total = while_loop(
            steps.go_on,
            lambda i, total: (steps.next(i), fn(total, rows.at(i))),
            (steps.first, steps.start),
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=rows.count,
        )
        return total


class _Steps:
    """The order in which rows are visited, and the value before the first."""

    def __init__(self, rows: _Elements, initializer: Any, reverse: bool) -> None:
        self.reverse = reverse
        self.count = rows.count
        skipped = 1 if initializer is None else 0
        self.first = rows.count - 1 - skipped if reverse else constant(skipped)
        if initializer is None:
            self.start = rows.at(rows.count - 1 if reverse else 0)
        else:
            leaves = [convert(leaf) for leaf in nest.flatten(initializer)]
            self.start = nest.pack_sequence_as(initializer, leaves)

    def go_on(self, i: Any, *_: Any) -> Any:
        """Whether there is a row `i`."""
        return i >= 0 if self.reverse else i < self.count

    def next(self, i: Any) -> Any:
        """The row after `i`."""
        return i - 1 if self.reverse else i + 1


def scan(
    fn: Function,
    elems: TensorLike,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: Name = None,
) -> Any:
    """All values that a fold passes through, stacked: one for each row of `elems`.

    Without an initializer the first row is the first of them; then `fn` returns the structure of
    `elems`, else that of the initializer. With `reverse`, rows are visited from the last one back.
    """
    _check_callable(fn)
    with name_scope(name, "scan", nest.flatten(elems)):
        rows = _Elements(elems)
        steps = _Steps(rows, initializer, reverse)
        leaves = nest.flatten(steps.start)
        results = [_result_array(leaf.dtype, rows, infer_shape) for leaf in leaves]
        if initializer is None:
            place = rows.count - 1 if reverse else 0
            results = [r.write(place, leaf) for r, leaf in zip(results, leaves, strict=True)]

        def step(i: Any, total: Any, arrays: Sequence[TensorArray]) -> Any:
            following = fn(total, rows.at(i))
            nest.assert_same_structure(steps.start, following)
            pairs = zip(arrays, nest.flatten(following), strict=True)
            return steps.next(i), following, [array.write(i, value) for array, value in pairs]

        _, _, arrays = while_loop(
            steps.go_on,
            step,
            (steps.first, steps.start, results),
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=rows.count,
        )
        return nest.pack_sequence_as(steps.start, rows.stacked(arrays))
