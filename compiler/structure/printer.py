"""Structured nodes as text: one line each, branches and bodies indented below.

z = If(p:0, x:0) {Tcond=bool, ...}
  then_branch cond_true(x:0):
    y = Neg(x:0) {T=float32}
    return y:0
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flowc.compiler.graph import Node
from flowc.compiler.structure.subgraph import Subgraph

_LONGEST = 80  # characters of an attribute


def print_nodes(nodes: Iterable[Node]) -> str:
    """The nodes in their order."""
    return "".join(f"{line}\n" for node in nodes for line in _node(node))


def _node(node: Node) -> Iterator[str]:
    inputs = [edge.tensor for edge in node.inputs] + [f"^{control}" for control in node.controls]
    inside = list(_subgraphs(node))
    roles = {role for role, _ in inside}
    plain = (f"{k}={_short(v)}" for k, v in node.attributes.items() if k not in roles)
    yield f"{node.name} = {node.op}({', '.join(inputs)}) {{{', '.join(plain)}}}"
    for role, subgraph in inside:
        yield from (f"  {line}" for line in _subgraph(role, subgraph))


def _subgraph(role: str, subgraph: Subgraph) -> Iterator[str]:
    yield f"{role} {subgraph.name}({', '.join(subgraph.parameters)}):"
    for node in subgraph.nodes:
        yield from (f"  {line}" for line in _node(node))
    yield f"  return {', '.join(subgraph.results)}"


def _subgraphs(node: Node) -> Iterator[tuple[str, Subgraph]]:
    """The branches and bodies of a node, with the names of their attributes."""
    for name, value in node.attributes.items():
        for element in value if isinstance(value, tuple) else (value,):
            if isinstance(element, Subgraph):
                yield name, element


def _short(value: Any) -> str:
    text = repr(value).replace("\n", " ")
    return text if len(text) < _LONGEST else f"{text[: _LONGEST - 3]}..."
