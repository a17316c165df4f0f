"""Functions of a graph's library: their nodes, for the place where they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from flowc import ops
from flowc.compiler.graph import Edge, Node
from flowc.compiler.structure.subgraph import Nodes
from flowc.ir.dtypes import as_dtype, float32
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import FunctionDef, NodeDef
from flowc.ops.calling import argument_length
from flowc.ops.function_definitions import definition_of_function
from flowc.ops.graph_values import FunctionName, Placeholder, attr_to_python, complete_attributes
from flowc.ops.registry import OpDefinition
from flowc.ops.unknown import Taken, definition_by_use, named_outputs, taken_by

_TOLD_BY_NOTHING = float32, False  # what an unknown op reads: no kernel will ever get it


@dataclass(frozen=True, eq=False)
class Body:
    """A function's nodes under names that no other nodes have.

    `parameters` are tensors, one for each that the function takes; `results` what it returns;
    `effects` the nodes that must have run when it returns.
    """

    parameters: tuple[str, ...]
    nodes: Nodes
    results: tuple[Edge, ...]
    effects: tuple[str, ...]


def instantiate(
    function: FunctionDef,
    attributes: Mapping[str, Any],
    prefix: str,
    position: Sequence[int],
    library: Mapping[str, FunctionDef],
) -> Body:
    """The body of a function. Raises InvalidArgumentError where it is malformed.

    `attributes` are the values of the function's own attributes, `prefix` comes before the nodes'
    names, `position` says where among others they were made.
    """
    return _Instance(function, attributes, prefix, tuple(position), library).body()


class _Instance:
    def __init__(
        self,
        function: FunctionDef,
        attributes: Mapping[str, Any],
        prefix: str,
        position: tuple[int, ...],
        library: Mapping[str, FunctionDef],
    ) -> None:
        self.function = function
        self.attributes = attributes
        self.prefix = prefix
        self.position = position
        self.library = library
        self.definitions: dict[str, tuple[OpDefinition, dict[str, Any]]] = {}
        self.arguments: dict[str, int] = {}

    def _error(self, text: str) -> InvalidArgumentError:
        name = self.function.signature.name
        return InvalidArgumentError(None, None, f"function '{name}': {text}")

    def body(self) -> Body:
        """All nodes."""
        parameters = self._parameters()
        unknown = []
        for node in self.function.node_def:
            definition = self._definition(node)
            if definition is None:
                unknown.append(node)
            else:
                self.definitions[node.name] = definition, self._bound(definition, node)
        for node in unknown:
            definition = self._unknown(node)
            self.definitions[node.name] = definition, self._bound(definition, node)
        nodes = {
            self.prefix + node.name: self._node(number, node)
            for number, node in enumerate(self.function.node_def)
        }
        results = []
        for argument in self.function.signature.output_arg:
            results += self._result(argument)
        effects = tuple(self.prefix + name for name in self.function.control_ret.values())
        return Body(tuple(parameters), nodes, tuple(results), effects)

    def _parameters(self) -> list[str]:
        names = []
        for argument in self.function.signature.input_arg:
            self.arguments[argument.name] = self._count(argument)
            names += [f"{self.prefix}{argument.name}:{i}" for i in range(self._count(argument))]
        return names

    def _count(self, argument: Any) -> int:
        """How many tensors an argument stands for."""
        if argument.number_attr:
            return int(self.attributes[argument.number_attr])
        return len(self.attributes[argument.type_list_attr]) if argument.type_list_attr else 1

    def _result(self, argument: Any) -> list[Edge]:
        text = self.function.ret.get(argument.name)
        if text is None:
            raise self._error(f"nothing is returned for '{argument.name}'")
        first = self._edge(text)
        return [Edge(first.node, first.output + i) for i in range(self._count(argument))]

    def _definition(self, node: NodeDef) -> OpDefinition | None:
        """The op's definition; None where flowc does not have it."""
        found = ops.lookup(node.op)
        if found is None and node.op in self.library:
            return definition_of_function(self.library[node.op])
        return found

    def _unknown(self, node: NodeDef) -> OpDefinition:
        """The definition of an op that flowc does not have, as far as the function tells it."""
        inputs = [_TOLD_BY_NOTHING for text in node.input if not text.startswith("^")]
        read: dict[tuple[str, int], Taken | None] = {}
        for text, taken in self._reads():
            name, *rest = text.split(":")
            if name == node.name and len(rest) == 2 and rest[1].isdigit():
                place = rest[0], int(rest[1])
                read[place] = read.get(place) or taken
        return definition_by_use(node, inputs, named_outputs(node, read))

    def _reads(self) -> Iterator[tuple[str, Taken | None]]:
        """The tensors that the nodes read and the function returns, and as what."""
        for node in self.function.node_def:
            data = [text for text in node.input if not text.startswith("^")]
            yield from zip_longest(data, taken_by(node, self._definition(node))[: len(data)])
        for argument in self.function.signature.output_arg:
            taken = (as_dtype(argument.type), False) if argument.type else None
            yield self.function.ret.get(argument.name, ""), taken

    def _bound(self, definition: OpDefinition, node: NodeDef) -> dict[str, Any]:
        """A node's attributes; what stands for an attribute of the function is replaced."""
        found = complete_attributes(definition, node)
        for name, value in found.items():
            if isinstance(value, Placeholder):
                if value not in self.attributes:
                    raise self._error(f"attribute '{value}' has no value")
                found[name] = self.attributes[value]
        if "frame_name" in found:  # two calls have two loops
            found["frame_name"] = self.prefix + found["frame_name"]
        return found

    def _node(self, number: int, node: NodeDef) -> Node:
        definition, attributes = self.definitions[node.name]
        inputs = tuple(self._edge(text) for text in node.input if not text.startswith("^"))
        controls = tuple(self.prefix + text[1:] for text in node.input if text.startswith("^"))
        position = (*self.position, number)
        name = self.prefix + node.name
        return Node(name, node.op, definition, attributes, inputs, controls, position)

    def _edge(self, text: str) -> Edge:
        """`argument`, `argument:i`, or `node:output:i`."""
        name, *rest = text.split(":")
        if name in self.arguments:
            return Edge(self.prefix + name, int(rest[-1]) if rest else 0)
        if name not in self.definitions or len(rest) > 2:
            raise self._error(f"there is no tensor '{text}'")
        if len(rest) < 2:
            return Edge(self.prefix + name, int(rest[0]) if rest and rest[0].isdigit() else 0)
        return Edge(self.prefix + name, self._first(name, rest[0]) + int(rest[1]))

    def _first(self, node: str, output: str) -> int:
        """The number of the first tensor of a node's named output."""
        definition, attributes = self.definitions[node]
        count = 0
        for argument in definition.signature.outputs:
            if argument.name == output:
                return count
            length = argument_length(argument, attributes)
            count += 1 if length is None else length
        raise self._error(f"node '{node}' has no output '{output}'")


def attributes_of(name: str) -> dict[str, Any]:
    """The attributes that are bound to a function where it is named."""
    bound = name.attributes if isinstance(name, FunctionName) else {}
    return {key: attr_to_python(value) for key, value in bound.items() if not key.startswith("_")}
