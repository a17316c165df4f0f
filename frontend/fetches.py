"""What `Session.run` may fetch: tensors, operations, names, and nested structures of them.

A `FetchPlan` is made once for a structure: the names of the tensors and operations to run, each
once, and a function that puts the values in the structure's place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from flowc.frontend.aliases import Fetches
from flowc.frontend.composites import (
    IndexedSlices,
    IndexedSlicesValue,
    SparseTensor,
    SparseTensorValue,
)
from flowc.frontend.elements import Operation

if TYPE_CHECKING:
    from flowc.frontend.graph import Graph

Rebuild: TypeAlias = Callable[[Sequence[Any]], Any]


class FetchPlan:
    """The flat fetches of a structure, and how to rebuild it from their values.

    Raises TypeError or ValueError for what cannot be fetched from `graph`.
    """

    def __init__(self, graph: Graph, fetches: Fetches) -> None:
        self._graph = graph
        self._positions: dict[str, int] = {}
        self._targets: dict[str, None] = {}
        self.rebuild = self._plan(fetches)

    @property
    def names(self) -> tuple[str, ...]:
        """The tensors to fetch, in the order in which `rebuild` takes their values."""
        return tuple(self._positions)

    @property
    def targets(self) -> tuple[str, ...]:
        """The operations to run for their effect."""
        return tuple(self._targets)

    def _plan(self, fetch: Any) -> Rebuild:
        match fetch:
            case None:
                raise TypeError(f"Fetch argument {fetch!r} has invalid type {type(fetch)!r}")
            case list():
                return self._sequence(fetch, list)
            case tuple() if hasattr(fetch, "_fields"):
                return self._sequence(fetch, lambda values: type(fetch)(*values))
            case tuple():
                return self._sequence(fetch, tuple)
            case Mapping():
                return self._mapping(fetch)
            case SparseTensor():
                parts = [fetch.indices, fetch.values, fetch.dense_shape]
                return self._sequence(parts, lambda values: SparseTensorValue(*values))
            case IndexedSlices():
                return self._slices(fetch)
        return self._element(fetch)

    def _sequence(self, parts: Sequence[Any], make: Callable[[list[Any]], Any]) -> Rebuild:
        rebuilds = [self._plan(part) for part in parts]
        return lambda values: make([rebuild(values) for rebuild in rebuilds])

    def _mapping(self, fetch: Mapping[Any, Any]) -> Rebuild:
        keys = list(fetch)
        rebuilds = [self._plan(fetch[key]) for key in keys]
        kind: Any = type(fetch)
        return lambda values: kind(
            (key, rebuild(values)) for key, rebuild in zip(keys, rebuilds, strict=True)
        )

    def _slices(self, fetch: IndexedSlices) -> Rebuild:
        parts = [fetch.values, fetch.indices]
        if fetch.dense_shape is None:
            return self._sequence(
                parts, lambda values: IndexedSlicesValue(values[0], values[1], None)
            )
        return self._sequence(
            [*parts, fetch.dense_shape], lambda values: IndexedSlicesValue(*values)
        )

    def _element(self, fetch: Any) -> Rebuild:
        element = self._find(fetch)
        if isinstance(element, Operation):
            self._targets[element.name] = None
            return lambda _: None
        position = self._positions.setdefault(element.name, len(self._positions))
        if element.sizes:
            return lambda values: values[position]
        return lambda values: _scalar(values[position])

    def _find(self, fetch: Any) -> Any:
        try:
            found = self._graph.as_graph_element(fetch)
        except TypeError as error:
            raise TypeError(
                f"Fetch argument {fetch!r} has invalid type {type(fetch)!r}, must be a "
                f"string or Tensor. ({error})"
            ) from None
        except (ValueError, KeyError) as error:
            raise ValueError(
                f"Fetch argument {fetch!r} cannot be interpreted as a Tensor. ({error})"
            ) from None
        if not self._graph.is_fetchable(found):
            kind = "Operation" if isinstance(found, Operation) else "Tensor"
            raise ValueError(
                f"{kind} {found.name!r} has been marked as not fetchable: it is inside of a "
                "tf.cond or tf.while_loop. Return it from there."
            )
        return found


def _scalar(value: Any) -> Any:
    """A scalar for an array without dimensions."""
    return value[()] if type(value) is np.ndarray and not value.ndim else value


def structure_key(fetches: Fetches) -> Any:
    """A hashable key, equal for structures of equal form over the same tensors."""
    match fetches:
        case list():
            return list, *map(structure_key, fetches)
        case tuple():
            return type(fetches), *map(structure_key, fetches)
        case Mapping():
            items = ((key, structure_key(value)) for key, value in fetches.items())
            return type(fetches), *items
    try:
        hash(fetches)
    except TypeError:
        raise TypeError(
            f"Fetch argument {fetches!r} has invalid type {type(fetches)!r}, must be a "
            "string or Tensor."
        ) from None
    return fetches
