"""Floats too small to be normal count as 0 in arithmetic, as everywhere in TensorFlow.

A result below the smallest normal float32 or float64 becomes a zero of its sign, and such an
operand is read as one; what is only moved keeps its bits. float16 keeps its own small values, since
it is computed in float32. Generated code sets the processor's control word
(`codegen/cpu/floats.py`); what Python evaluates in its place does the same inside of `flushed`.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

# By architecture: where `fenv_t` of Linux keeps the control word, and its bits that ask for zeros.
_CONTROL_WORDS = {"x86_64": (28, 0x8040), "aarch64": (0, 1 << 24)}
_ENVIRONMENT_BYTES = 64  # more than any `fenv_t`


@contextmanager
def flushed() -> Iterator[None]:
    """Inside, this thread's arithmetic flushes; afterwards its control word is what it was.

    Does nothing on machines that flowc generates no code for.
    """
    library, place = _math_library(), _CONTROL_WORDS.get(platform.machine())
    if library is None or place is None:
        yield
        return
    before = (ctypes.c_uint32 * (_ENVIRONMENT_BYTES // 4))()
    library.fegetenv(before)
    changed = type(before)(*before)
    changed[place[0] // 4] |= place[1]
    library.fesetenv(changed)
    try:
        yield
    finally:
        library.fesetenv(before)


@cache
def _math_library() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    for name in (None, "libm.so.6"):
        library = ctypes.CDLL(name)
        if hasattr(library, "fesetenv"):
            return library
    return None
