"""Functions in Python as ops: `PyFunc` and its kin.

A node names its function by a token; the function is held by the graph that made the node, and
found here as long as it lives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from flowc.ir import errors
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.errors import OpError
from flowc.ir.ops.common import fail
from flowc.ir.ops.registry import host_op
from flowc.ir.tensor.builder import Builder, UnknownValue, require
from flowc.ir.tensor.primitive import Array


class PythonFunction:
    """A function and its token."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.token = f"pyfunc_{next(_tokens)}"
        _functions[self.token] = self


_tokens = count()
_functions: WeakValueDictionary[str, PythonFunction] = WeakValueDictionary()

# What TensorFlow makes of a function's exception.
_ERRORS: tuple[tuple[type[Exception], type[OpError]], ...] = (
    (NotImplementedError, errors.UnimplementedError),
    (StopIteration, errors.OutOfRangeError),
    (MemoryError, errors.ResourceExhaustedError),
    (TypeError, errors.InvalidArgumentError),
    (ValueError, errors.InvalidArgumentError),
)


def _call(input: list[Array], *, token: str, Tout: Sequence[DType]) -> list[Array]:
    found = _functions.get(token)
    if found is None:
        raise fail(
            f"callback {token} is not found: a function in Python is not saved with its graph"
        )
    arguments = [value[()] if value.ndim == 0 else value for value in input]
    try:
        returned = found.function(*arguments)
    except OpError:
        raise
    except Exception as error:
        kind = next((k for e, k in _ERRORS if isinstance(error, e)), errors.UnknownError)
        raise kind(None, None, f"{type(error).__name__}: {error}") from error
    return _results(returned, token, Tout)


def _results(returned: Any, token: str, types: Sequence[DType]) -> list[Array]:
    if returned is None:
        values: list[Any] = []
    else:
        values = list(returned) if isinstance(returned, list | tuple) else [returned]
        if isinstance(returned, list) and len(types) == 1:
            values = [returned]
    require(
        len(values) == len(types),
        f"{token} returns {len(values)} values, but expects to see {len(types)} values.",
    )
    arrays = []
    for number, (value, dtype) in enumerate(zip(values, types, strict=True)):
        array = _array(value)
        found = as_dtype(array.dtype)
        require(
            found is dtype,
            f"{number}-th value returned by {token} is {found.name}, but expects {dtype.name}",
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


_REST = "(input: Tin; token: string, Tin: list(type) >= 0, Tout: list(type) >= 0) -> output: Tout"
for _name, _stateful in (("PyFunc", True), ("PyFuncStateless", False)):
    _definition = host_op(f"{_name}{_REST}", stateful=_stateful)(_call)

    @_definition.infer
    def _(b: Builder, input: list[Any], *, Tout: Sequence[DType]) -> list[UnknownValue]:
        return [UnknownValue(dtype) for dtype in Tout]
