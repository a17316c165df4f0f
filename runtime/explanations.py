"""What errors say beside what happened: the operation, where it was made, what to do."""

from __future__ import annotations

from flowc.compiler.graph import Node
from flowc.ir.errors import OpError, uninitialized_variable
from flowc.runtime.session_graph import SessionGraph


class Explanations:
    """Explains errors by a session's graph."""

    def __init__(self, graph: SessionGraph) -> None:
        self._graph = graph

    def located(self, error: OpError) -> OpError:
        """The error with the operation, and where the user's program made it."""
        error = self._with_remedy(error)
        if not isinstance(error.op, str):
            return error
        name = self._known_name(error.op)
        if not name:
            return type(error)(None, None, error.message)
        place = self._graph.view.traceback_of(name)
        what = "node" if name == error.op else f"'{name}', to which the node belongs,"
        message = error.message + (f"\n  {what} created at:\n{place}" if place else "")
        return type(error)(None, self._graph.view.as_graph_element(name), message)

    def _with_remedy(self, error: OpError) -> OpError:
        """The error of an uninitialised variable says what initialises it."""
        variable = uninitialized_variable(error)
        remedy = self._graph.view.initializer_of(variable) if variable else ""
        if not remedy:
            return error
        message = error.message.replace(
            f"value {variable}", f"value {variable}: run {remedy} first", 1
        )
        return type(error)(None, error.op, message)

    def _known_name(self, name: str) -> str:
        """The node itself, or the one of the graph that calls the function in which it lies."""
        while name and name not in self._graph:
            name = name.rpartition("/")[0]
        return name

    def title(self, name: str) -> str:
        """What messages call a node: `MatMul 'layer/MatMul'`."""
        return f"{self._graph.node(name).op} '{name}'" if name in self._graph else f"'{name}'"

    def node_of(self, error: OpError) -> Node | None:
        """The node in which an error that has been located came up."""
        name = str(getattr(error.op, "name", ""))
        return self._graph.node(name) if name in self._graph else None
