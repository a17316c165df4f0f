import os
from pathlib import Path

import pytest

from flowc.runtime.checkpoint import (
    get_checkpoint_state,
    latest_checkpoint,
    update_checkpoint_state,
    write_checkpoint,
)


def test_state_comes_back(tmp_path: Path) -> None:
    paths = [str(tmp_path / "m-1"), str(tmp_path / "m-2")]
    update_checkpoint_state(
        tmp_path,
        paths[1],
        paths,
        all_model_checkpoint_timestamps=[1.5, 2.5],
        last_preserved_timestamp=0.5,
    )
    state = get_checkpoint_state(tmp_path)
    assert state is not None
    assert state.model_checkpoint_path == paths[1]
    assert list(state.all_model_checkpoint_paths) == paths
    assert list(state.all_model_checkpoint_timestamps) == [1.5, 2.5]
    assert state.last_preserved_timestamp == 0.5


def test_the_latest_is_always_among_all(tmp_path: Path) -> None:
    update_checkpoint_state(tmp_path, "m-2", ["m-1"], latest_filename="other")
    text = (tmp_path / "other").read_text()
    assert text == (
        'model_checkpoint_path: "m-2"\n'
        'all_model_checkpoint_paths: "m-1"\n'
        'all_model_checkpoint_paths: "m-2"\n'
    )


def test_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    update_checkpoint_state("run", os.path.join("run", "m"))
    assert 'model_checkpoint_path: "m"' in Path("run/checkpoint").read_text()
    state = get_checkpoint_state("run")
    assert state is not None
    assert state.model_checkpoint_path == os.path.join("run", "m")

    update_checkpoint_state(tmp_path / "run", str(tmp_path / "run/m"), save_relative_paths=True)
    assert 'model_checkpoint_path: "m"' in Path("run/checkpoint").read_text()

    update_checkpoint_state("run", str(tmp_path / "run/m"))
    assert str(tmp_path) in Path("run/checkpoint").read_text()


def test_a_moved_folder_keeps_its_checkpoints(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a/m", {})
    update_checkpoint_state(tmp_path / "a", str(tmp_path / "a/m"), save_relative_paths=True)
    (tmp_path / "a").rename(tmp_path / "b")
    assert latest_checkpoint(tmp_path / "b") == str(tmp_path / "b/m")


def test_latest_without_files(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path) is None
    update_checkpoint_state(tmp_path, str(tmp_path / "m"))
    assert latest_checkpoint(tmp_path) is None


@pytest.mark.parametrize("text", ["model_checkpoint_path 3", "no_such_field: 1"])
def test_unreadable_state(tmp_path: Path, text: str) -> None:
    (tmp_path / "checkpoint").write_text(text)
    assert get_checkpoint_state(tmp_path) is None


def test_state_without_a_latest(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text("")
    with pytest.raises(ValueError, match="Invalid checkpoint state"):
        get_checkpoint_state(tmp_path)


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="conflicts"):
        update_checkpoint_state(tmp_path, str(tmp_path / "checkpoint"))
    with pytest.raises(ValueError, match="timestamps"):
        update_checkpoint_state(tmp_path, "m", all_model_checkpoint_timestamps=[1.0, 2.0])
