"""`timeline.Timeline`: the times of a run for a browser's tracing page; local devices."""

from __future__ import annotations

import json
from typing import Any

from flowc.frontend.tracing import DeviceInfo
from flowc.ir.proto import DeviceAttributes, StepStats


class Timeline:
    """The times in the `step_stats` of a `RunMetadata`."""

    def __init__(self, step_stats: StepStats, graph: Any = None) -> None:
        self._step_stats = step_stats

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False, op_time: str = "schedule"
    ) -> str:
        """The text of a file for `chrome://tracing`."""
        events: list[dict[str, Any]] = []
        for number, device in enumerate(self._step_stats.dev_stats):
            events.append(
                {
                    "name": "process_name",
                    "ph": "M",
                    "pid": number,
                    "args": {"name": f"{device.device} Compute"},
                }
            )
            events += [
                {
                    "name": node.timeline_label or node.node_name,
                    "cat": "Op",
                    "ph": "X",
                    "pid": number,
                    "tid": node.thread_id,
                    "ts": node.all_start_micros,
                    "dur": node.all_end_rel_micros,
                    "args": {"name": node.node_name},
                }
                for node in device.node_stats
            ]
        return json.dumps({"traceEvents": events}, indent=4)


def list_local_devices(session_config: Any = None) -> list[DeviceAttributes]:
    """The devices of this machine that flowc uses: the CPU."""
    cpu = DeviceInfo()
    return [
        DeviceAttributes(
            name="/device:CPU:0", device_type=cpu.device_type, memory_limit=cpu.memory_limit_bytes
        )
    ]
