"""What the operating system refuses is an error of `tf.errors`, with the file's name."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flowc as tf

FULL = "/dev/full"
HAS_FULL_DISK = pytest.mark.skipif(not os.path.exists(FULL), reason="there is no /dev/full")


def run(fetch: Any) -> Any:
    with tf.Session() as session:
        return session.run(fetch)


def saved(prefix: str) -> None:
    v = tf.get_variable("v", [2], initializer=tf.zeros_initializer())
    with tf.Session() as session:
        session.run(v.initializer)
        tf.train.Saver([v]).save(session, prefix)


def records(path: str) -> None:
    with tf.python_io.TFRecordWriter(path) as writer:
        writer.write(b"x" * 100_000)


def summaries(folder: str) -> None:
    writer = tf.summary.FileWriter(folder)
    writer.add_graph(tf.get_default_graph())
    writer.flush()


PLACES: dict[str, Callable[[str], Any]] = {
    "write_file": lambda p: run(tf.write_file(p, "x")),
    "gfile": lambda p: tf.gfile.GFile(p, "w").write("x"),
    "make folders": tf.gfile.MakeDirs,
    "write_graph": lambda p: tf.train.write_graph(tf.get_default_graph(), p, "graph.pb"),
    "meta graph": lambda p: tf.train.export_meta_graph(p + "/x.meta"),
    "summaries": summaries,
    "records": records,
    "print": lambda p: run(tf.print("x", output_stream=f"file://{p}")),
}


@pytest.mark.parametrize("name", PLACES)
def test_below_what_is_no_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with tf.Graph().as_default(), pytest.raises(tf.errors.OpError) as caught:
        PLACES[name](str(tmp_path / "file" / "below"))
    assert type(caught.value) is tf.errors.FailedPreconditionError
    assert str(tmp_path / "file") in str(caught.value)
    assert "Not a directory" in str(caught.value)


def test_files_that_are_not_there_or_folders(tmp_path: Path) -> None:
    absent = str(tmp_path / "absent" / "file")
    with tf.Graph().as_default():
        for read in (
            lambda: run(tf.read_file(absent)),
            lambda: tf.gfile.GFile(absent).read(),
            lambda: records(absent),
            lambda: tf.gfile.Stat(absent),
            lambda: tf.gfile.Remove(absent),
            lambda: tf.gfile.Rename(absent, absent + "2"),
            lambda: next(tf.python_io.tf_record_iterator(absent)),
        ):
            with pytest.raises(tf.errors.NotFoundError, match="No such file or directory"):
                read()
        uses: list[Callable[[], Any]] = [
            lambda: run(tf.read_file(str(tmp_path))),
            lambda: run(tf.write_file(str(tmp_path), "x")),
            lambda: tf.gfile.GFile(str(tmp_path)).read(),
        ]
        for use in uses:
            with pytest.raises(tf.errors.FailedPreconditionError, match="Is a directory"):
                use()
        with pytest.raises(tf.errors.AlreadyExistsError, match="File exists"):
            tf.gfile.MkDir(str(tmp_path))


@HAS_FULL_DISK
@pytest.mark.parametrize(
    "write",
    [
        lambda: run(tf.write_file(FULL, "x" * 100_000)),
        lambda: records(FULL),
        lambda: run(tf.print("x" * 100_000, output_stream=f"file://{FULL}")),
    ],
)
def test_a_full_disk(write: Callable[[], Any]) -> None:
    with tf.Graph().as_default():
        with pytest.raises(tf.errors.ResourceExhaustedError, match="No space left on device"):
            write()
        with pytest.raises(tf.errors.ResourceExhaustedError), tf.gfile.GFile(FULL, "w") as file:
            file.write("x")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, tf.errors.ResourceExhaustedError),
        (errno.EDQUOT, tf.errors.ResourceExhaustedError),
        (errno.EACCES, tf.errors.PermissionDeniedError),
        (errno.EIO, tf.errors.UnknownError),
    ],
)
def test_saving(
    number: int, kind: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with tf.Graph().as_default():
        monkeypatch.setattr(os, "fsync", refuse)
        with pytest.raises(kind) as caught:
            saved(str(tmp_path / "model"))
    assert os.strerror(number) in str(caught.value)
