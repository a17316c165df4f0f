"""Which checkpoints a Saver keeps: the last few, and one for every so many hours."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from flowc.frontend.saving.checkpoints import delete_checkpoint

_logger = logging.getLogger("flowc")


@dataclass
class Retention:
    """`most` is the number of checkpoints to keep, 0 for all."""

    most: int
    hours: float
    kept: list[tuple[str, float]] = field(default_factory=list)  # and when they were made

    def __post_init__(self) -> None:
        self._next_to_stay = time.time() + self.hours * 3600
        self._waiting: list[tuple[str, float]] = []

    @property
    def prefixes(self) -> list[str]:
        """The checkpoints kept, oldest first."""
        return [prefix for prefix, _ in self.kept]

    def add(self, prefix: str) -> None:
        """A checkpoint has been written."""
        if not self.most:
            return
        self.kept = [(p, t) for p, t in self.kept if p != prefix] + [(prefix, time.time())]
        if len(self.kept) > self.most:
            self._waiting.append(self.kept.pop(0))

    def delete_old(self, meta_graph_suffix: str) -> None:
        """Delete the oldest checkpoint where there are too many, unless it is to stay."""
        if not self._waiting:
            return
        prefix, made = self._waiting.pop(0)
        if made > self._next_to_stay:
            self._next_to_stay += self.hours * 3600
            return
        try:
            delete_checkpoint(prefix, meta_graph_suffix)
        except OSError as error:
            _logger.warning("an old checkpoint cannot be deleted: %s", error)

    def replace(self, checkpoints: Sequence[tuple[str, float]]) -> None:
        """Say which checkpoints there are, oldest first."""
        self.kept = list(checkpoints)
