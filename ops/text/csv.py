"""DecodeCSV: records of comma-separated values as columns (RFC 4180)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, fail
from flowc.ops.registry import host_op
from flowc.ops.text.text_conversions import parse_number
from flowc.ops.text.texts import elements, texts


def _fields(record: bytes, mark: bytes, quoting: bool) -> list[bytes]:
    """The fields of a record. Raises InvalidArgumentError for quotes in the wrong places."""
    fields, at = [], 0
    while True:
        if quoting and record[at : at + 1] == b'"':
            field, at = _quoted(record, at + 1)
            require(
                record[at : at + 1] in (b"", mark),
                "Quoted field has to end with quote followed by delim or end",
            )
        else:
            end = record.find(mark, at)
            end = len(record) if end < 0 else end
            field, at = record[at:end], end
            require(
                not quoting or not any(c in field for c in b'"\r\n'),
                "Unquoted fields cannot have quotes/CRLFs inside",
            )
        fields.append(field)
        if at >= len(record):
            return fields
        at += 1


def _quoted(record: bytes, start: int) -> tuple[bytes, int]:
    """The content of a field whose quote has been read, and the position behind the last quote."""
    parts, at = [], start
    while True:
        end = record.find(b'"', at)
        if end < 0:
            raise fail("Quoted field has to end with quote followed by delim or end")
        parts.append(record[at:end])
        if record[end + 1 : end + 2] != b'"':
            return b'"'.join(parts), end + 1
        at = end + 2


@host_op(
    "DecodeCSV(records: string, record_defaults: OUT_TYPE;"
    ' OUT_TYPE: list({float32, float64, int32, int64, string}) >= 1, field_delim: string = ",",'
    ' use_quote_delim: bool = true, na_value: string = "", select_cols: list(int) = [])'
    " -> output: OUT_TYPE"
)
def decode_csv(
    records: Array,
    record_defaults: list[Array],
    *,
    OUT_TYPE: tuple[DType, ...],
    field_delim: str,
    use_quote_delim: bool,
    na_value: str,
    select_cols: tuple[int, ...],
) -> list[Array]:
    """A column for each default: the field of every record, the default where it is empty."""
    require(len(field_delim) == 1, "field_delim should be only 1 char")
    chosen = len(select_cols) in (0, len(OUT_TYPE))
    require(chosen, "select_cols should match output size")
    shallow = all(np.ndim(default) <= 1 for default in record_defaults)
    require(shallow, "Each record default should be at most rank 1")
    rows = []
    for number, record in enumerate(elements(records)):
        row = _fields(record, field_delim.encode(), use_quote_delim)
        row = [row[i] for i in select_cols if i < len(row)] if select_cols else row
        require(
            len(row) == len(OUT_TYPE),
            f"Expect {len(OUT_TYPE)} fields but have {len(row)} in record {number}",
        )
        rows.append(row)
    missing = (b"", na_value.encode())
    columns = []
    for index, (default, dtype) in enumerate(zip(record_defaults, OUT_TYPE, strict=True)):
        column = [row[index] for row in rows]
        columns.append(_column(column, default, dtype, missing, index))
    return [column.reshape(np.shape(records)) for column in columns]


def _column(
    fields: Sequence[bytes], default: Array, dtype: DType, missing: Sequence[bytes], index: int
) -> Array:
    """The values of one column. Raises InvalidArgumentError for fields that are none."""
    standing = np.ravel(default).tolist()
    values = []
    for number, field in enumerate(fields):
        if field in missing:
            require(bool(standing), f"Field {index} is required but missing in record {number}!")
            values.append(standing[0])
        elif dtype.is_numeric:
            what = f"Field {index} in record {number} is not a valid {dtype.name}"
            values.append(parse_number(field, dtype, what))
        else:
            values.append(field)
    return np.array(values, dtype.numpy) if dtype.is_numeric else texts(values)


@decode_csv.infer
def _(
    b: Builder, records: Value, record_defaults: list[Value], *, OUT_TYPE: tuple[DType, ...]
) -> list[Value]:
    return [abstract(b, dtype, *b.shape(records)) for dtype in OUT_TYPE]
