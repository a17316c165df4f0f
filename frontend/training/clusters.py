"""Clusters as TensorFlow names them, and servers of this process.

flowc runs on one machine: a cluster of several tasks can be described, and devices named after it,
but only a server that stands alone can be started.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from flowc.ir.devices import DeviceSpec
from flowc.ir.errors import UnimplementedError
from flowc.ir.proto import ClusterDef, ConfigProto, ServerDef
from flowc.runtime.state import SERVERS, SessionState

_ports = count(40001)  # of local servers; nothing listens there

_PLACED = (  # what stays on parameter servers
    "Variable",
    "VariableV2",
    "AutoReloadVariable",
    "MutableHashTable",
    "MutableHashTableV2",
    "MutableHashTableOfTensors",
    "MutableHashTableOfTensorsV2",
    "MutableDenseHashTable",
    "MutableDenseHashTableV2",
    "VarHandleOp",
)


class ClusterSpec:
    """The tasks of jobs by number: a dictionary from job names to lists of addresses.

    In place of a list, a dictionary from numbers. Raises TypeError for something else.
    """

    def __init__(self, cluster: Any) -> None:
        self._tasks: dict[str, dict[int, str]] = {}
        match cluster:
            case ClusterSpec():
                jobs: Mapping[str, Any] = cluster._tasks
            case ClusterDef():
                jobs = {job.name: dict(job.tasks) for job in cluster.job}
            case Mapping():
                jobs = cluster
            case _:
                raise TypeError(
                    "`cluster` must be a dictionary mapping one or more job names to lists of "
                    "network addresses, or a `ClusterDef` protocol buffer"
                )
        for name, tasks in jobs.items():
            self._tasks[_text(name, "job name")] = _tasks(tasks)

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClusterSpec) and self._tasks == other._tasks

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"ClusterSpec({dict(sorted(self.as_dict().items()))})"

    def as_dict(self) -> dict[str, Any]:
        """Job names to lists of addresses; to dictionaries where numbers are left out."""
        return {
            job: [tasks[i] for i in range(len(tasks))]
            if set(tasks) == set(range(len(tasks)))
            else dict(tasks)
            for job, tasks in self._tasks.items()
        }

    def as_cluster_def(self) -> ClusterDef:
        """The protocol buffer, jobs in the order of their names."""
        definition = ClusterDef()
        for job, tasks in sorted(self._tasks.items()):
            definition.job.add(name=job, tasks=tasks)
        return definition

    @property
    def jobs(self) -> list[str]:
        """The jobs' names."""
        return list(self._tasks)

    def num_tasks(self, job_name: str) -> int:
        """How many tasks a job has. Raises ValueError for an unknown job."""
        return len(self._job(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """The numbers of a job's tasks. Raises ValueError for an unknown job."""
        return sorted(self._job(job_name))

    def task_address(self, job_name: str, task_index: int) -> str:
        """The address of a task. Raises ValueError for an unknown one."""
        tasks = self._job(job_name)
        if task_index not in tasks:
            raise ValueError(f"No task with index {task_index!r} in job {job_name!r}")
        return tasks[task_index]

    def job_tasks(self, job_name: str) -> list[str | None]:
        """The addresses of a job's tasks, None for numbers that are left out."""
        tasks = self._job(job_name)
        return [tasks.get(i) for i in range(max(tasks, default=-1) + 1)]

    def _job(self, name: str) -> dict[int, str]:
        if name not in self._tasks:
            raise ValueError(f"No such job in cluster: {name!r}")
        return self._tasks[name]


def _tasks(tasks: Any) -> dict[int, str]:
    if isinstance(tasks, list | tuple):
        tasks = dict(enumerate(tasks))
    if not isinstance(tasks, Mapping):
        raise TypeError(
            f"The tasks of a job must be a list of addresses or a dictionary, not {tasks!r}"
        )
    if not all(isinstance(number, int) for number in tasks):
        raise TypeError("Task numbers must be integers")
    return {number: _text(address, "address") for number, address in tasks.items()}


def _text(value: Any, what: str) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if not isinstance(value, str):
        raise TypeError(f"The {what} must be text, but is {value!r}")
    return value


class Server:
    """A server in this process, which stands alone. Sessions with its `target` share variables.

    Raises UnimplementedError for a cluster of several tasks, ValueError where the task is not told
    or not in the cluster.
    """

    def __init__(
        self,
        server_or_cluster_def: Any,
        job_name: str | None = None,
        task_index: int | None = None,
        protocol: str | None = None,
        config: ConfigProto | None = None,
        start: bool = True,
    ) -> None:
        self._definition = _server_def(server_or_cluster_def, job_name, task_index, protocol)
        if config is not None:
            self._definition.default_session_config.MergeFrom(config)
        tasks = [t for job in self._definition.cluster.job for t in job.tasks.values()]
        if len(tasks) > 1:
            raise UnimplementedError(
                None,
                None,
                f"flowc runs on one machine: it cannot start a server of a cluster of "
                f"{len(tasks)} tasks",
            )
        self._target = f"{self._definition.protocol}://{_address(tasks[0])}"
        self._end = threading.Event()
        if start:
            self.start()

    @property
    def server_def(self) -> ServerDef:
        """The description of this server."""
        return self._definition

    @property
    def target(self) -> str:
        """What a session takes to connect."""
        return self._target

    def start(self) -> None:
        """Let sessions connect."""
        job = next(job for job in self._definition.cluster.job if job.tasks)
        task = f"/job:{job.name}/replica:0/task:{min(job.tasks)}"
        SERVERS.setdefault(self._target, SessionState(task))

    def join(self) -> None:
        """Wait for ever: a server serves until its process ends."""
        self._end.wait()

    @staticmethod
    def create_local_server(config: ConfigProto | None = None, start: bool = True) -> Server:
        """A server of a cluster of one task."""
        return Server({"localhost": ["localhost:0"]}, protocol="grpc", config=config, start=start)


def _address(address: str) -> str:
    """An address with a port that no other server of this process has."""
    host, _, port = address.rpartition(":")
    return f"{host}:{next(_ports)}" if port == "0" else address


def _server_def(given: Any, job: str | None, task: int | None, protocol: str | None) -> ServerDef:
    """A complete description. Raises TypeError, ValueError."""
    definition = ServerDef()
    if isinstance(given, ServerDef):
        definition.CopyFrom(given)
    else:
        definition.cluster.CopyFrom(ClusterSpec(given).as_cluster_def())
    jobs = definition.cluster.job
    if job is not None:
        definition.job_name = job
    elif not definition.job_name:
        if len(jobs) != 1:
            raise ValueError("Must specify an explicit `job_name`.")
        definition.job_name = jobs[0].name
    found = next((j for j in jobs if j.name == definition.job_name), None)
    if found is None:
        raise ValueError(f"No such job in cluster: {definition.job_name!r}")
    if task is not None:
        definition.task_index = task
    elif not isinstance(given, ServerDef):
        if len(found.tasks) != 1:
            raise ValueError("Must specify an explicit `task_index`.")
        definition.task_index = next(iter(found.tasks))
    if definition.task_index not in found.tasks:
        raise ValueError(f"No task with index {definition.task_index} in job {found.name!r}")
    definition.protocol = protocol or definition.protocol or "grpc"
    return definition


# Devices of clusters


def replica_device_setter(
    ps_tasks: int = 0,
    ps_device: str = "/job:ps",
    worker_device: str = "/job:worker",
    merge_devices: bool = True,
    cluster: Any = None,
    ps_ops: Sequence[str] | None = None,
    ps_strategy: Callable[[Any], int] | None = None,
) -> Callable[[Any], str] | None:
    """A function for `tf.device`: variables to parameter servers in turn, the rest to the worker.

    None where there are no parameter servers. Raises TypeError for a strategy that is no function.
    """
    if cluster is not None:
        jobs = (
            cluster.as_dict()
            if isinstance(cluster, ClusterSpec)
            else (ClusterSpec(cluster).as_dict())
        )
        ps_tasks = len(jobs.get(DeviceSpec.from_string(ps_device).job or "", ()))
    if ps_tasks == 0:
        return None
    if ps_strategy is not None and not callable(ps_strategy):
        raise TypeError("ps_strategy must be callable")
    strategy = ps_strategy or _in_turn(ps_tasks)
    placed = frozenset(_PLACED if ps_ops is None else ps_ops)

    def choose(op: Any) -> str:
        current = DeviceSpec.from_string(op.device or "")
        if op.device and not merge_devices:
            return str(op.device)
        kind = getattr(op, "type", None) or op.op
        if not ps_device or kind not in placed:
            return current.over(DeviceSpec.from_string(worker_device or "")).to_string()
        server = DeviceSpec.from_string(ps_device)
        if server.job and current.job in (None, server.job):
            server = DeviceSpec(
                server.job, server.replica, strategy(op), server.device_type, server.device_index
            )
        return current.over(server).to_string()

    return choose


def _in_turn(tasks: int) -> Callable[[Any], int]:
    numbers: Iterable[int] = count()
    turns = iter(numbers)
    return lambda op: next(turns) % tasks
