"""A model is at its place whole, or not at all, whenever its writer is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from flowc.ir.errors import AlreadyExistsError, OpError
from flowc.runtime.checkpoint import CheckpointReader, write_checkpoint
from flowc.runtime.saved_model import Staging, contains_saved_model, variables_prefix
from tests.runtime.kills import ending_before, in_child, kill_soon


def write(target: Path) -> None:
    """A model in which everything says its name."""
    staging = Staging(target)
    write_checkpoint(staging.subfolder("variables") / "variables", {"name": target.name})
    (staging.subfolder("assets") / "name").write_text(target.name)
    (staging.folder / "saved_model.pb").write_bytes(b"")
    staging.publish("saved_model.pb")


def is_whole(target: Path) -> bool:
    """False where nothing is there; fails for half a model."""
    if not contains_saved_model(target):
        return False
    reader = CheckpointReader(variables_prefix(target))
    assert reader.get_tensor("name").item() == target.name.encode()
    assert (target / "assets/name").read_text() == target.name
    return True


@pytest.mark.parametrize("with_content", [False, True])
def test_a_kill_before_any_change(tmp_path: Path, with_content: bool) -> None:
    outcomes = []
    for change in range(100):
        target = tmp_path / str(change)
        if with_content:
            (target / "assets.extra").mkdir(parents=True)
            (target / "assets.extra/mine").touch()
        status = in_child(ending_before(change, lambda t=target: write(t)))  # type: ignore[misc]
        outcomes.append(is_whole(target))
        if not status:
            break
    assert outcomes[-1] and not outcomes[0]
    assert outcomes == sorted(outcomes)  # once it is there it stays
    assert not with_content or (target / "assets.extra/mine").exists()
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


def test_signals_at_any_time(tmp_path: Path) -> None:
    def forever() -> None:
        number = 0
        while True:
            write(tmp_path / f"{os.getpid()}.{number}")
            number += 1

    for _ in range(15):
        assert in_child(forever, kill_soon) == signal.SIGKILL
        for path in tmp_path.iterdir():
            assert path.name.endswith(".tmp") or is_whole(path)
    write(tmp_path / "last")
    assert all(is_whole(path) for path in tmp_path.iterdir())


def test_two_writers_of_one_place(tmp_path: Path) -> None:
    first, second = Staging(tmp_path / "m"), Staging(tmp_path / "m")
    for staging in (first, second):
        (staging.folder / "saved_model.pb").touch()
    first.publish("saved_model.pb")
    with pytest.raises(AlreadyExistsError):
        second.publish("saved_model.pb")


def test_places_where_nothing_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    staging = Staging(tmp_path / "file")
    (staging.folder / "saved_model.pb").touch()
    with pytest.raises(OpError):
        staging.publish("saved_model.pb")
    with pytest.raises(OpError):
        _ = Staging(tmp_path / "file/below").folder
    del staging
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_whose_parent_may_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m").mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == tmp_path / "m")
    write(tmp_path / "m")
    assert is_whole(tmp_path / "m")
    assert set(os.listdir(tmp_path / "m")) == {"assets", "saved_model.pb", "variables"}
