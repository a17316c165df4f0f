"""Parts of a step that do not touch each other: many equal ones are compiled once.

A model's initialisers are the case: a hundred variables of a few shapes are a hundred computations
that are equal but for the names of variables, generators and nodes. Where such components of a
part without inputs and outputs occur often, they become parts of their own; `structure` is equal
for equal ones, and `renamed` is the executable of one as that of another.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from flowc.compiler.executable import Executable
from flowc.compiler.graph import Node
from flowc.compiler.partition import Part
from flowc.compiler.placement import ASSIGNMENTS
from flowc.compiler.structure import is_structured
from flowc.compiler.structure.subgraph import VARIABLES
from flowc.ops.random.streams import GENERATOR, FirstState
from flowc.ops.state.variables import stored_name

OFTEN = 4  # equal components from which on code of their own pays
_NAMES = frozenset({"container", "shared_name", "debug_name"})  # attributes that are names
_SEEDS = frozenset({"seed", "seed2"})  # which only the first state of a generator depends on


def divided(part: Part) -> list[Part]:
    """The part, or parts that together are the same: one for each component that occurs often."""
    if not part.compiled or part.inputs or part.outputs:
        return [part]
    alike: dict[Hashable, list[tuple[Node, ...]]] = {}
    for component in filter(_only_initialises, _components(part.nodes)):
        alike.setdefault(structure(component) or object(), []).append(component)
    often = [c for group in alike.values() if len(group) >= OFTEN for c in group]
    if not often:
        return [part]
    apart = {node.name for component in often for node in component if node.op != "Const"}
    rest = tuple(n for n in part.nodes if n.name not in apart)
    parts = [replace(part, nodes=component) for component in often]
    return [*parts, replace(part, nodes=_without(rest, apart))] if _does_something(rest) else parts


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
    return tuple(
        replace(n, controls=tuple(c for c in n.controls if c not in names)) for n in nodes
    )


def _does_something(nodes: Sequence[Node]) -> bool:
    return any(node.op not in ("Const", "NoOp") for node in nodes)


def structure(nodes: Sequence[Node]) -> Hashable | None:
    """What equal components have in common; None for those that are not compared."""
    number = {node.name: i for i, node in enumerate(nodes)}
    found: list[Hashable] = []
    for node in nodes:
        if is_structured(node) or not {*node.controls} <= number.keys():
            return None
        kept = {k: v for k, v in node.attributes.items() if k not in _NAMES | _SEEDS}
        try:
            attributes = [(k, _key(v)) for k, v in kept.items()]
        except TypeError:  # of a kind that is not compared
            return None
        inputs = tuple((number[e.node], e.output) for e in node.inputs)
        controls = tuple(number[c] for c in node.controls)
        found.append((node.op, tuple(sorted(attributes, key=lambda a: a[0])), inputs, controls))
    return tuple(found)


def _key(value: object) -> Hashable:
    """The value by its contents. Raises TypeError for what cannot be a key."""
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError(value.dtype)
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, list | tuple):
        return tuple(map(_key, value))
    hash(value)
    assert isinstance(value, Hashable)
    return value


def stored_variables(nodes: Sequence[Node]) -> list[str]:
    """The names in the store of the variables of a component, in order."""
    return [_stored(node) for node in nodes if node.op in VARIABLES]


def _stored(node: Node) -> str:
    return stored_name(node.name, node.attributes["container"], node.attributes["shared_name"])


def renamed(executable: Executable, old: Sequence[Node], new: Sequence[Node]) -> Executable:
    """The executable of one component as that of an equal one; generators begin anew."""
    names = {a.name: b.name for a, b in zip(old, new, strict=True)}
    slots = dict(zip(stored_variables(old), stored_variables(new), strict=True))
    slots |= {a + GENERATOR: b + GENERATOR for a, b in names.items()}
    nodes = {node.name + GENERATOR: node for node in new}
    own = executable.interface
    interface = replace(
        own,
        reads=tuple(slots[name] for name in own.reads),
        writes=tuple(slots[name] for name in own.writes),
        initial={slots[name]: _first_state(nodes[slots[name]]) for name in own.initial},
        existence={slots[name]: exists for name, exists in own.existence.items()},
        replaced={slots[name]: shape for name, shape in own.replaced.items()},
        messages=tuple(replace(m, node=names.get(m.node, m.node)) for m in own.messages),
    )
    return replace(executable, interface=interface, times={})


def _first_state(node: Node) -> FirstState:
    return FirstState(node.attributes["seed"], node.attributes["seed2"])
