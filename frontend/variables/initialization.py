"""What gives a variable its first value: for the error of one that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowc.frontend.collections import GraphKeys

if TYPE_CHECKING:
    from flowc.frontend.graph import Graph

_INITIALIZERS = {
    GraphKeys.GLOBAL_VARIABLES: "tf.global_variables_initializer()",
    GraphKeys.LOCAL_VARIABLES: "tf.local_variables_initializer()",
}
_ASSIGNMENTS = ("Assign", "AssignVariableOp")


def initializer_of(graph: Graph, variable: str) -> str:
    """`tf.global_variables_initializer() or its initializer 'w/Assign'`; empty where nothing does.

    `variable` is the name under which a session keeps it.
    """
    for collection, every in _INITIALIZERS.items():
        for found in graph.get_collection(collection):
            if getattr(found, "op", None) is not None and found.op.name == variable:
                return f"{every} or its initializer {found.initializer.name!r}"
    own = next((op for op in graph.get_operations() if _assigns(op, variable)), None)
    return "" if own is None else f"its initializer {own.name!r}"


def _assigns(op: Any, variable: str) -> bool:
    if op.type not in _ASSIGNMENTS:
        return False
    target = op.inputs[0].op
    return variable in (target.name, target.attrs.get("shared_name"))
