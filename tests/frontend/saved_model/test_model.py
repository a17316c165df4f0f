"""Models called by signature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.saved_model.model import Model
from tests.frontend.saved_model.models import KERNEL, linear, vocabulary

X = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
SIGNATURE = "serving_default(x: float32[?,3]) -> (y: float32[?,2])"


@pytest.fixture
def model(tmp_path: Path) -> Any:
    linear(tmp_path / "m")
    with tf.load(tmp_path / "m") as loaded:
        yield loaded


def test_in_one_line(tmp_path: Path) -> None:
    linear(tmp_path / "m")
    y = tf.load(str(tmp_path / "m"))["serving_default"](x=X)["y"]
    np.testing.assert_allclose(y, X @ KERNEL, rtol=1e-6)


def test_what_a_model_says_of_itself(model: Model, tmp_path: Path) -> None:
    assert list(model) == ["serving_default"]
    assert str(model) == f"SavedModel {tmp_path / 'm'} (serve)\n  {SIGNATURE}"
    signature = model["serving_default"]
    assert signature.method_name == "tensorflow/serving/predict"
    assert signature.inputs["x"].dtype is tf.float32
    assert signature.outputs["y"].shape.as_list() == [None, 2]


def test_an_only_input_and_lists(model: Model) -> None:
    signature = model["serving_default"]
    for value in (X, X.tolist(), [[1, 2, 3], [4, 5, 6]]):
        np.testing.assert_array_equal(signature(value)["y"], signature(x=X)["y"])


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (X.astype(np.float64), "float64[2,3]"),
        (X[:, :2], "float32[2,2]"),
        (X[0], "float32[3]"),
        ([["a", "b", "c"]], "[['a', 'b', 'c']]"),
        ([[1, 2], [3]], "[[1, 2], [3]]"),
        (np.array(["a"]), "<U1[1]"),
        ([[1j, 2, 3]], "[[1j, 2, 3]]"),
        (None, "None"),
        (np.array("2020-01-01", np.datetime64), "datetime64[D][]"),
    ],
)
def test_a_value_that_does_not_fit(model: Model, value: Any, found: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        model["serving_default"](x=value)
    assert str(error.value) == (f"input 'x' is {found}, but should be float32[?,3]:\n  {SIGNATURE}")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "missing inputs: x"),
        ({"x": X, "z": 1}, "unknown inputs: z"),
        ({"X": X}, "missing inputs: x; unknown inputs: X"),
    ],
)
def test_inputs_of_other_names(model: Model, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as error:
        model["serving_default"](**inputs)
    assert str(error.value) == f"{message}:\n  {SIGNATURE}"
    with pytest.raises(TypeError, match="by name"):
        model["serving_default"](X, X)


def test_an_unknown_signature(model: Model) -> None:
    with pytest.raises(KeyError) as error:
        model["predict"]
    assert isinstance(error.value, tf.errors.NotFoundError)
    assert SIGNATURE in str(error.value)
    assert "predict" not in model


def test_words_and_their_asset(tmp_path: Path) -> None:
    text = tmp_path / "words.txt"
    text.write_text("a\nb\n")
    vocabulary(tmp_path / "m", text)
    text.unlink()
    with tf.load(tmp_path / "m") as model:
        for words in (["b", b"x"], np.array(["b", "x"]), np.array([b"b", "x"], object)):
            np.testing.assert_array_equal(model["look"](words=words)["ids"], [1, -1])
        with pytest.raises(tf.errors.InvalidArgumentError, match="string"):
            model["look"](words=[1, 2])


def test_sparse_tensors(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        sparse = tf.sparse_placeholder(tf.float32, [None, 3])
        total = tf.sparse_tensor_dense_matmul(sparse, tf.constant(KERNEL))
        doubled = sparse * tf.constant(2.0)
        tf.saved_model.simple_save(
            session, str(tmp_path / "m"), {"s": sparse}, {"t": total, "d": doubled}
        )
    with tf.load(tmp_path / "m") as model:
        signature = model["serving_default"]
        value = tf.SparseTensorValue(np.array([[0, 1]]), np.array([3], np.float32), [2, 3])
        result = signature(s=value)
        np.testing.assert_allclose(result["t"], [3 * KERNEL[1], [0, 0]])
        assert isinstance(result["d"], tf.SparseTensorValue)
        np.testing.assert_array_equal(result["d"].values, [6])
        with pytest.raises(tf.errors.InvalidArgumentError, match="made of 3 arrays"):
            signature(s=X)


def test_one_of_several_graphs(tmp_path: Path) -> None:
    builder = tf.saved_model.Builder(str(tmp_path / "m"))
    for number, tags in enumerate((["train"], ["serve", "gpu"], ["serve"])):
        with tf.Graph().as_default(), tf.Session() as session:
            v = tf.get_variable("v", initializer=tf.constant(5.0))
            y = v + float(number)
            session.run(tf.global_variables_initializer())
            info = {"y": tf.saved_model.build_tensor_info(y)}
            signatures = {"s": tf.saved_model.build_signature_def({}, info, "m")}
            if number:
                builder.add_meta_graph(tags, signatures)
            else:
                builder.add_meta_graph_and_variables(session, tags, signatures)
    builder.save()
    for chosen, expected in ((None, 7), ("train", 5), (["gpu", "serve"], 6)):
        with tf.load(tmp_path / "m", chosen) as model:
            assert model["s"]()["y"] == expected
    with pytest.raises(RuntimeError, match="could not be found"):
        tf.load(tmp_path / "m", "eval")


def test_tags_must_be_said_where_there_is_a_choice(tmp_path: Path) -> None:
    builder = tf.saved_model.Builder(str(tmp_path / "m"))
    for tags in (["a"], ["b", "c"]):
        with tf.Graph().as_default(), tf.Session() as session:
            tf.constant(1)
            add = builder.add_meta_graph_and_variables
            add(session, tags) if tags == ["a"] else builder.add_meta_graph(tags)
    builder.save()
    with pytest.raises(tf.errors.NotFoundError, match=r"tags=\['a'\] or tags=\['b', 'c'\]"):
        tf.load(tmp_path / "m")


def test_a_closed_model(model: Model) -> None:
    model.close()
    with pytest.raises(RuntimeError, match="closed"):
        model["serving_default"](x=X)


def test_default_values(model: Model, tmp_path: Path) -> None:
    """As newer TensorFlows write them."""
    from flowc.runtime.saved_model import read_saved_model

    saved = read_saved_model(tmp_path / "m")
    defaults = saved.meta_graphs[0].signature_def["serving_default"].defaults
    defaults["x"].CopyFrom(tf.make_tensor_proto(X))
    (tmp_path / "m/saved_model.pb").write_bytes(saved.SerializeToString())
    with tf.load(tmp_path / "m") as again:
        np.testing.assert_allclose(again["serving_default"]()["y"], X @ KERNEL, rtol=1e-6)
