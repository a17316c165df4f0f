"""The graph of a session as its executor reads it: nodes of a request, and types of tensors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from flowc.compiler.graph import Graph, Node, Source, parse_tensor_name
from flowc.compiler.request import StaticType
from flowc.compiler.structure import Library, structured
from flowc.ir.errors import InvalidArgumentError, UnimplementedError
from flowc.ir.proto import FunctionDef
from flowc.ops.registry import OpDefinition
from flowc.ops.unknown import missing_op


class GraphView(Protocol):
    """What a session needs of the frontend's graph."""

    @property
    def version(self) -> int: ...
    @property
    def nodes(self) -> Sequence[Source]: ...
    @property
    def functions(self) -> Mapping[str, Any]: ...
    @property
    def unknown_ops(self) -> Mapping[str, OpDefinition]: ...
    def as_graph_element(self, obj: Any) -> Any: ...
    def traceback_of(self, node_name: str) -> str: ...
    def gradient_of_function(self, name: str, attributes: Mapping[str, Any]) -> FunctionDef: ...
    def initializer_of(self, variable: str) -> str: ...


class SessionGraph:
    """The nodes of a graph by name, which go on as it grows."""

    def __init__(self, view: GraphView) -> None:
        self.view = view
        self._index = Graph()

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def node(self, name: str) -> Node:
        """A node of the graph."""
        return self._index.node(name)

    def extend(self) -> None:
        """Take in what the graph has got since the last call."""
        self._index.extend(self.view.nodes, self.view.functions, self.view.unknown_ops)

    def request(
        self, fetches: Sequence[str], feeds: Collection[str], targets: Sequence[str]
    ) -> list[Node]:
        """The nodes that must run, structured, in a running order.

        Raises UnimplementedError for an op that flowc does not have, InvalidArgumentError for a
        fetch that is made inside of a loop.
        """
        fed = frozenset(feeds)
        wanted = [parse_tensor_name(f).node for f in fetches if f not in fed]
        needed = self._index.needed([*wanted, *targets], fed)
        library = Library(self._index.functions, self._index.node, self.view.gradient_of_function)
        nodes = structured(needed, fed, fetches, library)
        _require_known(nodes)
        _require_made(nodes, [fetch for fetch in fetches if fetch not in fed])
        return nodes

    def needed_for(self, tensor: str, feeds: Collection[str]) -> Iterable[Node]:
        """The nodes that must run for a tensor."""
        return self._index.needed([parse_tensor_name(tensor).node], frozenset(feeds)).values()

    def static_type(self, name: str) -> StaticType:
        """Element type and static shape of a tensor or variable, as the graph was built."""
        element = self.view.as_graph_element(name)
        shape = element.shape
        return element.stored_dtype, None if shape.dims is None else tuple(shape.as_list())

    def known_type(self, name: str) -> StaticType | None:
        """The same of a tensor that the graph may not have, or whose rank it does not know."""
        try:
            static = self.static_type(name)
        except (KeyError, ValueError):  # of a function, or made by structuring
            return None
        return None if static[1] is None else static


def _require_known(nodes: Iterable[Node]) -> None:
    """Raise UnimplementedError for an unknown op, before anything has run.

    One that only a branch needs may never be reached: it is for the branch to raise.
    """
    for node in nodes:
        if node.definition.is_unknown:
            text = f"{node.op} '{node.name}': {missing_op(node.op)}"
            raise UnimplementedError(None, node.name, text)


def _require_made(nodes: Sequence[Node], fetches: Iterable[str]) -> None:
    """Raise InvalidArgumentError for a fetch that is made inside of a loop, once per turn."""
    made = {node.name for node in nodes}
    for tensor in fetches:
        if parse_tensor_name(tensor).node not in made:
            raise InvalidArgumentError(
                None,
                None,
                f"Tensor '{tensor}' cannot be fetched: it is made in every turn of a loop. "
                "Fetch what the loop returns.",
            )
