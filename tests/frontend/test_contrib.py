"""`tf.contrib`: layers, argument scopes, recurrent networks, what is not there."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf

contrib = tf.contrib
layers, slim = contrib.layers, contrib.slim


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        return session.run(fetches, feeds)


def names(variables: Any) -> list[str]:
    return [v.op.name for v in variables]


def test_layers_name_their_variables_as_tensorflow_does() -> None:
    x = tf.zeros([2, 8, 8, 3])
    y = layers.conv2d(x, 4, 3, normalizer_fn=layers.batch_norm)
    y = layers.max_pool2d(y, 2)
    y = layers.conv2d(y, 4, [3, 3], 2, scope="again")
    y = layers.separable_conv2d(y, 5, 3)
    y = layers.conv2d_transpose(y, 2, 3, 2)
    y = layers.dropout(layers.flatten(y), 0.5, is_training=False)
    y = layers.layer_norm(layers.fully_connected(y, 10))
    assert y.shape.as_list() == [2, 10]
    assert (
        names(tf.global_variables())
        == names(contrib.framework.get_model_variables())
        == [
            "Conv/weights",
            "Conv/BatchNorm/beta",
            "Conv/BatchNorm/moving_mean",
            "Conv/BatchNorm/moving_variance",
            "again/weights",
            "again/biases",
            "SeparableConv2d/depthwise_weights",
            "SeparableConv2d/pointwise_weights",
            "SeparableConv2d/biases",
            "Conv2d_transpose/weights",
            "Conv2d_transpose/biases",
            "fully_connected/weights",
            "fully_connected/biases",
            "LayerNorm/beta",
            "LayerNorm/gamma",
        ]
    )
    assert np.isfinite(run(y)).all()


def test_layers_compute_what_their_variables_say() -> None:
    x = tf.constant([[1.0, 2.0]])
    y = layers.fully_connected(
        x,
        2,
        None,
        weights_initializer=tf.constant_initializer([[1.0, 2.0], [3.0, 4.0]]),
        biases_initializer=tf.constant_initializer(0.5),
        weights_regularizer=layers.l2_regularizer(0.1),
    )
    with tf.variable_scope("", reuse=True):
        again = layers.fully_connected(x, 2, None, scope="fully_connected")
    first, second, loss = run([y, again, tf.losses.get_regularization_loss()])
    assert first.tolist() == second.tolist() == [[7.5, 10.5]]
    assert loss == pytest.approx(0.1 * 30 / 2)


def test_argument_scopes() -> None:
    x = tf.zeros([1, 8, 8, 1])
    with slim.arg_scope([slim.conv2d], padding="VALID", activation_fn=None) as scope:
        with slim.arg_scope([slim.conv2d, slim.fully_connected], scope="inner"):
            y = slim.conv2d(x, 2, 3)
        outer = slim.conv2d(x, 2, 3, padding="SAME")
    assert y.op.name.startswith("inner/") and y.shape.as_list() == [1, 6, 6, 2]
    assert y.op.type == "BiasAdd" and outer.shape.as_list() == [1, 8, 8, 2]
    with slim.arg_scope(scope):
        assert slim.conv2d(x, 2, 3).shape.as_list() == [1, 6, 6, 2]
    assert slim.conv2d(x, 2, 3).op.type == "Relu"

    def plain(value: float, factor: float = 2.0) -> float:
        return value * factor

    scaled = slim.add_arg_scope(plain)
    with slim.arg_scope([scaled], factor=3.0):
        assert scaled(2.0) == 6 and scaled(2.0, factor=1.0) == 2
    assert slim.arg_scoped_arguments(scaled) == ("factor",)
    with (
        pytest.raises(ValueError, match="not decorated with @add_arg_scope"),
        slim.arg_scope([tf.nn.relu], name="x"),
    ):
        pass


@pytest.mark.parametrize("shape", [[6, 3], [2, 4, 5, 3], [4, 2, 3]])
@pytest.mark.parametrize("updates", [tf.GraphKeys.UPDATE_OPS, None, "mine"])
def test_batch_normalisation_and_its_moving_averages(shape: list[int], updates: Any) -> None:
    value = np.random.RandomState(0).randn(*shape).astype("f") * 2 + 1
    training = tf.placeholder(tf.bool, [])
    y = layers.batch_norm(
        tf.constant(value), 0.9, scale=True, is_training=training, updates_collections=updates
    )
    operations = tf.get_collection(updates) if updates else []
    assert len(operations) == (2 if updates else 0)
    axes = tuple(range(len(shape) - 1))
    mean, variance = value.mean(axes), value.var(axes)
    count = value.size // 3
    # The fused op, for matrices and images, averages the unbiased variance.
    kept = variance * count / (count - 1) if len(shape) in (2, 4) else variance
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        found, _ = session.run([y, operations], {training: True})
        moving = session.run(["BatchNorm/moving_mean:0", "BatchNorm/moving_variance:0"])
        later = session.run(y, {training: False})
    np.testing.assert_allclose(found, (value - mean) / np.sqrt(variance + 1e-3), atol=2e-5)
    np.testing.assert_allclose(moving[0], 0.1 * mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(moving[1], 0.9 + 0.1 * kept, rtol=1e-4)
    expected = (value - moving[0]) / np.sqrt(moving[1] + 1e-3)
    np.testing.assert_allclose(later, expected, atol=2e-5)


def test_initializers_and_regularizers() -> None:
    tf.set_random_seed(1)
    shape = [3, 3, 64, 128]
    uniform, normal = run(
        [layers.xavier_initializer()(shape), layers.variance_scaling_initializer()(shape)]
    )
    inputs, outputs = 9 * 64, 9 * 128
    limit = np.sqrt(6 / (inputs + outputs))
    assert np.abs(uniform).max() <= limit and uniform.std() == pytest.approx(limit / 3**0.5, 0.02)
    # A normal of variance 1.3 * 2 / n, cut off at two deviations, keeps 0.774 of it.
    assert normal.var() == pytest.approx(0.774 * 2.6 / inputs, 0.02)
    w = tf.constant([1.0, -2.0])
    total = layers.apply_regularization(layers.l1_l2_regularizer(0.5, 0.1), [w, 2 * w])
    assert run(total) == pytest.approx(0.5 * 9 + 0.1 * (5 + 20) / 2)
    assert tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES) == [total]
    with pytest.raises(ValueError, match="No weights"):
        layers.apply_regularization(layers.l1_regularizer(0.5))


def test_embeddings_and_one_hot_codes() -> None:
    ids = tf.constant([[1, 2], [2, 0]])
    rows = layers.embed_sequence(ids, 3, 4, scope="e")
    same = layers.embed_sequence(ids, 3, 4, unique=True, scope="e", reuse=True)
    found = run([rows, same, layers.one_hot_encoding(tf.constant([1, 0]), 3)])
    assert found[0].tolist() == found[1].tolist() and found[0].shape == (2, 2, 4)
    assert found[2].tolist() == [[0, 1, 0], [1, 0, 0]]
    with pytest.raises(ValueError, match="Must specify vocab size"):
        layers.embed_sequence(ids)


@pytest.mark.parametrize(
    "optimizer",
    [
        "SGD",
        tf.train.GradientDescentOptimizer,
        lambda rate: tf.train.GradientDescentOptimizer(rate),
    ],
)
def test_training_steps(optimizer: Any) -> None:
    w = tf.Variable([3.0, 4.0])
    step = contrib.framework.get_or_create_global_step()
    loss = layers.optimize_loss(
        tf.reduce_sum(w * w),
        step,
        0.5,
        optimizer,
        clip_gradients=1.0,
        gradient_multipliers={w.name: 2.0},
        summaries=layers.OPTIMIZER_SUMMARIES,
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(loss) == 25
        np.testing.assert_allclose(session.run(w), [2.7, 3.6], rtol=1e-6)
        assert session.run(step) == 1
    assert "OptimizeLoss/learning_rate" in names(tf.global_variables())
    with pytest.raises(ValueError, match="Optimizer name should be one of"):
        layers.optimize_loss(tf.reduce_sum(w), step, 0.5, "Best")


def test_variables_from_checkpoints(tmp_path: Path) -> None:
    framework = contrib.framework
    with tf.variable_scope("a"):
        w = framework.model_variable("w", [2], initializer=tf.ones_initializer())
        b = framework.variable("b", [], initializer=tf.ones_initializer())
    assert framework.get_variables("a", "b") == framework.get_variables_by_name("b") == [b]
    assert framework.get_variables_to_restore(exclude=["a/b"]) == [w]
    path = str(tmp_path / "model")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, path)
        operation, feeds = framework.assign_from_values({"a/w": [5.0, 6.0]})
        session.run(operation, feeds)
        assert session.run(w).tolist() == [5, 6]
        session.run(*framework.assign_from_checkpoint(path, [w, b]))
        assert session.run(w).tolist() == [1, 1]
        session.run(w.assign([2.0, 2.0]))
        missing = tf.get_variable("missing", [])
        restore = framework.assign_from_checkpoint_fn(path, [w, missing], True)
        restore(session)
        assert session.run(w).tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"missing variable \[missing\]"):
        framework.assign_from_checkpoint(path, [missing])


@pytest.mark.parametrize("feed_previous", [False, True, None])
def test_sequences_to_sequences(feed_previous: bool | None) -> None:
    seq2seq = contrib.legacy_seq2seq
    tf.set_random_seed(1)
    words = [tf.constant([1, 2]), tf.constant([0, 3])]
    feeds: Any = tf.constant(True) if feed_previous is None else feed_previous
    cell = contrib.rnn.BasicLSTMCell(4)
    outputs, state = seq2seq.embedding_attention_seq2seq(
        words, words, cell, 5, 5, 3, feed_previous=feeds
    )
    weights = [tf.ones([2])] * 2
    loss = seq2seq.sequence_loss(outputs, words, weights)
    gradients = tf.gradients(loss, tf.trainable_variables())
    found = run([outputs, loss, gradients[-1]])
    losses = [
        np.log(np.exp(o).sum(1)) - o[range(2), w]
        for o, w in zip(found[0], ([1, 2], [0, 3]), strict=True)
    ]
    assert found[1] == pytest.approx(np.mean(losses), rel=1e-5)
    assert state.c.shape.as_list()[-1] == 4 and np.isfinite(found[2]).all()
    assert "embedding_attention_seq2seq/embedding_attention_decoder/attention_decoder/AttnW_0" in (
        names(tf.trainable_variables())
    )


def test_models_with_buckets_share_their_weights() -> None:
    seq2seq = contrib.legacy_seq2seq
    words = [tf.constant([1]), tf.constant([2]), tf.constant([0])]
    weights = [tf.ones([1])] * 3

    def model(sources: Any, targets: Any) -> Any:
        cell = contrib.rnn.GRUCell(3)
        return seq2seq.embedding_rnn_seq2seq(sources, targets, cell, 4, 4, 2)

    outputs, losses = seq2seq.model_with_buckets(
        words, words, words, weights, [(1, 2), (2, 3)], model
    )
    assert [len(o) for o in outputs] == [2, 3]
    assert np.isfinite(run(losses)).all()
    assert len(names(tf.trainable_variables())) == len(set(names(tf.trainable_variables())))
    with pytest.raises(ValueError, match="Length of targets"):
        seq2seq.model_with_buckets(words, words, words[:1], weights, [(1, 2)], model)


def test_layers_of_both_directions() -> None:
    rnn = contrib.rnn
    cells = [[rnn.LayerNormBasicLSTMCell(4) for _ in range(2)] for _ in range(2)]
    outputs, forward, backward = rnn.stack_bidirectional_dynamic_rnn(
        *cells, tf.ones([2, 3, 5]), dtype=tf.float32
    )
    assert run(outputs).shape == (2, 3, 8) and len(forward) == len(backward) == 2
    with pytest.raises(ValueError, match="same depth"):
        rnn.stack_bidirectional_rnn(cells[0], [], [tf.ones([2, 3])])


def test_the_loss_of_sequences() -> None:
    logits = tf.zeros([2, 3, 4])
    weights = tf.constant([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    loss = contrib.seq2seq.sequence_loss
    targets = tf.zeros([2, 3], tf.int32)
    mean, each = run(
        [
            loss(logits, targets, weights),
            loss(logits, targets, weights, average_across_timesteps=False),
        ]
    )
    assert mean == pytest.approx(np.log(4))
    np.testing.assert_allclose(each, [np.log(4), np.log(4), 0], rtol=1e-6)


def test_hyperparameters() -> None:
    params = contrib.training.HParams(rate=0.1, sizes=[10, 20], name="a", fast=False)
    params.parse("rate=1e-2,sizes=[1, 2,3],fast=true,name=some text")
    assert params.values() == {"rate": 0.01, "sizes": [1, 2, 3], "name": "some text", "fast": True}
    params.parse("sizes[1]=7").parse_json('{"rate": 3}')
    assert params.sizes == [1, 7, 3] and params.get("rate") == 3.0
    assert "rate" in params and params.get("other", 4) == 4
    for text, message in (
        ("other=1", "Unknown"),
        ("rate=x", "Could not parse"),
        ("rate", "Malformed"),
        ("rate=[1]", "not pass a list"),
    ):
        with pytest.raises(ValueError, match=message):
            params.parse(text)
    with pytest.raises(ValueError, match="Could not cast"):
        params.set_hparam("fast", 1)


def test_tables_of_a_vocabulary(tmp_path: Path) -> None:
    lookup = contrib.lookup
    file = tmp_path / "words"
    file.write_text("a\nb\n")
    by_word = lookup.index_table_from_tensor(tf.constant(["a", "b"]), default_value=9)
    hashed = lookup.index_table_from_file(str(file), num_oov_buckets=1)
    by_number = lookup.index_to_string_table_from_tensor(["a", "b"])
    table = lookup.HashTable(lookup.KeyValueTensorInitializer([1, 2], ["x", "y"]), "none")
    assert table.init is table.initializer
    words = tf.constant(["b", "c"])
    numbers = tf.constant([1, 5], tf.int64)
    found = run(
        [
            by_word.lookup(words),
            hashed.lookup(words),
            by_number.lookup(numbers),
            table.lookup(tf.constant([2, 3])),
        ]
    )
    assert [f.tolist() for f in found] == [[1, 9], [1, 2], [b"b", b"UNK"], [b"y", b"none"]]


def test_losses_with_the_predictions_first() -> None:
    x, y = tf.constant([[1.0, 2.0]]), tf.constant([[0.0, 1.0]])
    pairs = [
        (contrib.losses.softmax_cross_entropy(x, y), tf.losses.softmax_cross_entropy(y, x)),
        (contrib.losses.log_loss(y, y), tf.losses.log_loss(y, y)),
        (slim.losses.hinge_loss(x, y), tf.losses.hinge_loss(y, x)),
        (
            slim.losses.sparse_softmax_cross_entropy(x, tf.constant([[1]])),
            tf.losses.sparse_softmax_cross_entropy(tf.constant([1]), x),
        ),
    ]
    for first, second in run(pairs):
        assert first == second


def test_training_of_slim() -> None:
    w = tf.Variable(2.0)
    train = slim.learning.create_train_op(w * w, tf.train.GradientDescentOptimizer(0.25))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run([train, train]) == [4, 4] and session.run(w) == 1
    assert slim.model_analyzer.analyze_vars([w]) == (1, 4)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("eager", "no eager mode: build a graph"),
        ("data", "tf.data is still to come"),
        ("nonsense", "it has .*layers, legacy_seq2seq"),
        ("layers.conv2", r"no tf\.contrib\.layers\.conv2; there is conv2d"),
        ("rnn.LSTMBlockCell", "use LSTMCell"),
        ("slim.nets", "copy the network"),
    ],
)
def test_what_is_not_there_says_what_is(path: str, message: str) -> None:
    *modules, name = path.split(".")
    found: Any = contrib
    for module in modules:
        found = getattr(found, module)
    with pytest.raises(AttributeError, match=message):
        getattr(found, name)


def test_modules_by_their_import_names() -> None:
    assert importlib.import_module("flowc.contrib.slim") is slim
    ops = importlib.import_module("flowc.contrib.framework.python.ops")
    assert ops.add_arg_scope is slim.add_arg_scope
    cells = importlib.import_module("flowc.contrib.rnn.python.ops.core_rnn_cell")
    assert cells.BasicLSTMCell is tf.nn.rnn_cell.BasicLSTMCell
    with pytest.raises(ModuleNotFoundError, match="No module named"):
        importlib.import_module("flowc.contrib.odd")
