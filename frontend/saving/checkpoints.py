"""`tf.train`'s functions for checkpoint files and for the file that says which is the latest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from glob import escape as glob_escape
from glob import glob, iglob
from pathlib import Path
from typing import Any, TypeAlias

from flowc.ir.proto import CheckpointState
from flowc.runtime import checkpoint
from flowc.runtime.checkpoint import (
    get_checkpoint_state,
    latest_checkpoint,
    update_checkpoint_state,
)
from flowc.runtime.checkpoint.state import make_checkpoint_state

__all__ = [
    "NewCheckpointReader",
    "checkpoint_exists",
    "checkpoints_iterator",
    "delete_checkpoint",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "remove_checkpoint",
    "update_checkpoint_state",
]

Path_: TypeAlias = str | os.PathLike[str]
_PAUSE = 1.0  # seconds between two looks at a folder


def NewCheckpointReader(filepattern: Path_) -> checkpoint.CheckpointReader:
    """A reader of the checkpoint with this prefix. Raises NotFoundError, DataLossError."""
    return checkpoint.CheckpointReader(os.fspath(filepattern))


def checkpoint_exists(checkpoint_prefix: Path_) -> bool:
    """True where there is a checkpoint with this prefix."""
    return checkpoint.checkpoint_exists(os.fspath(checkpoint_prefix))


def load_checkpoint(ckpt_dir_or_file: Path_) -> checkpoint.CheckpointReader:
    """A reader of a checkpoint, or of the latest one of a folder. Raises ValueError for none."""
    return checkpoint.load_checkpoint(os.fspath(ckpt_dir_or_file))


def list_variables(ckpt_dir_or_file: Path_) -> list[tuple[str, list[int]]]:
    """Names and shapes of a checkpoint's tensors, or of those of the latest one of a folder."""
    return checkpoint.list_variables(os.fspath(ckpt_dir_or_file))


def load_variable(ckpt_dir_or_file: Path_, name: str) -> Any:
    """A tensor of a checkpoint, or of the latest one of a folder.

    Raises ValueError where the folder has none, NotFoundError for an unknown name.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def generate_checkpoint_state_proto(
    save_dir: Path_,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> CheckpointState:
    """What `update_checkpoint_state` writes into the folder `save_dir`."""
    return make_checkpoint_state(
        os.fspath(save_dir),
        model_checkpoint_path,
        list(all_model_checkpoint_paths or []),
        list(all_model_checkpoint_timestamps or []),
        last_preserved_timestamp,
    )


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[str]) -> list[float]:
    """When the checkpoints were last changed; those that do not exist are left out."""
    found = []
    for prefix in checkpoint_prefixes:
        index = f"{prefix}.index"
        path = index if os.path.exists(index) else next(iglob(prefix), None)
        if path is not None:
            found.append(os.path.getmtime(path))
    return found


def checkpoint_files(prefix: str) -> list[str]:
    """The files of a checkpoint, whatever its format."""
    escaped = glob_escape(prefix)
    shards = glob(f"{escaped}.data-?????-of-?????") + glob(f"{escaped}-?????-of-?????")
    return [name for name in (f"{prefix}.index", *shards, prefix) if os.path.isfile(name)]


def delete_checkpoint(prefix: str, meta_graph_suffix: str = "meta") -> None:
    """Delete a checkpoint and its MetaGraph."""
    for name in (*checkpoint_files(prefix), f"{prefix}.{meta_graph_suffix}"):
        Path(name).unlink(missing_ok=True)


def remove_checkpoint(
    checkpoint_prefix: str, checkpoint_format_version: int = 2, meta_graph_suffix: str = "meta"
) -> None:
    """`delete_checkpoint`, with TensorFlow's arguments."""
    delete_checkpoint(checkpoint_prefix, meta_graph_suffix)


def checkpoints_iterator(
    checkpoint_dir: Path_,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """The latest checkpoint of a folder, each time that there is a new one.

    Ends when none has come for `timeout` seconds, unless `timeout_fn()` is False then.
    """
    last: str | None = None
    while True:
        new = _wait_for_another(checkpoint_dir, last, timeout)
        if new is None:
            if timeout_fn is None or timeout_fn():
                return
            continue
        began = time.monotonic()
        last = new
        yield new
        time.sleep(max(0.0, began + min_interval_secs - time.monotonic()))


def _wait_for_another(folder: Path_, last: str | None, timeout: float | None) -> str | None:
    """The latest checkpoint when it is another one; None where the time is over."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        found = latest_checkpoint(os.fspath(folder))
        if found is not None and found != last:
            return found
        if end is not None and time.monotonic() + _PAUSE > end:
            return None
        time.sleep(_PAUSE)
