"""One executable bound to one set of sizes: what a step does is in `Binding.run`.

Everything that can be known before the step is prepared here, since a trivial step must cost a few
microseconds: the array of pointers, the symbols' values, the results' shapes. Small feeds and
fetches go through fixed buffers, because getting a buffer costs more than copying a few hundred
bytes.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from flowc.codegen.backend import Array, Buffer, Code
from flowc.compiler.executable import Executable
from flowc.ir import dims
from flowc.ir.errors import InternalError, ResourceExhaustedError
from flowc.ir.tensor.core import TensorType
from flowc.runtime.environment import Environment
from flowc.runtime.failures import FailedRun

_Result: TypeAlias = tuple[int, tuple[int, ...], np.dtype[Any]]  # place among arguments, type

STAGED_BYTES = 1 << 12  # feeds and fetches up to this size are copied through fixed buffers


class Binding:
    """A compiled step for feeds of certain shapes; one run at a time may use it."""

    def __init__(
        self,
        environment: Environment,
        executable: Executable,
        code: Code,
        sizes: Mapping[str, int],
        feeds: Sequence[Array],
    ) -> None:
        self._environment = environment
        self._executable = executable
        self._sizes = sizes
        self._store = environment.store
        self._memory = code.memory
        interface = self._interface = executable.interface
        pointers = max([1, len(interface.arguments), *(place + 1 for place in interface.places)])
        self._pointers = (ctypes.c_void_p * pointers)()
        self._symbols = (ctypes.c_int64 * max(1, len(interface.symbols)))(
            *(sizes[s.name] for s in interface.symbols)
        )
        self._addresses = ctypes.addressof(self._pointers), ctypes.addressof(self._symbols)
        self._arena_size = dims.evaluate(interface.arena_size, sizes)
        self._code = code
        self._entry = code.entry
        self._stage_feeds(feeds)
        self._plan_results(sizes)
        self._generation = -1
        self._read: list[Buffer] = []
        self.writes = bool(interface.writes)

    def is_stale(self) -> bool:
        """True when the variables are no longer those that the code was made for.

        Where they are, the binding is ready to run. The session's lock is held.
        """
        if self._generation == self._store.generation:
            return False
        if not self._interface.serves(self._store):
            return True
        self._read = [self._store.within(name, self._memory) for name in self._interface.reads]
        for (number, _, _), buffer in zip(self._interface.stored_types, self._read, strict=True):
            self._pointers[number] = buffer.address
        self._generation = self._store.generation
        return False

    def _stage_feeds(self, feeds: Sequence[Array]) -> None:
        self._staged: list[tuple[int, Callable[[Array], None]]] = []  # what writes into the buffer
        self._direct: list[int] = []
        for number, feed in enumerate(feeds):
            if feed.nbytes <= STAGED_BYTES:
                buffer = self._memory.allocate(feed.shape, feed.dtype)
                self._staged.append((number, buffer.write))
                self._pointers[number] = buffer.address
            else:
                self._direct.append(number)

    def _plan_results(self, sizes: Mapping[str, int]) -> None:
        """A fixed buffer or a shape for each fetch, and a shape for assigned variables."""
        interface = self._interface
        limits, count = interface.limits, len(interface.fetches)
        self._counted = [n for n, s in enumerate(interface.symbols) if s in limits]
        self._cut = [
            n
            for n, t in enumerate(interface.fetches)
            if limits and not limits.keys().isdisjoint(s for d in t.shape for s in dims.symbols(d))
        ]
        self._small: list[tuple[int, Callable[[], Any]]] = []  # what reads the buffer
        self._large: list[tuple[int, _Result]] = []
        self._fresh: list[tuple[str, _Result]] = []
        places = zip(interface.results, interface.places, strict=True)
        for number, (result, place) in enumerate(places):
            shape, dtype = _concrete(result, sizes, limits)
            if number >= count:
                if place >= len(interface.arguments):
                    self._fresh.append((interface.writes[number - count], (place, shape, dtype)))
            elif math.prod(shape) * dtype.itemsize <= STAGED_BYTES:
                buffer = self._memory.allocate(shape, dtype)
                self._small.append((number, buffer.value))
                self._pointers[place] = buffer.address
            else:
                self._large.append((number, (place, shape, dtype)))
        self._count = count

    def run(self, feeds: Sequence[Array]) -> list[Any]:
        """One step. Raises the error of a failed check; then no variable has changed.

        The session's lock is held where the step `writes`; else it need not be.
        """
        for number, write in self._staged:
            write(feeds[number])
        held = [self._held(n, feeds[n]) for n in self._direct] if self._direct else ()
        large = [(n, self._new(*result)) for n, result in self._large] if self._large else ()
        fresh = [(n, self._new(*result)) for n, result in self._fresh] if self._fresh else ()
        self._call(feeds)
        fetched: list[Any] = [None] * self._count
        for number, read in self._small:
            fetched[number] = read()
        for number, buffer in large:
            fetched[number] = buffer.take()
        for name, buffer in fresh:
            self._store.put(name, buffer)
        if self._cut:
            self._cut_results(fetched)
        del held  # until here the code may have read them
        return fetched

    def _cut_results(self, fetched: list[Any]) -> None:
        """Leave of results whose size was counted what there is of them."""
        names = [s.name for s in self._interface.symbols]
        sizes = {**self._sizes, **{names[n]: self._symbols[n] for n in self._counted}}
        for number in self._cut:
            shape, _ = _concrete(self._interface.results[number], sizes)
            size = math.prod(shape)
            whole = fetched[number].reshape(-1)
            fetched[number] = (whole if size == whole.size else whole[:size].copy()).reshape(shape)

    def _held(self, number: int, feed: Array) -> Buffer:
        """A feed in the device's memory, as an argument."""
        buffer = self._memory.hold(feed)
        self._pointers[number] = buffer.address
        return buffer

    def _new(self, place: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """A new buffer, as the argument of a place."""
        buffer = self._memory.allocate(shape, dtype)
        self._pointers[place] = buffer.address
        return buffer

    def _call(self, feeds: Sequence[Array]) -> None:
        control = self._environment.control.address
        if self.writes:
            self._store.readers.wait()
        if self._arena_size:
            with self._environment.arenas.lent(self._memory, self._arena_size) as arena:
                code = self._entry(*self._addresses, arena, control)
        else:
            code = self._entry(*self._addresses, 0, control)
        if code:
            self._fail(code, feeds)

    def _fail(self, code: int, feeds: Sequence[Array]) -> None:
        if code == self._code.stopped:
            self._environment.waiting.raise_stopped()
        if code == self._code.exhausted:
            what = f"scratch memory in the code of {self._interface.name}"
            raise ResourceExhaustedError(None, None, f"OOM when allocating {what}")
        if code < 0:
            raise InternalError(None, None, self._code.describe_error(code))
        variables = [buffer.read() for buffer in self._read]
        run = FailedRun(self._executable, [*feeds, *variables], self._sizes)
        raise run.error(self._environment.explanations, code)


def _concrete(
    type_: TensorType, sizes: Mapping[str, int], limits: dims.Limits = MappingProxyType({})
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """A shape as numbers, the largest where it is not known, and the element type."""
    shape = tuple(dims.evaluate(dims.upper(d, limits), sizes) for d in type_.shape)
    return shape, type_.dtype.numpy
