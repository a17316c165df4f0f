"""Lookup tables where the corpus has no case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

TYPES: dict[str, Any] = {"key_dtype": tf.string, "value_dtype": tf.int64}
KEYS = np.array([b"a", b"b"], object)


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def session(graph: Any) -> Iterator[Any]:
    with tf.Session() as made:
        yield made


def find(table: Any, keys: Any) -> Any:
    return build("LookupTableFindV2", table, keys, np.int64(-1))


def test_a_table_is_filled_once(session: Any) -> None:
    table = build("HashTableV2", **TYPES)
    fill = build("InitializeTableV2", table, KEYS, np.array([1, 2]))
    other = build("InitializeTableV2", table, KEYS[:1], np.array([1]))
    found = find(table, tf.constant([b"b", b"c"]))
    with pytest.raises(tf.errors.FailedPreconditionError, match="not initialized"):
        session.run(found)
    session.run(fill)
    session.run(fill)
    assert session.run(found).tolist() == [2, -1]
    with pytest.raises(tf.errors.FailedPreconditionError, match="already initialized"):
        session.run(other)
    with pytest.raises(tf.errors.UnimplementedError, match="Insert"):
        session.run(build("LookupTableInsertV2", table, KEYS, np.array([1, 2])))


@pytest.mark.parametrize("version", ["", "V2"])
def test_a_table_is_filled_once_by_import_too(session: Any, version: str) -> None:
    """As the tables of newer feature columns are."""
    table = build(f"HashTable{version}", **TYPES)
    fill = build(f"LookupTableImport{version}", table, KEYS, np.array([1, 2]))
    other = build(f"LookupTableImport{version}", table, KEYS[:1], np.array([1]))
    session.run(fill)
    session.run(fill)
    assert session.run(build(f"LookupTableSize{version}", table)) == 2
    with pytest.raises(tf.errors.FailedPreconditionError, match="already initialized"):
        session.run(other)


def test_one_key_with_two_values(session: Any) -> None:
    table = build("HashTableV2", **TYPES)
    with pytest.raises(tf.errors.FailedPreconditionError, match="different value for same key"):
        session.run(build("InitializeTableV2", table, KEYS[[0, 0]], np.array([1, 2])))


def test_tables_of_one_name_are_one(session: Any) -> None:
    first = build("MutableHashTableV2", shared_name="t", **TYPES)
    second = build("MutableHashTableV2", shared_name="t", **TYPES)
    session.run(build("LookupTableInsertV2", first, KEYS, np.array([1, 2])))
    assert session.run(find(second, tf.constant(b"b"))) == 2
    other = build("MutableHashTableV2", shared_name="t", key_dtype=tf.int64, value_dtype=tf.int64)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Conflicting"):
        session.run(build("LookupTableSizeV2", other))


@pytest.mark.parametrize("version", ["", "V2"])
def test_import_export_and_removal(session: Any, version: str) -> None:
    table = build(f"MutableHashTable{version}", **TYPES)
    session.run(build(f"LookupTableInsert{version}", table, KEYS, np.array([1, 2])))
    session.run(build(f"LookupTableImport{version}", table, KEYS[:1], np.array([7])))
    keys, values = session.run(
        list(build(f"LookupTableExport{version}", table, Tkeys=tf.string, Tvalues=tf.int64))
    )
    assert (keys.tolist(), values.tolist()) == ([b"a"], [7])
    if version:
        session.run(build("LookupTableRemoveV2", table, KEYS))
        assert session.run(build("LookupTableSizeV2", table)) == 0


def test_values_that_are_vectors(session: Any) -> None:
    table = build(
        "MutableHashTableOfTensorsV2", key_dtype=tf.int64, value_dtype=tf.float32, value_shape=[2]
    )
    rows = np.arange(4, dtype=np.float32).reshape(2, 2)
    session.run(build("LookupTableInsertV2", table, np.array([5, 6]), rows))
    found = build("LookupTableFindV2", table, np.array([[6], [9]]), -np.ones(2, np.float32))
    np.testing.assert_array_equal(session.run(found), [[rows[1]], [[-1, -1]]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected shape"):
        session.run(build("LookupTableInsertV2", table, np.array([5, 6]), rows[:, :1]))


def test_reserved_keys_of_a_dense_table(session: Any) -> None:
    table = build(
        "MutableDenseHashTableV2",
        np.int64(0),
        np.int64(-1),
        key_dtype=tf.int64,
        value_dtype=tf.int64,
    )
    for reserved, name in ((0, "empty_key"), (-1, "deleted_key")):
        keys = np.array([reserved])
        with pytest.raises(tf.errors.InvalidArgumentError, match=name):
            session.run(build("LookupTableInsertV2", table, keys, keys))
        with pytest.raises(tf.errors.InvalidArgumentError, match=name):
            session.run(find(table, keys))


@pytest.mark.parametrize(
    ("key", "value", "types", "expected"),
    [
        (-2, -1, (tf.string, tf.int64), {b"x\t1": 0, b"y\t2": 1}),
        (0, 1, (tf.string, tf.float32), {b"x": 1.0, b"y": 2.0}),
        (-1, -2, (tf.int64, tf.string), {0: b"x\t1", 1: b"y\t2"}),
    ],
)
def test_a_table_from_a_file(
    session: Any, tmp_path: Path, key: int, value: int, types: Any, expected: dict[Any, Any]
) -> None:
    path = tmp_path / "vocabulary"
    path.write_text("x\t1\ny\t2\n")
    table = build("HashTableV2", key_dtype=types[0], value_dtype=types[1])
    session.run(
        build("InitializeTableFromTextFileV2", table, str(path), key_index=key, value_index=value)
    )
    keys, values = session.run(
        list(build("LookupTableExportV2", table, Tkeys=types[0], Tvalues=types[1]))
    )
    assert dict(zip(keys.tolist(), values.tolist(), strict=True)) == expected


def test_files_that_do_not_fit(session: Any, tmp_path: Path) -> None:
    path = tmp_path / "vocabulary"
    path.write_text("x\ty\n")
    table = build("HashTableV2", **TYPES)

    def fill(name: Path, value_index: int = 1, vocab_size: int = -1) -> Any:
        return build(
            "InitializeTableFromTextFileV2",
            table,
            str(name),
            key_index=0,
            value_index=value_index,
            vocab_size=vocab_size,
        )

    with pytest.raises(tf.errors.NotFoundError, match="absent"):
        session.run(fill(tmp_path / "absent"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="not a valid int64"):
        session.run(fill(path))
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 3 got 2"):
        session.run(fill(path, 2))
    with pytest.raises(tf.errors.InvalidArgumentError, match="vocab_size"):
        session.run(fill(path, -1, 5))
