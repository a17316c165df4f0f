"""What a signature takes or gives under one name: a tensor, or several that are one value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowc.frontend.composites import SparseTensorValue
from flowc.frontend.elements import TensorBase
from flowc.frontend.graph import Graph
from flowc.frontend.saved_model.tensor_infos import component_infos
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import TensorInfo

_FED = ("Placeholder", "PlaceholderWithDefault")


@dataclass(frozen=True)
class _Part:
    """One tensor, with the type and shape that the signature promises."""

    label: str
    tensor: TensorBase
    dtype: DType
    shape: TensorShape

    def array(self, value: Any, signature: str) -> Any:
        """The value as an array. Raises InvalidArgumentError for another type or shape."""
        array = value if isinstance(value, np.ndarray | np.generic) else self._converted(value)
        if array is None or not (
            self._has_type(array) and self.shape.is_compatible_with(array.shape)
        ):
            found = _written(value, array)
            raise InvalidArgumentError(
                None,
                None,
                f"input {self.label!r} is {found}, but should be {self.dtype.name}"
                f"{_sizes(self.shape)}:\n  {signature}",
            )
        return array

    def _has_type(self, array: Any) -> bool:
        if self.dtype is not dtypes.string:
            return bool(array.dtype == self.dtype.numpy)
        is_text = array.dtype.kind in "SU"
        return is_text or all(isinstance(item, str | bytes) for item in np.ravel(array).tolist())

    def _converted(self, value: Any) -> Any:
        """Numbers and lists, which have no type of their own; None where they do not fit."""
        if self.dtype is dtypes.string:
            return np.asarray(value, object)
        try:
            array = np.asarray(value)
            is_whole = array.dtype.kind in "iu" and self.dtype.is_integer
            if (
                array.size
                and not is_whole
                and not np.can_cast(array.dtype, self.dtype.numpy, "same_kind")
            ):
                return None
            return np.asarray(value, self.dtype.numpy)
        except (OverflowError, TypeError, ValueError):
            return None


def _written(value: Any, array: Any) -> str:
    """`float64[3,4]`, or what else it is."""
    if array is None or not isinstance(value, np.ndarray | np.generic):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    return f"{array.dtype}{_sizes(TensorShape(array.shape))}"


def _sizes(shape: TensorShape) -> str:
    sizes = shape.sizes
    if sizes is None:
        return "[...]"
    return f"[{','.join('?' if size is None else str(size) for size in sizes)}]"


@dataclass(frozen=True)
class Argument:
    """An input or output of a signature. `dtype` and `shape` are those of the whole value."""

    name: str
    dtype: DType
    shape: TensorShape
    kind: str  # as `TensorInfo.WhichOneof("encoding")` has it
    parts: tuple[_Part, ...]

    @classmethod
    def of(cls, name: str, info: TensorInfo, graph: Graph) -> Argument:
        """The argument that a TensorInfo describes.

        Raises KeyError, TypeError or ValueError where the graph does not have its tensors.
        """
        parts = tuple(_parts(name, info, graph))
        kind = info.WhichOneof("encoding") or ""
        shape = parts[0].shape if kind == "name" else TensorShape(info.tensor_shape)
        dtype = as_dtype(info.dtype) if info.dtype else parts[0].dtype
        return cls(name, dtype, shape, kind, parts)

    @property
    def tensors(self) -> list[TensorBase]:
        """The tensors to feed or to fetch."""
        return [part.tensor for part in self.parts]

    def arrays(self, value: Any, signature: str) -> list[Any]:
        """What to feed for the tensors. Raises InvalidArgumentError, which shows `signature`."""
        values: Sequence[Any] = (value,)
        if self.kind != "name":
            values = tuple(value) if isinstance(value, tuple | list) else ()
        if len(values) != len(self.parts):
            raise InvalidArgumentError(
                None,
                None,
                f"input {self.name!r} is made of {len(self.parts)} arrays, a "
                f"tf.SparseTensorValue for instance, but it is {_written(value, None)}:\n"
                f"  {signature}",
            )
        return [part.array(v, signature) for part, v in zip(self.parts, values, strict=True)]

    def value(self, results: Iterator[Any]) -> Any:
        """The value of the next of the arrays that were fetched."""
        arrays = [next(results) for _ in self.parts]
        if self.kind == "name":
            return arrays[0]
        return SparseTensorValue(*arrays) if self.kind == "coo_sparse" else tuple(arrays)

    def __str__(self) -> str:
        kind = {"name": "", "coo_sparse": "sparse "}.get(self.kind, "composite ")
        return f"{self.name}: {kind}{self.dtype.name}{_sizes(self.shape)}"


def _parts(label: str, info: TensorInfo, graph: Graph) -> Iterator[_Part]:
    match info.WhichOneof("encoding"):
        case "name":
            yield _part(
                label, info.name, as_dtype(info.dtype), TensorShape(info.tensor_shape), graph
            )
        case "coo_sparse":
            sparse, rank = info.coo_sparse, TensorShape(info.tensor_shape).ndims
            dtype = as_dtype(info.dtype)
            for name, kind, sizes in (
                (sparse.indices_tensor_name, dtypes.int64, [None, rank]),
                (sparse.values_tensor_name, dtype, [None]),
                (sparse.dense_shape_tensor_name, dtypes.int64, [rank]),
            ):
                yield _part(label, name, kind, TensorShape(sizes), graph)
        case "composite_tensor":
            for component in component_infos(info):
                yield from _parts(label, component, graph)
        case _:
            raise ValueError(f"{label!r} names no tensor")


def _part(label: str, name: str, dtype: DType, shape: TensorShape, graph: Graph) -> _Part:
    tensor = graph.get_tensor_by_name(name)
    if tensor.stored_dtype is not dtype:
        raise ValueError(
            f"{label!r} is of type {dtype.name}, but tensor {name!r} of {tensor.stored_dtype.name}"
        )
    if tensor.op.type in _FED:  # which takes no other shape, whatever the signature says
        shape = shape.merge_with(tensor.shape)
    return _Part(label, tensor, dtype, shape)
