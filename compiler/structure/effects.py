"""What a branch or body does to the state that is there before it runs and after.

State is a variable, a node's random generator, an array or stack, or an array of gradients. It is
told without lowering anything: the nodes say which handles they are given (`state_inputs`) and what
they do with them (`Effect`), and what is nested inside has been found once for each `Subgraph`. Of
state that is made inside, nobody outside knows. So a loop knows what it changes before its body is
lowered, however deep the loops and branches in it are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from weakref import WeakKeyDictionary

from flowc.compiler.graph import Node
from flowc.compiler.structure.subgraph import (
    VARIABLES,
    Subgraph,
    branches_of,
    is_structured,
    stored_variable,
    subgraphs_of,
)
from flowc.ir.dtypes import DType
from flowc.ops.calling import argument_length
from flowc.ops.registry import Effect


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the session's store."""

    name: str
    dtype: DType


@dataclass(frozen=True, slots=True)
class Generator:
    """The random generator of a node."""

    node: str
    seed: int
    seed2: int


@dataclass(frozen=True, slots=True)
class Given:
    """What a parameter of the subgraph is a handle of."""

    number: int


@dataclass(frozen=True, slots=True)
class Gradients:
    """The array that holds the gradients of another, for one call of `gradients`."""

    of: Place
    source: str


Place: TypeAlias = Variable | Generator | Given | Gradients
Roots: TypeAlias = Sequence["Place | None"]

_GRADIENTS = {"TensorArrayGradV3": Effect.READS, "TensorArrayGradWithShape": Effect.CHANGES}
_PASS_ON = frozenset({"Identity", "IdentityN"})


@dataclass(frozen=True)
class Effects:
    """Which state is used, with what effect; which state the results are handles of."""

    on: Mapping[Place, Effect]
    results: Roots

    @property
    def changed(self) -> Mapping[Place, Effect]:
        """The state that is not only read."""
        return {place: effect for place, effect in self.on.items() if effect}

    @property
    def gradients(self) -> list[Gradients]:
        """The arrays of gradients that are used; such an array begins where it is first used."""
        return [place for place in self.on if isinstance(place, Gradients)]


_known: WeakKeyDictionary[Subgraph, Effects] = WeakKeyDictionary()


def effects_of(subgraph: Subgraph) -> Effects:
    """What a branch or body does, in terms of its own parameters; found once."""
    found = _known.get(subgraph)
    if found is None:
        found = _known[subgraph] = _Finder(subgraph).find()
    return found


def translated(place: Place | None, given: Roots) -> Place | None:
    """What is a nested subgraph's state around it, where its parameters are handles of `given`."""
    match place:
        case Given(number):
            return given[number]
        case Gradients(of, source):
            outer = translated(of, given)
            return None if outer is None else Gradients(outer, source)
    return place


@dataclass
class _Finder:
    """Follows handles through the nodes of a subgraph."""

    subgraph: Subgraph
    roots: dict[str, Place | None] = field(default_factory=dict)  # by tensor
    on: dict[Place, Effect] = field(default_factory=dict)

    def find(self) -> Effects:
        """The effects of all nodes."""
        self.roots = {name: Given(i) for i, name in enumerate(self.subgraph.parameters)}
        for node in self.subgraph.nodes:
            outputs = self._nested(node) if is_structured(node) else self._used(node)
            self.roots.update({f"{node.name}:{i}": root for i, root in enumerate(outputs)})
        return Effects(self.on, [self.roots.get(tensor) for tensor in self.subgraph.results])

    def _add(self, place: Place | None, effect: Effect) -> None:
        if place is not None:
            self.on[place] = self.on.get(place, Effect.READS) | effect

    # Branches and loops inside

    def _nested(self, node: Node) -> Roots:
        """Take in what a conditional or loop does; what its outputs are handles of."""
        is_loop = "body" in node.attributes
        inputs = node.inputs if is_loop else node.inputs[1:]
        given = [self.roots.get(edge.tensor) for edge in inputs]
        for subgraph in subgraphs_of(node):
            for place, effect in effects_of(subgraph).on.items():
                self._add(translated(place, given), effect)
        return _passed_through(node, given) if is_loop else _common(node, given)

    # Single nodes

    def _used(self, node: Node) -> Roots:
        """Take in what a node does; what its outputs are handles of."""
        definition = node.definition
        for place in self._state_inputs(node):
            self._add(place, definition.effect)
        if definition.draws:
            seeds = node.attributes["seed"], node.attributes["seed2"]
            self._add(Generator(node.name, *seeds), Effect.CHANGES)
        if node.op in VARIABLES:
            return [_variable(node)]
        if node.op in _GRADIENTS:
            return [self._gradients(node)]
        passes_on = node.op in _PASS_ON or any(o.is_ref for o in definition.signature.outputs)
        return [self.roots.get(edge.tensor) for edge in node.inputs] if passes_on else ()

    def _state_inputs(self, node: Node) -> Iterator[Place | None]:
        edges = iter(node.inputs)
        for number, argument in enumerate(node.definition.signature.inputs):
            length = argument_length(argument, node.attributes)
            for _ in range(1 if length is None else length):
                edge = next(edges)
                if number in node.definition.state_inputs:
                    yield self.roots.get(edge.tensor)

    def _gradients(self, node: Node) -> Place | None:
        origin = self.roots.get(node.inputs[0].tensor)
        place = None if origin is None else Gradients(origin, node.attributes["source"])
        self._add(place, _GRADIENTS[node.op])
        return place


def _variable(node: Node) -> Variable:
    return Variable(stored_variable(node), node.attributes["dtype"])


def _passed_through(node: Node, given: Roots) -> Roots:
    """The handles that a loop's body passes on as they are."""
    results = effects_of(node.attributes["body"]).results
    return [given[i] if root == Given(i) else None for i, root in enumerate(results)]


def _common(node: Node, given: Roots) -> Roots:
    """The handles on which all branches agree, those aside that lack the result."""
    branches = branches_of(node)
    count = len(node.attributes["Tout"])
    absent = node.attributes.get("absent") or [(False,) * count] * len(branches)
    columns: list[set[Place | None]] = [set() for _ in range(count)]
    for branch, lacks in zip(branches, absent, strict=True):
        results = iter(effects_of(branch).results)
        for column, is_absent in zip(columns, lacks, strict=True):
            if not is_absent:
                column.add(translated(next(results), given))
    return [column.pop() if len(column) == 1 else None for column in columns]
