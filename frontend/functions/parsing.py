"""Parsing Examples: what a feature looks like, and the functions that find it in records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowc.frontend.aliases import DTypeLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor, SparseTensorValue
from flowc.frontend.conversion import convert
from flowc.frontend.functions.shaping import Name
from flowc.frontend.functions.sparse_structure import sparse_merge
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype


class FixedLenFeature(NamedTuple):
    """A feature of `shape`: a dense tensor. Missing, it is `default_value`, else an error."""

    shape: Any
    dtype: Any
    default_value: Any = None


class VarLenFeature(NamedTuple):
    """A feature of any length: a SparseTensor."""

    dtype: Any


class FixedLenSequenceFeature(NamedTuple):
    """Rows of `shape`, as many as there are: a dense tensor filled up with `default_value`."""

    shape: Any
    dtype: Any
    allow_missing: bool = False
    default_value: Any = None


class SparseFeature(NamedTuple):
    """A SparseTensor of which `index_key` has the indices and `value_key` the values."""

    index_key: Any
    value_key: str
    dtype: Any
    size: Any
    already_sorted: bool = False


class _Columns:
    """The columns that features ask for, by kind; keys in order, as TensorFlow has them."""

    def __init__(self, features: Mapping[str, Any], allowed: tuple[type, ...]) -> None:
        self.sparse: dict[str, DType] = {}
        self.dense: dict[str, tuple[DType, tuple[int | None, ...], Any]] = {}
        for key in sorted(features):
            feature: Any = features[key]
            if not isinstance(feature, allowed):
                raise ValueError(f"Unsupported {type(feature).__name__} {feature} of '{key}'.")
            self._add(key, feature)

    def _add(self, key: str, feature: Any) -> None:
        if feature.dtype is None:
            raise ValueError(f"Missing type for feature {key}.")
        dtype = as_dtype(feature.dtype)
        match feature:
            case VarLenFeature():
                self._add_sparse(key, dtype)
            case SparseFeature():
                keys = feature.index_key
                for index_key in keys if isinstance(keys, list | tuple) else [keys]:
                    self._add_sparse(index_key, dtypes.int64)
                self._add_sparse(feature.value_key, dtype)
            case FixedLenFeature():
                self.dense[key] = dtype, _sizes(key, feature.shape), feature.default_value
            case FixedLenSequenceFeature():
                shape = (None, *_sizes(key, feature.shape))
                self.dense[key] = dtype, shape, feature.default_value

    def _add_sparse(self, key: str, dtype: DType) -> None:
        if self.sparse.setdefault(key, dtype) is not dtype:
            raise ValueError(
                f"Conflicting type {self.sparse[key].name} vs {dtype.name} for feature {key}."
            )

    def defaults(self) -> list[Any]:
        """The defaults of the dense columns; empty where a feature must not be missing."""
        found = []
        for key, (dtype, shape, default) in self.dense.items():
            if default is None and shape[:1] == (None,):
                default = "" if dtype is dtypes.string else 0
            if default is None:
                found.append(convert(np.empty(0, dtype.numpy), dtype))
                continue
            value = convert(default, dtype, f"key_{key}")
            sizes = [] if shape[:1] == (None,) else list(shape)
            found.append(build("Reshape", value, np.array(sizes, np.int32)))
        return found

    @property
    def dense_types(self) -> list[DType]:
        """The element types of the dense columns."""
        return [dtype for dtype, _, _ in self.dense.values()]

    @property
    def dense_shapes(self) -> list[Any]:
        """The shapes of the dense columns."""
        return [shape for _, shape, _ in self.dense.values()]

    def tensors(self, parsed: Any) -> dict[str, Any]:
        """The outputs of a parsing op by key."""
        triples = zip(
            parsed.sparse_indices, parsed.sparse_values, parsed.sparse_shapes, strict=True
        )
        found: dict[str, Any] = {
            key: SparseTensor(*triple) for key, triple in zip(self.sparse, triples, strict=True)
        }
        found.update(zip(self.dense, parsed.dense_values, strict=True))
        return found


def _sizes(key: str, shape: ShapeLike) -> tuple[int, ...]:
    sizes = TensorShape(shape)
    if not sizes.is_fully_defined():
        raise ValueError(f"The shape of feature '{key}' must be fully known, not {shape}.")
    return tuple(int(size or 0) for size in sizes.as_list())


_ALL = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)


def parse_example(
    serialized: TensorLike,
    features: Mapping[str, Any],
    name: Name = None,
    example_names: TensorLike | None = None,
) -> dict[str, Any]:
    """Tensors and SparseTensors by key, of a vector of serialized Examples.

    Raises ValueError for features that are none; running it raises InvalidArgumentError for
    records in which a feature is missing or has another type or size.
    """
    if not features:
        raise ValueError(f"Missing: features was {features}.")
    columns = _Columns(features, _ALL)
    with name_scope(name, "ParseExample", [serialized, example_names]):
        parsed = build(
            "ParseExample",
            convert(serialized, dtypes.string, "serialized"),
            convert([] if example_names is None else example_names, dtypes.string, "names"),
            list(columns.sparse),
            list(columns.dense),
            columns.defaults(),
            sparse_types=list(columns.sparse.values()),
            Tdense=columns.dense_types,
            dense_shapes=columns.dense_shapes,
        )
        return _with_sparse_features(columns.tensors(parsed), features)


def parse_single_example(
    serialized: TensorLike,
    features: Mapping[str, Any],
    name: Name = None,
    example_names: TensorLike | None = None,
) -> dict[str, Any]:
    """Tensors and SparseTensors by key, of one serialized Example; see `parse_example`."""
    if not features:
        raise ValueError("Missing features.")
    columns = _Columns(features, _ALL)
    with name_scope(name, "ParseSingleExample", [serialized]):
        parsed = build(
            "ParseSingleExample",
            convert(serialized, dtypes.string, "serialized"),
            columns.defaults(),
            num_sparse=len(columns.sparse),
            sparse_keys=list(columns.sparse),
            dense_keys=list(columns.dense),
            sparse_types=list(columns.sparse.values()),
            Tdense=columns.dense_types,
            dense_shapes=columns.dense_shapes,
        )
        return _with_sparse_features(columns.tensors(parsed), features)


def _with_sparse_features(tensors: dict[str, Any], features: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors that the user asked for: those of a SparseFeature put together."""
    found: dict[str, Any] = {}
    for key, feature in features.items():
        if not isinstance(feature, SparseFeature):
            found[key] = tensors[key]
            continue
        keys = feature.index_key
        if not isinstance(keys, str):
            if len(keys) > 1:
                raise NotImplementedError(f"SparseFeature '{key}': several index keys")
            (keys,) = keys
        found[key] = sparse_merge(
            tensors[keys],
            tensors[feature.value_key],
            feature.size,
            already_sorted=feature.already_sorted,
        )
    return found


def parse_single_sequence_example(
    serialized: TensorLike,
    context_features: Mapping[str, Any] | None = None,
    sequence_features: Mapping[str, Any] | None = None,
    example_name: Any = None,
    name: Name = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors of the context, and of the feature lists, by key, of one SequenceExample."""
    if not (context_features or sequence_features):
        raise ValueError("Missing features.")
    context = _Columns(context_features or {}, (VarLenFeature, FixedLenFeature))
    lists = _Columns(sequence_features or {}, (VarLenFeature, FixedLenSequenceFeature))
    may_miss = [
        key
        for key, f in (sequence_features or {}).items()
        if isinstance(f, FixedLenSequenceFeature) and f.allow_missing
    ]
    with name_scope(name, "ParseSingleSequenceExample", [serialized, example_name]):
        parsed = build(
            "ParseSingleSequenceExample",
            convert(serialized, dtypes.string, "serialized"),
            convert(may_miss, dtypes.string),
            list(context.sparse),
            list(context.dense),
            list(lists.sparse),
            list(lists.dense),
            context.defaults(),
            convert("" if example_name is None else example_name, dtypes.string),
            context_sparse_types=list(context.sparse.values()),
            context_dense_shapes=context.dense_shapes,
            feature_list_sparse_types=list(lists.sparse.values()),
            feature_list_dense_types=lists.dense_types,
            feature_list_dense_shapes=[shape[1:] for shape in lists.dense_shapes],
        )
    return (
        _by_key(context, parsed, "context"),
        _by_key(lists, parsed, "feature_list"),
    )


def _by_key(columns: _Columns, parsed: Any, prefix: str) -> dict[str, Any]:
    triples = zip(
        *(getattr(parsed, f"{prefix}_sparse_{part}") for part in ("indices", "values", "shapes")),
        strict=True,
    )
    found: dict[str, Any] = {
        key: SparseTensor(*triple) for key, triple in zip(columns.sparse, triples, strict=True)
    }
    found.update(zip(columns.dense, getattr(parsed, f"{prefix}_dense_values"), strict=True))
    return found


def parse_tensor(serialized: TensorLike, out_type: DTypeLike, name: Name = None) -> Any:
    """The tensor that a string, made by `serialize_tensor`, holds."""
    return build("ParseTensor", serialized, out_type=out_type, name=name)


def serialize_tensor(tensor: TensorLike, name: Name = None) -> Any:
    """A tensor as a string: a serialized TensorProto."""
    return build("SerializeTensor", tensor, name=name)


def edit_distance(
    hypothesis: SparseTensor | SparseTensorValue,
    truth: SparseTensor | SparseTensorValue,
    normalize: bool = True,
    name: Name = "edit_distance",
) -> Any:
    """The Levenshtein distances between sequences along the last axis of two SparseTensors.

    They are of one dtype and rank; the result is float32, without the last axis. Normalised, a
    distance is divided by the length of the truth, and infinite for an empty one. Raises TypeError
    for what is not sparse.
    """
    for given, which in ((hypothesis, "Hypothesis"), (truth, "Truth")):
        if not isinstance(given, SparseTensor | SparseTensorValue):
            raise TypeError(f"{which} must be a SparseTensor.")
    parts: Sequence[Any] = [
        part for s in (hypothesis, truth) for part in (s.indices, s.values, s.dense_shape)
    ]
    return build("EditDistance", *parts, normalize=normalize, name=name)
