"""Savers and MetaGraphs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.ir.proto import SaverDef


def two_variables() -> tuple[Any, Any]:
    return tf.get_variable("a", [2, 3]), tf.Variable(3.0, name="b", use_resource=False)


def test_round_trip(tmp_path: Path) -> None:
    a, b = two_variables()
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run([a, b])
        path = saver.save(session, tmp_path / "model", global_step=7)
        session.run([a.assign(a * 2.0), tf.assign(b, 5.0)])
        saver.restore(session, path)
        after = session.run([a, b])
    assert Path(path).name == "model-7"
    assert tf.train.latest_checkpoint(tmp_path) == path
    np.testing.assert_array_equal(before[0], after[0])
    assert before[1] == after[1]


def test_meta_graph_round_trip(tmp_path: Path) -> None:
    a, b = two_variables()
    tf.add_to_collection("numbers", 3)
    tf.add_to_collection("outputs", tf.identity(a, name="out"))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        value = session.run(a)
        path = tf.train.Saver().save(session, str(tmp_path / "m"))
    tf.reset_default_graph()
    saver = tf.train.import_meta_graph(f"{path}.meta")
    assert saver is not None
    assert [v.name for v in tf.trainable_variables()] == ["a:0", "b:0"]
    assert tf.trainable_variables() == tf.global_variables()
    assert tf.get_collection("numbers") == [3]
    (out,) = tf.get_collection("outputs")
    with tf.Session() as session:
        saver.restore(session, path)
        np.testing.assert_array_equal(session.run(out), value)


def test_import_into_a_scope(tmp_path: Path) -> None:
    a, _ = two_variables()
    file = str(tmp_path / "graph.meta")
    tf.train.export_meta_graph(file)
    tf.train.import_meta_graph(file, import_scope="again")
    assert [v.name for v in tf.global_variables()] == ["a:0", "b:0", "again/a:0", "again/b:0"]
    assert a.op.type == "VarHandleOp"


def test_names_and_subsets(tmp_path: Path) -> None:
    a, b = two_variables()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver({"other/name": a}).save(session, str(tmp_path / "m"))
        assert tf.train.list_variables(path) == [("other/name", [2, 3])]
        with pytest.raises(tf.errors.NotFoundError, match="Key b not found in checkpoint"):
            tf.train.Saver([b]).restore(session, path)


def test_old_checkpoints_are_deleted(tmp_path: Path) -> None:
    two_variables()
    saver = tf.train.Saver(max_to_keep=2)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        paths = [saver.save(session, str(tmp_path / "m"), global_step=i) for i in range(3)]
    assert saver.last_checkpoints == paths[1:]
    assert not tf.train.checkpoint_exists(paths[0])
    assert not Path(f"{paths[0]}.meta").exists()
    state = tf.train.get_checkpoint_state(tmp_path)
    assert state is not None
    assert list(state.all_model_checkpoint_paths) == paths[1:]


def test_shape_mismatch(tmp_path: Path) -> None:
    two_variables()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, str(tmp_path / "m"))
    tf.reset_default_graph()
    tf.get_variable("a", [4])
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match="shapes of both tensors to match"):
            tf.train.Saver().restore(session, path)


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No variables to save"):
        tf.train.Saver()
    a, _ = two_variables()
    saver = tf.train.Saver()
    with tf.Session() as session:
        with pytest.raises(ValueError, match="not a valid checkpoint"):
            saver.restore(session, str(tmp_path / "nothing"))
        with pytest.raises(ValueError, match="when it is None"):
            saver.restore(session, None)
        with pytest.raises(tf.errors.FailedPreconditionError):
            saver.save(session, str(tmp_path / "m"))
        session.run(tf.global_variables_initializer())
        with pytest.raises(ValueError, match="Parent directory of .* doesn't exist"):
            saver.save(session, str(tmp_path / "no" / "such" / "m"))
        with pytest.raises(ValueError, match="collides with 'save_path'"):
            saver.save(session, str(tmp_path / "checkpoint"))
    with pytest.raises(TypeError, match="'sess' must be a Session"):
        saver.save(None, "m")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not a Variable"):
        tf.train.Saver([tf.constant(1.0)])
    with pytest.raises(ValueError, match="same name"):
        tf.train.Saver([a, tf.Variable.from_proto(a.to_proto())])


def test_saver_def_keeps_its_settings() -> None:
    two_variables()
    definition = tf.train.Saver(max_to_keep=3).as_saver_def()
    assert definition.max_to_keep == 3
    assert definition.version == SaverDef.V2


def test_freezing() -> None:
    a, _ = two_variables()
    tf.reduce_sum(a * 2.0, name="out")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        value = session.run("out:0")
        frozen = tf.graph_util.convert_variables_to_constants(
            session, tf.get_default_graph().as_graph_def(), ["out"]
        )
    assert "VarHandleOp" not in {node.op for node in frozen.node}
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(frozen, name="")
        assert session.run("out:0") == value
