"""The devices of a session's configuration, and the listing of which node got which.

Every node of a graph is placed, whether a step needs it or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flowc.compiler.devices import Devices
from flowc.compiler.graph import Source


def devices_of(config: Any, task: str, device_types: Iterable[str]) -> Devices:
    """The devices of a process; of the CPU as many as the configuration counts."""
    counts = {"CPU": dict(getattr(config, "device_count", {})).get("CPU", 1)}

    def names() -> Iterator[str]:
        for kind in device_types:
            for number in range(max(1, counts.get(kind, 1))):
                yield f"{task}/device:{kind}:{number}"

    return Devices(list(names()), bool(getattr(config, "allow_soft_placement", False)))


class Placement:
    """The placement of a session's graph, which goes on as the graph grows."""

    def __init__(self, devices: Devices, config: Any) -> None:
        self._devices = devices
        self._is_logged = bool(getattr(config, "log_device_placement", False))
        self._placed = 0

    def place(self, nodes: Sequence[Source]) -> None:
        """Place the nodes that were added since the last call, and list them where wanted.

        Raises InvalidArgumentError, with the node's name as its `op`, for one whose device is not
        there.
        """
        lines = []
        for node in nodes[self._placed :]:
            device = self._devices.find(node.name, node.device)
            if self._is_logged:
                lines.append(f"{node.name}: ({node.type}): {device}")
        self._placed = len(nodes)
        if lines:
            print("\n".join(lines), flush=True)
