"""Python's search for cycles of garbage, which finds nothing while a graph is made or compiled."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Let no search begin in the body.

    The compiler, and what builds the gradients of a model, make millions of objects that live to
    its end; a search walks through all of them each time that their number has grown by a quarter,
    which was a third of a large graph's time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
