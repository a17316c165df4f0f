"""Cutting a step into parts: what is compiled, and what must run on the host in between.

A part is a set of nodes that one executable computes, or that host kernels compute one by one.
Parts alternate; a node goes to the earliest part that follows all it depends on. A node of `cuts`
needs the contents of an input as a size, and so starts a part after the one that computes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flowc.compiler.graph import Node
from flowc.ir import dtypes
from flowc.ir.dtypes import DType


@dataclass(frozen=True, slots=True)
class Part:
    """Nodes that run together, the tensors they take from outside, and those others want."""

    compiled: bool
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def runs_on_host(node: Node) -> bool:
    """True for ops without a lowering, and for every op on strings."""
    if node.definition.lower is None:
        return True
    return any(_is_string(value) for value in node.attributes.values())


def _is_string(value: object) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_string, value))
    return isinstance(value, DType) and value is dtypes.string


def partition(
    nodes: Sequence[Node],
    fed: Collection[str],
    fetches: Sequence[str],
    cuts: Mapping[str, frozenset[str]] | None = None,
) -> list[Part]:
    """The parts of a step, in running order.

    `nodes` are pruned and ordered; `fed` and `fetches` are tensor names; `cuts[node]` are the
    inputs of that node that must be known before it is compiled.
    """
    stages = _stages(nodes, fed, cuts or {})
    members: dict[int, list[Node]] = {}
    for node in nodes:
        members.setdefault(stages[node.name], []).append(node)
    order = sorted(members)
    users = _users(nodes, stages, fed, fetches)
    return [_part(stage, members[stage], stages, users, fed) for stage in order]


def _stages(
    nodes: Sequence[Node], fed: Collection[str], cuts: Mapping[str, frozenset[str]]
) -> dict[str, int]:
    """Even numbers for compiled nodes, odd ones for host nodes; dependencies never go down."""
    stages: dict[str, int] = {}
    for node in nodes:
        odd = int(runs_on_host(node))
        stage = odd
        for edge in node.inputs:
            if edge.tensor in fed:
                continue
            before = stages[edge.node]
            if edge.tensor in cuts.get(node.name, frozenset()):
                before += 1
            stage = max(stage, before + (before % 2 != odd))
        for control in node.controls:
            before = stages[control]
            stage = max(stage, before + (before % 2 != odd))
        stages[node.name] = stage
    return stages


def _users(
    nodes: Sequence[Node],
    stages: Mapping[str, int],
    fed: Collection[str],
    fetches: Sequence[str],
) -> dict[str, set[int]]:
    """The stages that read each tensor; -1 stands for the caller."""
    users: dict[str, set[int]] = {}
    for node in nodes:
        for edge in node.inputs:
            if edge.tensor not in fed:
                users.setdefault(edge.tensor, set()).add(stages[node.name])
    for fetch in fetches:
        users.setdefault(fetch, set()).add(-1)
    return users


def _part(
    stage: int,
    nodes: list[Node],
    stages: Mapping[str, int],
    users: Mapping[str, set[int]],
    fed: Collection[str],
) -> Part:
    names = {node.name for node in nodes}
    inputs = {
        e.tensor: None
        for node in nodes
        for e in node.inputs
        if e.tensor in fed or e.node not in names
    }
    outputs = [
        tensor
        for tensor, readers in users.items()
        if tensor.split(":")[0] in names and tensor not in fed and readers - {stage}
    ]
    return Part(stage % 2 == 0, tuple(nodes), tuple(inputs), tuple(outputs))
