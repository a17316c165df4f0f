"""The device store: the memory of a session's variables, by name.

Arrays are C-contiguous and 64-byte aligned. Generated code updates them in place; whatever changes
where an array lives raises `generation`, so that prepared steps look their pointers up again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from flowc.ir.errors import ResourceExhaustedError

Array: TypeAlias = np.ndarray[Any, Any]
ALIGNMENT = 64


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """An uninitialised array whose memory starts at a multiple of 64 bytes.

    Raises ResourceExhaustedError.
    """
    count = math.prod(shape) * dtype.itemsize
    memory = reserved(count + ALIGNMENT, f"a tensor of shape {list(shape)} and type {dtype}")
    offset = -memory.ctypes.data % ALIGNMENT
    return memory[offset : offset + count].view(dtype).reshape(shape)


def reserved(size: int, what: str) -> Array:
    """That many bytes of memory. Raises ResourceExhaustedError."""
    try:
        return np.empty(size, np.uint8)
    except (MemoryError, ValueError, OverflowError) as error:
        message = f"OOM when allocating {what}"
        raise ResourceExhaustedError(None, None, message) from error


def aligned_copy(array: Array) -> Array:
    """A copy with aligned memory, in C order."""
    copy = aligned_empty(array.shape, array.dtype)
    copy[...] = array
    return copy


class Readers:
    """The runs that read variables at this time, beside each other.

    Who changes a variable in place keeps new ones from beginning (by the session's lock), and waits
    for those that have begun.
    """

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition(threading.Lock())

    def enter(self) -> None:
        """A run begins. The session's lock is held."""
        with self._changed:
            self._count += 1

    def leave(self) -> None:
        """A run has ended."""
        with self._changed:
            self._count -= 1
            if not self._count:
                self._changed.notify_all()

    def wait(self) -> None:
        """Return when no run reads. The session's lock is held."""
        if self._count:
            with self._changed:
                while self._count:
                    self._changed.wait()


class Store(Mapping[str, Array]):
    """Variables by name."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}
        self.generation = 0
        self.readers = Readers()

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def put(self, name: str, array: Array) -> None:
        """Make `array`, which nobody else writes, the variable's memory."""
        self._arrays[name] = array
        self.generation += 1

    def drop(self, names: Iterable[str]) -> None:
        """Forget variables."""
        for name in list(names):
            del self._arrays[name]
        self.generation += 1

    def set(self, name: str, value: Array) -> None:
        """Copy `value` into the variable, whose type may change."""
        if value.dtype == object:
            self.put(name, value.copy())
            return
        old = self._arrays.get(name)
        if old is not None and old.shape == value.shape and old.dtype == value.dtype:
            self.readers.wait()
            old[...] = value
        else:
            self.put(name, aligned_copy(value))
