"""Event files: what is written is read back, by flowc and in TensorFlow's format."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowc as tf
from flowc.frontend.summaries.event_files import EventsFile

SCALAR = tf.Summary(value=[tf.Summary.Value(tag="x", simple_value=2.0)])


def events(folder: Path) -> list[tf.Event]:
    return [event for path in sorted(folder.iterdir()) for event in tf.train.summary_iterator(path)]


def kinds(folder: Path) -> list[str | None]:
    return [event.WhichOneof("what") for event in events(folder)]


def test_what_is_written(tmp_path: Path) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.summary.FileWriter(tmp_path / "logs", x.graph, filename_suffix=".v") as writer:
        writer.add_summary(SCALAR, 7)
        writer.add_summary(SCALAR.SerializeToString())
        writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 1)
        writer.add_run_metadata(tf.RunMetadata(), "first", 3)
        with pytest.raises(ValueError, match="tag was already used"):
            writer.add_run_metadata(tf.RunMetadata(), "first")
        writer.flush()
        assert len(events(tmp_path / "logs")) == 7
    version, graph, meta, first, second, *_ = events(tmp_path / "logs")
    (path,) = (tmp_path / "logs").iterdir()
    assert path.name.startswith("events.out.tfevents.")
    assert path.name.endswith(".v")
    assert version.file_version == "brain.Event:2"
    assert tf.GraphDef.FromString(graph.graph_def).node[0].attr["_output_shapes"].list.shape
    assert tf.MetaGraphDef.FromString(meta.meta_graph_def).graph_def.node[0].name == "x"
    assert (first.step, first.summary) == (7, SCALAR)
    assert second.summary == SCALAR
    assert kinds(tmp_path / "logs")[-2:] == ["session_log", "tagged_run_metadata"]


def test_metadata_is_written_once(tmp_path: Path) -> None:
    metadata = tf.SummaryMetadata(display_name="n")
    summary = tf.Summary(value=[tf.Summary.Value(tag="x", metadata=metadata)])
    with tf.summary.FileWriter(tmp_path) as writer:
        writer.add_summary(summary)
        writer.add_summary(summary)
    assert [e.summary.value[0].HasField("metadata") for e in events(tmp_path)[1:]] == [True, False]


def test_closing_and_reopening(tmp_path: Path) -> None:
    writer = tf.summary.FileWriter(tmp_path)
    writer.add_summary(SCALAR)
    writer.close()
    writer.close()
    with pytest.warns(UserWarning, match="closed FileWriter"):
        writer.add_summary(SCALAR)
    assert len(events(tmp_path)) == 2
    writer.reopen()
    writer.add_summary(SCALAR)
    writer.close()
    assert len(list(tmp_path.iterdir())) == 2
    assert len(events(tmp_path)) == 4


def test_writers_of_the_same_second_have_files_of_their_own(tmp_path: Path) -> None:
    for _ in range(3):
        file = EventsFile(str(tmp_path))
        file.flush()
        file.close()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_writer_that_is_forgotten_ends_its_file(tmp_path: Path) -> None:
    tf.summary.FileWriter(tmp_path).add_summary(SCALAR)
    assert len(events(tmp_path)) == 2


def test_what_is_no_graph(tmp_path: Path) -> None:
    with tf.summary.FileWriter(tmp_path) as writer:
        with pytest.raises(TypeError, match="must be an instance of `Graph`"):
            writer.add_graph("x")
        with pytest.raises(ValueError, match="but not both"):
            writer.add_graph(tf.Graph(), graph_def=tf.GraphDef())
        with pytest.raises(TypeError, match="MetaGraphDef"):
            writer.add_meta_graph(tf.GraphDef())  # type: ignore[arg-type]


def test_the_cache_has_one_writer_for_each_folder(tmp_path: Path) -> None:
    first = tf.summary.FileWriterCache.get(str(tmp_path))
    assert tf.summary.FileWriterCache.get(str(tmp_path)) is first
    tf.summary.FileWriterCache.clear()
    assert kinds(tmp_path) == ["file_version", "graph_def", "meta_graph_def"]
    second = tf.summary.FileWriterCache.get(str(tmp_path))
    assert second is not first
    tf.summary.FileWriterCache.clear()


def test_the_bytes_of_an_event(tmp_path: Path) -> None:
    with tf.summary.FileWriter(tmp_path) as writer:
        writer.add_event(tf.Event(wall_time=1.0, step=2, summary=SCALAR))
    (path,) = tmp_path.iterdir()
    # What TensorFlow's record writer makes of the same event.
    content = "1700000000000000e7cef81e09000000000000f03f10022a0a0a080a01781500000040e2c8c5f4"
    assert path.read_bytes().endswith(bytes.fromhex(content))
