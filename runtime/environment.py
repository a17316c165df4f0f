"""What the parts of a session run in: the devices' memory, the lock, and what they wait with."""

from __future__ import annotations

import threading

from flowc.codegen.backend import Memory
from flowc.runtime.arenas import Arenas
from flowc.runtime.explanations import Explanations
from flowc.runtime.interrupts import Control
from flowc.runtime.state import SessionState
from flowc.runtime.store import Store
from flowc.runtime.waiting import Waiting


class _ThisThread(threading.local):
    """What a thread's runs have in common."""

    def __init__(self) -> None:
        self.control = Control()


class Environment:
    """Variables, resources and scratch memory of a session, and what its runs share.

    Variables and resources are those of `state`, which sessions of one server have in common. New
    variables are put into `memory`, until code for another one uses them.
    """

    def __init__(
        self,
        memory: Memory,
        explanations: Explanations,
        shared: SessionState | None,
        time_limit: float | None,
    ) -> None:
        state = shared or SessionState(memory=memory)
        self.explanations = explanations
        self.task = state.task
        self.store = state.store
        self.resources = state.resources
        self.lock = state.lock
        self.arenas = Arenas()
        self._is_shared = shared is not None
        self._thread = _ThisThread()
        self.waiting = Waiting(state, lambda: self.control, time_limit)

    @property
    def control(self) -> Control:
        """The control block of this thread's runs."""
        return self._thread.control

    def close(self) -> None:
        """End steps that wait; release the variables, unless they are shared. The lock is held."""
        self.waiting.close()
        if not self._is_shared:
            self.resources.clear()
            self.store = Store(self.store.memory)
