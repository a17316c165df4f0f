"""The graph as the compiler reads it: nodes by name, pruned to a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from flowc import ops
from flowc.ir.errors import InvalidArgumentError, NotFoundError
from flowc.ir.proto import FunctionDef, NodeDef
from flowc.ops.function_definitions import definition_of_function
from flowc.ops.registry import OpDefinition


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor input: output number `output` of node `node`."""

    node: str
    output: int

    @property
    def tensor(self) -> str:
        """The tensor's name, `node:output`."""
        return f"{self.node}:{self.output}"


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Node:
    """One graph node with its definition and attributes resolved."""

    name: str
    op: str
    definition: OpDefinition
    attributes: dict[str, Any]
    inputs: tuple[Edge, ...]
    controls: tuple[str, ...]
    position: tuple[int, ...]  # in the order of making; of a function's nodes after their caller's
    device: str = ""  # what the node asks for, as its NodeDef says it


def parse_tensor_name(name: str) -> Edge:
    """`"x:1"` or `"x"` (output 0). Raises InvalidArgumentError for anything else."""
    node, colon, output = name.partition(":")
    if not node or (colon and not output.isdigit()):
        raise InvalidArgumentError(None, None, f"'{name}' is not the name of a tensor")
    return Edge(node, int(output or 0))


class Source(Protocol):
    """A node as the graph that it comes from keeps it."""

    name: str
    type: str  # of op
    device: str

    @property
    def node_def(self) -> NodeDef: ...
    def input_names(self) -> list[str]:
        """As they stand in a NodeDef: tensors, then control inputs."""

    def complete_attributes(self, definition: OpDefinition) -> dict[str, Any]:
        """All attributes of the signature. Raises InvalidArgumentError for what it forbids."""


class Graph:
    """An index of nodes, grown as the graph grows. One is read when it is first asked for."""

    def __init__(self) -> None:
        self._sources: dict[str, tuple[int, Source]] = {}
        self._nodes: dict[str, Node] = {}
        self.functions: Mapping[str, FunctionDef] = {}
        self.unknown_ops: Mapping[str, OpDefinition] = {}

    def extend(
        self,
        sources: Sequence[Source],
        functions: Mapping[str, FunctionDef],
        unknown_ops: Mapping[str, OpDefinition],
    ) -> None:
        """Take in the nodes that were added since the last call, and the function library.

        `unknown_ops` are the definitions of nodes whose op flowc does not have, by node.
        """
        self.functions, self.unknown_ops = functions, unknown_ops
        for position in range(len(self._sources), len(sources)):
            source = sources[position]
            self._sources[source.name] = (position, source)

    def __contains__(self, name: str) -> bool:
        return name in self._sources

    def node(self, name: str) -> Node:
        """The node of that name. Raises NotFoundError, or InvalidArgumentError for unknown ops."""
        found = self._nodes.get(name)
        if found is None:
            if name not in self._sources:
                raise NotFoundError(None, None, f"node '{name}' is not in the graph")
            position, source = self._sources[name]
            found = self._nodes[name] = resolve((position,), source, self._definition(source))
        return found

    def _definition(self, source: Source) -> OpDefinition:
        definition = ops.lookup(source.type)
        if definition is not None:
            return definition
        if source.type in self.functions:
            return definition_of_function(self.functions[source.type])
        if source.name in self.unknown_ops:
            return self.unknown_ops[source.name]
        message = f"Op type not registered '{source.type}' (node '{source.name}')"
        raise InvalidArgumentError(source.node_def, None, message)

    def needed(self, wanted: Iterable[str], fed: frozenset[str]) -> dict[str, Node]:
        """The nodes that must run for the wanted ones.

        Inputs in `fed` (tensor names) are given from outside. The data that an assertion shows is
        left out: it is computed where one fails (`flowc.runtime.assertions`).
        """
        needed: dict[str, Node] = {}
        pending = list(wanted)
        while pending:
            name = pending.pop()
            if name not in needed:
                node = needed[name] = _without_data(self.node(name))
                pending += [e.node for e in node.inputs if not fed or e.tensor not in fed]
                pending.extend(node.controls)
        return needed


def _without_data(node: Node) -> Node:
    """An Assert that reads nothing but its condition; other nodes as they are."""
    if node.op != "Assert":
        return node
    return replace(node, inputs=node.inputs[:1], attributes={**node.attributes, "T": ()})


def resolve(position: tuple[int, ...], source: Source, definition: OpDefinition) -> Node:
    """The node of what a graph keeps."""
    names = source.input_names()
    inputs = tuple([parse_tensor_name(name) for name in names if name[:1] != "^"])
    controls = tuple([name[1:] for name in names if name[:1] == "^"])
    attributes = source.complete_attributes(definition)
    name, op, device = source.name, source.type, source.device
    return Node(name, op, definition, attributes, inputs, controls, position, device)
