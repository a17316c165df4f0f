from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowc.ir import dtypes
from flowc.ir.errors import (
    DataLossError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    UnimplementedError,
)
from flowc.ir.proto import BundleEntryProto, BundleHeaderProto, TensorShapeProto
from flowc.runtime.checkpoint import (
    CheckpointReader,
    CheckpointWriter,
    TensorSlice,
    checkpoint_exists,
    load_checkpoint,
    merge_checkpoints,
    update_checkpoint_state,
    write_checkpoint,
)
from flowc.runtime.checkpoint.bundle import Bundle, data_path, index_path
from flowc.runtime.checkpoint.table_builder import build_table

SMALL: dict[str, Any] = {
    "b": np.array([True, False]),
    "f": np.arange(6, dtype=np.float32).reshape(2, 3),
    "h": np.array(1.5, ml_dtypes.bfloat16),
    "s": np.array([[b"", b"xyz"]], object),
}


def values(prefix: Path) -> dict[str, Any]:
    reader = CheckpointReader(prefix)
    return {name: reader.get_tensor(name).tolist() for name in reader.get_variable_to_shape_map()}


def test_write_and_read(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "new/m", SMALL)
    assert values(tmp_path / "new/m") == {name: array.tolist() for name, array in SMALL.items()}
    reader = CheckpointReader(tmp_path / "new/m")
    assert reader.get_variable_to_dtype_map()["h"] is dtypes.bfloat16
    assert reader.has_tensor("f")
    assert not reader.has_tensor("g")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "m.data-00000-of-00001",
        "m.index",
    ]


def test_tensors_are_writable(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "m", SMALL)
    CheckpointReader(tmp_path / "m").get_tensor("f")[0, 0] = 7


def test_other_layouts(tmp_path: Path) -> None:
    columns = np.asfortranarray(SMALL["f"])
    big = np.array([1, 2], ">i4")
    write_checkpoint(tmp_path / "m", {"c": columns, "i": big, "t": np.array(["ä", "b"])})
    expected = {"c": SMALL["f"].tolist(), "i": [1, 2], "t": ["ä".encode(), b"b"]}
    assert values(tmp_path / "m") == expected


def test_quantized_types_are_named_by_the_caller(tmp_path: Path) -> None:
    with CheckpointWriter(tmp_path / "m") as writer:
        writer.add("q", np.array([1, -1], np.int8), dtypes.qint8)
    reader = CheckpointReader(tmp_path / "m")
    assert reader.get_variable_to_dtype_map() == {"q": dtypes.qint8}
    assert reader.get_tensor("q").tolist() == [1, -1]


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "m", SMALL)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InvalidArgumentError), CheckpointWriter(tmp_path / "m") as writer:
        writer.add("x", np.zeros(3))
        writer.add("x", np.zeros(3))
    assert sorted(tmp_path.iterdir()) == before
    assert values(tmp_path / "m")["f"] == SMALL["f"].tolist()


def test_unstorable_types(tmp_path: Path) -> None:
    with pytest.raises(UnimplementedError), CheckpointWriter(tmp_path / "m") as writer:
        writer.add("x", np.array([None]), dtypes.resource)


def test_slices(tmp_path: Path) -> None:
    whole = np.arange(12).reshape(4, 3)
    with CheckpointWriter(tmp_path / "m") as writer:
        for start in (0, 2):
            part = TensorSlice((start, 0), (2, -1))
            writer.add_slice("v", whole.shape, part, whole[start : start + 2])
        with pytest.raises(InvalidArgumentError, match="slice"):
            writer.add_slice("v", whole.shape, TensorSlice((0, 0), (2, -1)), whole[:2])
    assert values(tmp_path / "m") == {"v": whole.tolist()}


def test_merge(tmp_path: Path) -> None:
    prefixes = [str(tmp_path / f"part{i}") for i in range(3)]
    for i, prefix in enumerate(prefixes):
        with CheckpointWriter(prefix) as writer:
            writer.add(f"own{i}", np.array(i))
            writer.add_slice("v", (6,), TensorSlice((2 * i,), (2,)), np.array([i, i]))
    merge_checkpoints(prefixes, tmp_path / "all/m")
    expected = {"own0": 0, "own1": 1, "own2": 2, "v": [0, 0, 1, 1, 2, 2]}
    assert values(tmp_path / "all/m") == expected
    assert [path.name for path in tmp_path.iterdir()] == ["all"]


def test_merge_of_equal_names(tmp_path: Path) -> None:
    prefixes = [str(tmp_path / name) for name in "ab"]
    for prefix in prefixes:
        write_checkpoint(prefix, {"x": np.zeros(1)})
    with pytest.raises(InvalidArgumentError, match="another checkpoint has too"):
        merge_checkpoints(prefixes, tmp_path / "m")
    with pytest.raises(InvalidArgumentError, match="into itself"):
        merge_checkpoints(prefixes, prefixes[0])


def test_absent_checkpoints(tmp_path: Path) -> None:
    assert not checkpoint_exists(tmp_path / "m")
    with pytest.raises(NotFoundError, match="no checkpoint"):
        CheckpointReader(tmp_path / "m")
    with pytest.raises(ValueError, match="find 'checkpoint' file"):
        load_checkpoint(tmp_path)
    write_checkpoint(tmp_path / "m", SMALL)
    assert checkpoint_exists(tmp_path / "m")
    with pytest.raises(NotFoundError, match="Key nothing"):
        CheckpointReader(tmp_path / "m").get_tensor("nothing")


def test_load_from_a_folder(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "m", SMALL)
    update_checkpoint_state(tmp_path, str(tmp_path / "m"))
    assert load_checkpoint(tmp_path).has_tensor("f")


def rewrite(
    prefix: Path, header: BundleHeaderProto, entries: dict[bytes, BundleEntryProto]
) -> None:
    """Gives the checkpoint another index, with right checksums around whatever it says."""
    items = [(key, entries[key].SerializeToString()) for key in sorted(entries)]
    content = build_table([(b"", header.SerializeToString()), *items])
    index_path(str(prefix)).write_bytes(content)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("offset", -1, DataLossError),
        ("offset", 10**9, DataLossError),
        ("size", 10**12, DataLossError),
        ("size", -24, DataLossError),
        ("shard_id", 1, DataLossError),
        ("shard_id", -1, DataLossError),
        ("dtype", 20, UnimplementedError),
        ("dtype", 77, UnimplementedError),
        ("dtype", 7, DataLossError),
        ("crc32c", 0, DataLossError),
        ("shape", [2**40, 2**40], DataLossError),
        ("shape", [2**62, 2**62, 0], DataLossError),
        ("shape", [1] * 70, DataLossError),
        ("shape", [-2, -3], DataLossError),
        ("shape", [5], DataLossError),
    ],
)
def test_entries_that_lie(tmp_path: Path, field: str, value: Any, error: type[OpError]) -> None:
    write_checkpoint(tmp_path / "m", SMALL)
    bundle = Bundle(str(tmp_path / "m"))
    entry = bundle.entries[b"f"]
    if field == "shape":
        dims = [TensorShapeProto.Dim(size=size) for size in value]
        entry.shape.CopyFrom(TensorShapeProto(dim=dims))
    else:
        setattr(entry, field, value)
    rewrite(tmp_path / "m", bundle.header, bundle.entries)
    with pytest.raises(error):
        CheckpointReader(tmp_path / "m").get_tensor("f")


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (BundleHeaderProto(num_shards=1, endianness=1), UnimplementedError),
        (BundleHeaderProto(num_shards=0), DataLossError),
    ],
)
def test_headers_that_are_refused(
    tmp_path: Path, header: BundleHeaderProto, error: type[OpError]
) -> None:
    write_checkpoint(tmp_path / "m", SMALL)
    rewrite(tmp_path / "m", header, Bundle(str(tmp_path / "m")).entries)
    with pytest.raises(error):
        CheckpointReader(tmp_path / "m")


def test_newer_versions_are_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "m", SMALL)
    bundle = Bundle(str(tmp_path / "m"))
    bundle.header.version.min_consumer = 2
    rewrite(tmp_path / "m", bundle.header, bundle.entries)
    with pytest.raises(UnimplementedError, match="newer reader"):
        CheckpointReader(tmp_path / "m")


def test_slices_of_another_type(tmp_path: Path) -> None:
    with CheckpointWriter(tmp_path / "m") as writer:
        writer.add_slice("v", (2,), TensorSlice((0,), (2,)), np.zeros(2))
    bundle = Bundle(str(tmp_path / "m"))
    bundle.entries[b"v"].dtype = dtypes.string.number
    rewrite(tmp_path / "m", bundle.header, bundle.entries)
    with pytest.raises(DataLossError, match="another type"):
        CheckpointReader(tmp_path / "m").get_tensor("v")


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damage_anywhere_is_found_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    prefix = tmp_path / "m"
    write_checkpoint(prefix, SMALL)
    right = values(prefix)
    path = data.draw(st.sampled_from([index_path(str(prefix)), data_path(str(prefix), 0, 1)]))
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] ^= data.draw(st.integers(1, 255))
    else:
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    path.write_bytes(content)
    try:
        assert values(prefix) == right
    except OpError as error:
        assert str(prefix) in str(error)
