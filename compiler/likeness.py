"""Nodes that are equal but for names: telling them, and giving the code of one to another.

`structure` is equal for equal nodes, and `renamed` is the executable of some as that of others.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from flowc.compiler.executable import Executable
from flowc.compiler.graph import Node
from flowc.compiler.structure import is_structured
from flowc.compiler.structure.subgraph import VARIABLES, stored_variable
from flowc.ops.random.streams import GENERATOR, FirstState

NAMES = frozenset({"container", "shared_name", "debug_name"})  # attributes that are names
SEEDS = frozenset({"seed", "seed2"})  # which only the first state of a generator depends on


def structure(nodes: Sequence[Node]) -> Hashable | None:
    """What equal nodes have in common; None for those that are not compared."""
    number = {node.name: i for i, node in enumerate(nodes)}
    found: list[Hashable] = []
    for node in nodes:
        if is_structured(node) or not {*node.controls} <= number.keys():
            return None
        kept = {k: v for k, v in node.attributes.items() if k not in NAMES | SEEDS}
        try:
            attributes = [(k, contents_key(v)) for k, v in kept.items()]
        except TypeError:  # of a kind that is not compared
            return None
        inputs = tuple((number[e.node], e.output) for e in node.inputs)
        controls = tuple(number[c] for c in node.controls)
        found.append((node.op, tuple(sorted(attributes, key=lambda a: a[0])), inputs, controls))
    return tuple(found)


def contents_key(value: object) -> Hashable:
    """The value by its contents. Raises TypeError for what cannot be a key."""
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError(value.dtype)
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, list | tuple):
        return tuple(map(contents_key, value))
    hash(value)
    assert isinstance(value, Hashable)
    return value


def stored_variables(nodes: Sequence[Node]) -> list[str]:
    """The names in the store of the variables among the nodes, in order."""
    return [stored_variable(node) for node in nodes if node.op in VARIABLES]


def renamed(executable: Executable, old: Sequence[Node], new: Sequence[Node]) -> Executable:
    """The executable of some nodes as that of equal ones; generators begin anew."""
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
