"""Saving again and again under one name, by processes that are killed: one checkpoint is there.

A child process is forked for each kill. It ends before its n-th change of the folder, for every n,
or by a signal at any time.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import numpy as np
import pytest

from flowc.runtime.checkpoint import (
    CheckpointReader,
    CheckpointWriter,
    TensorSlice,
    merge_checkpoints,
    write_checkpoint,
)
from flowc.runtime.checkpoint.bundle import data_path, index_path
from flowc.runtime.files import atomic_file, temporary_file
from tests.runtime.kills import ending_before, in_child, kill_soon

SIZE = 1000


def save(prefix: Path, generation: int) -> None:
    """Tensors that all hold the number of the generation."""
    write_checkpoint(prefix, {"v": np.full(SIZE, generation), "w": np.array(generation)})


def save_in_parts(prefix: Path, generation: int) -> None:
    """The same by way of two parts that are merged, as a sharded saver does it."""
    folder = Path(f"{prefix}_temp_{uuid4().hex}")
    parts = [str(folder / f"part-0000{i}-of-00002") for i in range(2)]
    for i, part in enumerate(parts):
        with CheckpointWriter(part) as writer:
            half = TensorSlice((i * SIZE // 2,), (SIZE // 2,))
            writer.add_slice("v", (SIZE,), half, np.full(SIZE // 2, generation))
            if i:
                writer.add("w", np.array(generation))
    merge_checkpoints(parts, prefix)
    folder.rmdir()


def generation_of(prefix: Path) -> int:
    reader = CheckpointReader(prefix)
    v, w = reader.get_tensor("v"), reader.get_tensor("w")
    assert (v == w).all()
    return int(w)


@pytest.mark.parametrize("again", [save, save_in_parts])
@pytest.mark.parametrize("first", [None, save, save_in_parts])
def test_a_kill_before_any_change(
    tmp_path: Path,
    first: Callable[[Path, int], None] | None,
    again: Callable[[Path, int], None],
) -> None:
    prefix = tmp_path / "m"
    if first:
        first(prefix, 0)
    seen = set()
    for change in range(100):
        status = in_child(ending_before(change, lambda n=change: again(prefix, n + 1)))  # type: ignore[misc]
        if first or index_path(str(prefix)).exists():
            found = generation_of(prefix)
            seen.add(found)
            assert found in {0, *seen, change + 1}
        if not status:
            break
    else:
        pytest.fail("the child never came to its end")
    assert generation_of(prefix) == change + 1  # and of the killed ones nothing is left
    for path in tmp_path.iterdir():
        if path.is_dir() and not any(path.iterdir()):
            os.utime(path, (0, 0))  # made, or emptied, long ago
    again(prefix, 200)
    assert generation_of(prefix) == 200
    shards = 1 if again is save else 2
    data = {data_path(str(prefix), i, shards) for i in range(shards)}
    assert set(tmp_path.iterdir()) == {index_path(str(prefix)), *data}


@pytest.mark.parametrize("again", [save, save_in_parts])
def test_signals_at_any_time(tmp_path: Path, again: Callable[[Path, int], None]) -> None:
    prefix = tmp_path / "m"
    again(prefix, 0)
    last = 0

    def forever() -> NoReturn:
        generation = last
        while True:
            generation += 1
            again(prefix, generation)

    for _ in range(15):
        assert in_child(forever, kill_soon) == signal.SIGKILL
        found = generation_of(prefix)
        assert found >= last
        last = found
    again(prefix, last + 1)
    left = [path for path in tmp_path.iterdir() if path.is_file() or any(path.iterdir())]
    assert len(left) == (2 if again is save else 3)


def test_what_a_living_writer_writes_stays(tmp_path: Path) -> None:
    parts = tmp_path / f"n_temp_{uuid4().hex}"
    write_checkpoint(parts / "part-00000-of-00001", {"v": np.zeros(3)})
    with temporary_file(tmp_path / "x") as file:
        (tmp_path / f".y.{'0' * 12}.tmp").touch()  # nobody's
        (tmp_path / ".y.tmp").touch()  # somebody else's
        save(tmp_path / "m", 1)
        left = {path.name for path in tmp_path.iterdir() if not path.name.startswith("m.")}
        assert left == {Path(file.name).name, ".y.tmp", parts.name}
    merge_checkpoints([str(parts / "part-00000-of-00001")], tmp_path / "n")
    assert not any(parts.iterdir())


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: Any) -> NoReturn:
        raise OSError

    monkeypatch.setattr(os, "link", link)
    for generation in range(4):
        save(tmp_path / "m", generation)
        assert generation_of(tmp_path / "m") == generation
        assert len(list(tmp_path.iterdir())) == (3 if generation % 2 else 2)


def test_saves_of_two_processes(tmp_path: Path) -> None:
    """Whoever comes last: the checkpoint is of one of them, whole."""
    prefix = tmp_path / "m"

    def often(start: int) -> None:
        for i in range(20):
            save(prefix, start + i)

    in_child(lambda: often(0), lambda _: often(100))
    assert generation_of(prefix) in {19, 119}
    assert len(list(tmp_path.iterdir())) == 2


def test_an_atomic_file_leaves_nothing_where_it_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_file(tmp_path / "x") as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
