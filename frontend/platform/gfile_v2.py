"""`tf.io.gfile`: files and folders, with the lower-case names of later versions.

The functions of `tf.gfile`, whose names programs use here too, are found behind them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from flowc.frontend.platform.gfile import (
    Copy,
    DeleteRecursively,
    Exists,
    FastGFile,
    FileStatistics,
    GFile,
    Glob,
    IsDirectory,
    ListDirectory,
    MakeDirs,
    MkDir,
    Open,
    Remove,
    Rename,
    Stat,
    Walk,
    local_path,
)

__all__ = [
    "Copy",
    "DeleteRecursively",
    "Exists",
    "FastGFile",
    "FileStatistics",
    "GFile",
    "Glob",
    "IsDirectory",
    "ListDirectory",
    "MakeDirs",
    "MkDir",
    "Open",
    "Remove",
    "Rename",
    "Stat",
    "Walk",
    "copy",
    "exists",
    "glob",
    "isdir",
    "listdir",
    "makedirs",
    "mkdir",
    "remove",
    "rename",
    "rmtree",
    "stat",
    "walk",
]


def exists(path: Any) -> bool:
    """True where there is a file or folder."""
    return Exists(path)


def isdir(path: Any) -> bool:
    """True for a folder."""
    return IsDirectory(path)


def listdir(path: Any) -> list[str]:
    """The names in a folder. Raises NotFoundError."""
    return ListDirectory(path)


def glob(pattern: Any) -> list[str]:
    """The files that a pattern, or any of several, matches."""
    return Glob(pattern)


def mkdir(path: Any) -> None:
    """Make a folder. Raises NotFoundError, AlreadyExistsError."""
    MkDir(path)


def makedirs(path: Any) -> None:
    """Make a folder and those above it."""
    MakeDirs(path)


def remove(path: Any) -> None:
    """Delete a file. Raises NotFoundError."""
    Remove(path)


def rmtree(path: Any) -> None:
    """Delete a folder and everything in it. Raises NotFoundError."""
    DeleteRecursively(path)


def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copy a file. Raises NotFoundError, AlreadyExistsError."""
    Copy(src, dst, overwrite)


def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Rename a file or folder. Raises NotFoundError, AlreadyExistsError."""
    Rename(src, dst, overwrite)


def stat(path: Any) -> FileStatistics:
    """Size and time of a file. Raises NotFoundError."""
    return Stat(path)


def walk(
    top: Any, topdown: bool = True, onerror: Callable[[OSError], Any] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """(folder, folders in it, files in it) for a folder and all below it.

    What goes wrong is left out, or given to `onerror`.
    """
    return os.walk(local_path(top), topdown, onerror)
