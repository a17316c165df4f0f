"""What a feed dictionary may hold: values for tensors, names, variables or SparseTensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from flowc.frontend.composites import IndexedSlices, SparseTensor
from flowc.frontend.elements import TensorBase
from flowc.frontend.shapes import as_shape
from flowc.frontend.tensor_spec import TensorSpec
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.tensor_values import as_bytes

if TYPE_CHECKING:
    from flowc.frontend.graph import Graph

Convert: TypeAlias = Callable[[Any], Any]


def converter(tensor: TensorBase) -> Convert:
    """The function that makes an array of a value fed for `tensor`.

    It raises ValueError for a value of another shape, TypeError for one that is none.
    """
    dtype = tensor.stored_dtype.numpy
    sizes = tensor.sizes
    if tensor.stored_dtype is dtypes.string:
        return lambda value: _fits(tensor, _strings(tensor, value))
    is_integer = tensor.stored_dtype.is_integer
    asarray = np.asarray
    rank = None if sizes is None else len(sizes)
    known = () if sizes is None else tuple((i, s) for i, s in enumerate(sizes) if s is not None)

    def convert(value: Any) -> Any:
        try:
            array = asarray(value, dtype)
        except OverflowError:
            array = _wrapped(tensor, value)
        except (TypeError, ValueError, NotImplementedError) as error:
            raise _not_feedable(tensor, value, error) from None
        if is_integer and type(value) is int and array != value:  # NumPy before version 2
            raise _too_large(tensor, value)
        shape = array.shape
        if rank is not None:
            if len(shape) != rank:
                _fits(tensor, array)
            for axis, size in known:
                if shape[axis] != size:
                    _fits(tensor, array)
        return array

    return convert


def _wrapped(tensor: TensorBase, value: Any) -> Any:
    """Numbers beyond the range of the tensor's integers, of which the lower bits are fed.

    As in TensorFlow, whose feeds are arrays first. Raises TypeError for a number by itself, and
    OverflowError for one that no array holds.
    """
    if type(value) is int:
        raise _too_large(tensor, value)
    array = np.asarray(value)
    if array.dtype == object:
        raise _not_feedable(tensor, value, OverflowError("an integer is too large"))
    with np.errstate(invalid="ignore"):  # floats that no integer stands for
        return array.astype(tensor.stored_dtype.numpy)


def _fits(tensor: TensorBase, array: Any) -> Any:
    if not tensor.shape.is_compatible_with(array.shape):
        raise ValueError(
            f"Cannot feed value of shape {array.shape!r} for Tensor {tensor.name!r}, which has "
            f"shape {str(tensor.shape)!r}"
        )
    return array


def _not_feedable(tensor: TensorBase, value: Any, error: Exception) -> Exception:
    if isinstance(value, TensorBase):
        return TypeError(
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include "
            "Python scalars, strings, lists, numpy ndarrays, or TensorHandles. For reference, the "
            f"tensor object was {value} which was passed to the feed with key {tensor}."
        )
    return type(error)(f"Cannot feed {value!r} for Tensor {tensor.name!r}: {error}")


def _too_large(tensor: TensorBase, value: int) -> TypeError:
    return TypeError(
        f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type "
        f"{tensor.dtype.numpy}. Try explicitly setting the type of the feed tensor to a larger "
        "type (e.g. int64)."
    )


def _strings(tensor: TensorBase, value: Any) -> Any:
    if isinstance(value, TensorBase):
        raise _not_feedable(tensor, value, TypeError())
    array = np.asarray(value, object)
    result = np.empty(array.shape, object)
    flat = result.reshape(-1)
    for i, element in enumerate(array.ravel()):
        flat[i] = as_bytes(element)
    return result


class FeedPlan:
    """The flat feeds of a dictionary's keys, by name, and the conversion of its values.

    Raises TypeError or ValueError for a key that is no tensor of `graph`.
    """

    def __init__(self, graph: Graph, keys: tuple[Any, ...]) -> None:
        tensors: list[TensorBase] = []
        self._counts: list[int] = []  # of tensors, for each key
        for key in keys:
            parts = _parts(key)
            self._counts.append(len(parts))
            tensors.extend(_tensor(graph, part) for part in parts)
        self._composite = any(count > 1 for count in self._counts)
        self.names = tuple(sorted(t.name for t in tensors))
        self._tensors = tensors
        self._converters = [converter(t) for t in tensors]
        if len(set(self.names)) < len(self.names):
            raise RuntimeError("The same tensor is fed twice.")
        order = sorted(range(len(tensors)), key=lambda number: tensors[number].name)
        self._order = None if order == list(range(len(tensors))) else order

    def arrays(self, values: Any) -> list[Any]:
        """The arrays of the dictionary's values."""
        if self._composite:
            pairs = zip(self._counts, values, strict=True)
            values = [part for count, value in pairs for part in _value_parts(value, count)]
        arrays = [convert(value) for convert, value in zip(self._converters, values, strict=True)]
        return arrays if self._order is None else [arrays[number] for number in self._order]

    def examples(self, values: Sequence[Any]) -> list[Any]:
        """What is known of the feeds: arrays, or shapes as tuples, of unknown sizes too.

        Raises TypeError or ValueError for what does not fit.
        """
        pairs = zip(self._counts, values, strict=True)
        known = [part for count, value in pairs for part in _known_parts(value, count)]
        given = zip(self._tensors, self._converters, known, strict=True)
        examples = [_example(tensor, convert, value) for tensor, convert, value in given]
        return examples if self._order is None else [examples[number] for number in self._order]


def _known_parts(value: Any, count: int) -> Sequence[Any]:
    """What is known of the tensors of a key, where that is one of several tensors."""
    if count == 1:
        return [value]
    return [None] * count if value is None else _value_parts(value, count)


def _example(tensor: TensorBase, convert: Convert, value: Any) -> Any:
    """An array to be fed, or the shape of one: what the graph knows, and what is told."""
    if isinstance(value, np.ndarray | np.generic | int | float | complex | str | bytes):
        return convert(value)
    shape = value
    if isinstance(value, DType | TensorSpec):
        dtype, shape = as_dtype(getattr(value, "dtype", value)), getattr(value, "shape", None)
        if dtype.base_dtype is not tensor.stored_dtype:
            raise TypeError(
                f"Tensor {tensor.name!r} is of type {tensor.stored_dtype.name}, but {value!r} is "
                f"told of what will be fed."
            )
    try:
        return tensor.shape.merge_with(as_shape(shape)).sizes
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"What is told of the feed for Tensor {tensor.name!r}, which has shape "
            f"{tensor.shape}, does not fit: {error}"
        ) from None


def _parts(key: Any) -> list[Any]:
    if isinstance(key, SparseTensor):
        return [key.indices, key.values, key.dense_shape]
    if isinstance(key, IndexedSlices):
        parts = [key.values, key.indices]
        return parts if key.dense_shape is None else [*parts, key.dense_shape]
    return [key]


def _value_parts(value: Any, count: int) -> list[Any]:
    return [value] if count == 1 else [part for part in value if part is not None]


def _tensor(graph: Graph, key: Any) -> TensorBase:
    """The tensor that a key stands for; a variable itself, so that all its reads are fed."""
    try:
        tensor = graph.as_graph_element(getattr(key, "stored", key), allow_operation=False)
    except Exception as error:
        raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error}") from None
    if not graph.is_feedable(tensor):
        raise ValueError(f"Tensor {tensor} may not be fed.")
    assert isinstance(tensor, TensorBase)
    return tensor


def flatten_feed(feed_dict: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """The dictionary with keys that are nested tuples of tensors taken apart.

    Raises ValueError where a value has another structure.
    """
    if not isinstance(feed_dict, Mapping):
        raise TypeError("feed_dict must be a dictionary")
    if not any(isinstance(key, tuple | list) for key in feed_dict):
        return feed_dict
    return dict(pair for key, value in feed_dict.items() for pair in _pairs(key, value))


def _pairs(key: Any, value: Any) -> Iterator[tuple[Any, Any]]:
    """The tensors of a key, each with its value."""
    if not isinstance(key, tuple | list):
        yield key, value
        return
    if len(key) != len(value):
        raise ValueError(
            f"Could not flatten dictionary. Key had {len(key)} elements, but value "
            f"had {len(value)} elements. Key: {key}, value: {value}."
        )
    for part, part_value in zip(key, value, strict=True):
        yield from _pairs(part, part_value)
