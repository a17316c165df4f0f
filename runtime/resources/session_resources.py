"""The resources of one session, by kind, container and name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import require
from flowc.ops.resources import Cut, Place, QueueSpec, Shape, TableSpec, names_of
from flowc.runtime.resources.accumulators import DenseGradients, Gradients, SparseGradients
from flowc.runtime.resources.queues import KINDS, FifoQueue
from flowc.runtime.resources.readers import FileReader
from flowc.runtime.resources.sparse_maps import NumberedTensors
from flowc.runtime.resources.tables import HashTable

T = TypeVar("T")


class SessionResources:
    """Each method finds the resource of a place, or makes it.

    Raises InvalidArgumentError where the one that is there is made of something else.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[type, str, str], Any] = {}
        self.values: dict[str, Any] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._found.clear()
        self.values.clear()

    def _at(self, place: Place, kind: type[T], make: Callable[[], T]) -> T:
        """The resource of that kind at a place."""
        key = (kind, place.container, place.name)
        if key not in self._found:
            self._found[key] = make()
        found: T = self._found[key]
        return found

    def queue(self, place: Place, spec: QueueSpec) -> FifoQueue:
        """The queue of that place."""

        def make() -> FifoQueue:
            number = sum(kind is FifoQueue for kind, _, _ in self._found)
            return KINDS[spec.kind](place.shared_name or f"_{number}_{place.node}", spec)

        queue = self._at(place, FifoQueue, make)
        _require_same(place.shared_name or queue.name, queue.spec, spec)
        return queue

    def reader(self, place: Place, kind: str, cut: Cut, is_saved: bool) -> FileReader:
        """The reader of that place."""
        reader = self._at(place, FileReader, lambda: FileReader(kind, cut, is_saved))
        require(reader.kind == kind, f"Reader '{place.shared_name}' is not a {kind}")
        return reader

    def accumulator(
        self, place: Place, dtype: DType, shape: Shape, reduction: str, *, is_sparse: bool
    ) -> Gradients:
        """The accumulator of that place."""
        kind = SparseGradients if is_sparse else DenseGradients
        found = self._at(place, Gradients, lambda: kind(dtype, shape, reduction))
        require(
            type(found) is kind and found.dtype is dtype and found.shape == shape,
            f"Accumulator '{place.shared_name}' has another dtype or shape",
        )
        return found

    def table(self, place: Place | None, spec: TableSpec) -> HashTable:
        """The table of that place; a new one for no place. A fixed one has yet to be filled."""

        def make() -> HashTable:
            return HashTable(spec, is_initialized=not spec.fixed)

        if place is None:
            return make()
        found = self._at(place, HashTable, make)
        old = found.spec
        require(
            (old.key, old.value) == (spec.key, spec.value),
            f"Conflicting key/value dtypes {spec.key.name}->{spec.value.name} with "
            f"{old.key.name}-{old.value.name} for table {place.name}",
        )
        return found

    def sparse_map(self, place: Place) -> NumberedTensors:
        """The map of that place."""
        return self._at(place, NumberedTensors, NumberedTensors)


def _require_same(name: str, old: QueueSpec, new: QueueSpec) -> None:
    checks = (
        (old.kind == new.kind, f"a {old.kind}, not a {new.kind}"),
        (
            old.capacity == new.capacity,
            f"of capacity {old.capacity}, but requested {new.capacity}",
        ),
        (
            old.types == new.types,
            f"of types {names_of(old.types)}, but requested {names_of(new.types)}",
        ),
        (old.shapes == new.shapes, "of other component shapes than those requested"),
    )
    for holds, what in checks:
        require(holds, f"Shared queue '{name}' is {what}")
