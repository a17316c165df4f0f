"""The graph as the compiler reads it: nodes by name, pruned to a request, in a running order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flowc.ir import ops
from flowc.ir.errors import InvalidArgumentError, NotFoundError
from flowc.ir.graph_values import complete_attributes
from flowc.ir.ops.registry import OpDefinition


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor input: output number `output` of node `node`."""

    node: str
    output: int

    @property
    def tensor(self) -> str:
        """The tensor's name, `node:output`."""
        return f"{self.node}:{self.output}"


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One graph node with its definition and attributes resolved."""

    name: str
    op: str
    definition: OpDefinition
    attributes: dict[str, Any]
    inputs: tuple[Edge, ...]
    controls: tuple[str, ...]
    position: int


def parse_tensor_name(name: str) -> Edge:
    """`"x:1"` or `"x"` (output 0). Raises InvalidArgumentError for anything else."""
    node, colon, output = name.partition(":")
    if not node or (colon and not output.isdigit()):
        raise InvalidArgumentError(None, None, f"'{name}' is not the name of a tensor")
    return Edge(node, int(output or 0))


class Graph:
    """An index of node definitions, grown as the graph grows."""

    def __init__(self) -> None:
        self._protos: dict[str, tuple[int, Any]] = {}
        self._nodes: dict[str, Node] = {}

    def extend(self, node_defs: Sequence[Any]) -> None:
        """Take in the NodeDefs that were added since the last call."""
        for position in range(len(self._protos), len(node_defs)):
            proto = node_defs[position]
            self._protos[proto.name] = (position, proto)

    def __contains__(self, name: str) -> bool:
        return name in self._protos

    def node(self, name: str) -> Node:
        """The node of that name. Raises NotFoundError, or InvalidArgumentError for unknown ops."""
        found = self._nodes.get(name)
        if found is None:
            if name not in self._protos:
                raise NotFoundError(None, None, f"node '{name}' is not in the graph")
            found = self._nodes[name] = _resolve(*self._protos[name])
        return found

    def prune(self, wanted: Iterable[str], fed: frozenset[str]) -> list[Node]:
        """The nodes that must run for the wanted ones, each after what it needs.

        Inputs in `fed` (tensor names) are given from outside. Where the order is free, nodes run
        in the order in which they were made.
        """
        needed: dict[str, Node] = {}
        pending = list(wanted)
        while pending:
            name = pending.pop()
            if name not in needed:
                node = needed[name] = self.node(name)
                pending.extend(e.node for e in node.inputs if e.tensor not in fed)
                pending.extend(node.controls)
        return _ordered(needed, fed)


def _resolve(position: int, proto: Any) -> Node:
    definition = ops.lookup(proto.op)
    if definition is None:
        raise InvalidArgumentError(
            proto, None, f"Op type not registered '{proto.op}' (node '{proto.name}')"
        )
    inputs = tuple(parse_tensor_name(i) for i in proto.input if not i.startswith("^"))
    controls = tuple(i[1:] for i in proto.input if i.startswith("^"))
    attributes = complete_attributes(definition, proto)
    return Node(proto.name, proto.op, definition, attributes, inputs, controls, position)


def _ordered(needed: dict[str, Node], fed: frozenset[str]) -> list[Node]:
    waits: dict[str, int] = {}
    followers: dict[str, list[str]] = {}
    for name, node in needed.items():
        sources = {e.node for e in node.inputs if e.tensor not in fed} | set(node.controls)
        waits[name] = len(sources)
        for source in sources:
            followers.setdefault(source, []).append(name)
    ready = [(needed[n].position, n) for n, count in waits.items() if not count]
    heapq.heapify(ready)
    ordered: list[Node] = []
    while ready:
        _, name = heapq.heappop(ready)
        ordered.append(needed[name])
        for follower in followers.get(name, ()):
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, (needed[follower].position, follower))
    if len(ordered) != len(needed):
        stuck = next(n for n, count in waits.items() if count)
        raise InvalidArgumentError(None, None, f"the graph has a cycle through node '{stuck}'")
    return ordered
