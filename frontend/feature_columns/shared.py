"""Embeddings that several columns of categories share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowc.frontend.collections import GraphKeys
from flowc.frontend.feature_columns.categorical import WeightedColumn
from flowc.frontend.feature_columns.column import (
    CategoricalColumn,
    DenseColumn,
    Features,
    IdWeightPair,
)
from flowc.frontend.functions.safe_embedding import safe_embedding_lookup_sparse
from flowc.frontend.initializers import TruncatedNormal
from flowc.frontend.shapes import TensorShape
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import get_variable
from flowc.ir import dtypes


@dataclass(frozen=True)
class SharedEmbeddingColumn(DenseColumn):
    """The rows of a variable that is in a collection of the graph under the shared name."""

    column: CategoricalColumn
    dimension: int
    combiner: str
    initializer: Any
    shared_name: str
    max_norm: float | None
    trainable: bool

    @property
    def name(self) -> str:
        return f"{self.column.name}_shared_embedding"

    @property
    def var_scope_name(self) -> str:
        return self.shared_name

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return self.column.parse_example_spec

    def transform(self, features: Features) -> IdWeightPair:
        return self.column.ids(features)

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape([self.dimension])

    def dense(self, features: Features, collections: Any, trainable: bool) -> Any:
        ids, weights = features.get(self)
        return safe_embedding_lookup_sparse(
            self._table(collections, trainable),
            ids,
            weights,
            combiner=self.combiner,
            name=f"{self.name}_weights",
            max_norm=self.max_norm,
        )

    def _table(self, collections: Any, trainable: bool) -> Any:
        """The variable, made by the column that is first asked. Raises ValueError for two."""
        graph = get_default_graph()
        found = graph.get_collection(self.shared_name)
        if len(found) > 1:
            raise ValueError(f"Collection {found} can only contain one variable.")
        if found:
            return found[0]
        names = list(collections or ())
        if names and GraphKeys.GLOBAL_VARIABLES not in names:
            names.append(GraphKeys.GLOBAL_VARIABLES)
        table = get_variable(
            "embedding_weights",
            [self.column.num_buckets, self.dimension],
            dtypes.float32,
            self.initializer,
            trainable=self.trainable and trainable,
            collections=names or None,
        )
        graph.add_to_collection(self.shared_name, table)
        return table


def shared_embedding_columns(
    categorical_columns: Sequence[CategoricalColumn],
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    shared_embedding_collection_name: str | None = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> list[SharedEmbeddingColumn]:
    """Columns of categories with as many ids, as vectors of one variable.

    Raises ValueError for other columns, a dimension below 1, or an initializer that is no function.
    """
    if dimension is None or dimension < 1:
        raise ValueError(f"Invalid dimension {dimension}.")
    if ckpt_to_load_from is not None or tensor_name_in_ckpt is not None:
        raise NotImplementedError("flowc restores embeddings with a Saver: ckpt_to_load_from.")
    if initializer is not None and not callable(initializer):
        raise ValueError("initializer must be callable if specified.")
    _require_alike(categorical_columns)
    ordered = sorted(categorical_columns, key=lambda column: column.name)
    shared = shared_embedding_collection_name or (
        "_".join(column.name for column in ordered) + "_shared_embedding"
    )
    chosen = initializer or TruncatedNormal(mean=0.0, stddev=1 / math.sqrt(dimension))
    return [
        SharedEmbeddingColumn(column, dimension, combiner, chosen, shared, max_norm, trainable)
        for column in categorical_columns
    ]


def _require_alike(columns: Sequence[CategoricalColumn]) -> None:
    """Raise ValueError unless the columns are of one kind and have as many ids."""
    if not columns or not all(isinstance(column, CategoricalColumn) for column in columns):
        raise ValueError(f"categorical_columns must be columns of categories. Given: {columns}")
    plain = [c.column if isinstance(c, WeightedColumn) else c for c in columns]
    if len({type(column) for column in plain}) > 1:
        raise ValueError(
            "To use shared_embedding_column, all categorical_columns must have the same type, or "
            f"be weighted_categorical_column of the same type. Given: {list(columns)}"
        )
    if len({column.num_buckets for column in plain}) > 1:
        raise ValueError(
            "To use shared_embedding_column, all categorical_columns must have the same number of "
            f"buckets. Given: {list(columns)}"
        )
