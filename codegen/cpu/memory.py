"""The CPU's memory: a buffer is a NumPy array, which is Python's view of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowc.codegen.backend import Array
from flowc.ir.errors import ResourceExhaustedError

ALIGNMENT = 64  # bytes


class HostBuffer:
    """An array whose elements lie in row-major order without gaps."""

    __slots__ = ("address", "array", "dtype", "shape")

    def __init__(self, array: Array, address: int) -> None:
        self.array = array
        self.shape: tuple[int, ...] = array.shape
        self.dtype: np.dtype[Any] = array.dtype
        self.address = address

    @property
    def memory(self) -> HostMemory:
        """The memory of this process."""
        return HOST

    def write(self, array: Array) -> None:
        """Copy an array in."""
        self.array[...] = array

    def read(self) -> Array:
        """A copy."""
        return self.array.copy()

    def value(self) -> Any:
        """A copy, or the scalar."""
        array = self.array
        return array.copy() if array.ndim else array[()]

    def take(self) -> Array:
        """The array itself."""
        return self.array


class HostMemory:
    """The memory of this process."""

    def allocate(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> HostBuffer:
        """New memory, aligned to 64 bytes. Raises ResourceExhaustedError."""
        return HostBuffer(*_aligned(shape, dtype))

    def hold(self, array: Array) -> HostBuffer:
        """The array's own memory, or that of a copy in row-major order."""
        held = array if array.flags.c_contiguous else np.ascontiguousarray(array)
        return HostBuffer(held, held.ctypes.data)


HOST = HostMemory()


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """An uninitialised array whose memory starts at a multiple of 64 bytes.

    Raises ResourceExhaustedError.
    """
    return _aligned(shape, dtype)[0]


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[Array, int]:
    """The same, and where it is: asking NumPy takes a microsecond."""
    try:
        memory = np.empty(math.prod(shape) * dtype.itemsize + ALIGNMENT, np.uint8)
    except (MemoryError, ValueError, OverflowError) as error:
        message = f"OOM when allocating a tensor of shape {list(shape)} and type {dtype}"
        raise ResourceExhaustedError(None, None, message) from error
    start = memory.ctypes.data
    offset = -start % ALIGNMENT
    return np.ndarray(shape, dtype, memory, offset), start + offset
