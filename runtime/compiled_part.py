"""A compiled part of a step: finding its code and its binding for the shapes that it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from flowc.codegen.backend import Array
from flowc.compiler.executable import Executable
from flowc.compiler.interface import agree
from flowc.compiler.likeness import renamed
from flowc.compiler.lowering import Feed, Request
from flowc.compiler.partition import Part
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.errors import OpError
from flowc.runtime.binding import Binding
from flowc.runtime.interpreted import InterpretedBinding, bind

if TYPE_CHECKING:
    from flowc.runtime.executor import Executor

_MOST_SIZES = 256  # of which bindings are kept

StaticType: TypeAlias = tuple[DType, tuple[int | None, ...] | None]


class CompiledPart:
    """Nodes that run as one executable; call it with the inputs' arrays in order.

    For each tuple of input shapes it keeps `Binding`s with everything that does not change from run
    to run: pointers, sizes, result shapes. Runs that write no variable are beside each other, each
    with a binding of its own.
    """

    def __init__(
        self,
        executor: Executor,
        part: Part,
        types: Mapping[str, StaticType],
    ) -> None:
        self._executor = executor
        self._part = part
        self._executables: list[Executable] = []
        self._idle: dict[Any, list[Binding | InterpretedBinding]] = {}
        self._types = [types.get(name) for name in part.inputs]
        self._contents: list[int] = []  # feeds whose elements are used as sizes

    def __call__(self, arrays: Sequence[Array]) -> list[Any]:
        """Values of the fetches for these feeds, which have the right dtypes and fitting shapes."""
        executor, key = self._executor, self._key(arrays)
        with executor.lock:
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
            readers = executor.store.readers
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
        binding = bind(self._executor, executable, sizes, arrays)
        assert not binding.is_stale(), "variables do not fit the code that was chosen for them"
        return binding

    def _compile(self, arrays: Sequence[Array]) -> Executable:
        executable = self._like_another() or self._compile_anew(arrays)
        self._executables.append(executable)
        self._contents = sorted(executable.interface.contents.union(self._contents))
        return executable

    def _like_another(self) -> Executable | None:
        """The code of a part that is equal but for names, with this part's names."""
        for nodes, executable in self._executor.alike(self._part):
            found = renamed(executable, nodes, self._part.nodes)
            begin(self._executor, found)
            if found.interface.serves(self._executor.store):
                return found
        return None

    def _compile_anew(self, arrays: Sequence[Array]) -> Executable:
        reason = "first run" if not self._executables else "earlier code does not fit"
        feeds = []
        for name, type_, array in zip(self._part.inputs, self._types, arrays, strict=True):
            dtype, shape = type_ or (as_dtype(array.dtype), None)
            is_known = shape is not None and agree(shape, array.shape)
            static = shape if is_known and shape is not None else (None,) * array.ndim
            feeds.append(Feed(name, dtype, static, array))
        name = ",".join(self._part.outputs) or "targets"
        request = Request(name, self._part.nodes, feeds, self._part.outputs)
        try:
            executable = self._executor.compile(request, reason)
        except OpError as error:
            located = self._executor.located(error)
            raise located from (error.__cause__ if located is error else error)
        begin(self._executor, executable)
        self._executor.alike(self._part).append((self._part.nodes, executable))
        return executable

    def _sizes(self, executable: Executable, arrays: Sequence[Array]) -> dict[str, int] | None:
        """The values of the executable's symbols; None where it does not serve these feeds."""
        interface = executable.interface
        return interface.sizes(arrays) if interface.serves(self._executor.store) else None


def begin(executor: Executor, executable: Executable) -> None:
    """Give the states that the code starts from to the store, where it has none."""
    for name, initial in executable.interface.initial.items():
        if name not in executor.store:
            executor.store.set(name, initial())
