"""Sessions: structures of fetches, feeds, defaults, errors; small graphs are run."""

from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

import flowc as tf

Pair = namedtuple("Pair", ["left", "right"])


def test_structures_of_fetches() -> None:
    a, b = tf.constant(1.0, name="a"), tf.constant([2, 3], name="b")
    nothing = tf.no_op("nothing")
    with tf.Session() as session:
        assert session.run(a) == 1.0
        assert session.run("a:0") == 1.0
        assert session.run([a, (b, nothing)])[1][1] is None
        assert session.run({"x": a, "y": [a]}) == {"x": 1.0, "y": [1.0]}
        ordered = session.run(OrderedDict([("z", a), ("a", a)]))
        assert list(ordered) == ["z", "a"]
        pair = session.run(Pair(a, {"b": b}))
        assert isinstance(pair, Pair)
        assert pair.right["b"].tolist() == [2, 3]
        assert session.run(nothing) is None
        assert session.run([]) == []


def test_composite_fetches() -> None:
    sparse = tf.SparseTensor([[0, 1]], [5.0], [2, 3])
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([2]))
    with tf.Session() as session:
        value = session.run(sparse)
        assert isinstance(value, tf.SparseTensorValue)
        assert value.dense_shape.tolist() == [2, 3]
        assert session.run(slices).dense_shape is None


@pytest.mark.parametrize(
    ("fetch", "error", "message"),
    [
        (None, TypeError, "Fetch argument None has invalid type"),
        (3, TypeError, "Fetch argument 3 has invalid type .*, must be a string or Tensor"),
        ("nothing", ValueError, "cannot be interpreted as a Tensor"),
        (["x:7"], ValueError, "cannot be interpreted as a Tensor"),
    ],
)
def test_what_cannot_be_fetched(fetch: Any, error: type[Exception], message: str) -> None:
    tf.placeholder(tf.float32, name="x")
    with tf.Session() as session, pytest.raises(error, match=message):
        session.run(fetch)


def test_feeds() -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = x * 2.0
    with tf.Session() as session:
        assert session.run(y, {x: [[1, 2]]}).tolist() == [[2, 4]]
        assert session.run(y, {"x:0": np.ones((3, 2))}).shape == (3, 2)
        assert session.run(y, {y: [[7.0, 8.0]]}).tolist() == [[7, 8]]
        assert session.run(x, {x: [[1, 2]]}).dtype == np.float32
        twice = session.run([y, y], {(x,): ([[1, 2]],)})
        assert twice[0].tolist() == twice[1].tolist()


def test_feeds_beyond_the_range_of_integers() -> None:
    x, small = tf.placeholder(tf.int32), tf.placeholder(tf.uint8)
    with tf.Session() as session:  # as TensorFlow does, arrays keep their lower bits
        assert session.run(x, {x: [0xABCDEF12, 1]}).tolist() == [0xABCDEF12 - 2**32, 1]
        assert session.run(small, {small: [300, -1]}).tolist() == [44, 255]
        with pytest.raises(TypeError, match="to a larger type"):
            session.run(x, {x: 2**40})
        with pytest.raises(OverflowError, match="Cannot feed"):
            session.run(x, {x: [2**70]})


def test_sparse_feeds() -> None:
    sparse = tf.sparse_placeholder(tf.float32, name="s")
    total = tf.reduce_sum(sparse.values)
    value = tf.SparseTensorValue([[0, 1], [1, 2]], [1.0, 2.0], [2, 3])
    with tf.Session() as session:
        assert session.run(total, {sparse: value}) == 3.0
        assert session.run(total, {sparse: ([[0, 0]], [5.0], [1, 1])}) == 5.0


@pytest.mark.parametrize(
    ("key", "value", "error", "message"),
    [
        (
            "x:0",
            [1.0, 2.0, 3.0],
            ValueError,
            r"Cannot feed value of shape \(3,\) for Tensor 'x:0', which has shape '\(2,\)'",
        ),
        ("x:0", "text", ValueError, "Cannot feed"),
        ("n:0", 2**40, Exception, "(not compatible with Tensor type|Cannot feed)"),
        ("y:0", 1.0, TypeError, "Cannot interpret feed_dict key as Tensor"),
        (3, 1.0, TypeError, "Cannot interpret feed_dict key as Tensor"),
    ],
)
def test_what_cannot_be_fed(key: Any, value: Any, error: type[Exception], message: str) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.placeholder(tf.int32, [], name="n")
    with tf.Session() as session, pytest.raises(error, match=message):
        session.run(tf.exp(x), {key: value})


def test_tensors_cannot_be_fed() -> None:
    x = tf.placeholder(tf.float32, [])
    with tf.Session() as session, pytest.raises(TypeError, match=r"cannot be a tf\.Tensor object"):
        session.run(x, {x: tf.constant(1.0)})


def test_closed_and_empty_sessions() -> None:
    session = tf.Session()
    with pytest.raises(RuntimeError, match="The Session graph is empty"):
        session.run([])
    x = tf.constant(1.0)
    session.run(x)
    session.close()
    with pytest.raises(RuntimeError, match="Attempted to use a closed Session"):
        session.run(x)


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match=r"graph must be a tf\.Graph"):
        tf.Session(graph=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"config must be a tf\.ConfigProto"):
        tf.Session(config=3)


def test_default_sessions() -> None:
    x = tf.constant(2.0)
    with pytest.raises(ValueError, match="No default session is registered"):
        x.eval()
    with tf.Session() as session:
        assert tf.get_default_session() is session
        assert x.eval() == 2.0
        tf.no_op().run()
        with (
            tf.Session(graph=tf.Graph()) as other,
            pytest.raises(ValueError, match="different from"),
        ):
            x.eval()
        assert other.graph is not session.graph
    interactive = tf.InteractiveSession()
    assert x.eval() == 2.0
    interactive.close()
    assert tf.get_default_session() is None


def test_callables() -> None:
    x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    with tf.Session() as session:
        divide = session.make_callable([x / y], feed_list=[x, y])
        assert divide(6, 3) == [2.0]
        with pytest.raises(ValueError, match="takes 2 feeds, but 1 were given"):
            divide(6)
        with pytest.raises(TypeError, match="must be a list or tuple"):
            session.make_callable(x, feed_list=x)
    with pytest.raises(RuntimeError, match="closed Session"):
        divide(6, 3)


def test_steps_are_compiled_once() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.reduce_sum(x * x)
    with tf.Session() as session:
        assert session.compile_count == 0
        for size in (3, 4, 5):
            assert session.run(y, {x: np.ones(size)}) == size
        assert session.compile_count == 1


def test_variables_are_a_sessions_own() -> None:
    w = tf.Variable(1.0)
    update = w.assign_add(2.0)
    with tf.Session() as first, tf.Session() as second:
        with pytest.raises(tf.errors.FailedPreconditionError):
            first.run(w)
        first.run(w.initializer)
        second.run(tf.global_variables_initializer())
        assert first.run(update) == 3.0
        assert first.run(w) == 3.0
        assert second.run(w) == 1.0
        w.load(7.0, second)
        assert w.eval(second) == 7.0


def test_training() -> None:
    rng = np.random.default_rng(0)
    data = rng.normal(size=(64, 3)).astype(np.float32)
    target = data @ np.array([[1.0], [-2.0], [0.5]], np.float32) + 3.0
    x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 1])
    prediction = tf.matmul(x, tf.get_variable("w", [3, 1])) + tf.get_variable("b", [1])
    loss = tf.losses.mean_squared_error(y, prediction)
    train_op = tf.train.AdamOptimizer(0.1).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(300):
            session.run(train_op, {x: data, y: target})
        assert session.run(loss, {x: data, y: target}) < 1e-2


def test_nested_keys_of_feeds() -> None:
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(2) for _ in range(2)])
    state = cell.zero_state(3, tf.float32)
    total = tf.add_n(tf.nest.flatten(state))
    ones = np.ones((3, 2))
    with tf.Session() as session:
        fed = session.run(total, {state: ((ones, ones), (ones, 2 * ones))})
        np.testing.assert_array_equal(fed, 5 * ones)
        with pytest.raises(ValueError, match="Could not flatten dictionary"):
            session.run(total, {state: (ones,)})


def test_a_sparse_placeholder_of_a_shape_that_is_a_tensor() -> None:
    x = tf.sparse_placeholder(tf.float32, shape=tf.constant([2, 3], tf.int64))
    assert x.shape.as_list() == [2, 3]
    with tf.Session() as session:
        dense = session.run(
            tf.sparse_tensor_to_dense(x), {x: tf.SparseTensorValue([[1, 2]], [5.0], [2, 3])}
        )
    assert dense.tolist() == [[0, 0, 0], [0, 0, 5]]


def test_a_sparse_placeholder_of_a_size_that_is_unknown() -> None:
    x = tf.sparse_placeholder(tf.float32, [None, 3])
    product = tf.sparse_tensor_dense_matmul(x, tf.eye(3))
    assert product.shape.as_list() == [None, 3]
    with tf.Session() as session:
        fed = session.run(product, {x: tf.SparseTensorValue([[1, 2]], [5.0], [2, 3])})
    assert fed.tolist() == [[0, 0, 0], [0, 0, 5]]


def test_a_tuple_fed_beside_a_sparse_tensor() -> None:
    x = tf.sparse_placeholder(tf.float32)
    sizes = tf.placeholder(tf.int32)
    value = tf.SparseTensorValue([[1, 2]], [5.0], [2, 3])
    with tf.Session() as session:
        found = session.run([x.values, sizes], {x: value, sizes: (7,)})
    assert [part.tolist() for part in found] == [[5.0], [7]]


def test_what_a_session_tells_of_a_run() -> None:
    two = tf.constant(1) + 1
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE, output_partition_graphs=True)
    with tf.Session() as session:
        assert session.run(two, options=options, run_metadata=metadata) == 2
        (device,) = session.list_devices()
        assert (device.device_type, metadata.step_stats.dev_stats[0].device) == ("CPU", device.name)
        assert metadata.step_stats.dev_stats[0].node_stats[0].all_end_rel_micros > 0
        assert metadata.partition_graphs[0].node
        session.run(two, run_metadata=metadata)
        assert not metadata.step_stats.dev_stats
