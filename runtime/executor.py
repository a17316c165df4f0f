"""Running requests: compiling them once, and finding the compiled step again in microseconds.

An `Executor` belongs to one session: a graph, a variable store, and the steps prepared so far. A
`Step` serves one (fetches, feeds, targets); for each tuple of feed shapes it keeps a `Binding` with
everything that does not change from run to run: pointers, sizes, result shapes.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from flowc.codegen.backend import Array
from flowc.compiler.collection import without_collection
from flowc.compiler.compiler import Compiler
from flowc.compiler.driver import Begun, load_backend, time_table
from flowc.compiler.executable import Executable
from flowc.compiler.graph import Graph, Node, parse_tensor_name
from flowc.compiler.options import Options
from flowc.compiler.request import Feed, Request, Sizes, StaticType, Stored, feed_like, specs
from flowc.compiler.structure import Library, structured
from flowc.ir import dtypes
from flowc.ir.errors import (
    InvalidArgumentError,
    OpError,
    UnimplementedError,
    uninitialized,
    uninitialized_variable,
)
from flowc.ir.proto import FunctionDef
from flowc.ops.registry import OpDefinition
from flowc.ops.unknown import missing_op
from flowc.runtime.arenas import Arenas
from flowc.runtime.initialisation import Family
from flowc.runtime.interrupts import Control, watch_for_interrupts
from flowc.runtime.placement import Placement
from flowc.runtime.state import SessionState
from flowc.runtime.step import Step
from flowc.runtime.store import Store
from flowc.runtime.waiting import Waiting

logger = logging.getLogger("flowc")


class GraphView(Protocol):
    """What the executor needs of the frontend's graph."""

    @property
    def version(self) -> int: ...
    @property
    def node_defs(self) -> Sequence[Any]: ...
    @property
    def functions(self) -> Mapping[str, Any]: ...
    @property
    def unknown_ops(self) -> Mapping[str, OpDefinition]: ...
    def as_graph_element(self, obj: Any) -> Any: ...
    def traceback_of(self, node_name: str) -> str: ...
    def gradient_of_function(self, name: str, attributes: Mapping[str, Any]) -> FunctionDef: ...
    def initializer_of(self, variable: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Compilation:
    """What was compiled, why, and the seconds that each stage took, in order."""

    name: str
    reason: str
    times: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """All stages together."""
        return sum(self.times.values())

    def __str__(self) -> str:
        return f"compiled {self.name} ({self.reason})\n{time_table(self.times)}"


class _ThisThread(threading.local):
    """What a thread's runs have in common."""

    def __init__(self) -> None:
        self.control = Control()


class Executor:
    """Compiles and runs requests on one graph; holds the variables, or shares them with others."""

    def __init__(
        self, graph: GraphView, config: Any = None, shared: SessionState | None = None
    ) -> None:
        self.graph = graph
        self.options = Options.from_environment()
        threads = self.options.threads or _configured_threads(config)
        self.backend = load_backend(threads, self.options)
        state = shared or SessionState(memory=self.backend.memory)
        self._is_shared = shared is not None
        self.store = state.store
        self.resources = state.resources
        self.compilations: list[Compilation] = []
        self.lock = state.lock
        self._thread = _ThisThread()
        self.waiting = Waiting(state, lambda: self.control, _time_limit(config))
        watch_for_interrupts()
        self._placement = Placement(state, config)
        self._index = Graph()
        self._families: dict[Hashable, Family] = {}
        self._steps: dict[tuple[tuple[str, ...], ...], Step] = {}
        self._compiler = Compiler(self.backend, self.options)
        self.arenas = Arenas(self.backend.memory)

    @property
    def compile_count(self) -> int:
        """How often code was compiled, or found on disk."""
        return len(self.compilations)

    @property
    def control(self) -> Control:
        """The control block of this thread's runs."""
        return self._thread.control

    # Variables

    def variable(self, name: str) -> Array:
        """A copy of a variable's value. Raises FailedPreconditionError if it has none."""
        found = self.store.get(name)
        if found is None:
            raise self.located(uninitialized(name))
        return found.read()

    def set_variable(self, name: str, value: Array) -> None:
        """Give a variable a value."""
        with self.lock:
            self.store.set(name, np.asarray(value))

    def close(self) -> None:
        """End steps that wait; release variables and prepared steps."""
        with self.lock:
            self.waiting.close()
            self._steps.clear()
            if not self._is_shared:
                self.resources.clear()
                self.store = Store(self.backend.memory)

    # Steps

    def prepare(
        self, fetches: tuple[str, ...], feeds: tuple[str, ...], targets: tuple[str, ...] = ()
    ) -> Step:
        """The step for these tensor and operation names; found again at once the next time."""
        key = (fetches, feeds, targets)
        step = self._steps.get(key)
        if step is None:
            with self.lock, without_collection():
                step = self._steps[key] = self._make_step(fetches, feeds, targets)
        return step

    def run(
        self, fetches: tuple[str, ...], feeds: dict[str, Array], targets: tuple[str, ...] = ()
    ) -> list[Any]:
        """Run once: values of the fetched tensors, in order."""
        return self.prepare(fetches, tuple(feeds), targets)(list(feeds.values()))

    def compile(
        self,
        fetches: tuple[str, ...],
        feeds: tuple[str, ...],
        targets: tuple[str, ...],
        examples: Sequence[Array | Sizes | None],
    ) -> None:
        """Compile the step for feeds of which arrays or shapes are known; nothing is run."""
        step = self.prepare(fetches, feeds, targets)
        step.prepare([self._feed(*given) for given in zip(feeds, examples, strict=True)])

    def _feed(self, name: str, example: Array | Sizes | None) -> Feed:
        """What is known of a feed. Raises InvalidArgumentError for an unknown rank."""
        dtype, static = self.static_type(name)
        if isinstance(example, np.ndarray):
            return feed_like(name, example, (dtype, static))
        if example is None and dtype is not dtypes.string:
            raise InvalidArgumentError(
                None, None, f"How many dimensions '{name}' has is not known: give a shape for it."
            )
        sizes = example or ()
        return Feed(name, dtype, (None,) * len(sizes) if static is None else static, sizes)

    def _make_step(
        self, fetches: tuple[str, ...], feeds: tuple[str, ...], targets: tuple[str, ...]
    ) -> Step:
        self._index.extend(self.graph.node_defs, self.graph.functions, self.graph.unknown_ops)
        self._place()
        fed = frozenset(feeds)
        wanted = [parse_tensor_name(f).node for f in fetches if f not in fed]
        needed = self._index.needed([*wanted, *targets], fed)
        library = Library(self._index.functions, self._index.node, self.graph.gradient_of_function)
        types = {name: self.static_type(name) for name in feeds}
        nodes = structured(needed, fed, fetches, library)
        self._require_known(nodes)
        self._require_made(nodes, fetches, fed)
        return Step(self, nodes, feeds, fetches, types)

    @staticmethod
    def _require_made(nodes: Sequence[Node], fetches: Iterable[str], fed: Collection[str]) -> None:
        """Raise InvalidArgumentError for a fetch that is made inside of a loop, once per turn."""
        made = {node.name for node in nodes}
        for tensor in fetches:
            if tensor not in fed and parse_tensor_name(tensor).node not in made:
                raise InvalidArgumentError(
                    None, None,
                    f"Tensor '{tensor}' cannot be fetched: it is made in every turn of a loop. "
                    "Fetch what the loop returns.",
                )  # fmt: skip

    def _require_known(self, nodes: Iterable[Node]) -> None:
        """Raise UnimplementedError for an unknown op, before anything has run.

        One that only a branch needs may never be reached: it is for the branch to raise.
        """
        for node in nodes:
            if node.definition.is_unknown:
                text = f"{node.op} '{node.name}': {missing_op(node.op)}"
                raise self.located(UnimplementedError(None, node.name, text))

    def _place(self) -> None:
        try:
            self._placement.place(self.graph.node_defs)
        except InvalidArgumentError as error:
            raise self.located(error) from None

    def static_type(self, name: str) -> StaticType:
        """Element type and static shape of a tensor or variable, as the graph was built."""
        element = self.graph.as_graph_element(name)
        shape = element.shape
        return element.stored_dtype, None if shape.dims is None else tuple(shape.as_list())

    def known_type(self, name: str) -> StaticType | None:
        """The same of a tensor that the graph may not have, or whose rank it does not know."""
        try:
            static = self.static_type(name)
        except (KeyError, ValueError):  # of a function, or made by structuring
            return None
        return None if static[1] is None else static

    @property
    def variables(self) -> Mapping[str, Stored]:
        """What requests say of the variables: those that have a value, and of which type."""
        return specs(self.store)

    def begin(self, request: Request) -> Begun:
        """What code for a request promises (`Compiler.begin`). Raises errors with their places."""
        start = perf_counter()
        try:
            return self._compiler.begin(request)
        except OpError as error:
            located = self.located(error)
            raise located from (error.__cause__ if located is error else error)
        finally:
            self.waiting.extend(perf_counter() - start)

    def finish(self, begun: Begun, reason: str) -> Executable:
        """The code for a request; where it had to be made or loaded, the log says why."""
        start = perf_counter()
        executable = self._compiler.finish(begun)
        self.waiting.extend(perf_counter() - start)
        if begun.is_new:
            self.compilations.append(Compilation(begun.request.name, reason, executable.times))
            self.note(str(self.compilations[-1]))
        return executable

    def family(self, key: Hashable) -> Family:
        """What is compiled for initialisers whose general form has this key; to be added to."""
        return self._families.setdefault(key, Family())

    def note(self, text: str) -> None:
        """Say in the log what is compiled or not; on standard error too where that is wanted."""
        logger.info("%s", text)
        if self.options.log_compiles:
            print(text, file=sys.stderr)

    def located(self, error: OpError) -> OpError:
        """The error with the operation, and where the user's program made it."""
        error = self._with_remedy(error)
        if not isinstance(error.op, str):
            return error
        name = self._known_name(error.op)
        if not name:
            return type(error)(None, None, error.message)
        place = self.graph.traceback_of(name)
        what = "node" if name == error.op else f"'{name}', to which the node belongs,"
        message = error.message + (f"\n  {what} created at:\n{place}" if place else "")
        return type(error)(None, self.graph.as_graph_element(name), message)

    def _with_remedy(self, error: OpError) -> OpError:
        """The error of an uninitialised variable says what initialises it."""
        variable = uninitialized_variable(error)
        remedy = self.graph.initializer_of(variable) if variable else ""
        if not remedy:
            return error
        message = error.message.replace(
            f"value {variable}", f"value {variable}: run {remedy} first", 1
        )
        return type(error)(None, error.op, message)

    def _known_name(self, name: str) -> str:
        """The node itself, or the one of the graph that calls the function in which it lies."""
        while name and name not in self._index:
            name = name.rpartition("/")[0]
        return name

    def title(self, name: str) -> str:
        """What messages call a node: `MatMul 'layer/MatMul'`."""
        return f"{self._index.node(name).op} '{name}'" if name in self._index else f"'{name}'"

    def node_of(self, error: OpError) -> Node | None:
        """The node in which an error that has been located came up."""
        name = str(getattr(error.op, "name", ""))
        return self._index.node(name) if name in self._index else None

    def node(self, name: str) -> Node:
        """A node of the graph."""
        return self._index.node(name)

    def needed_for(self, tensor: str, feeds: Collection[str]) -> Iterable[Node]:
        """The nodes that must run for a tensor."""
        return self._index.needed([parse_tensor_name(tensor).node], frozenset(feeds)).values()


def _time_limit(config: Any) -> float | None:
    """Seconds that a step may take."""
    milliseconds = getattr(config, "operation_timeout_in_ms", 0)
    return milliseconds / 1000 if milliseconds > 0 else None


def _configured_threads(config: Any) -> int | None:
    count = getattr(config, "intra_op_parallelism_threads", 0)
    return int(count) or None
