"""MetaGraphs and graphs that are damaged, or that ask for what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.ir.proto import CondContextDef, GraphDef, MetaGraphDef, VariableDef, WhileContextDef


def meta_graph() -> MetaGraphDef:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None], name="x")
        tf.get_variable("v", [2])
        tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
        tf.cond(x[0] > 0.0, lambda: x, lambda: x + 1.0)
        tf.add_to_collection("mine", x)
        return tf.train.export_meta_graph()


def node(meta: MetaGraphDef, name: str) -> None:
    meta.collection_def["mine"].node_list.value[0] = name


def item(meta: MetaGraphDef, key: str, kind: Any, **fields: str) -> None:
    values = meta.collection_def[key].bytes_list.value
    message = kind.FromString(values[0])
    for field, value in fields.items():
        setattr(message, field, value)
    values[0] = message.SerializeToString()


def garbage(meta: MetaGraphDef) -> None:
    meta.collection_def["variables"].bytes_list.value[0] = b"\xff\xff"


DAMAGES: dict[str, Callable[[MetaGraphDef], None]] = {
    "no such tensor": lambda m: node(m, "nope:0"),
    "no such operation": lambda m: node(m, "nope"),
    "no such output": lambda m: node(m, "x:5"),
    "no message": garbage,
    "variable": lambda m: item(m, "variables", VariableDef, initializer_name="nope"),
    "loop": lambda m: item(m, "while_context", WhileContextDef, pivot_name="nope:0"),
    "branch": lambda m: item(m, "cond_context", CondContextDef, pred_name="nope:0"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_collection_that_does_not_fit(name: str) -> None:
    meta = meta_graph()
    DAMAGES[name](meta)
    refused = pytest.raises(tf.errors.InvalidArgumentError, match="an item of collection")
    with tf.Graph().as_default(), refused:
        tf.train.import_meta_graph(meta)


def constant(dtype: tf.DType) -> GraphDef:
    with tf.Graph().as_default() as graph:
        graph_def = graph.as_graph_def()
    added = graph_def.node.add(name="c", op="Const")
    added.attr["dtype"].type = added.attr["value"].tensor.dtype = dtype.as_datatype_enum
    added.attr["value"].tensor.tensor_shape.dim.add(size=3)
    added.attr["value"].tensor.int_val.extend([1, 2, 3])
    return graph_def


@pytest.mark.parametrize("dtype", [tf.qint8, tf.quint8, tf.qint16, tf.quint16, tf.qint32])
def test_constants_of_quantized_types(dtype: tf.DType) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(constant(dtype), name="")
        c = session.graph.get_tensor_by_name("c:0")
        assert [v.tolist() for v in session.run([c, tf.identity(c)])] == [[1, 2, 3]] * 2


@pytest.mark.parametrize("dtype", [tf.resource, tf.variant])
def test_handles_are_no_constants(dtype: tf.DType) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match="there is no Const of"):
        tf.import_graph_def(constant(dtype))


def test_a_constant_of_another_type_than_its_value() -> None:
    graph_def = constant(tf.int32)
    graph_def.node[0].attr["dtype"].type = tf.float32.as_datatype_enum
    with tf.Graph().as_default(), pytest.raises(ValueError, match="Inconsistency between attr"):
        tf.import_graph_def(graph_def)


def test_mutated_constants_are_an_error_of_the_graph() -> None:
    random = np.random.default_rng(0)
    with tf.Graph().as_default() as graph:
        for value in ([[1.0, 2.0]], [1, 2, 3], ["a", "b"], [True], [1j], np.arange(3)):
            tf.constant(value)
        content = graph.as_graph_def().SerializeToString()
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        damaged[random.integers(0, len(damaged))] = random.integers(0, 256)
        try:
            graph_def = GraphDef.FromString(bytes(damaged))
        except Exception:  # protobuf's own, for what is no message
            continue
        with tf.Graph().as_default() as graph:
            try:
                tf.import_graph_def(graph_def, name="")
                tensors = [t for op in graph.get_operations() for t in op.outputs]
                with tf.Session() as session:
                    session.run(tensors or tf.no_op())
            except (ValueError, tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
                refused += 1
    assert refused > 50


@pytest.mark.parametrize("name", ["while/inner:0", "while/add:0", "while/Merge:0", "while/Less:0"])
def test_what_every_turn_of_a_loop_makes_cannot_be_fetched(name: str) -> None:
    def body(i: Any) -> Any:
        return i + tf.constant(2, name="inner")

    with tf.Graph().as_default() as graph:
        result = tf.while_loop(lambda i: i < 5, body, [0])
        inner = next(op for op in graph.get_operations() if op.name == name[:-2])
        with tf.Session() as session, pytest.raises(ValueError, match="not fetchable"):
            session.run(inner.outputs[0])
        graph_def = graph.as_graph_def()
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(graph_def, name="")
        for fetches in (name, [result.name, name]):
            with pytest.raises(tf.errors.InvalidArgumentError, match="every turn of a loop"):
                session.run(fetches)
        assert session.run(result.name) == 6
