"""SparseTensors in queues: each goes in as the number under which the session keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor
from flowc.frontend.control_flow.conditionals import smart_cond
from flowc.frontend.conversion import convert
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes
from flowc.ir.dtypes import DType


@dataclass(frozen=True)
class _Kept:
    """What a component of the queue stands for."""

    dtype: DType
    map_name: str
    rank: int | None  # of a batch


class SparseComponents:
    """Which components of an element are SparseTensors, and how to get them back."""

    def __init__(self, kept: Sequence[_Kept | None]) -> None:
        self._kept = list(kept)

    def restore(self, batch: Any) -> Any:
        """A batch with its SparseTensors, in the form in which the queue gave it."""
        if not any(self._kept):
            return batch
        parts = batch if isinstance(batch, list) else [batch]
        pairs = zip(parts, self._kept, strict=True)
        found = [part if kept is None else _taken(part, kept) for part, kept in pairs]
        return found if isinstance(batch, list) else found[0]


def store(
    lists: Sequence[Sequence[Any]], many: bool, keep: Any
) -> tuple[list[list[Any]], SparseComponents]:
    """Lists of tensors of the same kinds, numbers in place of SparseTensors.

    With `many` each row of a SparseTensor gets a number. Nothing is stored where `keep` is false.
    """
    graph = get_default_graph()
    kept: list[_Kept | None] = []
    for tensor in lists[0]:
        if isinstance(tensor, SparseTensor):
            rank = tensor.dense_shape.shape.with_rank(1)[0].value
            name = graph.unique_name("sparse_map")
            kept.append(_Kept(tensor.dtype, name, rank if many or rank is None else rank + 1))
        else:
            kept.append(None)
    stored = [
        [t if k is None else _stored(t, k, many, keep) for t, k in zip(ts, kept, strict=True)]
        for ts in lists
    ]
    return stored, SparseComponents(kept)


def _stored(tensor: SparseTensor, kept: _Kept, many: bool, keep: Any) -> Any:
    op = "AddManySparseToTensorsMap" if many else "AddSparseToTensorsMap"

    def add() -> Any:
        return build(
            op, tensor.indices, tensor.values, tensor.dense_shape, shared_name=kept.map_name
        )

    if keep.shape.ndims == 1:
        return add()
    return smart_cond(keep, add, lambda: convert([-1] if many else -1, dtypes.int64))


def _taken(numbers: Any, kept: _Kept) -> SparseTensor:
    parts = build(
        "TakeManySparseFromTensorsMap", numbers, dtype=kept.dtype, shared_name=kept.map_name
    )
    parts[0].set_shape([None, kept.rank])
    parts[2].set_shape([kept.rank])
    return SparseTensor(*parts)
