"""Graphs: finding elements, collections, scopes of operations, GraphDefs."""

from typing import Any

import pytest

import flowc as tf
from flowc.frontend.apply import build
from flowc.ir.proto import AttrValue


def test_default_graphs_nest() -> None:
    first = tf.get_default_graph()
    with tf.Graph().as_default() as inner:
        assert tf.get_default_graph() is inner
        assert tf.no_op().graph is inner
        with pytest.raises(AssertionError, match="nested graphs"):
            tf.reset_default_graph()
    assert tf.get_default_graph() is first
    tf.reset_default_graph()
    assert tf.get_default_graph() is not first


def test_elements_by_name() -> None:
    x = tf.placeholder(tf.float32, name="x")
    graph = tf.get_default_graph()
    assert graph.get_tensor_by_name("x:0") is x
    assert graph.get_operation_by_name("x") is x.op
    assert graph.as_graph_element("x:0") is x
    assert graph.as_graph_element(tf.get_variable("w", [1])).name == "w/Read/ReadVariableOp:0"


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("y", KeyError, "refers to an Operation not in the graph"),
        ("y:0", KeyError, "The operation, 'y', does not exist in the graph"),
        ("x:3", KeyError, "exists but only has 1 outputs"),
        ("x:a", ValueError, "is not a valid one"),
        (3, TypeError, "Can not convert a int into a Tensor or Operation"),
    ],
)
def test_elements_that_do_not_exist(name: Any, error: type[Exception], message: str) -> None:
    tf.placeholder(tf.float32, name="x")
    with pytest.raises(error, match=message):
        tf.get_default_graph().as_graph_element(name)


def test_operation_where_a_tensor_is_asked_for() -> None:
    tf.placeholder(tf.float32, name="x")
    with pytest.raises(ValueError, match="refers to an Operation, not a Tensor"):
        tf.get_default_graph().get_tensor_by_name("x")
    with pytest.raises(ValueError, match="looks like a Tensor name, not an Operation"):
        tf.get_default_graph().get_operation_by_name("x:0")


def test_elements_of_other_graphs() -> None:
    x = tf.placeholder(tf.float32, name="x")
    with tf.Graph().as_default() as other:
        y = tf.placeholder(tf.float32, name="y")
        with pytest.raises(ValueError, match="is not an element of this graph"):
            other.as_graph_element(x)
    with pytest.raises(ValueError, match="must be from the same graph as"):
        tf.add(x, y)


def test_finalized_graph() -> None:
    graph = tf.get_default_graph()
    graph.finalize()
    with pytest.raises(RuntimeError, match="Graph is finalized and cannot be modified"):
        tf.no_op()


def test_collections() -> None:
    with tf.variable_scope("a"):
        w = tf.get_variable("w", [1])
    b = tf.get_variable("b", [1], trainable=False)
    assert tf.trainable_variables() == [w]
    assert tf.global_variables() == [w, b]
    assert tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="a") == [w]
    tf.add_to_collections(["x", "y", "x"], 3)
    assert tf.get_collection("x") == [3]
    tf.get_collection_ref("x").append(4)
    assert tf.get_collection("x") == [3, 4]


def test_version_grows() -> None:
    graph = tf.get_default_graph()
    before = graph.version
    x = tf.placeholder(tf.float32, name="x")
    middle = graph.version
    x.op._set_attr("_note", AttrValue(i=1))
    assert before < middle < graph.version
    assert graph.node_defs[0].attr["_note"].i == 1


def test_traceback_names_the_line() -> None:
    tf.placeholder(tf.float32, name="x")
    assert 'test_graph.py", line' in tf.get_default_graph().traceback_of("x")
    assert tf.get_default_graph().traceback_of("y") == ""


# Scopes of operations


def waits(op: Any) -> list[str]:
    return [other.name for other in op.control_inputs]


def test_control_dependencies() -> None:
    a, b = tf.no_op("a"), tf.no_op("b")
    x = tf.constant(1.0, name="x")
    with tf.control_dependencies([a]):
        y = tf.identity(x, name="y")
        with tf.control_dependencies([b, x]):
            z = tf.identity(x, name="z")
            chained = tf.identity(y, name="chained")
        with tf.control_dependencies(None):
            free = tf.no_op("free")
    assert waits(y.op) == ["a"]
    assert waits(z.op) == ["a", "b"]  # x is an input already
    assert waits(chained.op) == ["b", "x"]  # y waits for a
    assert waits(free) == []


def test_what_cannot_be_waited_for() -> None:
    with pytest.raises(TypeError, match="Can not convert"), tf.control_dependencies([3]):
        pass


def test_devices() -> None:
    with tf.device("/job:ps"):
        with tf.device("/gpu:1"):
            both = tf.no_op("both")
        with tf.device(None):
            none = tf.no_op("none")
        with tf.device(lambda op: "/cpu:0" if op.type == "NoOp" else ""):
            chosen = tf.no_op("chosen")
    assert both.device == "/job:ps/device:GPU:1"
    assert none.device == ""
    assert chosen.device == "/job:ps/device:CPU:0"
    with pytest.raises(ValueError, match="Unknown attribute"), tf.device("/machine:0"):
        pass


def test_colocation() -> None:
    with tf.device("/gpu:0"):
        a = tf.no_op("a")
    with tf.colocate_with(a):
        b = tf.no_op("b")
    assert b.colocation_groups() == [b"loc:@a"]
    assert b.device == a.device
    assert b.node_def.attr["_class"].list.s == [b"loc:@a"]


def test_gradient_override_map() -> None:
    with tf.get_default_graph().gradient_override_map({"NoOp": "Mine"}):
        op = tf.no_op()
    assert op.node_def.attr["_gradient_op_type"].s == b"Mine"


# GraphDefs


def test_graph_def() -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.constant([[1.0], [2.0]], name="w")
    with tf.control_dependencies([tf.no_op("before")]):
        tf.matmul(x, w, name="y")
    graph_def = tf.get_default_graph().as_graph_def(add_shapes=True)
    by_name = {node.name: node for node in graph_def.node}
    assert list(by_name["y"].input) == ["x", "w", "^before"]
    assert by_name["y"].attr["T"].type == 1
    assert by_name["y"].attr["transpose_a"].b is False
    assert [d.size for d in by_name["x"].attr["shape"].shape.dim] == [-1, 2]
    assert [d.size for d in by_name["y"].attr["_output_shapes"].list.shape[0].dim] == [-1, 1]
    assert graph_def.versions.producer == 134


def test_attributes_as_tensorflow_returns_them() -> None:
    x = tf.placeholder(tf.float32, [1, 4, 4, 1], name="x")
    op = tf.nn.conv2d(x, tf.zeros([2, 2, 1, 1]), [1, 2, 2, 1], "SAME").op
    assert op.get_attr("padding") == b"SAME"
    assert op.get_attr("strides") == [1, 2, 2, 1]
    assert op.get_attr("T") is tf.float32
    assert op.get_attr("use_cudnn_on_gpu") is True
    with pytest.raises(ValueError, match="has no attr named"):
        op.get_attr("nothing")


def test_shapes_in_a_graph_def() -> None:
    """A handle is a scalar there, whatever the shape of its variable: TensorFlow checks it."""
    variable = tf.get_variable("v", [3, 2])
    tf.placeholder(tf.float32, [None, 3], name="x")
    nodes = {n.name: n for n in tf.get_default_graph().as_graph_def(add_shapes=True).node}
    (handle,) = nodes[variable.op.name].attr["_output_shapes"].list.shape
    assert (len(handle.dim), handle.unknown_rank) == (0, False)
    (shape,) = nodes["x"].attr["_output_shapes"].list.shape
    assert [d.size for d in shape.dim] == [-1, 3]


def test_shapes_of_other_handles_are_left_to_the_reader() -> None:
    """TensorFlow takes an array's for a pair, and refuses a graph that says otherwise."""
    array = tf.TensorArray(tf.float32, 3)
    table = build("HashTable", key_dtype=tf.int64, value_dtype=tf.int64)
    nodes = {n.name: n for n in tf.get_default_graph().as_graph_def(add_shapes=True).node}
    for handle in (array.handle, table):
        shape = nodes[handle.op.name].attr["_output_shapes"].list.shape[0]
        assert shape.unknown_rank
