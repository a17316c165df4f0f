"""Nested structures whose leaves are tensors, or values made of several: what branches and loops
take and return.

A TensorArray passes as its flow, IndexedSlices and SparseTensors as their parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flowc.frontend import nest
from flowc.frontend.aliases import TensorLike
from flowc.frontend.composites import (
    IndexedSlices,
    SparseTensor,
    convert_to_tensor_or_indexed_slices,
)
from flowc.frontend.control_flow.tensor_array import TensorArray
from flowc.frontend.elements import TensorBase

_COMPOSITES = (TensorArray, IndexedSlices, SparseTensor)


def convert_leaf(value: TensorLike, name: str | None = None) -> Any:
    """A tensor of what is none of the composite values."""
    if isinstance(value, _COMPOSITES):
        return value
    return convert_to_tensor_or_indexed_slices(value, None, name)


def tensors_of(leaf: Any) -> list[TensorBase]:
    """The tensors of which a leaf is made."""
    match leaf:
        case TensorArray():
            return [leaf.flow]
        case IndexedSlices():
            parts = [leaf.values, leaf.indices, leaf.dense_shape]
            return [part for part in parts if part is not None]
        case SparseTensor():
            return [leaf.indices, leaf.values, leaf.dense_shape]
    return [leaf]


def all_tensors(leaves: Sequence[Any]) -> list[TensorBase]:
    """The tensors of all leaves."""
    return [tensor for leaf in leaves for tensor in tensors_of(leaf)]


def rebuilt(leaf: Any, tensors: Iterator[Any]) -> Any:
    """A leaf of the same kind, made of the next tensors."""
    match leaf:
        case TensorArray():
            return leaf.with_flow(next(tensors))
        case IndexedSlices():
            values, indices = next(tensors), next(tensors)
            return IndexedSlices(
                values, indices, None if leaf.dense_shape is None else next(tensors)
            )
        case SparseTensor():
            return SparseTensor(next(tensors), next(tensors), next(tensors))
    return next(tensors)


def packed(structure: Any, leaves: Sequence[Any], tensors: Sequence[Any]) -> Any:
    """`tensors` in the form of `structure`; `leaves` tell which values they make up."""
    remaining = iter(tensors)
    return nest.pack_sequence_as(structure, [rebuilt(leaf, remaining) for leaf in leaves])
