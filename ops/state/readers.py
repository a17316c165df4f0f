"""The ops on readers. A reader's handle is the reader itself, by reference or by resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder, Handle, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract
from flowc.ops.registry import OpDefinition, host_op
from flowc.ops.resources import Cut, Place, Queue, Reader, Session
from flowc.ops.state.file_records import FixedLengths, itself, lines, records, whole_file
from flowc.ops.text.texts import scalar_text, texts, the_text

_PLACE = 'container: string = "", shared_name: string = ""'
_SIZES = "header_bytes: int = 0, record_bytes: int, footer_bytes: int = 0, hop_bytes: int = 0"
_HANDLES = (("", "ref(string)"), ("V2", "resource"))  # suffix of the op, type of the handle


# Making


def _reader(
    context: Session, container: str, shared_name: str, kind: str, cut: Cut, is_saved: bool = False
) -> Reader:
    place = Place(container, shared_name, context.node)
    return context.resources.reader(place, kind, cut, is_saved)


def _text_lines(
    *, skip_header_lines: int, container: str, shared_name: str, context: Session
) -> Reader:
    require(skip_header_lines >= 0, f"skip_header_lines must be >= 0 not {skip_header_lines}")
    cut = lines(skip_header_lines)
    return _reader(context, container, shared_name, "TextLineReader", cut)


def _whole_files(*, container: str, shared_name: str, context: Session) -> Reader:
    return _reader(context, container, shared_name, "WholeFileReader", whole_file, True)


def _identity(*, container: str, shared_name: str, context: Session) -> Reader:
    return _reader(context, container, shared_name, "IdentityReader", itself, True)


def _tf_records(
    *, compression_type: str, container: str, shared_name: str, context: Session
) -> Reader:
    cut = records(context, compression_type)
    return _reader(context, container, shared_name, "TFRecordReader", cut)


def _fixed(
    *,
    header_bytes: int,
    record_bytes: int,
    footer_bytes: int,
    hop_bytes: int,
    encoding: str = "",
    container: str,
    shared_name: str,
    context: Session,
) -> Reader:
    require(header_bytes >= 0, f"header_bytes must be >= 0 not {header_bytes}")
    require(record_bytes > 0, f"record_bytes must be >= 0 not {record_bytes}")
    require(footer_bytes >= 0, f"footer_bytes must be >= 0 not {footer_bytes}")
    require(hop_bytes >= 0, f"hop_bytes must be >= 0 not {hop_bytes}")
    require(encoding in ("", "ZLIB", "GZIP"), f"Unknown encoding '{encoding}'")
    cut = FixedLengths(
        header_bytes, record_bytes, footer_bytes, hop_bytes or record_bytes, encoding
    )
    return _reader(context, container, shared_name, "FixedLengthRecordReader", cut)


def _fixed_plain(
    *,
    header_bytes: int,
    record_bytes: int,
    footer_bytes: int,
    hop_bytes: int,
    container: str,
    shared_name: str,
    context: Session,
) -> Reader:
    return _fixed(
        header_bytes=header_bytes,
        record_bytes=record_bytes,
        footer_bytes=footer_bytes,
        hop_bytes=hop_bytes,
        container=container,
        shared_name=shared_name,
        context=context,
    )


_MADE: tuple[tuple[str, str, Callable[..., Reader]], ...] = (
    ("TextLineReader", "skip_header_lines: int = 0, ", _text_lines),
    ("WholeFileReader", "", _whole_files),
    ("IdentityReader", "", _identity),
    ("TFRecordReader", 'compression_type: string = "", ', _tf_records),
)


# Using


def _read(reader: Reader, queue: Queue, *, context: Session) -> tuple[Array, Array]:
    key, value = reader.read(queue, context)
    return scalar_text(key), scalar_text(value)


def _read_up_to(
    reader: Reader, queue: Queue, num_records: Array, *, context: Session
) -> tuple[Array, Array]:
    count = int(num_records)
    require(count > 0, f"num_records must be positive, got {count}")
    found = reader.read_up_to(count, queue, context)
    return texts(key for key, _ in found), texts(value for _, value in found)


def _produced(reader: Reader) -> Array:
    return np.asarray(reader.produced, np.int64)


def _completed(reader: Reader) -> Array:
    return np.asarray(reader.finished, np.int64)


def _state(reader: Reader) -> Array:
    return scalar_text(reader.state())


def _restore(reader: Reader, state: Array) -> None:
    reader.restore(the_text(state, "state"))


def _reset(reader: Reader) -> None:
    reader.reset()


def _infer_record(b: Builder, *inputs: Any) -> tuple[Value, Value]:
    return abstract(b, dtypes.string), abstract(b, dtypes.string)


def _infer_records(b: Builder, *inputs: Any) -> tuple[Value, Value]:
    count = b.assumptions.fresh()
    return abstract(b, dtypes.string, count), abstract(b, dtypes.string, count)


def _infer_number(b: Builder, *inputs: Any) -> Value:
    return abstract(b, dtypes.int64)


def _infer_text(b: Builder, *inputs: Any) -> Value:
    return abstract(b, dtypes.string)


def _nothing(b: Builder, *inputs: Any) -> None:
    return None


def _infer_handle(kind: str) -> Callable[[Builder], Any]:
    if kind == "resource":
        return lambda b: abstract(b, dtypes.resource)
    return lambda b: Handle(b.location, dtypes.string, ())


_USED: tuple[tuple[str, str, Callable[..., Any], Callable[..., Any]], ...] = (
    ("ReaderRead", ", queue_handle: {kind}) -> key: string, value: string", _read, _infer_record),
    (
        "ReaderReadUpTo",
        ", queue_handle: {kind}, num_records: int64) -> keys: string, values: string",
        _read_up_to,
        _infer_records,
    ),
    ("ReaderNumRecordsProduced", ") -> records_produced: int64", _produced, _infer_number),
    ("ReaderNumWorkUnitsCompleted", ") -> units_completed: int64", _completed, _infer_number),
    ("ReaderSerializeState", ") -> state: string", _state, _infer_text),
    ("ReaderRestoreState", ", state: string)", _restore, _nothing),
    ("ReaderReset", ")", _reset, _nothing),
)


def _define(text: str, kernel: Callable[..., Any], infer: Callable[..., Any]) -> None:
    definition: OpDefinition = host_op(text, stateful=True)(kernel)
    definition.infer(infer)
    definition.not_differentiable()


for _version, _kind in _HANDLES:
    _end = f"{_PLACE}) -> reader_handle: {_kind}"
    for _name, _attributes, _make in _MADE:
        _define(f"{_name}{_version}(; {_attributes}{_end}", _make, _infer_handle(_kind))
    for _name, _rest, _kernel, _infer in _USED:
        _text = f"{_name}{_version}(reader_handle: {_kind}{_rest.replace('{kind}', _kind)}"
        _define(_text, _kernel, _infer)
_define(
    f"FixedLengthRecordReader(; {_SIZES}, {_PLACE}) -> reader_handle: ref(string)",
    _fixed_plain,
    _infer_handle("ref(string)"),
)
_define(
    f'FixedLengthRecordReaderV2(; {_SIZES}, {_PLACE}, encoding: string = "")'
    " -> reader_handle: resource",
    _fixed,
    _infer_handle("resource"),
)
