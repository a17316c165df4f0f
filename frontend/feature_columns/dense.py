"""Columns of numbers: as they are, in buckets, indicators and embeddings of categories."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from flowc.frontend.aliases import DTypeLike, ShapeLike
from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.composites import SparseTensor
from flowc.frontend.feature_columns.column import (
    CategoricalColumn,
    DenseColumn,
    Features,
    IdWeightPair,
    OfKey,
    check_key,
)
from flowc.frontend.functions.filling import one_hot, range_
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.parsing import FixedLenFeature
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.safe_embedding import safe_embedding_lookup_sparse
from flowc.frontend.functions.shaping import expand_dims, reshape, shape, stack, tile, transpose
from flowc.frontend.functions.sparse import sparse_tensor_to_dense
from flowc.frontend.functions.sparse_structure import sparse_merge
from flowc.frontend.initializers import TruncatedNormal
from flowc.frontend.shapes import TensorShape
from flowc.frontend.variables.scope import get_variable
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype


@dataclass(frozen=True)
class NumericColumn(OfKey, DenseColumn):
    """Numbers of a fixed shape, as float32."""

    sizes: tuple[int, ...]
    default_value: Any
    dtype: DType
    normalizer_fn: Callable[[Any], Any] | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape without the batch."""
        return self.sizes

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        default = None if self.default_value is None else np.array(self.default_value)
        return {self.key: FixedLenFeature(self.sizes, self.dtype, default)}

    def transform(self, features: Features) -> Any:
        tensor = features.get(self.key)
        if isinstance(tensor, SparseTensor):
            raise ValueError(
                "The corresponding Tensor of numerical column must be a Tensor. "
                f"SparseTensor is not supported. key: {self.key}"
            )
        if self.normalizer_fn is not None:
            tensor = self.normalizer_fn(tensor)
        return cast(tensor, dtypes.float32)

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape(self.sizes)

    def dense(self, features: Features, collections: Any, trainable: bool) -> Any:
        return features.get(self)


def numeric_column(
    key: str,
    shape: ShapeLike = (1,),
    default_value: Any = None,
    dtype: DTypeLike = dtypes.float32,
    normalizer_fn: Callable[[Any], Any] | None = None,
) -> NumericColumn:
    """Numbers. `default_value` stands for examples without the feature, when they are parsed.

    Raises ValueError for a wrong dtype or sizes below 1, TypeError for a normalizer that is no
    function.
    """
    sizes = tuple(shape) if isinstance(shape, Sequence) else (shape,)
    for size in sizes:
        if not isinstance(size, int | np.integer):
            raise TypeError(f"shape dimensions must be integer. shape: {shape}, key: {key}")
        if size < 1:
            raise ValueError(f"shape dimensions must be greater than 0. shape: {shape}, key: {key}")
    kind = as_dtype(dtype)
    if not (kind.is_integer or kind.is_floating):
        raise ValueError(f"dtype must be convertible to float. dtype: {dtype}, key: {key}")
    if normalizer_fn is not None and not callable(normalizer_fn):
        raise TypeError("normalizer_fn must be a callable.")
    check_key(key)
    if default_value is not None:
        array = np.asarray(default_value)
        if array.ndim and array.shape != sizes:
            raise ValueError(
                "The shape of default_value must be equal to given shape. "
                f"default_value: {default_value}, shape: {shape}"
            )
        default_value = _nested(np.broadcast_to(array, sizes).astype(kind.numpy).tolist())
    return NumericColumn(key, sizes, default_value, kind, normalizer_fn)


def _nested(values: Any) -> Any:
    return tuple(map(_nested, values)) if isinstance(values, list) else values


@dataclass(frozen=True)
class BucketizedColumn(DenseColumn, CategoricalColumn):
    """Numbers as the places of intervals, one for each; as categories or as indicators."""

    source: NumericColumn
    boundaries: tuple[float, ...]

    @property
    def name(self) -> str:
        return f"{self.source.name}_bucketized"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return self.source.parse_example_spec

    def transform(self, features: Features) -> Any:
        return build("Bucketize", features.get(self.source), boundaries=self.boundaries)

    @property
    def _intervals(self) -> int:
        return len(self.boundaries) + 1

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape([*self.source.sizes, self._intervals])

    def dense(self, features: Features, collections: Any, trainable: bool) -> Any:
        places = cast(features.get(self), dtypes.int64)
        return one_hot(places, self._intervals, 1.0, 0.0)

    @property
    def num_buckets(self) -> int:
        return self._intervals * self.source.sizes[0]

    def ids(self, features: Features) -> IdWeightPair:
        """Each number of a vector has intervals of its own."""
        places = features.get(self)
        rows, columns = shape(places)[0], self.source.sizes[0]
        first = reshape(tile(expand_dims(range_(0, rows), 1), [1, columns]), [-1])
        second = tile(range_(0, columns), [rows])
        ids = reshape(places, [-1]) + self._intervals * second
        indices = cast(transpose(stack([first, second])), dtypes.int64)
        sizes = cast(stack([rows, columns]), dtypes.int64)
        return IdWeightPair(SparseTensor(indices, cast(ids, dtypes.int64), sizes), None)


def bucketized_column(source_column: Any, boundaries: Sequence[float]) -> BucketizedColumn:
    """Intervals of a numeric column of one dimension: below the first boundary, and so on.

    Raises ValueError for another column, or boundaries that are not sorted.
    """
    if not isinstance(source_column, NumericColumn):
        raise ValueError(
            "source_column must be a column generated with numeric_column(). "
            f"Given: {source_column}"
        )
    if len(source_column.sizes) > 1:
        raise ValueError(f"source_column must be one-dimensional column. Given: {source_column}")
    if not isinstance(boundaries, list | tuple) or not boundaries:
        raise ValueError("boundaries must not be empty.")
    if any(a >= b for a, b in pairwise(boundaries)):
        raise ValueError("boundaries must be a sorted list.")
    return BucketizedColumn(source_column, tuple(boundaries))


@dataclass(frozen=True)
class IndicatorColumn(DenseColumn):
    """How often, or with which weight, each category is there."""

    column: CategoricalColumn

    @property
    def name(self) -> str:
        return f"{self.column.name}_indicator"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return self.column.parse_example_spec

    def transform(self, features: Features) -> Any:
        ids, weights = self.column.ids(features)
        if weights is not None:
            merged = sparse_merge(ids, weights, vocab_size=self.column.num_buckets)
            return sparse_tensor_to_dense(merged, validate_indices=False)
        dense = sparse_tensor_to_dense(ids, default_value=-1)
        indicators = one_hot(dense, self.column.num_buckets, 1.0, 0.0)
        return reduce_sum(indicators, axis=[-2])

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape([self.column.num_buckets])

    def dense(self, features: Features, collections: Any, trainable: bool) -> Any:
        return features.get(self)


def indicator_column(categorical_column: CategoricalColumn) -> IndicatorColumn:
    """A column of categories as counts."""
    return IndicatorColumn(categorical_column)


@dataclass(frozen=True)
class EmbeddingColumn(DenseColumn):
    """The rows of a variable for the categories, combined."""

    column: CategoricalColumn
    dimension: int
    combiner: str
    initializer: Any
    max_norm: float | None
    trainable: bool

    @property
    def name(self) -> str:
        return f"{self.column.name}_embedding"

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
        return safe_embedding_lookup_sparse(
            table,
            ids,
            weights,
            combiner=self.combiner,
            name=f"{self.name}_weights",
            max_norm=self.max_norm,
        )


def embedding_column(
    categorical_column: CategoricalColumn,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> EmbeddingColumn:
    """A column of categories as vectors that are trained: "mean", "sum" or "sqrtn" of several.

    Raises ValueError for a dimension below 1, or an initializer that is no function.
    """
    if dimension is None or dimension < 1:
        raise ValueError(f"Invalid dimension {dimension}.")
    if (ckpt_to_load_from is None) != (tensor_name_in_ckpt is None):
        raise ValueError(
            "Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them."
        )
    if ckpt_to_load_from is not None:
        raise NotImplementedError("flowc restores embeddings with a Saver: ckpt_to_load_from.")
    if initializer is not None and not callable(initializer):
        raise ValueError(
            f"initializer must be callable if specified. Embedding of column_name: "
            f"{categorical_column.name}"
        )
    chosen = initializer or TruncatedNormal(mean=0.0, stddev=1 / math.sqrt(dimension))
    return EmbeddingColumn(categorical_column, dimension, combiner, chosen, max_norm, trainable)
