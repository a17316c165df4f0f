"""Readers; what they give is what TensorFlow's give for the same files."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import flowc as tf
from flowc.frontend.apply import build


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    Path("one").write_bytes(b"a\r\nb\n")
    Path("two").write_bytes(b"c\n\nd")
    Path("empty").write_bytes(b"")
    Path("fixed").write_bytes(b"HHaaaabbbbccccFF")
    Path("packed").write_bytes(gzip.compress(b"aaaabbbb"))
    with tf.python_io.TFRecordWriter("records") as writer:
        for record in (b"x", b"yy", b"zzz"):
            writer.write(record)
    with tf.Session() as made:
        yield made


def queue_of(session: Any, names: list[str]) -> Any:
    queue = tf.FIFOQueue(10, tf.string, shapes=[()])
    session.run(queue.enqueue_many([names]))
    session.run(queue.close())
    return queue


def drain(session: Any, fetches: Any) -> list[Any]:
    found: list[Any] = []
    while True:
        try:
            key, value = session.run(fetches)
        except tf.errors.OutOfRangeError:
            return found
        found.append(
            (
                key if isinstance(key, bytes) else key.tolist(),
                value if isinstance(value, bytes) else value.tolist(),
            )
        )


CASES: dict[str, tuple[Callable[[], Any], list[str], list[tuple[bytes, bytes]]]] = {
    "lines": (
        tf.TextLineReader,
        ["one", "empty", "two"],
        [(b"one:1", b"a"), (b"one:2", b"b"), (b"two:1", b"c"), (b"two:2", b""), (b"two:3", b"d")],
    ),
    "lines without a header": (
        lambda: tf.TextLineReader(skip_header_lines=1),
        ["one", "two"],
        [(b"one:2", b"b"), (b"two:2", b""), (b"two:3", b"d")],
    ),
    "whole files": (
        tf.WholeFileReader,
        ["one", "empty"],
        [(b"one", b"a\r\nb\n"), (b"empty", b"")],
    ),
    "names": (tf.IdentityReader, ["a", "b"], [(b"a", b"a"), (b"b", b"b")]),
    "records": (
        tf.TFRecordReader,
        ["records"],
        [(b"records:0", b"x"), (b"records:17", b"yy"), (b"records:35", b"zzz")],
    ),
    "fixed lengths": (
        lambda: tf.FixedLengthRecordReader(4, 2, 2),
        ["fixed"],
        [(b"fixed:0", b"aaaa"), (b"fixed:1", b"bbbb"), (b"fixed:2", b"cccc")],
    ),
    "fixed lengths that overlap": (
        lambda: tf.FixedLengthRecordReader(4, 2, hop_bytes=3),
        ["fixed"],
        [
            (b"fixed:0", b"aaaa"),
            (b"fixed:1", b"abbb"),
            (b"fixed:2", b"bbcc"),
            (b"fixed:3", b"cccF"),
        ],
    ),
    "fixed lengths, packed": (
        lambda: tf.FixedLengthRecordReader(4, encoding="GZIP"),
        ["packed"],
        [(b"packed:0", b"aaaa"), (b"packed:1", b"bbbb")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_reading(session: Any, case: str) -> None:
    make, names, expected = CASES[case]
    reader = make()
    assert drain(session, list(reader.read(queue_of(session, names)))) == expected
    assert session.run(reader.num_records_produced()) == len(expected)
    assert session.run(reader.num_work_units_completed()) == len(names)


def test_several_records_are_of_one_file(session: Any) -> None:
    reader = tf.TextLineReader()
    several = reader.read_up_to(queue_of(session, ["one", "two"]), 2)
    assert several.keys.shape.as_list() == [None]
    assert drain(session, list(several)) == [
        ([b"one:1", b"one:2"], [b"a", b"b"]),
        ([b"two:1", b"two:2"], [b"c", b""]),
        ([b"two:3"], [b"d"]),
    ]
    whole = tf.WholeFileReader()
    several = whole.read_up_to(queue_of(session, ["one", "empty"]), 5)
    assert [keys for keys, _ in drain(session, list(several))] == [[b"one"], [b"empty"]]


def test_states(session: Any) -> None:
    reader = tf.WholeFileReader()
    session.run(reader.read(queue_of(session, ["one", "two"])))
    state = session.run(reader.serialize_state())
    assert state == b'\x08\x01\x10\x01\x18\x01"\x03one'  # as TensorFlow writes it
    session.run(reader.reset())
    assert session.run(reader.num_records_produced()) == 0
    session.run(reader.restore_state(state))
    assert session.run(reader.num_records_produced()) == 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="Could not parse state"):
        session.run(reader.restore_state(b"\xff\xff"))
    lines = tf.TextLineReader()
    assert (reader.supports_serialize, lines.supports_serialize) == (True, False)
    for op in (lines.serialize_state(), lines.restore_state(state)):
        with pytest.raises(tf.errors.UnimplementedError):
            session.run(op)


def test_a_file_that_is_not_there(session: Any) -> None:
    reader = tf.TextLineReader()
    record = list(reader.read(queue_of(session, ["nope", "one"])))
    with pytest.raises(tf.errors.NotFoundError, match="nope; No such file"):
        session.run(record)
    assert session.run(record) == [b"one:1", b"a"]
    assert session.run(reader.num_work_units_completed()) == 0


def test_what_the_queue_must_hold(session: Any) -> None:
    numbers = tf.FIFOQueue(3, tf.int32, shapes=[()])
    session.run(numbers.enqueue(1))
    with pytest.raises(tf.errors.InvalidArgumentError, match="queue of strings"):
        session.run(list(tf.TextLineReader().read(numbers)))


@pytest.mark.parametrize(
    "kind",
    [
        "TextLineReader",
        "WholeFileReader",
        "IdentityReader",
        "TFRecordReader",
        "FixedLengthRecordReader",
    ],
)
def test_handles_by_reference(session: Any, kind: str) -> None:
    attributes: dict[str, Any] = {"record_bytes": 4} if kind.startswith("Fixed") else {}
    reader = build(kind, **attributes)
    names = build("FIFOQueue", component_types=[tf.string])
    session.run(build("QueueEnqueueMany", names, [["records", "records"]]))
    assert session.run(build("ReaderRead", reader, names).key).startswith(b"records")
    assert session.run(build("ReaderReadUpTo", reader, names, 1)[0]).size == 1
    assert session.run(build("ReaderNumRecordsProduced", reader)) == 2
    session.run(build("ReaderReset", reader))
    assert session.run(build("ReaderNumWorkUnitsCompleted", reader)) == 0
    if kind in ("WholeFileReader", "IdentityReader"):
        state = session.run(build("ReaderSerializeState", reader))
        session.run(build("ReaderRestoreState", reader, state))
