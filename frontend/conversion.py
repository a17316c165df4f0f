"""Turning what users pass into tensors: constants, variables, lists that contain tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from flowc.codegen.cpu.memory import aligned_empty
from flowc.frontend.aliases import DTypeLike, ShapeLike, TensorLike
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.shapes import Dimension, TensorShape, as_shape
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.tensor_values import as_bytes

if TYPE_CHECKING:
    from flowc.frontend.tensor import Tensor

Array: TypeAlias = np.ndarray[Any, Any]
Converter: TypeAlias = Callable[..., Any]

_LARGEST = 1 << 31  # bytes that a constant of a GraphDef may hold
_ALIGNED = 1 << 16  # bytes of an array whose copy is worth aligning
_converters: list[tuple[int, Any, Converter]] = []


def register_tensor_conversion_function(
    base_type: Any, conversion_func: Converter, priority: int = 100
) -> None:
    """Have values of `base_type` converted by `conversion_func(value, dtype, name, as_ref)`."""
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    _converters.append((priority, base_type, conversion_func))
    _converters.sort(key=lambda entry: entry[0])


def convert_to_tensor(
    value: TensorLike,
    dtype: DTypeLike | None = None,
    name: str | None = None,
    preferred_dtype: DTypeLike | None = None,
    dtype_hint: DTypeLike | None = None,
) -> Tensor:
    """`value` as a tensor of the default graph.

    Tensors stay as they are, variables are read, arrays and Python values become constants. Python
    floats become float32, ints int32; NumPy arrays keep their dtype. `preferred_dtype` is used
    where the value can be converted to it. Raises TypeError or ValueError for other values.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    preferred = preferred_dtype if dtype_hint is None else dtype_hint
    return convert(value, wanted, name, None if preferred is None else as_dtype(preferred))


def convert(
    value: TensorLike,
    dtype: DType | None = None,
    name: str | None = None,
    preferred: DType | None = None,
    as_ref: bool = False,
) -> Tensor:
    """`convert_to_tensor` for dtypes that are DTypes; `as_ref` asks for a reference edge."""
    if isinstance(value, TensorBase):
        return _checked(value, dtype)
    if dtype is None and preferred is not None:
        try:
            return _converted(value, preferred, name, as_ref)
        except (TypeError, ValueError):
            pass  # the preference does not suit the value
    return _converted(value, dtype, name, as_ref)


def _checked(tensor: Any, dtype: DType | None) -> Tensor:
    if dtype is not None and tensor.dtype is not dtype:
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype "
            f"{tensor.dtype.name}: {str(tensor)!r}"
        )
    found: Tensor = tensor
    return found


def _converted(value: Any, dtype: DType | None, name: str | None, as_ref: bool) -> Tensor:
    result: Tensor
    method = getattr(value, "as_graph_tensor", None)
    if method is not None:
        result = method(dtype, name, as_ref)
        return result
    for _, base_type, function in _converters:
        if isinstance(value, base_type):
            found = function(value, dtype=dtype, name=name, as_ref=as_ref)
            if found is not NotImplemented:
                result = found
                return result
    if isinstance(value, list | tuple) and _holds_tensors(value):
        return _packed(value, dtype, name)
    if isinstance(value, Operation):
        raise TypeError(f"Can't convert Operation '{value.name}' to Tensor")
    return constant(value, dtype, name=name or "Const")


# Constants


def constant(
    value: TensorLike,
    dtype: DTypeLike | None = None,
    shape: ShapeLike | None = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """A constant tensor.

    `value` is a Python value, a nested list, or an array; with `shape`, its last element fills
    what it lacks. Raises TypeError for a value that is not of `dtype`, ValueError for one that
    does not fit `shape`.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    array = as_array(value, wanted)
    found = wanted or as_dtype(array.dtype)
    if shape is not None:
        array = _with_shape(array, as_shape(shape), verify_shape)
    if array.strides and any(array.strides) and array.nbytes >= _LARGEST:
        raise ValueError("Cannot create a tensor proto whose content is larger than 2GB.")
    tensor: Tensor = get_default_graph().add_constant(array, found, name)
    return tensor


def _with_shape(array: Array, shape: TensorShape, verify: bool) -> Array:
    sizes = tuple(int(size) for size in shape.as_list() if size is not None)
    count = int(np.prod(sizes))
    if verify and array.shape != sizes:
        raise TypeError(f"Expected Tensor's shape: {sizes}, got {array.shape}.")
    if array.size == count:
        return array.reshape(sizes)
    if array.size == 1:
        return np.broadcast_to(array.reshape(()), sizes)
    if array.size > count or not array.size:
        raise ValueError(
            f"Too many elements provided. Needed at most {count}, but received {array.size}"
        )
    fill = np.full(count - array.size, array.ravel()[-1], array.dtype)
    return np.concatenate([array.ravel(), fill]).reshape(sizes)


def as_array(value: TensorLike, dtype: DType | None = None) -> Array:
    """A new array of what a user passes as a value, by TensorFlow's rules for its dtype.

    Raises TypeError or ValueError for what is no value, or not one of `dtype`.
    """
    if isinstance(value, np.ndarray | np.generic):
        return _numpy_value(np.asarray(value), dtype)
    if value is None:
        raise ValueError("None values not supported.")
    if isinstance(value, TensorShape | Dimension):
        return _shape_value(value, dtype)
    if dtype is not None:
        _require_compatible(value, dtype)
    elif callable(value):
        raise TypeError(
            f"Failed to convert object of type {type(value)} to Tensor. "
            f"Contents: {value}. Consider casting elements to a supported type."
        )
    array = _nested_array(value, dtype)
    return _narrowed(array) if dtype is None else array


def _numpy_value(array: Array, dtype: DType | None) -> Array:
    if array.dtype.kind in "SUO":
        return _string_array(array)
    if array.nbytes < _ALIGNED or dtype not in (None, as_dtype(array.dtype)):
        return np.array(array, array.dtype if dtype is None else dtype.numpy, order="C")
    copied = aligned_empty(array.shape, array.dtype)  # so compiled code reads it where it is
    copied[...] = array
    return copied


def _shape_value(value: TensorShape | Dimension, dtype: DType | None) -> Array:
    """A fully known shape as a vector of int32, or int64 where a size needs that."""
    if dtype not in (None, dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert a {type(value).__name__} to dtype {dtype}")
    if isinstance(value, TensorShape) and not value.is_fully_defined():
        raise ValueError(f"Cannot convert a partially known TensorShape to a Tensor: {value}")
    if isinstance(value, Dimension) and value.value is None:
        raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: {value}")
    sizes = value.as_list() if isinstance(value, TensorShape) else int(value)
    array = np.array(sizes, np.int64)
    small = dtype is dtypes.int32 or (dtype is None and array.max(initial=0) < 2**31)
    return array.astype(np.int32) if small else array


def _nested_array(value: Any, dtype: DType | None) -> Array:
    try:
        if dtype is dtypes.string:
            return _string_array(np.array(value, object))
        array = np.array(value, None if dtype is None else dtype.numpy)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"Cannot convert {value!r} to a Tensor: {error}") from None
    if array.dtype.kind in "SUO":
        return _string_array(np.array(value, object))
    return array


def _string_array(array: Array) -> Array:
    result = np.empty(array.shape, object)
    flat = result.reshape(-1)
    for i, element in enumerate(array.ravel().tolist()):
        if element is None or not isinstance(element, str | bytes | bytearray):
            raise TypeError(
                f"Failed to convert object of type {type(element)} to Tensor. "
                f"Contents: {element}. Consider casting elements to a supported type."
            )
        flat[i] = as_bytes(element)
    return result


def _narrowed(array: Array) -> Array:
    """Python's numbers: float64 to float32, int64 to int32 where nothing is lost."""
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64:
        small = array.astype(np.int32)
        return small if np.array_equal(small, array) else array
    return array


def _numbers(*kinds: type) -> tuple[type, ...]:
    return (*kinds, np.generic, np.ndarray, Dimension)


_ACCEPTED: dict[str, tuple[type, ...]] = {
    "bool": (bool, np.generic, np.ndarray),
    "int": _numbers(int),
    "uint": _numbers(int),
    "float": _numbers(int, float),
    "complex": _numbers(int, float, complex),
    "string": (str, bytes, bytearray, np.generic, np.ndarray),
}


def _require_compatible(value: Any, dtype: DType) -> None:
    """Raise TypeError for the first Python value that `dtype` cannot hold."""
    if isinstance(value, list | tuple):
        for element in value:
            _require_compatible(element, dtype)
        return
    if value is None:
        raise ValueError("None values not supported.")
    accepted = _ACCEPTED.get(dtype.kind)
    numeric = hasattr(value, "__index__") or hasattr(value, "__float__")
    foreign = not isinstance(value, int | float | complex | str | bytes)
    if accepted is None or isinstance(value, accepted) or (numeric and foreign):
        return
    if foreign and (hasattr(value, "__array__") or hasattr(value, "__len__")):
        return  # NumPy knows better
    raise TypeError(
        f"Expected {dtype.name}, got {value!r} of type '{type(value).__name__}' instead."
    )


# Lists that contain tensors


def is_tensor(value: Any) -> bool:
    """True for a tensor or anything that stands for one: a variable, IndexedSlices."""
    return isinstance(value, TensorBase) or hasattr(value, "as_graph_tensor")


def _holds_tensors(values: Sequence[Any]) -> bool:
    return any(is_tensor(v) or (isinstance(v, list | tuple) and _holds_tensors(v)) for v in values)


def _first_dtype(values: Sequence[Any]) -> DType | None:
    for value in values:
        if is_tensor(value):
            return as_dtype(value.dtype)
        found = _first_dtype(value) if isinstance(value, list | tuple) else None
        if found is not None:
            return found
    return None


def _packed(values: Sequence[Any], dtype: DType | None, name: str | None) -> Tensor:
    """The tensors of a nested list stacked, the other elements converted to their dtype."""
    found = _first_dtype(values)
    if dtype is not None and found is not dtype:
        raise TypeError(
            f"Cannot convert a list containing a tensor of dtype {found} to {dtype} "
            f"(Tensor is: {values!r})"
        )
    graph = get_default_graph()
    with graph.name_scope(name or "packed") as scope:
        tensors = [
            _packed(v, found, str(i))
            if isinstance(v, list | tuple) and _holds_tensors(v)
            else convert(v, found, str(i))
            for i, v in enumerate(values)
        ]
        packed: Tensor = graph.build("Pack", tensors, name=scope)
        return packed


def convert_n_to_tensor(
    values: Sequence[Any],
    dtype: DTypeLike | None = None,
    name: str | None = None,
    preferred_dtype: DTypeLike | None = None,
) -> list[Any]:
    """Each of `values` as a tensor."""
    return [
        convert_to_tensor(v, dtype, None if name is None else f"{name}_{i}", preferred_dtype)
        for i, v in enumerate(values)
    ]
