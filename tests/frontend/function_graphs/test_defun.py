"""Functions in a graph's library: built, called, differentiated, read back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

import flowc as tf
from flowc.frontend.function_graphs.defun import Defun

VECTOR = np.array([1.0, 2.0], np.float32)


def run(tensors: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(tensors, feeds)


def library() -> list[str]:
    return [f.signature.name for f in tf.get_default_graph().as_graph_def().library.function]


def test_a_call_is_one_node() -> None:
    @Defun(tf.float32, tf.float32, func_name="Product", out_names=["z"], noinline=True)
    def product(x: Any, y: Any) -> Any:
        return x * y

    a, b = tf.placeholder(tf.float32, [2]), tf.constant(VECTOR)
    z = product(a, b, name="call")
    assert (z.op.type, z.op.name) == ("Product", "call")
    assert list(z.op.inputs) == [a, b]
    made = product.definition
    assert [argument.name for argument in made.signature.input_arg] == ["x", "y"]
    assert [argument.name for argument in made.signature.output_arg] == ["z"]
    assert made.attr["_noinline"].b
    assert library() == ["Product"]
    np.testing.assert_array_equal(run(z, {a: [3, 4]}), [3, 8])


def test_results() -> None:
    @Defun(tf.float32)
    def several(x: Any) -> Any:
        return x + 1.0, tf.split(x, 2)[1], tf.constant(7)

    @Defun(tf.int32)
    def itself(x: Any) -> Any:
        return x

    plus, half, seven = run(several(tf.constant(VECTOR)))
    assert (plus.tolist(), half.tolist(), seven) == ([2, 3], [2], 7)
    assert run(itself(5)) == 5

    @Defun()
    def nothing() -> None:
        tf.constant(1)

    assert nothing().type == nothing.name
    run(nothing())


def test_dtypes_of_the_call() -> None:
    @Defun(func_name="twice")
    def twice(x: Any) -> Any:
        return x + x

    whole, real = twice(tf.constant(2)), twice(tf.constant(2.5))
    assert (whole.op.type, real.op.type) == ("twice_int32", "twice_float32")
    assert run([whole, real]) == [4, 5.0]


def test_tensors_of_the_graph_around_are_arguments() -> None:
    outside = tf.constant(VECTOR) * 2.0
    variable = tf.Variable(VECTOR)

    @Defun(tf.float32)
    def inner(x: Any) -> Any:
        return x + outside

    @Defun(tf.float32)
    def outer(x: Any) -> Any:
        weight = tf.get_variable("weight", [2], initializer=tf.ones_initializer())
        return inner(x) * variable + weight

    x = tf.placeholder(tf.float32, [2])
    y = outer(x)
    assert outer(x).op.type == y.op.type
    assert [v.op.name for v in tf.global_variables()] == ["Variable", "weight"]
    assert len(outer.captured_inputs) == 3
    assert len(inner.captured_inputs) == 1
    expected = (VECTOR + 2 * VECTOR) * VECTOR + 1
    gradients = tf.gradients(y, [x, outside, *tf.global_variables()])
    found, *by = run([y, *gradients], {x: VECTOR})
    np.testing.assert_array_equal(found, expected)
    for one, wanted in zip(by, [VECTOR, VECTOR, 3 * VECTOR, [1, 1]], strict=True):
        np.testing.assert_array_equal(one, wanted)


def test_gradients_call_a_function() -> None:
    @Defun(tf.float32, tf.int32)
    def power(x: Any, n: Any) -> Any:
        return x ** tf.cast(n, tf.float32), n + 1

    x = tf.placeholder(tf.float32, [])
    y = power(x, 3)[0]
    (gradient,) = tf.gradients(y, x)
    assert gradient.op.type == "SymbolicGradient"
    assert run([y, gradient], {x: 2.0}) == [8.0, 12.0]


@pytest.mark.parametrize("how", ["loop", "branch"])
def test_control_flow_in_a_function_that_is_called_twice(how: str) -> None:
    def cubed(x: Any) -> Any:
        if how == "branch":
            return tf.cond(x > 0.0, lambda: x * x * x, lambda: -x)
        return tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * x), [0, 1.0])[1]

    @Defun(tf.float32)
    def function(x: Any) -> Any:
        x.set_shape([])
        return cubed(x)

    x = tf.placeholder(tf.float32, [])
    y = function(function(x))
    assert run([y, *tf.gradients(y, x)], {x: 2.0}) == [512.0, 9 * 256.0]


def test_gradients_of_ones_own() -> None:
    @Defun(tf.float32, tf.float32)
    def backwards(x: Any, grad: Any) -> Any:
        return grad * x * 100.0

    @Defun(tf.float32, grad_func=backwards)
    def by_function(x: Any) -> Any:
        return x * x

    def by_python(op: Any, grad: Any) -> Any:
        return grad * op.inputs[0] * 10.0

    @Defun(tf.float32, python_grad_func=by_python)
    def in_python(x: Any) -> Any:
        return x * x

    x = tf.constant(3.0)
    found = [tf.gradients(function(x), x)[0] for function in (by_function, in_python)]
    assert run(found) == [300.0, 30.0]


def test_calls_and_gradients_are_read_back() -> None:
    @Defun(tf.float32)
    def square(x: Any) -> Any:
        return x * x

    x = tf.placeholder(tf.float32, [], name="x")
    gradient = tf.gradients(square(x), x)[0].name
    graph_def = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default():
        tf.import_graph_def(graph_def, name="")
        with tf.Session() as session:
            assert session.run(gradient, {"x:0": 3.0}) == 6.0


def test_a_call_of_a_function_that_was_read_has_a_gradient() -> None:
    @Defun(tf.float32)
    def square(x: Any) -> Any:
        return x * x

    x = tf.placeholder(tf.float32, [], name="x")
    name = square(x).name
    graph_def = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        y, x = graph.get_tensor_by_name(name), graph.get_tensor_by_name("x:0")
        (gradient,) = tf.gradients(y, x)
        with tf.Session() as session:
            assert session.run(gradient, {x: 3.0}) == 6.0


GENERIC = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
node { name: "w" op: "Placeholder" attr { key: "dtype" value { type: DT_DOUBLE } } }
node { name: "y" op: "square" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "v" op: "square" input: "w" attr { key: "T" value { type: DT_DOUBLE } } }
library { function {
  signature {
    name: "square"
    input_arg { name: "a" type_attr: "T" } output_arg { name: "b" type_attr: "T" }
    attr { name: "T" type: "type" }
  }
  node_def { name: "mul" op: "Mul" input: "a" input: "a"
             attr { key: "T" value { placeholder: "T" } } }
  ret { key: "b" value: "mul:z:0" }
} }
"""


def test_each_dtype_of_a_function_has_a_gradient_of_its_own() -> None:
    graph_def = text_format.Parse(GENERIC, tf.GraphDef())
    names = ("x:0", "w:0", "y:0", "v:0")
    x, w, y, v = tf.import_graph_def(graph_def, return_elements=names, name="") or []
    gradients = [tf.gradients(y, x)[0], tf.gradients(v, w)[0]]
    assert [g.dtype for g in gradients] == [tf.float32, tf.float64]
    assert run(gradients, {x: 3.0, w: 4.0}) == [6.0, 8.0]
    again = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default():
        tf.import_graph_def(again, name="")
        with tf.Session() as session:
            names = tuple(g.name for g in gradients)
            assert session.run(names, {"x:0": 3.0, "w:0": 4.0}) == (6.0, 8.0)


def test_wrong_calls() -> None:
    @Defun(tf.float32)
    def function(x: Any) -> Any:
        return x

    with pytest.raises(ValueError, match="Expected number of arguments: 1, received: 2"):
        function(1.0, 2.0)
    with pytest.raises(ValueError, match="fewer arguments than the number of specified"):
        Defun(tf.float32, tf.float32)(lambda x: x)
    with pytest.raises(ValueError, match="more arguments than specified input types"):
        Defun(tf.float32)(lambda x, y: x)
    with pytest.raises(ValueError, match="can not return None"):
        Defun(tf.float32)(lambda x: (x, None))(1.0)
