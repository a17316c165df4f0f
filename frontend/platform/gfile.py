"""`tf.gfile`: files and folders, with TensorFlow's names and errors."""

from __future__ import annotations

import glob as _glob
import os
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

from flowc.ir.errors import AlreadyExistsError, NotFoundError
from flowc.ir.system_errors import make_folder, system_errors

_LOCAL = "file://"


def local_path(name: Any) -> str:
    """A name, text or bytes or a path, as a path of this machine."""
    text = os.fsdecode(name)
    return text.removeprefix(_LOCAL)


def _missing(name: Any) -> NotFoundError:
    return NotFoundError(None, None, f"{local_path(name)}; No such file or directory")


class GFile:
    """A file, opened at its first use. Modes: r, w, a, with b for bytes. Raises NotFoundError."""

    def __init__(self, name: Any, mode: str = "r") -> None:
        self._name = local_path(name)
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
            with system_errors(self._name):
                self._file = open(self._name, self._mode, encoding=encoding)  # noqa: SIM115
        return self._file

    def read(self, n: int = -1) -> Any:
        """The content, or the next n bytes or characters."""
        with system_errors(self._name):
            return self._opened().read(n)

    def readline(self) -> Any:
        """The next line."""
        with system_errors(self._name):
            return self._opened().readline()

    def readlines(self) -> list[Any]:
        """All lines."""
        with system_errors(self._name):
            return list(self._opened().readlines())

    def write(self, file_content: Any) -> None:
        """Write bytes or text, as the mode says."""
        if "b" in self._mode and isinstance(file_content, str):
            file_content = file_content.encode()
        with system_errors(self._name):
            self._opened().write(file_content)

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Go to an offset."""
        with system_errors(self._name):
            self._opened().seek(offset if position is None else position, whence)

    def seekable(self) -> bool:
        """True: files can be read from any offset."""
        return True

    def tell(self) -> int:
        """The offset."""
        return int(self._opened().tell())

    def size(self) -> int:
        """The file's size."""
        return Stat(self._name).length

    def flush(self) -> None:
        """Write buffers out."""
        if self._file is not None:
            with system_errors(self._name):
                self._file.flush()

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            with system_errors(self._name):
                file.close()

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

    def next(self) -> Any:
        """The next line. Raises StopIteration at the end."""
        return next(self)


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
    with system_errors(local_path(filename)):
        found = os.stat(local_path(filename))
    return FileStatistics(found.st_size, found.st_mtime_ns, os.path.isdir(local_path(filename)))


def Exists(filename: Any) -> bool:
    """True where there is a file or folder."""
    return os.path.exists(local_path(filename))


def IsDirectory(dirname: Any) -> bool:
    """True for a folder."""
    return os.path.isdir(local_path(dirname))


def ListDirectory(dirname: Any) -> list[str]:
    """The names in a folder. Raises NotFoundError."""
    if not IsDirectory(dirname):
        raise NotFoundError(None, None, f"Could not find directory {local_path(dirname)}")
    with system_errors(local_path(dirname)):
        return sorted(os.listdir(local_path(dirname)))


def Glob(filename: Any) -> list[str]:
    """The files that a pattern, or any of several, matches."""
    patterns: Sequence[Any] = filename if isinstance(filename, list | tuple) else [filename]
    return [name for pattern in patterns for name in sorted(_glob.glob(local_path(pattern)))]


def MkDir(dirname: Any) -> None:
    """Make a folder. Raises NotFoundError, AlreadyExistsError."""
    with system_errors(local_path(dirname)):
        os.mkdir(local_path(dirname))


def MakeDirs(dirname: Any) -> None:
    """Make a folder and those above it."""
    make_folder(local_path(dirname))


def Remove(filename: Any) -> None:
    """Delete a file. Raises NotFoundError."""
    with system_errors(local_path(filename)):
        os.remove(local_path(filename))


def DeleteRecursively(dirname: Any) -> None:
    """Delete a folder and everything in it. Raises NotFoundError."""
    if not Exists(dirname):
        raise _missing(dirname)
    if IsDirectory(dirname):
        with system_errors(local_path(dirname)):
            shutil.rmtree(local_path(dirname))
    else:
        Remove(dirname)


def Copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copy a file. Raises NotFoundError, AlreadyExistsError."""
    _require_free(newpath, overwrite)
    with system_errors():
        shutil.copyfile(local_path(oldpath), local_path(newpath))


def Rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Rename a file or folder. Raises NotFoundError, AlreadyExistsError."""
    _require_free(newname, overwrite)
    with system_errors():
        os.replace(local_path(oldname), local_path(newname))


def _require_free(name: Any, overwrite: bool) -> None:
    if not overwrite and Exists(name):
        raise AlreadyExistsError(None, None, f"{local_path(name)}; file already exists")


def Walk(top: Any, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """(folder, folders in it, files in it) for a folder and all below it."""
    return os.walk(local_path(top), topdown=in_order)
