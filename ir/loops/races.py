"""Finds threads that touch one element without a barrier between them.

Two accesses of an element race if one of them is a write, they are not by one thread, and nothing
orders them: a barrier orders those of a block, the end of a grid those of its blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Place: TypeAlias = tuple[int, ...]


class RaceError(RuntimeError):
    """A kernel's result depends on the order in which its threads run."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread by its block's indices, and its own in the block, outermost first."""

    block: Place
    place: Place

    def __str__(self) -> str:
        return f"thread {_indices(self.place)} of block {_indices(self.block)}"


def _indices(place: Place) -> str:
    return f"({', '.join(map(str, place))})"


@dataclass(slots=True)
class _Touched:
    """Who touched an element. Of each kind two are enough to differ from any third."""

    writers: tuple[Thread, ...] = ()
    readers: tuple[Thread, ...] = ()


class Accesses:
    """What threads, or blocks, did since something last ordered them."""

    def __init__(self, what_orders: str, blocks: bool = False) -> None:
        self.what_orders = what_orders
        self.blocks = blocks  # threads of one block are not told apart
        self.touched: dict[int, _Touched] = {}

    def clear(self) -> None:
        """All that was done is ordered before all that follows."""
        self.touched.clear()

    def touch(self, address: int, element: str, who: Sequence[Thread], writes: bool) -> None:
        """Note an access of the threads `who`, at most two. Raises RaceError where it races."""
        seen = self.touched.setdefault(address, _Touched())
        for other in seen.writers:
            self._check(element, who, writes, other, "written")
        if not writes:
            seen.readers = self._with(seen.readers, who)
            return
        for other in seen.readers:
            self._check(element, who, writes, other, "read")
        seen.writers = self._with(seen.writers, who)

    def _check(
        self, element: str, who: Sequence[Thread], writes: bool, other: Thread, did: str
    ) -> None:
        for thread in who:
            if not self._same(thread, other):
                does = "written" if writes else "read"
                raise RaceError(
                    f"{element} is {does} by {thread}, and {did} by {other} before, "
                    f"without {self.what_orders} between them"
                )

    def _with(self, known: tuple[Thread, ...], who: Sequence[Thread]) -> tuple[Thread, ...]:
        for thread in who:
            if len(known) < 2 and not any(self._same(thread, other) for other in known):
                known = (*known, thread)
        return known

    def _same(self, one: Thread, other: Thread) -> bool:
        return one.block == other.block and (self.blocks or one.place == other.place)
