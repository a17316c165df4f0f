"""`tf.gfile`: files and folders, with TensorFlow's names and errors."""

from __future__ import annotations

import glob as _glob
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from flowc.ir.errors import AlreadyExistsError, NotFoundError, OpError

_LOCAL = "file://"


def _path(name: Any) -> str:
    text = os.fsdecode(name)
    return text.removeprefix(_LOCAL)


def _missing(name: Any) -> NotFoundError:
    return NotFoundError(None, None, f"{_path(name)}; No such file or directory")


class GFile:
    """A file, opened at its first use. Modes: r, w, a, with b for bytes. Raises NotFoundError."""

    def __init__(self, name: Any, mode: str = "r") -> None:
        self._name = _path(name)
        self._mode = mode
        self._file: Any = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode."""
        return self._mode

    def _opened(self) -> Any:
        if self._file is None:
            encoding = None if "b" in self._mode else "utf-8"
            try:
                self._file = open(self._name, self._mode, encoding=encoding)  # noqa: SIM115
            except FileNotFoundError:
                raise _missing(self._name) from None
            except OSError as error:
                raise OpError(None, None, f"{self._name}; {error.strerror}") from None
        return self._file

    def read(self, n: int = -1) -> Any:
        """The content, or the next n bytes or characters."""
        return self._opened().read(n)

    def readline(self) -> Any:
        """The next line."""
        return self._opened().readline()

    def readlines(self) -> list[Any]:
        """All lines."""
        return list(self._opened().readlines())

    def write(self, file_content: Any) -> None:
        """Write bytes or text, as the mode says."""
        if "b" in self._mode and isinstance(file_content, str):
            file_content = file_content.encode()
        self._opened().write(file_content)

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Go to an offset."""
        self._opened().seek(offset if position is None else position, whence)

    def tell(self) -> int:
        """The offset."""
        return int(self._opened().tell())

    def size(self) -> int:
        """The file's size."""
        return Stat(self._name).length

    def flush(self) -> None:
        """Write buffers out."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._opened())

    def __next__(self) -> Any:
        return next(self._opened())


FastGFile = GFile
Open = GFile


class FileStatistics:
    """What is known of a file."""

    def __init__(self, length: int, mtime_nsec: int, is_directory: bool) -> None:
        self.length = length
        self.mtime_nsec = mtime_nsec
        self.is_directory = is_directory


def Stat(filename: Any) -> FileStatistics:
    """Size and time of a file. Raises NotFoundError."""
    try:
        found = os.stat(_path(filename))
    except FileNotFoundError:
        raise _missing(filename) from None
    return FileStatistics(found.st_size, found.st_mtime_ns, os.path.isdir(_path(filename)))


def Exists(filename: Any) -> bool:
    """True where there is a file or folder."""
    return os.path.exists(_path(filename))


def IsDirectory(dirname: Any) -> bool:
    """True for a folder."""
    return os.path.isdir(_path(dirname))


def ListDirectory(dirname: Any) -> list[str]:
    """The names in a folder. Raises NotFoundError."""
    if not IsDirectory(dirname):
        raise NotFoundError(None, None, f"Could not find directory {_path(dirname)}")
    return sorted(os.listdir(_path(dirname)))


def Glob(filename: Any) -> list[str]:
    """The files that a pattern, or any of several, matches."""
    patterns: Sequence[Any] = filename if isinstance(filename, list | tuple) else [filename]
    return [name for pattern in patterns for name in sorted(_glob.glob(_path(pattern)))]


def MkDir(dirname: Any) -> None:
    """Make a folder. Raises NotFoundError, AlreadyExistsError."""
    try:
        os.mkdir(_path(dirname))
    except FileNotFoundError:
        raise _missing(dirname) from None
    except FileExistsError:
        raise AlreadyExistsError(None, None, f"{_path(dirname)}; File exists") from None


def MakeDirs(dirname: Any) -> None:
    """Make a folder and those above it."""
    Path(_path(dirname)).mkdir(parents=True, exist_ok=True)


def Remove(filename: Any) -> None:
    """Delete a file. Raises NotFoundError."""
    try:
        os.remove(_path(filename))
    except FileNotFoundError:
        raise _missing(filename) from None


def DeleteRecursively(dirname: Any) -> None:
    """Delete a folder and everything in it. Raises NotFoundError."""
    if not Exists(dirname):
        raise _missing(dirname)
    if IsDirectory(dirname):
        shutil.rmtree(_path(dirname))
    else:
        Remove(dirname)


def Copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copy a file. Raises NotFoundError, AlreadyExistsError."""
    _require_free(newpath, overwrite)
    try:
        shutil.copyfile(_path(oldpath), _path(newpath))
    except FileNotFoundError:
        raise _missing(oldpath) from None


def Rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Rename a file or folder. Raises NotFoundError, AlreadyExistsError."""
    _require_free(newname, overwrite)
    try:
        os.replace(_path(oldname), _path(newname))
    except FileNotFoundError:
        raise _missing(oldname) from None


def _require_free(name: Any, overwrite: bool) -> None:
    if not overwrite and Exists(name):
        raise AlreadyExistsError(None, None, f"{_path(name)}; file already exists")


def Walk(top: Any, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """(folder, folders in it, files in it) for a folder and all below it."""
    return os.walk(_path(top), topdown=in_order)
