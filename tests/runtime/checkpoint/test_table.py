from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.ir.errors import DataLossError
from flowc.ir.proto.varint import read_varint, write_varint
from flowc.runtime.checkpoint.snappy import decompress
from flowc.runtime.checkpoint.table import Table
from flowc.runtime.checkpoint.table_builder import build_table
from flowc.runtime.checksums import crc32c, mask


def table(folder: Path, content: bytes) -> Table:
    path = folder / "table"
    path.write_bytes(content)
    return Table(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@given(entries=st.dictionaries(st.binary(max_size=20), st.binary(max_size=30), max_size=60))
def test_entries_come_back(folder: Path, entries: dict[bytes, bytes]) -> None:
    items = sorted(entries.items())
    read = table(folder, build_table(items))
    assert list(read.items()) == items
    assert all(read.get(key) == value for key, value in items)
    assert read.get(b"no such key, and longer than all") is None


def test_many_blocks(folder: Path) -> None:
    items = [(b"key %06d" % i, bytes([i % 256]) * 3000) for i in range(400)]
    read = table(folder, build_table(items))
    assert list(read.items()) == items
    assert read.get(b"key 000399") == items[-1][1]
    assert read.get(b"key 000101x") is None


def test_keys_in_disorder_are_refused(folder: Path) -> None:
    with pytest.raises(DataLossError, match="out of order"):
        list(table(folder, build_table([(b"b", b""), (b"a", b"")])).items())


def compressed(kind: int, block: bytes) -> bytes:
    """A table whose only block is stored as `block` with this kind of compression."""
    whole = build_table([(b"key", b"value" * 5)])
    size = len(whole) - 48  # the block, metadata and index in front of the footer
    index = b"\0\1\2" + b"l" + write_varint(0) + write_varint(len(block))
    index += b"\0\0\0\0\1\0\0\0"
    file = b""
    places = []
    for content, how in ((block, kind), (b"\0\0\0\0\1\0\0\0", 0), (index, 0)):
        places.append(write_varint(len(file)) + write_varint(len(content)))
        checked = content + bytes([how])
        file += checked + mask(crc32c(checked)).to_bytes(4, "little")
    assert size > 0
    return file + (places[1] + places[2]).ljust(40, b"\0") + whole[-8:]


def test_compressed_block(folder: Path) -> None:
    block = b"\0\3\x19key" + b"value" * 5 + b"\0\0\0\0\1\0\0\0"
    literal = write_varint(len(block)) + bytes([(11 - 1) << 2]) + block[:11]
    copy = bytes([(20 - 1) << 2 | 2]) + (5).to_bytes(2, "little")
    rest = bytes([(8 - 1) << 2]) + block[-8:]
    read = table(folder, compressed(1, literal + copy + rest))
    assert dict(read.items()) == {b"key": b"value" * 5}


def test_unknown_compression(folder: Path) -> None:
    with pytest.raises(DataLossError, match="compression 7"):
        list(table(folder, compressed(7, b"")).items())


def test_damaged_compression(folder: Path) -> None:
    with pytest.raises(DataLossError, match="snappy"):
        list(table(folder, compressed(1, b"\5\0a")).items())


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\3\x08abc", b"abc"),
        (b"\x0a\x04ab" + b"\x11\2", b"abababababab"[:10]),  # one-byte offset, eight bytes
        (b"\x06\x04ab" + b"\x0e\2\0", b"ababab"),  # two-byte offset
        (b"\x06\x04ab" + b"\x0f\2\0\0\0", b"ababab"),  # four-byte offset
        (b"\x46\xf0\x45" + b"x" * 70, b"x" * 70),  # a literal with one byte of length
        (b"\0", b""),
    ],
)
def test_snappy(data: bytes, text: bytes) -> None:
    assert decompress(data) == text


@pytest.mark.parametrize(
    "data",
    [b"", b"\4\x08abc", b"\3\x0cabc", b"\4\x01\1", b"\4\x00a\x01\0", b"\4\x00a\x02\1", b"\xff"],
)
def test_damaged_snappy(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        decompress(data)


@given(st.binary(max_size=60))
def test_snappy_of_anything_ends(data: bytes) -> None:
    with suppress(ValueError, IndexError):
        assert len(decompress(data)) == read_varint(data, 0)[0]


@given(st.integers(0, 2**64 - 1))
def test_varints(value: int) -> None:
    encoded = write_varint(value)
    assert read_varint(b"x" + encoded + b"y", 1) == (value, 1 + len(encoded))


@pytest.mark.parametrize("data", [b"\xff" * 10, b"\xff" * 9 + b"\x02", b"\x80" * 11 + b"\0"])
def test_varints_have_64_bits(data: bytes) -> None:
    with pytest.raises(ValueError, match="64-bit"):
        read_varint(data, 0)
