"""The structure of derivatives; their values are tested with the ops."""

from typing import Any

import numpy as np
import pytest

import flowc as tf


def names() -> list[str]:
    return [op.name for op in tf.get_default_graph().get_operations()]


def test_names_and_seed_of_the_backward_pass() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.tanh(x, name="y")
    (grad,) = tf.gradients(y, x)
    assert names()[2:5] == ["gradients/grad_ys_0", "gradients/Shape", "gradients/Fill"]
    assert grad.op.name == "gradients/y_grad/TanhGrad"
    assert grad.shape == [2]


def test_nothing_depends_on_it() -> None:
    x, z = tf.constant(1.0), tf.constant(2.0)
    assert tf.gradients(x * 2, [z, x])[0] is None
    zero = tf.gradients(x * 2, z, unconnected_gradients="zero")[0]
    assert zero.op.type == "Const"
    assert tf.gradients(tf.cast(x, tf.int32), x) == [None]
    assert tf.gradients(tf.stop_gradient(x), x) == [None]


def test_several_paths_are_added() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.exp(x) + tf.sin(x) + tf.cos(x)
    (grad,) = tf.gradients(y, x)
    assert grad.op.type == "AddN"
    assert grad.op.name == "gradients/AddN"
    assert len(grad.op.inputs) == 3


def test_stop_gradients_and_grad_ys() -> None:
    a = tf.constant(1.0)
    b = tf.exp(a)
    c = a * b
    held = tf.gradients(c, a, stop_gradients=[b])[0]
    assert b.op not in {
        t.op
        for op in tf.get_default_graph().get_operations()
        if op.name.startswith("gradients/Exp_grad")
        for t in op.inputs
    }
    assert held is not None
    seed = tf.constant(3.0)
    assert tf.gradients(tf.identity(a), a, grad_ys=seed) == [seed]
    with pytest.raises(ValueError, match="Passed 2 grad_ys for 1 ys"):
        tf.gradients(c, a, grad_ys=[seed, seed])
    with pytest.raises(TypeError, match="Gradient type int32"):
        tf.gradients(c, a, grad_ys=tf.constant(1))


def test_a_y_that_another_y_reads() -> None:
    x = tf.constant(2.0)
    y = x * 3.0
    z = y * 5.0
    grads = tf.gradients([y, z], [x, y])
    assert [g is not None for g in grads] == [True, True]


def test_gathers_give_slices() -> None:
    table = tf.get_variable("table", [10, 4])
    rows = tf.nn.embedding_lookup(table, [1, 2, 1])
    other = tf.nn.embedding_lookup(table, [3])
    (grad,) = tf.gradients([rows, other], [table])
    assert isinstance(grad, tf.IndexedSlices)
    assert grad.values.op.type == "ConcatV2"
    assert grad.indices.shape == [4]
    dense = tf.convert_to_tensor(grad)
    assert dense.op.type == "UnsortedSegmentSum"
    assert dense.shape == [10, 4]
    (mixed,) = tf.gradients([rows, tf.reduce_sum(table)], [table])
    assert mixed.op.type == "AddN"


def test_gating() -> None:
    a, b = tf.placeholder(tf.float32, [2, 2]), tf.placeholder(tf.float32, [2, 2])
    grads = tf.gradients(tf.matmul(a, b), [a, b], gate_gradients=True)
    assert [g.op.name for g in grads] == [
        "gradients/MatMul_grad/tuple/control_dependency",
        "gradients/MatMul_grad/tuple/control_dependency_1",
    ]
    assert [op.name for op in grads[0].op.control_inputs] == [
        "gradients/MatMul_grad/tuple/group_deps"
    ]


def test_colocation() -> None:
    x = tf.placeholder(tf.float32, [2])
    (grad,) = tf.gradients(tf.tanh(x, name="y"), x, colocate_gradients_with_ops=True)
    assert grad.op.colocation_groups() == [b"loc:@y"]


def test_undefined_gradient() -> None:
    x = tf.placeholder(tf.float32, [2])
    y = tf.get_default_graph().build("Snapshot", x, name="snap")
    with pytest.raises(
        LookupError, match=r"No gradient defined for operation 'snap' \(op type: Snap"
    ):
        tf.gradients(y, x)


def test_registered_gradients() -> None:
    @tf.RegisterGradient("TestScale")
    def _(op: Any, grad: Any) -> Any:
        return grad * 10.0

    with pytest.raises(KeyError, match="Registering two gradient with name 'TestScale'"):
        tf.RegisterGradient("TestScale")(lambda op, grad: grad)
    x = tf.constant(1.0)
    with tf.get_default_graph().gradient_override_map({"Identity": "TestScale"}):
        y = tf.identity(x)
    (grad,) = tf.gradients(y, x)
    assert grad.op.type == "Mul"


def test_wrong_number_of_gradients() -> None:
    tf.RegisterGradient("TestTooMany")(lambda op, grad: [grad, grad])
    x = tf.constant(1.0)
    with tf.get_default_graph().gradient_override_map({"Exp": "TestTooMany"}):
        y = tf.exp(x)
    with pytest.raises(ValueError, match="Num gradients 2 generated for op"):
        tf.gradients(y, x)


def test_custom_gradient() -> None:
    @tf.custom_gradient
    def clipped(x: Any) -> Any:
        return tf.identity(x), lambda grad: tf.clip_by_norm(grad, 1.0)

    x = tf.placeholder(tf.float32, [3])
    (grad,) = tf.gradients(clipped(x), x)
    assert "clip_by_norm" in grad.op.name


def test_hessians() -> None:
    x = tf.placeholder(tf.float32, [2])
    (hessian,) = tf.hessians(tf.reduce_sum(x * x * x), x)
    assert hessian.shape == [2, 2]
    with pytest.raises(ValueError, match="is not known"):
        tf.hessians(tf.reduce_sum(tf.exp(tf.placeholder_with_default(x, [None]))), x) and None
        unknown = tf.placeholder(tf.float32, [None])
        tf.hessians(tf.reduce_sum(tf.exp(unknown)), unknown)


@pytest.mark.parametrize("value", [3.0, [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_a_sum_over_an_unknown_rank(value: Any) -> None:
    x = tf.placeholder(tf.float32)
    gradient = tf.gradients(tf.reduce_sum(x * x), x)[0]
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(gradient, {x: value}), 2 * np.array(value))


SECOND = {
    "loop variable": lambda x: tf.while_loop(
        lambda i, s: i < 3, lambda i, s: (i + 1, s * s), [0, x]
    )[1],
    "behind": lambda x: tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * s), [0, x * x])[
        1
    ],
    "invariant": lambda x: tf.while_loop(
        lambda i, s: i < 3, lambda i, s: (i + 1, s * x), [0, tf.ones([2])]
    )[1],
    "map_fn": lambda x: tf.map_fn(lambda a: a * a, x),
    "scan": lambda x: tf.scan(lambda a, b: a * b, x),
    "another path": lambda x: tf.map_fn(lambda a: a * a, x) + x * x * x,
}


@pytest.mark.parametrize("name", SECOND)
def test_a_second_derivative_through_a_loop_is_an_error(name: str) -> None:
    x = tf.placeholder(tf.float32, [2])
    (first,) = tf.gradients(SECOND[name](x), x)
    with pytest.raises(TypeError, match="Second-order gradient for while loops not supported"):
        tf.gradients(first, x)


def test_second_derivatives_around_loops() -> None:
    x = tf.placeholder(tf.float32, [2])
    loop = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * 2.0), [0, x * x])[1]
    (first,) = tf.gradients(loop, x)
    (second,) = tf.gradients(first, x)
    held = tf.map_fn(lambda a: a * a, tf.stop_gradient(x) * tf.ones([2]))
    (other,) = tf.gradients(tf.gradients(held * x, held)[0] * x, x)
    with tf.Session() as session:
        assert session.run(second, {x: [1.0, 2.0]}).tolist() == [16, 16]
        assert session.run(other, {x: [1.0, 2.0]}).tolist() == [2, 4]
