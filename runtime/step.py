"""One (fetches, feeds, targets) of a session: its parts, and running them in order.

Most steps are one compiled part, which is called directly. Where host kernels stand in between, or
a shape depends on data, values pass from part to part by tensor name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flowc.compiler.graph import Node
from flowc.compiler.lower import ShapeDependsOnData
from flowc.compiler.partition import Part, partition
from flowc.ir import dtypes
from flowc.ir.errors import UnimplementedError
from flowc.runtime.compiled_part import CompiledPart
from flowc.runtime.host_part import HostPart
from flowc.runtime.store import Array

if TYPE_CHECKING:
    from flowc.runtime.executor import Executor


class Step:
    """Call it with the feeds' arrays in order; it returns the fetches' values."""

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
        self._types = {name: executor.static_type(name) for name in feeds}
        self._cuts: dict[str, frozenset[str]] = {}
        self._parts: list[tuple[Part, CompiledPart | HostPart]] = []
        self._direct: CompiledPart | None = None
        self._plan()

    def __call__(self, arrays: Sequence[Array]) -> list[Any]:
        """Values of the fetches for these feeds, which have the right dtypes and fitting shapes."""
        if self._direct is not None:
            try:
                return self._direct(arrays)
            except ShapeDependsOnData as error:
                self._cut(error.node)
        with self._executor.lock:
            return self._run_parts(dict(zip(self._feeds, arrays, strict=True)))

    def _plan(self) -> None:
        parts = partition(self._nodes, self._feeds, self._fetches, self._cuts)
        old = dict(self._parts)
        self._parts = [(part, old.get(part) or self._runner(part)) for part in parts]
        self._direct = self._direct_part()

    def _runner(self, part: Part) -> CompiledPart | HostPart:
        if part.compiled:
            return CompiledPart(self._executor, part, self._types)
        return HostPart(self._executor, part)

    def _direct_part(self) -> CompiledPart | None:
        """The only part, where its inputs and outputs are just the step's feeds and fetches."""
        if any(f in self._feeds for f in self._fetches) or len(self._parts) > 1:
            return None
        if any(dtype is dtypes.string for dtype, _ in self._types.values()):
            return None
        if self._parts and not self._parts[0][0].compiled:
            return None
        nodes = self._parts[0][0].nodes if self._parts else ()
        part = Part(True, nodes, self._feeds, self._fetches)
        return CompiledPart(self._executor, part, self._types)

    def _cut(self, name: str) -> None:
        """Start a new part at a node whose inputs must be known before it is compiled."""
        node = next(n for n in self._nodes if n.name == name)
        if name in self._cuts:
            raise UnimplementedError(None, None, f"{node.op} '{name}': its shape depends on data")
        self._cuts[name] = frozenset(e.tensor for e in node.inputs)
        self._plan()

    def _run_parts(self, values: dict[str, Any]) -> list[Any]:
        """Run the parts in order; a part that cannot be compiled is divided and goes on."""
        done: set[str] = set()
        position = 0
        while position < len(self._parts):
            part, runner = self._parts[position]
            if all(node.name in done for node in part.nodes):
                position += 1
                continue
            try:
                outputs = runner([values[name] for name in part.inputs])
            except ShapeDependsOnData as error:
                self._cut(error.node)
                position = 0
                continue
            values.update(zip(part.outputs, outputs, strict=True))
            done.update(node.name for node in part.nodes)
            position += 1
        return [_fetched(values[name]) for name in self._fetches]


def _fetched(value: Any) -> Any:
    """A value as the caller gets it: a scalar is no array."""
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value
