"""Files and folders that are either complete or not there.

What is being written lies in a temporary file, or folder, beside the place where it will be. Its
writer holds a lock on it, which the kernel takes away when the writer's process ends, however it
ends: so whoever gets the lock knows that it has been left behind.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from flowc.ir.system_errors import system_errors

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Opens a temporary file beside `path` that takes its place when the block ends well.

    Afterwards the content is on the disk, not only in the kernel's memory. When the block raises,
    the temporary file goes away and whatever stood at `path` stays. What the system refuses is an
    error of `tf.errors`.
    """
    target = Path(path)
    with system_errors(target):
        with temporary_file(target) as file:
            yield file
            to_disk(file)
            os.replace(file.name, target)
        sync_folder(target.parent)


@contextmanager
def temporary_file(target: Path) -> Iterator[BinaryIO]:
    """A file beside `target`, locked, that is gone after the block unless it has been renamed."""
    path, descriptor = _make_locked(target, _make_file)
    try:
        with open(path, "wb", opener=lambda *_: descriptor) as file:
            yield file
    finally:
        path.unlink(missing_ok=True)


def make_locked_folder(target: Path) -> tuple[Path, int]:
    """Makes a folder beside `target`; it is locked until the descriptor, returned too, is closed.

    Raises OSError.
    """
    return _make_locked(target, _make_folder)


def _make_file(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)


def _make_folder(path: Path) -> int:
    path.mkdir()
    return os.open(path, os.O_RDONLY)


def _make_locked(target: Path, make: Callable[[Path], int]) -> tuple[Path, int]:
    while True:
        path = target.with_name(f".{target.name}.{token_hex(6)}.tmp")
        try:
            descriptor = make(path)
        except FileNotFoundError:  # or it was, before it was open
            if target.parent.is_dir():
                continue
            raise
        try:
            if try_lock(descriptor, path):
                return path, descriptor
        except OSError:
            return path, descriptor
        os.close(descriptor)  # before it was locked it was taken for one left behind


def to_disk(file: BinaryIO) -> None:
    """Puts what has been written on the disk."""
    file.flush()
    os.fsync(file.fileno())


def try_lock(descriptor: int, path: Path) -> bool:
    """Locks an open file; False where another has it, or it is no longer the file of that name.

    Raises OSError on a file system without locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


@contextmanager
def only_one_in(folder: Path) -> Iterator[None]:
    """Waits until nobody else is in such a block for the folder, in this process or another."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def remove_left_behind(folder: Path) -> None:
    """Deletes what is temporary and of writers that have ended before they were done."""
    for name in os.listdir(folder):
        if _TEMPORARY.fullmatch(name):
            with suppress(OSError):
                _remove_if_left_behind(folder / name)


def _remove_if_left_behind(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if try_lock(descriptor, path):
            remove(path)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Deletes a file, or a folder with what is in it."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it where they are missing; their names are on the disk."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Puts the names of a folder on the disk; a rename is not durable before."""
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Puts everything in a folder on the disk, the names too."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            _sync(Path(place, name))
        sync_folder(Path(place))
