"""Where a SavedModel is built, and how it gets to where it will be.

Everything is written into a temporary folder beside the target. When it is complete and on the disk
the folder is renamed: at any moment before that there is nothing at the target, and afterwards all.
Where the target has content of its own by then, or cannot be replaced, the files are moved into it,
that which makes it a SavedModel last.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from flowc.ir.errors import AlreadyExistsError
from flowc.ir.system_errors import system_errors
from flowc.runtime.files import (
    make_folder,
    make_locked_folder,
    only_one_in,
    remove,
    remove_left_behind,
    sync_folder,
    sync_tree,
)
from flowc.runtime.saved_model.reading import contains_saved_model


class Staging:
    """A folder in which one SavedModel is built; it goes away with its object."""

    def __init__(self, target: str | os.PathLike[str]) -> None:
        """`target` is the folder that the model will be. Nothing is made before it is needed."""
        self.target = Path(os.path.realpath(target))
        self._folder: Path | None = None
        self._release: Callable[[], object] = _nothing
        self._is_published = False

    @property
    def folder(self) -> Path:
        """The temporary folder, made when it is first asked for. Raises `OpError`s."""
        if self._folder is None:
            with system_errors(self.target):
                make_folder(self.target.parent)
                self._folder, descriptor = make_locked_folder(_beside(self.target))
            held = self._folder, descriptor, os.getpid()
            self._release = weakref.finalize(self, _release, *held)
        return self._folder

    def subfolder(self, name: str) -> Path:
        """A folder in it."""
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    def find(self, name: str) -> Path | None:
        """A file of the model, written already or about to be; None where there is none."""
        places = [self.target] if self._folder is None else [self._folder, self.target]
        return next((place / name for place in places if (place / name).exists()), None)

    def publish(self, last: str) -> Path:
        """Puts everything at the target, the file `last` in the end; returns its path.

        May be called again, after more has been written. Raises AlreadyExistsError where another
        SavedModel has come to be at the target meanwhile.
        """
        folder = self.folder
        with system_errors(self.target):
            sync_tree(folder)
            make_folder(self.target.parent)
            with only_one_in(self.target.parent):
                if contains_saved_model(self.target) and not self._is_published:
                    raise AlreadyExistsError(
                        None, None, f"{self.target}: another SavedModel has been written there"
                    )
                _move(folder, self.target, last)
                sync_folder(self.target.parent)
                self._is_published = True
                self._release()
                self._folder = None
                remove_left_behind(folder.parent)
        return self.target / last


def _nothing() -> object:
    """Nothing is to be released."""


def _release(folder: Path, descriptor: int, process: int) -> None:
    os.close(descriptor)
    if os.getpid() == process:  # and not one that was forked from it
        with suppress(OSError):
            remove(folder)


def _beside(target: Path) -> Path:
    """What the temporary folder lies beside: the target, or a file in it where that must be."""
    is_fixed = os.path.ismount(target) or not os.access(target.parent, os.W_OK)
    return target / "saved_model" if target.is_dir() and is_fixed else target


def _move(folder: Path, target: Path, last: str) -> None:
    """Puts a folder in the place of `target`, or what is in it into that."""
    try:
        if folder.parent == target.parent:
            os.rename(folder, target)
            return
    except OSError:
        pass  # the target has content
    target.mkdir(exist_ok=True)
    names = sorted(os.listdir(folder), key=lambda name: name == last)
    for name in names:
        source = folder / name
        if name == last:
            sync_folder(target)
        if not source.is_dir():
            os.replace(source, target / name)
            continue
        (target / name).mkdir(exist_ok=True)
        for path in source.iterdir():
            os.replace(path, target / name / path.name)
        sync_folder(target / name)
    sync_folder(target)
