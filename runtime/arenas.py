"""Scratch memory for runs: a run has an arena to itself, and the next one takes it over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from flowc.codegen.backend import Buffer, Memory

_BYTES = np.dtype(np.uint8)


class Arenas:
    """The arenas that no run uses at the moment."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._free: list[Buffer] = []

    @contextmanager
    def lent(self, size: int) -> Iterator[int]:
        """The address of at least `size` bytes, aligned to 64. Raises ResourceExhaustedError."""
        try:
            arena = self._free.pop()
        except IndexError:
            arena = self._memory.allocate((size,), _BYTES)
        if arena.shape[0] < size:
            arena = self._memory.allocate((size,), _BYTES)
        try:
            yield arena.address
        finally:
            self._free.append(arena)
