"""Variables of both kinds, variable scopes, initializers."""

from typing import Any

import pytest

import flowc as tf
from flowc.frontend.variables.reference import RefVariable
from flowc.frontend.variables.resource import ResourceVariable
from flowc.ops.registry import OPS


def test_kinds() -> None:
    assert isinstance(tf.Variable(1.0), ResourceVariable)
    assert isinstance(tf.Variable(1.0, use_resource=False), RefVariable)
    tf.disable_resource_variables()
    assert isinstance(tf.Variable(1.0), RefVariable)
    assert isinstance(tf.get_variable("w", [1], use_resource=True), ResourceVariable)
    assert all(isinstance(v, tf.Variable) for v in tf.global_variables())


@pytest.mark.parametrize("use_resource", [True, False])
def test_common_properties(use_resource: bool) -> None:
    w = tf.Variable([[1.0, 2.0]], name="w", use_resource=use_resource)
    assert w.name == "w:0"
    assert w.op.name == "w"
    assert w.dtype is tf.float32
    assert w.shape == [1, 2]
    assert w.initializer.name == "w/Assign"
    assert repr(w) == "<tf.Variable 'w:0' shape=(1, 2) dtype=float32>"
    assert (w * 2).shape == [1, 2]
    assert w[0].shape == [2]
    with pytest.raises(TypeError, match="not iterable"):
        list(w)


def test_bad_initial_values() -> None:
    with pytest.raises(ValueError, match="initial_value must be specified"):
        tf.Variable()
    with pytest.raises(ValueError, match="collections argument"):
        tf.Variable(1.0, collections="variables")
    with pytest.raises(ValueError, match="must have a shape specified"):
        tf.Variable(tf.placeholder(tf.float32), use_resource=False)


def test_assigning_a_resource_waits() -> None:
    w = tf.Variable([1.0, 2.0], name="w")
    assigned = w.assign_add([1.0, 1.0])
    assert assigned.op.type == "AssignAddVariableOp"
    assert assigned.value().op.control_inputs == [assigned.op]
    with pytest.raises(ValueError, match="are incompatible"):
        w.assign([1.0])
    assert w.assign(w, read_value=False).type == "AssignVariableOp"


def test_assigning_a_reference() -> None:
    w = tf.Variable([1.0, 2.0], name="w", use_resource=False)
    assert tf.assign(w, [3.0, 4.0]).op.type == "Assign"
    assert w.assign_sub([1.0, 1.0]).is_ref
    assert tf.scatter_add(w, [0], [1.0]).op.type == "ScatterAdd"
    with pytest.raises(TypeError, match="be a mutable tensor"):
        tf.assign(tf.constant(1.0), 2.0)


@pytest.mark.parametrize("use_resource", [True, False])
def test_proto_round_trip(use_resource: bool) -> None:
    w = tf.Variable(1.0, name="w", use_resource=use_resource, trainable=False)
    definition = w.to_proto()
    assert definition is not None
    assert definition.is_resource == use_resource
    again = tf.Variable.from_proto(definition)
    assert again.op is w.op
    assert again.initializer is w.initializer
    assert again.initial_value is w.initial_value
    assert not again.trainable


# get_variable and variable_scope


def test_sharing() -> None:
    with tf.variable_scope("a") as scope:
        w = tf.get_variable("w", [2])
        scope.reuse_variables()
        assert tf.get_variable("w") is w
    with tf.variable_scope("a", reuse=True):
        assert tf.get_variable("w", [2]) is w
    with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
        assert tf.get_variable("w") is w
        assert tf.get_variable("v", [1]).name == "a/v:0"


@pytest.mark.parametrize(
    ("arguments", "reuse", "message"),
    [
        ({"name": "w", "shape": [2]}, None, "Variable w already exists, disallowed"),
        ({"name": "v", "shape": [2]}, True, "Variable v does not exist, or was not created"),
        ({"name": "w", "shape": [3]}, True, r"specified shape \(3,\) and found shape \(2,\)"),
        ({"name": "w", "dtype": "int32"}, True, "specified dtype int32 and found dtype float32"),
        ({"name": "v"}, None, r"Shape of a new variable \(v\) must be fully defined"),
        ({"name": "v", "shape": [2], "initializer": 1.0}, None, "do not specify shape"),
    ],
)
def test_sharing_errors(arguments: dict[str, Any], reuse: Any, message: str) -> None:
    tf.get_variable("w", [2])
    scope = tf.variable_scope(tf.get_variable_scope(), reuse=reuse)
    with scope, pytest.raises(ValueError, match=message):
        tf.get_variable(**arguments)


def test_scope_names() -> None:
    with tf.variable_scope("a"):
        first = tf.get_variable("w", [1])
        with tf.variable_scope("b"):
            assert tf.get_variable("w", [1]).name == "a/b/w:0"
            assert tf.identity(first).op.name == "a/b/Identity"
    with tf.variable_scope("a", reuse=True):
        assert tf.get_variable("w") is first
        assert tf.identity(first).op.name == "a_1/Identity"


def test_default_names_are_made_unique() -> None:
    found = []
    for _ in range(2):
        with tf.variable_scope(None, default_name="layer") as scope:
            found.append((scope.name, tf.get_variable("w", [1]).name))
    assert found == [("layer", "layer/w:0"), ("layer_1", "layer_1/w:0")]
    with pytest.raises(TypeError, match="name_or_scope is required"):
        tf.variable_scope(None)


def test_defaults_of_a_scope() -> None:
    losses: list[str] = []

    def regularizer(w: Any) -> Any:
        losses.append(w.name)
        return tf.reduce_sum(w)

    with tf.variable_scope(
        "a",
        initializer=tf.ones_initializer(),
        regularizer=regularizer,
        dtype=tf.float64,
    ):
        w = tf.get_variable("w", [2])
    assert w.dtype is tf.float64
    assert w.initial_value.op.name == "a/w/Initializer/ones"
    assert losses == ["a/w:0"]
    assert [loss.op.name for loss in tf.losses.get_regularization_losses()] == [
        "a/w/Regularizer/Sum"
    ]


def test_custom_getters_nest() -> None:
    seen = []

    def getter(label: str) -> Any:
        def get(true_getter: Any, name: str, **kwargs: Any) -> Any:
            seen.append(label)
            return true_getter(name, **kwargs)

        return get

    outer = tf.variable_scope("a", custom_getter=getter("outer"))
    with outer, tf.variable_scope("b", custom_getter=getter("inner")):
        assert tf.get_variable("w", [1]).name == "a/b/w:0"
    assert seen == ["inner", "outer"]


def test_variable_scope_as_a_decorator() -> None:
    @tf.variable_scope("a", reuse=tf.AUTO_REUSE)
    def make() -> Any:
        return tf.get_variable("w", [1])

    assert make() is make()


# Initializers


def test_seeds() -> None:
    tf.set_random_seed(7)
    x = tf.random_uniform([2], name="a")
    y = tf.random_uniform([2], seed=3, name="b")
    uniforms = {op.name: op for op in tf.get_default_graph().get_operations()}
    assert uniforms["a/RandomUniform"].attrs["seed"] == 7
    assert uniforms["a/RandomUniform"].attrs["seed2"] == 3  # three constants stand before it
    assert uniforms["b/RandomUniform"].attrs["seed2"] == 3
    assert x.shape == y.shape == [2]
    tf.reset_default_graph()
    tf.random_normal([2], seed=5, name="c")
    normal = tf.get_default_graph().get_operation_by_name("c/RandomStandardNormal")
    assert (normal.attrs["seed"], normal.attrs["seed2"]) == (87654321, 5)


@pytest.mark.parametrize(
    ("initializer", "op"),
    [
        (tf.zeros_initializer(), "Const"),
        (tf.constant_initializer([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), "Const"),
        (tf.random_uniform_initializer(-1, 1), "Add"),
        (tf.truncated_normal_initializer(stddev=0.1), "Add"),
        (tf.variance_scaling_initializer(), "Add"),
        (tf.uniform_unit_scaling_initializer(), "Add"),
        (tf.glorot_normal_initializer, "Add"),
        (tf.initializers.he_uniform(), "Add"),
        (tf.initializers.orthogonal(), "Mul"),
        (lambda shape, dtype, partition_info=None: tf.fill(shape, tf.cast(3, dtype)), "Fill"),
        (lambda shape: tf.ones(shape), "Const"),
    ],
)
def test_initializers(initializer: Any, op: str) -> None:
    if op == "Mul" and "Qr" not in OPS:
        pytest.skip("the op Qr is not there yet")
    w = tf.get_variable("w", [2, 3], initializer=initializer)
    assert w.shape == [2, 3]
    assert w.initial_value.op.type == op


def test_initializer_configuration() -> None:
    initializer = tf.variance_scaling_initializer(2.0, "fan_out", "uniform", seed=3)
    again = type(initializer).from_config(initializer.get_config())
    assert vars(again) == vars(initializer)
    with pytest.raises(ValueError, match="Invalid `mode`"):
        tf.variance_scaling_initializer(mode="fan")


def test_a_value_to_begin_with_decides_the_dtype() -> None:
    values = {"a": 4, "b": True, "c": 1.0, "d": [1, 2], "e": tf.constant(3)}
    kinds = [tf.get_variable(name, initializer=value).dtype for name, value in values.items()]
    assert kinds == [tf.int32, tf.bool, tf.float32, tf.int32, tf.int32]
    with pytest.raises(ValueError, match="Initializer type 'int32' and explicit dtype 'float32'"):
        tf.get_variable("f", dtype=tf.float32, initializer=4)


@pytest.mark.parametrize("use_resource", [None, False])
def test_a_shape_that_is_not_known_is_refused(use_resource: bool | None) -> None:
    size = tf.placeholder(tf.int32, [])
    with pytest.raises(ValueError, match="initial_value must have a shape specified"):
        tf.Variable(tf.zeros([size]), use_resource=use_resource)
    with pytest.raises(ValueError, match="initial_value must have a shape specified"):
        tf.get_variable("v", initializer=tf.zeros([size]), use_resource=use_resource)
    free = tf.Variable(tf.zeros([size]), validate_shape=False, use_resource=use_resource)
    assert free.shape.dims is None
    with tf.Session() as session:
        session.run(free.initializer, {size: 3})
        assert session.run(free).tolist() == [0, 0, 0]


def test_a_program_that_asks_for_resources_may_leave_sizes_open() -> None:
    size = tf.placeholder(tf.int32, [])
    assert tf.Variable(tf.zeros([size]), use_resource=True).shape.as_list() == [None]
    tf.enable_resource_variables()
    assert tf.Variable(tf.placeholder(tf.float32, [None, 2])).shape.as_list() == [None, 2]
    assert tf.Variable(tf.zeros([2]), validate_shape=False).shape.as_list() == [2]
