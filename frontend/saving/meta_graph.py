"""MetaGraphDefs: a graph with its collections, as files that TensorFlow reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from flowc.frontend.collections import GraphKeys
from flowc.frontend.graph import Graph
from flowc.frontend.importer import import_graph_def
from flowc.frontend.saving.collection_defs import (
    CollectionReader,
    collection_def,
    register_collection,
)
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.variable import prepend_scope, strip_scope
from flowc.ir.proto import GraphDef, MetaGraphDef, NodeDef, SaverDef
from flowc.ir.system_errors import make_folder
from flowc.ops import lookup
from flowc.ops.graph_values import python_to_attr
from flowc.runtime.files import atomic_file

__all__ = [
    "SAVER_DEF_NAMES",
    "export_meta_graph",
    "import_scoped_meta_graph",
    "prefixed_saver_def",
    "read_meta_graph_file",
    "register_collection",
]

SAVER_DEF_NAMES = ("filename_tensor_name", "save_tensor_name", "restore_op_name")
_UNBOUND = "unbound_inputs"  # the collection of inputs that an exported scope lacks
_UNBOUND_PREFIX = "$unbound_inputs_"
_VERSION = "1.15.0"


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


# Export


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
    meta.meta_info_def.tensorflow_version = _VERSION
    meta.meta_info_def.stripped_default_attrs = strip_default_attrs
    nodes = graph.as_graph_def(add_shapes=True) if graph_def is None else graph_def
    _add_graph(meta, nodes, export_scope)
    _add_op_defs(meta, graph)
    for node in meta.graph_def.node:
        if clear_devices:
            node.device = ""
        if strip_default_attrs:
            _strip_defaults(node)
    if saver_def is not None:
        meta.saver_def.CopyFrom(saver_def)
    for key in graph.get_all_collection_keys() if collection_list is None else collection_list:
        if key == GraphKeys.SAVERS and clear_extraneous_savers:
            continue
        collection = collection_def(key, graph.get_collection(key), export_scope)
        if collection is not None:
            meta.collection_def[key].CopyFrom(collection)
    if filename is not None:
        _write(filename, meta, as_text)
    return meta


def _write(filename: str, meta: MetaGraphDef, as_text: bool) -> None:
    make_folder(Path(filename).parent)
    content = text_format.MessageToString(meta).encode() if as_text else meta.SerializeToString()
    with atomic_file(filename) as file:
        file.write(content)


def _strip_defaults(node: NodeDef) -> None:
    """Leave out the attributes that have their default values, for readers of older versions."""
    definition = lookup(node.op)
    for attribute in () if definition is None else definition.signature.attributes:
        if not attribute.has_default or attribute.name not in node.attr:
            continue
        if node.attr[attribute.name] == python_to_attr(attribute.default, attribute.type):
            del node.attr[attribute.name]


def _add_op_defs(meta: MetaGraphDef, graph: Graph) -> None:
    """Pass on what the graph's files said of ops that flowc does not have."""
    ops = meta.meta_info_def.stripped_op_list.op
    listed = {op.name for op in ops}
    used = {node.op for node in meta.graph_def.node}
    ops.extend(op for op in graph.op_defs.values() if op.name in used - listed)


def _add_graph(meta: MetaGraphDef, graph_def: GraphDef, scope: str | None) -> None:
    if not scope:
        meta.graph_def.CopyFrom(graph_def)
        return
    scope = scope.rstrip("/")
    meta.graph_def.versions.CopyFrom(graph_def.versions)
    meta.graph_def.library.CopyFrom(graph_def.library)
    unbound: set[str] = set()
    for node in graph_def.node:
        if node.name.startswith(f"{scope}/"):
            copy = meta.graph_def.node.add()
            copy.CopyFrom(node)
            _move_out(copy, scope, unbound)
    if unbound:
        meta.collection_def[_UNBOUND].bytes_list.value.extend(n.encode() for n in sorted(unbound))


def _move_out(node: NodeDef, scope: str, unbound: set[str]) -> None:
    """Take `scope/` from a node's names; inputs that are not inside get names to be replaced."""
    node.name = strip_scope(node.name, scope)
    for i, text in enumerate(node.input):
        control, name = ("^", text[1:]) if text.startswith("^") else ("", text)
        if name.startswith(f"{scope}/"):
            name = strip_scope(name, scope)
        else:
            name = _UNBOUND_PREFIX + name
            unbound.add(control + name)
        node.input[i] = control + name
    if "_class" in node.attr:
        groups = node.attr["_class"].list.s
        groups[:] = [g.replace(f"loc:@{scope}/".encode(), b"loc:@") for g in groups]


# Import


def import_scoped_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    graph: Graph | None = None,
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
    **kwargs: Any,
) -> tuple[MetaGraphDef, str]:
    """Add the graph and the collections of a MetaGraphDef to the default graph.

    Returns it and the scope in which its nodes are. Raises ValueError where the graph is not
    valid, OSError where the file is not there.
    """
    imported, scope, _ = import_with_return_elements(
        meta_graph_or_file,
        clear_devices,
        import_scope,
        None,
        input_map,
        graph,
        restore_collections_predicate,
        **kwargs,
    )
    return imported, scope


def import_with_return_elements(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    return_elements: Sequence[str] | None = None,
    input_map: Mapping[str, Any] | None = None,
    graph: Graph | None = None,
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
    **kwargs: Any,
) -> tuple[MetaGraphDef, str, list[Any] | None]:
    """`import_scoped_meta_graph`, with the elements that are to be returned."""
    meta = meta_graph_or_file
    if not isinstance(meta, MetaGraphDef):
        meta = read_meta_graph_file(meta)
    graph = graph or get_default_graph()
    _require_bound(meta, input_map)
    scope = graph.unique_name(import_scope, mark_as_used=False) if import_scope else ""
    with graph.as_default():
        nodes = _without_devices(meta.graph_def) if clear_devices else meta.graph_def
        elements = import_graph_def(
            nodes,
            input_map,
            return_elements,
            name=scope,
            producer_op_list=meta.meta_info_def.stripped_op_list,
        )
        reader = CollectionReader(graph, scope)
        for key, collection in sorted(meta.collection_def.items()):
            if key != _UNBOUND and restore_collections_predicate(key):
                reader.restore(key, collection)
    return meta, scope, elements


def _require_bound(meta: MetaGraphDef, input_map: Mapping[str, Any] | None) -> None:
    """Raise ValueError unless `input_map` names the inputs that an exported scope lacked."""
    if _UNBOUND not in meta.collection_def:
        return
    unbound = [v.decode() for v in meta.collection_def[_UNBOUND].bytes_list.value]
    if sorted(unbound) != sorted(input_map or ()):
        raise ValueError(
            f"Graph contains unbound inputs: {', '.join(unbound)}. Must provide these "
            "inputs through input_map."
        )


def _without_devices(graph_def: GraphDef) -> GraphDef:
    cleared = GraphDef()
    cleared.CopyFrom(graph_def)
    for node in cleared.node:
        node.device = ""
    return cleared


def prefixed_saver_def(saver_def: SaverDef, scope: str | None) -> SaverDef:
    """The SaverDef with its names inside `scope`."""
    if not scope:
        return saver_def
    result = SaverDef()
    result.CopyFrom(saver_def)
    for field in SAVER_DEF_NAMES:
        if getattr(result, field):
            setattr(result, field, prepend_scope(getattr(result, field), scope))
    return result
