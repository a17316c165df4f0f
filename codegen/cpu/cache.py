"""Object code on disk, by the hash of what it was made from.

An entry is one file: a magic line, the SHA-256 of its key and the rest, the object code. Files are
written to a temporary name and renamed, so a reader sees all or nothing. A file that is damaged,
that belongs under another name, or that someone else could have written, counts as absent; a folder
in which others may write is not used. The oldest entries go when the folder is full.
"""

from __future__ import annotations

import os
import stat
import tempfile
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from zlib import crc32

from flowc.passes.target import CpuTarget

_MAGIC = b"flowc object 2\n"
_DIGEST_BYTES = 32
_PRUNE_TO = 0.75  # of the limit, so that pruning is rare
_LOOK_AFTER = 1 / 32  # of the limit, in bytes stored, the folder is looked through once


def default_folder() -> Path:
    """`$XDG_CACHE_HOME/flowc`, or `~/.cache/flowc`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "flowc"


@cache
def _compiler_digest() -> bytes:
    """A hash of the code generator itself, so that a changed one finds no old objects."""
    from llvmlite import __version__ as llvmlite_version

    digest = sha256(llvmlite_version.encode())
    for path in sorted(Path(__file__).resolve().parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def object_key(program_text: str, target: CpuTarget) -> str:
    """The name under which the object of a program is kept."""
    digest = sha256(_compiler_digest())
    digest.update(repr(target).encode())
    digest.update(program_text.encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class DiskCache:
    """A folder of objects, at most about `limit` bytes."""

    folder: Path
    limit: int = 512 << 20

    def __contains__(self, key: str) -> bool:
        return self._path(key).exists()

    def load(self, key: str) -> bytes | None:
        """The object kept under `key`, or None."""
        if not _is_usable(self.folder):
            return None
        path = self._path(key)
        try:
            with path.open("rb") as file:
                if not _is_private(os.fstat(file.fileno())):
                    return None
                content = file.read()
            os.utime(path)  # recently used
        except OSError:
            return None
        return _unpack(key, content)

    def store(self, key: str, code: bytes) -> None:
        """Keep `code` under `key`. Does nothing where the folder cannot be written."""
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_usable(self.folder):
                return
            if self._is_turn(key, len(code)):
                self._make_room(len(code))
            handle, name = tempfile.mkstemp(dir=self.folder, prefix="new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_MAGIC + _digest(key, code) + code)
                os.replace(name, self._path(key))
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.o"

    def _is_turn(self, key: str, size: int) -> bool:
        """Whether it falls to this entry to look through the folder, which may hold many files.

        The key decides, as likely as the entry is large: so no process has to keep count.
        """
        return crc32(key.encode()) < size / (self.limit * _LOOK_AFTER) * (1 << 32)

    def _make_room(self, size: int) -> None:
        """Remove the least recently used objects if `size` more bytes exceed the limit."""
        entries = []
        for entry in os.scandir(self.folder):
            if not entry.name.startswith("new-") and not entry.name.endswith(".o"):
                continue  # such as what was measured (`passes/schedule/measured.py`)
            with suppress(OSError):  # another process may remove it meanwhile
                entries.append((entry.stat().st_mtime, _room(entry.stat()), entry.path))
        total = sum(size for _, size, _ in entries) + size
        if total <= self.limit:
            return
        for _, size, path in sorted(entries):
            Path(path).unlink(missing_ok=True)
            total -= size
            if total <= self.limit * _PRUNE_TO:
                break


def _room(status: os.stat_result) -> int:
    """Bytes of the disk that a file takes: whole blocks, of which a small object fills a part."""
    return max(status.st_size, 512 * getattr(status, "st_blocks", 0))


@cache
def _is_usable(folder: Path) -> bool:
    """Whether nobody else can put files into a folder, or take some away; a warning where not."""
    try:
        status = folder.stat()
    except OSError:
        return True  # there is none yet, or it cannot be read either
    if not _is_private(status):
        warnings.warn(
            f"{folder} belongs to another user or others may write there: no machine code is kept. "
            "Take the rights away (chmod go-w), or set XDG_CACHE_HOME to a folder of your own",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True


def _is_private(status: os.stat_result) -> bool:
    """Whether only this user can have written the file."""
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _digest(key: str, code: bytes) -> bytes:
    return sha256(key.encode() + b"\n" + code).digest()


def _unpack(key: str, content: bytes) -> bytes | None:
    start = len(_MAGIC) + _DIGEST_BYTES
    code = content[start:]
    if content[:start] != _MAGIC + _digest(key, code):
        return None
    return code
