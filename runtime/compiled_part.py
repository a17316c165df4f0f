"""A compiled part of a step: finding its code and its binding for the shapes that it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowc.codegen.backend import Array
from flowc.compiler.driver import Begun
from flowc.compiler.executable import Executable
from flowc.compiler.partition import Part
from flowc.compiler.request import Request, StaticType, feed_like
from flowc.runtime.binding import Binding
from flowc.runtime.compilations import Compilations
from flowc.runtime.environment import Environment
from flowc.runtime.interpreted import InterpretedBinding, bind

_MOST_SIZES = 256  # of which bindings are kept


class CompiledPart:
    """Nodes that run as one executable; call it with the inputs' arrays in order.

    For each tuple of input shapes it keeps `Binding`s with everything that does not change from run
    to run: pointers, sizes, result shapes. Runs that write no variable are beside each other, each
    with a binding of its own.
    """

    def __init__(
        self,
        environment: Environment,
        compilations: Compilations,
        part: Part,
        types: Mapping[str, StaticType],
        begun: Begun | None = None,
    ) -> None:
        self._environment = environment
        self._compilations = compilations
        self._part = part
        self._begun = begun
        self._executables: list[Executable] = []
        self._idle: dict[Any, list[Binding | InterpretedBinding]] = {}
        self._types = [types.get(name) for name in part.inputs]
        self._contents: list[int] = []  # feeds whose elements are used as sizes

    def __call__(self, arrays: Sequence[Array]) -> list[Any]:
        """Values of the fetches for these feeds, which have the right dtypes and fitting shapes."""
        environment, key = self._environment, self._key(arrays)
        with environment.lock:
            idle = self._idle.get(key)
            binding = idle.pop() if idle else None
            if binding is None or binding.is_stale():
                binding = self._bind(arrays)
                idle = self._list_of_idle(arrays)
            assert idle is not None
            if binding.writes:
                try:
                    return binding.run(arrays)
                finally:
                    idle.append(binding)
            readers = environment.store.readers
            readers.enter()
        try:
            return binding.run(arrays)
        finally:
            readers.leave()
            idle.append(binding)

    def _key(self, arrays: Sequence[Array]) -> Any:
        """What arrays have in common that one binding serves."""
        shapes = tuple([a.shape for a in arrays])
        if not self._contents:
            return shapes
        return shapes, tuple([arrays[i].tobytes() for i in self._contents])

    def _list_of_idle(self, arrays: Sequence[Array]) -> list[Binding | InterpretedBinding]:
        """The bindings for such arrays that no run uses; those for others go where many are."""
        key = self._key(arrays)  # what was compiled may look at other contents than before
        if key not in self._idle and len(self._idle) >= _MOST_SIZES:
            del self._idle[next(iter(self._idle))]
        return self._idle.setdefault(key, [])

    def _bind(self, arrays: Sequence[Array]) -> Binding | InterpretedBinding:
        for executable in self._executables:
            sizes = self._sizes(executable, arrays)
            if sizes is not None:
                break
        else:
            executable = self._compile(arrays)
            sizes = self._sizes(executable, arrays)
        assert sizes is not None, "new code does not fit the sizes that it was made for"
        binding = bind(self._environment, executable, sizes, arrays)
        assert not binding.is_stale(), "variables do not fit the code that was chosen for them"
        return binding

    def prepare(self) -> None:
        """Have the code ready that the plan has begun. The lock is held."""
        if self._begun is not None:
            begun, self._begun = self._begun, None
            self._finish(begun, "ahead of a run")

    def _compile(self, arrays: Sequence[Array]) -> Executable:
        """Code for these arrays: what the plan has begun, where that serves them."""
        begun, self._begun = self._begun, None
        if begun is None or not begun.interface.fits(self._environment.store, arrays):
            begun = self._compilations.begin(self._request(arrays))
        reason = "earlier code does not fit" if self._executables else "first run"
        return self._finish(begun, reason)

    def _finish(self, begun: Begun, reason: str) -> Executable:
        executable = self._compilations.finish(begun, reason)
        self._executables.append(executable)
        self._contents = sorted(executable.interface.contents.union(self._contents))
        return executable

    def _request(self, arrays: Sequence[Array]) -> Request:
        given = zip(self._part.inputs, arrays, self._types, strict=True)
        return Request(
            ",".join(self._part.outputs) or "targets",
            self._part.nodes,
            [feed_like(name, array, static) for name, array, static in given],
            self._part.outputs,
            self._compilations.variables,
            device=self._part.place.device,
        )

    def _sizes(self, executable: Executable, arrays: Sequence[Array]) -> dict[str, int] | None:
        """The values of the executable's symbols; None where it does not serve these feeds.

        Where it does, the states that it starts from are there.
        """
        sizes = executable.interface.sizes(arrays)
        if sizes is None or not executable.interface.may_serve(self._environment.store):
            return None
        begin(self._environment, executable)
        return sizes


def begin(environment: Environment, executable: Executable) -> None:
    """Give the states that the code starts from to the store, where it has none."""
    for name, initial in executable.interface.initial.items():
        if name not in environment.store:
            environment.store.set(name, initial())
