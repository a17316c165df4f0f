"""Readers: `tf.TextLineReader` and its kin, which read the files whose names a queue holds."""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.elements import Operation
from flowc.frontend.functions.shaping import Name
from flowc.frontend.inputs.queues import QueueBase
from flowc.frontend.inputs.records import TFRecordOptions
from flowc.ir import dtypes


class ReaderBase:
    """What all readers offer."""

    def __init__(self, reader_ref: Any, supports_serialize: bool = False) -> None:
        self._reader_ref = reader_ref
        self._supports_serialize = supports_serialize
        self._version = "V2" if reader_ref.dtype is dtypes.resource else ""

    @property
    def reader_ref(self) -> Any:
        """The tensor that stands for the reader."""
        return self._reader_ref

    @property
    def supports_serialize(self) -> bool:
        """Whether the state can be written down."""
        return self._supports_serialize

    def _build(self, op: str, *inputs: Any, name: Name) -> Any:
        return build(f"{op}{self._version}", self._reader_ref, *inputs, name=name)

    def read(self, queue: Any, name: Name = None) -> Any:
        """The next record, `(key, value)`, string[] both.

        When a file is at its end, the next name comes from `queue`, for which a run waits. Raises
        OutOfRangeError in a run where that is closed and empty.
        """
        return self._build("ReaderRead", _handle(queue), name=name)

    def read_up_to(self, queue: Any, num_records: Any, name: Name = None) -> Any:
        """Up to `num_records` records of one file, `(keys, values)`, string[n] both."""
        return self._build("ReaderReadUpTo", _handle(queue), num_records, name=name)

    def num_records_produced(self, name: Name = None) -> Any:
        """How many records have been read, int64[]."""
        return self._build("ReaderNumRecordsProduced", name=name)

    def num_work_units_completed(self, name: Name = None) -> Any:
        """How many files have been read, int64[]."""
        return self._build("ReaderNumWorkUnitsCompleted", name=name)

    def serialize_state(self, name: Name = None) -> Any:
        """The state, string[]. Most readers raise UnimplementedError in a run."""
        return self._build("ReaderSerializeState", name=name)

    def restore_state(self, state: Any, name: Name = None) -> Operation:
        """The operation that takes up a state."""
        op: Operation = self._build("ReaderRestoreState", state, name=name)
        return op

    def reset(self, name: Name = None) -> Operation:
        """The operation that makes the reader as it was at first."""
        op: Operation = self._build("ReaderReset", name=name)
        return op


def _handle(queue: Any) -> Any:
    return queue.queue_ref if isinstance(queue, QueueBase) else queue


class WholeFileReader(ReaderBase):
    """Each file is one record: its name and its content."""

    def __init__(self, name: Name = None) -> None:
        super().__init__(build("WholeFileReaderV2", name=name), supports_serialize=True)


class TextLineReader(ReaderBase):
    """Each line is one record; keys are `file:line`. The first lines of a file may be skipped."""

    def __init__(self, skip_header_lines: int | None = None, name: Name = None) -> None:
        super().__init__(
            build("TextLineReaderV2", skip_header_lines=skip_header_lines or 0, name=name)
        )


class FixedLengthRecordReader(ReaderBase):
    """Records of `record_bytes`, each `hop_bytes` behind the last, between header and footer.

    Without `hop_bytes` they follow one another. `encoding` is "", "ZLIB" or "GZIP".
    """

    def __init__(
        self,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        hop_bytes: int | None = None,
        name: Name = None,
        encoding: str | None = None,
    ) -> None:
        reader = build(
            "FixedLengthRecordReaderV2",
            record_bytes=record_bytes,
            header_bytes=header_bytes or 0,
            footer_bytes=footer_bytes or 0,
            hop_bytes=hop_bytes or 0,
            encoding=encoding or "",
            name=name,
        )
        super().__init__(reader)


class TFRecordReader(ReaderBase):
    """The records of TFRecord files; keys are `file:offset`."""

    def __init__(self, name: Name = None, options: Any = None) -> None:
        kind = TFRecordOptions.get_compression_type_string(options)
        super().__init__(build("TFRecordReaderV2", compression_type=kind, name=name))


class IdentityReader(ReaderBase):
    """What comes from the queue is key and value."""

    def __init__(self, name: Name = None) -> None:
        super().__init__(build("IdentityReaderV2", name=name), supports_serialize=True)
