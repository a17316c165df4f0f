"""The text file `checkpoint` of a folder: which checkpoints there are, and which is the latest."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from google.protobuf import text_format

from flowc.ir.proto import CheckpointState
from flowc.runtime.files import atomic_file

_LOG = logging.getLogger(__name__)


def get_checkpoint_state(
    checkpoint_dir: str | os.PathLike[str], latest_filename: str | None = None
) -> CheckpointState | None:
    """The state of a folder, its paths complete; None where there is none or it is unreadable.

    Raises ValueError where the state names no latest checkpoint.
    """
    folder = os.fspath(checkpoint_dir)
    try:
        text = _state_path(folder, latest_filename).read_text()
        state = text_format.Parse(text, CheckpointState())
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        _LOG.warning("the checkpoint state in %s is unreadable: %s", folder, error)
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {folder}")
    # A relative path counts from the folder, so that the folder can be moved.
    state.model_checkpoint_path = os.path.join(folder, state.model_checkpoint_path)
    for number, path in enumerate(state.all_model_checkpoint_paths):
        state.all_model_checkpoint_paths[number] = os.path.join(folder, path)
    return state


def latest_checkpoint(
    checkpoint_dir: str | os.PathLike[str], latest_filename: str | None = None
) -> str | None:
    """The prefix of the latest checkpoint of a folder, or None where its files are not there."""
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    prefix = state.model_checkpoint_path
    if os.path.exists(f"{prefix}.index") or os.path.exists(prefix):
        return prefix
    _LOG.error("the latest checkpoint, %s, has no files", prefix)
    return None


def update_checkpoint_state(
    save_dir: str | os.PathLike[str],
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
    save_relative_paths: bool = False,
) -> None:
    """Writes the state of a folder: the latest checkpoint, and all that are kept, oldest first.

    The file holds paths relative to the folder with `save_relative_paths`, and for relative paths
    where the folder is relative too. Raises RuntimeError where a checkpoint has the name of the
    state file, ValueError where there is not one time for each path.
    """
    folder = os.fspath(save_dir)
    target = _state_path(folder, latest_filename)
    if str(target) == model_checkpoint_path:
        raise RuntimeError(f"Save path '{target}' conflicts with path used for checkpoint state.")
    state = make_checkpoint_state(
        folder,
        model_checkpoint_path,
        list(all_model_checkpoint_paths or []),
        list(all_model_checkpoint_timestamps or []),
        last_preserved_timestamp,
        save_relative_paths,
    )
    with atomic_file(target) as file:
        file.write(text_format.MessageToString(state).encode())


def make_checkpoint_state(
    folder: str,
    latest: str,
    paths: list[str],
    times: list[float],
    last_preserved: float | None = None,
    relative: bool = False,
) -> CheckpointState:
    """The message of a folder's state; the arguments are those of `update_checkpoint_state`."""
    if not paths or paths[-1] != latest:
        paths.append(latest)
    if times and len(times) != len(paths):
        raise ValueError(f"{len(paths)} checkpoint paths have {len(times)} timestamps")
    if relative or not os.path.isabs(folder):
        paths = [_from_folder(path, folder, relative) for path in paths]
    state = CheckpointState(
        model_checkpoint_path=paths[-1],
        all_model_checkpoint_paths=paths,
        all_model_checkpoint_timestamps=times,
    )
    if last_preserved is not None:
        state.last_preserved_timestamp = last_preserved
    return state


def _from_folder(path: str, folder: str, relative: bool) -> str:
    """The path as it is seen from the folder; an absolute one changes only where asked."""
    return os.path.relpath(path, folder) if relative or not os.path.isabs(path) else path


def _state_path(folder: str, latest_filename: str | None) -> Path:
    return Path(folder) / (latest_filename or "checkpoint")
