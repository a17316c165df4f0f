"""The default graph and the default session: the only mutable state that the whole frontend shares.

Each thread has stacks of its own; a thread whose stack is empty uses one graph that all share.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from flowc.frontend.graph import Graph
    from flowc.frontend.session import BaseSession

Item = TypeVar("Item")


class DefaultStack(threading.local, Generic[Item]):
    """A thread's stack of nested defaults."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    @property
    def top(self) -> Item | None:
        """The innermost default, or None."""
        return self.items[-1] if self.items else None

    @contextmanager
    def entered(self, item: Item) -> Iterator[Item]:
        """Make `item` the default inside a `with` block. Raises AssertionError for bad nesting."""
        self.items.append(item)
        try:
            yield item
        finally:
            if self.items and self.items[-1] is not item:
                raise AssertionError(f"Nesting violated for default stack of {type(item)} objects")
            if self.items:
                self.items.pop()


class GraphStack(DefaultStack["Graph"]):
    """The stack of default graphs; below it stands one graph for all threads."""

    shared: Graph | None = None
    make: Callable[[], Graph]  # set by the module that defines Graph

    @property
    def default(self) -> Graph:
        """The default graph, made at its first use."""
        if self.items:
            return self.items[-1]
        if GraphStack.shared is None:
            GraphStack.shared = GraphStack.make()
        return GraphStack.shared

    def reset(self) -> None:
        """Start a new shared graph. Raises AssertionError inside of `Graph.as_default()`."""
        if self.items:
            raise AssertionError(
                "Do not use tf.reset_default_graph() to clear nested graphs. "
                "If you need a cleared graph, exit the nesting and create a new graph."
            )
        GraphStack.shared = None


GRAPHS = GraphStack()
SESSIONS: DefaultStack[BaseSession] = DefaultStack()


def get_default_graph() -> Graph:
    """The graph that operations are added to now."""
    return GRAPHS.default


def reset_default_graph() -> None:
    """Replace the thread-global default graph by an empty one."""
    GRAPHS.reset()


def get_default_session() -> BaseSession | None:
    """The innermost session made the default, or None."""
    return SESSIONS.top
