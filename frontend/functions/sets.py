"""`tf.sets`: sets along the last dimension of dense and sparse tensors."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowc.frontend.conversion import convert
from flowc.frontend.functions.shaping import Name


def set_size(a: TensorLike | SparseTensor, validate_indices: bool = True, name: Name = None) -> Any:
    """The number of distinct values in each row of a SparseTensor. Raises TypeError for others."""
    found = convert_to_tensor_or_sparse_tensor(a)
    if not isinstance(found, SparseTensor):
        raise TypeError(f"Expected `SparseTensor`, got {found}.")
    parts = found.indices, found.values, found.dense_shape
    return build("SetSize", *parts, validate_indices=validate_indices, name=name)


def set_intersection(a: TensorLike, b: TensorLike, validate_indices: bool = True) -> SparseTensor:
    """What is in both of each two rows, as a SparseTensor."""
    return _operation(a, b, "intersection", validate_indices)


def set_difference(
    a: TensorLike, b: TensorLike, aminusb: bool = True, validate_indices: bool = True
) -> SparseTensor:
    """What is in a row of `a` and not in that of `b`, or the reverse, as a SparseTensor."""
    return _operation(a, b, "a-b" if aminusb else "b-a", validate_indices)


def set_union(a: TensorLike, b: TensorLike, validate_indices: bool = True) -> SparseTensor:
    """What is in either of each two rows, as a SparseTensor."""
    return _operation(a, b, "union", validate_indices)


def _operation(a: Any, b: Any, operation: str, validate_indices: bool) -> SparseTensor:
    first, second = (convert_to_tensor_or_sparse_tensor(x) for x in (a, b))
    if isinstance(first, SparseTensor) and not isinstance(second, SparseTensor):
        first, second = second, first
        operation = {"a-b": "b-a", "b-a": "a-b"}.get(operation, operation)
    kinds = ["Sparse" if isinstance(x, SparseTensor) else "Dense" for x in (first, second)]
    indices, values, shape = build(
        f"{kinds[0]}To{kinds[1]}SetOperation",
        *_parts(first),
        *_parts(second),
        set_operation=operation,
        validate_indices=validate_indices,
    )
    return SparseTensor(indices, values, shape)


def _parts(x: TensorLike) -> tuple[Any, ...]:
    if isinstance(x, SparseTensor):
        return x.indices, x.values, x.dense_shape
    return (convert(x),)
