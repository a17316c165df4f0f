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

    def __init__(self, array: Array) -> None:
        self.array = array
        self.shape: tuple[int, ...] = array.shape
        self.dtype: np.dtype[Any] = array.dtype
        self.address: int = array.ctypes.data

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

    def take(self) -> Array:
        """The array itself."""
        return self.array


class HostMemory:
    """The memory of this process."""

    def allocate(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> HostBuffer:
        """New memory, aligned to 64 bytes. Raises ResourceExhaustedError."""
        return HostBuffer(aligned_empty(shape, dtype))

    def hold(self, array: Array) -> HostBuffer:
        """The array's own memory, or that of a copy in row-major order."""
        return HostBuffer(array if array.flags.c_contiguous else np.ascontiguousarray(array))


HOST = HostMemory()


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """An uninitialised array whose memory starts at a multiple of 64 bytes.

    Raises ResourceExhaustedError.
    """
    count = math.prod(shape) * dtype.itemsize
    try:
        memory = np.empty(count + ALIGNMENT, np.uint8)
    except (MemoryError, ValueError, OverflowError) as error:
        message = f"OOM when allocating a tensor of shape {list(shape)} and type {dtype}"
        raise ResourceExhaustedError(None, None, message) from error
    offset = -memory.ctypes.data % ALIGNMENT
    return memory[offset : offset + count].view(dtype).reshape(shape)
