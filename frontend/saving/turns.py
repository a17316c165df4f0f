"""Turns: threads that want the same thing at the same time get it one after the other."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Condition


class Turns:
    """One block at a time; of those that wait the lowest number first, then the earliest."""

    def __init__(self) -> None:
        self._change = Condition()
        self._waiting: list[tuple[int, int]] = []
        self._tickets = count()
        self._is_taken = False

    @contextmanager
    def turn(self, number: int = 0) -> Iterator[None]:
        """Waits until it is this block's turn."""
        mine = number, next(self._tickets)
        with self._change:
            heapq.heappush(self._waiting, mine)
            try:
                self._change.wait_for(lambda: not self._is_taken and self._waiting[0] == mine)
                self._is_taken = True
            finally:  # also where the thread is interrupted
                self._waiting.remove(mine)
                heapq.heapify(self._waiting)
                self._change.notify_all()
        try:
            yield
        finally:
            with self._change:
                self._is_taken = False
                self._change.notify_all()
