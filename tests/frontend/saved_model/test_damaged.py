"""Files that are damaged, or made to do harm, get errors of `tf.errors`."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import flowc as tf
from flowc.ir.proto import MetaGraphDef, SavedObjectGraph
from flowc.runtime.saved_model import read_saved_model
from tests.frontend.saved_model.models import linear, vocabulary


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    linear(tmp_path / "m")
    return tmp_path / "m"


def test_there_is_no_model(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(OSError, match="SavedModel file does not exist at") as error:
            tf.load(place)
        assert isinstance(error.value, tf.errors.NotFoundError)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("saved_model.pb", b"invalid content"),
        ("saved_model.pbtxt", b"invalid content"),
        ("saved_model.pbtxt", b"\xff\xfe"),
        ("saved_model.pbtxt", b"meta_graphs { " * 100_000),
        ("saved_model.pbtxt", b"meta_graphs { object_graph_def { nodes { variable { shape { "),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OSError, match=f"Cannot parse file .*{name}") as error:
        tf.load(tmp_path)
    assert isinstance(error.value, tf.errors.DataLossError)
    assert len(str(error.value)) < 1000


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(tf.errors.NotFoundError, match="0 graphs"):
        tf.load(tmp_path)


def edit(folder: Path, change: Callable[[MetaGraphDef], Any]) -> None:
    """Change the only graph of a model."""
    model = read_saved_model(folder)
    change(model.meta_graphs[0])
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())


def _name_of_saver(meta: MetaGraphDef) -> None:
    meta.saver_def.restore_op_name = "none"


def _two_init_ops(meta: MetaGraphDef) -> None:
    meta.collection_def["saved_model_main_op"].node_list.value.extend(["a", "b"])


def _unknown_init_op(meta: MetaGraphDef) -> None:
    meta.collection_def["legacy_init_op"].node_list.value.append("none")


def _unknown_init_signature(meta: MetaGraphDef) -> None:
    meta.signature_def["__saved_model_init_op"].outputs["x"].name = "y"


def _input_of_no_node(meta: MetaGraphDef) -> None:
    meta.graph_def.node[-1].input.append("none")


def _asset(name: str) -> Callable[[MetaGraphDef], None]:
    def change(meta: MetaGraphDef) -> None:
        meta.asset_file_def.add(filename=name).tensor_info.name = "x:0"
        meta.collection_def["saved_model_main_op"].node_list.value.append("y")

    return change


def _asset_of_no_tensor(meta: MetaGraphDef) -> None:
    _asset("f")(meta)
    meta.asset_file_def[0].tensor_info.name = "none:0"


def _assets_of_another_kind(meta: MetaGraphDef) -> None:
    meta.collection_def["saved_model_main_op"].node_list.value.append("y")
    meta.collection_def["saved_model_assets"].any_list.value.add(type_url="a/b", value=b"\xff")


@pytest.mark.parametrize(
    "change",
    [
        _name_of_saver,
        _two_init_ops,
        _unknown_init_op,
        _unknown_init_signature,
        _input_of_no_node,
        _asset("../../etc/passwd"),
        _asset("/etc/passwd"),
        _asset(""),
        _asset("a\0b"),
        _asset_of_no_tensor,
        _assets_of_another_kind,
    ],
)
def test_parts_that_do_not_fit(folder: Path, change: Callable[[MetaGraphDef], Any]) -> None:
    edit(folder, change)
    with pytest.raises(tf.errors.OpError):
        tf.load(folder)


@pytest.mark.parametrize(
    ("name", "dtype"), [("none:0", 1), ("x:7", 1), ("x:0", 3), ("x:0", 999), ("x", 1), ("", 0)]
)
def test_a_signature_of_no_tensor(folder: Path, name: str, dtype: int) -> None:
    def change(meta: MetaGraphDef) -> None:
        info = meta.signature_def["serving_default"].inputs["x"]
        info.name, info.dtype = name, dtype

    edit(folder, change)
    with tf.load(folder) as model, pytest.raises(ValueError, match="serving_default") as error:
        model["serving_default"]([[1.0, 2.0, 3.0]])
    assert isinstance(error.value, tf.errors.InvalidArgumentError)


def test_a_signature_of_another_shape(folder: Path) -> None:
    def change(meta: MetaGraphDef) -> None:
        shape = meta.signature_def["serving_default"].inputs["x"].tensor_shape
        shape.dim[1].size = 7

    edit(folder, change)
    with tf.load(folder) as model, pytest.raises(ValueError, match="7") as error:
        model["serving_default"]([[1.0] * 7])
    assert isinstance(error.value, tf.errors.InvalidArgumentError)


def test_variables_that_are_missing_or_damaged(folder: Path) -> None:
    data = folder / "variables/variables.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[3] ^= 1
    data.write_bytes(content)
    with pytest.raises(tf.errors.DataLossError, match="kernel"):
        tf.load(folder)
    shutil.rmtree(folder / "variables")
    with pytest.raises(ValueError, match="not a valid checkpoint") as error:
        tf.load(folder)
    assert isinstance(error.value, tf.errors.InvalidArgumentError)


def test_an_asset_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("a\n")
    vocabulary(tmp_path / "m", tmp_path / "words")
    (tmp_path / "m/assets/words").unlink()
    with pytest.raises(tf.errors.NotFoundError, match="m/assets/words"):
        tf.load(tmp_path / "m")


def _children(number: int) -> Callable[[SavedObjectGraph], None]:
    def change(objects: SavedObjectGraph) -> None:
        for node in objects.nodes:
            for child in node.children:
                child.node_id = number

    return change


def _captures(objects: SavedObjectGraph) -> None:
    for function in objects.concrete_functions.values():
        function.bound_inputs.extend([-5, 10**6] * 50)


@pytest.mark.parametrize("change", [_children(10**6), _children(-1), _children(0), _captures])
def test_objects_that_do_not_exist(
    tmp_path: Path, shared: Path, change: Callable[[SavedObjectGraph], None]
) -> None:
    """In an object graph from which captured variables are restored."""
    source = shared / "golden/saved_models/tf2_module"
    model = read_saved_model(source)
    change(model.meta_graphs[0].object_graph_def)
    (tmp_path / "saved_model.pb").write_bytes(model.SerializeToString())
    for name in ("variables", "assets"):
        (tmp_path / name).symlink_to(source / name)
    with suppress(tf.errors.OpError), tf.load(tmp_path) as loaded:
        assert "serving_default" in loaded


def test_bytes_that_were_changed(folder: Path) -> None:
    """Whatever a changed file says: it is loaded and run, or refused, and soon."""
    path = folder / "saved_model.pb"
    good = path.read_bytes()
    choose = random.Random(5)
    for _ in range(150):
        content = bytearray(good)
        for _ in range(choose.randint(1, 4)):
            content[choose.randrange(len(content))] = choose.randrange(256)
        path.write_bytes(
            content[: choose.randrange(len(content))] if choose.random() < 0.2 else content
        )
        began = time.process_time()
        try:
            with tf.load(folder) as model:
                for signature in model.values():
                    signature(x=[[1.0, 2.0, 3.0]])
        except (tf.errors.OpError, TypeError):
            pass  # TypeError: other names of inputs
        assert time.process_time() - began < 10
