"""Branches and loops that run on the host: because they contain host kernels, or because shapes
change from one iteration to the next. Their parts are compiled all the same, each for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeAlias

import numpy as np

from flowc.compiler.graph import Node
from flowc.compiler.placement import nodes_with_state
from flowc.compiler.structure import Subgraph
from flowc.ir.errors import InvalidArgumentError

Run: TypeAlias = Callable[[Sequence[Any]], list[Any]]
MakeStep: TypeAlias = Callable[[Subgraph, Collection[str]], Run]  # nodes that stay on the host


class HostControl:
    """Call it with the inputs of an `If`, `Case` or `While` node; it returns the outputs."""

    def __init__(self, node: Node, make_step: MakeStep) -> None:
        self._node = node
        self._make_step = make_step
        self._steps: dict[Subgraph, Run] = {}

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """The node's outputs."""
        attributes = self._node.attributes
        if "body" in attributes:
            return self._loop(attributes["cond"], attributes["body"], list(inputs))
        chosen, *given = inputs
        if "branches" in attributes:
            branches, number = attributes["branches"], int(chosen)
            return self._branch(number if 0 <= number < len(branches) else -1, branches, given)
        branches = (attributes["then_branch"], attributes["else_branch"])
        return self._branch(0 if _truth(chosen) else 1, branches, given)

    def _branch(
        self, number: int, branches: Sequence[Subgraph], inputs: Sequence[Any]
    ) -> list[Any]:
        results = iter(self._run(branches[number], inputs))
        count = len(self._node.attributes["Tout"])
        absent = self._node.attributes.get("absent", [(False,) * count] * len(branches))[number]
        if any(absent[i] for i in self._node.attributes.get("fetched", ())):
            raise InvalidArgumentError(
                None,
                self._node.name,
                "Retval does not have value: it belongs to the branch that was not taken",
            )
        types = self._node.attributes["Tout"]
        return [
            np.zeros((), dtype.numpy) if is_absent else next(results)
            for is_absent, dtype in zip(absent, types, strict=True)
        ]

    def _loop(self, condition: Subgraph, body: Subgraph, values: list[Any]) -> list[Any]:
        count = len(body.results)
        while _truth(self._run(condition, values)[0]):
            values[:count] = self._run(body, values)
        return values[:count]

    def _run(self, subgraph: Subgraph, inputs: Sequence[Any]) -> list[Any]:
        run = self._steps.get(subgraph)
        if run is None:
            on_host = nodes_with_state(subgraph.nodes, subgraph.parameters, subgraph.results)
            run = self._steps[subgraph] = self._make_step(subgraph, on_host)
        return [_array(value) for value in run(inputs)]


def _truth(value: Any) -> bool:
    """Whether a condition holds: a scalar that is not 0 or empty, a tensor that is not empty."""
    array = np.asarray(value)
    return bool(array.size) if array.ndim else bool(array[()])


def _array(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, np.generic) else value
