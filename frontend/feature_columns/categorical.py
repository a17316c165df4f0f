"""Columns of categories: hashed, from a vocabulary, numbers, crosses, weighted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowc.frontend.aliases import DTypeLike
from flowc.frontend.composites import SparseTensor
from flowc.frontend.feature_columns.column import (
    CategoricalColumn,
    Features,
    IdWeightPair,
    OfKey,
    as_sparse,
    check_key,
)
from flowc.frontend.functions.checks import assert_greater_equal, assert_less
from flowc.frontend.functions.control import identity
from flowc.frontend.functions.lookups import (
    KeyValueTensorInitializer,
    StaticHashTable,
    StaticVocabularyTable,
    TextFileIndex,
    TextFileInitializer,
)
from flowc.frontend.functions.mathematics import cast, greater_equal, less, logical_and
from flowc.frontend.functions.parsing import VarLenFeature
from flowc.frontend.functions.selection import where_v2
from flowc.frontend.functions.sparse_crosses import cross_hashed
from flowc.frontend.functions.strings import as_string, string_to_hash_bucket_fast
from flowc.frontend.scopes import control_dependencies
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.system_errors import system_errors


def _with_values(sparse: SparseTensor, values: Any) -> SparseTensor:
    return SparseTensor(sparse.indices, values, sparse.dense_shape)


def _check_dtype(dtype: DType, name: str) -> None:
    if dtype is not dtypes.string and not dtype.is_integer:
        raise ValueError(f"dtype must be string or integer. dtype: {dtype}, column_name: {name}")


@dataclass(frozen=True)
class HashedColumn(OfKey, CategoricalColumn):
    """Ids are hashes of strings, or of integers as text."""

    hash_bucket_size: int
    dtype: DType

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: VarLenFeature(self.dtype)}

    @property
    def num_buckets(self) -> int:
        return self.hash_bucket_size

    def transform(self, features: Features) -> SparseTensor:
        sparse = as_sparse(features.get(self.key))
        _require_kind(sparse, self.dtype, self.key)
        text = sparse.values if self.dtype is dtypes.string else as_string(sparse.values)
        return _with_values(
            sparse, string_to_hash_bucket_fast(text, self.hash_bucket_size, name="lookup")
        )


def _require_kind(sparse: SparseTensor, dtype: DType, key: str) -> None:
    """Raise ValueError for strings where there should be integers, or the reverse."""
    if dtype.is_integer != sparse.dtype.is_integer:
        raise ValueError(
            f"Column dtype and SparseTensors dtype must be compatible. key: {key}, "
            f"column dtype: {dtype}, tensor dtype: {sparse.dtype}"
        )
    _check_dtype(sparse.dtype, key)


def categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: DTypeLike = dtypes.string
) -> HashedColumn:
    """Categories that are hashed into buckets. Raises ValueError for a size below 1."""
    if hash_bucket_size is None:
        raise ValueError(f"hash_bucket_size must be set. key: {key}")
    if hash_bucket_size < 1:
        raise ValueError(
            f"hash_bucket_size must be at least 1. hash_bucket_size: {hash_bucket_size}, key: {key}"
        )
    check_key(key)
    _check_dtype(as_dtype(dtype), key)
    return HashedColumn(key, hash_bucket_size, as_dtype(dtype))


@dataclass(frozen=True)
class VocabularyColumn(OfKey, CategoricalColumn):
    """Ids are places in a vocabulary, a tuple or the lines of a file."""

    vocabulary: tuple[Any, ...] | str
    size: int
    dtype: DType
    default_value: int
    num_oov_buckets: int

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: VarLenFeature(self.dtype)}

    @property
    def num_buckets(self) -> int:
        return self.size + self.num_oov_buckets

    def transform(self, features: Features) -> SparseTensor:
        sparse = as_sparse(features.get(self.key))
        _require_kind(sparse, self.dtype, self.key)
        is_text = self.dtype is dtypes.string
        keys = sparse if is_text else _with_values(sparse, cast(sparse.values, dtypes.int64))
        found: SparseTensor = self._table().lookup(keys)
        return found

    def _table(self) -> Any:
        kind = dtypes.string if self.dtype is dtypes.string else dtypes.int64
        if isinstance(self.vocabulary, str):
            content: Any = TextFileInitializer(
                self.vocabulary,
                kind,
                TextFileIndex.WHOLE_LINE,
                dtypes.int64,
                TextFileIndex.LINE_NUMBER,
                vocab_size=self.size,
            )
        else:
            places = np.arange(self.size, dtype=np.int64)
            content = KeyValueTensorInitializer(list(self.vocabulary), places, kind, dtypes.int64)
        if self.num_oov_buckets:
            return StaticVocabularyTable(content, self.num_oov_buckets)
        return StaticHashTable(content, self.default_value)


def categorical_column_with_vocabulary_list(
    key: str,
    vocabulary_list: Sequence[Any],
    dtype: DTypeLike | None = None,
    default_value: int = -1,
    num_oov_buckets: int = 0,
) -> VocabularyColumn:
    """Categories of a list. Others get `default_value`, or are hashed into buckets behind.

    Raises ValueError for an empty list, one with repetitions, or a wrong dtype.
    """
    if vocabulary_list is None or len(vocabulary_list) < 1:
        raise ValueError(f"vocabulary_list {vocabulary_list} must be non-empty, column_name: {key}")
    if len(set(vocabulary_list)) != len(vocabulary_list):
        raise ValueError(f"Duplicate keys in vocabulary_list {vocabulary_list}, column_name: {key}")
    found = as_dtype(np.array(list(vocabulary_list)).dtype)
    chosen = found if dtype is None else as_dtype(dtype)
    if chosen.is_integer != found.is_integer:
        raise ValueError(
            f"dtype {chosen} and vocabulary dtype {found} do not match, column_name: {key}"
        )
    _check_vocabulary(key, chosen, default_value, num_oov_buckets)
    return VocabularyColumn(
        key, tuple(vocabulary_list), len(vocabulary_list), chosen, default_value, num_oov_buckets
    )


def _check_vocabulary(key: str, dtype: DType, default_value: int, buckets: int) -> None:
    if buckets:
        if default_value != -1:
            raise ValueError(f"Can't specify both num_oov_buckets and default_value in {key}.")
        if buckets < 0:
            raise ValueError(f"Invalid num_oov_buckets {buckets} in {key}.")
    _check_dtype(dtype, key)
    check_key(key)


def categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: str,
    vocabulary_size: int | None = None,
    num_oov_buckets: int = 0,
    default_value: int | None = None,
    dtype: DTypeLike = dtypes.string,
) -> VocabularyColumn:
    """Categories of the lines of a file, all of them unless a size is told."""
    if not vocabulary_file:
        raise ValueError(f"Missing vocabulary_file in {key}.")
    if vocabulary_size is None:
        with system_errors(vocabulary_file), open(vocabulary_file, "rb") as file:
            vocabulary_size = sum(1 for _ in file)
    if vocabulary_size < 1:
        raise ValueError(f"Invalid vocabulary_size in {key}.")
    default = -1 if default_value is None else default_value
    _check_vocabulary(key, as_dtype(dtype), default, num_oov_buckets)
    return VocabularyColumn(
        key, vocabulary_file, vocabulary_size, as_dtype(dtype), default, num_oov_buckets
    )


@dataclass(frozen=True)
class IdentityColumn(OfKey, CategoricalColumn):
    """Ids are the integers themselves."""

    buckets: int
    default_value: int | None

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: VarLenFeature(dtypes.int64)}

    @property
    def num_buckets(self) -> int:
        return self.buckets

    def transform(self, features: Features) -> SparseTensor:
        sparse = as_sparse(features.get(self.key))
        if not sparse.dtype.is_integer:
            raise ValueError(f"Invalid input, not integer. key: {self.key} dtype: {sparse.dtype}")
        values = cast(sparse.values, dtypes.int64)
        buckets = cast(self.buckets, dtypes.int64)
        if self.default_value is None:
            zero = cast(0, dtypes.int64)
            checks = [
                assert_less(values, buckets, name="assert_less_than_num_buckets"),
                assert_greater_equal(values, zero, name="assert_greater_or_equal_0"),
            ]
            with control_dependencies(checks):
                return _with_values(sparse, identity(values))
        inside = logical_and(greater_equal(values, 0), less(values, buckets))
        default = cast(self.default_value, dtypes.int64)
        return _with_values(sparse, where_v2(inside, values, default))


def categorical_column_with_identity(
    key: str, num_buckets: int, default_value: int | None = None
) -> IdentityColumn:
    """Integers from 0 up to `num_buckets`, without it. Others get `default_value`, or are errors.

    Raises ValueError for no buckets, or a default outside of them.
    """
    if num_buckets < 1:
        raise ValueError(f"num_buckets {num_buckets} < 1, column_name {key}")
    if default_value is not None and not 0 <= default_value < num_buckets:
        raise ValueError(
            f"default_value {default_value} not in range [0, {num_buckets}), column_name {key}"
        )
    check_key(key)
    return IdentityColumn(key, num_buckets, default_value)


@dataclass(frozen=True)
class CrossedColumn(CategoricalColumn):
    """Ids are hashes of combinations of features, bucketized columns and categories."""

    keys: tuple[Any, ...]
    hash_bucket_size: int
    hash_key: int | None

    @property
    def name(self) -> str:
        return "_X_".join(sorted(self._names()))

    def _names(self) -> list[str]:
        """The names of what is crossed, those of crosses taken apart."""
        found: list[str] = []
        for key in self.keys:
            if isinstance(key, CrossedColumn):
                found += key._names()
            else:
                found.append(key if isinstance(key, str) else key.name)
        return found

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = {}
        for key in self.keys:
            if isinstance(key, str):
                spec[key] = VarLenFeature(dtypes.string)
            else:
                spec.update(key.parse_example_spec)
        return spec

    @property
    def num_buckets(self) -> int:
        return self.hash_bucket_size

    def transform(self, features: Features) -> SparseTensor:
        tensors: list[Any] = []
        for key in self._leaves():
            if isinstance(key, str):
                tensors.append(features.get(key))
                continue
            pair = key.ids(features)
            if pair.weight_tensor is not None:
                raise ValueError(
                    "crossed_column does not support weight_tensor, but the given column populates "
                    f"weight_tensor. Given column: {key.name}"
                )
            tensors.append(pair.id_tensor)
        return cross_hashed(tensors, self.hash_bucket_size, self.hash_key)

    def _leaves(self) -> list[Any]:
        leaves: list[Any] = []
        for key in self.keys:
            leaves += key._leaves() if isinstance(key, CrossedColumn) else [key]
        return leaves


def crossed_column(
    keys: Sequence[Any], hash_bucket_size: int, hash_key: int | None = None
) -> CrossedColumn:
    """The combinations of at least two features or columns. Raises ValueError.

    Columns that are hashed already must be given by their key.
    """
    if not hash_bucket_size or hash_bucket_size < 1:
        raise ValueError(f"hash_bucket_size must be > 1. hash_bucket_size: {hash_bucket_size}")
    if not keys or len(keys) < 2:
        raise ValueError(f"keys must be a list with length > 1. Given: {keys}")
    for key in keys:
        if not isinstance(key, str | CategoricalColumn):
            raise ValueError(
                "Unsupported key type. All keys must be either string, or categorical "
                f"column except _HashedCategoricalColumn. Given: {key}"
            )
        if isinstance(key, HashedColumn):
            raise ValueError(
                "categorical_column_with_hash_bucket is not supported for crossing. Hashing before "
                "crossing will increase probability of collision. Instead, use the feature name as "
                f"a string. Given: {key}"
            )
    return CrossedColumn(tuple(keys), hash_bucket_size, hash_key)


@dataclass(frozen=True)
class WeightedColumn(CategoricalColumn):
    """The ids of a column, with another feature as their weights."""

    column: CategoricalColumn
    weight_feature_key: str
    dtype: DType

    @property
    def name(self) -> str:
        return f"{self.column.name}_weighted_by_{self.weight_feature_key}"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        spec = dict(self.column.parse_example_spec)
        if self.weight_feature_key in spec:
            raise ValueError(
                f"Parse config {spec[self.weight_feature_key]} already exists for "
                f"{self.weight_feature_key}."
            )
        return {**spec, self.weight_feature_key: VarLenFeature(self.dtype)}

    @property
    def num_buckets(self) -> int:
        return self.column.num_buckets

    def transform(self, features: Features) -> IdWeightPair:
        weights = features.get(self.weight_feature_key)
        if as_dtype(weights.dtype) is not self.dtype:
            raise ValueError(f"Bad dtype, expected {self.dtype}, but got {weights.dtype}.")
        sparse = as_sparse(weights)
        if self.dtype.is_integer:
            sparse = _with_values(sparse, cast(sparse.values, dtypes.float32))
        return IdWeightPair(self.column.ids(features).id_tensor, sparse)

    def ids(self, features: Features) -> IdWeightPair:
        found: IdWeightPair = features.get(self)
        return found


def weighted_categorical_column(
    categorical_column: CategoricalColumn,
    weight_feature_key: str,
    dtype: DTypeLike = dtypes.float32,
) -> WeightedColumn:
    """A column of categories with weights. Raises ValueError for weights that are no numbers."""
    kind = as_dtype(dtype)
    if not (kind.is_integer or kind.is_floating):
        raise ValueError(f"dtype {kind} is not convertible to float.")
    return WeightedColumn(categorical_column, weight_feature_key, kind)
