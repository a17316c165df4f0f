"""When hooks act: every so many seconds or steps."""

from __future__ import annotations

import time


class _HookTimer:
    """Base of timers: decides for each step whether to act."""

    def reset(self) -> None:
        """Begin anew: the next step acts."""

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether to act at a step."""
        raise NotImplementedError

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Note that a step has acted; the seconds and steps since the last one that did."""
        raise NotImplementedError

    def last_triggered_step(self) -> int | None:
        """The last step that acted."""
        raise NotImplementedError


class SecondOrStepTimer(_HookTimer):
    """Acts at the first step, and then every `every_secs` seconds or `every_steps` steps.

    Raises ValueError unless exactly one of them is given.
    """

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None) -> None:
        self._every_secs = every_secs
        self._every_steps = every_steps
        if every_secs is None and every_steps is None:
            raise ValueError("Either every_secs or every_steps should be provided.")
        if every_secs is not None and every_steps is not None:
            raise ValueError("Can not provide both every_secs and every_steps.")
        self.reset()

    def reset(self) -> None:
        """Begin anew: the next step acts."""
        self._last_step: int | None = None
        self._last_time: float | None = None

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether to act at a step; never twice at the same."""
        if self._last_step is None or self._last_time is None:
            return True
        if self._last_step == step:
            return False
        if self._every_secs is not None and time.time() >= self._last_time + self._every_secs:
            return True
        return self._every_steps is not None and step >= self._last_step + self._every_steps

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Note that a step has acted; the seconds and steps since the last one that did."""
        now = time.time()
        last_time, last_step = self._last_time, self._last_step
        self._last_time, self._last_step = now, step
        if last_time is None or last_step is None:
            return None, None
        return now - last_time, step - last_step

    def last_triggered_step(self) -> int | None:
        """The last step that acted, or None."""
        return self._last_step


class NeverTriggerTimer(_HookTimer):
    """Acts at no step."""

    def should_trigger_for_step(self, step: int) -> bool:
        """False."""
        return False

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Nothing to note."""
        return None, None

    def last_triggered_step(self) -> int | None:
        """None."""
        return None
