"""Where generated code looks whether its run is to end: at a time limit, or at Ctrl-C.

The one who ends a run sets a word (`runtime/interrupts.py`). Looking at it is a load and a branch,
about half a nanosecond, so loops look whose every iteration takes much longer; loops that are known
to be short do not look, nor those inside of one that is. A kernel that is told to stop returns at
once with its results unfinished, and the program ends before anybody reads them.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.loops.facts import found_once
from flowc.ir.loops.kernel import For, If, Kernel, Kind, MultiplyTile, Statement

SHORT = 1 << 16  # iterations that are over before anyone would notice
GRAIN = 128  # iterations beside which a look costs nothing
_TILE = 4  # iterations that one step of a tile's depth counts for


def is_long(body: Sequence[Statement]) -> bool:
    """Whether statements may take so long that they have to look."""
    count = _iterations(body)
    return count is None or count > SHORT


@found_once
def kernel_looks(kernel: Kernel) -> bool:
    """Whether a kernel may take so long that it has to look."""
    return is_long(kernel.body)


def looks(loop: For, outermost: bool) -> bool:
    """Whether a loop looks in each iteration; `outermost` if none around it does."""
    if loop.kind in (Kind.VECTOR, Kind.UNROLLED) or not is_long((loop,)):
        return False
    inside = _iterations(loop.body)
    return outermost or inside is None or inside >= GRAIN


def _iterations(body: Sequence[Statement]) -> int | None:
    """At most how many iterations of innermost loops statements have; None where sizes tell."""
    total = 1
    for statement in body:
        match statement:
            case For(extent=extent, body=inner):
                times, each = _most(extent), _iterations(inner)
            case If(body=inner):
                times, each = 1, _iterations(inner)
            case MultiplyTile(depth=depth):
                times, each = _most(depth), _TILE
            case _:
                continue
        if times is None or each is None:
            return None
        total += times * each
    return total


def _most(extent: Dim) -> int | None:
    """What an extent is at most."""
    if isinstance(extent, int):
        return extent
    for limit in (GRAIN, 1 << 12, SHORT):
        if dims.is_nonnegative(limit - extent):
            return limit
    return None
