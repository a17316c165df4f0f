"""`import_graph_def`: a GraphDef's nodes added to a graph under construction.

A GraphDef may come from anywhere: whatever is wrong with it is a ValueError, and then nothing was
added.
"""

from __future__ import annotations

import heapq
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Any, NamedTuple

from flowc.frontend.conversion import convert
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.graph import Graph
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import AttrValue, FunctionDef, GraphDef, NodeDef, OpDef, OpList, VersionDef
from flowc.ir.tensor.builder import UnknownValue
from flowc.ir.unknown_attributes import unknown_attributes
from flowc.ops.calling import argument_dtypes
from flowc.ops.function_definitions import definition_of_function, signature_of
from flowc.ops.graph_values import complete_attributes
from flowc.ops.registry import OPS, OpDefinition
from flowc.ops.unknown import Taken, definition_by_use, outputs_by_use, taken_by, unknown_op

_logger = logging.getLogger("flowc")
_CONSUMER = 2474  # the GraphDef version of TensorFlow 2.21, whose ops flowc's signatures are
_KNOWN_SHAPES = 24  # the version since which a placeholder with no dimensions is a scalar
_RENAMED = {"PlaceholderV2": "Placeholder"}  # the same op under a name that it had for a while
_OP_NAME = re.compile(r"[A-Za-z_][\w>./\-]*")
_LOOP_ENTRIES = ("Merge", "RefMerge")  # may read a NextIteration that comes later


class _Edge(NamedTuple):
    """An input as a NodeDef writes it: `node`, `node:2`, or `^node`."""

    node: str
    output: int  # -1 for a control edge

    @classmethod
    def parse(cls, text: str) -> _Edge:
        if text.startswith("^"):
            return cls(text[1:], -1)
        node, _, index = text.partition(":")
        return cls(node, int(index) if index.isdigit() else 0)


def import_graph_def(
    graph_def: Any,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list[Any] | None:
    """Add the nodes of `graph_def` to the default graph, their names after `name/` ("import").

    `input_map` replaces inputs by tensors of the graph; `return_elements` are the names of tensors
    and operations to return. `producer_op_list` is an OpList that tells the defaults of attributes
    that flowc's ops may not have (see `unknown_attributes`), and of what kind the ops are that
    flowc does not have at all. Their nodes are taken too (see `flowc.ops.unknown`): they can be
    fed over, and what needs one cannot be run.

    Raises ValueError where the graph is not valid, TypeError for arguments of the wrong type.
    """
    if not isinstance(graph_def, GraphDef):
        raise TypeError("graph_def must be a GraphDef proto.")
    if input_map is not None and not (
        isinstance(input_map, Mapping) and all(isinstance(key, str) for key in input_map)
    ):
        raise TypeError("input_map must be a dictionary mapping strings to Tensor objects.")
    if producer_op_list is not None and not isinstance(producer_op_list, OpList):
        raise TypeError("producer_op_list must be an OpList proto.")
    if return_elements is not None and not all(isinstance(e, str) for e in return_elements):
        raise TypeError("return_elements must be a list of strings.")
    graph = get_default_graph()
    given = dict(input_map or {})
    with (
        name_scope(name, "import", list(given.values())) if name != "" else nullcontext("") as scope
    ):
        prefix = scope or ""
        mapped = {_Edge.parse(k): v if k.startswith("^") else convert(v) for k, v in given.items()}
    op_defs = {op.name: op for op in (() if producer_op_list is None else producer_op_list.op)}
    run = _Import(graph, graph_def, prefix, mapped, op_defs, tuple(return_elements or ()))
    start = len(graph.get_operations())
    try:
        run.run()
    except (InvalidArgumentError, ValueError) as error:
        graph.remove_from(start)
        raise ValueError(str(error)) from None
    unused = [key for key in given if _Edge.parse(key) not in run.used]
    if unused:
        graph.remove_from(start)
        raise ValueError(
            f"Attempted to map inputs that were not found in graph_def: [{', '.join(unused)}]"
        )
    return None if return_elements is None else [run.element(e) for e in return_elements]


@dataclass
class _Import:
    """One import: where its nodes have got to."""

    graph: Graph
    graph_def: GraphDef
    prefix: str
    mapped: dict[_Edge, Any]
    op_defs: Mapping[str, OpDef]  # of the producer's ops
    wanted: tuple[str, ...]  # the elements to return
    made: dict[str, Operation] = field(default_factory=dict)
    used: set[_Edge] = field(default_factory=set)
    late: list[tuple[Operation, int, _Edge]] = field(default_factory=list)
    dropped: set[tuple[str, str]] = field(default_factory=set)  # op, attribute

    def run(self) -> None:
        """Add functions and nodes. Raises ValueError or InvalidArgumentError."""
        _require_understood(self.graph_def.versions)
        library = self.graph_def.library
        functions = {f.signature.name: f for f in library.function}
        gradients = {
            g.function_name: g.gradient_func
            for g in library.gradient
            if g.gradient_func in functions
        }
        for function in functions.values():
            self.graph.add_function(function, gradients.get(function.signature.name))
        names = [node.name for node in self.graph_def.node]
        if len(set(names)) < len(names):
            seen: set[str] = set()
            twice = next(n for n in names if n in seen or seen.add(n))  # type: ignore[func-returns-value]
            raise ValueError(f"Node '{twice}' is not unique")
        for node in self._in_order():
            self._add(node, functions)
        for op, index, edge in self.late:
            op.replace_input(index, self._tensor(op.node_def, edge))

    def _in_order(self) -> list[NodeDef]:
        """The nodes, each after its inputs, else in their own order. Raises ValueError."""
        nodes = self.graph_def.node
        numbers = {node.name: i for i, node in enumerate(nodes)}
        waits: list[set[int]] = []
        readers: dict[int, list[int]] = {}
        for i, node in enumerate(nodes):
            waits.append(self._sources(node, numbers))
            for source in waits[i]:
                readers.setdefault(source, []).append(i)
        ready = [i for i, sources in enumerate(waits) if not sources]
        ordered = []
        while ready:
            i = heapq.heappop(ready)
            ordered.append(nodes[i])
            for reader in readers.get(i, ()):
                waits[reader].discard(i)
                if not waits[reader]:
                    heapq.heappush(ready, reader)
        if len(ordered) < len(nodes):
            stuck = next(nodes[i].name for i, sources in enumerate(waits) if sources)
            raise ValueError(f"The graph has a cycle, in which node '{stuck}' is")
        return ordered

    def _sources(self, node: NodeDef, numbers: Mapping[str, int]) -> set[int]:
        """The nodes that must come first. Raises ValueError for one that does not exist."""
        found = set()
        for text in node.input:
            edge = _Edge.parse(text)
            if edge in self.mapped:
                continue
            if edge.node not in numbers:
                raise ValueError(f"Node '{node.name}': Unknown input node '{text}'")
            source = numbers[edge.node]
            if not (node.op in _LOOP_ENTRIES and "NextIteration" in self.graph_def.node[source].op):
                found.add(source)
        return found

    def _add(self, node: NodeDef, functions: Mapping[str, FunctionDef]) -> None:
        node = self._modern(node)
        name = self.prefix + node.name
        if name in self.graph:
            raise ValueError(f"Node name '{name}' already exists in the Graph")
        self.graph.check_node_name(name)
        edges = [_Edge.parse(text) for text in node.input]
        data = [edge for edge in edges if edge.output >= 0]
        inputs = [self._input(node, edge) for edge in data]
        definition = _definition(node, functions or self.graph.functions)
        if definition is None:
            definition = self._unknown(node, inputs)
        node = self._without_defaults(definition, node)
        attrs = complete_attributes(definition, node)
        for unknown in unknown_attributes(node, attrs):
            self._note_dropped(node, unknown)
        late = [(i, edge) for i, edge in enumerate(data) if inputs[i] is None]
        tensors = [inputs[0] if t is None else t for t in inputs]
        if not late:
            _check_types(definition, node, tensors, attrs)
        op = self.graph.add_node(definition, self._renamed(node, name), tensors, attrs)
        self.late.extend((op, i, edge) for i, edge in late)
        if late:  # what a loop carries may have another shape when it comes back
            op.outputs[0]._abstract = UnknownValue(op.outputs[0].dtype)
        controls = [self._control(edge) for edge in edges if edge.output < 0]
        op.set_control_inputs(controls)
        if self.prefix or self.mapped:
            op.changed()
        self.made[node.name] = op

    def _modern(self, node: NodeDef) -> NodeDef:
        """The node as a graph of today has it.

        Before version 24 a placeholder of any shape was written like a scalar.
        """
        is_old = self.graph_def.versions.producer < _KNOWN_SHAPES and node.op == "Placeholder"
        if not is_old or "shape" not in node.attr or node.attr["shape"].shape.dim:
            return node
        copy = NodeDef()
        copy.CopyFrom(node)
        copy.attr["shape"].shape.unknown_rank = True
        return copy

    def _unknown(self, node: NodeDef, inputs: Sequence[TensorBase]) -> OpDefinition:
        """The definition of an op that flowc does not have, as far as the graph tells it."""
        if node.op in self.op_defs:
            op_def = self.graph.op_defs[node.op] = self.op_defs[node.op]
            return unknown_op(signature_of(op_def))
        _logger.info("%s '%s': flowc does not have this op", node.op, node.name)
        read = self._readers.get(node.name, {})
        for edge in map(_Edge.parse, self.wanted):
            if edge.node == node.name:
                read.setdefault(edge.output, None)
        taken = [(tensor.dtype, tensor.is_ref) for tensor in inputs]
        return definition_by_use(node, taken, outputs_by_use(node, read))

    @cached_property
    def _readers(self) -> dict[str, dict[int, Taken | None]]:
        """For each node its outputs that are read, and as what they are taken."""
        found: dict[str, dict[int, Taken | None]] = {}
        for node in self.graph_def.node:
            edges = [e for e in map(_Edge.parse, node.input) if e.output >= 0]
            taken = taken_by(node, _definition(node, self.graph.functions))
            for edge, kind in zip_longest(edges, taken[: len(edges)]):
                outputs = found.setdefault(edge.node, {})
                outputs[edge.output] = outputs.get(edge.output) or kind
        return found

    def _without_defaults(self, definition: OpDefinition, node: NodeDef) -> NodeDef:
        """The node without attributes that flowc lacks and that hold the producer's default."""
        known = {attribute.name: None for attribute in definition.signature.attributes}
        names = [
            name
            for name in unknown_attributes(node, known)
            if self._default(node.op, name) == node.attr[name]
        ]
        if not names:
            return node
        stripped = NodeDef()
        stripped.CopyFrom(node)
        for name in names:
            self._note_dropped(node, name)
            del stripped.attr[name]
        return stripped

    def _default(self, op: str, name: str) -> AttrValue | None:
        """The default of an attribute as the producer of the graph has it."""
        for attribute in self.op_defs[op].attr if op in self.op_defs else ():
            if attribute.name == name and attribute.HasField("default_value"):
                return attribute.default_value
        return None

    def _note_dropped(self, node: NodeDef, name: str) -> None:
        """Say, once for each op, that it does not have an attribute."""
        if (node.op, name) not in self.dropped:
            self.dropped.add((node.op, name))
            _logger.info(
                "%s '%s': dropped attribute %r, which flowc's op does not have: it holds "
                "its default",
                node.op,
                node.name,
                name,
            )

    def _renamed(self, node: NodeDef, name: str) -> NodeDef:
        copy = NodeDef()
        copy.CopyFrom(node)
        copy.name = name
        copy.op = _RENAMED.get(node.op, node.op)
        if self.prefix and "_class" in copy.attr:
            groups = copy.attr["_class"].list.s
            groups[:] = [
                b"loc:@" + self.prefix.encode() + g[5:] if g.startswith(b"loc:@") else g
                for g in groups
            ]
        return copy

    def _input(self, node: NodeDef, edge: _Edge) -> Any:
        """The tensor of a data edge; None where its node comes later."""
        if edge not in self.mapped and edge.node not in self.made:
            return None
        return self._tensor(node, edge)

    def _tensor(self, node: NodeDef, edge: _Edge) -> Any:
        if edge in self.mapped:
            self.used.add(edge)
            return self.mapped[edge]
        source = self.made[edge.node]
        if edge.output >= len(source.outputs):
            raise ValueError(
                f"Node '{node.name}': Connecting to invalid output {edge.output} of "
                f"source node {edge.node} which has {len(source.outputs)} outputs."
            )
        return source.outputs[edge.output]

    def _control(self, edge: _Edge) -> Operation:
        if edge in self.mapped:
            self.used.add(edge)
            op: Operation = self.mapped[edge]
            return op
        return self.made[edge.node]

    def element(self, name: str) -> Any:
        """A tensor or operation to return. Raises ValueError."""
        edge = _Edge.parse(name)
        op = self.made.get(edge.node)
        if op is None or (":" in name and edge.output >= len(op.outputs)):
            raise ValueError(f"Requested return_element {name!r} not found in graph_def.")
        return op.outputs[edge.output] if ":" in name else op


def _require_understood(versions: VersionDef) -> None:
    """Raise ValueError for a graph that says of itself that consumers as old misread it."""
    if versions.min_consumer > _CONSUMER:
        raise ValueError(
            f"GraphDef min consumer version {versions.min_consumer} above version "
            f"{_CONSUMER}, which flowc understands."
        )
    if _CONSUMER in versions.bad_consumers:
        raise ValueError(f"GraphDef disallows consumer version {_CONSUMER}, which is flowc's.")


def _definition(node: NodeDef, functions: Mapping[str, FunctionDef]) -> OpDefinition | None:
    """The op's definition; None where flowc does not have it. Raises ValueError for no name."""
    definition = OPS.get(_RENAMED.get(node.op, node.op))
    if definition is None and node.op in functions:
        definition = definition_of_function(functions[node.op])
    if definition is None and not _OP_NAME.fullmatch(node.op):
        raise ValueError(f"No op named {node.op} in defined operations (node '{node.name}').")
    return definition


def _check_types(
    definition: OpDefinition, node: NodeDef, inputs: Sequence[TensorBase], attrs: Mapping[str, Any]
) -> None:
    """Raise ValueError where the inputs are not those of the signature."""
    expected: list[tuple[DType, bool]] = []
    for argument in definition.signature.inputs:
        kinds = argument_dtypes([argument], attrs)
        expected.extend((dtype, argument.is_ref) for dtype in kinds)
    if len(expected) != len(inputs):
        raise ValueError(
            f"NodeDef '{node.name}' of {node.op} expects {len(expected)} inputs but "
            f"has {len(inputs)}"
        )
    for i, (tensor, (dtype, is_ref)) in enumerate(zip(inputs, expected, strict=True)):
        if isinstance(dtype, str):
            continue  # inside a function's body: the caller's attribute
        if tensor.dtype is not dtype or (is_ref and not tensor.is_ref):
            suffix = "_ref" if is_ref else ""
            raise ValueError(
                f"Input {i} of node {node.name} was passed {tensor.dtype.name} from "
                f"{tensor.name} incompatible with expected {dtype.name}{suffix}."
            )
