"""What branches and bodies do to state, and that loops in loops are lowered in linear time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.compiler.graph import Node
from flowc.compiler.lowering import graph as lowering
from flowc.compiler.lowering import lower_graph
from flowc.compiler.placement import is_source
from flowc.compiler.request import Request, feed_like
from flowc.compiler.structure import Subgraph
from flowc.compiler.structure.effects import (
    Effects,
    Generator,
    Given,
    Gradients,
    Place,
    Variable,
    effects_of,
)
from flowc.compiler.structure.subgraph import branches_of
from flowc.frontend.apply import build
from flowc.frontend.function_graphs.defun import Defun
from flowc.ops.registry import OPS, Effect
from tests.compiler.requests import nodes_for
from tests.runtime import frames

DEPTHS = range(1, 8)


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def the(op: str, nodes: list[Node]) -> Node:
    (found,) = (node for node in nodes if node.op.removeprefix("Stateless") == op)
    return found


def of_body(*fetches: Any) -> tuple[Effects, list[str]]:
    """The effects of the only loop's body, and the loop's inputs."""
    loop = the("While", nodes_for(*fetches))
    return effects_of(loop.attributes["body"]), [edge.tensor for edge in loop.inputs]


def loop(step: Callable[[Any], Any], x: Any = 1.0) -> Any:
    """`step` twice; after what it returns, and what it depends on."""
    return tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, step(y)), [0, x])[1]


def after(update: Any, y: Any) -> Any:
    with tf.control_dependencies([update]):
        return y + 1.0


def variable(name: str = "v", resource: bool = True) -> Any:
    return tf.get_variable(name, [], initializer=tf.zeros_initializer(), use_resource=resource)


# Variables and generators


def test_what_is_read_and_what_is_assigned() -> None:
    read, assigned = variable("read"), variable("assigned")
    effects, _ = of_body(loop(lambda y: after(assigned.assign(y), y * read)))
    assert effects.on == {
        Variable("read", tf.float32): Effect.READS,
        Variable("assigned", tf.float32): Effect.CHANGES,
    }
    assert list(effects.changed) == [Variable("assigned", tf.float32)]


@pytest.mark.parametrize("resource", [True, False])
def test_optimizers_change_variables_and_slots(resource: bool) -> None:
    v, other = variable("v", resource), variable("other", resource)
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    pairs = [(tf.constant(1.0), v)]
    with tf.control_dependencies(None):
        optimizer._create_slots([v])

    def step(y: Any) -> Any:
        optimizer._prepare()
        return after(optimizer._update(*pairs[0]), y + other)

    effects, inputs = of_body(loop(step))
    slot = optimizer.get_slot(v, "momentum")
    assert stores(effects.changed, inputs) == {v.op.name, slot.op.name}


def stores(places: Any, inputs: list[str]) -> set[str]:
    """Names of variables; what is given to a loop of frames is a reference from outside."""
    found = set()
    for place in places:
        found.add(inputs[place.number] if isinstance(place, Given) else place.name)
    return {name.removesuffix(":0").removesuffix("/Enter") for name in found}


def test_the_generator_of_each_node_that_draws() -> None:
    effects, _ = of_body(loop(lambda y: y + tf.random_uniform([], seed=3, name="drawn")))
    (place,) = effects.changed
    assert isinstance(place, Generator)
    assert place.node.startswith("while/drawn") and place.seed2 == 3


def test_nothing_for_what_has_no_state() -> None:
    effects, _ = of_body(loop(lambda y: tf.sin(y) * tf.random.stateless_uniform([], [1, 2])))
    assert not effects.on


# Arrays, stacks, gradients


def test_arrays_that_are_read_or_written() -> None:
    size = tf.constant(2)
    read, written = (tf.TensorArray(tf.float32, size) for _ in range(2))
    read = read.unstack([1.0, 2.0])

    def body(i: Any, flow: Any) -> Any:
        array = written.identity()
        array._flow = flow
        return i + 1, array.write(i, read.read(i)).flow

    flow = tf.while_loop(lambda i, _: i < 2, body, [0, written.flow])[1]
    effects, inputs = of_body(flow)
    named = {inputs[place.number].split(":")[0]: effect for place, effect in given(effects)}
    assert named == {read.handle.op.name: Effect.READS, written.handle.op.name: Effect.ELEMENTS}


def given(effects: Effects) -> Iterator[tuple[Given, Effect]]:
    for place, effect in effects.on.items():
        assert isinstance(place, Given)
        yield place, effect


def test_arrays_made_inside_are_nobody_elses() -> None:
    def step(y: Any) -> Any:
        array = tf.TensorArray(tf.float32, 1).write(0, y)
        return array.read(0)

    effects, _ = of_body(loop(step))
    assert not effects.on


def test_gradients_of_a_loop_pop_stacks_and_write_arrays_of_gradients() -> None:
    x = tf.constant([1.0, 2.0])
    array = tf.TensorArray(tf.float32, 2).unstack(x)
    y = tf.while_loop(
        lambda i, _: i < 2, lambda i, y: (i + 1, tf.sin(y) * array.read(i)), [0, 1.0]
    )[1]
    (grad,) = tf.gradients(y, x)
    bodies = [n.attributes["body"] for n in nodes_for(grad) if "body" in n.attributes]
    forward, backward = (effects_of(body) for body in bodies)
    assert Effect.CHANGES in forward.changed.values()  # it pushes
    assert Effect.LENGTH in backward.changed.values()  # it pops
    (place,) = backward.gradients
    assert isinstance(place.of, Given) and place.source == "gradients"
    assert backward.on[place] == Effect.ELEMENTS


# Nesting


def test_branches_and_loops_inside_count() -> None:
    v, w = variable("v"), variable("w")

    def step(y: Any) -> Any:
        inner = loop(lambda z: after(v.assign_add(1.0), z), y)
        return tf.cond(inner > 3.0, lambda: after(w.assign(inner), inner), lambda: inner)

    effects, inputs = of_body(loop(step))
    assert stores(effects.changed, inputs) == {"v", "w"}


def test_loops_in_branches_count() -> None:
    v = variable("v")
    x = tf.placeholder(tf.float32, [])
    y = tf.cond(x > 0.0, lambda: loop(lambda z: after(v.assign_add(1.0), z), x), lambda: x)
    conditional = the("If", nodes_for(y))
    on_true, on_false = map(effects_of, branches_of(conditional))
    inputs = [edge.tensor for edge in conditional.inputs[1:]]
    assert stores(on_true.changed, inputs) == {"v"}
    assert not on_false.changed


def test_effects_are_found_once_for_each_subgraph() -> None:
    body = the("While", nodes_for(loop(lambda y: loop(tf.sin, y)))).attributes["body"]
    assert effects_of(body) is effects_of(body)
    inner: Subgraph = the("While", body.nodes).attributes["body"]
    assert effects_of(inner) is effects_of(inner)


def test_places_around_a_nested_subgraph() -> None:
    from flowc.compiler.structure.effects import translated

    array: Place = Gradients(Given(1), "s")
    assert translated(array, [None, Given(0)]) == Gradients(Given(0), "s")
    assert translated(array, [Given(0), None]) is None
    assert translated(Variable("v", tf.float32), []) == Variable("v", tf.float32)


# What ops declare


def test_ops_that_only_read_their_state_say_so() -> None:
    compiled = [d for d in OPS.values() if d.lower is not None and d.state_inputs]
    assert len(compiled) > 80
    assert {d.name for d in compiled if not d.effect} == {
        "DestroyResourceOp",
        "IsVariableInitialized",
        "ReadVariableOp",
        "RefIdentity",
        "ResourceGather",
        "ResourceGatherNd",
        "StackCloseV2",
        "TensorArrayCloseV3",
        "TensorArrayConcatV3",
        "TensorArrayGatherV3",
        "TensorArrayGradV3",
        "TensorArrayGradWithShape",
        "TensorArrayReadV3",
        "TensorArraySizeV3",
        "VarIsInitializedOp",
        "VariableShape",
    }


# Lowering


def plain(depth: int, x: Any) -> Any:
    return x * 2.0 if depth == 0 else loop(lambda y: plain(depth - 1, y), x)


def assigning(depth: int, x: Any) -> Any:
    if depth == 0:
        with tf.variable_scope(tf.get_variable_scope(), reuse=True):
            return after(variable().assign_add(1.0), x)
    return loop(lambda y: assigning(depth - 1, y), x)


def drawing(depth: int, x: Any) -> Any:
    return (
        x + tf.random_uniform([], seed=1)
        if depth == 0
        else loop(lambda y: drawing(depth - 1, y), x)
    )


def branching(depth: int, x: Any) -> Any:
    """Loops in branches in loops."""
    if depth == 0:
        return assigning(0, x)
    return loop(lambda y: tf.cond(y > 9.0, lambda: y, lambda: branching(depth - 1, y)), x)


def filling(depth: int, x: Any) -> Any:
    """An array of known elements that the innermost loop writes."""
    array = tf.TensorArray(tf.float32, 2, element_shape=[])

    def nest(level: int, y: Any, array: Any) -> Any:
        if level == 0:
            return y * 2.0, array.write(0, y)

        def body(i: Any, y: Any, array: Any) -> Any:
            return (i + 1, *nest(level - 1, y, array))

        return tf.while_loop(lambda i, *_: i < 2, body, [0, y, array])[1:]

    y, array = nest(depth, x, array)
    return y + array.read(0)


def functional(depth: int, x: Any) -> Any:
    """`While` nodes whose bodies are functions that call functions of their own."""
    kinds = (tf.int32, tf.float32, tf.resource)
    condition = Defun(*kinds, func_name="condition")(lambda i, y, v: i < 2)

    def nest(level: int, y: Any, v: Any) -> Any:
        if level == 0:
            update = build("AssignAddVariableOp", v, tf.constant(1.0))
            return after(update, y)
        body = Defun(*kinds, func_name=f"body{level}")(
            lambda i, y, v: (i + 1, nest(level - 1, y, v), v)
        )
        for function in (condition, body):
            function.add_to_graph(tf.get_default_graph())
        return build("While", [tf.constant(0), y, v], cond=condition.name, body=body.name)[1]

    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return nest(depth, x, variable().handle)


@pytest.fixture
def lowered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The nodes that are lowered, but for constants and variables: each region has its own."""
    names: list[str] = []
    lower = lowering._Lowering._lower_node

    def note(self: Any, node: Node) -> None:
        names.extend([] if is_source(node) else [node.name])
        lower(self, node)

    monkeypatch.setattr(lowering._Lowering, "_lower_node", note)
    return names


def lower(build: Callable[[int, Any], Any], depth: int) -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [], name="x")
        variable()
        y = build(depth, x)
        feed = feed_like("x:0", np.ones((), np.float32))
        variables = {"v": np.zeros((), np.float32)}
        lower_graph(Request("test", nodes_for(y), [feed], [y.name], variables))


@pytest.mark.parametrize("kind", [plain, assigning, drawing, branching, filling, functional])
def test_nested_loops_are_lowered_in_linear_time(
    kind: Callable[[int, Any], Any], lowered: list[str]
) -> None:
    counts = []
    for depth in DEPTHS:
        lowered.clear()
        lower(kind, depth)
        counts.append(len(lowered))
        assert len(set(lowered)) == len(lowered)
    steps = set(np.diff(counts).tolist())
    assert len(steps) == 1 and max(steps) < 25


def test_lists_whose_elements_are_unknown_do_not_multiply(lowered: list[str]) -> None:
    """The shape of the elements is learned by an attempt, at each level once."""

    def unknown(depth: int, x: Any) -> Any:
        array = tf.TensorArray(tf.float32, 2, element_shape=None)

        def nest(level: int, y: Any, array: Any) -> Any:
            if level == 0:
                return y * 2.0, array.write(0, y)

            def body(i: Any, y: Any, array: Any) -> Any:
                return (i + 1, *nest(level - 1, y, array))

            return tf.while_loop(lambda i, *_: i < 2, body, [0, y, array])[1:]

        y, array = nest(depth, x, array)
        return y + array.read(0)

    for depth in DEPTHS:
        lowered.clear()
        lower(unknown, depth)
        times = max(lowered.count(name) for name in lowered)
        assert times <= depth + 1


def test_gradient_arrays_begin_before_branches(lowered: list[str]) -> None:
    """Branches in branches, the innermost of which makes arrays of gradients."""
    for depth in (1, 3, 5):
        lowered.clear()

        def nested(depth: int, x: Any) -> Any:
            array = tf.TensorArray(tf.float32, 1, element_shape=[], clear_after_read=False)
            array = array.write(0, x)

            def nest(level: int) -> Any:
                if level == 0:
                    return array.read(0)
                return tf.cond(x > float(level), lambda: x, lambda: nest(level - 1))

            return tf.gradients(nest(depth), x)[0]

        lower(nested, depth)
        assert len(set(lowered)) == len(lowered)


# Running


def test_a_loop_may_assign_what_was_not_read_before() -> None:
    v = variable()
    y = frames.loop(
        lambda i, x: i < 3, lambda i, x: (i + 1, after(v.assign(x * 2.0), x)), [0, tf.constant(1.0)]
    )[1]
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(y) == 4
        assert session.run(v) == 6


def test_state_without_a_value_is_missed_where_it_is_read() -> None:
    v = variable()
    y = loop(lambda y: after(v.assign_add(1.0), y))
    with tf.Session() as session, pytest.raises(tf.errors.FailedPreconditionError):
        session.run(y)


def computed(kind: Any, depth: int, x: float) -> tuple[float, int]:
    """What a nest of loops gives, and how often its innermost part runs."""
    if depth == 0:
        return (x * 2 if kind is filling else x + 1), 1
    times = 0
    for _ in range(2):
        if kind is branching and x > 9:
            continue
        x, more = computed(kind, depth - 1, x)
        times += more
    return x, times


@pytest.mark.parametrize("kind", [assigning, branching, functional])
def test_nested_loops_compute_what_python_computes(kind: Callable[[int, Any], Any]) -> None:
    x = tf.placeholder(tf.float32, [])
    v = variable()
    y = kind(4, x)
    with tf.Session() as session:
        session.run(v.initializer)
        assert (session.run(y, {x: 1.0}), session.run(v)) == computed(kind, 4, 1.0)


def test_an_array_holds_what_the_innermost_loop_wrote_last() -> None:
    x = tf.placeholder(tf.float32, [])
    y = filling(3, x)
    last, _ = computed(filling, 3, 1.0)
    with tf.Session() as session:
        assert session.run(y, {x: 1.0}) == last + last / 2
