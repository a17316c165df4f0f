"""What tests ask of the machine: folders, devices, servers; and running them."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
import unittest
from functools import cache
from pathlib import Path
from typing import Any

from flowc.frontend.platform import app
from flowc.frontend.training.clusters import ClusterSpec, Server
from flowc.ir.proto import ConfigProto


@cache
def get_temp_dir() -> str:
    """A folder for the files of tests, which goes away when Python ends."""
    folder = tempfile.mkdtemp(prefix="flowc_test_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def test_src_dir_path(relative_path: str) -> str:
    """The path of a file beside the program."""
    return str(Path(sys.argv[0] or ".").resolve().parent / relative_path)


test_src_dir_path.__test__ = False  # type: ignore[attr-defined]


def main(argv: list[str] | None = None) -> None:
    """Run all tests of the program, and end it."""
    app.run(lambda rest: unittest.main(argv=rest), argv)


def is_gpu_available(
    cuda_only: bool = False, min_cuda_compute_capability: tuple[int, int] | None = None
) -> bool:
    """False: flowc has no kernels for GPUs."""
    return False


def is_built_with_cuda() -> bool:
    """False: flowc has no kernels for GPUs."""
    return False


def is_built_with_rocm() -> bool:
    """False: flowc has no kernels for GPUs."""
    return False


def is_built_with_gpu_support() -> bool:
    """False: flowc has no kernels for GPUs."""
    return False


def is_built_with_xla() -> bool:
    """False: flowc is the compiler."""
    return False


def gpu_device_name() -> str:
    """The name of a GPU; none."""
    return ""


def create_local_cluster(
    num_workers: int,
    num_ps: int,
    protocol: str = "grpc",
    worker_config: ConfigProto | None = None,
    ps_config: ConfigProto | None = None,
) -> tuple[list[Server], list[Server]]:
    """The servers of workers and of parameter servers.

    Raises UnimplementedError for more than one: see `Server`.
    """
    jobs: dict[str, Any] = {
        "worker": [f"localhost:{0}"] * num_workers,
        "ps": [f"localhost:{0}"] * num_ps,
    }
    cluster = ClusterSpec({job: tasks for job, tasks in jobs.items() if tasks})

    def servers(job: str, count: int, config: ConfigProto | None) -> list[Server]:
        return [Server(cluster, job, i, protocol, config) for i in range(count)]

    return servers("worker", num_workers, worker_config), servers("ps", num_ps, ps_config)
