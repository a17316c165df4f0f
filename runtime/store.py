"""The device store: the memory of a session's variables, by name.

Generated code updates buffers in place; whatever gives a variable another buffer raises
`generation`, so that prepared steps look their pointers up again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping

from flowc.codegen.backend import Array, Buffer, Memory
from flowc.codegen.cpu.memory import HOST


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


class Store(Mapping[str, Buffer]):
    """Variables by name, each in the memory of the device whose code used it last.

    `memory` is where others are put. Elements that are Python's objects, as strings are, stay in
    the host's.
    """

    def __init__(self, memory: Memory = HOST) -> None:
        self.memory = memory
        self._buffers: dict[str, Buffer] = {}
        self.generation = 0
        self.readers = Readers()

    def __getitem__(self, name: str) -> Buffer:
        return self._buffers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._buffers)

    def __len__(self) -> int:
        return len(self._buffers)

    def put(self, name: str, buffer: Buffer) -> None:
        """Make `buffer`, which nobody else writes, the variable's memory."""
        self._buffers[name] = buffer
        self.generation += 1

    def drop(self, names: Iterable[str]) -> None:
        """Forget variables."""
        for name in list(names):
            del self._buffers[name]
        self.generation += 1

    def within(self, name: str, memory: Memory) -> Buffer:
        """The variable's buffer, moved into a device's memory where it is in another one.

        Raises ResourceExhaustedError.
        """
        found = self._buffers[name]
        if found.memory is not memory:
            moved = memory.allocate(found.shape, found.dtype)
            moved.write(found.read())
            self.put(name, moved)
            return moved
        return found

    def set(self, name: str, value: Array) -> None:
        """Copy `value` into the variable, whose type may change.

        Raises ResourceExhaustedError; then the variable is as it was.
        """
        if value.dtype == object:
            self.put(name, HOST.hold(value.copy()))
            return
        old = self._buffers.get(name)
        if old is not None and old.shape == value.shape and old.dtype == value.dtype:
            self.readers.wait()
            old.write(value)
        else:
            memory = self.memory if old is None else old.memory
            new = memory.allocate(value.shape, value.dtype)
            new.write(value)
            self.put(name, new)
