"""What feature columns have in common, and the features of one batch as columns see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from flowc.frontend.composites import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowc.frontend.functions.mathematics import not_equal
from flowc.frontend.functions.selection import gather_nd, where
from flowc.frontend.functions.shaping import expand_dims, shape
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes


class IdWeightPair(NamedTuple):
    """The ids of a batch and their weights: SparseTensors, or None for weights of 1."""

    id_tensor: SparseTensor
    weight_tensor: SparseTensor | None


class FeatureColumn:
    """Base of columns."""

    @property
    def name(self) -> str:
        """The column's name, by which columns are ordered."""
        raise NotImplementedError

    @property
    def var_scope_name(self) -> str:
        """The scope of the column's variables."""
        return self.name

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """What `tf.parse_example` needs for the column."""
        raise NotImplementedError

    def transform(self, features: Features) -> Any:
        """The column's tensor; asked for once in a batch."""
        raise NotImplementedError


class DenseColumn(FeatureColumn):
    """A column that gives numbers, [batch, ...]."""

    @property
    def variable_shape(self) -> TensorShape:
        """The shape without the batch."""
        raise NotImplementedError

    def dense(self, features: Features, collections: Any, trainable: bool) -> Any:
        """The numbers; variables are made in these collections."""
        raise NotImplementedError


class CategoricalColumn(FeatureColumn):
    """A column that gives ids below `num_buckets`."""

    @property
    def num_buckets(self) -> int:
        """How many ids there are."""
        raise NotImplementedError

    def ids(self, features: Features) -> IdWeightPair:
        """The ids of a batch; unless a column says otherwise they have no weights."""
        return IdWeightPair(features.get(self), None)


@dataclass(frozen=True)
class OfKey:
    """A column with the name of its feature."""

    key: str

    @property
    def name(self) -> str:
        """The feature's key."""
        return self.key


class Features:
    """The features of a batch by key, and what columns make of them, each once."""

    def __init__(self, features: Mapping[str, Any]) -> None:
        self._features = features
        self._made: dict[Any, Any] = {}

    def get(self, key: str | FeatureColumn) -> Any:
        """A raw feature, with at least two dimensions, or the tensor of a column.

        Raises ValueError for a feature that is not there, TypeError for what is no column.
        """
        if key not in self._made:
            if isinstance(key, str):
                self._made[key] = self._raw(key)
            elif isinstance(key, FeatureColumn):
                self._made[key] = key.transform(self)
            else:
                raise TypeError(
                    f'"key" must be either a "str" or "_FeatureColumn". Provided: {key}'
                )
        return self._made[key]

    def _raw(self, key: str) -> Any:
        if key not in self._features:
            raise ValueError(f"Feature {key} is not in features dictionary.")
        tensor = convert_to_tensor_or_sparse_tensor(self._features[key])
        if isinstance(tensor, SparseTensor):
            return tensor
        rank = tensor.shape.ndims
        if rank is None:
            raise ValueError(f"Feature (key: {key}) must have a known rank: {tensor}")
        if rank == 0:
            raise ValueError(f"Feature (key: {key}) cannot have rank 0. Given: {tensor}")
        return expand_dims(tensor, -1) if rank == 1 else tensor


def as_sparse(tensor: Any) -> SparseTensor:
    """A dense tensor without what stands for nothing: empty texts, -1, or a float 0."""
    if isinstance(tensor, SparseTensor):
        return tensor
    nothing: Any = 0.0
    if tensor.dtype is dtypes.string:
        nothing = ""
    elif tensor.dtype.is_integer:
        nothing = -1
    places = where(not_equal(tensor, nothing))
    return SparseTensor(places, gather_nd(tensor, places), shape(tensor, out_type=dtypes.int64))


def check_key(key: Any) -> None:
    """Raise ValueError for a key that is no text."""
    if not isinstance(key, str):
        raise ValueError(f"key must be a string. Got: type {type(key)}, value {key}.")
