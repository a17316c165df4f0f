"""What a session tells of its device and of the time that a run takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flowc.ir.proto import DeviceStepStats, NodeExecStats, RunMetadata

CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


@dataclass(frozen=True)
class DeviceInfo:
    """A device of a session."""

    name: str = CPU
    device_type: str = "CPU"
    memory_limit_bytes: int = 1 << 28
    incarnation: int = 0


@contextmanager
def traced(options: Any, metadata: RunMetadata, graph: Any) -> Iterator[None]:
    """Enter into `metadata` what the options ask for of the run inside.

    A run is one piece of native code for the most part, so its time is that of one node.
    """
    began = time.time()
    yield
    metadata.Clear()
    if options is not None and options.trace_level:
        metadata.step_stats.dev_stats.append(_stats(began, time.time()))
    if options is not None and options.output_partition_graphs:
        metadata.partition_graphs.append(graph.as_graph_def())


def _stats(began: float, ended: float) -> DeviceStepStats:
    duration = max(1, int((ended - began) * 1e6))
    node = NodeExecStats(
        node_name="session.run",
        timeline_label="session.run",
        all_start_micros=int(began * 1e6),
        op_end_rel_micros=duration,
        all_end_rel_micros=duration,
    )
    return DeviceStepStats(device=CPU, node_stats=[node])
