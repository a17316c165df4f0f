"""Record files: TensorFlow's, flowc's own, and damaged ones."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from flowc.ir import errors
from flowc.runtime.records import (
    Compression,
    RecordWriter,
    framed,
    read_records,
    records_with_ends,
)
from tests.corpus import Pack

RECORDS = [b"", b"a", b"bc" * 200_000, b"last"]
KINDS = ("", "GZIP", "ZLIB")


@pytest.mark.parametrize("kind", KINDS)
def test_round_trip(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "records"
    with RecordWriter(path, Compression(kind)) as writer:
        for record in RECORDS:
            writer.write(record)
    assert list(read_records(path, kind)) == RECORDS
    places = [place for place, _ in records_with_ends(path, kind)]
    for number, place in enumerate(places):
        assert [r for _, r in records_with_ends(path, kind, place)] == RECORDS[number + 1 :]


def test_tensorflows_files(shared: Path) -> None:
    folder = shared / "golden" / "io"
    with Pack(folder / "cases.npz") as pack:
        for case in pack.cases:
            if case["kind"] == "tfrecord":
                _check(pack, case, folder)


def _check(pack: Pack, case: dict[str, Any], folder: Path) -> None:
    found = read_records(folder / case["file"], case["compression"])
    if case["must_fail"]:
        said = case["tf_error"].split(": ", 1)[1].split("'")[0]
        with pytest.raises(errors.DataLossError) as error:
            list(found)
        assert str(error.value) == said
    else:
        assert list(found) == pack.value(case["records"]).tolist()


def test_flushing_a_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "records"
    with RecordWriter(path, Compression("ZLIB", flush_mode=zlib.Z_SYNC_FLUSH)) as writer:
        writer.write(b"x")
        writer.flush()
        assert list(read_records(path, "ZLIB")) == [b"x"]


def test_files_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "records"
    content = b"".join(zlib.compress(framed(record), wbits=31) for record in (b"first", b"second"))
    path.write_bytes(content)
    assert list(read_records(path, "GZIP")) == [b"first", b"second"]


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(errors.NotFoundError, match="No such file"):
        list(read_records(tmp_path / "none"))
    with pytest.raises(errors.NotFoundError, match="No such file"):
        RecordWriter(tmp_path / "none" / "records")
    with pytest.raises(errors.InvalidArgumentError, match="Unsupported compression_type: LZ4"):
        Compression("LZ4")
    (tmp_path / "plain").write_bytes(framed(b"x"))
    with pytest.raises(errors.DataLossError, match="inflate"):
        list(read_records(tmp_path / "plain", "ZLIB"))
    (tmp_path / "long").write_bytes(framed(b"x")[:-6])
    with pytest.raises(errors.DataLossError, match="truncated record at 0"):
        list(read_records(tmp_path / "long"))
