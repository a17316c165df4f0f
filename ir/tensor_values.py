"""TensorProto <-> NumPy: the values of constants in a GraphDef.

A TensorProto holds its elements either as raw little-endian bytes (`tensor_content`) or in a typed
list, in which the last element stands for all that follow it. float16 and bfloat16 are kept there
as their bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import TensorProto, TensorShapeProto

Array: TypeAlias = np.ndarray[Any, Any]

_LARGE = 1 << 20  # bytes; a repeated element that fills more is not written out in memory
_MOST_ELEMENTS = 1 << 46  # more can be addressed by no machine

_INT_FIELD = (
    dtypes.int32,
    dtypes.int16,
    dtypes.int8,
    dtypes.uint8,
    dtypes.uint16,
    dtypes.qint8,
    dtypes.quint8,
    dtypes.qint16,
    dtypes.quint16,
    dtypes.qint32,
)
_FIELDS: dict[DType, str] = {
    dtypes.float32: "float_val",
    dtypes.float64: "double_val",
    **dict.fromkeys(_INT_FIELD, "int_val"),
    dtypes.string: "string_val",
    dtypes.complex64: "scomplex_val",
    dtypes.complex128: "dcomplex_val",
    dtypes.int64: "int64_val",
    dtypes.bool_: "bool_val",
    dtypes.float16: "half_val",
    dtypes.bfloat16: "half_val",
    dtypes.uint32: "uint32_val",
    dtypes.uint64: "uint64_val",
    dtypes.resource: "resource_handle_val",
    dtypes.variant: "variant_val",
}
_AS_CONTENT = frozenset(
    {dtypes.float32, dtypes.float64, dtypes.int64, dtypes.uint32, dtypes.uint64, *_INT_FIELD}
)


def shape_to_python(shape: TensorShapeProto) -> tuple[int | None, ...] | None:
    """Sizes with None where unknown; None for an unknown rank. Raises InvalidArgumentError."""
    if shape.unknown_rank:
        return None
    sizes = [dim.size for dim in shape.dim]
    for size in sizes:
        if size < -1:
            raise _error(f"a shape has the size {size}")
    return tuple(None if size == -1 else size for size in sizes)


def shape_to_proto(shape: Sequence[int | None] | None) -> TensorShapeProto:
    """The inverse of `shape_to_python`."""
    if shape is None:
        return TensorShapeProto(unknown_rank=True)
    dims = [TensorShapeProto.Dim(size=-1 if size is None else size) for size in shape]
    return TensorShapeProto(dim=dims)


def make_ndarray(tensor: TensorProto) -> Array:
    """The array that `tensor` describes: strings as objects of type bytes.

    The array may be read-only, with strides of 0 where one element is repeated. Raises
    InvalidArgumentError where the elements do not fill the shape.
    """
    dtype = _dtype_of(tensor)
    shape = _full_shape(tensor)
    count = prod(shape)
    if count > _MOST_ELEMENTS:
        raise _error(f"a tensor of shape {shape} is too large")
    if tensor.tensor_content:
        return _from_content(tensor.tensor_content, dtype, shape)
    elements = _from_list(tensor, dtype)
    if len(elements) == count:
        return elements.reshape(shape)
    if len(elements) > count:
        raise _error(f"a tensor of shape {shape} has {len(elements)} elements")
    return _repeat_last(elements, count, dtype).reshape(shape)


def _dtype_of(tensor: TensorProto) -> DType:
    try:
        return as_dtype(tensor.dtype)
    except TypeError:
        raise _error(f"a tensor has the unknown data type {tensor.dtype}") from None


def _full_shape(tensor: TensorProto) -> tuple[int, ...]:
    shape = shape_to_python(tensor.tensor_shape)
    if shape is None or None in shape:
        raise _error(f"a constant's shape is not fully known: {shape}")
    return tuple(size for size in shape if size is not None)


def _from_content(content: bytes, dtype: DType, shape: tuple[int, ...]) -> Array:
    if not dtype.numpy.itemsize or dtype.numpy.hasobject:
        raise _error(f"a tensor of {dtype.name} cannot be stored as raw bytes")
    expected = prod(shape) * dtype.numpy.itemsize
    if len(content) != expected:
        raise _error(
            f"a {dtype.name} tensor of shape {shape} needs {expected} bytes and has {len(content)}"
        )
    return np.frombuffer(content, dtype.numpy).reshape(shape)


def _from_list(tensor: TensorProto, dtype: DType) -> Array:
    stored: Any = getattr(tensor, _FIELDS[dtype])
    if dtype.numpy.hasobject:
        elements = np.empty(len(stored), object)
        elements[:] = list(stored)
        return elements
    if _FIELDS[dtype] == "half_val":
        return np.array(stored, np.int64).astype(np.uint16).view(dtype.numpy)
    if dtype.is_complex:
        if len(stored) % 2:
            raise _error("a complex tensor has half an element")
        return np.array(stored, dtype.real.numpy).view(dtype.numpy)
    if _FIELDS[dtype] == "int_val":
        return np.array(stored, np.int64).astype(dtype.numpy)
    return np.array(stored, dtype.numpy)


def _repeat_last(elements: Array, count: int, dtype: DType) -> Array:
    """`elements` with the last one repeated up to `count`; zeros where there is none."""
    if not len(elements):
        elements = np.zeros(1, dtype.numpy)
        if dtype is dtypes.string:
            elements[:] = b""
    if len(elements) == 1 and count * dtype.numpy.itemsize > _LARGE:
        return np.broadcast_to(elements, (count,))
    filled = np.empty(count, elements.dtype)
    filled[: len(elements)] = elements
    filled[len(elements) :] = elements[-1]
    return filled


def make_tensor_proto(
    value: Any, dtype: DType | None = None, shape: Sequence[int] | None = None
) -> TensorProto:
    """The TensorProto of an array, or of what NumPy makes one of; text becomes UTF-8.

    With `shape`, `value` may have fewer elements: its last one fills the rest. Raises ValueError
    where it has more.
    """
    array = np.asarray(value, None if dtype is None else dtype.numpy)
    dtype = as_dtype(array.dtype) if dtype is None else dtype
    shape = array.shape if shape is None else tuple(shape)
    if array.size > prod(shape):
        raise ValueError(
            f"Too many elements provided. Needed at most {prod(shape)}, but received {array.size}"
        )
    proto = TensorProto(dtype=dtype.number, tensor_shape=shape_to_proto(shape))
    if array.size > 1 and not any(array.strides):
        array = array.ravel()[:1]  # one element, broadcast
    if dtype in _AS_CONTENT and array.size == prod(shape) and array.size > 1:
        proto.tensor_content = array.astype(dtype.numpy.newbyteorder("<"), copy=False).tobytes()
    else:
        getattr(proto, _FIELDS[dtype]).extend(_elements(array, dtype))
    return proto


def _elements(array: Array, dtype: DType) -> list[Any]:
    """The elements as the typed list of a TensorProto takes them."""
    flat = np.ascontiguousarray(array).ravel()
    if dtype is dtypes.string:
        return [as_bytes(element) for element in flat]
    if _FIELDS[dtype] == "half_val":
        return list(flat.view(np.uint16).tolist())
    if dtype.is_complex:
        return list(flat.view(dtype.real.numpy).tolist())
    return list(flat.tolist())


def as_bytes(value: Any) -> bytes:
    """Text as UTF-8; bytes as they are. Raises TypeError for anything else."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes | bytearray | np.bytes_):
        return bytes(value)
    raise TypeError(f"Expected binary or unicode string, got {value!r}")


def _error(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)


def raw_bytes(array: np.ndarray[Any, Any]) -> memoryview:
    """The array's elements in C order as bytes; a view of its memory where that is possible."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
