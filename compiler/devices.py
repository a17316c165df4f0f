"""The devices of a session, and which of them a node gets.

A node may ask for a device. TensorFlow's rule is kept: job, replica and task must be those of this
process; the device itself must exist, unless the session's configuration allows soft placement.

A *machine* is what compiles and has a memory of its own: a backend. The CPUs that a configuration
counts are one machine; any other device is one by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir.devices import DeviceSpec
from flowc.ir.errors import InvalidArgumentError


class Devices:
    """Devices by their full names, in order of preference."""

    def __init__(self, names: Sequence[str], is_soft: bool = False) -> None:
        self._names = list(names)
        self._is_soft = is_soft
        self._specs = [DeviceSpec.from_string(name) for name in names]
        self._known: dict[str, str] = {}
        self._machines = {name: self._machine(spec) for name, spec in self._by_name()}
        self.machines = tuple(dict.fromkeys(self._machines.values()))

    def _by_name(self) -> list[tuple[str, DeviceSpec]]:
        return list(zip(self._names, self._specs, strict=True))

    def _machine(self, spec: DeviceSpec) -> str:
        """The first device of the machine that a device belongs to."""
        alike = (n for n, s in self._by_name() if s.device_type == spec.device_type == "CPU")
        return next(alike, spec.to_string())

    def find(self, node: str, wanted: str) -> str:
        """The first device that is what a node asks for; the first of all where it asks for none.

        Raises InvalidArgumentError, with the node's name as its `op`, where there is none.
        """
        if wanted not in self._known:
            self._known[wanted] = self._find(node, wanted)
        return self._known[wanted]

    def machine_of(self, node: str, wanted: str) -> int:
        """The number, among `machines`, of the one with the device that a node gets."""
        return self.machines.index(self._machines[self.find(node, wanted)])

    def _find(self, node: str, wanted: str) -> str:
        spec = _parsed(node, wanted)
        found = [name for name, device in self._by_name() if spec.describes(device)]
        if found:
            return found[0]
        anywhere = spec.without_device()
        elsewhere = [name for name, device in self._by_name() if anywhere.describes(device)]
        if elsewhere and self._is_soft:
            return elsewhere[0]
        raise InvalidArgumentError(None, node, self._absent(node, spec, bool(elsewhere)))

    def _absent(self, node: str, spec: DeviceSpec, is_local: bool) -> str:
        kinds = " and the ".join(dict.fromkeys(str(device.device_type) for device in self._specs))
        remedy = (
            f" flowc computes on the {kinds}: a session with "
            "tf.ConfigProto(allow_soft_placement=True) places the node there."
        )
        return (
            f"Cannot assign a device for operation {node}: {{{{node {node}}}}} was explicitly "
            f"assigned to {spec} but available devices are [ {', '.join(self._names)} ]. Make "
            f"sure the device specification refers to a valid device.{remedy if is_local else ''}"
        )


def _parsed(node: str, wanted: str) -> DeviceSpec:
    try:
        return DeviceSpec.from_string(wanted)
    except ValueError:
        message = f"Malformed device specification '{wanted}' in node: '{node}'"
        raise InvalidArgumentError(None, node, message) from None


HOST_DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"
ONE_CPU = Devices([HOST_DEVICE], is_soft=True)
"""What there is where nothing is told of devices."""
