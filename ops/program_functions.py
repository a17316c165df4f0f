"""What a program's own functions return and raise, as the op set has it.

Functions run by `py_func` and the kernels and lowerings of ops that a program defines are not ours:
their results are compared with what was declared, and their exceptions become TensorFlow's errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from flowc.ir import errors
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.errors import OpError
from flowc.ir.tensor.builder import DataDependent, NotCompilable, UnknownShape, require
from flowc.ir.tensor.primitive import Array

# What TensorFlow makes of a function's exception.
_ERRORS: tuple[tuple[type[Exception], type[OpError]], ...] = (
    (NotImplementedError, errors.UnimplementedError),
    (StopIteration, errors.OutOfRangeError),
    (MemoryError, errors.ResourceExhaustedError),
    (TypeError, errors.InvalidArgumentError),
    (ValueError, errors.InvalidArgumentError),
)
_PASSING = (OpError, DataDependent, NotCompilable, UnknownShape)  # what the builder itself raises


@contextmanager
def program_errors() -> Iterator[None]:
    """An OpError for whatever a program's function raises, with that as its cause."""
    try:
        yield
    except _PASSING:
        raise
    except Exception as error:
        kind = next((k for e, k in _ERRORS if isinstance(error, e)), errors.UnknownError)
        raise kind(None, None, f"{type(error).__name__}: {error}") from error


def checked_arrays(values: Sequence[Any], types: Sequence[DType], who: str) -> list[Array]:
    """A function's results as arrays. Raises InvalidArgumentError unless they have these types."""
    require(
        len(values) == len(types),
        f"{who} returns {len(values)} values, but expects to see {len(types)} values.",
    )
    arrays = []
    for number, (value, dtype) in enumerate(zip(values, types, strict=True)):
        array = _array(value)
        found = as_dtype(array.dtype)
        require(
            found is dtype,
            f"{number}-th value returned by {who} is {found.name}, but expects {dtype.name}",
        )
        arrays.append(array)
    return arrays


def _array(value: Any) -> Array:
    """A function's result as an array; text as bytes."""
    array = np.asarray(value, order="C")
    if array.dtype.kind not in "USO":
        return array
    encoded = np.empty(array.shape, object)
    encoded[...] = np.vectorize(_bytes, otypes=[object])(array) if array.size else array
    return encoded


def _bytes(text: Any) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)
