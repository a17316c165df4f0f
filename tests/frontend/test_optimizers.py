"""Optimizers: the graphs that they add are TensorFlow's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.ir.proto import MetaGraphDef, NodeDef
from tests.corpus import Pack

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "GradientDescent": lambda step: tf.train.GradientDescentOptimizer(0.1),
    "Momentum": lambda step: tf.train.MomentumOptimizer(0.1, 0.9),
    "MomentumNesterov": lambda step: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "Adagrad": lambda step: tf.train.AdagradOptimizer(0.1),
    "AdagradDA": lambda step: tf.train.AdagradDAOptimizer(0.1, step),
    "Adadelta": lambda step: tf.train.AdadeltaOptimizer(0.1),
    "RMSProp": lambda step: tf.train.RMSPropOptimizer(0.1),
    "RMSPropCentered": lambda step: tf.train.RMSPropOptimizer(0.1, centered=True),
    "Adam": lambda step: tf.train.AdamOptimizer(0.1),
    "ProximalGradientDescent": lambda step: tf.train.ProximalGradientDescentOptimizer(0.1),
    "ProximalAdagrad": lambda step: tf.train.ProximalAdagradOptimizer(0.1),
}
# Where the corpus, written by a newer TensorFlow, differs from version 1.15.
NEWER = ("gradients/", "save/", "Adam/update_")


def reference(shared: Path, name: str, kind: str) -> dict[str, NodeDef]:
    """The nodes of TensorFlow's graph of the linear model."""
    pack = Pack(next((shared / "golden/training").glob("linear.npz")))
    case = next(c for c in pack.cases if c["id"] == f"linear/{name}/{kind}")
    graph = MetaGraphDef.FromString(pack.blob(case["graph"])).graph_def
    return {node.name: node for node in graph.node if not node.name.startswith(NEWER)}


def linear_model(optimizer: Callable[[Any], Any]) -> Any:
    """The model as the corpus has it; returns the training operation."""
    x = tf.placeholder(tf.float32, [None, 5], name="x")
    y = tf.placeholder(tf.float32, [None, 1], name="y")
    w = tf.Variable(tf.constant(np.zeros((5, 1), np.float32)), name="w")
    product = tf.matmul(x, w)
    b = tf.Variable(tf.constant(np.zeros(1, np.float32)), name="b")
    loss = tf.reduce_mean(tf.squared_difference(product + b, y), name="loss")
    step = tf.train.get_or_create_global_step()
    train_op = optimizer(step).minimize(loss, global_step=step)
    tf.global_variables_initializer()
    return train_op


def attributes(node: NodeDef) -> dict[str, Any]:
    """What must agree; newer versions of TensorFlow add attributes."""
    kept = ("_class", "T", "dtype", "shape", "shared_name", "use_nesterov", "use_locking")
    return {name: node.attr[name] for name in kept if name in node.attr}


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_graph_is_tensorflows(shared: Path, name: str, kind: str) -> None:
    if kind == "ref":
        tf.disable_resource_variables()
    linear_model(OPTIMIZERS[name])
    ours = {
        n.name: n
        for n in tf.get_default_graph().as_graph_def().node
        if not n.name.startswith(NEWER)
    }
    theirs = reference(shared, name, kind)
    assert sorted(ours) == sorted(theirs)
    for key, node in theirs.items():
        assert ours[key].op == node.op, key
        assert attributes(ours[key]) == attributes(node), key
        inputs = [i for i in node.input if "_grad/" not in i]
        assert sorted(i for i in ours[key].input if "_grad/" not in i) == sorted(inputs), key


def sparse_model() -> tuple[Any, Any]:
    table = tf.get_variable("table", [10, 4])
    loss = tf.reduce_sum(tf.nn.embedding_lookup(table, tf.placeholder(tf.int32, [3], name="ids")))
    return table, loss


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize(
    ("name", "op"),
    [
        ("GradientDescent", {"ref": "ScatterSub", "resource": "ResourceScatterAdd"}),
        ("Momentum", {"ref": "SparseApplyMomentum", "resource": "ResourceSparseApplyMomentum"}),
        ("RMSProp", {"ref": "SparseApplyRMSProp", "resource": "ResourceSparseApplyRMSProp"}),
        ("Adam", {"ref": "ScatterAdd", "resource": "ResourceScatterAdd"}),
    ],
)
def test_sparse_updates(name: str, op: dict[str, str], kind: str) -> None:
    if kind == "ref":
        tf.disable_resource_variables()
    _, loss = sparse_model()
    OPTIMIZERS[name](None).minimize(loss)
    made = [o.type for o in tf.get_default_graph().get_operations() if "/update_table/" in o.name]
    assert op[kind] in made
    assert ("Unique" in made) == (name != "GradientDescent")


def test_slots() -> None:
    w = tf.get_variable("w", [2])
    optimizer = tf.train.AdamOptimizer()
    optimizer.minimize(tf.reduce_sum(w * w))
    assert optimizer.get_slot_names() == ["m", "v"]
    assert optimizer.get_slot(w, "m").name == "w/Adam:0"
    assert optimizer.get_slot(w, "v").name == "w/Adam_1:0"
    assert [v.name for v in optimizer.variables()] == [
        "beta1_power:0",
        "beta2_power:0",
        "w/Adam:0",
        "w/Adam_1:0",
    ]
    assert w in tf.trainable_variables()
    assert len(tf.trainable_variables()) == 1


def test_what_cannot_be_minimized() -> None:
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    with pytest.raises(ValueError, match="No variables to optimize"):
        optimizer.minimize(tf.constant(1.0))
    w = tf.get_variable("w", [2])
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.minimize(tf.constant(1.0))
    with pytest.raises(ValueError, match=r"Invalid type tf\.int32"):
        optimizer.minimize(tf.constant(1))
    with pytest.raises(ValueError, match="gate_gradients must be one of"):
        optimizer.compute_gradients(tf.reduce_sum(w), gate_gradients=7)
    with pytest.raises(ValueError, match="No variables provided"):
        optimizer.apply_gradients([])


def test_constraints_follow_the_update() -> None:
    w = tf.get_variable("w", [2], constraint=lambda v: tf.clip_by_value(v, 0.0, 1.0))
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(w))
    (assign,) = train_op.control_inputs
    assert assign.type == "AssignVariableOp"
    waiting, seen = [assign], set()
    while waiting:
        op = waiting.pop()
        seen.add(op.type)
        waiting += [*op.control_inputs, *(t.op for t in op.inputs)]
    assert "ResourceApplyGradientDescent" in seen


def test_moving_average() -> None:
    w = tf.get_variable("w", [2])
    average = tf.train.ExponentialMovingAverage(0.9)
    update = average.apply([w])
    shadow = average.average(w)
    assert shadow.name == "w/ExponentialMovingAverage:0"
    assert average.average_name(w) == "w/ExponentialMovingAverage"
    assert [op.type for op in update.control_inputs] == ["AssignSubVariableOp"]
    assert average.variables_to_restore() == {"w/ExponentialMovingAverage": w}
    with pytest.raises(TypeError, match="must be half, float, or double"):
        average.apply([tf.Variable(1)])


@pytest.mark.parametrize(
    "decay",
    [
        lambda step: tf.train.exponential_decay(0.1, step, 10, 0.9, staircase=True),
        lambda step: tf.train.polynomial_decay(0.1, step, 10, cycle=True),
        lambda step: tf.train.natural_exp_decay(0.1, step, 10, 0.9),
        lambda step: tf.train.inverse_time_decay(0.1, step, 10, 0.9),
        lambda step: tf.train.piecewise_constant(step, [5, 10], [0.1, 0.01, 0.001]),
        lambda step: tf.train.cosine_decay(0.1, step, 10),
        lambda step: tf.train.cosine_decay_restarts(0.1, step, 10),
        lambda step: tf.train.linear_cosine_decay(0.1, step, 10),
    ],
)
def test_decays_are_scalars(decay: Callable[[Any], Any]) -> None:
    rate = decay(tf.train.get_or_create_global_step())
    assert rate.dtype is tf.float32
    assert rate.shape == []


def test_global_step() -> None:
    assert tf.train.get_global_step() is None
    step = tf.train.create_global_step()
    assert tf.train.get_global_step() is step
    assert tf.train.get_or_create_global_step() is step
    with pytest.raises(ValueError, match="already exists"):
        tf.train.create_global_step()


def fed_constants(constants: dict[str, Any]) -> dict[str, Any]:
    """The hyperparameters and initial values of the corpus' model for the nodes of ours.

    The addend of the global step must not be fed: the updates hang on its control edges.
    """
    ours = [op for op in tf.get_default_graph().get_operations() if op.type == "Const"]
    skipped = ("gradients", "loss", "Const")
    return {
        f"{op.name}:0": tf.make_ndarray(constants[op.name])
        for op in ours
        if op.name in constants
        and not op.name.startswith(skipped)
        and not op.name.endswith(("/Const", "/value"))
    }


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_losses_are_tensorflows(shared: Path, name: str, kind: str) -> None:
    """The model of the corpus, built here and trained on the corpus' data."""
    if kind == "ref":
        tf.disable_resource_variables()
    pack = Pack(shared / "golden/training/linear.npz")
    case = next(c for c in pack.cases if c["id"] == f"linear/{name}/{kind}")
    graph = MetaGraphDef.FromString(pack.blob(case["graph"])).graph_def
    constants = {n.name: n.attr["value"].tensor for n in graph.node if n.op == "Const"}
    train_op = linear_model(OPTIMIZERS[name])
    fed = fed_constants(constants)
    initial = {f"{n}:0": tf.make_ndarray(constants[n]) for n in ("Const", "Const_1")}
    with tf.Session() as session:
        session.run("init", fed | initial)
        for step in case["steps"][1:-1]:
            feeds = {f["name"]: pack.value(f["value"]) for f in step["feeds"]}
            loss, _ = session.run(["loss:0", train_op], feeds | fed)
            expected = next(f for f in step["fetches"] if f["name"] == "loss:0")
            np.testing.assert_allclose(loss, pack.value(expected["value"]), rtol=1e-4, atol=1e-5)
