"""Record files in Python: `tf.io.TFRecordWriter` and `tf.io.tf_record_iterator`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import Any, ClassVar

from flowc.ir.errors import FailedPreconditionError
from flowc.runtime.records import Compression, RecordWriter, read_records


class TFRecordCompressionType:
    """How a record file is compressed."""

    NONE = 0
    ZLIB = 1
    GZIP = 2


_NAMES = {
    None: "",
    "": "",
    "ZLIB": "ZLIB",
    "GZIP": "GZIP",
    TFRecordCompressionType.NONE: "",
    TFRecordCompressionType.ZLIB: "ZLIB",
    TFRecordCompressionType.GZIP: "GZIP",
}


class TFRecordOptions:
    """How a record file is compressed, with zlib's parameters; None is zlib's default.

    `compression_type` is a `TFRecordCompressionType`, "GZIP", "ZLIB" or "". Raises ValueError for
    another one.
    """

    compression_type_map: ClassVar[dict[int, str]] = {0: "", 1: "ZLIB", 2: "GZIP"}

    def __init__(
        self,
        compression_type: Any = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ) -> None:
        self.get_compression_type_string(compression_type)
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """The compression of options or a type: "GZIP", "ZLIB" or "". Raises ValueError."""
        if isinstance(options, TFRecordOptions):
            options = options.compression_type
        if options not in _NAMES:
            raise ValueError(f'Not a valid compression_type: "{options}"')
        return _NAMES[options]

    def settings(self) -> Compression:
        """The same as the files' writer takes them."""
        given = {
            "level": self.compression_level,
            "window_bits": self.window_bits,
            "memory_level": self.mem_level,
            "strategy": self.compression_strategy,
            "flush_mode": self.flush_mode,
        }
        known = {name: value for name, value in given.items() if value is not None}
        return Compression(self.get_compression_type_string(self), **known)


class TFRecordWriter:
    """Writes records to a file, also as a context manager. Raises NotFoundError for no folder."""

    def __init__(self, path: str | os.PathLike[str], options: Any = None) -> None:
        if not isinstance(options, TFRecordOptions):
            options = TFRecordOptions(options)
        self._writer: RecordWriter | None = RecordWriter(path, options.settings())

    def write(self, record: bytes | str) -> None:
        """Add a record. Raises FailedPreconditionError after `close`."""
        self._open().write(record.encode() if isinstance(record, str) else bytes(record))

    def flush(self) -> None:
        """Hand what has been written to the operating system."""
        self._open().flush()

    def close(self) -> None:
        """Complete the file."""
        self._open().close()
        self._writer = None

    def _open(self) -> RecordWriter:
        if self._writer is None:
            raise FailedPreconditionError(None, None, "Writer not initialized or previously closed")
        return self._writer

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def tf_record_iterator(path: str | os.PathLike[str], options: Any = None) -> Iterator[bytes]:
    """The records of a file.

    Raises NotFoundError for no file, DataLossError where it is damaged.
    """
    return read_records(path, TFRecordOptions.get_compression_type_string(options))
