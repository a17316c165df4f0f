"""Functions of a graph's library, and `tf.function`: calls inside of calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import flowc as tf

Call = Callable[[Any, str, str, str], str]  # of a FunctionDef: node, called function, input
FLOAT = 1


@pytest.fixture(autouse=True)
def _empty_graph() -> None:
    tf.reset_default_graph()


def by_name(function: Any, node: str, called: str, given: str) -> str:
    """A node whose op is the function's name."""
    function.node_def.add(name=node, op=called, input=[given])
    return f"{node}:y:0"


def by_call(op: str) -> Call:
    """A node that names the function in an attribute."""

    def call(function: Any, node: str, called: str, given: str) -> str:
        made = function.node_def.add(name=node, op=op, input=[given])
        made.attr["f"].func.name = called
        made.attr["Tin"].list.type.append(FLOAT)
        made.attr["Tout"].list.type.append(FLOAT)
        return f"{node}:output:0"

    return call


CALLS = {op: by_call(op) for op in ("PartitionedCall", "StatefulPartitionedCall")}
CALLS["name"] = by_name


def new_function(graph_def: Any, name: str) -> Any:
    function = graph_def.library.function.add()
    function.signature.name = name
    function.signature.input_arg.add(name="x", type=FLOAT)
    function.signature.output_arg.add(name="y", type=FLOAT)
    return function


def add_node(function: Any, name: str, op: str, *inputs: str) -> str:
    node = function.node_def.add(name=name, op=op, input=inputs)
    node.attr["T"].type = FLOAT
    return f"{name}:z:0"


def called(graph_def: Any, name: str) -> Any:
    """The result of calling a function of the library, and the placeholder that it is given."""
    x = tf.placeholder(tf.float32, [], name="x")
    node = graph_def.node.add(name="call", op="PartitionedCall", input=["x"])
    node.attr["f"].func.name = name
    node.attr["Tin"].list.type.append(FLOAT)
    node.attr["Tout"].list.type.append(FLOAT)
    graph_def.versions.producer = 1000
    found = tf.import_graph_def(graph_def, {"x": x}, ["call:0"], name="")
    assert found is not None
    return x, found[0]


@pytest.mark.parametrize("kind", CALLS)
def test_functions_that_call_each_other_twice(kind: str) -> None:
    graph_def = tf.GraphDef()
    leaf = new_function(graph_def, "f0")
    leaf.ret["y"] = add_node(leaf, "sum", "AddV2", "x", "x")
    for level in range(1, 25):
        function = new_function(graph_def, f"f{level}")
        parts = [CALLS[kind](function, node, f"f{level - 1}", "x") for node in ("a", "b")]
        function.ret["y"] = add_node(function, "larger", "Maximum", *parts)
    x, y = called(graph_def, "f24")
    with tf.Session() as session:
        assert session.run(y, {x: 3.0}) == 6


@pytest.mark.parametrize("kind", CALLS)
def test_recursion_is_an_error(kind: str) -> None:
    graph_def = tf.GraphDef()
    for name, other in (("f", "g"), ("g", "f")):
        function = new_function(graph_def, name)
        sums = [add_node(function, f"s{i}", "AddV2", "x", "x") for i in range(2)]
        parts = [CALLS[kind](function, f"c{i}", other, sums[i]) for i in range(2)]
        function.ret["y"] = add_node(function, "sum", "AddV2", *parts)
    x, y = called(graph_def, "f")
    with (
        tf.Session() as session,
        pytest.raises(
            tf.errors.InvalidArgumentError, match=r"calls itself without end.* by way of f, g"
        ),
    ):
        session.run(y, {x: 3.0})


def test_too_many_calls_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.compiler.structure.library._MOST_NODES", 1000)
    graph_def = tf.GraphDef()
    leaf = new_function(graph_def, "f0")
    leaf.ret["y"] = add_node(leaf, "sum", "AddV2", "x", "x")
    for level in range(1, 25):
        function = new_function(graph_def, f"f{level}")
        inner = by_name(function, "a", f"f{level - 1}", "x")
        function.ret["y"] = by_name(function, "b", f"f{level - 1}", inner)
    x, y = called(graph_def, "f24")
    with tf.Session() as session, pytest.raises(tf.errors.ResourceExhaustedError, match="calls"):
        session.run(y, {x: 3.0})


def test_calls_with_effects_are_not_one() -> None:
    graph_def = tf.GraphDef()
    draw = new_function(graph_def, "draw")
    shape = draw.node_def.add(name="shape", op="Const")
    shape.attr["dtype"].type = tf.int32.as_datatype_enum
    shape.attr["value"].tensor.CopyFrom(tf.make_tensor_proto([], tf.int32))
    number = draw.node_def.add(name="number", op="RandomUniform", input=["shape:output:0"])
    number.attr["T"].type = tf.int32.as_datatype_enum
    number.attr["dtype"].type = FLOAT
    draw.ret["y"] = "number:output:0"
    twice = new_function(graph_def, "twice")
    parts = [CALLS["StatefulPartitionedCall"](twice, node, "draw", "x") for node in ("a", "b")]
    twice.ret["y"] = add_node(twice, "difference", "Sub", *parts)
    x, y = called(graph_def, "twice")
    with tf.Session() as session:
        assert session.run(y, {x: 3.0}) != 0


# tf.function


def test_python_functions_that_call_each_other_twice() -> None:
    calls = []

    def leaf(x: Any) -> Any:
        calls.append(x)
        return x * 2.0

    def make(level: int) -> Any:
        if not level:
            return tf.function(leaf)
        inner = make(level - 1)
        return tf.function(lambda x: tf.maximum(inner(x), inner(x)))

    x = tf.placeholder(tf.float32, [])
    outer = make(24)
    with tf.Session() as session:
        assert session.run(outer(x), {x: 3.0}) == 6
        assert session.run(outer(x + 1.0), {x: 3.0}) == 8
    assert len(calls) == 2


def test_a_python_function_with_effects_runs_each_time() -> None:
    v = tf.Variable(0.0)
    step = tf.function(lambda: v.assign_add(1.0).value())
    first, second = step(), step()
    assert first is not second
    with tf.Session() as session:
        session.run(v.initializer)
        session.run([first, second])
        assert session.run(v) == 2


def test_a_python_function_in_a_branch_has_operations_of_its_own() -> None:
    f = tf.function(lambda x: x + 1.0)
    x, yes = tf.placeholder(tf.float32, []), tf.placeholder(tf.bool, [])
    branches = tf.cond(yes, lambda: f(x) * 2.0, lambda: f(x))
    with tf.Session() as session:
        assert session.run([branches, f(x)], {x: 1.0, yes: True}) == [4, 2]
        assert session.run([branches, f(x)], {x: 1.0, yes: False}) == [2, 2]


# Gradients of functions


@pytest.mark.parametrize("kind", CALLS)
def test_the_gradient_of_a_call(kind: str) -> None:
    graph_def = tf.GraphDef()
    inner = new_function(graph_def, "cube")
    square = add_node(inner, "square", "Mul", "x", "x")
    inner.ret["y"] = add_node(inner, "cube", "Mul", square, "x")
    outer = new_function(graph_def, "outer")
    cube = CALLS[kind](outer, "call", "cube", "x")
    outer.ret["y"] = add_node(outer, "double", "AddV2", cube, cube)
    x, y = called(graph_def, "outer")
    (first,) = tf.gradients(y * 2.0, x)
    with tf.Session() as session:
        assert session.run([y, first], {x: 3.0}) == [54, 108]


def test_a_function_may_name_its_gradient() -> None:
    graph_def = tf.GraphDef()
    function = new_function(graph_def, "f")
    function.ret["y"] = add_node(function, "square", "Mul", "x", "x")
    gradient = new_function(graph_def, "slope")
    gradient.signature.input_arg.add(name="dy", type=FLOAT)
    gradient.ret["y"] = add_node(gradient, "sum", "AddV2", "x", "dy")
    graph_def.library.gradient.add(function_name="f", gradient_func="slope")
    x, y = called(graph_def, "f")
    (grad,) = tf.gradients(y, x)
    assert len(tf.get_default_graph().as_graph_def().library.gradient) == 1
    with tf.Session() as session:
        assert session.run(grad, {x: 3.0}) == 4


def test_a_function_without_a_gradient() -> None:
    graph_def = tf.GraphDef()
    function = new_function(graph_def, "f")
    node = function.node_def.add(name="rest", op="TruncateMod", input=["x", "x"])
    node.attr["T"].type = FLOAT
    function.ret["y"] = "rest:z:0"
    x, y = called(graph_def, "f")
    (grad,) = tf.gradients(y, x)
    with (
        tf.Session() as session,
        pytest.raises(
            tf.errors.InvalidArgumentError, match="No gradient defined for operation 'rest'"
        ),
    ):
        session.run(grad, {x: 3.0})
