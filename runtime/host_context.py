"""What a host kernel may ask of the session in which it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flowc.runtime.checkpoint.service import CheckpointFiles
from flowc.runtime.records import records_with_ends
from flowc.runtime.resources.session_resources import SessionResources
from flowc.runtime.waiting import Waiting


@dataclass(frozen=True, slots=True)
class HostContext:
    """What a host kernel may ask for by a keyword named `context`."""

    node: str
    resources: SessionResources
    checkpoints: CheckpointFiles
    waiting: Waiting

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Return when `ready()` is true; meanwhile other steps run. See `Waiting`."""
        self.waiting.wait_for(ready)

    def notify(self) -> None:
        """Let kernels that wait look again."""
        self.waiting.notify()

    def records(self, path: str, compression: str, start: int) -> Iterator[tuple[int, bytes]]:
        """The records of a file from an offset on, each with the offset behind it."""
        return records_with_ends(path, compression, start)
