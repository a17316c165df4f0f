"""Plans: how requests are divided into parts, without anything being run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.compiler.driver import begin_request, load_backends
from flowc.compiler.lowering import NotKnown
from flowc.compiler.options import Options
from flowc.compiler.placement import declared_variables
from flowc.compiler.plan import Plan, plan
from flowc.compiler.request import Feed, Request, StaticType, VariableSpec
from tests.compiler.requests import nodes_for
from tests.golden import Golden

FOLDER = Path(__file__).parent / "plans"
Feeds = Mapping[Any, Any]  # placeholders and arrays, or None for what the graph says


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def known_type(name: str) -> StaticType | None:
    try:
        tensor: Any = tf.get_default_graph().as_graph_element(name)
    except (KeyError, ValueError):
        return None
    return None if tensor.sizes is None else (tensor.stored_dtype, tensor.sizes)


def feed(tensor: Any, value: Any) -> Feed:
    name, dtype, sizes = tensor.name, tensor.stored_dtype, tensor.sizes
    if value is None:
        return Feed(name, dtype, sizes, sizes)
    array = np.asarray(value, dtype.numpy)
    return Feed(name, dtype, sizes, array.shape, array)


def plan_of(fetch: Any, feeds: Feeds, is_ahead: bool, has_variables: bool = True) -> Plan:
    """How a request is divided whose variables have values, of their declared types."""
    fetches = [fetch.name] if isinstance(fetch, tf.Tensor) else []
    nodes = nodes_for(fetch, fed=[tensor.name for tensor in feeds])
    variables: dict[str, VariableSpec] = declared_variables(nodes) if has_variables else {}
    request = Request(
        "step", nodes, [feed(*f) for f in feeds.items()], fetches, variables, is_ahead
    )
    options = Options(cache=False)
    backend = load_backends(1, options)[0]
    return plan(request, lambda part: begin_request(part, None, backend, options), known_type)


def training() -> tuple[Any, Feeds]:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.Variable(tf.ones([3, 2]), name="w")
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w)), name="loss")
    return tf.assign_sub(w, tf.gradients(loss, w)[0], name="train").op, {x: None}


def host_in_between() -> tuple[Any, Feeds]:
    x = tf.placeholder(tf.float32, [None], name="x")
    doubled = tf.multiply(x, 2.0, name="doubled")
    known = tf.py_func(np.sin, [doubled], tf.float32, name="known")
    known.set_shape([4])
    sines = tf.add(known, 1.0, name="sines")
    open_ = tf.py_func(np.cos, [doubled], tf.float32, name="open")
    cosines = tf.reduce_sum(open_, name="cosines")
    return tf.add(sines, cosines, name="y"), {x: None}


def size_from_data() -> tuple[Any, Feeds]:
    x = tf.placeholder(tf.int32, [2000], name="x")
    count = tf.reduce_sum(x, name="count")
    return tf.reduce_sum(tf.fill([count, 3], 1.0, name="filled"), name="y"), {x: None}


def list_of_data_length() -> tuple[Any, Feeds]:
    x = tf.placeholder(tf.float32, [2000], name="x")
    count = tf.reduce_sum(tf.cast(x, tf.int32), name="count")
    empty = tf.TensorArray(tf.float32, 0, dynamic_size=True, name="list")
    filled = tf.while_loop(
        lambda i, _: i < count,
        lambda i, array: (i + 1, array.write(i, tf.cast(i, tf.float32))),
        [0, empty],
        name="loop",
    )[1]
    return tf.reduce_sum(filled.stack(), name="y"), {x: None}


def growing_value() -> tuple[Any, Feeds]:
    x = tf.placeholder(tf.float32, [1], name="x")
    grown = tf.while_loop(
        lambda value: tf.size(value) < 5,
        lambda value: tf.concat([value, value], 0),
        [x],
        shape_invariants=[tf.TensorShape([None])],
        name="loop",
    )
    return tf.reduce_sum(grown, name="y"), {x: None}


def host_writes_variable() -> tuple[Any, Feeds]:
    v = tf.Variable(tf.zeros([2]), name="v")
    loaded = tf.py_func(lambda: np.ones(2, np.float32), [], tf.float32, name="loaded")
    with tf.control_dependencies([tf.assign(v, loaded, name="write")]):
        return tf.multiply(v, 2.0, name="y"), {}


CASES = [
    training,
    host_in_between,
    size_from_data,
    list_of_data_length,
    growing_value,
    host_writes_variable,
]


@pytest.mark.parametrize("is_ahead", [False, True], ids=["run", "ahead"])
@pytest.mark.parametrize("case", CASES)
def test_plans(case: Callable[[], tuple[Any, Feeds]], is_ahead: bool, golden: Golden) -> None:
    """How they are divided where a run is at hand, and ahead of one.

    In the first case the sizes of feeds are known, and not the numbers that parts compute.
    """
    fetch, feeds = case()
    if not is_ahead:
        feeds = {x: np.ones([size or 4 for size in x.sizes]) for x in feeds}
    text = str(plan_of(fetch, feeds, is_ahead)) + "\n"
    golden.check(FOLDER / f"{case.__name__}_{'ahead' if is_ahead else 'run'}.txt", text)


def test_initialisers_are_parts_of_their_own(golden: Golden) -> None:
    v = tf.Variable(tf.random_normal([3]), name="v")
    w = tf.Variable(tf.matmul(tf.ones([2, 2]), tf.ones([2, 2])), name="w")
    initialise = tf.group(v.initializer, w.initializer, name="init")
    text = str(plan_of(initialise, {}, is_ahead=False, has_variables=False)) + "\n"
    golden.check(FOLDER / "initialisers.txt", text)


def test_what_an_earlier_part_initialises_is_there_for_later_ones() -> None:
    v = tf.Variable(tf.ones([3]), name="v")
    with tf.control_dependencies([v.initializer]):
        told = tf.py_func(lambda: np.float32(1), [], tf.float32, stateful=False, name="told")
    told.set_shape([])
    with tf.control_dependencies([told]):
        y = tf.multiply(v, told, name="y")
    made = plan_of(y, {}, is_ahead=False, has_variables=False)
    assert [planned.waits for planned in made.parts] == [False, False, False]
    assert [planned.part.compiled for planned in made.parts] == [True, False, True]
    with pytest.raises(tf.errors.FailedPreconditionError):
        plan_of(tf.multiply(v, 2.0), {}, is_ahead=False, has_variables=False)


def test_unknown_sizes_that_meet_are_guessed_alike() -> None:
    x, y = (tf.placeholder(tf.float32, [None], name=name) for name in "xy")
    (part,) = plan_of(x + y, {x: None, y: None}, is_ahead=True).parts
    assert part.begun is not None
    assert [str(guard) for guard in part.begun.interface.guards] == ["s0_0 == s1_0"]


@pytest.mark.parametrize(
    ("build", "size"),
    [
        (lambda x, y: x[3:] + y, 720),
        (lambda x, y: tf.reshape(x, [-1, 77])[:, 0] + y, 10),
        (lambda x, y: tf.reshape(x, [-1, 7, 11]) + tf.reshape(y, [-1, 7, 11]), 77),
    ],
)
def test_guesses_that_an_op_refuses_are_replaced(
    build: Callable[[Any, Any], Any], size: int
) -> None:
    x, y = (tf.placeholder(tf.float32, [None], name=name) for name in "xy")
    (part,) = plan_of(build(x, y), {x: None, y: None}, is_ahead=True).parts
    assert part.begun is not None
    interface = part.begun.interface
    for first, second in ((size + 3, size), (77 * size, size), (77 * size, 77 * size)):
        arrays = [np.zeros(first, np.float32), np.zeros(second, np.float32)]
        sizes = interface.sizes(arrays)
        if sizes is not None:
            break
    else:
        pytest.fail("the code serves no sizes for which the program is right")


def test_what_no_size_makes_right_is_an_error() -> None:
    x = tf.placeholder(tf.float32, [None], name="x")
    with pytest.raises(tf.errors.InvalidArgumentError, match="1440 and 720"):
        plan_of(tf.concat([x, x], 0) + x, {x: None}, is_ahead=True)


def test_a_number_that_the_rank_depends_on_must_be_known() -> None:
    x = tf.placeholder(tf.float32, [2, 3, 4], name="x")
    axis = tf.placeholder(tf.int32, [], name="axis")
    y = tf.concat([x, x], axis)
    with pytest.raises(NotKnown):
        plan_of(y, {x: None, axis: None}, is_ahead=True)
    (part,) = plan_of(y, {x: None, axis: 1}, is_ahead=True).parts
    assert part.begun is not None
    interface = part.begun.interface
    assert interface.sizes([np.zeros((2, 3, 4)), np.array(1, np.int32)]) is not None
    assert interface.sizes([np.zeros((2, 3, 4)), np.array(2, np.int32)]) is None
