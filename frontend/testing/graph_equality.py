"""`tf.test.assert_equal_graph_def`."""

from __future__ import annotations

from typing import Any

from flowc.ir.proto import GraphDef, NodeDef


def assert_equal_graph_def(
    actual: GraphDef,
    expected: GraphDef,
    checkpoint_v2: bool = False,
    hash_table_shared_name: bool = False,
) -> None:
    """Two graphs have the same nodes, in whatever order; annotations do not count.

    With `checkpoint_v2` the names of temporary checkpoints may differ. Raises AssertionError, and
    TypeError for what is no GraphDef.
    """
    for name, graph in (("actual", actual), ("expected", expected)):
        if not isinstance(graph, GraphDef):
            raise TypeError(f"Expected tf.GraphDef for {name}, got {type(graph).__name__}")
    nodes = {node.name: node for node in actual.node}
    for wanted in expected.node:
        found = nodes.pop(wanted.name, None)
        if found is None:
            raise AssertionError(f"Did not find expected node '{wanted.name}: {wanted.op}'")
        if _essence(found, checkpoint_v2) != _essence(wanted, checkpoint_v2):
            raise AssertionError(f"Node '{wanted.name}' differs: expected\n{wanted}\ngot\n{found}")
    if nodes:
        raise AssertionError(f"Found unexpected node '{next(iter(nodes))}'")


def _essence(node: NodeDef, without_temporary: bool) -> tuple[Any, ...]:
    controls = sorted(name for name in node.input if name.startswith("^"))
    inputs = [name for name in node.input if not name.startswith("^")]
    attributes = {
        name: value.SerializeToString(deterministic=True)
        for name, value in node.attr.items()
        if not name.startswith("_") and not (without_temporary and _is_temporary(node, name))
    }
    return node.op, node.device, inputs, controls, attributes


def _is_temporary(node: NodeDef, attribute: str) -> bool:
    return attribute == "value" and b"_temp_" in node.attr[attribute].SerializeToString()
