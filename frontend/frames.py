"""Where the user's program makes an operation: noted at every operation, shown in few.

A graph has many operations and few of them are ever asked where they come from, so what is kept of
a frame is its code and the position in it. Lines, names and sources are looked up when shown.
"""

from __future__ import annotations

import os
import sys
from itertools import islice
from pathlib import Path
from textwrap import indent
from traceback import FrameSummary, StackSummary, extract_tb
from types import CodeType, FrameType
from typing import TypeAlias

from flowc.ir.errors import InternalError, OpError

Site: TypeAlias = tuple[CodeType | int, ...]  # code, position, code, position ...; innermost first

_PACKAGE = str(Path(__file__).parent.parent)
_STANDARD = os.path.dirname(os.__file__)  # Python's own library
_INSTALLED = ("site-packages", "dist-packages")
_MOST_SHOWN = 24
_MOST_KEPT = 2 * 64


class _Files(dict[str, bool]):
    """Whether the frames of a file are kept; found out at the file's first frame."""

    def __missing__(self, file: str) -> bool:
        is_ours = file.startswith((_PACKAGE, "<frozen "))
        is_installed = any(name in file for name in _INSTALLED)
        self[file] = not is_ours and (is_installed or not file.startswith(_STANDARD))
        return self[file]


_IS_KEPT = _Files()


def call_site() -> Site:
    """The frames of the user's program that led here, this package's and Python's own left out.

    Of a deep recursion, those that are nearest to the operation.
    """
    found: list[CodeType | int] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and len(found) < _MOST_KEPT:
        code = frame.f_code
        if _IS_KEPT[code.co_filename]:
            found += code, frame.f_lasti
        frame = frame.f_back
    return tuple(found)


def stack_of(site: Site) -> StackSummary:
    """The frames with their lines, outermost first.

    What called the user's program (a test runner, a notebook's kernel) is left out: the outermost
    frames that lie in installed packages or in no file, unless all do.
    """
    frames = [_summary(site[i], site[i + 1]) for i in range(len(site) - 2, -1, -2)]
    around = (*_INSTALLED, "<string>")
    own = (n for n, f in enumerate(frames) if not any(name in f.filename for name in around))
    return StackSummary.from_list(frames[next(own, 0) :])


def _summary(code: CodeType | int, position: CodeType | int) -> FrameSummary:
    assert isinstance(code, CodeType) and isinstance(position, int)
    places = islice(code.co_positions(), max(position, 0) // 2, None)
    line = next(places, (None,))[0] or code.co_firstlineno
    return FrameSummary(code.co_filename, line, code.co_name, lookup_line=False)


def at_the_call(error: OpError) -> OpError:
    """The error of a run as its caller gets it: without the frames and causes inside of flowc.

    The exception of a user's own function stays its cause. InternalError, which is a fault of
    flowc's, keeps all.
    """
    if isinstance(error, InternalError):
        return error
    cause = error.__cause__
    while cause is not None and not _is_raised_by_user(cause):
        cause = cause.__cause__
    error.__cause__ = cause  # which suppresses the context, too
    return error.with_traceback(None)


def _is_raised_by_user(error: BaseException) -> bool:
    return any(_IS_KEPT[f.filename] for f in extract_tb(error.__traceback__))


def location_of(site: Site) -> str:
    """The innermost frame: `train.py:12`; empty where no program of a user is at work."""
    if not site:
        return ""
    frame = _summary(site[0], site[1])
    return f"{Path(frame.filename).name}:{frame.lineno}"


def describe(site: Site) -> str:
    """The frames and their source lines as Python writes them, outermost first, indented."""
    frames = stack_of(site)
    lines = frames.format()
    if len(lines) > _MOST_SHOWN:
        half = _MOST_SHOWN // 2
        lines[half:-half] = [f"  ... {len(lines) - 2 * half} calls ...\n"]
    return indent("".join(lines).rstrip(), "  ")
