"""`tf.python_io`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowc as tf

TYPES = tf.python_io.TFRecordCompressionType


@pytest.mark.parametrize(
    "options",
    [
        None,
        "GZIP",
        TYPES.ZLIB,
        tf.python_io.TFRecordOptions(TYPES.NONE),
        tf.io.TFRecordOptions("GZIP", compression_level=9, mem_level=9, window_bits=12),
    ],
)
def test_writing_and_reading(tmp_path: Path, options: Any) -> None:
    path = tmp_path / "records"
    with tf.python_io.TFRecordWriter(path, options) as writer:
        writer.write(b"one")
        writer.flush()
        writer.write("two")
    assert list(tf.python_io.tf_record_iterator(path, options)) == [b"one", b"two"]
    assert list(tf.io.tf_record_iterator(str(path), options)) == [b"one", b"two"]


def test_misuse(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Not a valid compression_type"):
        tf.python_io.TFRecordOptions("LZ4")
    writer = tf.python_io.TFRecordWriter(str(tmp_path / "records"))
    writer.close()
    with pytest.raises(tf.errors.FailedPreconditionError, match="previously closed"):
        writer.write(b"x")
