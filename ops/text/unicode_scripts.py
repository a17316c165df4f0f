"""The script that a character belongs to.

`unicode_scripts.txt` beside this file has a line per script: its number in the International
Components for Unicode (`UScriptCode`), and the ranges of its characters, in hexadecimal. What is
in no range has the code of "unknown script".
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.primitive import Array
from flowc.ops.registry import host_op
from flowc.ops.text.strings import keeps_shape

_UNKNOWN = 103
_INVALID = -1  # of what is no code point
_POINTS = 0x110000


@cache
def _scripts() -> Array:
    """The script of every code point."""
    table = np.full(_POINTS, _UNKNOWN, np.int16)
    for line in Path(__file__).with_name("unicode_scripts.txt").read_text().splitlines():
        script, _, ranges = line.partition(": ")
        for span in ranges.split():
            first, _, last = span.partition("-")
            table[int(first, 16) : int(last or first, 16) + 1] = int(script)
    return table


@host_op("UnicodeScript(input: int32) -> output: int32")
def unicode_script(input: Array) -> Array:
    """The script of each code point."""
    valid = (input >= 0) & (input < _POINTS)
    found = _scripts()[np.where(valid, input, 0)]
    return np.where(valid, found, _INVALID).astype(np.int32)


keeps_shape(unicode_script, dtypes.int32)
