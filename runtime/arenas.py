"""Scratch memory for runs: a run has an arena to itself, and the next one takes it over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from flowc.codegen.backend import Buffer, Memory

_BYTES = np.dtype(np.uint8)


class Arenas:
    """The arenas that no run uses at the moment."""

    def __init__(self) -> None:
        self._free: dict[Memory, list[Buffer]] = {}

    @contextmanager
    def lent(self, memory: Memory, size: int) -> Iterator[int]:
        """The address of at least `size` bytes, aligned to 64. Raises ResourceExhaustedError."""
        free = self._free.setdefault(memory, [])
        try:
            arena = free.pop()
        except IndexError:
            arena = memory.allocate((size,), _BYTES)
        if arena.shape[0] < size:
            arena = memory.allocate((size,), _BYTES)
        try:
            yield arena.address
        finally:
            free.append(arena)
