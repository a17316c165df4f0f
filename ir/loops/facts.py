"""What is asked of a kernel again and again, and found once: a kernel never changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from flowc.ir.loops.kernel import Kernel

T = TypeVar("T")


def found_once(function: Callable[[Kernel], T]) -> Callable[[Kernel], T]:
    """Decorator: remember a function's answer for a kernel as long as the kernel lives."""
    known: WeakKeyDictionary[Kernel, T] = WeakKeyDictionary()

    @wraps(function)
    def find(kernel: Kernel) -> T:
        try:
            return known[kernel]
        except KeyError:
            return known.setdefault(kernel, function(kernel))

    return find
