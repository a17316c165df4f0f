"""Parts of a step that do not touch each other: many equal ones are compiled once.

A model's initialisers are the case: a hundred variables of a few shapes are a hundred computations
that are equal but for the names of variables, generators and nodes. Where such components of a
part without inputs and outputs occur often, they become parts of their own. So do initialisers
that have a general form, however many there are: their code is for variables of all sizes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from flowc.compiler.graph import Node
from flowc.compiler.initialisers import initialiser
from flowc.compiler.likeness import structure
from flowc.compiler.partition import Part
from flowc.compiler.placement import ASSIGNMENTS
from flowc.compiler.structure.subgraph import VARIABLES

OFTEN = 4  # equal components from which on code of their own pays


def divided(part: Part) -> list[Part]:
    """The part, or parts that together are the same: one for each component that is set apart."""
    if not part.compiled or part.inputs or part.outputs:
        return [part]
    parts: list[Part] = []
    others = []
    for component in filter(_only_initialises, _components(part.nodes)):
        if (found := initialiser(part, component)) is not None:
            parts.append(found)
        else:
            others.append(component)
    parts += [replace(part, nodes=component) for component in _frequent(others)]
    if not parts:
        return [part]
    apart = {node.name for own in parts for node in own.nodes if node.op != "Const"}
    rest = tuple(n for n in part.nodes if n.name not in apart)
    return [*parts, replace(part, nodes=_without(rest, apart))] if _does_something(rest) else parts


def _frequent(components: Iterable[tuple[Node, ...]]) -> list[tuple[Node, ...]]:
    """Those components to which many are equal."""
    alike: dict[Hashable, list[tuple[Node, ...]]] = {}
    for component in components:
        alike.setdefault(structure(component) or object(), []).append(component)
    return [c for group in alike.values() if len(group) >= OFTEN for c in group]


def _components(nodes: Sequence[Node]) -> list[tuple[Node, ...]]:
    """The sets of nodes between which no value, order or variable goes, each in order.

    A constant is in the component of each of its users; nodes that only gather others are in none.
    """
    by_name = {node.name: node for node in nodes}
    leader = {node.name: node.name for node in nodes if node.op not in ("Const", "NoOp")}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for node in nodes:
        if node.name in leader:
            for other in (*(e.node for e in node.inputs), *node.controls):
                if other in leader:
                    leader[find(node.name)] = find(other)
    members: dict[str, dict[str, Node]] = {}
    for node in nodes:
        if node.name in leader:
            group = members.setdefault(find(node.name), {})
            group.update(
                (e.node, by_name[e.node]) for e in node.inputs if by_name[e.node].op == "Const"
            )
            group[node.name] = node
    return [tuple(group.values()) for group in members.values()]


def _only_initialises(nodes: Sequence[Node]) -> bool:
    """Whether variables are given values that depend on no variable.

    Running half of the components is no harm then: the next run gives the other half's values too.
    What reads and writes variables is for one program, which changes all of them or none.
    """
    variables = {node.name for node in nodes if node.op in VARIABLES}
    return all(
        edge.node not in variables or (number == 0 and node.op in ASSIGNMENTS)
        for node in nodes
        for number, edge in enumerate(node.inputs)
    )


def _without(nodes: Sequence[Node], names: set[str]) -> tuple[Node, ...]:
    """The nodes, which await none of `names`."""
    return tuple(replace(n, controls=tuple(c for c in n.controls if c not in names)) for n in nodes)


def _does_something(nodes: Sequence[Node]) -> bool:
    return any(node.op not in ("Const", "NoOp") for node in nodes)
