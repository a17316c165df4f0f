"""The functions of a graph, and calls of them that are one and the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from flowc import ops
from flowc.compiler.graph import Edge, Node
from flowc.compiler.structure.subgraph import Nodes, in_order, passing
from flowc.ir.errors import InvalidArgumentError, ResourceExhaustedError
from flowc.ir.proto import AttrValue, FunctionDef, NodeDef
from flowc.ops.calling import argument_dtypes
from flowc.ops.graph_values import FunctionName

CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "SymbolicGradient"})


_MOST_NODES = 100_000  # that calls are replaced by


@dataclass(eq=False)
class Library:
    """The functions of a graph, and how its nodes are found by name."""

    functions: Mapping[str, FunctionDef]
    resolve: Callable[[str], Node]
    differentiate: Callable[[str, Mapping[str, AttrValue]], FunctionDef]
    _gradients: dict[str, FunctionDef] = field(default_factory=dict)
    _pure: dict[str, bool] = field(default_factory=dict)
    _inlined: int = 0

    def function(self, name: str) -> FunctionDef:
        """The function of that name. Raises InvalidArgumentError."""
        found = self._known(name)
        if found is None:
            raise InvalidArgumentError(None, None, f"function '{name}' is not in the library")
        return found

    def called(self, node: Node) -> str | None:
        """The name of the function that a node calls; None for other nodes."""
        if node.op == "SymbolicGradient":
            return self._gradient(node)
        if node.op in CALLS:
            name: str = node.attributes["f"]
            return name
        return node.op if node.op in self.functions else None

    def _gradient(self, node: Node) -> str:
        """The name of the gradient of the function that a SymbolicGradient names."""
        name: FunctionName = node.attributes["f"]
        self.function(name)
        given = {key: value for key, value in name.attributes.items() if not key.startswith("_")}
        bound = sorted((key, value.SerializeToString().hex()) for key, value in given.items())
        found = f"{name}/gradient({bound})"
        if found not in self._gradients:
            try:
                self._gradients[found] = self.differentiate(name, given)
            except (LookupError, TypeError, ValueError) as error:
                message = f"SymbolicGradient '{node.name}' of function '{name}': {error}"
                raise InvalidArgumentError(None, node.name, message) from error
        return found

    def admit(self, call: Node, count: int) -> None:
        """Count the nodes that a call is replaced by. Raises ResourceExhaustedError."""
        self._inlined += count
        if self._inlined > _MOST_NODES:
            raise ResourceExhaustedError(
                None,
                call.name,
                f"calls inside of calls amount to more than {_MOST_NODES} nodes: "
                f"'{call.name}' is one of them",
            )

    def is_pure(self, name: str) -> bool:
        """Whether calls of a function with equal arguments are as good as one."""
        if name not in self._pure:
            self._pure[name] = all(map(self._is_pure_itself, self._reached(name)))
        return self._pure[name]

    def _reached(self, name: str) -> Iterator[str]:
        """A function and all that it calls."""
        pending, seen = [name], {name}
        while pending:
            name = pending.pop()
            yield name
            function = self._known(name)
            nodes = () if function is None else function.node_def
            new = {called for node in nodes for called in self._called_by(node)} - seen
            pending += new
            seen |= new

    def _is_pure_itself(self, name: str) -> bool:
        function = self._known(name)
        return function is not None and not any(map(self._has_effects, function.node_def))

    def _known(self, name: str) -> FunctionDef | None:
        return self.functions.get(name) or self._gradients.get(name)

    def _has_effects(self, node: NodeDef) -> bool:
        if node.op in self.functions or node.op in CALLS:
            return False
        definition = ops.lookup(node.op)
        return definition is None or definition.stateful

    def _called_by(self, node: NodeDef) -> Iterator[str]:
        """The functions that a node names."""
        if node.op in self.functions:
            yield node.op
        for value in node.attr.values():
            if value.HasField("func"):
                yield value.func.name
            yield from (function.name for function in value.list.func)


def without_repeated_calls(nodes: Nodes, fed: Collection[str], library: Library) -> Nodes:
    """The nodes, calls of pure functions with equal arguments as one.

    So functions that call each other twice with the same, however deep, take linear time.
    """
    calls = [node for node in nodes.values() if library.called(node) is not None]
    if len(calls) < 2:
        return nodes
    found, first, same = dict(nodes), dict[Hashable, Node](), dict[str, str]()
    for node in in_order(nodes, fed):
        name = library.called(node)
        if name is None or not library.is_pure(name):
            continue
        inputs = tuple(Edge(same.get(e.node, e.node), e.output) for e in node.inputs)
        key = name, _bound(node), inputs, frozenset(node.controls)
        original = first.setdefault(key, node)
        if original is not node:
            same[node.name] = original.name
            found[node.name] = _repeated(node, original)
    return found


def _bound(node: Node) -> Hashable:
    """The attributes with which a function is called."""
    name = node.attributes.get("f")
    if isinstance(name, FunctionName):
        return tuple(sorted((k, v.SerializeToString()) for k, v in name.attributes.items()))
    return () if node.op in CALLS else repr(sorted(node.attributes.items(), key=str))


def _repeated(node: Node, original: Node) -> Node:
    types = argument_dtypes(node.definition.signature.outputs, node.attributes)
    edges = [Edge(original.name, i) for i in range(len(types))]
    return passing(node.name, edges, types, node.position, node.controls)
