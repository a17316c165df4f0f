"""Where nodes are placed: on the CPU of this process, which is the one device there is.

A node may ask for a device. TensorFlow's rule is kept: job, replica and task must be those of this
process; the device itself must exist, unless the session's configuration allows soft placement.
Every node of a graph is placed, whether a step needs it or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.compiler.graph import Source
from flowc.ir.devices import DeviceSpec
from flowc.ir.errors import InvalidArgumentError


class Placement:
    """The placement of a session's graph, which goes on as the graph grows."""

    def __init__(self, task: str, config: Any) -> None:
        count = max(1, dict(getattr(config, "device_count", {})).get("CPU", 1))
        self._devices = [f"{task}/device:CPU:{number}" for number in range(count)]
        self._is_soft = bool(getattr(config, "allow_soft_placement", False))
        self._is_logged = bool(getattr(config, "log_device_placement", False))
        self._known: dict[str, str] = {}
        self._placed = 0

    def place(self, nodes: Sequence[Source]) -> None:
        """Place the nodes that were added since the last call.

        Raises InvalidArgumentError, with the node's name as its `op`, for one whose device is not
        there.
        """
        lines = []
        for node in nodes[self._placed :]:
            wanted = node.device
            if wanted not in self._known:
                self._known[wanted] = self._find(node.name, wanted)
            if self._is_logged:
                lines.append(f"{node.name}: ({node.type}): {self._known[wanted]}")
        self._placed = len(nodes)
        if lines:
            print("\n".join(lines), flush=True)

    def _find(self, name: str, wanted: str) -> str:
        """The first device that is what a node asks for."""
        spec = self._parsed(name, wanted)
        found = [d for d in self._devices if spec.describes(DeviceSpec.from_string(d))]
        if found:
            return found[0]
        anywhere = spec.without_device()
        elsewhere = [d for d in self._devices if anywhere.describes(DeviceSpec.from_string(d))]
        if elsewhere and self._is_soft:
            return elsewhere[0]
        raise InvalidArgumentError(None, name, self._absent(name, spec, bool(elsewhere)))

    @staticmethod
    def _parsed(name: str, wanted: str) -> DeviceSpec:
        try:
            return DeviceSpec.from_string(wanted)
        except ValueError:
            message = f"Malformed device specification '{wanted}' in node: '{name}'"
            raise InvalidArgumentError(None, name, message) from None

    def _absent(self, name: str, spec: DeviceSpec, is_local: bool) -> str:
        remedy = (
            " flowc computes on the CPU: a session with tf.ConfigProto(allow_soft_placement=True) "
            "places the node there."
        )
        return (
            f"Cannot assign a device for operation {name}: {{{{node {name}}}}} was explicitly "
            f"assigned to {spec} but available devices are [ {', '.join(self._devices)} ]. Make "
            f"sure the device specification refers to a valid device.{remedy if is_local else ''}"
        )
