"""`batch_scatter_update`: rows of a variable replaced, in each batch at indices of its own."""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.shaping import concat, expand_dims, reshape
from flowc.frontend.scopes import name_scope
from flowc.frontend.variables.sets import scatter_nd_update


def batch_scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """ref[i, ..., indices[i, ..., j]] = updates[i, ..., j], and the variable's new value.

    `indices` are int32 or int64 [batches..., n], `updates` [batches..., n, rest...] of the
    variable's dtype. Raises ValueError for indices of unknown rank, InvalidArgumentError for one
    out of range.
    """
    with name_scope(name, "batch_scatter_update", [ref, indices, updates]):
        indices = convert(indices, None, "indices")
        rank = indices.shape.ndims
        if rank is None:
            raise ValueError("batch_scatter_update does not allow indices with unknown shape.")
        sizes = build("Shape", indices)
        last = expand_dims(indices, -1)
        places = []
        for axis in range(rank - 1):
            form = [1] * (rank + 1)
            form[axis] = -1
            counted = reshape(cast(build("Range", 0, sizes[axis], 1), indices.dtype), form)
            places.append(counted * build("OnesLike", last))
        return scatter_nd_update(ref, concat([*places, last], -1), updates, use_locking)
