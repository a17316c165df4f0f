"""Graphs with ops that flowc does not have: kept, fed over, exported, and named where needed."""

import numpy as np
import pytest

import flowc as tf
from flowc.ir.proto import AttrValue, GraphDef, NodeDef, OpDef, OpList

FLOAT = AttrValue(type=1)
X = NodeDef(name="x", op="Placeholder", attr={"dtype": FLOAT})


def negative(name: str, source: str, number: int) -> NodeDef:
    return NodeDef(name=name, op="Neg", input=[source], attr={"T": AttrValue(type=number)})


def imported(*nodes: NodeDef, ops: OpList | None = None) -> tf.Graph:
    tf.import_graph_def(GraphDef(node=[X, *nodes]), name="", producer_op_list=ops)
    return tf.get_default_graph()


def foreign(**attrs: AttrValue) -> NodeDef:
    return NodeDef(name="u", op="Addons>Foreign", input=["x"], attr=attrs)


def test_outputs_are_what_readers_take() -> None:
    graph = imported(foreign(), negative("a", "u", 2), negative("b", "u:2", 9))
    outputs = graph.get_operation_by_name("u").outputs
    assert [tensor.dtype for tensor in outputs] == [tf.float64, tf.float32, tf.int64]
    assert all(tensor.shape.ndims is None for tensor in outputs)


def test_outputs_are_what_attributes_say() -> None:
    types = AttrValue(list=AttrValue.ListValue(type=[7, 3]))
    graph = imported(foreign(output_types=types), negative("a", "u:1", 3))
    assert [t.dtype for t in graph.get_operation_by_name("u").outputs] == [tf.string, tf.int32]
    tf.reset_default_graph()
    graph = imported(foreign(dtype=AttrValue(type=7)))
    assert [t.dtype for t in graph.get_operation_by_name("u").outputs] == [tf.string]


def test_outputs_are_what_the_op_list_says() -> None:
    argument = OpDef.ArgDef
    default = AttrValue(i=3)
    op_def = OpDef(
        name="Addons>Foreign",
        input_arg=[argument(name="x", type=1)],
        output_arg=[argument(name="ys", type=9, number_attr="n"), argument(name="z", type=7)],
        attr=[OpDef.AttrDef(name="n", type="int", default_value=default)],
    )
    graph = imported(foreign(), ops=OpList(op=[op_def]))
    op = graph.get_operation_by_name("u")
    assert [t.dtype for t in op.outputs] == [tf.int64] * 3 + [tf.string]
    assert op.get_attr("n") == 3
    meta = tf.train.export_meta_graph()
    assert list(meta.meta_info_def.stripped_op_list.op) == [op_def]
    tf.reset_default_graph()
    tf.train.import_meta_graph(meta)
    assert len(tf.get_default_graph().get_operation_by_name("u").outputs) == 4
    other = NodeDef(name="u", op="Addons>Foreign", input=["x", "x"])
    with pytest.raises(ValueError, match="expects 1 inputs but has 2"):
        tf.import_graph_def(GraphDef(node=[X, other]), producer_op_list=OpList(op=[op_def]))


def test_what_is_exported_is_what_was_imported() -> None:
    nodes = [X, foreign(alpha=AttrValue(f=2)), negative("a", "u:1", 1)]
    graph = imported(*nodes[1:])
    assert list(graph.as_graph_def().node) == nodes
    tf.import_graph_def(graph.as_graph_def(), name="again")
    assert graph.get_operation_by_name("again/u").get_attr("alpha") == 2
    assert len(graph.get_operation_by_name("again/u").outputs) == 2


def test_feeding_over_an_unknown_op() -> None:
    imported(foreign(), negative("a", "u", 1), negative("b", "u:1", 3), negative("c", "x", 1))
    with tf.Session() as session:
        assert session.run(["a:0", "b:0"], {"u:0": [1.0], "u:1": 2}) == [[-1.0], -2]
        assert session.run("c:0", {"x:0": 1.0}) == -1
        with pytest.raises(
            tf.errors.UnimplementedError,
            match="'u': flowc does not have the op "
            r"Addons>Foreign(.|\n)*test_unknown_ops.py",
        ):
            session.run("a:0", {"x:0": 1.0})


def test_nothing_runs_before_the_error() -> None:
    graph = imported(foreign(), negative("a", "u", 1))
    v = tf.get_variable("v", initializer=1.0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        up = v.assign_add(1.0)
        with pytest.raises(tf.errors.UnimplementedError):
            session.run([up, graph.get_tensor_by_name("a:0")], {"x:0": 1.0})
        assert session.run(v) == 1


def test_an_unknown_op_that_only_a_branch_needs() -> None:
    choose, x = tf.placeholder(tf.bool, name="choose"), tf.placeholder(tf.float32, [], name="x")
    tf.identity(tf.cond(choose, lambda: tf.exp(x), lambda: x * 2), "y")
    graph_def = tf.get_default_graph().as_graph_def()
    for node in graph_def.node:
        node.op = "Foreign" if node.op == "Exp" else node.op
    tf.reset_default_graph()
    tf.import_graph_def(graph_def, name="")
    with tf.Session() as session:
        assert session.run("y:0", {"choose:0": False, "x:0": 3.0}) == 6
        with pytest.raises(tf.errors.UnimplementedError, match="Foreign 'cond/Exp'"):
            session.run("y:0", {"choose:0": True, "x:0": 3.0})


def function_with_unknown_op() -> GraphDef:
    """`choose ? f(x) : x`, f(x) = -Foreign(x).second."""
    graph_def = GraphDef(node=[X])
    for name in ("f", "g"):
        function = graph_def.library.function.add(ret={"y": "y:y:0" if name == "f" else "x"})
        function.signature.name = name
        function.signature.input_arg.add(name="x", type=1)
        function.signature.output_arg.add(name="y", type=1)
        if name == "f":
            function.node_def.add(name="y", op="Neg", input=["u:second:1"]).attr["T"].type = 1
            function.node_def.add(name="u", op="Foreign", input=["x"])
    choose = graph_def.node.add(name="choose", op="Placeholder")
    choose.attr["dtype"].type = 10
    node = graph_def.node.add(name="y", op="If", input=["choose", "x"])
    node.attr["Tcond"].type = 10
    node.attr["Tin"].list.type.append(1)
    node.attr["Tout"].list.type.append(1)
    node.attr["then_branch"].func.name = "f"
    node.attr["else_branch"].func.name = "g"
    return graph_def


def test_an_unknown_op_of_a_function() -> None:
    tf.import_graph_def(function_with_unknown_op(), name="")
    with tf.Session() as session:
        assert session.run("y:0", {"choose:0": False, "x:0": np.float32(3)}) == 3
        with pytest.raises(tf.errors.UnimplementedError, match="does not have the op Foreign"):
            session.run("y:0", {"choose:0": True, "x:0": np.float32(3)})
