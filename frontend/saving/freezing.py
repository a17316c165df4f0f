"""Parts of graphs as files: `write_graph`, extracting and freezing subgraphs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from flowc.frontend.graph import Graph
from flowc.frontend.variables.variable import store_name
from flowc.ir.proto import GraphDef, NodeDef
from flowc.ir.system_errors import make_folder
from flowc.ir.tensor_values import make_tensor_proto
from flowc.ops.graph_values import python_to_attr
from flowc.runtime.files import atomic_file


def write_graph(graph_or_graph_def: Any, logdir: str, name: str, as_text: bool = True) -> str:
    """Write a GraphDef to `logdir/name`; returns the path."""
    graph_def = graph_or_graph_def
    if isinstance(graph_def, Graph):
        graph_def = graph_def.as_graph_def()
    folder = Path(logdir)
    make_folder(folder)
    content = (
        text_format.MessageToString(graph_def).encode()
        if as_text
        else (graph_def.SerializeToString())
    )
    with atomic_file(folder / name) as file:
        file.write(content)
    return str(folder / name)


def _node_of(name: str) -> str:
    return name.lstrip("^").split(":")[0]


def extract_sub_graph(graph_def: GraphDef, dest_nodes: Sequence[str]) -> GraphDef:
    """The nodes that `dest_nodes` need. Raises AssertionError for a name that is not there."""
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be a list.")
    nodes = {node.name: node for node in graph_def.node}
    for name in dest_nodes:
        assert name in nodes, f"{name} is not in graph"
    needed: set[str] = set()
    waiting = list(dest_nodes)
    while waiting:
        name = _node_of(waiting.pop())
        if name not in needed:
            needed.add(name)
            waiting.extend(nodes[name].input)
    kept = [node for node in graph_def.node if node.name in needed]
    return GraphDef(node=kept, library=graph_def.library, versions=graph_def.versions)


def remove_training_nodes(
    input_graph: GraphDef, protected_nodes: Sequence[str] | None = None
) -> GraphDef:
    """The graph without Identity and CheckNumerics nodes that nothing but data edges touch."""
    protected = set(protected_nodes or ())
    controlled = {_node_of(i) for n in input_graph.node for i in n.input if i.startswith("^")}
    removed = {
        node.name: node.input[0]
        for node in input_graph.node
        if node.op in ("Identity", "CheckNumerics")
        and len(node.input) == 1
        and node.name not in protected
        and node.name not in controlled
    }
    result = GraphDef(library=input_graph.library, versions=input_graph.versions)
    for node in input_graph.node:
        if node.name not in removed:
            copy = result.node.add()
            copy.CopyFrom(node)
            for i, name in enumerate(copy.input):
                while (name.removesuffix(":0")) in removed:
                    name = removed[name.removesuffix(":0")]
                copy.input[i] = name
    return result


def convert_variables_to_constants(
    sess: Any,
    input_graph_def: GraphDef,
    output_node_names: Sequence[str],
    variable_names_whitelist: Sequence[str] | None = None,
    variable_names_blacklist: Sequence[str] | None = None,
) -> GraphDef:
    """The nodes that the outputs need, with variables replaced by the session's values of them."""
    needed = extract_sub_graph(input_graph_def, output_node_names)
    wanted = None if variable_names_whitelist is None else set(variable_names_whitelist)
    kept = set(variable_names_blacklist or ())
    frozen = {
        node.name
        for node in needed.node
        if node.op in ("Variable", "VariableV2", "VarHandleOp")
        and (wanted is None or node.name in wanted)
        and node.name not in kept
    }
    result = GraphDef(library=needed.library, versions=needed.versions)
    for node in needed.node:
        result.node.append(_frozen(sess, node, frozen))
    return result


def _frozen(sess: Any, node: NodeDef, frozen: set[str]) -> NodeDef:
    """The node as a constant if it is a variable, or as Identity if it reads one."""
    if node.name in frozen:
        holder = sess.graph.get_operation_by_name(node.name)
        dtype = holder.attrs["dtype"]
        value = sess.executor.variable(store_name(holder))
        constant = NodeDef(name=node.name, op="Const")
        constant.attr["dtype"].type = dtype.number
        constant.attr["value"].tensor.CopyFrom(make_tensor_proto(value, dtype))
        return constant
    if node.op == "ReadVariableOp" and _node_of(node.input[0]) in frozen:
        read = NodeDef(name=node.name, op="Identity", input=node.input)
        read.attr["T"].CopyFrom(python_to_attr(node.attr["dtype"].type, "type"))
        return read
    if node.op == "ResourceGather" and _node_of(node.input[0]) in frozen:
        raise ValueError(f"'{node.name}' gathers from a variable; freezing it is not implemented")
    return node
