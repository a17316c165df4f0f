"""One (fetches, feeds, targets) of a session: its parts, and running them in order.

Most steps are one compiled part, which is called directly. Where host kernels stand in between, or
a shape depends on data, values pass from part to part by tensor name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from flowc.codegen.backend import Array
from flowc.compiler.components import divided
from flowc.compiler.graph import Node
from flowc.compiler.initialisers import Initialiser
from flowc.compiler.lowering import NeedsHost, ShapeDependsOnData
from flowc.compiler.partition import Part, partition
from flowc.compiler.placement import can_run_on_host
from flowc.compiler.structure.subgraph import VARIABLES, stored_variable, subgraphs_of
from flowc.ir import dtypes
from flowc.ir.errors import InvalidArgumentError, UnimplementedError
from flowc.runtime.assertions import explained
from flowc.runtime.compiled_part import CompiledPart, StaticType
from flowc.runtime.host_part import HostPart
from flowc.runtime.initialisation import Initialisation

if TYPE_CHECKING:
    from flowc.runtime.executor import Executor


Runner: TypeAlias = CompiledPart | HostPart | Initialisation


class Step:
    """Call it with the feeds' arrays in order; it returns the fetches' values.

    A branch or body of control flow that runs on the host is a step too; its feeds are its
    parameters, of which `types` are not told.
    """

    def __init__(
        self,
        executor: Executor,
        nodes: Sequence[Node],
        feeds: tuple[str, ...],
        fetches: tuple[str, ...],
        types: Mapping[str, StaticType],
        on_host: Collection[str] = (),
    ) -> None:
        self._executor = executor
        self._nodes = nodes
        self._feeds = feeds
        self._fetches = fetches
        self._types = types
        self._cuts: dict[str, frozenset[str]] = {}
        self._on_host = set(on_host)
        self._is_settled = False
        self._parts: list[tuple[Part, Runner]] = []
        self._direct: CompiledPart | Initialisation | None = None
        self._plan()

    def __call__(self, arrays: Sequence[Array]) -> list[Any]:
        """Values of the fetches for these feeds, which have the right dtypes and fitting shapes."""
        try:
            return self._run(arrays)
        except InvalidArgumentError as error:
            feeds = dict(zip(self._feeds, arrays, strict=True))
            raise explained(self._executor, error, feeds) from error.__cause__

    def _run(self, arrays: Sequence[Array]) -> list[Any]:
        if self._direct is not None:
            try:
                return self._direct(arrays)
            except (ShapeDependsOnData, NeedsHost) as error:
                self._divide(error)
        return [_fetched(value) for value in self.values(arrays)]

    def values(self, feeds: Sequence[Any]) -> list[Any]:
        """The same as arrays, lists of tensors and whatever else passes between parts."""
        with self._executor.lock:
            self._executor.waiting.require_open()
            return self._run_parts(dict(zip(self._feeds, feeds, strict=True)))

    def _plan(self) -> None:
        parts = partition(self._nodes, self._feeds, self._fetches, self._cuts, self._on_host)
        old = dict(self._parts)
        apart = (component for part in parts for component in divided(part))
        self._parts = [(part, old.get(part) or self._runner(part)) for part in apart]
        self._direct = self._direct_part()

    def _runner(self, part: Part) -> Runner:
        if isinstance(part, Initialiser):
            return Initialisation(self._executor, part)
        if part.compiled:
            known = self._executor.known_types(set(part.inputs) - set(self._types))
            return CompiledPart(self._executor, part, {**known, **self._types})
        return HostPart(self._executor, part)

    def _direct_part(self) -> CompiledPart | Initialisation | None:
        """The only part, where its inputs and outputs are just the step's feeds and fetches."""
        if any(f in self._feeds for f in self._fetches) or len(self._parts) > 1:
            return None
        if any(dtype is dtypes.string for dtype, _ in self._types.values()):
            return None
        if self._parts and not self._parts[0][0].compiled:
            return None
        if self._parts and isinstance(runner := self._parts[0][1], Initialisation):
            return None if self._feeds else runner
        nodes = self._parts[0][0].nodes if self._parts else ()
        part = Part(True, nodes, self._feeds, self._fetches)
        return CompiledPart(self._executor, part, self._types)

    def _divide(self, error: ShapeDependsOnData | NeedsHost) -> None:
        """Start a new part at a node whose inputs must be known; or run it on the host."""
        node = next(n for n in self._nodes if n.name == error.node)
        if isinstance(error, ShapeDependsOnData) and node.name not in self._cuts:
            all_inputs = frozenset(e.tensor for e in node.inputs)
            self._cuts[node.name] = all_inputs if error.inputs is None else error.inputs
            self._executor.note(f"'{node.name}' starts a part: '{error.place}' wants known sizes")
        elif node.name not in self._on_host and can_run_on_host(node):
            self._on_host.add(node.name)
            reason = error.reason if isinstance(error, NeedsHost) else "its shapes depend on data"
            self._executor.note(f"{node.op} '{node.name}' runs on the host: {reason}")
        else:
            raise UnimplementedError(
                None, None, f"{node.op} '{node.name}': its shape depends on data"
            )
        self._plan()

    def _run_parts(self, feeds: dict[str, Any]) -> list[Any]:
        """Run the parts in order.

        The first time, a part may turn out not to be compilable as a whole. Then the step is
        divided in another way and begins anew, with the variables as they were; host kernels that
        have run are not run again, since they may have read or written something outside. While one
        of them waits, another thread may have divided the step already.
        """
        if self._is_settled:
            return self._run_in_order(feeds, None)
        journal: dict[str, Sequence[Any]] = {}
        with self._executor.waiting.attempt(_variables(self._nodes)) as attempt:
            while True:
                parts = self._parts
                try:
                    results = self._run_in_order(feeds, journal)
                except (ShapeDependsOnData, NeedsHost) as error:
                    if parts is self._parts:
                        self._divide(error)
                    attempt.undo()
                    continue
                self._is_settled = True
                return results

    def _run_in_order(
        self, feeds: dict[str, Any], journal: dict[str, Sequence[Any]] | None
    ) -> list[Any]:
        values = dict(feeds)
        for part, runner in self._parts:
            self._executor.waiting.require_time()
            inputs = [values[name] for name in part.inputs]
            outputs = runner(inputs, journal) if isinstance(runner, HostPart) else runner(inputs)
            values.update(zip(part.outputs, outputs, strict=True))
        return [values[name] for name in self._fetches]


def _variables(nodes: Sequence[Node]) -> set[str]:
    """The names in the store of the variables that nodes use, those in their branches too."""
    found: set[str] = set()
    for node in nodes:
        if node.op in VARIABLES:
            found.add(stored_variable(node))
        for subgraph in subgraphs_of(node):
            found |= _variables(subgraph.nodes)
    return found


def _fetched(value: Any) -> Any:
    """A value as the caller gets it: a scalar is no array."""
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value
