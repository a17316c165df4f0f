"""The variables that functions of TensorFlow 2 capture, by the object graphs of a model's files.

A SavedModel says which objects hold which, by named edges, which of them are variables, and which
of those each function captures; its checkpoint says the same of the objects that it holds. Equal
edges from the root of both lead from a variable to the tensor with its value. The call of a
function in the graph takes what it captures as its last inputs.
"""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import DecodeError

from flowc.ir.proto import MetaGraphDef, NodeDef, SavedObjectGraph, TrackableObjectGraph
from flowc.runtime.checkpoint import CheckpointReader, checkpoint_exists
from flowc.runtime.saved_model.errors import DamagedModelError, InvalidModelError

_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "VARIABLE_VALUE"


def captured_variables(meta: MetaGraphDef, prefix: str) -> dict[str, str]:
    """The handles in the graph that functions capture, each with the name of its saved tensor.

    Raises DamagedModelError, InvalidModelError for object graphs that are none.
    """
    objects = meta.object_graph_def
    if not any(node.HasField("variable") for node in objects.nodes):
        return {}
    keys = dict(_saved_values(objects, _saved_objects(prefix)))
    return {
        edge: keys[number]
        for node in meta.graph_def.node
        for edge, number in _captures(node, objects)
        if number in keys
    }


def _captures(node: NodeDef, objects: SavedObjectGraph) -> Iterator[tuple[str, int]]:
    """The inputs of a call that the function captures, and which objects they are."""
    function = node.attr["f"].func.name if "f" in node.attr else ""
    if function in objects.concrete_functions:
        bound = objects.concrete_functions[function].bound_inputs
        data = [edge for edge in node.input if not edge.startswith("^")]
        yield from zip(reversed(data), reversed(bound), strict=False)


def _saved_values(
    objects: SavedObjectGraph, saved: TrackableObjectGraph
) -> Iterator[tuple[int, str]]:
    """The numbers of the variables, and the names of their tensors in the checkpoint."""
    for number, of_checkpoint in _pairs(objects, saved):
        for attribute in saved.nodes[of_checkpoint].attributes:
            if attribute.name == _VALUE and objects.nodes[number].HasField("variable"):
                yield number, attribute.checkpoint_key


def _saved_objects(prefix: str) -> TrackableObjectGraph:
    """The object graph of a checkpoint; an empty one where it has none."""
    if not checkpoint_exists(prefix):
        return TrackableObjectGraph()
    reader = CheckpointReader(prefix)
    if not reader.has_tensor(_OBJECT_GRAPH):
        return TrackableObjectGraph()
    content = reader.get_tensor(_OBJECT_GRAPH)
    try:
        return TrackableObjectGraph.FromString(bytes(content.item()))
    except (DecodeError, TypeError, ValueError) as error:
        raise DamagedModelError(
            None, None, f"the object graph in checkpoint {prefix} is damaged: {error}"
        ) from None


def _pairs(objects: SavedObjectGraph, saved: TrackableObjectGraph) -> Iterator[tuple[int, int]]:
    """The numbers of an object in both graphs, for each that both have."""
    waiting = [(0, 0)] if objects.nodes and saved.nodes else []
    seen = set(waiting)
    while waiting:
        pair = waiting.pop()
        yield pair
        of_checkpoint = {c.local_name: c.node_id for c in saved.nodes[pair[1]].children}
        for child in objects.nodes[pair[0]].children:
            if child.local_name not in of_checkpoint:
                continue
            next_pair = child.node_id, of_checkpoint[child.local_name]
            if not (0 <= next_pair[0] < len(objects.nodes)) or not (
                0 <= next_pair[1] < len(saved.nodes)
            ):
                raise InvalidModelError(
                    None,
                    None,
                    f"an object graph has no object {child.node_id}, which it names "
                    f"{child.local_name!r}",
                )
            if next_pair not in seen:
                seen.add(next_pair)
                waiting.append(next_pair)
