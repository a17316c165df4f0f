"""Saver: round trips over fresh sessions and graphs, what is kept, and what mistakes meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture(params=[True, False], ids=["resource", "reference"])
def resource(request: pytest.FixtureRequest) -> bool:
    """Both kinds of variables."""
    return bool(request.param)


def variable(name: str, value: Any, resource: bool = True) -> Any:
    return tf.get_variable(name, initializer=value, use_resource=resource)


def initialized(config: Any = None) -> Any:
    session = tf.Session(config=config)
    session.run(tf.global_variables_initializer())
    return session


def test_a_fresh_session_gets_the_values(tmp_path: Path, resource: bool) -> None:
    w = variable("w", np.arange(6, dtype=np.float32).reshape(2, 3), resource)
    n = variable("scope/n", np.int64(7), resource)
    names = variable("names", np.array([b"a", b"bc"], object), resource)
    saver = tf.train.Saver()
    with initialized() as session:
        expected = session.run([w, n, names])
        path = saver.save(session, str(tmp_path / "model"))
    with tf.Session() as session:
        saver.restore(session, path)
        assert session.compile_count == 0
        for got, value in zip(session.run([w, n, names]), expected, strict=True):
            np.testing.assert_array_equal(got, value)
    assert tf.train.list_variables(path) == [("names", [2]), ("scope/n", []), ("w", [2, 3])]
    np.testing.assert_array_equal(tf.train.load_variable(path, "w"), expected[0])


def test_training_goes_on_after_saving_and_restoring(tmp_path: Path, resource: bool) -> None:
    w = variable("w", np.float32(1), resource)
    double = w.assign(2 * w)
    saver = tf.train.Saver()
    with initialized() as session:
        session.run(double.op)
        path = saver.save(session, str(tmp_path / "model"))
        session.run(double.op)
        assert session.run(w) == 4
        saver.restore(session, path)
        assert session.run(w) == 2
        session.run(double.op)
        assert session.run(w) == 4


def test_names_of_a_dictionary(tmp_path: Path) -> None:
    w = variable("w", np.float32(3))
    with initialized() as session:
        path = tf.train.Saver({"other": w}).save(session, str(tmp_path / "model"))
    with tf.Graph().as_default():
        other = variable("other", np.float32(0))
        with tf.Session() as session:
            tf.train.Saver([other]).restore(session, path)
            assert session.run(other) == 3


def test_a_shape_may_change_where_it_is_asked_for(tmp_path: Path) -> None:
    variable("w", np.arange(6, dtype=np.float32))
    with initialized() as session:
        path = tf.train.Saver().save(session, str(tmp_path / "model"))
    with tf.Graph().as_default():
        w = variable("w", np.zeros((2, 3), np.float32))
        with tf.Session() as session:
            tf.train.Saver(reshape=True).restore(session, path)
            np.testing.assert_array_equal(session.run(w), [[0, 1, 2], [3, 4, 5]])


def test_shards_are_merged(tmp_path: Path) -> None:
    two = tf.ConfigProto(device_count={"CPU": 2})
    with tf.device("/cpu:0"):
        a = variable("a", np.float32(1))
    with tf.device("/cpu:1"):
        b = variable("b", np.float32(2), resource=False)
    saver = tf.train.Saver(sharded=True)
    with initialized(two) as session:
        path = saver.save(session, str(tmp_path / "model"))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "checkpoint",
        "model.data-00000-of-00002",
        "model.data-00001-of-00002",
        "model.index",
        "model.meta",
    ]
    with tf.Session(config=two) as session:
        saver.restore(session, path)
        assert session.run([a, b]) == [1, 2]


# Names of files, and which are kept


def test_the_step_is_part_of_the_name(tmp_path: Path) -> None:
    step = tf.train.get_or_create_global_step()
    saver = tf.train.Saver(pad_step_number=True)
    with initialized() as session:
        session.run(step.assign(12))
        assert saver.save(session, str(tmp_path / "m"), global_step=step).endswith("m-00000012")
        assert saver.save(session, str(tmp_path / "m"), global_step=3).endswith("m-00000003")


def test_the_last_checkpoints_are_kept(tmp_path: Path) -> None:
    variable("w", np.float32(1))
    saver = tf.train.Saver(max_to_keep=2)
    with initialized() as session:
        for step in range(4):
            saver.save(session, str(tmp_path / "m"), global_step=step)
    kept = [str(tmp_path / f"m-{step}") for step in (2, 3)]
    assert saver.last_checkpoints == kept
    assert sorted(p.stem for p in tmp_path.glob("*.index")) == ["m-2", "m-3"]
    assert sorted(p.stem for p in tmp_path.glob("*.meta")) == ["m-2", "m-3"]
    assert tf.train.latest_checkpoint(str(tmp_path)) == kept[-1]
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert state is not None
    assert list(state.all_model_checkpoint_paths) == kept


def test_all_checkpoints_are_kept_where_asked(tmp_path: Path) -> None:
    variable("w", np.float32(1))
    saver = tf.train.Saver(max_to_keep=None)
    with initialized() as session:
        for step in range(7):
            saver.save(session, str(tmp_path / "m"), global_step=step, write_meta_graph=False)
    assert len(list(tmp_path.glob("*.index"))) == 7


def test_another_saver_takes_over(tmp_path: Path) -> None:
    variable("w", np.float32(1))
    with initialized() as session:
        paths = [
            tf.train.Saver().save(session, str(tmp_path / "m"), global_step=step)
            for step in range(2)
        ]
        saver = tf.train.Saver(max_to_keep=2)
        saver.recover_last_checkpoints([*paths, str(tmp_path / "gone")])
        assert saver.last_checkpoints == paths
        saver.save(session, str(tmp_path / "m"), global_step=2)
    assert not tf.train.checkpoint_exists(paths[0])
    assert tf.train.checkpoint_exists(paths[1])


# Nodes and MetaGraphs


def test_the_nodes_are_those_of_tensorflow(graph: Any) -> None:
    variable("a", np.float32(1))
    variable("b", np.float32(1), resource=False)
    definition = tf.train.Saver().as_saver_def()
    assert definition.filename_tensor_name == "save/Const:0"
    assert definition.save_tensor_name == "save/control_dependency:0"
    assert definition.restore_op_name == "save/restore_all"
    nodes = {n.name: n for n in graph.as_graph_def().node if n.name.startswith("save/")}
    assert list(nodes) == [
        "save/filename/input",
        "save/filename",
        "save/Const",
        "save/SaveV2/tensor_names",
        "save/SaveV2/shape_and_slices",
        "save/SaveV2",
        "save/control_dependency",
        "save/RestoreV2/tensor_names",
        "save/RestoreV2/shape_and_slices",
        "save/RestoreV2",
        "save/Identity",
        "save/AssignVariableOp",
        "save/Assign",
        "save/restore_all",
    ]
    assert list(nodes["save/SaveV2"].input)[3:] == ["a/Read/ReadVariableOp", "b"]
    assert nodes["save/RestoreV2"].device == "/device:CPU:0"


def test_a_meta_graph_brings_everything_back(tmp_path: Path, resource: bool) -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = variable("w", np.ones((2, 3), np.float32), resource)
    loss = tf.reduce_sum(tf.matmul(x, w) ** 2, name="loss")
    tf.train.AdamOptimizer(0.1).minimize(loss, tf.train.get_or_create_global_step(), name="train")
    tf.add_to_collection("inputs", x)
    tf.add_to_collection("sizes", 5)
    feeds = {"x:0": np.ones((4, 2), np.float32)}
    with initialized() as session:
        session.run("train", feeds)
        path = tf.train.Saver().save(session, str(tmp_path / "m"), global_step=1)
        session.run("train", feeds)
        expected = session.run("loss:0", feeds)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        saver = tf.train.import_meta_graph(f"{path}.meta")
        saver.restore(session, path)
        session.run("train", feeds)
        assert session.run("loss:0", feeds) == pytest.approx(expected, rel=1e-6)
        assert tf.get_collection("inputs") == [graph.get_tensor_by_name("x:0")]
        assert tf.get_collection("sizes") == [5]
        assert tf.trainable_variables() == [v for v in tf.global_variables() if v.name == "w:0"]
        assert saver.save(session, str(tmp_path / "again"))


def test_a_meta_graph_inside_a_scope(tmp_path: Path) -> None:
    variable("w", np.float32(4))
    with initialized() as session:
        path = tf.train.Saver().save(session, str(tmp_path / "m"))
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.import_meta_graph(f"{path}.meta", import_scope="inner")
        saver.restore(session, path)
        assert [v.name for v in tf.global_variables()] == ["inner/w:0"]
        assert session.run(tf.global_variables()[0]) == 4


def test_a_scope_is_exported_alone() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.name_scope("part"):
        tf.multiply(x, 2.0, name="double")
    meta = tf.train.export_meta_graph(export_scope="part")
    assert [n.name for n in meta.graph_def.node] == ["double/y", "double"]
    with tf.Graph().as_default(), tf.Session() as session:
        with pytest.raises(ValueError, match="Graph contains unbound inputs"):
            tf.train.import_meta_graph(meta)
        y = tf.constant(4.0)
        tf.train.import_meta_graph(meta, input_map={"$unbound_inputs_x": y})
        assert session.run("double:0") == 8


def test_defaults_are_left_out_of_a_meta_graph() -> None:
    tf.matmul(tf.ones([2, 2]), tf.ones([2, 2]), name="product")
    full, stripped = (
        tf.train.export_meta_graph(strip_default_attrs=strip).graph_def.node[-1]
        for strip in (False, True)
    )
    assert "transpose_a" in full.attr
    assert "transpose_a" not in stripped.attr


# Mistakes

Call = Callable[[Any, Any, Path], Any]
MISTAKES: dict[str, tuple[type[Exception], str, Call]] = {
    "no checkpoint": (
        ValueError,
        "The passed save_path is not a valid checkpoint",
        lambda saver, session, folder: saver.restore(session, str(folder / "absent")),
    ),
    "no name": (
        ValueError,
        "Can't load save_path when it is None",
        lambda saver, session, folder: saver.restore(session, None),
    ),
    "no session": (
        TypeError,
        "'sess' must be a Session",
        lambda saver, session, folder: saver.save(None, str(folder / "m")),
    ),
    "no folder": (
        ValueError,
        "Parent directory of .* doesn't exist, can't save",
        lambda saver, session, folder: saver.save(session, str(folder / "a" / "b" / "m")),
    ),
    "name of the state file": (
        ValueError,
        "'latest_filename' collides with 'save_path'",
        lambda saver, session, folder: saver.save(session, str(folder / "checkpoint")),
    ),
    "a tensor is missing": (
        tf.errors.NotFoundError,
        "Key w not found in checkpoint",
        lambda saver, session, folder: saver.restore(session, str(folder / "other")),
    ),
    "another shape": (
        tf.errors.InvalidArgumentError,
        r"(?s)a mismatch between the current graph.*lhs shape=.* rhs shape=",
        lambda saver, session, folder: saver.restore(session, str(folder / "shape")),
    ),
    "another type": (
        tf.errors.InvalidArgumentError,
        "expected dtype float32 does not equal original dtype int32",
        lambda saver, session, folder: saver.restore(session, str(folder / "type")),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_leaves_the_session_usable(mistake: str, tmp_path: Path, resource: bool) -> None:
    kind, message, call = MISTAKES[mistake]
    for name, key, value in (
        ("other", "v", np.zeros(3, np.float32)),
        ("shape", "w", np.zeros(2, np.float32)),
        ("type", "w", np.zeros(3, np.int32)),
    ):
        with tf.Graph().as_default():
            variable(key, value)
            with initialized() as session:
                tf.train.Saver().save(session, str(tmp_path / name))
    w = variable("w", np.ones(3, np.float32), resource)
    saver = tf.train.Saver()
    with initialized() as session:
        with pytest.raises(kind, match=message):
            call(saver, session, tmp_path)
        np.testing.assert_array_equal(session.run(w), np.ones(3))
        saver.restore(session, saver.save(session, str(tmp_path / "good")))


def test_uninitialized_variables_cannot_be_saved(tmp_path: Path, resource: bool) -> None:
    variable("w", np.float32(1), resource)
    saver = tf.train.Saver()
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value w"),
    ):
        saver.save(session, str(tmp_path / "m"))
    assert not list(tmp_path.iterdir())


def test_there_must_be_something_to_save(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No variables to save"):
        tf.train.Saver()
    saver = tf.train.Saver(allow_empty=True)
    with tf.Session() as session:
        assert saver.save(session, str(tmp_path / "m"), write_meta_graph=False) is None
        saver.restore(session, "anything")


def test_what_a_saver_takes() -> None:
    w = variable("w", np.float32(1))
    with pytest.raises(TypeError, match="Variable to save is not a Variable"):
        tf.train.Saver({"c": tf.constant(1)})
    with pytest.raises(ValueError, match="The same saveable will be restored with two names: b"):
        tf.train.Saver({"a": w, "b": w})
    with pytest.raises(ValueError, match="build cannot be deferred"):
        tf.train.Saver([w], defer_build=True)
    with tf.Session() as session, pytest.raises(RuntimeError, match="`build\\(\\)` should be"):
        tf.train.Saver(defer_build=True).save(session, "m")


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_variable_in_a_collection_of_the_program(tmp_path: Path, use_resource: bool) -> None:
    prefix = str(tmp_path / "m")
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.get_variable("v", initializer=tf.constant(3.0), use_resource=use_resource)
        tf.add_to_collection("mine", v)
        session.run(v.initializer)
        tf.train.Saver().save(session, prefix)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(f"{prefix}.meta").restore(session, prefix)
        assert session.run(tf.get_collection("mine")) == [3.0]
