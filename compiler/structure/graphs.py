"""All of it together: calls and functions, then loops, then conditionals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flowc.compiler.graph import Edge, Node
from flowc.compiler.structure.conditionals import structure_conditionals
from flowc.compiler.structure.fed_variables import with_fed_variables
from flowc.compiler.structure.functions import Body, attributes_of, instantiate
from flowc.compiler.structure.lengths import with_lengths
from flowc.compiler.structure.library import CALLS, Library, without_repeated_calls
from flowc.compiler.structure.loops import structure_loops
from flowc.compiler.structure.references import read_at_use, with_waits
from flowc.compiler.structure.subgraph import (
    SOURCES,
    STRUCTURED,
    Nodes,
    Scope,
    Subgraph,
    in_order,
    needed_for,
    passing,
    plain,
    redirected,
    stays,
)
from flowc.ir.errors import InvalidArgumentError
from flowc.ops.calling import argument_dtypes

_DEEPEST = 100  # calls inside of calls


def structured(
    nodes: Nodes, fed: Collection[str], fetched: Collection[str], library: Library
) -> list[Node]:
    """The nodes in a running order, with `Subgraph`s for all control flow.

    `fed` are tensors given from outside, `fetched` those that the caller wants. Raises
    InvalidArgumentError for control flow that has no structure.
    """
    return _structured(nodes, fed, fetched, library, ())


def _structured(
    nodes: Nodes,
    fed: Collection[str],
    fetched: Collection[str],
    library: Library,
    callers: tuple[str, ...],
) -> list[Node]:
    nodes = with_lengths(_with_functions(nodes, fed, library, callers))
    if not callers:
        nodes = with_fed_variables(nodes, fed, library.resolve)
    nodes = with_waits(read_at_use(nodes, fed))
    nodes = {name: _with_sources(node, nodes, fed) for name, node in nodes.items()}
    scope = Scope(frozenset(fed), library.resolve, structure_conditionals, not callers)
    nodes = structure_loops(nodes, scope)
    nodes = structure_conditionals(nodes, scope, fetched)
    return [plain(node) for node in in_order(nodes, fed)]


def _with_functions(
    nodes: Nodes, fed: Collection[str], library: Library, callers: tuple[str, ...]
) -> Nodes:
    """The nodes with calls replaced by what is called, and functions by subgraphs.

    `callers` are the functions that these nodes are in, from outside in.
    """
    if not any(_names_functions(node, library) for node in nodes.values()):
        return nodes
    found: Nodes = {}
    for node in without_repeated_calls(nodes, fed, library).values():
        name = library.called(node)
        if node.op in STRUCTURED:
            found[node.name] = _with_subgraphs(node, library, callers)
        elif name is not None:
            body = _inlined(node, name, library)
            found.update(_with_functions(body, fed, library, _inside(node, name, callers)))
        else:
            found[node.name] = node
    return found


def _names_functions(node: Node, library: Library) -> bool:
    return node.op in STRUCTURED or library.called(node) is not None


def _inside(node: Node, name: str, callers: tuple[str, ...]) -> tuple[str, ...]:
    """The functions in which the nodes of a called function are. Raises InvalidArgumentError."""
    if name in callers:
        raise InvalidArgumentError(
            None,
            node.name,
            f"'{node.name}' calls itself without end: function '{name}' leads to "
            f"'{name}' again, by way of {', '.join(callers[callers.index(name) :])}",
        )
    if len(callers) >= _DEEPEST:
        raise InvalidArgumentError(
            None, node.name, f"'{node.name}': calls are nested more than {_DEEPEST} deep"
        )
    return (*callers, name)


def _inlined(call: Node, name: str, library: Library) -> Nodes:
    """The nodes of a called function, and one with the call's name that passes its results on."""
    attributes = attributes_of(name) if call.op in CALLS else call.attributes
    body = _instance(library, name, attributes, f"{call.name}/", call)
    if len(body.parameters) != len(call.inputs):
        raise InvalidArgumentError(
            None,
            call.name,
            f"{call.op} '{call.name}': function '{name}' takes "
            f"{len(body.parameters)} tensors, not {len(call.inputs)}",
        )
    library.admit(call, len(body.nodes))
    given = dict(zip(body.parameters, call.inputs, strict=True))
    inside = {n: _framed(redirected(m, given), call.name) for n, m in body.nodes.items()}
    nodes = {n: _waiting(m, call.controls) for n, m in inside.items()}
    results = [given.get(e.tensor, e) for e in body.results]
    types = argument_dtypes(call.definition.signature.outputs, call.attributes)
    controls = (*call.controls, *body.effects)
    nodes[call.name] = passing(call.name, results, types, call.position, controls)
    return nodes


def _framed(node: Node, call: str) -> Node:
    """The node in a frame that only this call has."""
    frame = node.attributes.get("frame_name")
    if frame is None:
        return node
    return replace(node, attributes={**node.attributes, "frame_name": f"{call}/{frame}"})


def _waiting(node: Node, controls: Sequence[str]) -> Node:
    return replace(node, controls=(*node.controls, *controls)) if controls else node


def _instance(
    library: Library, name: str, attributes: Mapping[str, Any], prefix: str, at: Node
) -> Body:
    """A function's body, without the nodes that neither results nor effects need."""
    function = library.function(name)
    body = instantiate(function, attributes, prefix, at.position, library.functions)
    stateful = [n.name for n in body.nodes.values() if n.definition.stateful]
    roots = [*(e.node for e in body.results), *body.effects, *stateful]
    return replace(body, nodes=needed_for(roots, body.nodes, body.parameters))


def _with_subgraphs(node: Node, library: Library, callers: tuple[str, ...]) -> Node:
    """The node with subgraphs in place of function names."""
    attributes = node.attributes.items()
    converted = {key: _converted(node, key, value, library, callers) for key, value in attributes}
    return replace(node, attributes=converted)


def _converted(node: Node, key: str, value: Any, library: Library, callers: tuple[str, ...]) -> Any:
    if key == "branches":
        return tuple(
            _subgraph(node, f"{key}_{i}", name, library, callers) for i, name in enumerate(value)
        )
    if key in ("then_branch", "else_branch", "cond", "body"):
        return _subgraph(node, key, value, library, callers)
    return value


def _subgraph(
    node: Node, part: str, name: str, library: Library, callers: tuple[str, ...]
) -> Subgraph:
    prefix = f"{node.name}/{part}/"
    body = _instance(library, name, attributes_of(name), prefix, node)
    results = tuple(e.tensor for e in body.results)
    inside = _inside(node, name, callers)
    ordered = _structured(body.nodes, body.parameters, results, library, inside)
    return Subgraph(f"{node.name}/{part}", body.parameters, tuple(ordered), results)


# Constants and variables that functions are given


def _with_sources(node: Node, nodes: Nodes, fed: Collection[str]) -> Node:
    """The node whose branches or body have their own copies of the sources that they are given."""
    if node.op not in STRUCTURED:
        return node
    body = node.attributes.get("body")
    given = node.inputs if body is not None else node.inputs[1:]
    sources = [_source(edge, nodes, fed) for edge in given]
    if not any(sources):
        return node
    attributes = dict(node.attributes)
    for key, value in node.attributes.items():
        if isinstance(value, Subgraph):
            attributes[key] = _filled(value, sources, body)
        elif key == "branches":
            attributes[key] = tuple(_filled(branch, sources, None) for branch in value)
    return replace(node, attributes=attributes)


def _source(edge: Edge, nodes: Nodes, fed: Collection[str]) -> Node | None:
    while edge.tensor not in fed and edge.node in nodes:
        node = nodes[edge.node]
        if node.op in SOURCES:
            return replace(node, controls=())
        if node.op != "Identity":
            break
        edge = node.inputs[0]
    return None


def _filled(subgraph: Subgraph, sources: Sequence[Node | None], body: Subgraph | None) -> Subgraph:
    """A branch, or part of a loop with that body, in which parameters are replaced by sources."""
    edges: dict[str, Edge] = {}
    added: Nodes = {}
    for number, (parameter, source) in enumerate(zip(subgraph.parameters, sources, strict=True)):
        if source is not None and (body is None or stays(body, number)):
            edges[parameter] = Edge(source.name, 0)
            added[source.name] = source
    nodes = {n.name: redirected(n, edges) for n in subgraph.nodes} | added
    inside = {name: _with_sources(n, nodes, subgraph.parameters) for name, n in nodes.items()}
    return replace(subgraph, nodes=tuple(in_order(inside, subgraph.parameters)))
