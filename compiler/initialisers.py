"""Initialisers whose code serves variables of any size: those that work element by element.

What gives a variable its first value is most often a random distribution or a constant, scaled and
shifted. All its elements are computed alike, so its axes do not matter: an `Initialiser` is such a
component in a *general form*, with one axis, whose constants (shapes, bounds, deviations, contents)
are feeds. Equal general forms are one executable, in every session and graph, since the nodes of
the form have names of their own.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from flowc.codegen.backend import Array
from flowc.compiler.executable import Executable
from flowc.compiler.graph import Edge, Node, parse_tensor_name
from flowc.compiler.likeness import NAMES, SEEDS, contents_key, renamed, stored_variables
from flowc.compiler.partition import Part
from flowc.compiler.placement import ASSIGNMENTS
from flowc.compiler.request import Feed, Request, small
from flowc.compiler.structure.subgraph import VARIABLES

Sizes: TypeAlias = tuple[int, ...]

_MADE = frozenset(
    {  # of a shape, and of scalars
        "Fill",
        "RandomStandardNormal",
        "RandomUniform",
        "RandomUniformInt",
        "TruncatedNormal",
    }
)
_ELEMENTWISE = frozenset(
    {
        "Add",
        "AddV2",
        "Cast",
        "Div",
        "Identity",
        "Maximum",
        "Minimum",
        "Mul",
        "Neg",
        "RealDiv",
        "Sub",
    }
)


@dataclass(frozen=True, slots=True)
class Initialiser(Part):
    """A component that gives one variable its value, and its general form."""

    shape: Sizes = field(compare=False)  # of the value
    is_validated: bool = field(compare=False)  # where the variable has a value, that has the shape
    form: tuple[Node, ...] = field(compare=False)
    feeds: tuple[Feed, ...] = field(compare=False)  # of the form
    constants: tuple[Array, ...] = field(compare=False)  # this component's, which are fed
    key: Hashable = field(compare=False)  # equal for equal forms

    @property
    def own_nodes(self) -> list[Node]:
        """The nodes of which the form's nodes are the general form, in order."""
        return [node for node in self.nodes if node.op != "Const"]

    def request(self) -> Request:
        """What to compile for all initialisers of this form."""
        return Request("initialiser", self.form, self.feeds, (), device=self.place.device)


class _NotGeneral(Exception):
    """The component has no general form."""


def initialiser(part: Part, nodes: tuple[Node, ...]) -> Initialiser | None:
    """A component of a part in its general form, if it has one."""
    if len(stored_variables(nodes)) != 1 or any(node.controls for node in nodes):
        return None
    try:
        shapes = _shapes(nodes)
        (assignment,) = [node for node in nodes if node.op in ASSIGNMENTS]
        shape = shapes[assignment.inputs[1].tensor]
        _require(all(found in ((), shape) for found in shapes.values()))
        is_validated = assignment.attributes["validate_shape"]
        _require(not is_validated or _declared(nodes) == shape)
        form = _Form(nodes)
        key = form.key()
    except (_NotGeneral, ValueError, TypeError):
        return None
    return Initialiser(
        part.place,
        nodes,
        (),
        (),
        shape,
        is_validated,
        tuple(form.nodes),
        form.feeds,
        tuple(form.constants),
        key,
    )


def _require(condition: bool) -> None:
    if not condition:
        raise _NotGeneral


def _declared(nodes: Sequence[Node]) -> object:
    return next(node.attributes["shape"] for node in nodes if node.op in VARIABLES)


# Shapes


def _shapes(nodes: Sequence[Node]) -> dict[str, Sizes]:
    """The shapes of all values by tensor, without those that only are shapes."""
    constants = {f"{n.name}:0": n.attributes["value"] for n in nodes if n.op == "Const"}
    shapes: dict[str, Sizes] = {}

    def given(edge: Edge) -> Sizes:
        if edge.tensor in constants:
            shapes[edge.tensor] = constants[edge.tensor].shape
        _require(edge.tensor in shapes)
        return shapes[edge.tensor]

    for node in nodes:
        tensor = f"{node.name}:0"
        if node.op in _MADE:
            _require(all(given(edge) == () for edge in node.inputs[1:]))
            shapes[tensor] = _sizes(constants.get(node.inputs[0].tensor))
        elif node.op in _ELEMENTWISE:
            found = {given(edge) for edge in node.inputs} - {()}
            _require(len(found) < 2)
            shapes[tensor] = found.pop() if found else ()
        elif node.op in ASSIGNMENTS:
            given(node.inputs[1])
        else:
            _require(node.op == "Const" or node.op in VARIABLES)
    return shapes


def _sizes(shape: Array | None) -> Sizes:
    """The sizes that a constant asks for, whose product is of the constant's type too."""
    _require(shape is not None and shape.ndim == 1)
    assert shape is not None
    sizes = tuple(shape.tolist())
    _require(all(size >= 0 for size in sizes) and math.prod(sizes) <= np.iinfo(shape.dtype).max)
    return sizes


# The general form


class _Form:
    """The nodes with names of their own, without sizes, seeds and constants."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._constants = {node.name: node for node in nodes if node.op == "Const"}
        self._feeds: dict[tuple[str, tuple[int | None, ...]], Feed] = {}
        self.constants: list[Array] = []
        own = [node for node in nodes if node.op != "Const"]
        # No node of a graph has such a name, nor has a variable.
        self._names = {node.name: f"~{number}" for number, node in enumerate(own)}
        self.nodes = [self._general(node) for node in own]

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """The constants, in the order in which they are used first."""
        return tuple(self._feeds.values())

    def key(self) -> Hashable:
        """Equal for equal forms. Raises TypeError for attributes that are not compared."""
        feeds = tuple((feed.dtype.name, feed.shape) for feed in self.feeds)
        nodes = tuple(
            (node.op, node.inputs, tuple((k, contents_key(v)) for k, v in node.attributes.items()))
            for node in self.nodes
        )
        return feeds, nodes

    def _general(self, node: Node) -> Node:
        inputs = tuple(self._input(node, i, edge) for i, edge in enumerate(node.inputs))
        attributes = {k: self._attribute(node, k, v) for k, v in sorted(node.attributes.items())}
        return replace(
            node, name=self._names[node.name], inputs=inputs, attributes=attributes, position=()
        )

    def _attribute(self, node: Node, name: str, value: object) -> object:
        if name in NAMES:
            return ""
        if name in SEEDS:
            return 0
        if name == "shape" and node.op in VARIABLES:
            return None
        return False if name == "validate_shape" else value

    def _input(self, node: Node, number: int, edge: Edge) -> Edge:
        if edge.node in self._names:
            return Edge(self._names[edge.node], edge.output)
        value: Array = self._constants[edge.node].attributes["value"]
        if node.op in _MADE and number == 0:
            count = np.array([math.prod(value.tolist())], value.dtype)
            return self._fed(edge, (1,), count, is_data=False)
        if value.shape or node.op in ASSIGNMENTS:
            return self._fed(edge, (None,), value.reshape(-1))
        return self._fed(edge, (), value)

    def _fed(
        self, edge: Edge, static: tuple[int | None, ...], value: Array, is_data: bool = True
    ) -> Edge:
        """The input that stands for a constant, which is of such a static shape in the form."""
        if (edge.node, static) not in self._feeds:
            number, dtype = len(self._feeds), self._constants[edge.node].attributes["dtype"]
            feed = Feed(f"~constant{number}:0", dtype, static, value.shape, small(value), is_data)
            self._feeds[edge.node, static] = feed
            self.constants.append(value)
        return parse_tensor_name(self._feeds[edge.node, static].name)


# Sharing code


def adapted(executable: Executable, form: Sequence[Node], own: Initialiser) -> Executable:
    """The executable of an equal general form as that of an initialiser."""
    found = renamed(executable, form, own.own_nodes)
    interface = found.interface
    (variable,) = stored_variables(own.nodes)
    results = list(interface.results)
    number = len(interface.fetches) + interface.writes.index(variable)
    results[number] = replace(results[number], shape=own.shape)
    replaced = {variable: own.shape} if own.is_validated else {}
    return replace(found, interface=replace(interface, results=tuple(results), replaced=replaced))
