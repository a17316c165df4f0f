"""`tf.nn.safe_embedding_lookup_sparse`: embeddings where rows may be empty, or ids invalid."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.composites import SparseTensor
from flowc.frontend.functions.embedding import embedding_lookup_sparse
from flowc.frontend.functions.filling import ones_like, zeros_like
from flowc.frontend.functions.mathematics import cast, greater, greater_equal, logical_and
from flowc.frontend.functions.reductions import reduce_prod
from flowc.frontend.functions.selection import gather, where
from flowc.frontend.functions.shaping import (
    Name,
    concat,
    expand_dims,
    reshape,
    shape,
    slice,
    stack,
    tile,
)
from flowc.frontend.functions.sparse import sparse_retain
from flowc.frontend.functions.sparse_structure import sparse_fill_empty_rows, sparse_reshape
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes


def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: SparseTensor,
    sparse_weights: SparseTensor | None = None,
    combiner: str | None = "mean",
    default_id: int | None = None,
    name: Name = None,
    partition_strategy: str = "div",
    max_norm: TensorLike | None = None,
) -> Any:
    """`embedding_lookup_sparse` without negative ids, and without weights that are not positive.

    A row without ids is that of `default_id`, or zeros. Ids may have more than two dimensions; the
    last one is combined. Raises ValueError where there are no embeddings.
    """
    given = embedding_weights
    tables = list(given) if isinstance(given, list | tuple) else [given]
    if embedding_weights is None or not tables:
        raise ValueError(f"Missing embedding_weights {embedding_weights}.")
    values = [*tables, sparse_ids.values]
    with name_scope(name, "embedding_lookup", values) as scope:
        full_shape, static = sparse_ids.dense_shape, sparse_ids.shape
        rows = stack(
            [
                reduce_prod(slice(full_shape, [0], [shape(full_shape)[0] - 1])),
                gather(full_shape, shape(full_shape)[0] - 1),
            ]
        )
        ids = sparse_reshape(sparse_ids, rows)
        weights = sparse_weights
        if weights is not None:
            weights = SparseTensor(ids.indices, weights.values, ids.dense_shape)
        ids, weights = _valid(ids, weights, combiner)
        ids, is_empty = sparse_fill_empty_rows(ids, default_id or 0)
        if weights is not None:
            weights, _ = sparse_fill_empty_rows(weights, 1.0)
        found = embedding_lookup_sparse(
            tables,
            ids,
            weights,
            partition_strategy,
            None if default_id is None else scope,
            combiner,
            max_norm,
        )
        found.set_shape(TensorShape([None]).concatenate(tables[0].shape[1:]))
        if default_id is None:
            width = stack([1, shape(found)[1]])
            empty = tile(reshape(is_empty, [-1, 1]), width)
            found = where(empty, zeros_like(found), found, name=scope)
        return _as_rows(found, full_shape, static)


def _valid(
    ids: SparseTensor, weights: SparseTensor | None, combiner: str | None
) -> tuple[SparseTensor, SparseTensor | None]:
    """Without negative ids; without weights that add nothing, where they would be divided by."""
    is_valid = greater_equal(ids.values, 0)
    if weights is not None:
        is_valid = logical_and(
            is_valid,
            greater(weights.values, 0)
            if combiner != "sum"
            else (cast(ones_like(weights.values), dtypes.bool_)),
        )
        weights = sparse_retain(weights, is_valid)
    return sparse_retain(ids, is_valid), weights


def _as_rows(found: Any, full_shape: Any, static: TensorShape) -> Any:
    """Embeddings in the places of the ids' leading dimensions."""
    leading = slice(cast(full_shape, dtypes.int32), [0], [shape(full_shape)[0] - 1])
    result = reshape(found, concat([leading, expand_dims(shape(found)[1], 0)], 0))
    if static.ndims is not None and found.shape.ndims is not None:
        result.set_shape([*static.as_list()[:-1], found.shape.as_list()[1]])
    return result
