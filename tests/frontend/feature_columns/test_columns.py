"""Feature columns; the numbers are TensorFlow's for the same features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf

fc = tf.feature_column


def features() -> dict[str, Any]:
    places = [[0, 0], [0, 1], [2, 0]]
    return {
        "price": [[1.0], [20.0], [300.0]],
        "vec": np.arange(6).reshape(3, 2).astype(np.float32),
        "color": [["R"], ["G"], ["X"]],
        "multi": tf.SparseTensor(places, ["a", "b", "a"], [3, 2]),
        "num": tf.constant([[3], [-1], [7]], tf.int64),
        "w": tf.SparseTensor(places, [1.0, 2.0, 0.5], [3, 2]),
    }


def counting_up(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
    return tf.reshape(tf.cast(tf.range(shape[0] * shape[1]), tf.float32), shape)


PRICE = fc.numeric_column("price")
VEC = fc.numeric_column("vec", shape=2, normalizer_fn=lambda x: x / 2)
BUCKETS = fc.bucketized_column(PRICE, [0.0, 10.0, 100.0])
PAIRS = fc.bucketized_column(VEC, [0.5, 1.5])
COLOR = fc.categorical_column_with_vocabulary_list("color", ["R", "G", "B"])
MORE = fc.categorical_column_with_vocabulary_list("color", ["R", "G", "B"], num_oov_buckets=2)
MULTI = fc.categorical_column_with_hash_bucket("multi", 10)
NUM = fc.categorical_column_with_identity("num", 10, default_value=0)
HASHED = fc.categorical_column_with_hash_bucket("num", 10, dtype=tf.int64)
WEIGHTED = fc.weighted_categorical_column(MULTI, "w")
CROSSED = fc.crossed_column(["color", "multi", BUCKETS], 50)
EMBEDDED = fc.embedding_column(MULTI, 3, initializer=counting_up)
SUMMED = fc.embedding_column(WEIGHTED, 2, combiner="sum", initializer=counting_up)


def evaluate(tensor: Any) -> Any:
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        return session.run(tensor)


def layer(*columns: Any) -> Any:
    return evaluate(tf.feature_column.input_layer(features(), list(columns)))


def hot(*places: Any, size: int) -> Any:
    """Rows that are 0 but for the numbers told: {place: number}."""
    rows = np.zeros([len(places), size])
    for row, told in zip(rows, places, strict=True):
        for place, number in told.items():
            row[place] = number
    return rows


def test_numbers() -> None:
    expected = [[1, 0, 0.5], [20, 1, 1.5], [300, 2, 2.5]]
    assert layer(VEC, PRICE).tolist() == expected
    intervals = layer(BUCKETS, PAIRS)
    np.testing.assert_array_equal(intervals[:, :4], hot({1: 1}, {2: 1}, {3: 1}, size=4))
    np.testing.assert_array_equal(
        intervals[:, 4:], hot({0: 1, 4: 1}, {1: 1, 5: 1}, {2: 1, 5: 1}, size=6)
    )


def test_indicators() -> None:
    np.testing.assert_array_equal(
        layer(fc.indicator_column(COLOR)), hot({0: 1}, {1: 1}, {}, size=3)
    )
    assert layer(fc.indicator_column(MORE)).sum(axis=1).tolist() == [1, 1, 1]
    np.testing.assert_array_equal(
        layer(fc.indicator_column(HASHED)), hot({1: 1}, {}, {8: 1}, size=10)
    )
    np.testing.assert_array_equal(layer(fc.indicator_column(NUM)), hot({3: 1}, {}, {7: 1}, size=10))
    np.testing.assert_array_equal(
        layer(fc.indicator_column(CROSSED)), hot({37: 2}, {}, {6: 1}, size=50)
    )


def test_embeddings() -> None:
    found = layer(EMBEDDED, SUMMED, fc.indicator_column(WEIGHTED))
    assert found[:, :5].tolist() == [
        [16.5, 17.5, 18.5, 26, 29],
        [0, 0, 0, 0, 0],
        [27, 28, 29, 9, 9.5],
    ]
    np.testing.assert_array_equal(found[:, 5:], hot({2: 2, 9: 1}, {}, {9: 0.5}, size=10))
    (table, weighted) = tf.global_variables()
    assert table.name == "input_layer/multi_embedding/embedding_weights:0"
    assert weighted.name == "input_layer/multi_weighted_by_w_embedding/embedding_weights:0"
    assert table in tf.get_collection(tf.GraphKeys.MODEL_VARIABLES)


def test_a_linear_model() -> None:
    made: dict[Any, Any] = {}
    columns = [PRICE, VEC, BUCKETS, COLOR, WEIGHTED, CROSSED, EMBEDDED]
    model = tf.feature_column.linear_model(features(), columns, units=2, cols_to_vars=made)
    names = sorted(v.name for v in tf.global_variables())
    assert names == [
        "linear_model/bias_weights:0",
        "linear_model/color/weights:0",
        "linear_model/color_X_multi_X_price_bucketized/weights:0",
        "linear_model/multi_embedding/embedding_weights:0",
        "linear_model/multi_embedding/weights:0",
        "linear_model/multi_weighted_by_w/weights:0",
        "linear_model/price/weights:0",
        "linear_model/price_bucketized/weights:0",
        "linear_model/vec/weights:0",
    ]
    assert [v.name for v in made[PRICE]] == ["linear_model/price/weights:0"]
    assert made["bias"][0].name == "linear_model/bias_weights:0"
    fill = [
        v.assign(tf.reshape(tf.range(v.shape.num_elements() or 0, dtype=tf.float32) / 10, v.shape))
        for v in tf.global_variables()
    ]
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        assert not session.run(model).any()  # all weights begin with zeros
        session.run(fill)
        found = session.run(model)
    np.testing.assert_allclose(found, [[18.79, 20.265], [0.9, 3.45], [4.92, 36.56]], rtol=1e-5)


def test_training_a_linear_model() -> None:
    model = tf.feature_column.linear_model(features(), [COLOR, BUCKETS])
    loss = tf.losses.mean_squared_error([[1.0], [2.0], [3.0]], model)
    train = tf.train.GradientDescentOptimizer(0.3).minimize(loss)
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        for _ in range(200):
            session.run(train)
        assert session.run(loss) < 1e-3


def test_a_vocabulary_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_text("R\nG\n")
    column = fc.categorical_column_with_vocabulary_file("color", str(path))
    assert column.num_buckets == 2
    np.testing.assert_array_equal(
        layer(fc.indicator_column(column)), hot({0: 1}, {1: 1}, {}, size=2)
    )


def test_numbers_outside_of_the_buckets() -> None:
    strict = fc.categorical_column_with_identity("num", 5)
    with pytest.raises(tf.errors.InvalidArgumentError):
        layer(fc.indicator_column(strict))
    lenient = fc.categorical_column_with_identity("num", 5, default_value=1)
    np.testing.assert_array_equal(
        layer(fc.indicator_column(lenient)), hot({3: 1}, {}, {1: 1}, size=5)
    )


def test_parsing() -> None:
    default = fc.numeric_column("d", shape=(2,), default_value=3)
    spec = fc.make_parse_example_spec([PRICE, BUCKETS, EMBEDDED, CROSSED, NUM, WEIGHTED, default])
    kinds = {key: (type(value).__name__, value.dtype.name) for key, value in spec.items()}
    assert kinds == {
        "color": ("VarLenFeature", "string"),
        "d": ("FixedLenFeature", "float32"),
        "multi": ("VarLenFeature", "string"),
        "num": ("VarLenFeature", "int64"),
        "price": ("FixedLenFeature", "float32"),
        "w": ("VarLenFeature", "float32"),
    }
    assert spec["d"].default_value.tolist() == [3, 3]
    example = tf.train.Example()
    example.features.feature["price"].float_list.value.append(20.0)
    example.features.feature["multi"].bytes_list.value.append(b"a")
    parsed = tf.parse_example(
        [example.SerializeToString()], fc.make_parse_example_spec([BUCKETS, EMBEDDED])
    )
    found = evaluate(tf.feature_column.input_layer(parsed, [BUCKETS, EMBEDDED]))
    assert found.tolist() == [[27, 28, 29, 0, 0, 1, 0]]
    with pytest.raises(ValueError, match="different parse_spec"):
        fc.make_parse_example_spec([PRICE, fc.numeric_column("price", shape=2)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fc.numeric_column("x", dtype=tf.string), "convertible to float"),
        (lambda: fc.numeric_column("x", shape=0), "greater than 0"),
        (lambda: fc.numeric_column("x", shape=2, default_value=[1.0]), "must be equal"),
        (
            lambda: fc.numeric_column(3),  # type: ignore[arg-type]
            "must be a string",
        ),
        (lambda: fc.bucketized_column(COLOR, [1.0]), "numeric_column"),
        (lambda: fc.bucketized_column(PRICE, [2.0, 1.0]), "sorted"),
        (lambda: fc.bucketized_column(PRICE, []), "not be empty"),
        (lambda: fc.categorical_column_with_hash_bucket("x", 0), "at least 1"),
        (lambda: fc.categorical_column_with_hash_bucket("x", 3, tf.float32), "string or integer"),
        (lambda: fc.categorical_column_with_vocabulary_list("x", []), "non-empty"),
        (lambda: fc.categorical_column_with_vocabulary_list("x", ["a", "a"]), "Duplicate"),
        (lambda: fc.categorical_column_with_vocabulary_list("x", ["a"], tf.int64), "do not match"),
        (lambda: fc.categorical_column_with_vocabulary_list("x", ["a"], None, 0, 2), "both"),
        (lambda: fc.categorical_column_with_identity("x", 0), "< 1"),
        (lambda: fc.categorical_column_with_identity("x", 2, 2), "not in range"),
        (lambda: fc.crossed_column(["a"], 3), "length > 1"),
        (lambda: fc.crossed_column(["a", MULTI], 3), "not supported for crossing"),
        (lambda: fc.crossed_column(["a", PRICE], 3), "Unsupported key type"),
        (lambda: fc.embedding_column(MULTI, 0), "Invalid dimension"),
        (lambda: fc.embedding_column(MULTI, 2, initializer=3), "must be callable"),
        (lambda: fc.weighted_categorical_column(MULTI, "w", tf.string), "convertible"),
        (lambda: fc.input_layer({}, [MULTI]), "must be a _DenseColumn"),
        (lambda: fc.input_layer({}, []), "must not be empty"),
        (lambda: fc.input_layer({}, [PRICE]), "is not in features"),
        (lambda: fc.input_layer({}, [PRICE, PRICE]), "Duplicate feature column"),
        (lambda: fc.linear_model({}, ["x"]), "must be either"),
    ],
)
def test_misuse(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_shared_embeddings() -> None:
    both = {"a": [["x"], ["y"]], "b": [["y"], [""]]}
    columns = [fc.categorical_column_with_vocabulary_list(k, ["x", "y", "z"]) for k in "ba"]
    shared = fc.shared_embedding_columns(columns, 2, initializer=counting_up)
    assert [column.name for column in shared] == ["b_shared_embedding", "a_shared_embedding"]
    found = evaluate(tf.feature_column.input_layer(both, shared))
    assert found.tolist() == [[0, 1, 2, 3], [2, 3, 0, 0]]
    (table,) = tf.global_variables()
    assert table.name == "input_layer/a_b_shared_embedding/embedding_weights:0"
    with pytest.raises(ValueError, match="same number of buckets"):
        fc.shared_embedding_columns([columns[0], COLOR, MORE], 2)
    with pytest.raises(ValueError, match="same type"):
        fc.shared_embedding_columns([columns[0], MULTI], 2)
