"""Progressions whose length is a number that floats decide: the length is a node of its own.

So the step can be cut between the two: an earlier part computes the length, which is a size to the
later one, and code serves all lengths.
"""

from __future__ import annotations

from dataclasses import replace

from flowc.compiler.graph import Edge, Node
from flowc.compiler.structure.subgraph import Nodes, unused
from flowc.ops.arrays.sources import RANGE_LENGTH, RANGE_OF_LENGTH


def with_lengths(nodes: Nodes) -> Nodes:
    """The nodes, `Range` of floats as two: its length, and the numbers."""
    found = dict(nodes)
    for node in nodes.values():
        if node.op == "Range" and node.attributes["Tidx"].is_floating:
            length = _length(node, unused(f"{node.name}/length", found))
            found[length.name] = length
            start, _, delta = node.inputs
            inputs = (start, delta, Edge(length.name, 0))
            found[node.name] = replace(node, definition=RANGE_OF_LENGTH, inputs=inputs)
    return found


def _length(node: Node, name: str) -> Node:
    return replace(node, name=name, definition=RANGE_LENGTH)
