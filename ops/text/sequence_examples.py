"""Parsing `SequenceExample` messages: a context as of an Example, and lists of features in time.

A column of feature lists has a list of runs in each record, one for each point in time. See
`examples`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.proto import SequenceExample
from flowc.ir.tensor.builder import Builder, UnknownValue, require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, show
from flowc.ops.registry import host_op
from flowc.ops.text.examples import (
    Columns,
    Run,
    Sizes,
    array_of,
    by_kind,
    decoded,
    dense_columns,
    dense_types_of,
    elements_of,
    keys_of,
    names_of,
    sparse_types_of,
    text_of,
    zero_of,
)

Times = list[Run]  # the runs of one record; empty where the list is missing


@dataclass(frozen=True)
class DenseList:
    """A column in which every point in time has the same shape."""

    key: str
    dtype: DType
    shape: tuple[int, ...]

    @property
    def row(self) -> int:
        """Elements at one point in time."""
        return int(np.prod(self.shape, dtype=np.int64))

    def checked(self, times: Times, where: str) -> Times:
        """The runs. Raises InvalidArgumentError for one that has another size."""
        for number, run in enumerate(times):
            require(
                run is not None and len(run) == self.row,
                f"{where}, Index: {number}. Number of {self.dtype.name} values != expected. Values "
                f"size: {len(run or [])} but output shape: {show(self.shape)}",
            )
        return times

    def batch(self, records: Sequence[Times]) -> tuple[Array, Array]:
        """All records, filled up with zeros or empty strings, and their lengths."""
        lengths = [len(times) for times in records]
        shape = (len(records), max(lengths, default=0), self.row)
        whole = np.full(shape, zero_of(self.dtype), self.dtype.numpy)
        for number, times in enumerate(records):
            for time, run in enumerate(times):
                whole[number, time] = array_of(run or [], self.dtype)
        return whole.reshape(*shape[:2], *self.shape), np.array(lengths, np.int64)


def _sparse_lists(
    records: Sequence[Times], dtype: DType, single: bool
) -> tuple[Array, Array, Array]:
    """Indices (record, time, place), values and shape; without the record for a single one."""
    places = [
        (number, time, place)
        for number, times in enumerate(records)
        for time, run in enumerate(times)
        for place in range(len(run or []))
    ]
    runs = [run or [] for times in records for run in times]
    sizes = (
        len(records),
        max((len(times) for times in records), default=0),
        max((len(run) for run in runs), default=0),
    )
    values = array_of([element for run in runs for element in run], dtype)
    indices = np.array(places, np.int64).reshape(-1, 3)
    start = int(single)
    return indices[:, start:], values, np.array(sizes[start:], np.int64)


def _ragged_lists(
    records: Sequence[Times], dtype: DType, splits: DType, single: bool
) -> tuple[Array, Array, Array]:
    """Values, where records begin in time, and where runs begin among the values."""
    runs = [run or [] for times in records for run in times]
    values = array_of([element for run in runs for element in run], dtype)
    outer = np.cumsum([0, *(len(times) for times in records)]).astype(splits.numpy)
    inner = np.cumsum([0, *map(len, runs)]).astype(splits.numpy)
    return values, outer[:0] if single else outer, inner


@dataclass(frozen=True)
class ListColumns:
    """What is asked for of the feature lists of each record."""

    dense: tuple[DenseList, ...]
    sparse: tuple[tuple[str, DType], ...]
    ragged: tuple[tuple[str, DType, DType], ...] = ()
    may_miss: Collection[str] = ()  # keys of dense columns that are empty where they are missing

    def _times(self, lists: Any, key: str, dtype: DType, name: str, required: bool) -> Times:
        where = f"Name: {name or '<unknown>'}, Feature list: {key}"
        found = lists.feature_list.get(key, None)
        require(
            found is not None or not required,
            f"{where} is required but could not be found.  Did you mean to include it in "
            "feature_list_dense_missing_assumed_empty or "
            "feature_list_dense_defaults?",
        )
        features = [] if found is None else found.feature
        return [elements_of(f, dtype, f"{where}, Index: {i}") for i, f in enumerate(features)]

    def tensors(self, records: Sequence[Any], names: Sequence[str], single: bool) -> list[Array]:
        """The tensors of all records, in the order of the ops' outputs, lengths at the end."""
        pairs = list(zip(records, names, strict=True))
        sparse = [
            _sparse_lists([self._times(r, key, t, n, False) for r, n in pairs], t, single)
            for key, t in self.sparse
        ]
        dense, lengths = [], []
        for column in self.dense:
            where = f"Feature list: {column.key}"
            required = column.key not in self.may_miss
            times = [
                column.checked(self._times(r, column.key, column.dtype, n, required), where)
                for r, n in pairs
            ]
            values, counts = column.batch(times)
            dense.append(values[0] if single else values)
            lengths.append(counts[0] if single else counts)
        ragged = [
            _ragged_lists([self._times(r, key, t, n, False) for r, n in pairs], t, s, single)
            for key, t, s in self.ragged
        ]
        return [*by_kind(sparse, 3), *dense, *map(np.asarray, lengths), *by_kind(ragged, 3)]


def _lists(keys: Sequence[str], types: Sequence[DType], shapes: Sequence[Sizes]) -> Any:
    columns = []
    for key, dtype, shape in zip(keys, types, shapes, strict=True):
        require(
            shape is not None and None not in shape,
            f"feature_list_dense_shapes of '{key}' is not fully defined",
        )
        assert shape is not None
        columns.append(DenseList(key, dtype, tuple(d or 0 for d in shape)))
    return tuple(columns)


def _parsed(
    serialized: Array, names: Array, context: Columns, lists: ListColumns
) -> tuple[list[Array], list[Array]]:
    """The tensors of context and feature lists of one record, or of a vector of them."""
    require(
        serialized.ndim <= 1,
        f"Expected serialized to be a scalar or vector, got shape: {show(serialized.shape)}",
    )
    texts = serialized.ravel().tolist()
    records = [decoded(text, SequenceExample, "sequence example") for text in texts]
    given = names_of(names, len(records))
    single = serialized.ndim == 0
    features = [record.context for record in records]
    first = context.single(features[0], given[0]) if single else context.batch(features, given)
    return first, lists.tensors([record.feature_lists for record in records], given, single)


_TYPES = "list({float32, int64, string})"
_CONTEXT = (
    f"Ncontext_sparse: int >= 0 = 0, context_sparse_types: {_TYPES} = [],"
    f" Tcontext_dense: {_TYPES} = [], context_dense_shapes: list(shape) = []"
)
_LISTS = (
    f"Nfeature_list_sparse: int >= 0 = 0, feature_list_sparse_types: {_TYPES} = [],"
    f" Nfeature_list_dense: int >= 0 = 0, feature_list_dense_types: {_TYPES} = [],"
    " feature_list_dense_shapes: list(shape) = []"
)
_CONTEXT_SPARSE = (
    "context_sparse_indices: Ncontext_sparse*int64, context_sparse_values: context_sparse_types,"
    " context_sparse_shapes: Ncontext_sparse*int64"
)
_LIST_SPARSE = (
    "feature_list_sparse_indices: Nfeature_list_sparse*int64,"
    " feature_list_sparse_values: feature_list_sparse_types,"
    " feature_list_sparse_shapes: Nfeature_list_sparse*int64"
)
_LIST_DENSE = "feature_list_dense_values: feature_list_dense_types"
_LENGTHS = "feature_list_dense_lengths: Nfeature_list_dense*int64"


@host_op(
    "ParseSingleSequenceExample(serialized: string,"
    " feature_list_dense_missing_assumed_empty: string,"
    " context_sparse_keys: Ncontext_sparse*string, context_dense_keys: Ncontext_dense*string,"
    " feature_list_sparse_keys: Nfeature_list_sparse*string,"
    " feature_list_dense_keys: Nfeature_list_dense*string, context_dense_defaults: Tcontext_dense,"
    f" debug_name: string; Ncontext_dense: int >= 0 = 0, {_CONTEXT}, {_LISTS})"
    f" -> {_CONTEXT_SPARSE}, context_dense_values: Tcontext_dense, {_LIST_SPARSE}, {_LIST_DENSE}"
)
def parse_single_sequence_example(
    serialized: Array,
    feature_list_dense_missing_assumed_empty: Array,
    context_sparse_keys: list[Array],
    context_dense_keys: list[Array],
    feature_list_sparse_keys: list[Array],
    feature_list_dense_keys: list[Array],
    context_dense_defaults: list[Array],
    debug_name: Array,
    *,
    context_sparse_types: Sequence[DType],
    Tcontext_dense: Sequence[DType],
    context_dense_shapes: Sequence[Sizes],
    feature_list_sparse_types: Sequence[DType],
    feature_list_dense_types: Sequence[DType],
    feature_list_dense_shapes: Sequence[Sizes],
) -> list[Array]:
    """The columns of one SequenceExample."""
    require(
        serialized.ndim == 0,
        f"Expected serialized to be a scalar, got shape: {show(serialized.shape)}",
    )
    context = Columns(
        dense_columns(
            keys_of(context_dense_keys),
            Tcontext_dense,
            context_dense_shapes,
            context_dense_defaults,
        ),
        tuple(zip(keys_of(context_sparse_keys), context_sparse_types, strict=True)),
    )
    lists = ListColumns(
        _lists(
            keys_of(feature_list_dense_keys), feature_list_dense_types, feature_list_dense_shapes
        ),
        tuple(zip(keys_of(feature_list_sparse_keys), feature_list_sparse_types, strict=True)),
        may_miss=[text_of(k) for k in feature_list_dense_missing_assumed_empty.ravel().tolist()],
    )
    first, second = _parsed(serialized, debug_name, context, lists)
    return [*first, *second[: len(second) - len(lists.dense)]]  # this op gives no lengths


@host_op(
    "ParseSequenceExample(serialized: string, debug_name: string,"
    " context_dense_defaults: Tcontext_dense;"
    " feature_list_dense_missing_assumed_empty: list(string),"
    " context_sparse_keys: list(string), context_dense_keys: list(string),"
    " feature_list_sparse_keys: list(string), feature_list_dense_keys: list(string),"
    f" Ncontext_dense: int >= 0 = 0, {_CONTEXT}, {_LISTS})"
    f" -> {_CONTEXT_SPARSE}, context_dense_values: Tcontext_dense, {_LIST_SPARSE}, {_LIST_DENSE},"
    f" {_LENGTHS}"
)
def parse_sequence_example(
    serialized: Array,
    debug_name: Array,
    context_dense_defaults: list[Array],
    *,
    feature_list_dense_missing_assumed_empty: Sequence[str],
    context_sparse_keys: Sequence[str],
    context_dense_keys: Sequence[str],
    feature_list_sparse_keys: Sequence[str],
    feature_list_dense_keys: Sequence[str],
    context_sparse_types: Sequence[DType],
    Tcontext_dense: Sequence[DType],
    context_dense_shapes: Sequence[Sizes],
    feature_list_sparse_types: Sequence[DType],
    feature_list_dense_types: Sequence[DType],
    feature_list_dense_shapes: Sequence[Sizes],
) -> list[Array]:
    """The columns of a vector of SequenceExamples."""
    require(
        serialized.ndim == 1,
        f"Expected serialized to be a vector, got shape: {show(serialized.shape)}",
    )
    context = Columns(
        dense_columns(
            context_dense_keys, Tcontext_dense, context_dense_shapes, context_dense_defaults
        ),
        tuple(zip(context_sparse_keys, context_sparse_types, strict=True)),
    )
    lists = ListColumns(
        _lists(feature_list_dense_keys, feature_list_dense_types, feature_list_dense_shapes),
        tuple(zip(feature_list_sparse_keys, feature_list_sparse_types, strict=True)),
        may_miss=feature_list_dense_missing_assumed_empty,
    )
    first, second = _parsed(serialized, debug_name, context, lists)
    return [*first, *second]


_SPLITS = "list({int32, int64})"


@host_op(
    "ParseSequenceExampleV2(serialized: string, debug_name: string, context_sparse_keys: string,"
    " context_dense_keys: string, context_ragged_keys: string, feature_list_sparse_keys: string,"
    " feature_list_dense_keys: string, feature_list_ragged_keys: string,"
    " feature_list_dense_missing_assumed_empty: bool, context_dense_defaults: Tcontext_dense;"
    f" {_CONTEXT}, context_ragged_value_types: {_TYPES} = [],"
    f" context_ragged_split_types: {_SPLITS} = [], {_LISTS},"
    f" feature_list_ragged_value_types: {_TYPES} = [],"
    f" feature_list_ragged_split_types: {_SPLITS} = [])"
    f" -> {_CONTEXT_SPARSE}, context_dense_values: Tcontext_dense,"
    " context_ragged_values: context_ragged_value_types,"
    f" context_ragged_row_splits: context_ragged_split_types, {_LIST_SPARSE}, {_LIST_DENSE},"
    f" {_LENGTHS}, feature_list_ragged_values: feature_list_ragged_value_types,"
    " feature_list_ragged_outer_splits: feature_list_ragged_split_types,"
    " feature_list_ragged_inner_splits: feature_list_ragged_split_types"
)
def parse_sequence_example_v2(
    serialized: Array,
    debug_name: Array,
    context_sparse_keys: Array,
    context_dense_keys: Array,
    context_ragged_keys: Array,
    feature_list_sparse_keys: Array,
    feature_list_dense_keys: Array,
    feature_list_ragged_keys: Array,
    feature_list_dense_missing_assumed_empty: Array,
    context_dense_defaults: list[Array],
    *,
    context_sparse_types: Sequence[DType],
    Tcontext_dense: Sequence[DType],
    context_dense_shapes: Sequence[Sizes],
    context_ragged_value_types: Sequence[DType],
    context_ragged_split_types: Sequence[DType],
    feature_list_sparse_types: Sequence[DType],
    feature_list_dense_types: Sequence[DType],
    feature_list_dense_shapes: Sequence[Sizes],
    feature_list_ragged_value_types: Sequence[DType],
    feature_list_ragged_split_types: Sequence[DType],
) -> list[Array]:
    """The columns of a vector of SequenceExamples, or of a single one."""

    def names(keys: Array) -> list[str]:
        return [text_of(key) for key in keys.ravel().tolist()]

    context = Columns(
        dense_columns(
            names(context_dense_keys), Tcontext_dense, context_dense_shapes, context_dense_defaults
        ),
        tuple(zip(names(context_sparse_keys), context_sparse_types, strict=True)),
        tuple(
            zip(
                names(context_ragged_keys),
                context_ragged_value_types,
                context_ragged_split_types,
                strict=True,
            )
        ),
    )
    dense = names(feature_list_dense_keys)
    may_miss = feature_list_dense_missing_assumed_empty.ravel().tolist()
    lists = ListColumns(
        _lists(dense, feature_list_dense_types, feature_list_dense_shapes),
        tuple(zip(names(feature_list_sparse_keys), feature_list_sparse_types, strict=True)),
        tuple(
            zip(
                names(feature_list_ragged_keys),
                feature_list_ragged_value_types,
                feature_list_ragged_split_types,
                strict=True,
            )
        ),
        [key for key, missing in zip(dense, may_miss, strict=True) if missing],
    )
    first, second = _parsed(serialized, debug_name, context, lists)
    return [*first, *second]


# What is known of the results while a graph is built


@parse_single_sequence_example.infer
def _(
    b: Builder,
    *inputs: Any,
    context_sparse_types: Sequence[DType],
    Tcontext_dense: Sequence[DType],
    context_dense_shapes: Sequence[Sizes],
    feature_list_sparse_types: Sequence[DType],
    feature_list_dense_types: Sequence[DType],
    feature_list_dense_shapes: Sequence[Sizes],
) -> list[Any]:
    return [
        *sparse_types_of(b, context_sparse_types, 1),
        *dense_types_of(b, Tcontext_dense, context_dense_shapes),
        *sparse_types_of(b, feature_list_sparse_types, 2),
        *dense_types_of(b, feature_list_dense_types, feature_list_dense_shapes, None),
    ]


@parse_sequence_example.infer
def _(
    b: Builder,
    serialized: Any,
    *others: Any,
    context_sparse_types: Sequence[DType],
    Tcontext_dense: Sequence[DType],
    context_dense_shapes: Sequence[Sizes],
    feature_list_sparse_types: Sequence[DType],
    feature_list_dense_types: Sequence[DType],
    feature_list_dense_shapes: Sequence[Sizes],
) -> list[Any]:
    return [
        *sparse_types_of(b, context_sparse_types, 2),
        *dense_types_of(b, Tcontext_dense, context_dense_shapes, None),
        *sparse_types_of(b, feature_list_sparse_types, 3),
        *dense_types_of(b, feature_list_dense_types, feature_list_dense_shapes, None, None),
        *(abstract(b, dtypes.int64, None) for _ in feature_list_dense_types),
    ]


@parse_sequence_example_v2.infer
def _(
    b: Builder,
    serialized: Any,
    *others: Any,
    context_sparse_types: Sequence[DType],
    Tcontext_dense: Sequence[DType],
    context_dense_shapes: Sequence[Sizes],
    context_ragged_value_types: Sequence[DType],
    context_ragged_split_types: Sequence[DType],
    feature_list_sparse_types: Sequence[DType],
    feature_list_dense_types: Sequence[DType],
    feature_list_dense_shapes: Sequence[Sizes],
    feature_list_ragged_value_types: Sequence[DType],
    feature_list_ragged_split_types: Sequence[DType],
) -> list[Any]:
    front = (None,) * len(b.shape(serialized))
    ragged = (*context_ragged_value_types, *context_ragged_split_types)
    lists = (*feature_list_ragged_value_types, *feature_list_ragged_split_types)
    return [
        *sparse_types_of(b, context_sparse_types, len(front) + 1),
        *dense_types_of(b, Tcontext_dense, context_dense_shapes, *front),
        *(abstract(b, dtype, None) for dtype in ragged),
        *sparse_types_of(b, feature_list_sparse_types, len(front) + 2),
        *dense_types_of(b, feature_list_dense_types, feature_list_dense_shapes, *front, None),
        *(UnknownValue(dtypes.int64) for _ in feature_list_dense_types),
        *(abstract(b, dtype, None) for dtype in (*lists, *feature_list_ragged_split_types)),
    ]


for _definition in (
    parse_single_sequence_example,
    parse_sequence_example,
    parse_sequence_example_v2,
):
    _definition.not_differentiable()
