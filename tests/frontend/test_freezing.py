"""Graphs cut out and frozen."""

from pathlib import Path

import pytest

import flowc as tf
from flowc.ir.proto import GraphDef


@pytest.mark.parametrize("use_resource", [True, False])
def test_variables_become_constants(use_resource: bool) -> None:
    w = tf.Variable([[1.0, 2.0], [3.0, 4.0]], use_resource=use_resource)
    tf.reduce_sum(w * 2.0, name="out")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        value = session.run("out:0")
        frozen = tf.graph_util.convert_variables_to_constants(
            session, tf.get_default_graph().as_graph_def(), ["out"]
        )
    assert not {node.op for node in frozen.node} & {"VarHandleOp", "VariableV2", "ReadVariableOp"}
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(frozen, name="")
        assert session.run("out:0") == pytest.approx(value)


def test_extracting() -> None:
    x = tf.placeholder(tf.float32, name="x")
    tf.exp(tf.identity(x, name="i"), name="y")
    tf.sin(x, name="z")
    graph_def = tf.get_default_graph().as_graph_def()
    part = tf.graph_util.extract_sub_graph(graph_def, ["y"])
    assert [node.name for node in part.node] == ["x", "i", "y"]
    short = tf.graph_util.remove_training_nodes(part)
    assert [node.name for node in short.node] == ["x", "y"]
    assert short.node[1].input == ["x"]
    with pytest.raises(AssertionError, match="nothing is not in graph"):
        tf.graph_util.extract_sub_graph(graph_def, ["nothing"])


def test_writing(tmp_path: Path) -> None:
    tf.no_op("a")
    path = tf.train.write_graph(tf.get_default_graph(), str(tmp_path), "g.pb", as_text=False)
    assert GraphDef.FromString(Path(path).read_bytes()).node[0].name == "a"
