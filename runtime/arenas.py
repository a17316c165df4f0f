"""Scratch memory for runs: a run has an arena to itself, and the next one takes it over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flowc.runtime.store import ALIGNMENT, Array, reserved


class Arenas:
    """The arenas that no run uses at the moment."""

    def __init__(self) -> None:
        self._free: list[Array] = []

    @contextmanager
    def lent(self, size: int) -> Iterator[int]:
        """The address of at least `size` bytes, aligned to 64. Raises ResourceExhaustedError."""
        try:
            memory = self._free.pop()
        except IndexError:
            memory = _new(size)
        if memory.size < size + ALIGNMENT:
            memory = _new(size)
        try:
            yield (memory.ctypes.data + ALIGNMENT - 1) & -ALIGNMENT
        finally:
            self._free.append(memory)


def _new(size: int) -> Array:
    return reserved(size + ALIGNMENT, f"{size} bytes of scratch memory")
