"""Puts a finished checkpoint in the place of an older one, so that at any moment one is there.

Readers begin with the index, which says into how many data files the tensors are divided; that
number is in the data files' names. So renaming the index is the moment at which the new checkpoint
takes over, if its data files have other names than those of the old one. Where both would have the
same, the new one is published first with one empty data file more, and then, when the names of the
old one are free, under its own. A kill at any moment leaves a whole checkpoint, the old or the new,
and what else it leaves the next save deletes.
"""

import os
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from glob import escape, glob
from pathlib import Path

from flowc.ir.errors import OpError
from flowc.ir.proto import BundleEntryProto, BundleHeaderProto, VersionDef
from flowc.runtime.checkpoint.bundle import VERSION, Bundle, data_path, index_path
from flowc.runtime.checkpoint.table_builder import build_table
from flowc.runtime.files import (
    atomic_file,
    only_one_in,
    remove_left_behind,
    sync_folder,
    to_disk,
    try_lock,
)


def publish(prefix: str, data: Sequence[Path], entries: Mapping[bytes, BundleEntryProto]) -> None:
    """Makes the files `data`, which are on the disk, and an index the checkpoint `prefix`."""
    folder = Path(prefix).parent
    with only_one_in(folder):
        remove_left_behind(folder)
        _remove_parts_left_behind(folder)
        count = len(data)
        if _number_of_data_files(prefix) == count:
            linked = _link(prefix, data)
            sync_folder(folder)
            _write_index(prefix, count + 1, entries)
            if not linked:
                _remove_data(prefix, except_of=count + 1)
                return
        for number, path in enumerate(data):
            path.replace(data_path(prefix, number, count))
        sync_folder(folder)
        _write_index(prefix, count, entries)
        _remove_data(prefix, except_of=count)


def _number_of_data_files(prefix: str) -> int:
    """Into how many files the present checkpoint is divided; 0 where none can be read."""
    try:
        return Bundle(prefix).header.num_shards
    except (OSError, OpError):
        return 0


def _link(prefix: str, data: Sequence[Path]) -> bool:
    """Gives the files other names, those of one file more; False where they lost their own."""
    count = len(data) + 1
    for number in range(count):
        data_path(prefix, number, count).unlink(missing_ok=True)
    with open(data_path(prefix, count - 1, count), "xb") as empty:
        to_disk(empty)
    linked = True
    for number, path in enumerate(data):
        try:
            os.link(path, data_path(prefix, number, count))
        except OSError:  # a file system without links
            linked = False
            path.replace(data_path(prefix, number, count))
    return linked


def _write_index(prefix: str, count: int, entries: Mapping[bytes, BundleEntryProto]) -> None:
    header = BundleHeaderProto(num_shards=count, version=VersionDef(producer=VERSION))
    items = [(key, entries[key].SerializeToString(deterministic=True)) for key in sorted(entries)]
    with atomic_file(index_path(prefix)) as file:
        file.write(build_table([(b"", header.SerializeToString()), *items]))


def _remove_data(prefix: str, except_of: int) -> None:
    for name in glob(f"{escape(prefix)}.data-?????-of-?????"):
        if not name.endswith(f"-of-{except_of:05d}"):
            Path(name).unlink(missing_ok=True)


# The folder of a sharded saver's parts, until they are merged

_PARTS = re.compile(r".*_temp_[0-9a-f]{32}")
_LOCK = ".flowc-writes-here"
_EMPTY = 60.0  # seconds after which a folder without parts is not about to get some
_locks: dict[Path, int] = {}  # of the folders with parts that this process has written


def hold_parts(folder: Path) -> None:
    """Marks a folder of parts as in use by this process, until `release_parts`."""
    lock = folder / _LOCK
    if _PARTS.fullmatch(folder.name) and not (folder in _locks and lock.is_file()):
        descriptor = _locks[folder] = os.open(lock, os.O_WRONLY | os.O_CREAT, 0o666)
        with suppress(OSError):
            try_lock(descriptor, lock)


def release_parts(folder: Path) -> None:
    """Takes the mark away: the parts are in use no longer."""
    if _PARTS.fullmatch(folder.name):
        (folder / _LOCK).unlink(missing_ok=True)
        if folder in _locks:
            os.close(_locks.pop(folder))


def _remove_parts_left_behind(folder: Path) -> None:
    for name in filter(_PARTS.fullmatch, os.listdir(folder)):
        parts, lock = folder / name, folder / name / _LOCK
        with suppress(OSError):
            if lock.is_file():
                with open(lock, "rb") as file:
                    if try_lock(file.fileno(), lock):
                        _remove_folder(parts)
            elif time.time() - parts.stat().st_mtime > _EMPTY:
                parts.rmdir()  # which refuses where anything is inside


def _remove_folder(parts: Path) -> None:
    """The mark goes last, so that whoever is killed here leaves the rest to the next one."""
    for path in parts.iterdir():
        if path.name != _LOCK:
            path.unlink()
    (parts / _LOCK).unlink()
    parts.rmdir()
