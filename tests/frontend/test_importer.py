"""Importing GraphDefs: the corpus of TensorFlow's graphs, renaming, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.ir.proto import (
    AttrValue,
    GraphDef,
    MetaGraphDef,
    NodeDef,
    OpDef,
    OpList,
    TensorShapeProto,
    VersionDef,
)
from flowc.ops.graph_values import make_tensor_proto
from flowc.ops.registry import OPS
from tests.corpus import Pack, packs

SAMPLE = 3  # cases of each pack that are imported


def graph_of(pack: Pack, case: dict[str, Any]) -> GraphDef:
    content = pack.blob(case["graph"])
    if case["kind"] == "meta_graph":
        return MetaGraphDef.FromString(content).graph_def
    return GraphDef.FromString(content)


def is_known(graph_def: GraphDef) -> bool:
    """False where an op is not there yet."""
    functions = {f.signature.name for f in graph_def.library.function}
    return all(node.op in OPS or node.op in functions for node in graph_def.node)


@pytest.mark.parametrize("group", ["ops", "grads", "random", "training", "control_flow"])
def test_corpus_imports(shared: Path, group: str) -> None:
    """Every graph is taken, but for those that TensorFlow refuses too."""
    wrong = []
    for pack in packs(shared / "golden" / group):
        for case in [c for c in pack.cases if c["kind"] in ("graph_def", "meta_graph")][:SAMPLE]:
            graph_def = graph_of(pack, case)
            if not is_known(graph_def):
                continue
            expected = bool(case.get("error")) and case["error"]["phase"] == "import"
            with tf.Graph().as_default() as graph:
                try:
                    tf.import_graph_def(graph_def, name="")
                except ValueError as error:
                    if not case.get("error"):
                        wrong.append((case["id"], str(error)))
                    continue
            if expected and case["error"].get("optional") is False:
                wrong.append((case["id"], "should be refused"))
            assert len(graph.node_defs) == len(graph_def.node)
    assert not wrong


def test_export_is_what_was_imported(shared: Path) -> None:
    pack = Pack(shared / "golden/training/mlp.npz")
    graph_def = next(g for g in (graph_of(pack, c) for c in pack.cases) if is_known(g))
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    exported = {node.name: node for node in graph.as_graph_def().node}
    assert exported == {node.name: node for node in graph_def.node}


def test_imported_tensors_have_shapes() -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    tf.matmul(x, tf.ones([3, 2]), name="y")
    graph_def = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def)
        assert graph.get_tensor_by_name("import/y:0").shape.as_list() == [None, 2]


def small_graph() -> GraphDef:
    """x -> exp, which waits for `before`."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [2], name="x")
        with tf.control_dependencies([tf.no_op("before")]), tf.colocate_with(x):
            tf.exp(x, name="y")
        return graph.as_graph_def()


def test_prefix_and_returned_elements() -> None:
    found = tf.import_graph_def(small_graph(), name="a/b", return_elements=["y:0", "before"])
    assert found is not None
    y, before = found
    assert (y.name, before.name) == ("a/b/y:0", "a/b/before")
    assert y.op.control_inputs == [before]
    assert y.op.colocation_groups() == [b"loc:@a/b/x"]
    assert tf.import_graph_def(small_graph(), return_elements=["y"])[0].name == "import/y"  # type: ignore[index]
    assert tf.import_graph_def(small_graph(), return_elements=["y"])[0].name == "import_1/y"  # type: ignore[index]


def test_input_map() -> None:
    mine = tf.constant([1.0, 2.0])
    y = tf.import_graph_def(small_graph(), {"x": mine}, ["y:0"])[0]  # type: ignore[index]
    assert y.op.inputs == [mine]
    assert y.op.node_def.input[0] == "Const"
    with pytest.raises(ValueError, match=r"not found in graph_def: \[z:0\]"):
        tf.import_graph_def(small_graph(), {"z:0": mine})


def test_nodes_out_of_order() -> None:
    graph_def = small_graph()
    backwards = GraphDef(node=reversed(list(graph_def.node)))
    tf.import_graph_def(backwards, name="")
    assert tf.get_default_graph().get_tensor_by_name("y:0").shape.as_list() == [2]


def node(name: str, op: str, *inputs: str, **attrs: AttrValue) -> NodeDef:
    return NodeDef(name=name, op=op, input=inputs, attr=attrs)


FLOAT = AttrValue(type=1)
ZERO = make_tensor_proto(np.int32(0))
X = node("x", "Placeholder", dtype=FLOAT)
I = node("i", "Placeholder", dtype=AttrValue(type=3))  # noqa: E741


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([node("y", "Exp", "z", T=FLOAT)], "Node 'y': Unknown input node 'z'"),
        ([X, node("y", "Exp", "x:1", T=FLOAT)], "Connecting to invalid output 1 of source node x"),
        ([I, node("y", "Exp", "i", T=FLOAT)], "Input 0 of node y was passed int32 from i:0"),
        ([X, node("y", "Exp", "x", "x", T=FLOAT)], "expects 1 inputs but has 2"),
        ([X, node("y", "Exp", "x")], "attribute 'T' is missing"),
        ([X, node("y", "no such op", "x")], "No op named no such op in defined operations"),
        ([X, X], "Node 'x' is not unique"),
        ([node("-", "NoOp")], "is not a valid node name"),
        ([node("a", "Exp", "b", T=FLOAT), node("b", "Exp", "a", T=FLOAT)], "has a cycle"),
        ([X, node("y", "Exp", "x", T=AttrValue(type=7))], "not one of"),
    ],
)
def test_bad_graphs(nodes: list[NodeDef], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tf.import_graph_def(GraphDef(node=nodes), name="")
    assert tf.get_default_graph().get_operations() == []
    assert tf.placeholder(tf.float32, name="x").name == "x:0"  # the name is free again


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda g: tf.import_graph_def("graph"), TypeError),
        (lambda g: tf.import_graph_def(g, ["x"]), TypeError),  # type: ignore[arg-type]
        (lambda g: tf.import_graph_def(g, return_elements=[3]), TypeError),  # type: ignore[list-item]
        (lambda g: tf.import_graph_def(g, return_elements=["z:0"]), ValueError),
    ],
)
def test_bad_arguments(call: Callable[[GraphDef], Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        call(small_graph())


def test_name_that_is_taken() -> None:
    tf.placeholder(tf.float32, name="y")
    with pytest.raises(ValueError, match="Node name 'y' already exists in the Graph"):
        tf.import_graph_def(small_graph(), name="")


def test_attributes_of_a_newer_producer_are_dropped_with_a_note(
    caplog: pytest.LogCaptureFixture,
) -> None:
    zero = AttrValue(i=0)
    nodes = [
        X,
        node("y", "Exp", "x", T=FLOAT, extra=zero),
        node("z", "Exp", "y", T=FLOAT, extra=zero),
    ]
    with caplog.at_level("INFO", "flowc"):
        tf.import_graph_def(GraphDef(node=nodes), name="")
    notes = [r.getMessage() for r in caplog.records if "extra" in r.getMessage()]
    assert notes == [
        "Exp 'y': dropped attribute 'extra', which flowc's op does not have: it holds its default"
    ]


def test_the_producer_may_tell_defaults() -> None:
    attribute = OpDef.AttrDef(name="mode", type="string", default_value=AttrValue(s=b"FAST"))
    ops = OpList(op=[OpDef(name="Exp", attr=[attribute])])
    graph = GraphDef(node=[X, node("y", "Exp", "x", T=FLOAT, mode=AttrValue(s=b"FAST"))])
    with pytest.raises(ValueError, match="no attribute 'mode', whose value 'FAST'"):
        tf.import_graph_def(graph)
    found = tf.import_graph_def(graph, return_elements=["y"], producer_op_list=ops)
    assert found is not None
    (y,) = found
    assert "mode" not in y.node_def.attr
    graph.node[1].attr["mode"].s = b"SLOW"
    with pytest.raises(ValueError, match="no attribute 'mode', whose value 'SLOW'"):
        tf.import_graph_def(graph, producer_op_list=ops)


def test_missing_attributes_take_their_defaults() -> None:
    nodes = [
        X,
        node("axis", "Const", dtype=AttrValue(type=3), value=AttrValue(tensor=ZERO)),
        node("y", "ArgMax", "x", "axis", T=FLOAT),
    ]
    found = tf.import_graph_def(GraphDef(node=nodes), return_elements=["y:0"])
    assert found is not None
    (y,) = found
    assert y.dtype == tf.int64


def test_versions() -> None:
    graph = GraphDef(node=[X], versions=VersionDef(producer=9999, min_consumer=12))
    tf.import_graph_def(graph, name="newer")
    graph.versions.min_consumer = 9000
    with pytest.raises(ValueError, match="min consumer version 9000 above"):
        tf.import_graph_def(graph)
    graph = GraphDef(node=[X], versions=VersionDef(producer=21, bad_consumers=[2474]))
    with pytest.raises(ValueError, match="disallows consumer version 2474"):
        tf.import_graph_def(graph)
    assert [op.name for op in tf.get_default_graph().get_operations()] == ["newer/x"]


@pytest.mark.parametrize(("producer", "rank"), [(23, None), (24, 0)])
def test_a_placeholder_of_an_old_graph_takes_any_shape(producer: int, rank: int | None) -> None:
    scalar = AttrValue(shape=TensorShapeProto())
    graph = GraphDef(node=[node("x", "Placeholder", dtype=FLOAT, shape=scalar)])
    graph.versions.producer = producer
    (x,) = tf.import_graph_def(graph, return_elements=["x:0"]) or [None]
    assert x.shape.ndims == rank
    again = tf.get_default_graph().as_graph_def()
    (x,) = tf.import_graph_def(again, return_elements=["import/x:0"]) or [None]
    assert x.shape.ndims == rank
