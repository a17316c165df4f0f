"""Writing SavedModels, and what is read of them again."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.runtime.saved_model import read_saved_model
from tests.frontend.saved_model.models import linear, vocabulary

saved_model = tf.saved_model


def names(folder: Path) -> list[str]:
    """The files below a folder."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def session() -> Any:
    with tf.Graph().as_default(), tf.Session() as opened:
        v = tf.get_variable("v", initializer=tf.constant(42.0))
        tf.identity(v, name="y")
        opened.run(tf.global_variables_initializer())
        yield opened


def value_of_v(folder: Path, tags: list[str], **options: Any) -> Any:
    with tf.Session(graph=tf.Graph()) as opened:
        saved_model.load(opened, tags, str(folder), **options)
        scope = options.get("import_scope")
        return opened.run(f"{scope}/y:0" if scope else "y:0")


def test_the_files_of_a_model(tmp_path: Path, session: Any) -> None:
    folder = tmp_path / "new" / "1"
    builder = saved_model.builder.SavedModelBuilder(str(folder))
    builder.add_meta_graph_and_variables(session, [saved_model.tag_constants.SERVING])
    assert not folder.exists()
    assert builder.save() == os.fsencode(folder / "saved_model.pb")
    variables = ["variables/variables.data-00000-of-00001", "variables/variables.index"]
    assert names(tmp_path) == [f"new/1/{n}" for n in ("saved_model.pb", *variables)]
    assert saved_model.contains_saved_model(str(folder))
    assert saved_model.loader.maybe_saved_model_directory(folder)
    assert not saved_model.contains_saved_model(str(tmp_path))
    assert value_of_v(folder, ["serve"]) == 42


def test_text_and_both(tmp_path: Path, session: Any) -> None:
    builder = saved_model.Builder(str(tmp_path / "m"))
    builder.add_meta_graph_and_variables(session, ["a"])
    assert builder.save(as_text=True).endswith(b"m/saved_model.pbtxt")
    assert b"meta_graphs {" in (tmp_path / "m/saved_model.pbtxt").read_bytes()
    assert value_of_v(tmp_path / "m", ["a"]) == 42
    builder.add_meta_graph(["b"])
    builder.save()
    assert value_of_v(tmp_path / "m", ["b"]) == 42  # binary goes before text
    assert names(tmp_path)[:2] == ["m/saved_model.pb", "m/saved_model.pbtxt"]


def test_a_folder_with_content(tmp_path: Path, session: Any) -> None:
    (tmp_path / "m").mkdir()
    first, second = (saved_model.Builder(str(tmp_path / "m")) for _ in range(2))
    for builder in (first, second):
        builder.add_meta_graph_and_variables(session, ["a"])
    (tmp_path / "m/assets.extra").mkdir()
    (tmp_path / "m/assets.extra/notes").write_text("mine")
    first.save()
    assert len(names(tmp_path / "m")) == 4
    with pytest.raises(tf.errors.AlreadyExistsError):
        second.save()
    with pytest.raises(AssertionError, match="isn't empty"):
        saved_model.Builder(str(tmp_path / "m"))
    del second, builder
    gc.collect()
    assert value_of_v(tmp_path / "m", ["a"]) == 42
    assert os.listdir(tmp_path) == ["m"]


def test_a_builder_that_is_given_up_leaves_nothing(tmp_path: Path, session: Any) -> None:
    builder = saved_model.Builder(str(tmp_path / "m"))
    builder.add_meta_graph_and_variables(session, ["a"])
    assert os.listdir(tmp_path)
    del builder
    gc.collect()
    assert not os.listdir(tmp_path)


def test_the_order_of_calls(tmp_path: Path, session: Any) -> None:
    builder = saved_model.Builder(str(tmp_path / "m"))
    with pytest.raises(AssertionError, match="add_meta_graph_and_variables"):
        builder.add_meta_graph(["a"])
    builder.add_meta_graph_and_variables(session, ["a"])
    with pytest.raises(AssertionError, match="already been saved"):
        builder.add_meta_graph_and_variables(session, ["b"])


def test_variables_are_those_of_the_first_graph(tmp_path: Path, session: Any) -> None:
    builder = saved_model.Builder(str(tmp_path / "m"))
    builder.add_meta_graph_and_variables(session, ["train"])
    with tf.Graph().as_default():
        tf.identity(tf.get_variable("v", initializer=tf.constant(1.0)), name="y")
        builder.add_meta_graph(["foo", "bar"])
    builder.save()
    assert value_of_v(tmp_path / "m", ["bar", "foo", "bar"]) == 42
    assert value_of_v(tmp_path / "m", ["train"], import_scope="in/here") == 42
    for tags in (["foo"], ["foo", "train"], []):
        with pytest.raises(RuntimeError, match="could not be found") as error:
            value_of_v(tmp_path / "m", tags)
        assert isinstance(error.value, tf.errors.NotFoundError)


def test_a_graph_without_variables(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.constant(5.0, name="y")
        tensors = {"x": tf.constant(1)}, {"y": tf.constant(2)}
        saved_model.simple_save(session, tmp_path / "m", *tensors)
    assert value_of_v(tmp_path / "m", ["serve"]) == 5
    assert names(tmp_path / "m") == ["saved_model.pb"]


def test_a_saver_of_the_program(tmp_path: Path, session: Any) -> None:
    tf.get_variable("w", initializer=tf.constant(1.0))  # has no value, and is not saved
    saver = tf.train.Saver({"named": tf.global_variables()[0]})
    builder = saved_model.Builder(str(tmp_path / "m"))
    builder.add_meta_graph_and_variables(session, ["a"], saver=saver)
    builder.save()
    assert [n for n, _ in tf.train.list_variables(str(tmp_path / "m/variables/variables"))] == [
        "named"
    ]
    assert value_of_v(tmp_path / "m", ["a"]) == 42


@pytest.mark.parametrize("argument", ["main_op", "legacy_init_op"])
def test_the_init_op_runs_after_restoring(tmp_path: Path, session: Any, argument: str) -> None:
    v = tf.global_variables()[0]
    init: Any = tf.assign_add(v, 1.0).op
    builder = saved_model.Builder(str(tmp_path / "m"))
    builder.add_meta_graph_and_variables(session, ["a"], **{argument: init})
    with pytest.raises(ValueError, match="already contains"):
        builder.add_meta_graph(["b"], main_op=init)
    builder.save()
    assert value_of_v(tmp_path / "m", ["a"]) == 43


def test_an_older_models_init_op(tmp_path: Path, session: Any) -> None:
    tf.add_to_collection("legacy_init_op", tf.assign_add(tf.global_variables()[0], 2.0).op)
    builder = saved_model.Builder(str(tmp_path / "m"))
    builder.add_meta_graph_and_variables(session, ["a"])
    builder.save()
    assert value_of_v(tmp_path / "m", ["a"]) == 44
    with pytest.raises(TypeError, match="needs to be an Operation"):
        builder.add_meta_graph(["b"], main_op="y")


def test_main_ops(tmp_path: Path, session: Any) -> None:
    local = tf.Variable(3.0, collections=[tf.GraphKeys.LOCAL_VARIABLES], name="local")
    session.run(saved_model.main_op.main_op())
    assert session.run(local) == 3
    assign = tf.assign(tf.global_variables()[0], 7.0)
    session.run(saved_model.main_op_with_restore(assign.op))
    assert session.run("y:0") == 7


def test_reserved_and_incomplete_signatures(tmp_path: Path, session: Any) -> None:
    builder = saved_model.Builder(str(tmp_path / "m"))
    add = builder.add_meta_graph_and_variables
    good = saved_model.utils.build_tensor_info(tf.constant(1.0))
    for key in ("__saved_model_init_op", "__saved_model_train_op"):
        with pytest.raises(KeyError, match="reserved"):
            add(session, ["a"], {key: saved_model.build_signature_def({}, {"y": good}, "m")})
    no_name, no_type = type(good)(dtype=1), type(good)(name="y:0")
    for bad in (no_name, no_type):
        for side in ("inputs", "outputs"):
            tensors: Any = {side: {"x": bad}}
            signature = saved_model.build_signature_def(**tensors)
            with pytest.raises(AssertionError, match="TensorInfo"):
                add(session, ["a"], {"s": signature})
    assert not os.listdir(tmp_path)
    add(session, ["a"], {"s": saved_model.build_signature_def({"x": good}, {}, "m")})


def add_asset(path: Path, content: str) -> Any:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return tf.constant(str(path))


def test_assets_of_equal_names(tmp_path: Path, session: Any) -> None:
    same, other = add_asset(tmp_path / "a/f", "1"), add_asset(tmp_path / "b/f", "2")
    again, third = add_asset(tmp_path / "c/f", "1"), add_asset(tmp_path / "d/f", "3")
    builder = saved_model.Builder(str(tmp_path / "m"))
    builder.add_meta_graph_and_variables(session, ["x"], assets_collection=[same, other, again])
    builder.save()
    builder.add_meta_graph(["y"], assets_collection=[other, third])
    builder.save()
    assert {p.name: p.read_text() for p in (tmp_path / "m/assets").iterdir()} == {
        "f": "1",
        "f_1": "2",
        "f_2": "3",
    }


def test_assets_that_are_none(tmp_path: Path, session: Any) -> None:
    builder = saved_model.Builder(str(tmp_path / "m"))
    wrong: list[tuple[Any, type[Exception], str]] = [
        ("f", TypeError, "must be a Tensor"),
        (tf.placeholder(tf.string), TypeError, "constant"),
        (tf.constant(1), TypeError, "dtype string"),
        (tf.constant(["f", "g"]), TypeError, "scalar"),
        (tf.constant(""), ValueError, "Invalid asset"),
        (tf.constant(str(tmp_path / "none")), tf.errors.NotFoundError, "none"),
    ]
    for tensor, kind, message in wrong:
        with pytest.raises(kind, match=message):
            builder.add_meta_graph_and_variables(session, ["a"], assets_collection=[tensor])


def test_a_model_can_be_moved(tmp_path: Path) -> None:
    text = tmp_path / "words"
    text.write_text("a\nb\nc\n")
    vocabulary(tmp_path / "m", text)
    (tmp_path / "m").rename(tmp_path / "n")
    text.write_text("other")
    with tf.Session(graph=tf.Graph()) as session:
        meta = saved_model.loader.load(session, ["serve"], os.fsencode(tmp_path / "n"))
        look = meta.signature_def["look"]
        ids = session.run(look.outputs["ids"].name, {look.inputs["words"].name: ["c"]})
        np.testing.assert_array_equal(ids, [2])


def test_devices_and_default_attributes_can_be_left_out(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        with tf.device("/cpu:0"):
            tf.matmul(tf.ones([1, 1]), tf.ones([1, 1]), name="y")
        builder = saved_model.Builder(str(tmp_path / "m"))
        add: Any = builder.add_meta_graph_and_variables
        add(session, ["a"], clear_devices=True, strip_default_attrs=True)
        builder.add_meta_graph(["b"])
        builder.save()
    bare, full = (
        {node.name: node for node in meta.graph_def.node}["y"]
        for meta in read_saved_model(tmp_path / "m").meta_graphs
    )
    assert (bare.device, "transpose_a" in bare.attr) == ("", False)
    assert ("CPU:0" in full.device, "transpose_a" in full.attr) == (True, True)


def test_saving_what_was_loaded(tmp_path: Path) -> None:
    linear(tmp_path / "a")
    with tf.Session(graph=tf.Graph()) as session:
        meta = saved_model.load(session, ["serve"], tmp_path / "a")
        with session.graph.as_default():
            builder = saved_model.Builder(str(tmp_path / "b"))
            builder.add_meta_graph_and_variables(session, ["serve"], dict(meta.signature_def))
            builder.save()
    x = np.ones((2, 3), np.float32)
    first, second = (tf.load(tmp_path / name)["serving_default"](x=x)["y"] for name in ("a", "b"))
    np.testing.assert_array_equal(first, second)
