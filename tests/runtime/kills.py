"""Writers that are killed, in a process of their own: before a change of a folder, or any time."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

CHANGES = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir"}


def in_child(work: Callable[[], Any], wait: Callable[[int], None] = lambda _: None) -> int:
    """The wait status of a process that does this work."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    wait(child)
    return os.waitpid(child, 0)[1]


def ending_before(change: int, work: Callable[[], None]) -> Callable[[], None]:
    """The work, cut off before it changes a folder for the n-th time."""

    def run() -> None:
        left = [change]

        def audit(event: str, arguments: tuple[Any, ...]) -> None:
            if event in CHANGES and (event != "open" or (arguments[2] or 0) & os.O_CREAT):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)

        sys.addaudithook(audit)
        work()

    return run


def kill_soon(child: int) -> None:
    """A signal at a random moment."""
    time.sleep(random.uniform(0.001, 0.03))
    os.kill(child, signal.SIGKILL)
