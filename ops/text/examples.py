"""Parsing `Example` and `SequenceExample` messages into dense, sparse and ragged tensors.

What is asked for is a list of columns, each a key with a type and a form. A record gives each
column a run of elements; a form joins the runs of all records. The messages are those of
TensorFlow's example.proto, the rules of missing and misfit features those of its kernels
`ParseExample` and `ParseSequenceExample`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from google.protobuf.message import DecodeError

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.proto import Example
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, fail, show
from flowc.ops.control_flow import declared
from flowc.ops.registry import host_op

Sizes: TypeAlias = "tuple[int | None, ...] | None"
Run: TypeAlias = "list[Any] | None"  # the elements of a feature; None where it is missing

_KINDS = {"bytes_list": dtypes.string, "float_list": dtypes.float32, "int64_list": dtypes.int64}


def elements_of(feature: Any, dtype: DType, where: str) -> Run:
    """The elements of a `Feature`. Raises InvalidArgumentError for those of another type."""
    kind = feature.WhichOneof("kind")
    if kind is None:
        return None
    found = _KINDS[kind]
    require(
        found is dtype,
        f"{where}. Data types don't match. Expected type: {dtype.name}, Feature is: {found.name}",
    )
    return list(getattr(feature, kind).value)


def array_of(elements: Sequence[Any], dtype: DType) -> Array:
    """A vector of elements."""
    array = np.empty(len(elements), dtype.numpy)
    array[:] = elements
    return array


# Forms


@dataclass(frozen=True)
class Dense:
    """A column whose runs all have one shape; the first size may be open, then runs are padded."""

    key: str
    dtype: DType
    shape: tuple[int | None, ...]
    default: Array

    @property
    def is_open(self) -> bool:
        """Whether runs may have different lengths."""
        return bool(self.shape) and self.shape[0] is None

    def _sizes(self) -> tuple[int, ...]:
        return tuple(d for d in self.shape if d is not None)

    def checked(self, run: Run, where: str) -> Run:
        """The run, or the default where it is missing. Raises InvalidArgumentError."""
        row = int(np.prod(self._sizes(), dtype=np.int64))
        if run is None:
            if self.is_open:
                return []
            require(
                self.default.size == row,
                f"{where} (data type: {self.dtype.name}) is required but could not be found.",
            )
            return list(self.default.ravel().tolist())
        if self.is_open:
            require(
                row > 0 and len(run) % row == 0,
                f"{where}. Number of {self.dtype.name} values is not a multiple of stride length. "
                f"Saw {len(run)} values but output shape is: {show(self._sizes())}",
            )
        else:
            require(
                len(run) == row,
                f"{where}. Number of {self.dtype.name} values != expected. Values size: "
                f"{len(run)} but output shape: {show(self._sizes())}",
            )
        return run

    def batch(self, runs: Sequence[Run]) -> Array:
        """All runs, those of open length filled up with the default's element."""
        sizes = self._sizes()
        row = int(np.prod(sizes, dtype=np.int64))
        arrays = [array_of(run or [], self.dtype) for run in runs]
        if not self.is_open:
            whole = np.empty((len(arrays), row), self.dtype.numpy)
            for number, array in enumerate(arrays):
                whole[number] = array
            return whole.reshape(len(arrays), *sizes)
        longest = max((len(array) for array in arrays), default=0)
        filling = self.default.ravel()[0] if self.default.size else zero_of(self.dtype)
        padded = np.full((len(arrays), longest), filling, self.dtype.numpy)
        for number, array in enumerate(arrays):
            padded[number, : len(array)] = array
        return padded.reshape(len(arrays), longest // row if row else 0, *sizes)

    def single(self, run: Run) -> Array:
        """One run alone."""
        found: Array = self.batch([run])[0]
        return np.asarray(found, self.dtype.numpy)


def zero_of(dtype: DType) -> Any:
    """What fills up a tensor of that type: zero, or an empty string."""
    return b"" if dtype is dtypes.string else dtype.numpy.type(0)


def sparse_batch(runs: Sequence[Run], dtype: DType) -> tuple[Array, Array, Array]:
    """Indices (record, place), values, and shape of runs of any length."""
    lengths = [len(run or []) for run in runs]
    places = [(r, p) for r, length in enumerate(lengths) for p in range(length)]
    values = [element for run in runs for element in run or []]
    shape = np.array([len(runs), max(lengths, default=0)], np.int64)
    return np.array(places, np.int64).reshape(-1, 2), array_of(values, dtype), shape


def sparse_single(run: Run, dtype: DType) -> tuple[Array, Array, Array]:
    """The same of one run alone."""
    elements = run or []
    indices = np.arange(len(elements), dtype=np.int64).reshape(-1, 1)
    return indices, array_of(elements, dtype), np.array([len(elements)], np.int64)


def ragged_batch(runs: Sequence[Run], dtype: DType, splits: DType) -> tuple[Array, Array]:
    """Values, and where the runs begin and end."""
    ends = np.cumsum([0, *(len(run or []) for run in runs)])
    values = [element for run in runs for element in run or []]
    return array_of(values, dtype), ends.astype(splits.numpy)


# Records


def text_of(element: Any) -> str:
    """A string element as text."""
    return bytes(element).decode("utf-8", "replace")


def decoded(serialized: bytes, message: Any, what: str) -> Any:
    """The message in a string. Raises InvalidArgumentError."""
    try:
        return message.FromString(serialized)
    except DecodeError:
        raise fail(f"Could not parse {what} input, value: '{text_of(serialized)[:80]}'") from None


def _runs(features: Any, keys: Sequence[tuple[str, DType]], name: str) -> list[Run]:
    """The elements of each of the keys in a `Features` message."""
    runs: list[Run] = []
    for key, dtype in keys:
        where = f"Name: {name or '<unknown>'}, Feature: {key}"
        found = features.feature.get(key, None)
        runs.append(None if found is None else elements_of(found, dtype, where))
    return runs


@dataclass(frozen=True)
class Columns:
    """What is asked for of each record."""

    dense: tuple[Dense, ...]
    sparse: tuple[tuple[str, DType], ...]
    ragged: tuple[tuple[str, DType, DType], ...] = ()

    def runs(self, features: Any, name: str) -> tuple[list[Run], list[Run], list[Run]]:
        """The runs of dense, sparse and ragged columns in one record."""
        dense = []
        for column, run in zip(
            self.dense, _runs(features, [(c.key, c.dtype) for c in self.dense], name), strict=True
        ):
            dense.append(column.checked(run, f"Name: {name or '<unknown>'}, Feature: {column.key}"))
        sparse = _runs(features, self.sparse, name)
        return dense, sparse, _runs(features, [(k, t) for k, t, _ in self.ragged], name)

    def batch(self, records: Sequence[Any], names: Sequence[str]) -> list[Array]:
        """The tensors of all records, in the order of the ops' outputs."""
        found = [self.runs(record, name) for record, name in zip(records, names, strict=True)]
        sparse = [
            sparse_batch([runs[1][i] for runs in found], dtype)
            for i, (_, dtype) in enumerate(self.sparse)
        ]
        dense = [c.batch([runs[0][i] for runs in found]) for i, c in enumerate(self.dense)]
        ragged = [
            ragged_batch([runs[2][i] for runs in found], dtype, splits)
            for i, (_, dtype, splits) in enumerate(self.ragged)
        ]
        return [*by_kind(sparse, 3), *dense, *by_kind(ragged, 2)]

    def single(self, record: Any, name: str) -> list[Array]:
        """The tensors of one record."""
        dense, sparse, ragged = self.runs(record, name)
        triples = [sparse_single(r, t) for r, (_, t) in zip(sparse, self.sparse, strict=True)]
        rows = [c.single(r) for r, c in zip(dense, self.dense, strict=True)]
        pairs = [
            (array_of(run or [], dtype), np.zeros(0, splits.numpy))
            for run, (_, dtype, splits) in zip(ragged, self.ragged, strict=True)
        ]
        return [*by_kind(triples, 3), *rows, *by_kind(pairs, 2)]


def by_kind(groups: Sequence[Sequence[Array]], count: int) -> list[Array]:
    """The first tensors of all columns, then the second ones, and so on."""
    return [group[i] for i in range(count) for group in groups]


def dense_columns(
    keys: Sequence[str],
    types: Sequence[DType],
    shapes: Sequence[Sizes],
    defaults: Sequence[Array],
) -> tuple[Dense, ...]:
    """Dense columns. Raises InvalidArgumentError for shapes and defaults that do not fit."""
    columns = []
    for key, dtype, shape, default in zip(keys, types, shapes, defaults, strict=True):
        require(
            shape is not None and all(d is not None for d in shape[1:]),
            f"dense_shapes of '{key}' must be known but for the first size",
        )
        assert shape is not None
        column = Dense(key, dtype, tuple(shape), default)
        fits = default.size == 0 or column.is_open or default.shape == column.shape
        require(
            fits,
            f"dense_defaults of '{key}' has shape {show(default.shape)}, but the shape is "
            f"{show(tuple(-1 if d is None else d for d in shape))}",
        )
        columns.append(column)
    return tuple(columns)


def names_of(names: Array, count: int) -> list[str]:
    """The names of the records, for messages; empty where none are given."""
    given = [text_of(name) for name in names.ravel().tolist()]
    require(
        not given or len(given) == count,
        f"Expected len(names) == len(serialized), but got: {len(given)} vs. {count}",
    )
    return given or [""] * count


def keys_of(keys: Sequence[Array]) -> list[str]:
    """Keys that are given as one scalar each."""
    return [text_of(np.asarray(key).item()) for key in keys]


# Examples


@host_op(
    "ParseExample(serialized: string, names: string, sparse_keys: Nsparse*string,"
    " dense_keys: Ndense*string, dense_defaults: Tdense; Nsparse: int >= 0, Ndense: int >= 0,"
    " sparse_types: list({float32, int64, string}), Tdense: list({float32, int64, string}),"
    " dense_shapes: list(shape)) -> sparse_indices: Nsparse*int64, sparse_values: sparse_types,"
    " sparse_shapes: Nsparse*int64, dense_values: Tdense"
)
def parse_example(
    serialized: Array,
    names: Array,
    sparse_keys: list[Array],
    dense_keys: list[Array],
    dense_defaults: list[Array],
    *,
    sparse_types: Sequence[DType],
    Tdense: Sequence[DType],
    dense_shapes: Sequence[Sizes],
) -> list[Array]:
    """The columns of a vector of Examples."""
    require(
        serialized.ndim == 1,
        f"Expected serialized to be a vector, got shape: {show(serialized.shape)}",
    )
    columns = Columns(
        dense_columns(keys_of(dense_keys), Tdense, dense_shapes, dense_defaults),
        tuple(zip(keys_of(sparse_keys), sparse_types, strict=True)),
    )
    return _batch(serialized, names, columns)


def _batch(serialized: Array, names: Array, columns: Columns) -> list[Array]:
    records = [decoded(text, Example, "example").features for text in serialized.tolist()]
    return columns.batch(records, names_of(names, len(records)))


@host_op(
    "ParseExampleV2(serialized: string, names: string, sparse_keys: string, dense_keys: string,"
    " ragged_keys: string, dense_defaults: Tdense; Tdense: list({float32, int64, string}),"
    " num_sparse: int >= 0, sparse_types: list({float32, int64, string}),"
    " ragged_value_types: list({float32, int64, string}), ragged_split_types: list({int32, int64}),"
    " dense_shapes: list(shape)) -> sparse_indices: num_sparse*int64, sparse_values: sparse_types,"
    " sparse_shapes: num_sparse*int64, dense_values: Tdense, ragged_values: ragged_value_types,"
    " ragged_row_splits: ragged_split_types"
)
def parse_example_v2(
    serialized: Array,
    names: Array,
    sparse_keys: Array,
    dense_keys: Array,
    ragged_keys: Array,
    dense_defaults: list[Array],
    *,
    Tdense: Sequence[DType],
    sparse_types: Sequence[DType],
    ragged_value_types: Sequence[DType],
    ragged_split_types: Sequence[DType],
    dense_shapes: Sequence[Sizes],
) -> list[Array]:
    """The columns of a vector of Examples, or of a single one."""
    require(
        serialized.ndim <= 1,
        f"Expected serialized to be a scalar or vector, got shape: {show(serialized.shape)}",
    )
    keys = [
        [text_of(key) for key in k.ravel().tolist()] for k in (dense_keys, sparse_keys, ragged_keys)
    ]
    for found, types, name in zip(
        keys, (Tdense, sparse_types, ragged_value_types), ("dense", "sparse", "ragged"), strict=True
    ):
        require(
            len(found) == len(types), f"Expected len({name}_keys) == {len(types)}, got {len(found)}"
        )
    columns = Columns(
        dense_columns(keys[0], Tdense, dense_shapes, dense_defaults),
        tuple(zip(keys[1], sparse_types, strict=True)),
        tuple(zip(keys[2], ragged_value_types, ragged_split_types, strict=True)),
    )
    if serialized.ndim:
        return _batch(serialized, names, columns)
    record = decoded(serialized.item(), Example, "example").features
    return columns.single(record, names_of(names, 1)[0])


@host_op(
    "ParseSingleExample(serialized: string, dense_defaults: Tdense; num_sparse: int >= 0,"
    " sparse_keys: list(string), dense_keys: list(string),"
    " sparse_types: list({float32, int64, string}), Tdense: list({float32, int64, string}),"
    " dense_shapes: list(shape)) -> sparse_indices: num_sparse*int64, sparse_values: sparse_types,"
    " sparse_shapes: num_sparse*int64, dense_values: Tdense"
)
def parse_single_example(
    serialized: Array,
    dense_defaults: list[Array],
    *,
    sparse_keys: Sequence[str],
    dense_keys: Sequence[str],
    sparse_types: Sequence[DType],
    Tdense: Sequence[DType],
    dense_shapes: Sequence[Sizes],
) -> list[Array]:
    """The columns of one Example."""
    require(
        serialized.ndim == 0,
        f"Expected serialized to be a scalar, got shape: {show(serialized.shape)}",
    )
    columns = Columns(
        dense_columns(dense_keys, Tdense, dense_shapes, dense_defaults),
        tuple(zip(sparse_keys, sparse_types, strict=True)),
    )
    return columns.single(decoded(serialized.item(), Example, "example").features, "")


# What is known of the results while a graph is built


def sparse_types_of(b: Builder, types: Sequence[DType], rank: int) -> list[Any]:
    """Abstract indices, values and shapes of sparse columns."""
    indices = [abstract(b, dtypes.int64, None, rank) for _ in types]
    values = [abstract(b, dtype, None) for dtype in types]
    shapes = [abstract(b, dtypes.int64, rank) for _ in types]
    return [*indices, *values, *shapes]


def dense_types_of(
    b: Builder, types: Sequence[DType], shapes: Sequence[Sizes], *front: Any
) -> list[Any]:
    """Abstract values of dense columns, behind the sizes of `front`."""
    return [
        declared(b, dtype, None if shape is None else (*front, *shape))
        for dtype, shape in zip(types, shapes, strict=True)
    ]


@parse_example.infer
def _(
    b: Builder,
    serialized: Any,
    names: Any,
    sparse_keys: Any,
    dense_keys: Any,
    dense_defaults: Any,
    *,
    sparse_types: Sequence[DType],
    Tdense: Sequence[DType],
    dense_shapes: Sequence[Sizes],
) -> list[Any]:
    (count,) = _vector(b, serialized)
    return [*sparse_types_of(b, sparse_types, 2), *dense_types_of(b, Tdense, dense_shapes, count)]


def _vector(b: Builder, value: Any) -> tuple[int | None]:
    shape = b.shape(value)
    require(len(shape) == 1, f"Shape must be rank 1 but is rank {len(shape)}")
    return (shape[0] if isinstance(shape[0], int) else None,)


@parse_example_v2.infer
def _(
    b: Builder,
    serialized: Any,
    *others: Any,
    Tdense: Sequence[DType],
    sparse_types: Sequence[DType],
    ragged_value_types: Sequence[DType],
    ragged_split_types: Sequence[DType],
    dense_shapes: Sequence[Sizes],
) -> list[Any]:
    rank = len(b.shape(serialized))
    require(rank <= 1, f"Shape must be at most rank 1 but is rank {rank}")
    front = _vector(b, serialized) if rank else ()
    return [
        *sparse_types_of(b, sparse_types, rank + 1),
        *dense_types_of(b, Tdense, dense_shapes, *front),
        *(abstract(b, dtype, None) for dtype in (*ragged_value_types, *ragged_split_types)),
    ]


@parse_single_example.infer
def _(
    b: Builder,
    serialized: Any,
    dense_defaults: Any,
    *,
    sparse_types: Sequence[DType],
    Tdense: Sequence[DType],
    dense_shapes: Sequence[Sizes],
) -> list[Any]:
    return [*sparse_types_of(b, sparse_types, 1), *dense_types_of(b, Tdense, dense_shapes)]


for _definition in (parse_example, parse_example_v2, parse_single_example):
    _definition.not_differentiable()
