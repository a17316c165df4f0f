"""Every checkpoint of the corpus reads as TensorFlow read it, and every damaged one is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from flowc.ir.errors import OpError
from flowc.runtime.checkpoint import (
    CheckpointReader,
    CheckpointWriter,
    TensorSlice,
    latest_checkpoint,
    list_variables,
    write_checkpoint,
)
from flowc.runtime.checkpoint.bundle import Bundle, data_path, index_path
from tests.corpus import Pack

Case = tuple[Path, Pack, dict[str, Any]]


def cases(shared: Path) -> Iterator[Case]:
    folder = shared / "golden/checkpoints"
    for name in ("cases.npz", "cases_v2.npz"):
        pack = Pack(folder / name)
        yield from ((folder, pack, case) for case in pack.cases)


def assert_same(got: NDArray[Any], expected: NDArray[Any], name: str) -> None:
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape), name
    if expected.dtype == object:
        assert got.tolist() == expected.tolist(), name
    else:
        assert got.tobytes() == expected.tobytes(), name


def assert_reads(prefix: Path, expected: dict[str, NDArray[Any]], ignore: list[str]) -> None:
    reader = CheckpointReader(prefix)
    shapes = reader.get_variable_to_shape_map()
    types = reader.get_variable_to_dtype_map()
    assert set(shapes) - set(ignore) == set(expected) - set(ignore)
    for name, values in expected.items():
        assert_same(reader.get_tensor(name), values, name)
        assert shapes[name] == list(values.shape)
        assert types[name].numpy == values.dtype


def test_readable_checkpoints(shared: Path) -> None:
    for folder, pack, case in cases(shared):
        if case["must_fail"] or case["how"] not in ("reader", "list_variables", "roundtrip"):
            continue
        expected = {name: pack.value(value) for name, value in case["values"].items()}
        assert_reads(folder / case["prefix"], expected, case.get("ignore", []))
        listed = dict(list_variables(folder / case["prefix"]))
        assert {name: listed[name] for name in expected} == {
            name: list(values.shape) for name, values in expected.items()
        }


def test_damaged_checkpoints(shared: Path) -> None:
    damaged = [(folder, case) for folder, _, case in cases(shared) if case["must_fail"]]
    assert damaged
    for folder, case in damaged:
        with pytest.raises(OpError):
            reader = CheckpointReader(folder / case["prefix"])
            for name in case["values"]:
                reader.get_tensor(name)
            pytest.fail(f"{case['id']} was read without an error")


def test_every_damaged_byte_of_a_v1_file_is_found_or_harmless(shared: Path, tmp_path: Path) -> None:
    content = (shared / "golden/checkpoints/v1_other_dtypes/model.ckpt").read_bytes()
    path = tmp_path / "model.ckpt"
    path.write_bytes(content)
    right = {name: array.tolist() for name, array in read_all(path).items()}
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x41
        path.write_bytes(damaged)
        try:
            assert {name: array.tolist() for name, array in read_all(path).items()} == right
        except OpError as error:
            assert str(path) in str(error)


def read_all(prefix: Path) -> dict[str, NDArray[Any]]:
    reader = CheckpointReader(prefix)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def test_latest_checkpoint(shared: Path) -> None:
    for folder, _, case in cases(shared):
        if case["how"] == "latest":
            assert Path(latest_checkpoint(folder / case["dir"]) or "").name == case["expect"]


def test_index_is_written_as_tensorflow_writes_it(shared: Path, tmp_path: Path) -> None:
    """Tensors that are copied in the order of their place give the same two files."""
    for name in ("dtypes_ref/model.ckpt", "strings/model.ckpt", "many/many", "slices/sl"):
        source, target = shared / "golden/checkpoints" / name, tmp_path / name
        copy(Bundle(str(source)), target)
        assert index_path(str(target)).read_bytes() == index_path(str(source)).read_bytes()
        data = data_path(str(target), 0, 1).read_bytes()
        assert data == data_path(str(source), 0, 1).read_bytes()


def copy(bundle: Bundle, target: Path) -> None:
    types = bundle.dtypes()
    places: list[tuple[int, int, str, TensorSlice | None]] = []
    for name, key in bundle.names.items():
        entry = bundle.entries[key]
        if not entry.slices:
            places.append((entry.offset, entry.size, name, None))
        for proto in entry.slices:
            part = TensorSlice.from_proto(proto)
            inner = bundle.slice_entry(name, part)
            places.append((inner.offset, inner.size, name, part))
    with CheckpointWriter(target) as writer:
        for _, _, name, box in sorted(places, key=lambda place: place[:2]):
            values = bundle.read(name)
            if box is None:
                writer.add(name, values, types[name])
            else:
                inside = values[box.index_in(values.shape)]
                writer.add_slice(name, values.shape, box, inside, types[name])


def test_checkpoints_survive_being_written_again(shared: Path, tmp_path: Path) -> None:
    for folder, pack, case in cases(shared):
        if case["how"] == "roundtrip":
            expected = {name: pack.value(value) for name, value in case["values"].items()}
            reader = CheckpointReader(folder / case["prefix"])
            write_checkpoint(
                tmp_path / "again", {name: reader.get_tensor(name) for name in expected}
            )
            assert_reads(tmp_path / "again", expected, [])
