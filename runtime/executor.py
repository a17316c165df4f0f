"""Running requests: compiling them once, and finding the compiled step again in microseconds.

An `Executor` belongs to one session: a graph, a variable store, and the steps prepared so far. A
`Step` serves one (fetches, feeds, targets); for each tuple of feed shapes it keeps a `Binding` with
everything that does not change from run to run: pointers, sizes, result shapes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from flowc.compiler.driver import Executable, compile_request, time_table
from flowc.compiler.graph import Graph, Node, parse_tensor_name
from flowc.compiler.lower import Feed, Request
from flowc.compiler.options import Options
from flowc.ir import dims
from flowc.ir.dtypes import DType
from flowc.ir.errors import FailedPreconditionError
from flowc.ir.tensor.core import ArgumentDim, ArgumentElement
from flowc.runtime.binding import Binding
from flowc.runtime.store import Array, Store, aligned_copy

logger = logging.getLogger("flowc")
Run: TypeAlias = Callable[[Sequence[Array]], list[Any]]


class GraphView(Protocol):
    """What the executor needs of the frontend's graph."""

    @property
    def version(self) -> int: ...
    @property
    def node_defs(self) -> Sequence[Any]: ...
    def as_graph_element(self, obj: Any) -> Any: ...


class Executor:
    """Compiles and runs requests on one graph; holds the variables."""

    def __init__(self, graph: GraphView, config: Any = None) -> None:
        self.graph = graph
        self.store = Store()
        self.options = Options.from_environment()
        self.compile_count = 0
        self.lock = threading.RLock()
        self._index = Graph()
        self._steps: dict[tuple[tuple[str, ...], ...], Step] = {}
        self._threads = self.options.threads or _configured_threads(config)
        self._arena = np.empty(0, np.uint8)
        self.arena_address = 0

    # Variables

    def variable(self, name: str) -> Array:
        """A copy of a variable's value. Raises FailedPreconditionError if it has none."""
        return self.variable_array(name).copy()

    def variable_array(self, name: str) -> Array:
        """A variable's own memory. Raises FailedPreconditionError if it has none."""
        found = self.store.get(name)
        if found is None:
            raise FailedPreconditionError(
                None, None, f"Attempting to use uninitialized value {name}"
            )
        return found

    def set_variable(self, name: str, value: Array) -> None:
        """Give a variable a value."""
        with self.lock:
            self.store.set(name, np.asarray(value))

    def close(self) -> None:
        """Release variables and prepared steps."""
        self._steps.clear()
        self.store = Store()

    # Steps

    def prepare(
        self, fetches: tuple[str, ...], feeds: tuple[str, ...], targets: tuple[str, ...] = ()
    ) -> Step:
        """The step for these tensor and operation names; found again at once the next time."""
        key = (fetches, feeds, targets)
        step = self._steps.get(key)
        if step is None:
            with self.lock:
                step = self._steps[key] = self._make_step(fetches, feeds, targets)
        return step

    def run(
        self, fetches: tuple[str, ...], feeds: dict[str, Array], targets: tuple[str, ...] = ()
    ) -> list[Any]:
        """Run once: values of the fetched tensors, in order."""
        return self.prepare(fetches, tuple(feeds), targets)(list(feeds.values()))

    def _make_step(
        self, fetches: tuple[str, ...], feeds: tuple[str, ...], targets: tuple[str, ...]
    ) -> Step:
        self._index.extend(self.graph.node_defs)
        fed = frozenset(feeds)
        wanted = [parse_tensor_name(f).node for f in fetches if f not in fed]
        nodes = self._index.prune([*wanted, *targets], fed)
        return Step(self, nodes, feeds, fetches)

    def compile(self, request: Request, reason: str) -> Executable:
        """Compile a request, saying why in the log."""
        from flowc.codegen.cpu.host import host_target

        self.compile_count += 1
        target = host_target(self._threads)
        executable = compile_request(request, self.store, target, self.options)
        logger.info("compiled %s: %s\n%s", request.name, reason, time_table(executable.times))
        return executable

    def reserve(self, size: int) -> None:
        """Make the arena at least `size` bytes, 64-byte aligned."""
        if size > self._arena.size - 64:
            self._arena = np.empty(size + 64, np.uint8)
            self.arena_address = (self._arena.ctypes.data + 63) & -64


def _configured_threads(config: Any) -> int | None:
    count = getattr(config, "intra_op_parallelism_threads", 0)
    return int(count) or None


class Step:
    """One (fetches, feeds, targets): call it with the feeds' arrays in order."""

    def __init__(
        self,
        executor: Executor,
        nodes: Sequence[Node],
        feeds: tuple[str, ...],
        fetches: tuple[str, ...],
    ) -> None:
        self._executor = executor
        self._nodes = nodes
        self._feeds = feeds
        self._fetches = fetches
        self._executables: list[Executable] = []
        self._bindings: dict[Any, Binding] = {}
        self._specs = [self._spec(name) for name in feeds]
        self._contents: list[int] = []  # feeds whose elements are used as sizes

    def _spec(self, name: str) -> tuple[DType, tuple[int | None, ...] | None]:
        element = self._executor.graph.as_graph_element(name)
        shape = element.shape
        return element.dtype, None if shape.dims is None else tuple(shape.as_list())

    def __call__(self, arrays: Sequence[Array]) -> list[Any]:
        """Values of the fetches for these feeds, which have the right dtypes and fitting shapes."""
        key: Any = tuple([a.shape for a in arrays])
        if self._contents:
            key = (key, tuple([arrays[i].tobytes() for i in self._contents]))
        with self._executor.lock:
            binding = self._bindings.get(key)
            if binding is None or binding.is_stale():
                binding = self._bind(arrays)
                if self._contents:
                    shapes = tuple([a.shape for a in arrays])
                    key = (shapes, tuple([arrays[i].tobytes() for i in self._contents]))
                self._bindings[key] = binding
            return binding.run(arrays)

    def _bind(self, arrays: Sequence[Array]) -> Binding:
        for executable in self._executables:
            sizes = self._sizes(executable, arrays)
            if sizes is not None:
                return Binding(self._executor, executable, sizes, arrays)
        executable = self._compile(arrays)
        sizes = self._sizes(executable, arrays)
        assert sizes is not None, "new code does not fit the sizes that it was made for"
        return Binding(self._executor, executable, sizes, arrays)

    def _compile(self, arrays: Sequence[Array]) -> Executable:
        reason = "first run" if not self._executables else "sizes break the guards of earlier code"
        feeds = []
        for name, (dtype, shape), array in zip(self._feeds, self._specs, arrays, strict=True):
            static = (None,) * array.ndim if shape is None else shape
            feeds.append(Feed(name, dtype, static, array))
        name = ",".join(self._fetches) or "targets"
        request = Request(name, self._nodes, feeds, self._fetches)
        executable = self._executor.compile(request, reason)
        self._executables.append(executable)
        for name, variable in executable.graph.initial.items():
            if name not in self._executor.store:
                self._executor.store.put(name, aligned_copy(variable))
        sources = executable.module.symbols.values()
        used = {s.argument for s in sources if isinstance(s, ArgumentElement)}
        self._contents = sorted(used | set(self._contents))
        return executable

    def _sizes(self, executable: Executable, arrays: Sequence[Array]) -> dict[str, int] | None:
        """The values of the executable's symbols; None where it does not serve these feeds."""
        if not self._fits(executable, arrays):
            return None
        sizes: dict[str, int] = {}
        for symbol, source in executable.module.symbols.items():
            array = arrays[source.argument]
            if isinstance(source, ArgumentDim):
                sizes[symbol.name] = array.shape[source.axis]
            else:
                sizes[symbol.name] = int(array.flat[source.index])
        for guard in executable.module.guards:
            equal = dims.evaluate(guard.left, sizes) == dims.evaluate(guard.right, sizes)
            if equal != guard.equal:
                return None
        return sizes

    def _fits(self, executable: Executable, arrays: Sequence[Array]) -> bool:
        """Ranks and variable types are those that the code was made for."""
        parameters = executable.graph.module.main.parameters
        if any(a.ndim != p.type.rank for a, p in zip(arrays, parameters, strict=False)):
            return False
        for name, parameter in zip(
            executable.graph.reads, parameters[len(arrays) :], strict=True
        ):
            array = self._executor.variable_array(name)
            if array.shape != parameter.type.shape or array.dtype != parameter.type.dtype.numpy:
                return False
        return True

