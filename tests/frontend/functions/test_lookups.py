"""`tf.lookup`'s tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf


def words() -> Any:
    return tf.lookup.KeyValueTensorInitializer(["a", "b"], [10, 20], tf.string, tf.int64)


def test_a_static_table() -> None:
    table = tf.lookup.StaticHashTable(words(), -1)
    keys = tf.placeholder(tf.string, [None])
    found = table.lookup(keys)
    assert found.shape.as_list() == [None]
    with tf.Session() as session:
        with pytest.raises(tf.errors.FailedPreconditionError, match="not initialized"):
            session.run(found, {keys: ["a"]})
        session.run(tf.tables_initializer())
        assert session.run(found, {keys: ["b", "x"]}).tolist() == [20, -1]
        assert session.run(table.size()) == 2
    with pytest.raises(TypeError, match="Keys must be dtype string"):
        table.lookup(tf.constant([1]))


def test_sparse_keys_and_compiled_code_behind_them() -> None:
    table = tf.lookup.StaticHashTable(words(), 0)
    keys = tf.SparseTensor([[0, 0], [1, 1]], tf.constant(["b", "a"]), [2, 2])
    dense = tf.sparse_tensor_to_dense(table.lookup(keys)) * 2
    with tf.Session() as session:
        session.run(tf.tables_initializer())
        assert session.run(dense).tolist() == [[40, 0], [0, 20]]


def test_a_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_text("a\nb\nc\n")
    index = tf.lookup.TextFileIndex
    lines = tf.lookup.TextFileInitializer(
        str(path), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER
    )
    table = tf.lookup.StaticVocabularyTable(lines, 4)
    with tf.Session() as session:
        session.run(tf.tables_initializer())
        ids = session.run(table.lookup(tf.constant(["c", "a", "zebra", "zebra"])))
        assert ids[:2].tolist() == [2, 0]
        assert 3 <= ids[2] < 7 and ids[2] == ids[3]
        assert session.run(table.size()) == 7


@pytest.mark.parametrize("default", [-1.0, np.array([-1.0, -2.0], np.float32)])
def test_tables_that_change(default: Any) -> None:
    table = tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, default)
    rows = np.stack([np.full_like(np.asarray(default, np.float32), k) for k in (1, 2)])
    found = table.lookup(tf.constant([2, 3], tf.int64))
    with tf.Session() as session:
        session.run(table.insert([1, 2], rows))
        np.testing.assert_array_equal(session.run(found), [rows[1], default])
        session.run(table.remove([2]))
        keys, values = session.run(list(table.export()))
        assert keys.tolist() == [1]
        np.testing.assert_array_equal(values, rows[:1])


def test_a_dense_table() -> None:
    table = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, 0, -5)
    with tf.Session() as session:
        session.run(table.insert([7], [70]))
        assert session.run(table.lookup(tf.constant([7, 8], tf.int64))).tolist() == [70, -1]
        with pytest.raises(tf.errors.InvalidArgumentError, match="empty_key"):
            session.run(table.insert([0], [1]))
