"""What waits for what: references to variables, and constants that wait.

In TensorFlow `Identity` of a reference passes the variable's memory on, so that whoever uses it
sees what has been written by then: which that is, the graph's control edges decide. Here the users
get the reference itself, and wait for what the `Identity` waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from flowc.compiler.graph import Edge, Node
from flowc.compiler.structure.subgraph import SOURCES, VARIABLES, Nodes

_CONTROL = frozenset({"RefEnter", "RefExit", "RefMerge", "RefNextIteration", "RefSwitch"})


def read_at_use(nodes: Nodes, fed: Collection[str]) -> Nodes:
    """The nodes, references to variables in place of what `Identity` makes of them.

    A variable that an `Assign` may give another size is left to `Reading` of the lowering: what was
    read of it before keeps the old memory.
    """
    resized = {
        _root(node.inputs[0], nodes, fed)
        for node in nodes.values()
        if node.op == "Assign" and not node.attributes["validate_shape"]
    }
    readings: dict[str, Node] = {}
    for node in nodes.values():
        if node.op == "Identity" and f"{node.name}:0" not in fed:
            root = _root(_source(node.inputs[0], nodes, fed), nodes, fed)
            if root is not None and root not in resized:
                readings[f"{node.name}:0"] = node
    return {name: _reading(node, readings) for name, node in nodes.items()} if readings else nodes


def with_waits(nodes: Nodes) -> Nodes:
    """The nodes, each waiting for what the constants that it reads wait for.

    Every part of a step, branch and loop has its own constants, which wait for nothing.
    """
    waiting = {name: n.controls for name, n in nodes.items() if n.op in SOURCES and n.controls}
    return {name: _waiting(node, waiting) for name, node in nodes.items()} if waiting else nodes


def _waiting(node: Node, waiting: Mapping[str, Sequence[str]]) -> Node:
    controls = dict.fromkeys(node.controls)
    pending = [*node.controls, *(edge.node for edge in node.inputs)]
    while pending:
        new = [c for c in waiting.get(pending.pop(), ()) if c not in controls]
        controls.update(dict.fromkeys(new))
        pending += new
    return node if len(controls) == len(node.controls) else replace(node, controls=tuple(controls))


def _source(edge: Edge, nodes: Nodes, fed: Collection[str]) -> Edge:
    """The tensor that `Identity` nodes pass on."""
    for _ in nodes:  # at most, should they go round in circles
        if edge.tensor in fed or edge.node not in nodes or nodes[edge.node].op != "Identity":
            break
        edge = nodes[edge.node].inputs[0]
    return edge


def _root(edge: Edge, nodes: Nodes, fed: Collection[str]) -> str | None:
    """The variable that a tensor is a reference to."""
    while edge.tensor not in fed and edge.node in nodes and not edge.output:
        node = nodes[edge.node]
        if node.op in VARIABLES:
            return None if node.op == "VarHandleOp" else node.name
        outputs = node.definition.signature.outputs
        if not outputs or not outputs[0].is_ref or node.op in _CONTROL:
            return None
        edge = node.inputs[0]
    return None


def _reading(node: Node, readings: Nodes) -> Node:
    """The node with references in place of `readings`, and with what those wait for."""
    inputs, controls = list(node.inputs), dict.fromkeys(node.controls)
    for number, edge in enumerate(inputs):
        while edge.tensor in readings:
            controls.update(dict.fromkeys(readings[edge.tensor].controls))
            edge = inputs[number] = readings[edge.tensor].inputs[0]
    if tuple(inputs) == node.inputs:
        return node
    return replace(node, inputs=tuple(inputs), controls=tuple(controls))
