"""Arrays that programs are fed with, by shape, dtype and number: the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]

SPECIAL = (np.nan, np.inf, -np.inf, -0.0, 0.0, 1e30, -1e-30, 1.0, 0.5)


def dtype_of(name: str) -> np.dtype[Any]:
    """The NumPy type of a dtype's name."""
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def data(shape: Sequence[int], dtype: str, number: int, wild: bool = False) -> Array:
    """Floats around 0 or small integers. `wild` puts NaN, infinities and -0.0 among them."""
    random = np.random.RandomState(number)
    kind = dtype_of(dtype)
    if kind.kind == "b":
        return random.rand(*shape) > np.float64(0.5)
    if kind.kind in "iu":
        least = 0 if kind.kind == "u" else -6
        return np.asarray(random.randint(least, 8, size=shape)).astype(kind)
    values = np.asarray(random.standard_normal(tuple(shape)))
    if kind.kind == "c":
        values = values + 1j * random.standard_normal(tuple(shape))
    elif wild:
        chosen = random.rand(*shape) < 0.2
        values = np.where(chosen, random.choice(SPECIAL, size=shape), values)
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(kind)


def as_array(value: Any) -> Array:
    """What a session returned as an array; text keeps its length."""
    return np.asarray(value, object if isinstance(value, bytes) else None)


def is_float(array: Array) -> bool:
    """Whether the elements are floats, real or complex."""
    return array.dtype.kind in "fc" or array.dtype == ml_dtypes.bfloat16


def widened(array: Array) -> Array:
    """Floats as float64 or complex128, integers and booleans as int64, so that they subtract."""
    if not is_float(array):
        return array.astype(np.int64) if array.dtype.kind in "biu" else array
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def unit(dtype: np.dtype[Any]) -> float:
    """The distance of 1 to the next greater number of a dtype; of a complex one's parts."""
    real = np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype
    return 2.0 ** -_MANTISSA_BITS[real.name]


_MANTISSA_BITS = {"float64": 52, "float32": 23, "float16": 10, "bfloat16": 7}
