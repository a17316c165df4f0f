"""MetaGraphDefs: a graph with its collections, as files that TensorFlow reads and writes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from flowc.frontend.collections import GraphKeys
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.graph import Graph
from flowc.frontend.importer import import_graph_def
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.variable import Variable, strip_scope
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import CollectionDef, GraphDef, MetaGraphDef, SaverDef, VariableDef
from flowc.runtime.files import atomic_file

_logger = logging.getLogger("flowc")

# The collections whose items are variables.
_VARIABLE_KEYS = frozenset({
    GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES, GraphKeys.MODEL_VARIABLES,
    GraphKeys.TRAINABLE_VARIABLES, GraphKeys.MOVING_AVERAGE_VARIABLES, GraphKeys.GLOBAL_STEP,
    GraphKeys.EVAL_STEP, GraphKeys.METRIC_VARIABLES, GraphKeys.WEIGHTS, GraphKeys.BIASES,
})  # fmt: skip


def read_meta_graph_file(filename: str | Path) -> MetaGraphDef:
    """A MetaGraphDef from a file, binary or text. Raises OSError for other content."""
    path = Path(filename)
    if not path.exists():
        raise OSError(f"File {filename} does not exist.")
    content = path.read_bytes()
    try:
        return MetaGraphDef.FromString(content)
    except DecodeError:
        pass  # perhaps text
    try:
        return text_format.Parse(content.decode(), MetaGraphDef())
    except (UnicodeDecodeError, text_format.ParseError) as error:
        raise OSError(f"Cannot parse file {filename}: {error}.") from None


def export_meta_graph(
    filename: str | None = None,
    meta_info_def: Any = None,
    graph_def: GraphDef | None = None,
    saver_def: SaverDef | None = None,
    collection_list: Sequence[str] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    **kwargs: Any,
) -> MetaGraphDef:
    """The MetaGraphDef of a graph (the default one), written to `filename` where it is given.

    With `export_scope`, only the nodes inside that scope, their names without it.
    """
    graph = graph or get_default_graph()
    meta = MetaGraphDef()
    if meta_info_def is not None:
        meta.meta_info_def.CopyFrom(meta_info_def)
    meta.meta_info_def.tensorflow_version = "1.15.0"
    nodes = graph.as_graph_def(add_shapes=True) if graph_def is None else graph_def
    meta.graph_def.CopyFrom(_scoped(nodes, export_scope))
    if clear_devices:
        for node in meta.graph_def.node:
            node.device = ""
    if saver_def is not None:
        meta.saver_def.CopyFrom(saver_def)
    keys = graph.get_all_collection_keys() if collection_list is None else collection_list
    for key in keys:
        _add_collection(meta, key, graph.get_collection(key), export_scope)
    if filename is not None:
        _write(filename, meta, as_text)
    return meta


def _write(filename: str, meta: MetaGraphDef, as_text: bool) -> None:
    Path(filename).parent.mkdir(parents=True, exist_ok=True)
    content = text_format.MessageToString(meta).encode() if as_text else meta.SerializeToString()
    with atomic_file(filename) as file:
        file.write(content)


def _scoped(graph_def: GraphDef, scope: str | None) -> GraphDef:
    if not scope:
        return graph_def
    prefix = f"{scope.rstrip('/')}/"
    result = GraphDef(versions=graph_def.versions, library=graph_def.library)
    for node in graph_def.node:
        if node.name.startswith(prefix):
            copy = result.node.add()
            copy.CopyFrom(node)
            copy.name = strip_scope(node.name, scope)
            for i, name in enumerate(copy.input):
                control = "^" if name.startswith("^") else ""
                copy.input[i] = control + strip_scope(name.lstrip("^"), scope)
    return result


def _add_collection(meta: MetaGraphDef, key: str, items: Sequence[Any], scope: str | None) -> None:
    """Write a collection, if its items are of a kind that can be written."""
    if not items:
        return
    collection = CollectionDef()
    for item in items:
        if not _add_item(collection, item, scope):
            _logger.debug("collection %r cannot be exported: %r", key, item)
            return
    meta.collection_def[key].CopyFrom(collection)


def _add_item(collection: CollectionDef, item: Any, scope: str | None) -> bool:
    match item:
        case Variable():
            definition = item.to_proto(scope)
            if definition is not None:
                collection.bytes_list.value.append(definition.SerializeToString())
        case TensorBase() | Operation():
            collection.node_list.value.append(strip_scope(item.name, scope))
        case bool() | int():
            collection.int64_list.value.append(int(item))
        case float():
            collection.float_list.value.append(item)
        case str():
            collection.bytes_list.value.append(item.encode())
        case bytes():
            collection.bytes_list.value.append(item)
        case _:
            return False
    return True


# Import


def import_scoped_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    graph: Graph | None = None,
    **kwargs: Any,
) -> tuple[MetaGraphDef, str]:
    """Add the graph and the collections of a MetaGraphDef to the default graph.

    Returns it and the scope in which its nodes are. Raises ValueError where the graph is not
    valid, IOError where the file is not there.
    """
    meta = meta_graph_or_file
    if not isinstance(meta, MetaGraphDef):
        meta = read_meta_graph_file(meta)
    graph = graph or get_default_graph()
    if clear_devices:
        cleared = MetaGraphDef()
        cleared.CopyFrom(meta)
        for node in cleared.graph_def.node:
            node.device = ""
        meta = cleared
    scope = import_scope or ""
    with graph.as_default():
        if scope:
            scope = graph.unique_name(scope, mark_as_used=False)
        import_graph_def(meta.graph_def, input_map=input_map, name=scope)
        made: dict[tuple[str, str], Any] = {}
        for key, collection in sorted(meta.collection_def.items()):
            _restore_collection(graph, key, collection, scope, made)
    return meta, scope


def _restore_collection(
    graph: Graph, key: str, collection: CollectionDef, scope: str, made: dict[tuple[str, str], Any]
) -> None:
    """Add a collection's items; the same variable in two collections is one object."""
    kind = collection.WhichOneof("kind")
    if kind is None:
        return
    values = getattr(collection, kind).value
    for value in values:
        if kind == "node_list":
            name = f"{scope}/{value}" if scope else value
            graph.add_to_collection(key, graph.as_graph_element(name))
        elif kind == "bytes_list" and key in _VARIABLE_KEYS:
            graph.add_to_collection(key, _variable(value, scope, made))
        elif kind in ("bytes_list", "int64_list", "float_list"):
            graph.add_to_collection(key, value)


def _variable(value: bytes, scope: str, made: dict[tuple[str, str], Any]) -> Any:
    try:
        definition = VariableDef.FromString(value)
    except DecodeError:
        raise InvalidArgumentError(None, None, "a collection of variables is damaged") from None
    key = definition.variable_name, definition.snapshot_name
    if key not in made:
        made[key] = Variable.from_proto(definition, scope or None)
    return made[key]


def prefixed_saver_def(saver_def: SaverDef, scope: str | None) -> SaverDef:
    """The SaverDef with its names inside `scope`."""
    if not scope:
        return saver_def
    result = SaverDef()
    result.CopyFrom(saver_def)
    for name in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
        if getattr(result, name):
            setattr(result, name, f"{scope.rstrip('/')}/{getattr(result, name)}")
    return result
