"""What a session keeps from run to run. The sessions of one server have one state in common."""

from __future__ import annotations

import threading

from flowc.codegen.backend import Memory
from flowc.codegen.cpu.memory import HOST
from flowc.runtime.store import Store


class SessionState:
    """Variables, and the tables, queues and readers of host kernels.

    One step at a time may use it, under `lock`; `changed` tells those that wait to look again.
    `task` is what device names call this process.
    """

    def __init__(
        self, task: str = "/job:localhost/replica:0/task:0", memory: Memory = HOST
    ) -> None:
        # loads what kernels keep: not for a mere import
        from flowc.runtime.resources.session_resources import SessionResources

        self.task = task
        self.store = Store(memory)
        self.resources = SessionResources()
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self.store.drop(self.store)
            self.resources.clear()
            self.changed.notify_all()


SERVERS: dict[str, SessionState] = {}  # of this process, by target
