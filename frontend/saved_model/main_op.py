"""Operations that a SavedModel runs when it has been loaded."""

from __future__ import annotations

from typing import Any

from flowc.frontend.functions.control import group
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.sets import (
    global_variables_initializer,
    local_variables_initializer,
    tables_initializer,
)

__all__ = ["main_op", "main_op_with_restore"]


def main_op() -> Any:
    """An operation that initializes all variables, local variables and tables."""
    return group(
        global_variables_initializer(), local_variables_initializer(), tables_initializer()
    )


def main_op_with_restore(restore_op_name: Any) -> Any:
    """`main_op`, and the operation that restores the graph after it."""
    graph = get_default_graph()
    restore = graph.as_graph_element(restore_op_name)
    with graph.control_dependencies([main_op()]):
        return group(restore)
