"""Faults of the compiler: what happens where a stage trips over a module that is valid.

The same module goes a plainer road, each slower than the one before and with the same answers:
native code without rewrites and fusion, then the reference interpreter. A warning says so. With
`--strict`, which tests set, the fault is an error.
"""

from __future__ import annotations

import logging
import warnings

from flowc.compiler.request import Request
from flowc.ir.errors import InternalError, OpError

logger = logging.getLogger("flowc")

_ROADS = {
    "unfused": "It runs without fusion, more slowly.",
    "interpreted": "It runs in the reference interpreter, much more slowly.",
}


class CompilerFaultWarning(RuntimeWarning):
    """The compiler failed on a valid part of a graph, which runs more slowly therefore."""


def is_fault(failure: Exception) -> bool:
    """Whether an exception is the compiler's fault, rather than an error of the graph."""
    return isinstance(failure, InternalError) or not isinstance(failure, OpError | MemoryError)


def report(request: Request, failure: Exception, road: str) -> None:
    """Warn of a fault: the fetches it is about, what happened, what runs now, what to do."""
    logger.info("compiler fault", exc_info=failure)
    cause = failure.__cause__ or failure
    notes = "".join(f", {note}" for note in getattr(cause, "__notes__", ()))
    warnings.warn(
        f"flowc failed to compile what computes {request.name} "
        f"({type(failure).__name__}: {failure}{notes}). {_ROADS[road]} Please report this; "
        "FLOWC_FLAGS=--dump-to=DIR writes what is needed, --strict makes it an error.",
        CompilerFaultWarning,
        stacklevel=2,
    )
