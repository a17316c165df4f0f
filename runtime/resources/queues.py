"""Queues of tuples of tensors, on which steps of a session may wait.

All threads of a session run host kernels one at a time; a kernel that waits lets others run. Those
that wait at one end of a queue are served in the order in which they came.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from flowc.ir.dtypes import DType
from flowc.ir.errors import CancelledError, OutOfRangeError
from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import show
from flowc.ops.random.host import HostStream
from flowc.ops.random.streams import seeded
from flowc.ops.resources import Element, Queue, QueueSpec, Shape, Waiting
from flowc.runtime.resources.shapes import fits, shown


@dataclass(eq=False)
class _Turn:
    """One attempt to put something in or take something out."""

    cancelled: bool = False


@contextmanager
def _turn(line: deque[_Turn], waiting: Waiting) -> Iterator[_Turn]:
    """A place in a line, as long as the block lasts."""
    turn = _Turn()
    line.append(turn)
    try:
        yield turn
    finally:
        line.remove(turn)
        waiting.notify()


class FifoQueue(Queue):
    """First in, first out."""

    kind = "FIFOQueue"

    def __init__(self, name: str, spec: QueueSpec) -> None:
        require(
            not spec.shapes or len(spec.shapes) == len(spec.types),
            f"{self.kind} '{name}' has {len(spec.types)} components, but {len(spec.shapes)} shapes",
        )
        self.name = name
        self.spec = spec
        self.types = spec.types
        self.closed = False
        self._elements: deque[Element] = deque()
        self._entering: deque[_Turn] = deque()
        self._leaving: deque[_Turn] = deque()

    def __len__(self) -> int:
        return len(self._elements)

    # What kinds of queues differ in

    def _push(self, element: Element) -> None:
        self._elements.append(element)

    def _pop(self) -> Element:
        return self._elements.popleft()

    def _put_back(self, elements: list[Element]) -> None:
        """Undo several `_pop`s."""
        self._elements.extendleft(reversed(elements))

    def _available(self) -> int:
        """How many elements may be taken now."""
        return len(self)

    def check(self, element: Element) -> None:
        """Raises InvalidArgumentError for tensors of other shapes than the queue's."""
        for number, (tensor, shape) in enumerate(zip(element, self.spec.shapes, strict=False)):
            require(
                fits(np.shape(tensor), shape),
                f"Shape mismatch in tuple component {number}. Expected {shown(shape)}, got "
                f"{show(np.shape(tensor))}",
            )

    def batch(self, elements: list[Element]) -> Element:
        """Elements as tensors with one more dimension in front."""
        require(
            all(shape is not None and None not in shape for shape in self.spec.shapes)
            and len(self.spec.shapes) == len(self.types),
            f"{self.kind}'s DequeueMany and DequeueUpTo require the components to have specified "
            "shapes.",
        )
        columns = zip(*elements, strict=True) if elements else [()] * len(self.types)
        triples = zip(columns, self.types, self.spec.shapes, strict=True)
        return tuple(_stacked(column, dtype, shape) for column, dtype, shape in triples)

    # Putting in

    def enqueue(self, elements: Iterable[Element], waiting: Waiting) -> None:
        """Append elements, waiting for room.

        Raises CancelledError when the queue is closed.
        """
        with _turn(self._entering, waiting) as turn:
            for element in elements:
                self._wait_at(self._entering, turn, waiting, self._has_room)
                if turn.cancelled:
                    raise CancelledError(None, None, "Enqueue operation was cancelled")
                if self.closed:
                    raise CancelledError(None, None, f"{self.kind} '{self.name}' is closed.")
                self._push(element)
                waiting.notify()

    def _has_room(self) -> bool:
        return self.closed or len(self) < self.spec.capacity

    def _wait_at(
        self, line: deque[_Turn], turn: _Turn, waiting: Waiting, ready: Callable[[], bool]
    ) -> None:
        waiting.wait_for(lambda: turn.cancelled or (line[0] is turn and ready()))

    # Taking out

    def dequeue(self, wanted: int, fewer: bool, waiting: Waiting) -> list[Element]:
        """That many elements, waiting for them; when the queue is closed, `fewer` may do.

        Raises OutOfRangeError where a closed queue has too few.
        """
        taken: list[Element] = []
        with _turn(self._leaving, waiting) as turn:
            try:
                while len(taken) < wanted:
                    self._wait_at(self._leaving, turn, waiting, self._is_served)
                    missing = wanted - len(taken)
                    if self.closed and len(self) < missing:
                        if fewer and (taken or len(self)):
                            break
                        raise self._too_few(missing)
                    self._take(taken, min(missing, self._available()))
                    waiting.notify()
            except BaseException:
                self._put_back(taken)
                raise
            if len(taken) < wanted:
                self._take(taken, len(self))
        return taken

    def _is_served(self) -> bool:
        return self.closed or self._available() > 0

    def _take(self, taken: list[Element], number: int) -> None:
        taken.extend(self._pop() for _ in range(number))

    def _too_few(self, missing: int) -> OutOfRangeError:
        return OutOfRangeError(
            None,
            None,
            f"{self.kind} '{self.name}' is closed and has insufficient elements (requested "
            f"{missing}, current size {len(self)})",
        )

    # Closing

    def close(self, cancel: bool, waiting: Waiting) -> None:
        """Let no further elements in. What waits to enter is cancelled, or enters before.

        Raises CancelledError for a closed queue, unless it cancels.
        """
        if cancel:
            self.closed = True
            for turn in self._entering:
                turn.cancelled = True
            waiting.notify()
            return
        with _turn(self._entering, waiting) as turn:
            self._wait_at(self._entering, turn, waiting, lambda: True)
            if self.closed:
                raise CancelledError(None, None, f"Queue '{self.name}' is already closed.")
            self.closed = True


class PaddingQueue(FifoQueue):
    """First in, first out, of tensors that need not be equal in sizes that the shapes leave open.

    In a batch they are padded to the largest.
    """

    kind = "PaddingFIFOQueue"

    def batch(self, elements: list[Element]) -> Element:
        """Elements as tensors with one more dimension in front, zeros behind the smaller ones."""
        columns = zip(*elements, strict=True) if elements else [()] * len(self.types)
        triples = zip(columns, self.types, self.spec.shapes, strict=True)
        return tuple(_padded(column, dtype, shape) for column, dtype, shape in triples)


class ShuffleQueue(FifoQueue):
    """A random element comes out. `least` elements stay until the queue is closed."""

    kind = "RandomShuffleQueue"

    def __init__(self, name: str, spec: QueueSpec) -> None:
        super().__init__(name, spec)
        least, capacity = spec.least, spec.capacity
        require(least >= 0, f"min_after_dequeue must be >= 0, but is {least}")
        require(least < capacity, f"min_after_dequeue {least} must be < capacity {capacity}")
        self._words = _words(_stream(*spec.seeds))

    def _available(self) -> int:
        return len(self) if self.closed else max(0, len(self) - self.spec.least)

    def _pop(self) -> Element:
        """The last element takes the place of the one that is taken."""
        elements = self._elements
        place = next(self._words) % len(elements)
        last = elements.pop()
        if place == len(elements):
            return last
        found, elements[place] = elements[place], last
        return found

    def _put_back(self, elements: list[Element]) -> None:
        self._elements.extend(reversed(elements))


def _stream(seed: int, seed2: int) -> HostStream:
    if not seed and not seed2:
        seed, seed2 = random.getrandbits(63), random.getrandbits(63)
    key, low, high = seeded(seed, seed2).tolist()
    return HostStream(key, low + (high << 64))


def _words(stream: HostStream) -> Iterator[int]:
    """The words of a stream one by one."""
    for number in count(step=64):
        yield from stream.skip(number).blocks(64).ravel().tolist()


class PriorityQueue(FifoQueue):
    """The element with the least first component, an int64, comes out; of equal ones the oldest."""

    kind = "PriorityQueue"

    def __init__(self, name: str, spec: QueueSpec) -> None:
        super().__init__(name, spec)
        self._heap: list[tuple[int, int, Element]] = []
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._heap)

    def _push(self, element: Element) -> None:
        heapq.heappush(self._heap, (int(element[0]), next(self._numbers), element))

    def _pop(self) -> Element:
        return heapq.heappop(self._heap)[2]

    def _put_back(self, elements: list[Element]) -> None:
        for element in elements:
            self._push(element)


# Batches


def _stacked(column: Any, dtype: DType, shape: Shape) -> Array:
    """Equal tensors as one; the shape is fully known."""
    sizes = [size for size in shape or () if size is not None]
    result = np.empty([len(column), *sizes], dtype.numpy)
    for number, tensor in enumerate(column):
        result[number, ...] = tensor
    return result


def _padded(column: Any, dtype: DType, shape: Shape) -> Array:
    sizes = [
        max((np.shape(tensor)[axis] for tensor in column), default=0) if size is None else size
        for axis, size in enumerate(shape or ())
    ]
    result = np.zeros([len(column), *sizes], dtype.numpy)
    if dtype.numpy.hasobject:
        result.fill(b"")
    for number, tensor in enumerate(column):
        place: Any = tuple(slice(0, size) for size in np.shape(tensor))
        result[(number, *place, ...)] = tensor
    return result


KINDS: dict[str, type[FifoQueue]] = {
    queue.kind: queue for queue in (FifoQueue, PaddingQueue, ShuffleQueue, PriorityQueue)
}
