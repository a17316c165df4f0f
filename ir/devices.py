"""Device names: `/job:worker/replica:0/task:1/device:GPU:0`, each part optional."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class DeviceSpec:
    """A partly specified device name."""

    job: str | None = None
    replica: int | None = None
    task: int | None = None
    device_type: str | None = None
    device_index: int | None = None

    @classmethod
    def from_string(cls, spec: str) -> DeviceSpec:
        """Parse a name: `/gpu:0`, `/device:GPU:0`, `/job:ps/task:1`. Raises ValueError."""
        fields: dict[str, Any] = {}
        for part in filter(None, spec.split("/")):
            _parse_part(part.split(":"), fields, spec)
        return cls(**fields)

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Parse a name; see `from_string`."""
        return DeviceSpec.from_string(spec)

    def to_string(self) -> str:
        """The full name."""
        parts = [f"/job:{self.job}"] if self.job is not None else []
        parts += [f"/replica:{self.replica}"] if self.replica is not None else []
        parts += [f"/task:{self.task}"] if self.task is not None else []
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            parts.append(f"/device:{self.device_type}:{index}")
        return "".join(parts)

    def over(self, outer: DeviceSpec) -> DeviceSpec:
        """This name with the parts that it leaves open taken from `outer`."""
        fields = {name: value for name, value in vars(self).items() if value is not None}
        if "device_type" in fields:
            fields.setdefault("device_index", None)
        return replace(outer, **fields)

    def describes(self, device: DeviceSpec) -> bool:
        """Whether a fully specified device has the parts that this name tells."""
        return all(value in (None, getattr(device, name)) for name, value in vars(self).items())

    def without_device(self) -> DeviceSpec:
        """Job, replica and task alone."""
        return replace(self, device_type=None, device_index=None)

    def __str__(self) -> str:
        return self.to_string()


def _parse_part(words: list[str], fields: dict[str, Any], spec: str) -> None:
    match words:
        case ["job", name]:
            fields["job"] = name
        case ["replica" | "task" as key, number] if number.isdigit():
            fields[key] = int(number)
        case ["device", kind, index] | [("cpu" | "gpu" | "CPU" | "GPU") as kind, index]:
            _set_type(kind, fields, spec)
            fields["device_index"] = None if index == "*" else _index(index, spec)
        case [("cpu" | "gpu" | "CPU" | "GPU") as kind]:
            _set_type(kind, fields, spec)
        case _:
            raise ValueError(f"Unknown attribute: '{words[0]}' in '{spec}'")


def _set_type(kind: str, fields: dict[str, Any], spec: str) -> None:
    if "device_type" in fields:
        raise ValueError(f"Cannot specify multiple device types: '{spec}'")
    fields["device_type"] = kind.upper()


def _index(text: str, spec: str) -> int:
    if not text.isdigit():
        raise ValueError(f"Malformed device specification '{spec}'")
    return int(text)


def merge_device(inner: Any, outer: Any) -> str:
    """The canonical name of `inner`, its open parts taken from `outer`."""
    return _as_spec(inner).over(_as_spec(outer)).to_string()


def _as_spec(value: Any) -> DeviceSpec:
    if isinstance(value, DeviceSpec):
        return value
    return DeviceSpec.from_string(str(value or ""))
